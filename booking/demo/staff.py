"""The professionals of the demonstration, all invented, and when they receive.

The weeks are staggered over half-days: the building has four cabinets and three parent-child spaces for many more
professionals who need them.
"""

from __future__ import annotations

from dataclasses import dataclass

from booking.demo.kinds import ASE, PMI, SEXUAL_HEALTH, SOCIAL

Hours = tuple[str, int, int]  # ISO weekdays, minutes after midnight

# Each about 12 hours a week, in several openings.
WEEKS: tuple[tuple[Hours, ...], ...] = (
    (("124", 540, 720), ("4", 840, 1020)),
    (("135", 540, 720), ("3", 810, 990)),
    (("23", 510, 720), ("5", 810, 1050)),
    (("24", 570, 750), ("15", 840, 1020)),
    (("34", 540, 720), ("14", 810, 1020)),
    (("15", 525, 705), ("23", 840, 1035)),
)
# For whoever comes without an appointment: by code, the hours, every so many weeks, and the ranks in the month.
PERMANENCES: dict[str, tuple[Hours, int, tuple[int, ...]]] = {
    "duhamel": (("3", 540, 720), 1, ()),
    "sylvestre": (("3", 840, 1020), 2, ()),
    "roussel": (("5", 540, 660), 1, (1, 3)),
}


# Spoken beside French, by last name.
LANGUAGES: dict[str, tuple[str, ...]] = {
    "Diakité": ("bm", "snk"),
    "Belkacem": ("ar", "kab"),
    "Teixeira": ("pt",),
    "Nguyen-Lavigne": ("vi", "en"),
    "Sarr": ("wo",),
    "Haddadi": ("ar",),
    "Figueira": ("pt", "es"),
    "Oualid": ("ar",),
    "Kouyaté": ("mnk", "bm"),
    "Papadakis": ("el", "en"),
    "Aydin": ("tr",),
    "Camara": ("ff", "en"),
    "Ramsamy": ("ta", "en"),
    "Ziani": ("ar",),
    "Lenormand": ("en", "fsl"),
    "Achour": ("ar", "en"),
    "Okafor": ("en", "es"),
    "Cardoso": ("pt",),
    "Thiam": ("wo", "ff"),
    "Mansouri": ("ar", "en"),
    "Castelain": ("es", "uk", "ru"),
    "Bathily": ("snk",),
    "Guerroudj": ("ar",),
    "Lestienne": ("fsl",),
}


@dataclass(frozen=True)
class Member:
    """A professional: `week` is an index into WEEKS."""

    civility: str
    first_name: str
    last_name: str
    profession: str
    services: tuple[str, ...]
    week: int


def _team(profession: str, *people: tuple[str, str, str, tuple[str, ...], int]) -> tuple[Member, ...]:
    return tuple(
        Member(civility, first, last, profession, services, week) for civility, first, last, services, week in people
    )


STAFF = (
    *_team(
        "assistant-social",
        ("Mme", "Hélène", "Roussel", (SOCIAL,), 0),
        ("M.", "Mamadou", "Diakité", (SOCIAL,), 1),
        ("Mme", "Nadia", "Belkacem", (SOCIAL,), 2),
        ("Mme", "Sofia", "Teixeira", (SOCIAL,), 3),
        ("M.", "Antoine", "Lemoine", (SOCIAL,), 4),
        ("Mme", "Thuy", "Nguyen-Lavigne", (SOCIAL, ASE), 5),
        ("Mme", "Fatou", "Sarr", (ASE,), 0),
        ("M.", "Julien", "Carpentier", (ASE,), 3),
    ),
    *_team(
        "cesf",
        ("Mme", "Claire", "Vasseur", (SOCIAL,), 1),
        ("Mme", "Yasmine", "Haddadi", (SOCIAL,), 2),
        ("M.", "Rui", "Figueira", (SOCIAL,), 4),
        ("Mme", "Océane", "Prudhomme", (SOCIAL,), 5),
    ),
    *_team(
        "educateur-specialise",
        ("M.", "Karim", "Oualid", (ASE,), 0),
        ("Mme", "Marine", "Delattre", (ASE,), 1),
        ("M.", "Bakary", "Kouyaté", (ASE,), 2),
        ("Mme", "Élodie", "Marchetti", (ASE,), 4),
        ("M.", "Thomas", "Kerbrat", (ASE,), 5),
    ),
    *_team(
        "psychologue",
        ("Mme", "Irène", "Papadakis", (SOCIAL, ASE), 1),
        ("Mme", "Laure", "Montagnier", (SOCIAL,), 3),
        ("M.", "Selim", "Aydin", (ASE,), 4),
    ),
    *_team(
        "infirmiere-puericultrice",
        ("Mme", "Sandrine", "Goujon", (PMI,), 0),
        ("Mme", "Aïssata", "Camara", (PMI,), 2),
        ("Mme", "Béatrice", "Lacroix", (PMI,), 3),
        ("Mme", "Priya", "Ramsamy", (PMI,), 5),
    ),
    *_team(
        "auxiliaire-puericulture",
        ("Mme", "Ludivine", "Hochart", (PMI,), 1),
        ("Mme", "Samira", "Ziani", (PMI,), 4),
    ),
    *_team(
        "medecin",
        ("Dr", "Agnès", "Lenormand", (PMI,), 1),
        ("Dr", "Vincent", "Achour", (PMI,), 4),
        ("Dr", "Mireille", "Okafor", (PMI, SEXUAL_HEALTH), 2),
    ),
    *_team(
        "sage-femme",
        ("Mme", "Cécile", "Bourgoin", (PMI,), 0),
        ("Mme", "Inès", "Cardoso", (PMI, SEXUAL_HEALTH), 3),
        ("Mme", "Rokhaya", "Thiam", (SEXUAL_HEALTH,), 5),
    ),
    *_team(
        "conseillere-conjugale",
        ("Mme", "Florence", "Aubry", (SEXUAL_HEALTH,), 1),
        ("Mme", "Leïla", "Mansouri", (SEXUAL_HEALTH,), 4),
    ),
    *_team(
        "educateur-jeunes-enfants",
        ("Mme", "Camille", "Joubert", (PMI,), 2),
        ("M.", "Adama", "Traoré-Petit", (PMI,), 5),
    ),
    *_team(
        "assistante-administrative",
        ("Mme", "Martine", "Duhamel", (SOCIAL,), 0),
        ("Mme", "Jade", "Sylvestre", (SOCIAL,), 3),
    ),
    *_team(
        "gestionnaire-offres",
        ("M.", "Olivier", "Castelain", (SOCIAL,), 1),
        ("Mme", "Hawa", "Bathily", (SOCIAL,), 5),
    ),
)
# Apart: they lead nothing and are nobody's referents.
INTERPRETERS = _team(
    "interprete",
    ("Mme", "Salma", "Guerroudj", (SOCIAL,), 1),
    ("M.", "Hugo", "Lestienne", (SOCIAL,), 4),
)
