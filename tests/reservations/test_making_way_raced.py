"""Making way while others book, cancel, move and arrive: never two in a room, and nothing that was done is undone."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from booking.db import db
from booking.errors import SlotTaken
from booking.people.models import Usager
from booking.reservations import (
    Act,
    Book,
    Cancel,
    Move,
    book,
    booking,
    cancel,
    doctor,
    move,
    record_attendance,
    store,
    ways,
)
from booking.reservations import RecordAttendance as Arrival
from booking.reservations.changing import Changed, write
from booking.reservations.state import State
from booking.rooms.models import Room
from tests.builders import NOW, Cast, act, add_professionals, add_rooms, add_usagers, block, paris, set_on
from tests.reservations.racing import locked_by_another, meanwhile, overlaps, race, somebody_waits

NINE = paris("2026-11-23 09:00")
ROUNDS = 8


def booked(cast: Cast, who: int, usager: int, start: datetime = NINE) -> str:
    return book(Book(secrets.token_hex(8), cast.entretien, start, who, usager), act()).uid


def read(uid: str) -> State:
    db.session.rollback()
    return store.read(db.session(), uid)


@pytest.fixture
def climbers(cast: Cast) -> list[int]:
    """Those who climb stairs; Mme Koné does not."""
    set_on(Usager, cast.kone, step_free=True)
    return add_usagers(16)


def in_the_way(cast: Cast, usager: int, start: datetime = NINE) -> str:
    """M. Diop receives somebody in B2, who could do with B1; both receive at that time."""
    first = booked(cast, cast.roux, cast.diallo, start)
    uid = booked(cast, cast.diop, usager, start)
    cancel(Cancel(f"c{first}", first, "usager"), act())
    return uid


def test_of_16_who_need_the_same_room_one_is_given_it(app: Flask, cast: Cast, climbers: list[int]) -> None:
    uid = in_the_way(cast, climbers[0])
    usagers, people = climbers[1:], add_professionals(cast, 15)
    for key in usagers:
        set_on(Usager, key, step_free=True)
    commands = [Book(f"k{who}", cast.entretien, NINE, who, usager) for who, usager in zip(people, usagers, strict=True)]
    assert race(app, [partial(book, command, act()) for command in commands]) == {"ok": 1, "SlotTaken": 14}
    assert read(uid).room_id == cast.b1
    assert overlaps() == 0
    assert doctor.examine() == []


def test_8_at_once_where_each_needs_somebody_to_make_way(app: Flask, cast: Cast, climbers: list[int]) -> None:
    """Eight rooms without stairs are full of those who climb, eight upstairs are free: all eight find one."""
    rooms = add_rooms(cast, 14)
    upstairs = rooms[:7]
    for key in rooms[7:]:
        set_on(Room, key, features=frozenset({"step_free"}))
    people = add_professionals(cast, 16)
    those = people[:8]
    for key in (cast.b1, *upstairs):
        set_on(Room, key, capacity=1)  # nobody fits there, so that they are given the others
    uids = [booked(cast, who, usager) for who, usager in zip(those, climbers, strict=False)]
    for key in (cast.b1, *upstairs):
        set_on(Room, key, capacity=4)
    needing = add_usagers(8)
    for key in needing:
        set_on(Usager, key, step_free=True)
    commands = [
        Book(f"k{who}", cast.entretien, NINE, who, usager) for who, usager in zip(people[8:], needing, strict=True)
    ]
    assert race(app, [partial(book, command, act()) for command in commands]) == {"ok": 8}
    assert len({read(uid).room_id for uid in uids}) == 8
    assert overlaps() == 0
    assert doctor.examine() == []


def test_two_who_want_each_other_to_make_way(app: Flask, cast: Cast, climbers: list[int]) -> None:
    """Each moves to the start at which the other would make way for it."""
    ten = NINE + timedelta(hours=1)
    uids = {start: in_the_way(cast, usager, start) for start, usager in zip((NINE, ten), climbers, strict=False)}
    needing = add_usagers(2)
    for key in needing:
        set_on(Usager, key, step_free=True)
    commands = [
        partial(book, Book("one", cast.entretien, NINE, cast.roux, needing[0]), act()),
        partial(book, Book("two", cast.entretien, ten, cast.roux, needing[1]), act()),
        partial(move, Move("three", uids[NINE], ten + timedelta(minutes=30)), act()),
        partial(move, Move("four", uids[ten], NINE + timedelta(minutes=30)), act()),
    ]
    assert race(app, commands) == {"ok": 4}
    assert overlaps() == 0
    assert doctor.examine() == []


Change = Callable[[Cast, str, int], object]


def is_cancelled(cast: Cast, uid: str, _usager: int) -> object:
    return cancel(Cancel(f"c{uid}", uid, "usager"), act())


def is_moved(cast: Cast, uid: str, _usager: int) -> object:
    return move(Move(f"m{uid}", uid, NINE + timedelta(hours=2)), act())


def is_pinned(cast: Cast, uid: str, _usager: int) -> object:
    return move(Move(f"m{uid}", uid, room_id=cast.b2), act())


def has_arrived(cast: Cast, uid: str, usager: int) -> object:
    return record_attendance(Arrival(f"a{uid}", uid, usager, "arrived"), act(NINE - timedelta(minutes=30)))


@pytest.mark.parametrize("change", [is_cancelled, is_moved, is_pinned, has_arrived], ids=lambda each: each.__name__)
def test_who_makes_way_changes_at_the_same_instant(app: Flask, cast: Cast, climbers: list[int], change: Change) -> None:
    """Whatever came first, what was done stands, and nobody shares a room."""
    for n in range(ROUNDS):
        uid = in_the_way(cast, climbers[n])
        command = Book(f"k{n}", cast.entretien, NINE, cast.roux, cast.kone)
        outcomes = race(app, [partial(book, command, act()), partial(change, cast, uid, climbers[n])])
        assert outcomes in ({"ok": 2}, {"ok": 1, "SlotTaken": 1})
        after = read(uid)
        assert after.cancelled_at or after.starts_at != NINE or after.begun or after.room_pinned
        assert overlaps() == 0
        assert doctor.examine() == []
        clear(cast)


def clear(cast: Cast) -> None:
    """Let every room be free at that time again, for the next round."""
    db.session.rollback()
    for state in list(store.every(db.session())):
        db.session.rollback()
        if state.begun:
            (usager,) = state.present
            record_attendance(Arrival(f"u{state.id}", state.uid, usager, "expected"), act())
        if not state.cancelled_at:
            cancel(Cancel(f"z{state.id}", state.uid, "service"), act())


@pytest.mark.parametrize("engine_name", ["postgresql"])
class TestPostgresql:
    """Only there do two commands decide at the same time."""

    @staticmethod
    def an_arrival(uid: str, usager: int) -> tuple[Callable[[Session], State], Callable[[Session, State], None]]:
        def arrives(session: Session, before: State) -> None:
            write(session, before, Changed(before.attended(usager, "arrived"), "attendance"), act())

        return lambda session: store.locked(session, uid), arrives

    def test_who_has_arrived_meanwhile_keeps_their_room(self, app: Flask, cast: Cast, climbers: list[int]) -> None:
        uid = in_the_way(cast, climbers[0])
        first, then = self.an_arrival(uid, climbers[0])
        with meanwhile(app, first, somebody_waits, then), pytest.raises(SlotTaken, match="no_room"):
            booked(cast, cast.roux, cast.kone)
        assert (read(uid).begun, read(uid).room_id) == (True, cast.b2)
        assert doctor.examine() == []

    def test_without_the_locks_they_would_not(
        self, app: Flask, cast: Cast, climbers: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        uid = in_the_way(cast, climbers[0])
        first, then = self.an_arrival(uid, climbers[0])
        monkeypatch.setattr(store, "lock_rows", lambda *_: None)
        with meanwhile(app, first, somebody_waits, then):
            booked(cast, cast.roux, cast.kone)
        assert (read(uid).begun, read(uid).room_id) == (True, cast.b1), "sent upstairs while they sit in B2"

    @staticmethod
    def another_booking(cast: Cast) -> tuple[Callable[[Session], State], Callable[[Session, State], object]]:
        """Somebody who climbs stairs is being given B2, and could do with B1."""
        command = Book("other", cast.entretien, NINE, cast.diop, cast.diallo, room_id=cast.b2)

        def place(session: Session) -> State:
            return replace(booking.place(session, command, act(), create=False), room_pinned=False)

        return place, lambda session, state: store.create(session, state, act())

    def test_who_took_the_last_room_meanwhile_leaves_it_again(
        self, app: Flask, cast: Cast, climbers: list[int]
    ) -> None:
        first, then = self.another_booking(cast)
        with meanwhile(app, first, somebody_waits, then):
            uid = booked(cast, cast.roux, cast.kone)
        assert read(uid).room_id == cast.b2
        assert doctor.examine() == []

    def test_a_room_that_was_named_is_lost(self, app: Flask, cast: Cast, climbers: list[int]) -> None:
        command = Book("k", cast.entretien, NINE, cast.roux, cast.kone, room_id=cast.b2)
        first, then = self.another_booking(cast)
        with meanwhile(app, first, somebody_waits, then), pytest.raises(SlotTaken, match="no_room"):
            book(command, act())

    def test_when_the_other_room_is_taken_meanwhile_another_plan_is_made(
        self, app: Flask, cast: Cast, climbers: list[int]
    ) -> None:
        uid = in_the_way(cast, climbers[0])
        (third,) = add_rooms(cast, 1)
        row = block(cast.b1, "2026-11-23 09:00", "2026-11-23 09:30")
        with locked_by_another(app, [cast.b1], somebody_waits, lambda session: session.add(row)):
            booked(cast, cast.roux, cast.kone)
        assert read(uid).room_id == third
        assert doctor.examine() == []

    def test_who_is_changed_each_time_is_given_up(
        self, app: Flask, cast: Cast, climbers: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        in_the_way(cast, climbers[0])
        monkeypatch.setattr(ways, "TRIES", 1)
        with pytest.raises(SlotTaken, match="no_room"):
            booked(cast, cast.roux, cast.kone)


def test_an_act_says_who_stays() -> None:
    assert Act(NOW, "cli", lambda *_: None).staying == frozenset()
