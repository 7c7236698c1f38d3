"""Moving, cancelling, recording attendance: one appointment, its history kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking import schema
from booking.db import in_transaction
from booking.errors import (
    AppointmentClosed,
    BookingError,
    Invalid,
    KeyReused,
    NotFound,
    SlotTaken,
    SlotUnavailable,
    StaleVersion,
)
from booking.people.directory import NewUsager
from booking.people.models import Professional
from booking.reservations import (
    Book,
    Cancel,
    Move,
    Outcome,
    RecordAttendance,
    book,
    cancel,
    move,
    reading,
    record_attendance,
)
from booking.reservations.models import Appointment, Attendance
from booking.slots.models import AppointmentType, Closure, Occupancy, Opening
from tests.builders import NOW, Cast, act, paris, rows_of

NINE, TEN = paris("2026-11-23 09:00"), paris("2026-11-23 10:00")


@pytest.fixture
def booked(cast: Cast) -> Outcome:
    """M. Diallo with Mme Roux, on Monday at 9h00, in B1."""
    return book(Book("book", cast.entretien, NINE, cast.roux, cast.diallo), act())


class Told:
    """Remembers what usagers would be told."""

    def __init__(self) -> None:
        self.changes: list[str] = []

    def __call__(self, _session: Session, _appointment_id: int, change: str, _usager_ids: object, _now: object) -> None:
        self.changes.append(change)


def taken(session: Session) -> set[tuple[int, int]]:
    """Every (resource, start) taken."""
    session.rollback()
    rows = session.execute(sa.select(Occupancy.resource_id, Occupancy.starts_at))
    return {(resource, start) for resource, start in rows}


def counters(session: Session, outcome: Outcome) -> tuple[int, int, int]:
    """The sequence, notice and version of an appointment."""
    session.rollback()
    appointment = session.get_one(Appointment, outcome.appointment_id)
    return appointment.sequence, appointment.participations[0].notice, appointment.version


def test_moving_in_time_tells_the_usager_and_keeps_room_and_duration(
    cast: Cast, session: Session, booked: Outcome
) -> None:
    told = Told()
    moved = move(Move("move", booked.uid, TEN), act(tell=told))
    assert (moved.uid, moved.start, moved.end, moved.room) == (
        booked.uid,
        TEN,
        TEN + timedelta(minutes=30),
        "B1",
    )
    assert counters(session, booked) == (1, 1, 2)
    assert told.changes == ["moved"]
    at = int(TEN.timestamp())
    assert taken(session) == {(cast.roux, at), (cast.diallo, at), (cast.b1, at)}
    assert [row.action for row in reading.history(session, booked.appointment_id)] == ["booked", "moved"]


def test_changing_the_room_tells_nobody(cast: Cast, session: Session, booked: Outcome) -> None:
    told = Told()
    moved = move(Move("move", booked.uid, room_id=cast.b2), act(tell=told))
    assert moved.room == "B2"
    assert counters(session, booked) == (1, 0, 2)
    assert told.changes == []
    row = reading.history(session, booked.appointment_id)[-1]
    assert (row.action, row.before["room"], row.after["room"]) == ("room_changed", cast.b1, cast.b2)


def test_changing_the_professional_changes_both_feeds_and_tells_nobody(
    cast: Cast, session: Session, booked: Outcome
) -> None:
    told = Told()
    move(Move("move", booked.uid, professional_ids=frozenset({cast.diop})), act(tell=told))
    assert counters(session, booked) == (0, 0, 2)
    assert told.changes == []
    versions = [session.get_one(Professional, key).feed_version for key in (cast.roux, cast.diop)]
    assert versions == [2, 1]
    assert {key for key, _ in taken(session)} == {cast.diop, cast.diallo, cast.b1}


def test_a_move_may_overlap_the_time_it_had(cast: Cast, session: Session) -> None:
    in_transaction(lambda s: s.execute(sa.text("UPDATE appointment_type SET step = 5")) and None)
    booked = book(Book("book", cast.entretien, NINE, cast.roux, cast.diallo), act())
    five_past = NINE + timedelta(minutes=5)
    assert move(Move("move", booked.uid, five_past), act()).start == five_past
    assert {start for _, start in taken(session)} == {int(five_past.timestamp())}


def test_the_duration_is_kept_when_the_type_changed_since(cast: Cast, booked: Outcome) -> None:
    in_transaction(lambda s: s.execute(sa.text("UPDATE appointment_type SET duration = 60, step = 60")) and None)
    moved = move(Move("move", booked.uid, TEN), act())
    assert moved.end - moved.start == timedelta(minutes=30)


def test_another_room_is_given_when_the_present_one_is_taken_then(cast: Cast, booked: Outcome) -> None:
    book(Book("other", cast.entretien, TEN, cast.diop, cast.kone, room_id=cast.b1), act())
    assert move(Move("move", booked.uid, TEN), act()).room == "B2"


def test_the_usagers_need_of_a_step_free_room_is_kept(cast: Cast) -> None:
    usager = NewUsager(last_name="Nguyen", step_free=True)
    booked = book(Book("book", cast.entretien, NINE, cast.roux, usager), act())
    assert move(Move("move", booked.uid, TEN), act()).room == "B2"
    with pytest.raises(SlotUnavailable) as refused:
        move(Move("again", booked.uid, room_id=cast.b1), act())
    assert refused.value.rule == "room_unfit"


def test_once_begun_only_the_room_can_change(cast: Cast, booked: Outcome) -> None:
    later = act(NINE + timedelta(minutes=10))
    record_attendance(RecordAttendance("arrive", booked.uid, cast.diallo, "arrived"), later)
    assert move(Move("room", booked.uid, room_id=cast.b2), later).room == "B2"
    with pytest.raises(AppointmentClosed):
        move(Move("time", booked.uid, TEN), later)


def test_a_room_can_change_although_the_opening_is_gone_and_the_type_retired(cast: Cast, booked: Outcome) -> None:
    def withdraw(session: Session) -> None:
        session.execute(sa.delete(Opening))
        session.get_one(AppointmentType, cast.entretien).retired_at = NOW

    in_transaction(withdraw)
    assert move(Move("room", booked.uid, room_id=cast.b2), act()).room == "B2"


def test_by_phone_a_move_needs_no_room(cast: Cast) -> None:
    booked = book(Book("book", cast.appel, NINE, cast.roux, cast.diallo), act())
    assert move(Move("move", booked.uid, TEN), act()).room is None
    with pytest.raises(Invalid):
        move(Move("room", booked.uid, room_id=cast.b1), act())


def test_cancelling_gives_the_time_back(cast: Cast, session: Session, booked: Outcome) -> None:
    told = Told()
    done = cancel(Cancel("cancel", booked.uid, "usager"), act(tell=told))
    assert (done.status, done.sequence) == ("cancelled", 1)
    assert counters(session, booked) == (1, 1, 2)
    assert told.changes == ["cancelled"]
    assert taken(session) == set()
    assert book(Book("again", cast.entretien, NINE, cast.roux, cast.kone), act()).room == "B1"


@pytest.mark.parametrize(("by", "attendance"), [("usager", "excused"), ("service", "revoked")])
def test_who_cancelled_is_the_attendance(session: Session, booked: Outcome, by: Any, attendance: str) -> None:
    cancel(Cancel("cancel", booked.uid, by), act())
    assert session.get_one(Appointment, booked.appointment_id).participations[0].attendance == attendance


def test_attendance_goes_step_by_step_and_back(cast: Cast, session: Session, booked: Outcome) -> None:
    early = act(NINE - timedelta(minutes=20))
    steps: tuple[Attendance, ...] = ("arrived", "in_progress", "seen", "arrived", "expected")
    for number, step in enumerate(steps):
        record_attendance(RecordAttendance(f"k{number}", booked.uid, cast.diallo, step), early)
    after = [row.after["attendance"][str(cast.diallo)] for row in reading.history(session, booked.appointment_id)]
    assert after == ["expected", "arrived", "in_progress", "seen", "arrived", "expected"]
    assert counters(session, booked) == (0, 0, 6)


def test_an_absence_is_noted_once_the_hour_has_come(cast: Cast, booked: Outcome) -> None:
    command = RecordAttendance("k", booked.uid, cast.diallo, "no_show")
    with pytest.raises(Invalid) as refused:
        record_attendance(command, act(NINE - timedelta(minutes=1)))
    assert refused.value.rule == "too_early"
    assert record_attendance(command, act(NINE)).version == 2


COMMANDS = [
    (Move("k", "", TEN), "move"),
    (Cancel("k", "", "service"), "cancel"),
    (RecordAttendance("k", "", 0, "arrived"), "attendance"),
]


def run(command: Any, cast: Cast, booked: Outcome, **more: Any) -> Outcome:
    """Carry out one of COMMANDS on the appointment booked."""
    known = {"uid": booked.uid} | ({"usager_id": cast.diallo} if isinstance(command, RecordAttendance) else {})
    use_case: Any = {Move: move, Cancel: cancel, RecordAttendance: record_attendance}[type(command)]
    outcome: Outcome = use_case(replace(command, **(known | more)), act(NINE - timedelta(hours=1)))
    return outcome


each_command = pytest.mark.parametrize("command", [row[0] for row in COMMANDS], ids=[row[1] for row in COMMANDS])


@each_command
def test_a_key_serves_once(cast: Cast, session: Session, booked: Outcome, command: Any) -> None:
    first = run(command, cast, booked)
    assert run(command, cast, booked) == replace(first, replayed=True)
    assert len(reading.history(session, booked.appointment_id)) == 2
    with pytest.raises(KeyReused):
        run(command, cast, booked, version=7)


@each_command
def test_a_stale_version_is_refused(cast: Cast, booked: Outcome, command: Any) -> None:
    move(Move("other", booked.uid, paris("2026-11-23 11:00")), act())
    with pytest.raises(StaleVersion) as refused:
        run(command, cast, booked, version=1)
    assert (refused.value.expected, refused.value.actual) == (1, 2)


@each_command
def test_nothing_changes_once_cancelled(cast: Cast, booked: Outcome, command: Any) -> None:
    cancel(Cancel("first", booked.uid, "usager"), act())
    with pytest.raises(AppointmentClosed):
        run(command, cast, booked)


@each_command
def test_an_unknown_appointment_is_not_found(cast: Cast, booked: Outcome, command: Any) -> None:
    with pytest.raises(NotFound):
        run(command, cast, booked, uid="0" * 32)


def test_nobody_who_was_seen_is_cancelled(cast: Cast, booked: Outcome) -> None:
    record_attendance(RecordAttendance("k", booked.uid, cast.diallo, "seen"), act(NINE))
    with pytest.raises(AppointmentClosed):
        cancel(Cancel("c", booked.uid, "usager"), act(NINE))


BAD = [
    ({"start": paris("2026-11-20 09:00")}, SlotUnavailable, "the past"),
    ({"start": paris("2026-11-28 09:00")}, SlotUnavailable, "a Saturday"),
    ({"start": paris("2026-11-23 09:10")}, SlotUnavailable, "off the lattice"),
    ({"start": TEN, "professional_ids": frozenset({999})}, NotFound, "unknown professional"),
    ({"start": TEN, "room_id": 999}, NotFound, "unknown room"),
    ({"start": TEN, "room_id": "c1"}, SlotUnavailable, "a cabinet"),
    ({"professional_ids": {"lenoir"}}, SlotUnavailable, "a doctor"),
    ({"start": paris("2026-11-23 11:00")}, SlotTaken, "she has another appointment then"),
    ({}, Invalid, "nothing to change"),
    ({"start": NINE}, Invalid, "the time it has"),
]


def the(cast: Cast, value: Any) -> Any:
    """Somebody or something of the cast, by name; anything else as it is."""
    if isinstance(value, set):
        return frozenset(getattr(cast, name) for name in value)
    return getattr(cast, value) if isinstance(value, str) else value


@pytest.mark.parametrize(("change", "error", "because"), BAD, ids=[row[2] for row in BAD])
def test_a_refused_move_changes_nothing(
    cast: Cast,
    session: Session,
    booked: Outcome,
    change: dict[str, Any],
    error: type[BookingError],
    because: str,
) -> None:
    book(Book("other", cast.entretien, paris("2026-11-23 11:00"), cast.roux, cast.kone), act())
    named = {name: the(cast, value) for name, value in change.items()}
    before = rows_of(session, schema.metadata), taken(session), counters(session, booked)
    with pytest.raises(error):
        move(Move("move", booked.uid, **named), act())
    assert (rows_of(session, schema.metadata), taken(session), counters(session, booked)) == before, because


def test_a_refused_move_offers_the_nearest_alternatives(cast: Cast, booked: Outcome) -> None:
    book(Book("other", cast.entretien, TEN, cast.roux, cast.kone), act())
    with pytest.raises(SlotTaken) as refused:
        move(Move("move", booked.uid, TEN), act())
    assert paris("2026-11-23 10:30") in [slot.start for slot in refused.value.alternatives]


def test_a_wanted_room_that_closed_is_refused(cast: Cast, booked: Outcome) -> None:
    closure = Closure(site_id=cast.site, room_id=cast.b2, starts_at=NINE, ends_at=TEN, label="Peinture")
    in_transaction(lambda session: session.add(closure))
    with pytest.raises(SlotTaken) as refused:
        move(Move("move", booked.uid, room_id=cast.b2), act())
    assert refused.value.rule == "no_room"


def test_somebody_who_is_not_there_has_no_attendance(cast: Cast, booked: Outcome) -> None:
    with pytest.raises(NotFound):
        record_attendance(RecordAttendance("k", booked.uid, cast.kone, "arrived"), act())


def test_cancelling_is_not_an_attendance(cast: Cast, booked: Outcome) -> None:
    with pytest.raises(Invalid):
        record_attendance(RecordAttendance("k", booked.uid, cast.diallo, "excused"), act())
