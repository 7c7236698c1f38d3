"""A slot kept while it is booked: for 5 minutes, by one agent, and never hoarded."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from booking import jobs, schema
from booking.db import in_transaction
from booking.errors import BookingError, Invalid, KeyReused, NotFound, SlotTaken, SlotUnavailable, TooManyHolds
from booking.people.directory import NewUsager
from booking.reservations import Book, Cancel, Move, book, cancel, doctor, hold, holding, move, release, renew, restore
from booking.reservations.commands import Restore
from booking.slots.availability import Search, find_slots
from booking.slots.models import Hold, Occupancy
from tests.builders import NOW, Cast, act, add_professionals, paris, rows_of
from tests.reservations.racing import race

NINE, TEN = paris("2026-11-23 09:00"), paris("2026-11-23 10:00")
FIVE = timedelta(minutes=5)


def nine(cast: Cast, **values: Any) -> Book:
    """M. Diallo with Mme Roux, on Monday at 9h00."""
    return replace(Book("k", cast.entretien, NINE, cast.roux, cast.diallo), **values)


def taken(session: Session) -> set[int]:
    session.rollback()
    return set(session.scalars(sa.select(Occupancy.resource_id)))


def offered(session: Session, cast: Cast, now: datetime = NOW) -> bool:
    """Whether the slot is found."""
    session.rollback()
    search = Search(cast.entretien, NINE, NINE + FIVE, frozenset({cast.roux}))
    return bool(find_slots(session, search, now))


class TestWhatItKeeps:
    def test_professional_usager_and_room(self, cast: Cast, session: Session) -> None:
        kept = hold(nine(cast), act())
        assert (kept.start, kept.end, kept.room) == (NINE, NINE + timedelta(minutes=30), "B1")
        assert kept.expires_at == NOW + FIVE
        assert taken(session) == {cast.roux, cast.diallo, cast.b1}
        assert not offered(session, cast)
        assert doctor.examine() == []

    @pytest.mark.parametrize("usager", [None, NewUsager(last_name="Petit")], ids=["not said yet", "to be created"])
    def test_whom_it_is_for_may_come_later(self, cast: Cast, session: Session, usager: Any) -> None:
        before = rows_of(session, schema.metadata)["usager"]
        hold(nine(cast, usager=usager), act())
        assert taken(session) == {cast.roux, cast.b1}
        assert rows_of(session, schema.metadata)["usager"] == before

    def test_another_cannot_book_it(self, cast: Cast) -> None:
        hold(nine(cast), act())
        with pytest.raises(SlotTaken) as refused:
            book(nine(cast, key="other", usager=cast.kone), act())
        assert refused.value.rule == "professional_busy"

    def test_nor_move_to_it_nor_hold_it(self, cast: Cast) -> None:
        hold(nine(cast), act())
        other = book(nine(cast, key="other", start=TEN, usager=cast.kone), act())
        with pytest.raises(SlotTaken):
            move(Move("m", other.uid, NINE), act())
        with pytest.raises(SlotTaken):
            hold(nine(cast, key="again", usager=cast.kone), act())

    def test_by_phone_no_room(self, cast: Cast, session: Session) -> None:
        assert hold(nine(cast, type_id=cast.appel), act()).room is None
        assert taken(session) == {cast.roux, cast.diallo}


class TestBooking:
    def test_the_hold_becomes_the_appointment(self, cast: Cast, session: Session) -> None:
        kept = hold(nine(cast, usager=None), act())
        done = book(nine(cast, key="book", hold=kept.uid), act(NOW + timedelta(minutes=2)))
        assert (done.start, done.room) == (NINE, "B1")
        assert session.scalar(sa.select(sa.func.count()).select_from(Hold)) == 0
        assert doctor.examine() == []

    def test_another_person_may_be_received_in_the_end(self, cast: Cast, session: Session) -> None:
        kept = hold(nine(cast), act())
        book(nine(cast, key="book", usager=cast.kone, hold=kept.uid), act())
        assert taken(session) == {cast.roux, cast.kone, cast.b1}

    def test_when_it_has_expired_the_slot_is_booked_if_it_is_still_free(self, cast: Cast) -> None:
        kept = hold(nine(cast), act())
        assert book(nine(cast, key="book", hold=kept.uid), act(NOW + FIVE)).start == NINE

    def test_a_refused_booking_keeps_the_hold(self, cast: Cast, session: Session) -> None:
        kept = hold(nine(cast, usager=None), act())
        book(nine(cast, key="other", professional_id=cast.diop, usager=cast.kone), act())
        with pytest.raises(SlotTaken):
            book(nine(cast, key="book", usager=cast.kone, hold=kept.uid), act())
        assert not offered(session, cast)
        assert book(nine(cast, key="book", hold=kept.uid), act()).start == NINE

    def test_sent_again_it_answers_the_same(self, cast: Cast) -> None:
        kept = hold(nine(cast), act())
        command = nine(cast, key="book", hold=kept.uid)
        first = book(command, act())
        assert book(command, act()) == replace(first, replayed=True)


class TestItsEnd:
    def test_it_expires_by_itself(self, cast: Cast, session: Session) -> None:
        hold(nine(cast), act())
        assert not offered(session, cast, NOW + FIVE - timedelta(seconds=1))
        assert offered(session, cast, NOW + FIVE)
        assert book(nine(cast, key="other", usager=cast.kone), act(NOW + FIVE)).start == NINE
        assert doctor.examine() == []

    def test_then_it_hinders_no_change_either(self, cast: Cast) -> None:
        other = book(nine(cast, key="other", start=TEN, usager=cast.kone), act())
        gone = cancel(Cancel("c", book(nine(cast, key="gone"), act()).uid, "usager"), act())
        hold(nine(cast, key="h1"), act())
        assert restore(Restore("r", gone.uid), act(NOW + FIVE)).start == NINE
        cancel(Cancel("c2", gone.uid, "usager"), act(NOW + FIVE))
        hold(nine(cast, key="h2"), act(NOW + FIVE))
        assert move(Move("m", other.uid, NINE), act(NOW + 2 * FIVE)).start == NINE

    def test_it_is_renewed_while_it_lasts(self, cast: Cast, session: Session) -> None:
        kept = hold(nine(cast), act())
        assert renew(kept.uid, act(NOW + timedelta(minutes=4))).expires_at == NOW + timedelta(minutes=9)
        assert not offered(session, cast, NOW + timedelta(minutes=8))
        with pytest.raises(NotFound):
            renew(kept.uid, act(NOW + timedelta(minutes=9)))

    def test_renewed_twice_at_once_or_by_a_clock_that_is_behind_it_keeps_what_it_has(self, cast: Cast) -> None:
        kept = hold(nine(cast), act())
        for now in (NOW, NOW - timedelta(seconds=1)):
            assert renew(kept.uid, act(now)).expires_at == NOW + FIVE

    def test_but_not_for_ever(self, cast: Cast) -> None:
        kept = hold(nine(cast), act())
        for minutes in range(4, 30, 4):
            last = renew(kept.uid, act(NOW + timedelta(minutes=minutes)))
        assert last.expires_at == NOW + timedelta(minutes=30)
        with pytest.raises(Invalid) as refused:
            renew(kept.uid, act(NOW + timedelta(minutes=29)))
        assert refused.value.rule == "too_long_held"

    def test_it_is_released(self, cast: Cast, session: Session) -> None:
        kept = hold(nine(cast), act())
        release(kept.uid, act())
        assert offered(session, cast)
        with pytest.raises(NotFound):
            release(kept.uid, act())

    def test_the_worker_forgets_what_has_expired(self, cast: Cast, session: Session) -> None:
        hold(nine(cast), act())
        hold(nine(cast, key="later", start=TEN), act(NOW + FIVE - timedelta(seconds=1)))
        assert jobs.prune(NOW + FIVE) == 1
        assert taken(session) == {cast.roux, cast.diallo, cast.b1}
        assert holding.purge(NOW + FIVE) == 0


class TestHoarding:
    def test_an_agent_keeps_three_slots_at_most(self, cast: Cast, session: Session) -> None:
        for number in range(holding.OF_AN_AGENT):
            hold(nine(cast, key=f"k{number}", start=NINE + number * timedelta(minutes=30)), act(agent_id=cast.amina))
        before = rows_of(session, schema.metadata)
        with pytest.raises(TooManyHolds):
            hold(nine(cast, key="more", start=paris("2026-11-23 11:00")), act(agent_id=cast.amina))
        assert rows_of(session, schema.metadata) == before
        assert hold(nine(cast, key="else", start=paris("2026-11-23 11:00")), act()).room == "B1"

    def test_nor_when_they_ask_all_at_once(self, app: Flask, cast: Cast, session: Session) -> None:
        others = add_professionals(cast, 8)
        jobs_ = [
            lambda n=n, who=who: hold(
                nine(cast, key=f"k{n}", start=NINE + n * timedelta(minutes=30), professional_id=who, usager=None),
                act(agent_id=cast.amina),
            )
            for n, who in enumerate(others[:6])
        ]
        assert race(app, jobs_) == {"ok": 3, "TooManyHolds": 3}

    def test_a_site_keeps_some_for_those_who_call(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whoever holds them: agents are many."""
        monkeypatch.setattr(holding, "OF_A_SITE", 2)
        hold(nine(cast, key="one"), act(agent_id=cast.amina))
        hold(nine(cast, key="two", start=TEN), act())
        with pytest.raises(TooManyHolds) as refused:
            hold(nine(cast, key="three", start=paris("2026-11-23 11:00")), act())
        assert refused.value.maximum == 2

    def test_what_has_expired_does_not_count(self, cast: Cast) -> None:
        for number in range(5):
            now = NOW + number * FIVE
            kept = hold(nine(cast, key=f"k{number}"), act(now, agent_id=cast.amina))
            assert kept.expires_at == now + FIVE

    def test_of_16_holds_of_one_slot_one_is_granted(self, app: Flask, cast: Cast) -> None:
        jobs_ = [lambda n=n: hold(nine(cast, key=f"k{n}", usager=None), act()) for n in range(16)]
        assert race(app, jobs_) == {"ok": 1, "SlotTaken": 15}


