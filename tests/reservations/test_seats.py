"""Seats of a session: one is held for whoever waits, counted as taken, and never one more than there are."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from booking import schema
from booking.db import in_transaction
from booking.errors import AppointmentClosed, NotFound, SessionFull, SlotTaken
from booking.reservations import (
    Book,
    Cancel,
    Join,
    Leave,
    Move,
    Outcome,
    Restore,
    WaitForSession,
    book,
    cancel,
    decline,
    doctor,
    join,
    leave,
    move,
    proposals,
    propose,
    proposing,
    reading,
    restore,
    store,
    wait,
)
from booking.reservations.waiting import Entered
from booking.reservations.wishes import Wishes
from booking.slots.models import AppointmentType, Hold, Occupancy
from tests.builders import MONDAY, NOW, Cast, act, add_usagers, paris, rows_of, set_on
from tests.reservations.racing import race
from tests.reservations.waiters import NINE, TEN, entry, made, seen, waits

SEATS = 2


@pytest.fixture
def workshop(cast: Cast) -> Outcome:
    """A session of 2 seats with Mme Roux, on Monday at 10h00; Mme Koné has one."""
    set_on(AppointmentType, cast.entretien, capacity=SEATS)
    return book(Book("open", cast.entretien, TEN, cast.roux, cast.kone), act())


@pytest.fixture
def full(cast: Cast, workshop: Outcome) -> Outcome:
    """The same, full: M. Diallo has the other."""
    return join(Join("full", workshop.uid, cast.diallo), act())


@pytest.fixture
def other(cast: Cast) -> int:
    """Somebody who waits."""
    (usager_id,) = add_usagers(1)
    return usager_id


def waiting_for(session: Outcome, usager_id: int) -> Entered:
    """They wait for a seat in that session."""
    return wait(WaitForSession(f"w{usager_id}", session.uid, usager_id), act())


def free_a_seat(cast: Cast, full: Outcome) -> None:
    """M. Diallo calls it off."""
    leave(Leave("leave", full.uid, cast.diallo, "usager"), act())


def accept(uid: str, key: str = "accept") -> Outcome:
    """Take the seat that was proposed, as an edge does."""
    command = in_transaction(lambda session: proposals.answer_to(session, key, uid))
    assert isinstance(command, Join)
    return join(command, act())


def present(session: Session, outcome: Outcome) -> set[int]:
    session.rollback()
    return set(store.read(session, outcome.uid).present)


def test_a_seat_that_is_freed_is_proposed(cast: Cast, session: Session, full: Outcome, other: int) -> None:
    noted = waiting_for(full, other)
    assert propose(NOW) == []
    free_a_seat(cast, full)
    (proposed,) = propose(NOW)
    assert (proposed.waiting_uid, proposed.start) == (noted.uid, TEN)
    (stored,) = made(session)
    assert (stored.appointment_id, stored.professional_id) == (full.appointment_id, None)
    kept = sa.select(Occupancy.resource_id).join(Hold, Hold.id == Occupancy.hold_id)
    assert session.scalars(kept).all() == [other], "the session has its room and its professional"
    assert doctor.examine() == []


def test_it_is_nobody_else_s_meanwhile(cast: Cast, full: Outcome, other: int) -> None:
    waiting_for(full, other)
    free_a_seat(cast, full)
    propose(NOW)
    with pytest.raises(SessionFull):
        join(Join("back", full.uid, cast.diallo), act())


def test_who_accepts_takes_part(cast: Cast, session: Session, full: Outcome, other: int) -> None:
    noted = waiting_for(full, other)
    free_a_seat(cast, full)
    (proposed,) = propose(NOW)
    accept(proposed.uid)
    assert present(session, full) == {cast.kone, other}
    stored = entry(session, noted.uid)
    assert (stored.outcome, stored.booked_id) == ("booked", full.appointment_id)
    assert reading.history(session, full.appointment_id)[-1].reason == "waiting_list"
    assert rows_of(session, schema.metadata)["hold"] == 0
    assert doctor.examine() == []
    assert accept(proposed.uid).replayed


def test_who_joins_without_naming_it_takes_their_own(cast: Cast, session: Session, full: Outcome, other: int) -> None:
    noted = waiting_for(full, other)
    free_a_seat(cast, full)
    propose(NOW)
    join(Join("own", full.uid, other), act())
    assert entry(session, noted.uid).outcome == "booked"
    assert reading.history(session, full.appointment_id)[-1].reason == "waiting_list"
    assert doctor.examine() == []


def test_they_may_be_added_for_them(cast: Cast, session: Session, full: Outcome, other: int) -> None:
    """Reception gives the seat to somebody else: they wait on."""
    noted = waiting_for(full, other)
    free_a_seat(cast, full)
    (proposed,) = propose(NOW)
    join(Join("else", full.uid, cast.diallo, hold=proposed.uid), act())
    assert entry(session, noted.uid).outcome is None
    assert [one.state for one in made(session)] == ["declined"]
    assert reading.history(session, full.appointment_id)[-1].reason is None, "whoever got it never waited"


def test_once_it_has_expired_anybody_may_have_it(cast: Cast, session: Session, full: Outcome, other: int) -> None:
    waiting_for(full, other)
    free_a_seat(cast, full)
    (proposed,) = propose(NOW)
    join(Join("back", full.uid, cast.diallo), act(proposed.expires_at))
    with pytest.raises(SessionFull):
        accept(proposed.uid)
    assert [one.state for one in made(session)] == ["lapsed"]
    assert doctor.examine() == []


def test_declined_it_goes_to_the_next(cast: Cast, session: Session, full: Outcome) -> None:
    first, second = (waiting_for(full, who) for who in add_usagers(2))
    free_a_seat(cast, full)
    (one,) = propose(NOW)
    decline(one.uid)
    (other,) = propose(NOW)
    assert (one.waiting_uid, other.waiting_uid) == (first.uid, second.uid)


def test_any_session_of_the_type_when_none_is_named(cast: Cast, session: Session, full: Outcome, other: int) -> None:
    """A seat in a session, never a slot to open another one."""
    waits(cast, other, wishes=Wishes(MONDAY, MONDAY, starts=540, ends=570))
    assert propose(NOW) == []
    early = book(Book("early", cast.entretien, NINE, cast.roux, None), act())
    propose(NOW)
    assert [one.appointment_id for one in made(session)] == [early.appointment_id]


@pytest.mark.parametrize(("leads", "found"), [("roux", 1), (None, 1), ("diop", 0)])
def test_of_the_professional_asked_for(
    cast: Cast, workshop: Outcome, other: int, leads: str | None, found: int
) -> None:
    waits(cast, other, professional_id=getattr(cast, leads) if leads else None)
    assert len(propose(NOW)) == found


def test_not_one_that_clashes_with_something_of_theirs(cast: Cast, workshop: Outcome, other: int) -> None:
    book(Book("b", cast.appel, TEN, cast.diop, other), act())
    waiting_for(workshop, other)
    assert propose(NOW) == []


def test_not_one_in_which_they_take_part(cast: Cast, workshop: Outcome) -> None:
    waits(cast, cast.kone)
    assert propose(NOW) == []


CHANGES = {
    "cancelled": lambda uid: cancel(Cancel("x", uid, "service"), act()),
    "moved": lambda uid: move(Move("x", uid, paris("2026-11-24 10:00")), act()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_session_that_changes_gives_the_seat_back(
    cast: Cast, session: Session, workshop: Outcome, other: int, change: str
) -> None:
    noted = waiting_for(workshop, other)
    (proposed,) = propose(NOW)
    CHANGES[change](workshop.uid)
    with pytest.raises((AppointmentClosed, NotFound)):
        accept(proposed.uid)
    again = propose(NOW)
    assert made(session)[0].state == "lapsed"
    assert [one.start for one in again] == ([] if change == "cancelled" else [paris("2026-11-24 10:00")])
    assert entry(session, noted.uid).outcome is None
    assert doctor.examine() == []


def test_a_cancelled_one_that_is_taken_back_is_proposed_again_to_others_only(cast: Cast, workshop: Outcome) -> None:
    first, second = add_usagers(2)
    waiting_for(workshop, first)
    propose(NOW)
    cancel(Cancel("x", workshop.uid, "service"), act())
    propose(NOW)
    restore(Restore("r", workshop.uid), act())
    waiting_for(workshop, second)
    assert [one.usager_id for one in propose(NOW)] == [second]


@pytest.mark.parametrize("uid", ["0" * 32, "", "é", "a\x00b"])
def test_an_unknown_seat_is_not_found(cast: Cast, workshop: Outcome, other: int, uid: str) -> None:
    with pytest.raises(NotFound):
        join(Join("j", workshop.uid, other, hold=uid), act())


def test_a_slot_is_no_seat(cast: Cast, session: Session, workshop: Outcome, other: int) -> None:
    """Nor is the seat of another session."""
    waits(cast, other, type_id=cast.appel)
    (proposed,) = propose(NOW)
    with pytest.raises(NotFound):
        join(Join("j", workshop.uid, other, hold=proposed.uid), act())
    assert [one.state for one in made(session)] == ["pending"]


def test_it_is_not_proposed_to_who_is_busy_by_then(cast: Cast, workshop: Outcome, other: int) -> None:
    waiting_for(workshop, other)
    propose(NOW)
    with pytest.raises(SlotTaken):
        book(Book("b", cast.appel, TEN, cast.diop, other), act())


def test_nor_is_what_another_process_has_just_proposed(
    cast: Cast, session: Session, workshop: Outcome, other: int
) -> None:
    waiting_for(workshop, other)
    _, who, seat = seen(session)
    propose(NOW)
    assert proposing.keep_for(who, seat, NOW) is None
    assert len(made(session)) == 1


def test_nor_what_has_changed_since_it_was_seen(cast: Cast, session: Session, workshop: Outcome, other: int) -> None:
    waiting_for(workshop, other)
    _, who, seat = seen(session)
    move(Move("m", workshop.uid, paris("2026-11-24 10:00")), act())
    with pytest.raises(AppointmentClosed):
        proposing.keep_for(who, seat, NOW)
    assert made(session) == []


class TestRaces:
    def test_never_a_seat_too_many(self, app: Flask, cast: Cast, session: Session, workshop: Outcome) -> None:
        """Two wait, six sign up, one seat is left."""
        first, second, *others = add_usagers(8)
        for who in (first, second):
            waiting_for(workshop, who)
        rivals = [lambda who=who: join(Join(f"j{who}", workshop.uid, who), act()) for who in others]
        race(app, [*[lambda: propose(NOW)] * 4, *rivals])
        held = rows_of(session, schema.metadata)["hold"]
        assert len(present(session, workshop)) + held == SEATS
        assert doctor.examine() == []

    def test_accepted_by_who_waits_and_wanted_by_others(
        self, app: Flask, cast: Cast, session: Session, workshop: Outcome, other: int
    ) -> None:
        waiting_for(workshop, other)
        (proposed,) = propose(NOW)
        outcomes = race(
            app,
            [
                *[lambda: accept(proposed.uid)] * 2,
                *[lambda n=n: join(Join(f"j{n}", workshop.uid, cast.diallo), act()) for n in range(6)],
            ],
        )
        assert outcomes == {"ok": 2, "SessionFull": 6}
        assert present(session, workshop) == {cast.kone, other}
        assert doctor.examine() == []


def test_a_seat_is_kept_as_long_as_a_slot(cast: Cast, workshop: Outcome, other: int) -> None:
    waiting_for(workshop, other)
    (proposed,) = propose(NOW)
    assert (proposed.start, proposed.expires_at) == (TEN, paris("2026-11-23 09:00"))
