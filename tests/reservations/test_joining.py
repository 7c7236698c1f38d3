"""Usagers who join an appointment that stands, and who leave it: only they are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from booking import schema
from booking.errors import AppointmentClosed, BookingError, Invalid, NotFound, SlotTaken, SlotUnavailable, StaleVersion
from booking.people.directory import NewUsager
from booking.people.models import Usager
from booking.reservations import (
    Book,
    Cancel,
    Join,
    Leave,
    Move,
    Outcome,
    RecordAttendance,
    book,
    cancel,
    doctor,
    join,
    leave,
    move,
    reading,
    record_attendance,
)
from booking.reservations.guests import MOST
from booking.rooms.models import Room
from booking.slots.models import Occupancy
from tests.builders import Cast, act, add_usagers, paris, rows_of, set_on
from tests.reservations.telling import Told

NINE, TEN = paris("2026-11-23 09:00"), paris("2026-11-23 10:00")


@pytest.fixture
def booked(cast: Cast) -> Outcome:
    """M. Diallo with Mme Roux, on Monday at 9h00, in B1."""
    return book(Book("book", cast.entretien, NINE, cast.roux, cast.diallo), act())


def steps(session: Session, outcome: Outcome) -> dict[int, tuple[str, int]]:
    """Attendance and notice of each usager."""
    session.rollback()
    people = reading.find(session, outcome.uid).participations
    return {one.usager_id: (one.attendance, one.notice) for one in people}


def is_taken(session: Session, key: int) -> bool:
    session.rollback()
    return session.query(Occupancy).where(Occupancy.resource_id == key).count() > 0


def test_who_joins_is_taken_and_told_alone(cast: Cast, session: Session, booked: Outcome) -> None:
    told = Told()
    done = join(Join("j", booked.uid, cast.kone), act(tell=told))
    assert (done.version, done.sequence, done.room) == (2, 1, "B1")
    assert told.facts == [("booked", {cast.kone})]
    assert steps(session, booked) == {cast.diallo: ("expected", 0), cast.kone: ("expected", 0)}
    assert is_taken(session, cast.kone)
    assert [row.action for row in reading.history(session, booked.appointment_id)] == ["booked", "joined"]
    assert doctor.examine() == []


def test_somebody_new_is_created_with_it_or_not_at_all(cast: Cast, session: Session, booked: Outcome) -> None:
    join(Join("j", booked.uid, NewUsager(last_name="Petit")), act())
    before = rows_of(session, schema.metadata)
    with pytest.raises(StaleVersion):
        join(Join("k", booked.uid, NewUsager(last_name="Grand"), version=1), act())
    assert rows_of(session, schema.metadata) == before


def test_who_leaves_gives_their_time_back_and_is_told_alone(cast: Cast, session: Session, booked: Outcome) -> None:
    join(Join("j", booked.uid, cast.kone), act())
    told = Told()
    leave(Leave("l", booked.uid, cast.diallo, "usager"), act(tell=told))
    assert told.facts == [("cancelled", {cast.diallo})]
    assert steps(session, booked) == {cast.diallo: ("excused", 1), cast.kone: ("expected", 0)}
    assert not is_taken(session, cast.diallo)
    assert doctor.examine() == []


def test_who_comes_back_is_told_again(cast: Cast, session: Session, booked: Outcome) -> None:
    join(Join("j", booked.uid, cast.kone), act())
    leave(Leave("l", booked.uid, cast.kone, "service"), act())
    told = Told()
    join(Join("again", booked.uid, cast.kone), act(tell=told))
    assert told.facts == [("booked", {cast.kone})]
    assert steps(session, booked)[cast.kone] == ("expected", 2)
    assert doctor.examine() == []


def test_who_left_hears_no_more_of_it(cast: Cast, session: Session, booked: Outcome) -> None:
    join(Join("j", booked.uid, cast.kone), act())
    leave(Leave("l", booked.uid, cast.kone, "usager"), act())
    told = Told()
    move(Move("m", booked.uid, TEN), act(tell=told))
    cancel(Cancel("c", booked.uid, "service"), act(tell=told))
    assert told.facts == [("moved", {cast.diallo}), ("cancelled", {cast.diallo})]
    assert steps(session, booked) == {cast.diallo: ("revoked", 2), cast.kone: ("excused", 1)}
    assert doctor.examine() == []


class TestTheRoom:
    def test_it_becomes_a_larger_one(self, cast: Cast, session: Session, booked: Outcome) -> None:
        set_on(Room, cast.b1, capacity=2)
        done = join(Join("j", booked.uid, cast.kone), act())
        assert done.room == "B2"
        assert doctor.examine() == []

    def test_it_becomes_one_that_they_can_reach(self, cast: Cast, booked: Outcome) -> None:
        set_on(Usager, cast.kone, step_free=True)
        assert join(Join("j", booked.uid, cast.kone), act()).room == "B2"

    def test_when_none_is_large_enough_they_cannot_join(self, cast: Cast, session: Session, booked: Outcome) -> None:
        set_on(Room, cast.b1, capacity=2)
        set_on(Room, cast.b2, capacity=2)
        before = rows_of(session, schema.metadata)
        with pytest.raises(SlotUnavailable) as refused:
            join(Join("j", booked.uid, cast.kone), act())
        assert refused.value.rule == "no_room"
        assert rows_of(session, schema.metadata) == before

    def test_there_is_none_by_phone(self, cast: Cast) -> None:
        call = book(Book("call", cast.appel, NINE, cast.roux, cast.diallo), act())
        assert join(Join("j", call.uid, cast.kone), act()).room is None


JOINING = [
    pytest.param({"usager": "diallo"}, Invalid, "already", id="takes part already"),
    pytest.param({"usager": 999}, NotFound, None, id="unknown"),
    pytest.param({"usager": "roux"}, NotFound, None, id="a professional"),
    pytest.param({"usager": None}, Invalid, "required", id="nobody"),
    pytest.param({"uid": "0" * 32}, NotFound, None, id="no such appointment"),
    pytest.param({"version": 7}, StaleVersion, None, id="a version to come"),
]


@pytest.mark.parametrize(("values", "error", "rule"), JOINING)
def test_bad_joins(
    cast: Cast, session: Session, booked: Outcome, values: dict[str, Any], error: type[BookingError], rule: str | None
) -> None:
    before = rows_of(session, schema.metadata)
    named = {name: getattr(cast, one) if one in ("diallo", "roux") else one for name, one in values.items()}
    with pytest.raises(error) as refused:
        join(replace(Join("j", booked.uid, cast.kone), **named), act())
    assert getattr(refused.value, "rule", None) == rule
    assert rows_of(session, schema.metadata) == before


def test_who_is_busy_then_cannot_join(cast: Cast, booked: Outcome) -> None:
    book(Book("other", cast.entretien, NINE, cast.diop, cast.kone), act())
    with pytest.raises(SlotTaken) as refused:
        join(Join("j", booked.uid, cast.kone), act())
    assert refused.value.rule == "usager_busy"


def test_a_service_receives_its_own_only(cast: Cast, session: Session) -> None:
    """Somebody of the centre's own namespace is hidden from the others; who has a name is not received by code."""
    visit = book(Book("visit", cast.depistage, NINE, cast.petit, None), act())
    (visitor,) = steps(session, visit)
    interview = book(Book("book", cast.entretien, NINE, cast.roux, cast.diallo), act())
    with pytest.raises(NotFound):
        join(Join("j", interview.uid, visitor), act())
    with pytest.raises(Invalid):
        join(Join("k", visit.uid, cast.kone), act())