def test_the_same_key_keeps_one_slot(cast: Cast, session: Session) -> None:
    first = hold(nine(cast), act())
    assert hold(nine(cast), act()) == replace(first, replayed=True)
    with pytest.raises(KeyReused):
        hold(nine(cast, start=TEN), act())


BAD = [
    pytest.param({"key": ""}, Invalid, id="no key"),
    pytest.param({"type_id": 999}, NotFound, id="unknown type"),
    pytest.param({"professional_id": 999}, NotFound, id="unknown professional"),
    pytest.param({"usager": 999}, NotFound, id="unknown usager"),
    pytest.param({"room_id": 999}, NotFound, id="unknown room"),
    pytest.param({"start": paris("2026-11-20 09:00")}, SlotUnavailable, id="the past"),
    pytest.param({"start": paris("2026-11-23 09:10")}, SlotUnavailable, id="off the lattice"),
]


@pytest.mark.parametrize(("values", "error"), BAD)
def test_bad_holds_keep_nothing(
    cast: Cast, session: Session, values: dict[str, Any], error: type[BookingError]
) -> None:
    before = rows_of(session, schema.metadata)
    with pytest.raises(error):
        hold(nine(cast, **values), act())
    assert rows_of(session, schema.metadata) == before


@pytest.mark.parametrize("uid", ["0" * 32, "", "é", "a\x00b"])
def test_an_unknown_hold_is_not_found(app: Flask, uid: str) -> None:
    for command in (renew, release):
        with pytest.raises(NotFound):
            command(uid, act())


@pytest.mark.parametrize("type_code", ["entretien", "appel"], ids=["its room", "all of it"])
def test_the_doctor_finds_a_hold_that_keeps_nothing(app: Flask, cast: Cast, type_code: str) -> None:
    hold(nine(cast, type_id=getattr(cast, type_code)), act())
    lost = sa.delete(Occupancy)
    if type_code == "entretien":
        lost = lost.where(Occupancy.resource_id == cast.b1)
    in_transaction(lambda inside: inside.execute(lost) and None)
    assert [problem.check for problem in doctor.examine()] == ["hold"]
