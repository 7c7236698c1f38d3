"""What is freed is proposed to those who wait: the first who came, once, and for long enough to reach them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import exc
from sqlalchemy.orm import Session

from booking import jobs, schema
from booking.db import in_transaction
from booking.errors import BookingError, DatabaseUnavailable, Invalid, NotFound, SlotTaken, TooManyHolds
from booking.people.models import Usager
from booking.reservations import (
    Book,
    Cancel,
    Move,
    Outcome,
    Wait,
    book,
    cancel,
    decline,
    doctor,
    hold,
    holding,
    join,
    move,
    proposals,
    propose,
    proposing,
    reading,
    release,
    renew,
    wait,
)
from booking.reservations.wishes import Wishes
from booking.rooms.models import Room
from booking.slots import planning
from booking.slots.models import AppointmentType, Hold
from tests.builders import (
    MONDAY,
    NOW,
    Cast,
    absence,
    act,
    add_professionals,
    add_rooms,
    add_usagers,
    closure,
    one_day,
    paris,
    rows_of,
    set_on,
    store,
)
from tests.reservations.racing import overlaps, race
from tests.reservations.waiters import NINE, THIS_MONDAY, entry, fill, lost, made, seen, waits

HALF = timedelta(minutes=30)
OPENS = paris("2026-11-23 08:30")
LATER = Wishes(MONDAY, MONDAY, starts=570)


def booked(uid: str, key: str = "b", now: datetime = NOW) -> Outcome:
    """Book what was proposed, as an edge does."""
    command = in_transaction(lambda session: proposals.answer_to(session, key, uid))
    return book(command, act(now)) if isinstance(command, Book) else join(command, act(now))


class TestWhatIsProposed:
    def test_the_first_slot_that_suits(self, cast: Cast, session: Session) -> None:
        noted = waits(cast, wishes=LATER)
        (proposed,) = propose(NOW)
        assert (proposed.waiting_uid, proposed.usager_id) == (noted.uid, cast.diallo)
        assert (proposed.start, proposed.expires_at) == (NINE + HALF, OPENS + HALF)
        (stored,) = made(session)
        assert (stored.professional_id, stored.state) == (cast.roux, "pending")
        assert doctor.examine() == []

    def test_nothing_when_nothing_suits(self, cast: Cast, session: Session) -> None:
        fill(cast)
        waits(cast)
        assert propose(NOW) == []
        assert made(session) == []

    def test_nothing_when_nobody_waits(self, cast: Cast) -> None:
        assert propose(NOW) == []

    def test_nobody_else_gets_it_meanwhile(self, cast: Cast) -> None:
        waits(cast)
        propose(NOW)
        with pytest.raises(SlotTaken):
            book(Book("b", cast.entretien, NINE, cast.roux, cast.kone), act())

    def test_one_thing_at_a_time(self, cast: Cast) -> None:
        waits(cast)
        assert len(propose(NOW)) == 1
        assert propose(NOW) == []

    def test_any_professional_when_none_is_asked_for(self, cast: Cast, session: Session) -> None:
        fill(cast)
        waits(cast, professional_id=None)
        propose(NOW)
        assert [one.professional_id for one in made(session)] == [cast.diop]

    def test_a_room_without_stairs_for_who_needs_it(self, cast: Cast, session: Session) -> None:
        set_on(Usager, cast.diallo, step_free=True)
        waits(cast)
        propose(NOW)
        assert session.scalar(sa.select(Hold.room_id)) == cast.b2

    def test_not_what_clashes_with_something_of_theirs(self, cast: Cast) -> None:
        book(Book("b", cast.appel, NINE, cast.diop, cast.diallo), act())
        waits(cast)
        assert [one.start for one in propose(NOW)] == [NINE + HALF]

    def test_by_phone_no_room(self, cast: Cast, session: Session) -> None:
        waits(cast, type_id=cast.appel)
        propose(NOW)
        assert session.scalars(sa.select(Hold.room_id)).all() == [None]

    def test_to_who_has_only_a_code(self, cast: Cast, session: Session) -> None:
        noted = wait(Wait("w", cast.depistage, None, THIS_MONDAY), act())
        (proposed,) = propose(NOW)
        outcome = booked(proposed.uid)
        assert [each.usager_id for each in reading.find(session, outcome.uid).participations] == [noted.usager_id]

    def test_nothing_of_a_type_that_is_given_up(self, cast: Cast) -> None:
        waits(cast)
        set_on(AppointmentType, cast.entretien, retired_at=NOW)
        assert propose(NOW) == []

    def test_nothing_too_far_ahead_yet(self, cast: Cast) -> None:
        later = MONDAY + timedelta(weeks=20)
        waits(cast, wishes=Wishes(later, later))
        assert propose(NOW) == []
        assert len(propose(NOW + timedelta(weeks=8))) == 1

    def test_somebody_who_is_no_longer_received_keeps_nobody_else_waiting(self, cast: Cast) -> None:
        """Their file now belongs to another service: no slot can be theirs, and the others are still free."""
        gone, other = add_usagers(2)
        waits(cast, gone)
        waits(cast, other, now=NOW + timedelta(seconds=1))
        set_on(Usager, gone, service_id=cast.pmi)
        assert [(one.usager_id, one.start) for one in propose(NOW)] == [(other, NINE)]


FREED: dict[str, Callable[[Cast, list[Outcome]], object]] = {
    "cancelled": lambda _, full: cancel(Cancel("c", full[0].uid, "usager"), act()),
    "moved": lambda _, full: move(Move("m", full[0].uid, paris("2026-11-24 09:00")), act()),
    "given to a colleague": lambda cast, full: move(
        Move("m", full[0].uid, professional_ids=frozenset({cast.diop})), act()
    ),
    "made shorter": lambda _, full: move(Move("m", full[-1].uid, duration=30), act()),
    "an absence taken back": lambda *_: planning.remove_absence(1),
    "an opening added": lambda cast, _: store(one_day(cast.roux, cast.site, MONDAY, 720, 840)),
}


@pytest.mark.parametrize("freed", FREED)
def test_whatever_freed_it_it_is_found(cast: Cast, session: Session, freed: str) -> None:
    full = fill(cast)
    if freed == "made shorter":
        cancel(Cancel("c1", full[-2].uid, "usager"), act())
        move(Move("m1", full[-1].uid, paris("2026-11-23 16:00"), duration=60), act())
    if freed == "an absence taken back":
        cancel(Cancel("c2", full[0].uid, "usager"), act())
        store(absence(cast.roux, "2026-11-23 08:00", "2026-11-23 09:30"))
    waits(cast)
    assert propose(NOW) == []
    FREED[freed](cast, full)
    assert len(propose(NOW)) == 1
    assert doctor.examine() == []


class TestInWhichOrder:
    def test_first_come_first_served(self, cast: Cast, session: Session) -> None:
        full = fill(cast)
        late = waits(cast, add_usagers(1)[0], now=NOW + timedelta(minutes=1))
        early = waits(cast)
        cancel(Cancel("c", full[2].uid, "usager"), act())
        assert [one.waiting_uid for one in propose(NOW)] == [early.uid]
        assert entry(session, late.uid).pending is None

    def test_what_is_declined_goes_to_the_next(self, cast: Cast, session: Session) -> None:
        full = fill(cast)
        first, second = (waits(cast, who) for who in add_usagers(2))
        cancel(Cancel("c", full[0].uid, "usager"), act())
        (one,) = propose(NOW)
        decline(one.uid)
        assert [one.waiting_uid for one in propose(NOW)] == [second.uid]
        assert [each.state for each in made(session)] == ["declined", "pending"]
        assert entry(session, first.uid).outcome is None
        assert doctor.examine() == []

    def test_what_is_not_answered_goes_to_the_next(self, cast: Cast, session: Session) -> None:
        full = fill(cast)
        first, second = (waits(cast, who) for who in add_usagers(2))
        cancel(Cancel("c", full[4].uid, "usager"), act())
        (one,) = propose(NOW)
        assert propose(one.expires_at - timedelta(seconds=1)) == []
        (other,) = propose(one.expires_at)
        assert (one.waiting_uid, other.waiting_uid) == (first.uid, second.uid)
        assert [each.state for each in made(session)] == ["lapsed", "pending"]
        assert doctor.examine() == []

    def test_nothing_is_proposed_twice_to_one(self, cast: Cast) -> None:
        waits(cast)
        starts = []
        for _ in range(3):
            (one,) = propose(NOW)
            starts.append(one.start)
            decline(one.uid)
        assert starts == [NINE, NINE + HALF, NINE + 2 * HALF]

    def test_declined_again_changes_nothing(self, cast: Cast, session: Session) -> None:
        waits(cast)
        (one,) = propose(NOW)
        decline(one.uid)
        decline(one.uid)
        assert [each.state for each in made(session)] == ["declined"]

    def test_what_was_booked_cannot_be_declined(self, cast: Cast, session: Session) -> None:
        waits(cast)
        (one,) = propose(NOW)
        booked(one.uid)
        with pytest.raises(NotFound):
            decline(one.uid)
        assert [each.state for each in made(session)] == ["booked"]


class TestBooking:
    def test_it_ends_the_wait(self, cast: Cast, session: Session) -> None:
        noted = waits(cast)
        (one,) = propose(NOW)
        outcome = booked(one.uid)
        stored = entry(session, noted.uid)
        assert (stored.outcome, stored.booked_id, stored.ended_at) == ("booked", outcome.appointment_id, NOW)
        assert [each.state for each in made(session)] == ["booked"]
        assert rows_of(session, schema.metadata)["hold"] == 0
        assert [event.reason for event in reading.history(session, outcome.appointment_id)] == ["waiting_list"]
        assert doctor.examine() == []

    def test_sent_again_it_answers_the_same(self, cast: Cast) -> None:
        waits(cast)
        (one,) = propose(NOW)
        assert booked(one.uid) == replace(booked(one.uid), replayed=False)

    def test_once_it_has_lapsed_it_is_tried(self, cast: Cast, session: Session) -> None:
        noted = waits(cast)
        (one,) = propose(NOW)
        proposing.lapse(one.expires_at)
        booked(one.uid)
        assert entry(session, noted.uid).outcome == "booked"
        assert [each.state for each in made(session)] == ["booked"]

    def test_booked_after_all_what_was_proposed_since_is_given_back(self, cast: Cast, session: Session) -> None:
        """The page was still open on what had lapsed: nobody waits for the second any more."""
        noted = waits(cast, wishes=Wishes(MONDAY, MONDAY, starts=600))
        (first,) = propose(NOW)
        (since,) = propose(first.expires_at)
        booked(first.uid, now=first.expires_at)
        assert entry(session, noted.uid).outcome == "booked"
        assert {each.uid: each.state for each in made(session)} == {first.uid: "booked", since.uid: "lapsed"}
        assert rows_of(session, schema.metadata)["hold"] == 0
        assert doctor.examine() == []

    def test_booked_for_somebody_else_they_wait_on(self, cast: Cast, session: Session) -> None:
        noted = waits(cast)
        (one,) = propose(NOW)
        outcome = book(Book("b", cast.entretien, one.start, cast.roux, cast.kone, hold=one.uid), act())
        assert entry(session, noted.uid).outcome is None
        assert [each.state for each in made(session)] == ["declined"]
        history = reading.history(session, outcome.appointment_id)
        assert [event.reason for event in history] == [None], "whoever got it never waited"
        assert doctor.examine() == []

    def test_booked_for_them_with_somebody_else_it_comes_from_the_list(self, cast: Cast, session: Session) -> None:
        waits(cast)
        (one,) = propose(NOW)
        together = Book("b", cast.entretien, one.start, cast.roux, cast.kone, family=(cast.diallo,), hold=one.uid)
        outcome = book(together, act())
        assert [event.reason for event in reading.history(session, outcome.appointment_id)] == ["waiting_list"]

    def test_a_reason_that_is_given_is_kept(self, cast: Cast, session: Session) -> None:
        waits(cast)
        (one,) = propose(NOW)
        command = in_transaction(lambda inside: proposals.answer_to(inside, "b", one.uid))
        assert isinstance(command, Book)
        outcome = book(command, replace(act(), reason="usager_request"))
        assert [event.reason for event in reading.history(session, outcome.appointment_id)] == ["usager_request"]

    def test_a_refused_booking_leaves_it_proposed(self, cast: Cast, session: Session) -> None:
        waits(cast)
        (one,) = propose(NOW)
        store(absence(cast.roux, "2026-11-23 08:00", "2026-11-23 12:00"))
        with pytest.raises(BookingError):
            booked(one.uid)
        assert [each.state for each in made(session)] == ["pending"]
        assert doctor.examine() == []

    @pytest.mark.parametrize("uid", ["0" * 32, "", "é", "a\x00b"])
    def test_an_unknown_one_is_not_found(self, app: Flask, uid: str) -> None:
        with pytest.raises(NotFound):
            booked(uid)

    def test_nor_one_that_was_declined(self, cast: Cast) -> None:
        waits(cast)
        (one,) = propose(NOW)
        decline(one.uid)
        with pytest.raises(NotFound):
            booked(one.uid)

    def test_given_back_by_hand_it_counts_as_declined(self, cast: Cast, session: Session) -> None:
        waits(cast)
        (one,) = propose(NOW)
        release(one.uid, act())
        assert [each.state for each in made(session)] == ["declined"]
        assert doctor.examine() == []

    def test_it_cannot_be_made_to_last(self, cast: Cast) -> None:
        waits(cast)
        (one,) = propose(OPENS)
        with pytest.raises(BookingError):
            renew(one.uid, act(one.expires_at - timedelta(minutes=1)))

    def test_proposed_just_before_it_is_kept_until_its_start(self, cast: Cast, session: Session) -> None:
        """Renewed, it is not kept beyond: nobody could book it then."""
        waits(cast)
        (one,) = propose(NINE - timedelta(minutes=10))
        assert one.expires_at == one.start == NINE
        with pytest.raises(Invalid) as refused:
            renew(one.uid, act(NINE - timedelta(minutes=1)))
        assert refused.value.rule == "too_long_held"
        assert session.scalars(sa.select(Hold.expires_at)).all() == [NINE]

    def test_what_is_shown_of_it_follows_what_is_kept(self, cast: Cast, session: Session) -> None:
        """The waiting list says until when: it is the same hour as on the booking page."""
        waits(cast, wishes=LATER)
        (one,) = propose(NOW)
        now = one.expires_at - timedelta(minutes=2)
        set_on(Hold, 1, created_at=now - timedelta(minutes=10))
        assert renew(one.uid, act(now)).expires_at == now + timedelta(minutes=5)
        assert [each.expires_at for each in made(session)] == [now + timedelta(minutes=5)]
        assert session.scalars(sa.select(Hold.expires_at)).all() == [now + timedelta(minutes=5)]


class TestHowMuchIsKept:
    @pytest.fixture
    def many(self, cast: Cast) -> list[int]:
        """So many professionals and rooms that slots are not what is missing."""
        add_rooms(cast, 30)
        return add_professionals(cast, 30)

    def test_no_more_than_half_of_what_a_site_may_keep(
        self, cast: Cast, many: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for who in add_usagers(12):
            waits(cast, who, professional_id=None)
        assert len(propose(NOW)) == proposing.OF_THE_LIST == 10
        monkeypatch.setattr(holding, "OF_AN_AGENT", 99)
        for n, lead in enumerate(many[:10]):
            hold(Book(f"h{n}", cast.entretien, paris("2026-11-24 09:00"), lead, None), act())
        with pytest.raises(TooManyHolds):
            hold(Book("more", cast.entretien, paris("2026-11-24 09:00"), many[11], None), act())

    def test_nothing_when_the_desk_keeps_it_all(
        self, cast: Cast, many: list[int], session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(holding, "OF_A_SITE", 1)
        hold(Book("h", cast.entretien, NINE, many[0], None), act())
        waits(cast)
        assert propose(NOW) == []
        assert rows_of(session, schema.metadata)["hold"] == 1

    def test_it_is_not_counted_as_what_the_command_line_keeps(self, cast: Cast, many: list[int]) -> None:
        for who in add_usagers(4):
            waits(cast, who, professional_id=None)
        assert len(propose(NOW)) == 4
        for n in range(holding.OF_AN_AGENT):
            hold(Book(f"h{n}", cast.entretien, paris("2026-11-24 09:00"), many[n], None), act())

    def test_no_more_searches_than_allowed(self, cast: Cast) -> None:
        one, other = add_usagers(2)
        waits(cast, one)
        waits(cast, other, professional_id=cast.diop, now=NOW + timedelta(seconds=1))
        assert [found.usager_id for found in propose(NOW, searches=1)] == [one]
        assert [found.usager_id for found in propose(NOW, searches=1)] == [other]

    @pytest.mark.parametrize(("searches", "minutes"), [(1, 3), (2, 2), (3, 1), (8, 1)])
    def test_who_came_last_has_their_turn(self, cast: Cast, searches: int, minutes: int) -> None:
        """The first find nothing, however often they are looked for: nobody is kept waiting by them."""
        fill(cast)
        store(absence(cast.lenoir, "2026-11-23 08:00", "2026-11-23 18:00"))
        first, second, last = add_usagers(3)
        waits(cast, first)
        waits(cast, second, type_id=cast.consultation, professional_id=cast.lenoir)
        waits(cast, last, professional_id=cast.diop, now=NOW + timedelta(seconds=1))
        found = [one for n in range(minutes) for one in propose(NOW + n * timedelta(minutes=1), searches)]
        assert [one.usager_id for one in found] == [last]

    def test_a_closure_does_not_shorten_it(self, cast: Cast) -> None:
        store(closure(cast.site, "2026-11-23 08:00", "2026-11-23 10:00"))
        waits(cast, wishes=Wishes(MONDAY, MONDAY, starts=840))
        assert [one.expires_at for one in propose(NOW)] == [paris("2026-11-23 10:30")]

    def test_the_worker_does_it(self, cast: Cast) -> None:
        waits(cast)
        assert (jobs.propose(NOW), jobs.propose(NOW)) == (1, 0)


def test_what_another_process_has_just_proposed_is_not_proposed_again(cast: Cast, session: Session) -> None:
    waits(cast)
    _, who, slot = seen(session)
    propose(NOW)
    assert proposing.keep_for(who, slot, NOW) is None
    assert len(made(session)) == 1


def test_what_is_gone_is_forgotten_for_all_who_wait(cast: Cast, session: Session) -> None:
    waits(cast)
    free, who, slot = seen(session)
    free.forget(slot)
    free.forget(slot)
    assert [one.start for one in free.suiting(who, 1)] == [NINE + HALF]


class TestWithoutTheServer:
    """What was asked before is committed: nothing here may say that it was not."""

    def test_what_cannot_be_read_is_a_refusal(
        self, cast: Cast, session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        waits(cast)
        with monkeypatch.context() as gone:
            gone.setattr(proposing, "wanting", lost)
            with pytest.raises(DatabaseUnavailable):
                propose(NOW)
        assert made(session) == []
        assert len(propose(NOW)) == 1

    def test_a_mistake_of_ours_stays_one(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        def wrong(_session: Session) -> None:
            raise exc.ProgrammingError("SELECT", {}, Exception("no such column"))

        waits(cast)
        monkeypatch.setattr(proposing, "wanting", wrong)
        with pytest.raises(exc.ProgrammingError):
            propose(NOW)


class TestRaces:
    def test_sixteen_at_once_propose_once(self, app: Flask, cast: Cast, session: Session) -> None:
        waits(cast)
        assert race(app, [lambda: propose(NOW)] * 16) == {"ok": 16}
        assert [one.state for one in made(session)] == ["pending"]
        assert rows_of(session, schema.metadata)["hold"] == 1
        assert doctor.examine() == []

    def test_of_a_proposal_and_a_booking_of_the_same_slot_one_wins(
        self, app: Flask, cast: Cast, session: Session
    ) -> None:
        fill(cast, "09:30", "10:00", "10:30", "11:00", "11:30")
        waits(cast, wishes=Wishes(MONDAY, MONDAY, ends=720))
        rivals = [
            lambda n=n, who=who: book(Book(f"r{n}", cast.entretien, NINE, cast.roux, who), act())
            for n, who in enumerate(add_usagers(4))
        ]
        outcomes = race(app, [*[lambda: propose(NOW)] * 4, *rivals])
        rows = rows_of(session, schema.metadata)
        assert rows["hold"] + (outcomes["ok"] - 4) == 1, "four proposals return, whatever they found"
        assert overlaps() == 0
        assert doctor.examine() == []

    def test_booked_and_declined_at_once_it_is_one_or_the_other(self, app: Flask, cast: Cast, session: Session) -> None:
        waits(cast)
        (one,) = propose(NOW)
        race(app, [*[lambda: decline(one.uid)] * 4, *[lambda: booked(one.uid)] * 4])
        assert [each.state for each in made(session)] in (["booked"], ["declined"])
        assert rows_of(session, schema.metadata)["hold"] == 0
        assert doctor.examine() == []

    def test_many_who_wait_get_each_their_own(self, app: Flask, cast: Cast, session: Session) -> None:
        set_on(Room, cast.b2, retired_at=NOW)
        for who in add_usagers(8):
            waits(cast, who, professional_id=None)
        race(app, [lambda: propose(NOW)] * 8)
        propose(NOW)
        assert len({one.waiting_id for one in made(session)}) == len(made(session)) == 8
        assert overlaps() == 0
        assert doctor.examine() == []
