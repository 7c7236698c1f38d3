"""What is read of a period: everything that touches it, and nothing beside."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.errors import NotFound
from booking.people.models import Professional
from booking.reservations import Book, book
from booking.rooms.fitting import Need
from booking.rooms.models import Room, SiteHours
from booking.slots import schedule
from booking.slots.generator import Demand
from booking.slots.grid import Grid
from booking.slots.models import AppointmentType
from tests.builders import (
    MONDAY,
    NOW,
    Cast,
    absence,
    act,
    block,
    closure,
    one_day,
    paris,
    set_on,
    store,
)
from tests.slots.asking import add_site

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


OPENINGS = [
    (date(2026, 11, 16), date(2026, 11, 22), False, "it ended yesterday"),
    (date(2026, 11, 16), MONDAY, True, "its last day"),
    (MONDAY, MONDAY, True, "that one day"),
    (MONDAY, None, True, "without end"),
    (date(2026, 11, 24), None, False, "it begins tomorrow"),
]


@pytest.mark.parametrize(("first", "last", "touches", "because"), OPENINGS, ids=[row[3] for row in OPENINGS])
def test_openings(cast: Cast, session: Session, first: date, last: date | None, touches: bool, because: str) -> None:
    weekly = one_day(cast.diop, cast.site, first, 840, 900)
    weekly.weekdays, weekly.last_day = frozenset("12345"), last
    store(weekly)
    (rules,) = schedule.read_openings(session, [cast.diop], MONDAY, MONDAY).values()
    assert (840 in {rule.starts for rule in rules}) is touches, because


# ------------------------------------------------------------------ types, people, places


def test_a_type_in_cells_and_what_it_asks_of_a_room(cast: Cast, session: Session) -> None:
    kind = schedule.read_type(session, cast.consultation)
    assert kind.demand == Demand(duration=6, step=6, before=1, after=2)
    assert kind.need == Need(frozenset({"cabinet"}), frozenset({"examination_couch"}), cast.pmi)
    assert (kind.mode, kind.duration, kind.confidential, len(kind.professions)) == ("in_person", 30, False, 1)
    assert schedule.read_type(session, cast.appel).need is None, "by phone"
    assert schedule.read_type(session, cast.depistage).confidential


@pytest.mark.parametrize("key", [0, -1, 999, 2**31, 2**63])
def test_an_unknown_type(cast: Cast, session: Session, key: int) -> None:
    with pytest.raises(NotFound):
        schedule.read_type(session, key)


def test_a_retired_type_is_read_for_what_is_booked_already(cast: Cast, session: Session) -> None:
    set_on(AppointmentType, cast.entretien, retired_at=NOW)
    with pytest.raises(NotFound):
        schedule.read_type(session, cast.entretien)
    assert schedule.read_type(session, cast.entretien, even_retired=True).id == cast.entretien


def test_a_type_that_nobody_does(cast: Cast, session: Session) -> None:
    kind = replace(schedule.read_type(session, cast.entretien), professions=frozenset())
    assert schedule.qualified(session, kind, None) == []


def test_who_does_a_type(cast: Cast, session: Session) -> None:
    kind = schedule.read_type(session, cast.entretien)
    assert schedule.qualified(session, kind, None) == [cast.roux, cast.diop]
    assert schedule.qualified(session, kind, {cast.diop, cast.lenoir}) == [cast.diop], "a doctor does not"
    elsewhere = replace(kind, service_id=cast.pmi)
    assert schedule.qualified(session, elsewhere, None) == [], "the right profession in another service"
    set_on(Professional, cast.diop, retired_at=NOW)
    assert schedule.qualified(session, kind, None) == [cast.roux], "retired"


def test_who_may_take_part_beside_the_lead(cast: Cast, session: Session) -> None:
    everybody = [cast.lenoir, cast.roux, cast.diop, cast.petit, cast.b1, cast.diallo]
    assert schedule.in_service(session, cast.action_sociale, everybody) == [cast.roux, cast.diop]
    assert schedule.in_service(session, cast.pmi, everybody) == [cast.lenoir], "a doctor in his service"
    assert schedule.in_service(session, cast.action_sociale, []) == []
    midwife = sa.select(Professional.profession_id).where(Professional.id == cast.petit).scalar_subquery()
    set_on(Professional, cast.roux, profession_id=midwife)
    assert schedule.in_service(session, cast.action_sociale, everybody) == [cast.roux, cast.diop], "any profession"
    set_on(Professional, cast.diop, retired_at=NOW)
    assert schedule.in_service(session, cast.action_sociale, everybody) == [cast.roux], "retired"


def test_sites_come_in_the_order_asked_for(cast: Cast, session: Session) -> None:
    other = add_site(cast)
    assert list(schedule.read_sites(session, [other, cast.site])) == [other, cast.site]
    assert list(schedule.read_sites(session, [cast.site, other])) == [cast.site, other]


def test_the_rooms_in_use(cast: Cast, session: Session) -> None:
    set_on(Room, cast.b1, retired_at=NOW)
    codes = {room.code: room.reserved_for_id for room in schedule.read_rooms(session, [cast.site])}
    assert codes == {"B2": None, "C1": None, "C4": cast.sante_sexuelle, "EN1": None}
    assert schedule.read_rooms(session, [cast.site + 1]) == []


def test_the_hours_of_a_site_leave_out_week_ends_and_holidays(cast: Cast, session: Session) -> None:
    site = schedule.read_sites(session, [cast.site])[cast.site]
    week = date(2026, 12, 21), date(2026, 12, 27)
    expected = [span(f"2026-12-{day} 08:30", f"2026-12-{day} 17:30") for day in (21, 22, 23, 24)]
    assert sorted(site.open_spans(*week)) == expected
    open_at_christmas = replace(site, closed_on_public_holidays=False)
    assert len(open_at_christmas.open_spans(*week)) == 5


def test_a_site_without_hours_is_not_open(cast: Cast, session: Session) -> None:
    session.execute(sa.delete(SiteHours))
    assert schedule.read_sites(session, [cast.site]) == {}
