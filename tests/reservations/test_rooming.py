"""Taking a room: the first that is free, without waiting for a colleague unless nothing else is left."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.errors import NotFound, SlotTaken, SlotUnavailable
from booking.people.directory import NewUsager
from booking.reservations import Book, book, store
from booking.reservations.rooming import take_room
from booking.slots.models import Occupancy
from tests.builders import NOW, Cast, act, paris
from tests.reservations.racing import locked_by_another, somebody_waits

NINE = paris("2026-11-23 09:00")
SPAN = (int(NINE.timestamp()), int(NINE.timestamp()) + 1800)


def take(cast: Cast, *candidates: int) -> int:
    """Take one of these rooms on Monday at 9h00, and give it back."""
    return in_transaction(lambda session: take_room(session, candidates, SPAN, cast.action_sociale))


def occupied(*rooms: int) -> None:
    """Somebody takes these rooms on Monday at 9h00."""
    rows = [{"resource_id": key, "starts_at": SPAN[0], "ends_at": SPAN[1], "block": "test"} for key in rooms]
    in_transaction(lambda session: session.execute(sa.insert(Occupancy), rows) and None)


def test_the_first_free_candidate_is_taken(cast: Cast) -> None:
    assert take(cast, cast.b2, cast.b1) == cast.b2


def test_what_was_taken_since_the_search_is_passed_over(cast: Cast) -> None:
    occupied(cast.b2)
    assert take(cast, cast.b2, cast.b1) == cast.b1


def test_when_all_were_taken_since_the_search_there_is_none(cast: Cast) -> None:
    occupied(cast.b1, cast.b2)
    with pytest.raises(SlotTaken):
        take(cast, cast.b1, cast.b2)


def test_a_room_reserved_since_the_search_is_passed_over(cast: Cast) -> None:
    reserve = sa.text("UPDATE room SET reserved_for_id = :service WHERE id = :room")
    in_transaction(lambda session: session.execute(reserve, {"service": cast.pmi, "room": cast.b1}) and None)
    assert take(cast, cast.b1, cast.b2) == cast.b2


def a_colleague_holds(app: Flask, rooms: list[int], until: Callable[[], bool]) -> AbstractContextManager[None]:
    """Another transaction locks these rooms; it lets go, having taken the first, once `until` is true."""
    row = {"resource_id": rooms[0], "starts_at": SPAN[0], "ends_at": SPAN[1], "block": "test"}
    return locked_by_another(app, rooms, until, lambda session: session.execute(sa.insert(Occupancy), [row]))


@pytest.mark.parametrize("engine_name", ["postgresql"])
class TestPostgresql:
    """Only there do two bookings decide at the same time."""

    def test_a_room_that_a_colleague_is_booking_is_passed_over(self, app: Flask, cast: Cast) -> None:
        done = threading.Event()
        with a_colleague_holds(app, [cast.b1], done.is_set):
            assert take(cast, cast.b1, cast.b2) == cast.b2
            done.set()

    def test_when_colleagues_hold_them_all_it_waits_and_looks_again(self, app: Flask, cast: Cast) -> None:
        with a_colleague_holds(app, [cast.b1, cast.b2], somebody_waits):
            assert take(cast, cast.b1, cast.b2) == cast.b2

    def test_when_the_colleague_took_the_only_one_there_is_none(self, app: Flask, cast: Cast) -> None:
        with a_colleague_holds(app, [cast.b1], somebody_waits), pytest.raises(SlotTaken):
            take(cast, cast.b1)


def test_a_refused_newcomer_is_offered_rooms_they_can_reach(cast: Cast) -> None:
    """The usager was created and rolled back; the alternatives still follow what was said of them."""
    in_transaction(lambda session: session.execute(sa.text("UPDATE room SET features = '' WHERE code = 'B2'")) and None)
    newcomer = NewUsager(last_name="Nguyen", step_free=True)
    with pytest.raises(SlotUnavailable) as refused:
        book(Book("k", cast.entretien, NINE, cast.roux, newcomer), act())
    assert (refused.value.rule, refused.value.alternatives) == ("no_room", [])


def test_another_fault_than_an_overlap_is_not_called_one(cast: Cast) -> None:
    """An occupancy off the 5-minute grid is a bug, not a slot that somebody took."""
    uid = book(Book("k", cast.entretien, NINE, cast.roux, cast.diallo), act()).uid

    def shift(session: Session) -> None:
        before = store.locked(session, uid)
        store.change(session, before, before.changed(NOW, buffer_before=1), "moved", act())

    with pytest.raises(sa.exc.IntegrityError):
        in_transaction(shift)


def test_an_unknown_usager_is_named_as_such(cast: Cast) -> None:
    with pytest.raises(NotFound) as refused:
        book(Book("k", cast.entretien, NINE, cast.roux, 999), act())
    assert refused.value.what == "usager"
