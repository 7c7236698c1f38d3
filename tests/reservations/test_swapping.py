"""Two appointments that exchange their slots: both or neither."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from booking.errors import AppointmentClosed, Invalid, NotFound, SlotTaken, SlotUnavailable, StaleVersion
from booking.reservations import Book, Cancel, Outcome, Swap, book, cancel, doctor, reading, swap
from tests.builders import Cast, act, block, paris, store
from tests.reservations.racing import race
from tests.reservations.telling import Told

NINE, TEN = paris("2026-11-23 09:00"), paris("2026-11-23 10:00")
Where = tuple[datetime, set[int], int | None]


@pytest.fixture
def nine(cast: Cast) -> Outcome:
    """M. Diallo with Mme Roux at 9h00."""
    return book(Book("nine", cast.entretien, NINE, cast.roux, cast.diallo), act())


@pytest.fixture
def ten(cast: Cast) -> Outcome:
    """Mme Koné with M. Diop at 10h00."""
    return book(Book("ten", cast.entretien, TEN, cast.diop, cast.kone), act())


def where(session: Session, outcome: Outcome) -> Where:
    session.rollback()
    found = reading.find(session, outcome.uid)
    return found.starts_at, {one.id for one in found.professionals}, found.room_id


def test_each_takes_the_place_of_the_other(cast: Cast, session: Session, nine: Outcome, ten: Outcome) -> None:
    told = Told()
    before = where(session, nine), where(session, ten)
    done = swap(Swap("s", nine.uid, ten.uid), act(tell=told))
    assert (done.uid, done.start, done.version) == (nine.uid, TEN, 2)
    assert (where(session, ten), where(session, nine)) == before
    assert told.facts == [("moved", {cast.diallo}), ("moved", {cast.kone})]
    reasons = [reading.history(session, one.appointment_id)[-1].reason for one in (nine, ten)]
    assert reasons == ["swap", "swap"]
    assert doctor.examine() == []


def test_with_the_same_professional_only_the_hours_change(cast: Cast, session: Session, nine: Outcome) -> None:
    other = book(Book("other", cast.entretien, TEN, cast.roux, cast.kone), act())
    swap(Swap("s", nine.uid, other.uid), act())
    assert [where(session, one)[0] for one in (nine, other)] == [TEN, NINE]
    assert doctor.examine() == []


def test_even_where_one_would_overlap_what_the_other_leaves(cast: Cast, session: Session, nine: Outcome) -> None:
    """They touch, and the database refuses an overlap even for an instant."""
    next_one = book(Book("next", cast.entretien, paris("2026-11-23 09:30"), cast.roux, cast.kone), act())
    swap(Swap("s", nine.uid, next_one.uid), act())
    assert [where(session, one)[0] for one in (nine, next_one)] == [paris("2026-11-23 09:30"), NINE]


def test_twice_is_as_before(session: Session, nine: Outcome, ten: Outcome) -> None:
    before = where(session, nine), where(session, ten)
    swap(Swap("s", nine.uid, ten.uid), act())
    swap(Swap("t", nine.uid, ten.uid), act())
    assert (where(session, nine), where(session, ten)) == before


def test_when_one_cannot_the_other_does_not_either(cast: Cast, session: Session, nine: Outcome, ten: Outcome) -> None:
    store(block(cast.diallo, "2026-11-23 10:00", "2026-11-23 10:30"))
    before = where(session, nine), where(session, ten)
    with pytest.raises(SlotTaken) as refused:
        swap(Swap("s", nine.uid, ten.uid), act())
    assert refused.value.rule == "usager_busy"
    assert (where(session, nine), where(session, ten)) == before
    assert doctor.examine() == []


def test_professionals_who_do_not_do_the_other_type_cannot(cast: Cast, nine: Outcome) -> None:
    other = book(Book("other", cast.consultation, TEN, cast.lenoir, cast.kone), act())
    with pytest.raises(SlotUnavailable) as refused:
        swap(Swap("s", nine.uid, other.uid), act())
    assert refused.value.rule == "not_qualified"


def test_with_itself_it_is_refused(nine: Outcome) -> None:
    with pytest.raises(Invalid) as refused:
        swap(Swap("s", nine.uid, nine.uid), act())
    assert refused.value.rule == "itself"


def test_a_cancelled_one_has_no_place_to_give(nine: Outcome, ten: Outcome) -> None:
    cancel(Cancel("c", ten.uid, "service"), act())
    with pytest.raises(AppointmentClosed):
        swap(Swap("s", nine.uid, ten.uid), act())


@pytest.mark.parametrize("stale", ["version", "other_version"])
def test_neither_may_have_changed(nine: Outcome, ten: Outcome, stale: str) -> None:
    with pytest.raises(StaleVersion):
        swap(replace(Swap("s", nine.uid, ten.uid), **{stale: 2}), act())


def test_an_unknown_one_is_not_found(nine: Outcome) -> None:
    with pytest.raises(NotFound):
        swap(Swap("s", nine.uid, "0" * 32), act())


def test_it_acts_once(session: Session, nine: Outcome, ten: Outcome) -> None:
    first = swap(Swap("s", nine.uid, ten.uid), act())
    assert swap(Swap("s", nine.uid, ten.uid), act()) == replace(first, replayed=True)
    assert where(session, nine)[0] == TEN


def test_swaps_of_the_same_two_from_both_sides_come_one_after_the_other(
    app: Flask, session: Session, nine: Outcome, ten: Outcome
) -> None:
    pairs = [(nine.uid, ten.uid), (ten.uid, nine.uid)] * 4
    jobs = [lambda n=n, pair=pair: swap(Swap(f"s{n}", *pair), act()) for n, pair in enumerate(pairs)]
    assert race(app, jobs) == {"ok": 8}
    assert where(session, nine)[0] == NINE, "an even number of swaps"
    assert doctor.examine() == []
