"""A cancellation that is taken back: the same appointment, if its time is still free."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from booking.errors import Invalid, SlotTaken, SlotUnavailable, StaleVersion
from booking.reservations import (
    Book,
    Cancel,
    Join,
    Leave,
    Outcome,
    Restore,
    book,
    cancel,
    doctor,
    join,
    leave,
    reading,
    restore,
)
from tests.builders import NOW, Cast, absence, act, block, paris, store
from tests.reservations.telling import Told

NINE = paris("2026-11-23 09:00")


@pytest.fixture
def cancelled(cast: Cast) -> Outcome:
    """M. Diallo with Mme Roux, on Monday at 9h00, in B1, cancelled by him."""
    done = book(Book("book", cast.entretien, NINE, cast.roux, cast.diallo), act())
    return cancel(Cancel("cancel", done.uid, "usager"), act())


def test_it_stands_again_as_it_was_and_is_told(cast: Cast, session: Session, cancelled: Outcome) -> None:
    told = Told()
    done = restore(Restore("r", cancelled.uid), act(tell=told))
    assert (done.start, done.room, done.status) == (NINE, "B1", "booked")
    assert (done.version, done.sequence) == (3, 2)
    assert told.facts == [("booked", {cast.diallo})]
    (part,) = reading.find(session, cancelled.uid).participations
    assert (part.attendance, part.notice) == ("expected", 2)
    assert [row.action for row in reading.history(session, done.appointment_id)] == ["booked", "cancelled", "restored"]
    assert doctor.examine() == []


def test_who_had_left_before_stays_out(cast: Cast, session: Session) -> None:
    done = book(Book("book", cast.entretien, NINE, cast.roux, cast.diallo, family=(cast.kone,)), act())
    leave(Leave("l", done.uid, cast.kone, "usager"), act())
    cancel(Cancel("c", done.uid, "usager"), act())
    told = Told()
    restore(Restore("r", done.uid), act(tell=told))
    assert told.facts == [("booked", {cast.diallo})]
    steps = {one.usager_id: one.attendance for one in reading.find(session, done.uid).participations}
    assert steps == {cast.diallo: "expected", cast.kone: "excused"}
    join(Join("j", done.uid, cast.kone), act())
    assert doctor.examine() == []


def test_another_room_is_given_when_its_own_is_taken(cast: Cast, cancelled: Outcome) -> None:
    store(block(cast.b1, "2026-11-23 09:00", "2026-11-23 09:30"))
    assert restore(Restore("r", cancelled.uid), act()).room == "B2"


def test_once_the_time_is_taken_it_is_refused_with_others(cast: Cast, session: Session, cancelled: Outcome) -> None:
    book(Book("other", cast.entretien, NINE, cast.roux, cast.kone), act())
    with pytest.raises(SlotTaken) as refused:
        restore(Restore("r", cancelled.uid), act())
    assert refused.value.rule == "professional_busy"
    assert refused.value.alternatives
    assert reading.find(session, cancelled.uid).status == "cancelled"


def test_not_while_she_is_absent(cast: Cast, cancelled: Outcome) -> None:
    store(absence(cast.roux, "2026-11-23 08:00", "2026-11-23 12:00"))
    with pytest.raises(SlotUnavailable) as refused:
        restore(Restore("r", cancelled.uid), act())
    assert refused.value.rule == "absent"


def test_not_once_its_hour_has_come(cancelled: Outcome) -> None:
    with pytest.raises(SlotUnavailable) as refused:
        restore(Restore("r", cancelled.uid), act(NINE))
    assert refused.value.rule == "past"


def test_what_stands_is_not_restored(cast: Cast) -> None:
    done = book(Book("book", cast.entretien, NINE, cast.roux, cast.diallo), act())
    with pytest.raises(Invalid) as refused:
        restore(Restore("r", done.uid), act())
    assert refused.value.rule == "not_cancelled"


def test_it_acts_once_and_not_on_what_changed(cast: Cast, cancelled: Outcome) -> None:
    with pytest.raises(StaleVersion):
        restore(Restore("r", cancelled.uid, version=1), act())
    command = Restore("s", cancelled.uid, version=2)
    first = restore(command, act())
    assert restore(command, act(NOW + timedelta(hours=1))) == replace(first, replayed=True)


def test_it_can_be_cancelled_again_and_restored_again(cast: Cast, session: Session, cancelled: Outcome) -> None:
    restore(Restore("r1", cancelled.uid), act())
    cancel(Cancel("c2", cancelled.uid, "service"), act())
    assert restore(Restore("r2", cancelled.uid), act()).version == 5
    assert doctor.examine() == []
