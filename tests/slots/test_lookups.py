"""From a code to what is stored."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from booking.errors import NotFound
from booking.people.models import Professional
from booking.resources import Resource
from booking.rooms.models import Room, Site
from booking.slots import lookups
from booking.slots.models import AppointmentType
from tests.builders import PARIS, Cast, store

Lookup = Callable[[Session, str], AppointmentType | Professional | Room]
LOOKUPS: list[Lookup] = [lookups.appointment_type, lookups.professional, lookups.room]
each_lookup = pytest.mark.parametrize("lookup", LOOKUPS, ids=lambda lookup: lookup.__name__)

UNKNOWN = [
    ("nobody", "no such code"),
    ("", "nothing"),
    ("Roux", "capitals are other letters"),
    ("roux%", "no pattern"),
    ("roux\0", "PostgreSQL takes no NUL"),
    ("\udcff", "a byte that is no UTF-8, as a command line hands it on"),
    ("x" * 100_000, "longer than any code"),
]


def test_each_finds_what_goes_by_that_code(session: Session, cast: Cast) -> None:
    found = [lookup(session, code).id for lookup, code in zip(LOOKUPS, ("entretien", "roux", "C1"), strict=True)]
    assert found == [cast.entretien, cast.roux, cast.c1]


@each_lookup
@pytest.mark.parametrize(("code", "because"), UNKNOWN, ids=[row[1] for row in UNKNOWN])
def test_any_other_text_is_unknown(session: Session, cast: Cast, lookup: Lookup, code: str, because: str) -> None:
    with pytest.raises(NotFound) as refusal:
        lookup(session, code)
    assert refusal.value.what == lookup.__name__


def test_the_first_site_is_the_one_spoken_of(session: Session, cast: Cast) -> None:
    """A second site has a room of the same code and hours of its own: the first one's are meant."""
    second = {"name": "Antenne", "public_name": "Antenne", "address": "2 rue Neuve", "phone": "+33199001235"}
    store(Site(id=99, code="antenne", email="antenne@pole-social.example", zone="America/Cayenne", **second))
    store(Resource(id=999, kind="room"))
    store(Room(id=999, site_id=99, code="B1", name="Bureau", kind="bureau", floor=0, capacity=2, features=frozenset()))
    assert lookups.room(session, "B1").id == cast.b1
    assert lookups.site(session).id == cast.site
    assert lookups.zone(session) == PARIS


def test_before_any_site_is_loaded_there_is_none(app: Flask, session: Session) -> None:
    with pytest.raises(NotFound, match="site"):
        lookups.zone(session)
