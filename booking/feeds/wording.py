"""What an entry of a feed says, and where it says it takes place. Pure.

The link chooses how much (`wording`); the service of the appointment can only lower it. An entry of a
confidential service is « Occupé » without a place for everybody, and a full name is shown for open services
alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from booking.people.fields import full_name

BUSY = "Occupé"
ABSENT = {"occupe": "Indisponible", "initiales": "Absent", "complet": "Absent"}
PLACES = {"phone": "Par téléphone", "video": "En vidéo", "home": "À domicile"}


class Person(NamedTuple):
    """The names of somebody received, as stored."""

    last_name: str
    first_name: str | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an appointment. `room` is the code of its room; codes never change, names may."""

    confidentiality: str
    mode: str
    room: str | None
    type_name: str
    people: Sequence[Person]


def entry(wording: str, facts: Facts) -> tuple[str, str | None]:
    """Title and place: « Occupé »; « RDV A. D. », « B3 »; « DIALLO Amadou – Entretien », « B3 »."""
    if wording == "occupe" or facts.confidentiality == "confidential":
        return BUSY, None
    place = facts.room or PLACES.get(facts.mode)
    if wording == "complet" and facts.confidentiality == "open":
        return f"{', '.join(full_name(*person) for person in facts.people)} – {facts.type_name}", place
    return f"RDV {', '.join(map(initials, facts.people))}", place


def absence(wording: str) -> str:
    """The title of an absence; colleagues who only see « Occupé » need no reason either."""
    return ABSENT[wording]


def initials(person: Person) -> str:
    """« A. D. » for Amadou Diallo, « D. » for somebody with one name."""
    names = (person.first_name, person.last_name)
    return " ".join(f"{name[0].upper()}." for name in names if name)
