"""How codes are said on the screens."""

from __future__ import annotations

KINDS = {
    "bureau": "Bureau d’entretien",
    "cabinet": "Cabinet médical",
    "parents_enfants": "Espace parents-enfants",
    "espace_numerique": "Espace numérique",
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
ATTENDANCE = {
    "expected": "à venir",
    "arrived": "arrivé",
    "in_progress": "en entretien",
    "seen": "vu",
    "no_show": "absent",
    "excused": "annulé par l’usager",
    "revoked": "annulé par le service",
}
CANCELLED_BY = {"usager": "par l’usager", "service": "par le service"}
ACTIONS = {
    "booked": "Réservé",
    "moved": "Déplacé",
    "room_changed": "Salle changée",
    "cancelled": "Annulé",
    "attendance": "Suivi noté",
}
ORIGINS = {"web": "agent inconnu", "cli": "ligne de commande", "demo": "démonstration"}
CONTACT = {
    "normal": "Courriels habituels",
    "discreet": "Courriels discrets",
    "none": "Ne pas écrire",
}
LANGUAGES = {"fr": "français", "en": "anglais", "es": "espagnol", "pt": "portugais", "ar": "arabe"}
WORDINGS = {
    "occupe": "« Occupé » seulement",
    "initiales": "Initiales et salle",
    "complet": "Nom, motif et salle",
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


def masked(address: str) -> str:
    """« a…@… »: enough to be recognised by whoever gave it, not to be read over a shoulder."""
    return f"{address[:1]}…@…"


def masked_phone(shown: str) -> str:
    """« 06 ·· ·· ·· 34 »."""
    return f"{shown[:2]} ·· ·· ·· {shown[-2:]}" if len(shown) > 4 else shown
