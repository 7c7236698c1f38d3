"""How codes are said in French on the command line."""

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
MODES = {"in_person": "sur place", "phone": "par téléphone", "video": "en visio", "home": "à domicile"}
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
    "cancelled": "annulé",
    "attendance": "suivi noté",
}
ORIGINS = {"web": "à l’écran", "cli": "en ligne de commande", "demo": "démonstration"}
WORDINGS = {"occupe": "« Occupé » seulement", "initiales": "initiales et salle", "complet": "nom, motif et salle"}
