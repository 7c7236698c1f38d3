"""How the codes of the product are said in French, in lower case: on screens, on the command line, in lists."""

from __future__ import annotations

KINDS = {
    "bureau": "bureau d’entretien",
    "cabinet": "cabinet médical",
    "parents_enfants": "espace parents-enfants",
    "espace_numerique": "espace numérique",
}
FEATURES = {
    "step_free": "accès de plain-pied",
    "sink": "point d’eau",
    "examination_couch": "divan d’examen",
    "changing_table": "table à langer",
    "play_corner": "coin jeux",
    "computer": "ordinateur",
}
MODES = {"in_person": "sur place", "phone": "par téléphone", "video": "en visioconférence", "home": "à domicile"}
STATUSES = {"booked": "réservé", "cancelled": "annulé"}
CANCELLED_BY = {"usager": "par l’usager", "service": "par le service"}
ATTENDANCE = {
    "expected": "à venir",
    "arrived": "arrivé",
    "in_progress": "en entretien",
    "seen": "vu",
    "no_show": "absent",
    "excused": "annulé par l’usager",
    "revoked": "annulé par le service",
}
ACTIONS = {
    "booked": "réservé",
    "moved": "déplacé",
    "room_changed": "salle changée",
    "changed": "modifié",
    "cancelled": "annulé",
    "restored": "rétabli",
    "joined": "personne ajoutée",
    "left": "personne retirée",
    "attendance": "suivi noté",
}
REASONS = {
    "usager_request": "à la demande de l’usager",
    "service_request": "à la demande du service",
    "professional_absent": "professionnel absent",
    "closed": "site ou salle fermés",
    "walk_in": "reçu sans rendez-vous",
    "hors_plage": "hors plage",
    "swap": "échange de créneaux",
    "waiting_list": "liste d’attente",
    "room_needed": "salle donnée à un autre rendez-vous",
    "mistake": "erreur de saisie",
    "other": "autre raison",
}
ORIGINS = {"web": "à l’écran", "cli": "en ligne de commande", "demo": "démonstration"}
WORDINGS = {"occupe": "« Occupé » seulement", "initiales": "initiales et salle", "complet": "nom, motif et salle"}
CONTACT = {"normal": "courriels habituels", "discreet": "courriels discrets", "none": "ne pas écrire"}
LANGUAGES = {"fr": "français", "en": "anglais", "es": "espagnol", "pt": "portugais", "ar": "arabe"}
# Why a slot is put forward: with whom it is, then why then.
SUGGESTED = {
    "referent": "professionnel référent",
    "speaks": "parle sa langue",
    "team": "équipe",
    "soonest": "le plus tôt",
    "first": "premier créneau",
    "other_day": "un autre jour",
    "other_half_day": "l’autre demi-journée",
    "next": "ensuite",
}
# Languages that usagers and professionals speak beside French, in the order of their names. The codes are those of
# ISO 639-1 or, for want of one there, 639-3.
SPOKEN = {
    "sq": "albanais",
    "de": "allemand",
    "am": "amharique",
    "en": "anglais",
    "ar": "arabe",
    "hy": "arménien",
    "bm": "bambara",
    "bn": "bengali",
    "bg": "bulgare",
    "zh": "chinois",
    "ko": "coréen",
    "ht": "créole haïtien",
    "prs": "dari",
    "dyu": "dioula",
    "es": "espagnol",
    "ka": "géorgien",
    "el": "grec",
    "hi": "hindi",
    "hu": "hongrois",
    "it": "italien",
    "kab": "kabyle",
    "km": "khmer",
    "ku": "kurde",
    "fsl": "langue des signes française",
    "ln": "lingala",
    "mnk": "mandingue",
    "mn": "mongol",
    "ur": "ourdou",
    "ps": "pachto",
    "pa": "pendjabi",
    "fa": "persan",
    "ff": "peul",
    "pl": "polonais",
    "pt": "portugais",
    "rom": "romani",
    "ro": "roumain",
    "ru": "russe",
    "sr": "serbe",
    "so": "somali",
    "snk": "soninké",
    "sw": "swahili",
    "ta": "tamoul",
    "ce": "tchétchène",
    "ti": "tigrigna",
    "tr": "turc",
    "uk": "ukrainien",
    "vi": "vietnamien",
    "wo": "wolof",
}
WEEKDAYS = {
    "1": "lundi",
    "2": "mardi",
    "3": "mercredi",
    "4": "jeudi",
    "5": "vendredi",
    "6": "samedi",
    "7": "dimanche",
}
RANKS = {"1": "1er", "2": "2e", "3": "3e", "4": "4e", "-1": "dernier"}
PERIODS = {"only": "seulement pendant les périodes du site", "except": "sauf pendant les périodes du site"}


def title(text: str) -> str:
    """The same words at the head of a line: only the first letter changes."""
    return text[:1].upper() + text[1:]