def test_a_family_has_a_limit(cast: Cast, session: Session) -> None:
    others = tuple(add_usagers(MOST - 1))
    call = book(Book("call", cast.appel, NINE, cast.roux, cast.diallo, family=others), act())
    with pytest.raises(Invalid) as refused:
        join(Join("j", call.uid, cast.kone), act())
    assert (refused.value.rule, refused.value.facts) == ("too_many", {"maximum": MOST})


def test_who_left_is_not_noted_as_seen(cast: Cast, booked: Outcome) -> None:
    join(Join("j", booked.uid, cast.kone), act())
    leave(Leave("l", booked.uid, cast.kone, "usager"), act())
    with pytest.raises(AppointmentClosed):
        record_attendance(RecordAttendance("a", booked.uid, cast.kone, "seen"), act(NINE))


def test_when_it_is_over_nobody_joins(cast: Cast, booked: Outcome) -> None:
    with pytest.raises(AppointmentClosed):
        join(Join("j", booked.uid, cast.kone), act(NINE + timedelta(minutes=30)))


def test_late_companions_still_join(cast: Cast, booked: Outcome) -> None:
    record_attendance(RecordAttendance("a", booked.uid, cast.diallo, "in_progress"), act(NINE))
    assert join(Join("j", booked.uid, cast.kone), act(NINE + timedelta(minutes=10))).version == 3


def test_the_last_one_does_not_leave_but_cancels(cast: Cast, booked: Outcome) -> None:
    with pytest.raises(Invalid) as refused:
        leave(Leave("l", booked.uid, cast.diallo, "usager"), act())
    assert refused.value.rule == "last"


@pytest.mark.parametrize("gone", ["left already", "arrived", "cancelled"])
def test_nobody_leaves_twice_nor_once_received(cast: Cast, booked: Outcome, gone: str) -> None:
    join(Join("j", booked.uid, cast.kone), act())
    if gone == "left already":
        leave(Leave("first", booked.uid, cast.kone, "usager"), act())
    elif gone == "arrived":
        record_attendance(RecordAttendance("a", booked.uid, cast.kone, "arrived"), act(NINE))
    else:
        cancel(Cancel("c", booked.uid, "service"), act())
    with pytest.raises(AppointmentClosed):
        leave(Leave("l", booked.uid, cast.kone, "usager"), act())


def test_who_does_not_take_part_cannot_leave(cast: Cast, booked: Outcome) -> None:
    with pytest.raises(NotFound):
        leave(Leave("l", booked.uid, cast.kone, "usager"), act())


def test_each_acts_once_under_its_key(cast: Cast, session: Session, booked: Outcome) -> None:
    command = Join("j", booked.uid, NewUsager(last_name="Petit"))
    first = join(command, act())
    assert join(command, act()) == replace(first, replayed=True)
    (newcomer,) = set(steps(session, booked)) - {cast.diallo}
    out = Leave("l", booked.uid, newcomer, "service")
    second = leave(out, act())
    assert leave(out, act()) == replace(second, replayed=True)
    assert len(reading.history(session, booked.appointment_id)) == 3
