"""A « permanence »: nobody is offered its time, and whoever comes without an appointment is received in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from booking.errors import SlotUnavailable
from booking.reservations import Book, Cancel, Move, Outcome, Restore, book, cancel, doctor, move, restore
from booking.slots.availability import find_slots
from booking.slots.openings import NewOpening
from booking.slots.planning import add_opening
from tests.builders import MONDAY, NOW, Cast, act, paris
from tests.slots.asking import clocks, day_of

TWO = paris("2026-11-23 14:00")
MORNING = "09:00 09:30 10:00 10:30 11:00 11:30"


@pytest.fixture(autouse=True)
def on_call(cast: Cast) -> None:
    """M. Diop receives by appointment on Monday mornings, and without on Monday afternoons, 14h00–16h00."""
    add_opening(NewOpening(cast.diop, cast.site, frozenset({1}), MONDAY, None, 840, 960, on_call=True), NOW)


def afternoon(cast: Cast) -> Book:
    return Book("k", cast.entretien, TWO, cast.diop, cast.diallo)


def received(cast: Cast, minutes: int = 0) -> Outcome:
    """M. Diallo came, and is received at once."""
    start = TWO + timedelta(minutes=minutes)
    command = replace(afternoon(cast), start=start, waived=frozenset({"walk_in"}))
    return book(command, act(start + timedelta(seconds=90)))


def rule(command: Book) -> str:
    with pytest.raises(SlotUnavailable) as refused:
        book(command, act())
    return refused.value.rule


def test_no_search_offers_it(cast: Cast, session: Session) -> None:
    assert clocks(find_slots(session, day_of(cast.entretien, MONDAY, cast.diop), NOW)) == MORNING


def test_no_ordinary_booking_takes_it(cast: Cast) -> None:
    """The alternatives are those by appointment."""
    with pytest.raises(SlotUnavailable) as refused:
        book(afternoon(cast), act())
    assert refused.value.rule == "no_opening"
    own = [slot.start for slot in refused.value.alternatives if slot.professional_id == cast.diop]
    assert own
    assert all(start < TWO for start in own if start.date() == TWO.date())


@pytest.mark.parametrize("minutes", [0, 15, 90], ids=["at its start", "off its lattice", "until its end"])
def test_who_comes_is_received(cast: Cast, session: Session, minutes: int) -> None:
    done = received(cast, minutes)
    assert (done.start, done.room) == (TWO + timedelta(minutes=minutes), "B1")
    assert doctor.examine() == []


def test_it_ends_when_it_ends(cast: Cast) -> None:
    with pytest.raises(SlotUnavailable) as refused:
        received(cast, 95)
    assert refused.value.rule == "no_opening"


def test_who_is_there_may_also_come_into_the_hours_by_appointment(cast: Cast) -> None:
    start = paris("2026-11-23 09:30")
    assert book(replace(afternoon(cast), start=start, waived=frozenset({"walk_in"})), act(start)).start == start


def test_outside_of_openings_may_be_within_it(cast: Cast) -> None:
    assert book(replace(afternoon(cast), waived=frozenset({"hors_plage"})), act()).start == TWO


def test_a_colleague_on_call_takes_part_only_when_somebody_has_come(cast: Cast) -> None:
    """Mme Roux leads by appointment then; with M. Diop, who is on call, they receive whoever is there."""
    led = replace(afternoon(cast), professional_id=cast.roux, colleague_ids=frozenset({cast.diop}))
    assert rule(led) == "no_opening"
    assert book(replace(led, waived=frozenset({"walk_in"})), act(TWO)).start == TWO


def test_whoever_was_received_can_be_given_more_time_or_be_put_back(cast: Cast) -> None:
    done = received(cast)
    now = act(TWO - timedelta(minutes=30))
    longer = move(Move("longer", done.uid, duration=45), now)
    assert longer.end - longer.start == timedelta(minutes=45)
    cancel(Cancel("c", done.uid, "service"), now)
    assert restore(Restore("r", done.uid), now).status == "booked"


def test_nobody_is_moved_into_it(cast: Cast) -> None:
    done = book(replace(afternoon(cast), start=paris("2026-11-23 09:00")), act())
    with pytest.raises(SlotUnavailable) as refused:
        move(Move("m", done.uid, start=TWO), act())
    assert refused.value.rule == "no_opening"


def test_nor_handed_over_to_who_is_on_call(cast: Cast) -> None:
    done = book(replace(afternoon(cast), professional_id=cast.roux), act())
    with pytest.raises(SlotUnavailable) as refused:
        move(Move("m", done.uid, professional_ids=frozenset({cast.diop})), act())
    assert refused.value.rule == "no_opening"
