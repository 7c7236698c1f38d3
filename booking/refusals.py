"""What an edge answers to a refusal: a status and a French sentence that says what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from booking import french
from booking.errors import (
    AppointmentClosed,
    BookingError,
    DatabaseUnavailable,
    ImpossibleTime,
    Invalid,
    KeyReused,
    NotDisplaced,
    NotFound,
    SeriesRefused,
    SessionFull,
    SettingsError,
    SlotUnavailable,
    StaleVersion,
    TooManyHolds,
)
from booking.rooms.sitefile import SiteFileInvalid

STATUSES: dict[type[BookingError], int] = {
    NotFound: 404,
    SlotUnavailable: 409,
    StaleVersion: 409,
    AppointmentClosed: 409,
    KeyReused: 409,
    SeriesRefused: 409,
    NotDisplaced: 409,
    SessionFull: 409,
    TooManyHolds: 409,
    DatabaseUnavailable: 503,
}

INVALID = {
    "required": "Remplissez ce champ.",
    "too_long": "Raccourcissez : {maximum} caractères au plus.",
    "control_characters": "Retirez les caractères invisibles : retapez ce champ au lieu de le coller.",
    "not_a_mail": "Vérifiez l’adresse électronique, par exemple prenom.nom@exemple.fr.",
    "two_addresses": "Indiquez une seule adresse électronique.",
    "not_a_phone": "Vérifiez le numéro de téléphone, par exemple 06 39 98 12 34.",
    "nir": "Ne saisissez pas de numéro de sécurité sociale : ce logiciel ne doit pas le contenir.",
    "not_a_date": "Indiquez une date qui existe, par exemple 24/11/2026.",
    "not_a_time": "Indiquez une date et une heure qui existent, par exemple 2026-11-24T14:30.",
    "not_a_number": "Indiquez un nombre entier.",
    "out_of_range": "Choisissez une valeur entre {minimum} et {maximum}.",
    "not_on_grid": "Choisissez une heure ou une durée multiple de 5 minutes.",
    "end_before_start": "La fin doit venir après le début.",
    "past": "Choisissez une date à venir.",
    "too_early": "Attendez l’heure du rendez-vous pour noter cela.",
    "future": "Choisissez une date passée.",
    "range_too_long": "Choisissez une période plus courte : {maximum} jours au plus.",
    "unknown": "Choisissez une valeur de la liste.",
    "not_expected": "Laissez ce champ vide.",
    "other_service": "Choisissez une personne suivie par ce service.",
    "anonymous": "Ce service reçoit par code : ne saisissez ni nom, ni coordonnées.",
    "too_weak": "Choisissez un mot de passe d’au moins {minimum} caractères, peu courant.",
    "differs": "Les deux saisies diffèrent : retapez-les.",
    "in_use": "Cette valeur est déjà prise : choisissez-en une autre.",
    "twice": "Cette personne est indiquée deux fois : retirez-la une fois.",
    "too_many": "Il y a trop de personnes : {maximum} au plus.",
    "already": "Cette personne participe déjà à ce rendez-vous.",
    "last": "C’est la seule personne de ce rendez-vous : annulez plutôt le rendez-vous.",
    "itself": "Choisissez un autre rendez-vous que celui-ci.",
    "not_cancelled": "Ce rendez-vous n’est pas annulé : il n’y a rien à rétablir.",
    "not_now": "Une personne sans rendez-vous est reçue maintenant : rechargez la page, puis recommencez.",
    "too_late": "Ce rendez-vous est terminé depuis trop longtemps pour noter cela.",
    "too_long_held": "Ce créneau est retenu depuis trop longtemps : réservez-le ou libérez-le.",
    "unchanged": "Rien ne change ainsi : choisissez autre chose que ce qui est déjà prévu.",
    "retired": "Ce professionnel ne reçoit plus : terminez cette plage, ou retirez-la.",
    "never": "Cette plage n’aurait jamais lieu : vérifiez les jours, les dates et les périodes.",
    "not_hours": "Indiquez des heures, par exemple 9h-12h et 14h-17h.",
    "too_many_blocks": "Indiquez {maximum} tranches d’heures au plus.",
    "not_its_day": "Cette plage n’a pas lieu ce jour-là : choisissez l’une de ses dates.",
    "one_date": "Cette plage n’a qu’une date : retirez-la plutôt.",
    "two_sites": "Ce professionnel reçoit sur un autre site à ces heures le {day} : modifiez les heures ou les jours.",
    "on_call": "Une permanence et une plage sur rendez-vous auraient les mêmes heures le {day} : modifiez-les.",
    "overlaps": "Cette période en recouvre une autre : modifiez les heures ou les jours.",
    "decided_twice": "Ce rendez-vous est indiqué deux fois : gardez une seule décision.",
    "too_many_hits": "Plus de {maximum} rendez-vous sont concernés : choisissez une période plus courte.",
    "has_appointments": "Déplacez ou annulez d’abord les rendez-vous à venir ({count}).",
    "not_qualified": "Ce professionnel ne reçoit pas pour ce motif : choisissez-en un autre, ou aucun.",
    "not_a_session": "Ce rendez-vous n’est pas une séance collective : notez plutôt une demande pour son motif.",
    "no_such_day": "Aucun de ces jours ne tombe dans la période : choisissez d’autres jours, ou allongez-la.",
    "waits_already": "Cette personne attend déjà cela : sa demande est dans la liste, rien n’est à refaire.",
    "waits_for_too_much": "Cette personne a déjà {maximum} demandes dans la liste : retirez-en une d’abord.",
    "unsupported": "Cette valeur n’est pas acceptée.",
}

SLOT = {
    "past": "Ce créneau a déjà commencé.",
    "desk_lead_time": "Ce motif demande un délai plus long avant le rendez-vous.",
    "lead_time": "Ce créneau est trop proche pour être pris en ligne.",
    "horizon": "Ce créneau est trop lointain pour être pris en ligne.",
    "not_qualified": "Ce professionnel ne reçoit pas pour ce motif.",
    "closed": "Le site est fermé à ce moment-là.",
    "no_opening": "Le professionnel ne reçoit pas à ce moment-là, ou seulement sans rendez-vous.",
    "off_grid": "L’heure demandée n’est pas un début de créneau de ce professionnel.",
    "absent": "Le professionnel est absent à ce moment-là.",
    "professional_busy": "Ce créneau vient d’être pris : le professionnel a un autre rendez-vous.",
    "usager_busy": "Cette personne a déjà un rendez-vous à ce moment-là.",
    "no_interpreter": "Aucun interprète de cette langue n’est libre à ce moment-là.",
    "room_unfit": "Cette salle ne convient pas à ce motif, ou elle est réservée à un autre service.",
    "no_room": "Aucune salle qui convient n’est libre à ce moment-là.",
}

# Of « no_room », when not every way to give others another room was looked at.
EXHAUSTED = "Aucune salle n’est libre à ce moment-là, et il n’a pas été possible d’en libérer une assez vite."

# The same of a start that is only looked at: nobody has just taken it.
FORESEEN = SLOT | {"professional_busy": "Le professionnel a un autre rendez-vous à ce moment-là."}

# Why an appointment cannot become what was decided about it, beside the rules.
DISPLACED = {
    "appeared": "Ce rendez-vous vient d’être pris : décidez ce qu’il devient.",
    "changed": "Ce rendez-vous a changé entre-temps : relisez-le, puis décidez.",
    "begun": "Cette personne est déjà arrivée, ou le rendez-vous est terminé : laissez-le tel quel.",
}

# What to do when a demand may have been carried out: with a key it can be sent again.
UNSURE_ONCE = "Renvoyez-la telle quelle dans un instant : elle n’agira qu’une fois."
UNSURE = "Vérifiez avant de recommencer."

THINGS = {
    "appointment": "Ce rendez-vous",
    "appointment_type": "Ce motif",
    "professional": "Ce professionnel",
    "room": "Cette salle",
    "usager": "Cette personne",
    "agent": "Cet agent",
    "hold": "Ce créneau retenu",
    "waiting": "Cette demande de la liste d’attente",
    "proposal": "Cette proposition",
    "site": "Ce site",
    "opening": "Cette plage d’ouverture",
    "exception": "Cette date sans plage",
    "period": "Cette période",
    "absence": "Cette absence",
    "closure": "Cette fermeture",
    "feed": "Ce lien d’abonnement",
    "link": "Ce lien",
    "mail": "Ce courriel",
    "message": "Ce message",
}


def status(error: BookingError) -> int:
    """The HTTP status of a refusal: 404, 409, 503, or 422 for a value that cannot be accepted."""
    return next((code for kind, code in STATUSES.items() if isinstance(error, kind)), 422)


def sentence(error: BookingError) -> str:
    """The French sentence of a refusal, without the refused value."""
    match error:
        case Invalid(rule=rule, facts=facts):
            return INVALID[rule].format(**facts)
        case ImpossibleTime():
            day, at = french.long_day(error.day), french.wall_hour(error.minute)
            return f"{at} n’existe pas le {day} à cause du changement d’heure : choisissez une autre heure."
        case NotFound(what=what):
            thing = THINGS.get(what, "Cet élément")
            return f"{thing} n’existe pas, ou n’est plus accessible : vérifiez le lien ou le code."
        case SlotUnavailable(exhausted=True, alternatives=alternatives):
            return f"{EXHAUSTED} {_next_step(bool(alternatives))}"
        case SlotUnavailable(rule=rule, alternatives=alternatives):
            return f"{SLOT[rule]} {_next_step(bool(alternatives))}"
        case StaleVersion():
            return "Ce rendez-vous a été modifié entre-temps : relisez-le, puis recommencez."
        case AppointmentClosed():
            return "Ce rendez-vous est annulé ou terminé : il ne peut plus être modifié ainsi."
        case SeriesRefused(refused=refused):
            return f"Ces dates ne peuvent pas être prises : {_days(refused)}. Retirez-les, puis recommencez."
        case NotDisplaced(refused=refused):
            named = " ".join(f"{uid} : {why_not(code)}" for uid, code in refused.items())
            return f"Rien n’a été enregistré. Décidez de nouveau de ces rendez-vous. {named}"
        case SessionFull(capacity=capacity):
            seats = f"{capacity} place" if capacity == 1 else f"{capacity} places"
            return f"Cette séance est complète ({seats}) : choisissez-en une autre, ou notez la demande."
        case TooManyHolds(maximum=maximum):
            return f"{maximum} créneaux sont déjà retenus : réservez-les ou libérez-les d’abord."
        case KeyReused():
            return "Cette demande a déjà servi pour autre chose : rechargez la page, puis recommencez."
        case DatabaseUnavailable(unsure=True, key=key):
            told = "La base de données ne répond plus : la demande a peut-être été enregistrée."
            return f"{told} {UNSURE_ONCE if key else UNSURE}"
        case DatabaseUnavailable():
            return "La base de données ne répond pas. Rien n’a été enregistré : réessayez dans un instant."
        case SettingsError() | SiteFileInvalid():
            return str(error)
    raise TypeError(f"no sentence for {type(error).__name__}")


def why_not(code: str) -> str:
    """Why one appointment cannot become what was decided: a sentence for a code of NotDisplaced."""
    return DISPLACED.get(code) or SLOT.get(code) or INVALID[code]


def _days(refused: Iterable[datetime]) -> str:
    return french.listed([french.short_day(day) for day in sorted({start.date() for start in refused})])


def _next_step(has_alternatives: bool) -> str:
    return "Choisissez l’un des créneaux proposés." if has_alternatives else "Choisissez une autre date."
