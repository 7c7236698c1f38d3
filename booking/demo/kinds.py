"""The appointment types of the demonstration. Minutes throughout."""

from __future__ import annotations

from dataclasses import dataclass

from booking.slots.models import Mode

ID_PAPERS = "Une pièce d’identité et les derniers courriers reçus."
PAPERS = "Les documents que vous avez déjà, même incomplets."


@dataclass(frozen=True)
class Kind:
    """One type. `rooms` and `features` are codes of the inventory; `professions` are those who receive for it.

    Without `step` a slot begins where the one before and its buffers end. What begins with a buffer needs a `step`:
    the first slot of an opening cannot begin with the opening.
    """

    code: str
    name: str
    service: str
    professions: tuple[str, ...]
    duration: int
    rooms: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    mode: Mode = "in_person"
    buffers: tuple[int, int] = (0, 0)
    step: int | None = None
    lead_time: int = 60
    bring: str | None = None
    seats: int | None = None  # of a session, which usagers join


SOCIAL, PMI, ASE, SEXUAL_HEALTH = "action-sociale", "pmi", "ase", "sante-sexuelle"
OFFICE, CABINET, FAMILY_ROOM, DIGITAL = ("bureau",), ("cabinet",), ("parents_enfants",), ("espace_numerique",)
COUCH, SINK, CHANGING, PLAY = ("examination_couch",), ("sink",), ("changing_table",), ("play_corner",)

KINDS = (
    Kind("premier-accueil", "Premier accueil social", SOCIAL, ("assistant-social", "gestionnaire-offres"), 30, OFFICE),
    Kind("entretien-social", "Entretien social", SOCIAL, ("assistant-social",), 45, OFFICE, bring=ID_PAPERS),
    Kind("entretien-visio", "Entretien en visio", SOCIAL, ("assistant-social",), 30, mode="video", buffers=(0, 5)),
    Kind("entretien-insertion", "Entretien d’insertion", SOCIAL, ("gestionnaire-offres",), 45, OFFICE, bring=PAPERS),
    Kind("budget", "Accompagnement budgétaire", SOCIAL, ("cesf",), 60, OFFICE, lead_time=1440, bring=PAPERS),
    Kind("budget-telephone", "Point budget par téléphone", SOCIAL, ("cesf",), 20, mode="phone", buffers=(0, 10)),
    Kind("logement-domicile", "Visite à domicile", SOCIAL, ("cesf",), 60, mode="home", buffers=(30, 30), step=30),
    Kind(
        "demarches-en-ligne",
        "Aide aux démarches en ligne",
        SOCIAL,
        ("assistante-administrative",),
        45,
        DIGITAL,
        ("computer",),
        bring=ID_PAPERS,
    ),
    Kind("dossier", "Constitution d’un dossier", SOCIAL, ("assistante-administrative",), 30, OFFICE, bring=PAPERS),
    Kind("soutien-psychologique", "Entretien de soutien", SOCIAL, ("psychologue",), 50, OFFICE, buffers=(0, 10)),
    Kind(
        "consultation-enfant",
        "Consultation de l’enfant",
        PMI,
        ("medecin",),
        30,
        CABINET,
        COUCH + CHANGING,
        buffers=(0, 10),
        lead_time=1440,
    ),
    Kind("vaccination", "Vaccination", PMI, ("medecin", "infirmiere-puericultrice"), 20, CABINET, SINK, buffers=(0, 5)),
    Kind(
        "pesee",
        "Pesée et conseils",
        PMI,
        ("infirmiere-puericultrice", "auxiliaire-puericulture"),
        20,
        FAMILY_ROOM,
        CHANGING,
    ),
    Kind("suivi-grossesse", "Suivi de grossesse", PMI, ("sage-femme",), 45, CABINET, COUCH, buffers=(0, 5)),
    Kind(
        "visite-pmi",
        "Visite à domicile",
        PMI,
        ("infirmiere-puericultrice",),
        60,
        mode="home",
        buffers=(30, 30),
        step=30,
    ),
    Kind(
        "eveil",
        "Temps d’éveil parent-enfant",
        PMI,
        ("educateur-jeunes-enfants",),
        60,
        FAMILY_ROOM,
        PLAY,
        buffers=(0, 15),
    ),
    Kind(
        "atelier-parents",
        "Atelier parents et bébés",
        PMI,
        ("educateur-jeunes-enfants", "auxiliaire-puericulture"),
        90,
        FAMILY_ROOM,
        PLAY,
        seats=5,
    ),
    Kind("entretien-educatif", "Entretien éducatif", ASE, ("educateur-specialise",), 60, OFFICE),
    Kind(
        "rencontre-mediatisee",
        "Rencontre accompagnée",
        ASE,
        ("educateur-specialise",),
        90,
        FAMILY_ROOM,
        PLAY,
        buffers=(15, 15),
        step=15,
        lead_time=2880,
    ),
    Kind("entretien-famille", "Entretien avec la famille", ASE, ("assistant-social", "psychologue"), 60, OFFICE),
    Kind(
        "consultation-sexuelle",
        "Consultation",
        SEXUAL_HEALTH,
        ("medecin", "sage-femme"),
        30,
        CABINET,
        COUCH,
        buffers=(0, 10),
    ),
    Kind("depistage", "Dépistage", SEXUAL_HEALTH, ("medecin", "sage-femme"), 20, CABINET, SINK, buffers=(0, 5)),
    Kind("conseil-conjugal", "Entretien de conseil", SEXUAL_HEALTH, ("conseillere-conjugale",), 45, OFFICE),
    Kind("conseil-telephone", "Conseil par téléphone", SEXUAL_HEALTH, ("conseillere-conjugale",), 20, mode="phone"),
)
