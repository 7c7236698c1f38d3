"""Why a search finds nothing, or little, in French that can be read aloud to somebody on the phone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from booking import french, labels
from booking.slots.explaining import NEARBY, SHORTER, Cause, Explanation, Kind, Relaxation
from booking.slots.generator import shortest
from booking.slots.grid import CELL
from booking.slots.offers import Question

# Each of one start, then of several.
CAUSES: dict[Cause, tuple[str, str]] = {
    "past": ("{n} est déjà passé", "{n} sont déjà passés"),
    "desk_lead_time": ("{n} est trop proche", "{n} sont trop proches"),
    "lead_time": ("{n} est trop proche pour être pris en ligne", "{n} sont trop proches pour être pris en ligne"),
    "horizon": ("{n} est trop lointain pour être pris en ligne", "{n} sont trop lointains pour être pris en ligne"),
    "closed": ("{n} tombe quand le site est fermé", "{n} tombent quand le site est fermé"),
    "no_opening": ("{n} tombe quand un collègue ne reçoit pas", "{n} tombent quand un collègue ne reçoit pas"),
    "absent": ("{n} tombe pendant une absence", "{n} tombent pendant une absence"),
    "professional_busy": ("{n} est déjà pris", "{n} sont déjà pris"),
    "usager_busy": (
        "{n} tombe pendant un autre rendez-vous de la personne",
        "{n} tombent pendant un autre rendez-vous de la personne",
    ),
    "no_interpreter": (
        "{n} tombe quand aucun interprète en {language} n’est libre",
        "{n} tombent quand aucun interprète en {language} n’est libre",
    ),
    "room_kind": ("{n} n’a pas de salle du bon type", "{n} n’ont pas de salle du bon type"),
    "room_reserved": (
        "{n} n’a de libre qu’une salle réservée à un autre service",
        "{n} n’ont de libre qu’une salle réservée à un autre service",
    ),
    "room_features": (
        "{n} n’a pas de salle libre avec ce qu’il faut ({features})",
        "{n} n’ont pas de salle libre avec ce qu’il faut ({features})",
    ),
    "room_capacity": (
        "{n} n’a pas de salle libre pour {persons} personnes",
        "{n} n’ont pas de salle libre pour {persons} personnes",
    ),
    "room_closed": ("{n} n’a qu’une salle fermée", "{n} n’ont qu’une salle fermée"),
    "room_busy": ("{n} n’a plus de salle libre", "{n} n’ont plus de salle libre"),
}
# Of every start there was, where « tous » would not say it.
OF_ALL: dict[Cause, str] = {
    "room_kind": "aucun n’a de salle du bon type",
    "room_features": "aucun n’a de salle libre avec ce qu’il faut ({features})",
    "room_capacity": "aucun n’a de salle libre pour {persons} personnes",
    "room_busy": "aucun n’a de salle libre",
}
OF_THE_ROOM_ASKED: dict[Cause, tuple[str, str]] = {
    "room_closed": ("{n} trouve la salle demandée fermée", "{n} trouvent la salle demandée fermée"),
    "room_busy": ("{n} trouve la salle demandée prise", "{n} trouvent la salle demandée prise"),
}
WITHOUT_ANY_INTERPRETER: dict[Cause, tuple[str, str]] = {
    "no_interpreter": (
        "{n} demande un interprète en {language}, et le site n’en a pas",
        "{n} demandent un interprète en {language}, et le site n’en a pas",
    ),
}
NOTHING = {
    "no_opening": "{who} sur cette période.",
    "too_short": "Les plages de cette période sont trop courtes pour ce motif : il faut {length} d’affilée.",
    "no_start": "Aucun créneau ne commence sur cette période : allongez-la.",
}
RELAXATIONS: dict[Kind, str] = {
    "nearby_time": "à {nearby} minutes près",
    "other_room": "dans une autre salle",
    "other_professional": "avec un autre professionnel",
    "other_language": "avec quelqu’un qui ne parle pas cette langue ({language})",
    "off_lattice": "à {nearby} minutes au plus d’un début de créneau, en réservant « hors plage »",
    "shorter": "en {minutes} minutes au lieu de {usual}",
    "other_room_kind": "dans une salle d’un autre type ({kind})",
    "without_colleague": "sans {colleague}",
    "without_interpreter": "sans interprète",
    "later": "{later}",
}
NOTHING_HELPS = "Aucun petit changement n’en donnerait, ni les 13 semaines suivantes."


@dataclass(frozen=True)
class Said:
    """An explanation in sentences: what became of what there was, and what would find something, least change first.

    `walk_ins` says when whoever has the time can come without an appointment, if they can.
    """

    summary: str
    relaxations: tuple[str, ...]
    walk_ins: str | None


def said(explained: Explanation, zone: ZoneInfo) -> Said:
    """The sentences of an explanation."""
    relaxations = tuple(_relaxation(explained, each, zone) for each in explained.relaxations)
    return Said(_summary(explained), relaxations, _walk_ins(explained, zone))


def _summary(explained: Explanation) -> str:
    question = explained.question
    if explained.nothing == "nobody":
        return _nobody(question)
    if explained.nothing is not None:
        length = french.wall_hour(shortest(question.kind.demand) * CELL // 60)
        return NOTHING[explained.nothing].format(who=_nobody_of(explained), length=length)
    begun = _begun(explained)
    if not explained.causes:
        return f"{begun}, et {'le reste' if explained.starts == 1 else 'le restent tous'}."
    causes = french.listed(_causes(explained))
    if len(explained.causes) == 1 and not explained.offered:
        return f"{begun} : {causes}."
    left = f"il en reste {explained.offered}" if explained.offered else "il n’en reste aucun"
    return f"{begun} : {causes} ; {left}."


def _begun(explained: Explanation) -> str:
    names = _names(explained.question, explained.leads)
    whom = names[0] if len(names) == 1 else f"{len(names)} professionnels"
    were = "étaient possibles" if explained.starts > 1 else "était possible"
    return f"Sur cette période, {_counted(explained.starts, 'créneau', 'créneaux')} {were} avec {whom}"


def _causes(explained: Explanation) -> list[str]:
    facts = _facts(explained.question)
    return [_words(explained, cause, count).format(**facts) for cause, count in explained.causes.items()]


def _words(explained: Explanation, cause: Cause, count: int) -> str:
    of_one_room, nobody = explained.question.room_id is not None, not explained.question.interpreter_ids
    special = (OF_THE_ROOM_ASKED if of_one_room else {}) | (WITHOUT_ANY_INTERPRETER if nobody else {})
    one, several = (CAUSES | special)[cause]
    if count < explained.starts or count == 1:
        return (several if count > 1 else one).replace("{n}", str(count))
    return several.replace("{n}", "tous") if of_one_room else OF_ALL.get(cause, several.replace("{n}", "tous"))


def _facts(question: Question) -> dict[str, object]:
    need = question.need
    features = sorted(labels.FEATURES.get(feature, feature) for feature in need.features) if need else []
    language = labels.SPOKEN.get(question.interpreter or "")
    return {"features": ", ".join(features), "persons": need.persons if need else 0, "language": language}


def _nobody(question: Question) -> str:
    able = question.configuration.qualified(question.kind)
    if able and question.language is not None:
        return _nobody_speaking(question, able, question.language)
    if able:
        return "Le professionnel demandé ne reçoit pas pour ce motif."
    return "Aucun professionnel ne reçoit pour ce motif."


def _nobody_speaking(question: Question, able: Collection[int], language: str) -> str:
    spoken = labels.SPOKEN[language]
    if question.configuration.speaking(language, able):
        return f"Le professionnel demandé ne parle pas cette langue ({spoken}), ou ne reçoit pas pour ce motif."
    return f"Aucun professionnel qui reçoit pour ce motif ne parle cette langue ({spoken})."


def _nobody_of(explained: Explanation) -> str:
    """Who does not receive: « Mme Roux ne reçoit pas », « Aucun des 5 professionnels possibles ne reçoit »."""
    names = _names(explained.question, explained.question.professional_ids)
    how = " sur rendez-vous" if explained.walk_ins else ""
    if len(names) == 1:
        return f"{names[0]} ne reçoit pas{how}"
    return f"Aucun des {len(names)} professionnels possibles ne reçoit{how}"


def _relaxation(explained: Explanation, one: Relaxation, zone: ZoneInfo) -> str:
    question, usual = explained.question, explained.question.kind.duration
    change = RELAXATIONS[one.kind].format(
        nearby=NEARBY,
        minutes=usual - SHORTER,
        usual=usual,
        kind=_kind_of_room(question, one.first.room_id),
        colleague=", ".join(_names(question, [one.professional_id] if one.professional_id else [])),
        language=labels.SPOKEN.get(question.language or "", ""),
        later=_later(explained.end, one.first.start, zone),
    )
    (who,) = _names(question, [one.first.professional_id])
    first = f"{'le premier ' if one.count > 1 else ''}{french.moment(one.first.start, zone)} avec {who}"
    within = " en sept jours" if one.kind == "later" else ""
    return f"{labels.title(change)} : {_counted(one.count, 'créneau', 'créneaux')}{within}, {first}."


def _walk_ins(explained: Explanation, zone: ZoneInfo) -> str | None:
    found = explained.walk_ins
    if found is None:
        return None
    (who,) = _names(explained.question, [found.professional_id])
    which = f"{_counted(found.count, 'permanence', 'permanences')}, {'la première ' if found.count > 1 else ''}"
    return f"Sans rendez-vous : {which}{french.period(found.start, found.end, zone)} avec {who}."


def _later(end: datetime, start: datetime, zone: ZoneInfo) -> str:
    last = (end - timedelta.resolution).astimezone(zone).date()
    weeks = (start.astimezone(zone).date() - last + timedelta(days=last.weekday())) // timedelta(weeks=1)
    return ("plus tard dans la semaine", "la semaine suivante")[weeks] if weeks < 2 else "plus tard"


def _kind_of_room(question: Question, room_id: int | None) -> str:
    rooms = question.configuration.rooms_of(question.configuration.sites)
    return next((labels.KINDS[room.kind] for room in rooms if room.id == room_id), "")


def _names(question: Question, ids: Collection[int]) -> list[str]:
    return [question.configuration.professionals[who].name for who in ids]


def _counted(number: int, one: str, several: str) -> str:
    return f"{number} {several if number > 1 else one}"
