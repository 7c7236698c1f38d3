"""What is read of a period: everything that touches it, and nothing beside."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from booking.reservations import Book, book
from booking.slots import schedule
from booking.slots.grid import Grid
from tests.builders import (
    Cast,
    absence,
    act,
    block,
    closure,
    paris,
    store,
)

CHRISTMAS = date(2026, 12, 25)  # a Friday


def seconds(text: str) -> int:
    return int(paris(text).timestamp())


def span(start: str, end: str) -> tuple[int, int]:
    return seconds(start), seconds(end)


MORNING = Grid.over(*span("2026-11-23 09:00", "2026-11-23 12:00"))

# What touches the morning of the Monday, from 9h00 to 12h00.
TOUCHES = [
    ("2026-11-23 08:00", "2026-11-23 09:00", False, "it ends when the morning begins"),
    ("2026-11-23 08:00", "2026-11-23 09:05", True, "five minutes inside"),
    ("2026-11-23 10:00", "2026-11-23 10:30", True, "within"),
    ("2026-11-23 11:55", "2026-11-23 13:00", True, "the last five minutes"),
    ("2026-11-23 12:00", "2026-11-23 13:00", False, "it begins when the morning ends"),
    ("2026-11-22 10:00", "2026-11-23 10:00", True, "a whole day that ends within: the longest there is"),
]
touching = pytest.mark.parametrize(("start", "end", "touches", "because"), TOUCHES, ids=[row[3] for row in TOUCHES])


@touching
def test_occupancies(cast: Cast, session: Session, start: str, end: str, touches: bool, because: str) -> None:
    store(block(cast.b1, start, end), block(cast.b2, "2026-11-23 09:00", "2026-11-23 09:30"))
    found = schedule.read_occupancies(session, {cast.b1}, MORNING)
    assert dict(found) == ({cast.b1: [span(start, end)]} if touches else {}), because


@touching
def test_absences(cast: Cast, session: Session, start: str, end: str, touches: bool, because: str) -> None:
    store(absence(cast.roux, start, end), absence(cast.diop, "2026-11-23 09:00", "2026-11-23 09:30"))
    found = schedule.read_absences(session, [cast.roux], MORNING)
    assert found == ({cast.roux: [span(start, end)]} if touches else {}), because


@touching
def test_closures(cast: Cast, session: Session, start: str, end: str, touches: bool, because: str) -> None:
    store(closure(cast.site, start, end), closure(cast.site, start, end, cast.b1))
    of_sites, of_rooms = schedule.read_closures(session, [cast.site], MORNING)
    expected = [span(start, end)] if touches else []
    assert (of_sites.get(cast.site, []), of_rooms.get(cast.b1, [])) == (expected, expected), because
    assert schedule.read_closures(session, [cast.site + 1], MORNING) == ({}, {}), "another site"


def test_what_an_appointment_takes_is_free_for_it_when_it_moves(cast: Cast, session: Session) -> None:
    nine = paris("2026-11-23 09:00")
    one = book(Book("one", cast.entretien, nine, cast.roux, cast.diallo), act())
    book(Book("two", cast.entretien, nine, cast.diop, cast.kone), act())
    store(block(cast.roux, "2026-11-23 09:30", "2026-11-23 10:00"))
    found = schedule.read_occupancies(session, {cast.roux, cast.diop, cast.b1}, MORNING, [one.appointment_id])
    assert dict(found) == {
        cast.diop: [span("2026-11-23 09:00", "2026-11-23 09:30")],
        cast.roux: [span("2026-11-23 09:30", "2026-11-23 10:00")],
    }
