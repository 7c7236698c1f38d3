"""Collective sessions: opened with a number of seats, never one more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.errors import Invalid, SessionFull, SlotUnavailable
from booking.people.directory import NewUsager
from booking.reservations import (
    Book,
    Cancel,
    Join,
    Leave,
    Move,
    Outcome,
    Restore,
    book,
    cancel,
    changing,
    doctor,
    hold,
    join,
    leave,
    move,
    reading,
    restore,
    store,
)
from booking.reservations.models import Participation
from booking.rooms.models import Room
from booking.slots.models import AppointmentType
from tests.builders import Cast, act, add_usagers, paris, set_on
from tests.reservations.racing import race
from tests.reservations.telling import Told

NINE, TEN, ELEVEN = (paris(f"2026-11-23 {hour}:00") for hour in ("09", "10", "11"))
SEATS = 3


@pytest.fixture
def workshop(cast: Cast) -> Outcome:
    """A session of 3 seats with Mme Roux, on Monday at 9h00, in B1 (4 places)."""
    set_on(AppointmentType, cast.entretien, capacity=SEATS)
    return book(Book("open", cast.entretien, NINE, cast.roux, None), act())


def present(session: Session, outcome: Outcome) -> set[int]:
    session.rollback()
    return set(store.read(session, outcome.uid).present)


def test_it_is_opened_for_nobody_yet(cast: Cast, session: Session, workshop: Outcome) -> None:
    assert (workshop.room, present(session, workshop)) == ("B1", set())
    assert doctor.examine() == []


def test_somebody_may_come_with_it(cast: Cast, session: Session) -> None:
    set_on(AppointmentType, cast.entretien, capacity=SEATS)
    told = Told()
    done = book(Book("open", cast.entretien, NINE, cast.roux, cast.diallo), act(tell=told))
    assert (present(session, done), told.facts) == ({cast.diallo}, [("booked", {cast.diallo})])


def test_its_room_holds_all_the_seats(cast: Cast) -> None:
    set_on(AppointmentType, cast.entretien, capacity=4)
    with pytest.raises(SlotUnavailable) as refused:
        book(Book("open", cast.entretien, NINE, cast.roux, None), act())
    assert refused.value.rule == "no_room"
    set_on(Room, cast.b2, capacity=5)
    assert book(Book("open", cast.entretien, NINE, cast.roux, None), act()).room == "B2"


def test_no_more_come_with_it_than_it_has_seats(cast: Cast, session: Session) -> None:
    set_on(AppointmentType, cast.entretien, capacity=SEATS)
    first, *others = add_usagers(SEATS + 1)
    with pytest.raises(SessionFull):
        book(Book("open", cast.entretien, NINE, cast.roux, first, family=tuple(others)), act())
    with pytest.raises(SessionFull):
        hold(Book("hold", cast.entretien, NINE, cast.roux, first, family=tuple(others)), act())
    assert book(Book("less", cast.entretien, NINE, cast.roux, first, family=tuple(others[1:])), act()).room == "B1"


def test_another_type_brings_its_own_seats(cast: Cast, session: Session) -> None:
    set_on(AppointmentType, cast.entretien, capacity=SEATS)
    one = book(Book("one", cast.appel, NINE, cast.roux, cast.diallo), act())
    move(Move("m", one.uid, type_id=cast.entretien), act())
    join(Join("j", one.uid, add_usagers(1)[0]), act())
    assert store.read(session, one.uid).capacity == SEATS
    empty = book(Book("empty", cast.entretien, TEN, cast.roux, None), act())
    with pytest.raises(Invalid) as refused:
        move(Move("back", empty.uid, type_id=cast.appel), act())
    assert refused.value.rule == "required"
    family = Book("four", cast.appel, ELEVEN, cast.roux, cast.kone, family=tuple(add_usagers(SEATS)))
    with pytest.raises(SessionFull):
        move(Move("full", book(family, act()).uid, type_id=cast.entretien), act())


def test_usagers_join_until_it_is_full(cast: Cast, session: Session, workshop: Outcome) -> None:
    people = add_usagers(SEATS + 1)
    for number, who in enumerate(people[:SEATS]):
        join(Join(f"j{number}", workshop.uid, who), act())
    with pytest.raises(SessionFull) as refused:
        join(Join("more", workshop.uid, people[-1]), act())
    assert refused.value.capacity == SEATS
    assert present(session, workshop) == set(people[:SEATS])
    assert doctor.examine() == []


def test_a_seat_that_is_given_back_is_free(cast: Cast, session: Session, workshop: Outcome) -> None:
    people = add_usagers(SEATS + 1)
    for number, who in enumerate(people[:SEATS]):
        join(Join(f"j{number}", workshop.uid, who), act())
    leave(Leave("l", workshop.uid, people[0], "usager"), act())
    join(Join("more", workshop.uid, people[-1]), act())
    assert present(session, workshop) == set(people[1:])


def test_the_last_one_may_leave(cast: Cast, session: Session, workshop: Outcome) -> None:
    join(Join("j", workshop.uid, cast.diallo), act())
    leave(Leave("l", workshop.uid, cast.diallo, "usager"), act())
    assert present(session, workshop) == set()
    assert reading.find(session, workshop.uid).status == "booked"


def test_all_who_come_are_told_when_it_moves_or_is_cancelled(cast: Cast, session: Session, workshop: Outcome) -> None:
    people = add_usagers(2)
    for number, who in enumerate(people):
        join(Join(f"j{number}", workshop.uid, who), act())
    told = Told()
    move(Move("m", workshop.uid, TEN), act(tell=told))
    cancel(Cancel("c", workshop.uid, "service"), act(tell=told))
    restore(Restore("r", workshop.uid), act(tell=told))
    assert told.facts == [("moved", set(people)), ("cancelled", set(people)), ("booked", set(people))]
    assert doctor.examine() == []


def test_one_who_is_created_gets_a_seat_or_is_not_created(cast: Cast, session: Session, workshop: Outcome) -> None:
    for number in range(SEATS):
        join(Join(f"j{number}", workshop.uid, NewUsager(last_name="Petit")), act())
    with pytest.raises(SessionFull):
        join(Join("more", workshop.uid, NewUsager(last_name="Grand")), act())
    assert session.scalar(sa.text("SELECT count(*) FROM usager WHERE last_name = 'Grand'")) == 0


@pytest.mark.parametrize("capacity", [0, 201, 10**9])
def test_a_capacity_that_no_room_has_is_refused_by_the_database(app: Flask, cast: Cast, capacity: int) -> None:
    with pytest.raises(sa.exc.DBAPIError):
        set_on(AppointmentType, cast.entretien, capacity=capacity)


def sign_ups(workshop: Outcome, people: list[int]) -> list[Callable[[], Any]]:
    return [lambda n=n, who=who: join(Join(f"j{n}", workshop.uid, who), act()) for n, who in enumerate(people)]


def test_of_16_sign_ups_at_once_as_many_succeed_as_there_are_seats(
    app: Flask, cast: Cast, session: Session, workshop: Outcome
) -> None:
    people = add_usagers(16)
    assert race(app, sign_ups(workshop, people)) == {"ok": SEATS, "SessionFull": 16 - SEATS}
    assert len(present(session, workshop)) == SEATS
    assert doctor.examine() == []


@pytest.mark.parametrize("engine_name", ["postgresql"])
def test_without_the_lock_of_its_row_there_would_be_more(
    app: Flask, cast: Cast, session: Session, workshop: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the lock is for; on SQLite the transaction itself is the lock."""
    monkeypatch.setattr(store, "locked", store.read)
    monkeypatch.setattr(changing.store, "_CHANGE", sa.select(sa.literal(1)))  # its UPDATE would lock the row too
    outcome = race(app, sign_ups(workshop, add_usagers(16)))
    taken = in_transaction(lambda inside: inside.query(Participation).count())
    assert outcome["ok"] == taken > SEATS


def test_the_doctor_counts_the_seats(app: Flask, cast: Cast, workshop: Outcome) -> None:
    for number, who in enumerate(add_usagers(2)):
        join(Join(f"j{number}", workshop.uid, who), act())
    in_transaction(lambda inside: inside.execute(sa.text("UPDATE appointment SET capacity = 1")) and None)
    assert [problem.check for problem in doctor.examine()] == ["seated", "history", "seats"]
