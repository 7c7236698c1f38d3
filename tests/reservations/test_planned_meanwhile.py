"""What a planner changes while a command waits for its locks decides, not what the command saw before."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from booking.errors import SeriesRefused, SlotUnavailable
from booking.reservations import Book, Cancel, Move, Outcome, Restore, Swap, book, cancel, hold, move, restore, swap
from booking.reservations.series import BookSeries, MoveSeries, book_series, move_series
from booking.slots.models import Opening
from tests.builders import Cast, act, paris
from tests.reservations.racing import locked_by_another, somebody_waits

NINE, TWO = paris("2026-11-23 09:00"), paris("2026-11-23 14:00")
Prepared = Callable[[], object]


def wanted(cast: Cast, key: str = "wanted") -> Book:
    """An interview with Mme Roux on Monday at 14h00."""
    return Book(key, cast.entretien, TWO, cast.roux, cast.diallo)


def in_the_morning(cast: Cast) -> Outcome:
    return book(Book("morning", cast.entretien, NINE, cast.roux, cast.diallo), act())


def booking(cast: Cast) -> Prepared:
    return lambda: book(wanted(cast), act())


def holding(cast: Cast) -> Prepared:
    return lambda: hold(wanted(cast), act())


def moving(cast: Cast) -> Prepared:
    uid = in_the_morning(cast).uid
    return lambda: move(Move("m", uid, start=TWO), act())


def exchanging(cast: Cast) -> Prepared:
    """The one of the afternoon stands; whoever takes its place has to be received then."""
    one, other = in_the_morning(cast), book(Book("b", cast.entretien, TWO, cast.roux, cast.kone), act())
    return lambda: swap(Swap("s", one.uid, other.uid), act())


def restoring(cast: Cast) -> Prepared:
    uid = book(wanted(cast), act()).uid
    cancel(Cancel("c", uid, "usager"), act())
    return lambda: restore(Restore("r", uid), act())


def in_series(cast: Cast) -> Prepared:
    return lambda: book_series(BookSeries("s", wanted(cast, ""), (TWO,)), act())


def moving_a_series(cast: Cast) -> Prepared:
    (one,) = book_series(BookSeries("s", Book("", cast.entretien, NINE, cast.roux, cast.diallo), (NINE,)), act())
    return lambda: move_series(MoveSeries("m", one.uid, "all", TWO), act())


@pytest.mark.parametrize("engine_name", ["postgresql"])  # on SQLite nobody reads while somebody else writes
@pytest.mark.parametrize("prepare", [booking, holding, moving, exchanging, restoring, in_series, moving_a_series])
def test_an_opening_taken_away_meanwhile_gives_nothing(
    app: Flask, cast: Cast, prepare: Callable[[Cast], Prepared]
) -> None:
    command = prepare(cast)

    def no_afternoons(session: Session) -> None:
        session.execute(sa.delete(Opening).where(Opening.professional_id == cast.roux, Opening.starts == 14 * 60))

    with (
        locked_by_another(app, [cast.roux], somebody_waits, no_afternoons),
        pytest.raises((SlotUnavailable, SeriesRefused)),
    ):
        command()
