"""A seat is proposed only to whoever could take it, and only while its session is what they wait for."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.errors import AppointmentClosed, NotFound
from booking.people.models import Usager
from booking.reservations import (
    Book,
    Join,
    Move,
    Outcome,
    RecordAttendance,
    WaitForSession,
    book,
    doctor,
    join,
    move,
    proposals,
    propose,
    proposing,
    record_attendance,
    wait,
)
from booking.reservations.waiting import Wait
from booking.reservations.wishes import Wishes
from booking.rooms.models import SiteHours
from booking.slots.models import AppointmentType
from tests.builders import MONDAY, NOW, Cast, act, add_usagers, block, paris, set_on, store
from tests.reservations.displacements import TWO
from tests.reservations.waiters import TEN, made, seen


@pytest.fixture
def workshop(cast: Cast) -> Outcome:
    """A session of 2 seats with Mme Roux, on Monday at 10h00 in B1, which has stairs; Mme Koné has one."""
    set_on(AppointmentType, cast.entretien, capacity=2)
    return book(Book("open", cast.entretien, TEN, cast.roux, cast.kone), act())


@pytest.fixture
def who(cast: Cast, workshop: Outcome) -> int:
    """Somebody who waits for the other seat."""
    return waiting_for(workshop)


def waiting_for(workshop: Outcome) -> int:
    (usager_id,) = add_usagers(1)
    wait(WaitForSession(f"w{usager_id}", workshop.uid, usager_id), act())
    return usager_id


def accept(uid: str) -> Outcome:
    command = in_transaction(lambda session: proposals.answer_to(session, "accept", uid))
    assert isinstance(command, Join)
    return join(command, act())


class TestOfAnotherType:
    """What was a session of interviews becomes a call."""

    def test_the_seat_is_given_back(self, cast: Cast, session: Session, workshop: Outcome, who: int) -> None:
        propose(NOW)
        move(Move("m", workshop.uid, type_id=cast.appel), act())
        assert propose(NOW) == []
        assert [each.state for each in made(session)] == ["lapsed"]
        assert doctor.examine() == []

    def test_accepting_it_does_not_join_what_it_became(self, cast: Cast, workshop: Outcome, who: int) -> None:
        (one,) = propose(NOW)
        move(Move("m", workshop.uid, type_id=cast.appel), act())
        with pytest.raises(NotFound):
            accept(one.uid)

    def test_nor_is_it_proposed_when_it_changed_since_it_was_seen(
        self, cast: Cast, session: Session, workshop: Outcome, who: int
    ) -> None:
        _, entry, seat = seen(session)
        move(Move("m", workshop.uid, type_id=cast.appel), act())
        with pytest.raises(AppointmentClosed):
            proposing.keep_for(entry, seat, NOW)
        assert made(session) == []


def test_none_of_a_session_that_is_over(cast: Cast, workshop: Outcome, who: int) -> None:
    """It began early: nobody can join it."""
    early = paris("2026-11-23 09:30")
    record_attendance(RecordAttendance("a", workshop.uid, cast.kone, "seen"), act(early))
    assert propose(early) == []


class TestWithoutStairs:
    """Whoever waits for the seat cannot climb to B1; B2, on the ground floor, is large enough too."""

    @pytest.fixture(autouse=True)
    def step_free(self, who: int) -> None:
        set_on(Usager, who, step_free=True)

    def test_where_no_room_can_be_reached_it_goes_to_the_next(self, cast: Cast, workshop: Outcome, who: int) -> None:
        store(block(cast.b2, "2026-11-23 08:30", "2026-11-23 12:00"))
        other = waiting_for(workshop)
        assert [one.usager_id for one in propose(NOW)] == [other]

    def test_where_the_session_can_change_its_room_it_is_proposed(
        self, cast: Cast, session: Session, workshop: Outcome, who: int
    ) -> None:
        (one,) = propose(NOW)
        assert one.usager_id == who
        assert (workshop.room, accept(one.uid).room) == ("B1", "B2")
        assert doctor.examine() == []


def test_many_that_cannot_be_reached_do_not_hide_the_one_that_can(cast: Cast) -> None:
    """In the morning the room on the ground floor is taken."""
    set_on(AppointmentType, cast.entretien, capacity=2)
    store(block(cast.b2, "2026-11-23 08:30", "2026-11-23 12:30"))
    mornings = [paris(f"2026-11-23 {hour}") for hour in ("09:00", "09:30", "10:00", "10:30", "11:00", "11:30")]
    for start in (*mornings, TWO):
        book(Book(f"open {start}", cast.entretien, start, cast.roux, cast.kone), act())
    (who,) = add_usagers(1)
    set_on(Usager, who, step_free=True)
    wait(Wait("w", cast.entretien, who, Wishes(MONDAY, MONDAY)), act())
    assert [one.start for one in propose(NOW)] == [TWO]


def test_a_seat_at_a_site_whose_hours_were_taken_away_is_kept_until_it_begins(cast: Cast, workshop: Outcome) -> None:
    waiting_for(workshop)
    in_transaction(lambda session: session.execute(sa.delete(SiteHours)) and None)
    assert [one.start for one in propose(NOW)] == [TEN]


def test_none_to_whom_another_service_keeps_to_itself(cast: Cast, workshop: Outcome, who: int) -> None:
    set_on(Usager, who, service_id=cast.pmi)
    assert propose(NOW) == []
