"""What other appointment systems get wrong, each trap by its name, through the real search.

The details of each rule are in the tests of its module; here a reader sees that no trap is left open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.errors import Invalid
from booking.reservations import Book, book
from booking.slots.availability import Search, Slot, find_slots, first_slots
from booking.slots.models import AppointmentType, Opening
from booking.slots.openings import NewOpening
from booking.slots.planning import add_opening
from tests.builders import NOW, PARIS, Cast, absence, act, closure, paris, set_on, store
from tests.slots.asking import ask

EARLY = paris("2026-10-01 08:00")
Story = Callable[[Cast], object]


@dataclass(frozen=True)
class Trap:
    """M. Diop's openings and what happens to them, as wall times; when is asked, for which period, and what is offered.

    `first` asks for so many first slots instead of all.
    """

    name: str
    opens: tuple[dict[str, Any], ...]
    period: tuple[str, str]
    offered: str
    story: tuple[Story, ...] = ()
    now: datetime = NOW
    first: int | None = None
    by_usager: bool = False

    def search(self, cast: Cast) -> Search:
        start, end = (paris(text) for text in self.period)
        return ask(cast.entretien, start, end, cast.diop, by_usager=self.by_usager)


def on(weekdays: str, starts: str, ends: str, **more: Any) -> dict[str, Any]:
    """An opening on those weekdays (« 12345 ») from 1 October 2026 on."""
    hours = {"starts": minute(starts), "ends": minute(ends)}
    days = {"weekdays": frozenset(map(int, weekdays)), "first_day": date(2026, 10, 1), "last_day": None}
    return {**days, **hours, **more}


def minute(text: str) -> int:
    hour, minutes = text.split(":")
    return 60 * int(hour) + int(minutes)


def booked(start: str, *, walk_in: bool = False) -> Story:
    """Somebody has an appointment then or, off the lattice, is received at once."""
    waived = frozenset({"walk_in"} if walk_in else ())

    def happens(cast: Cast) -> object:
        command = Book(f"trap {start}", cast.entretien, paris(start), cast.diop, cast.kone, waived=waived)
        return book(command, act(paris(start) if walk_in else NOW))

    return happens


def away(start: str, end: str) -> Story:
    return lambda cast: store(absence(cast.diop, start, end))


def closed(start: str, end: str) -> Story:
    return lambda cast: store(closure(cast.site, start, end))


def asking(**values: int) -> Story:
    """The type asks for other notices or buffers; minutes, and days for the horizon."""
    return lambda cast: set_on(AppointmentType, cast.entretien, **values)


MORNING = on("12345", "9:00", "12:00")
MONDAY = ("2026-11-23 00:00", "2026-11-24 00:00")
DAY = 24 * 60
TRAPS = [
    Trap(
        "public holidays are forgotten",
        (on("1", "9:00", "10:00"),),
        ("2027-03-22 00:00", "2027-04-06 00:00"),
        "22/03 09:00 09:30 | 05/04 09:00 09:30",  # 29 March is Easter Monday
    ),
    Trap(
        "the last day of a recurrence is lost",
        (on("1", "9:00", "10:00", last_day=date(2026, 11, 30)),),
        ("2026-11-23 00:00", "2026-12-31 00:00"),
        "23/11 09:00 09:30 | 30/11 09:00 09:30",
    ),
    Trap(
        "the last day of a fortnight's recurrence is lost",
        (on("1", "9:00", "10:00", every=2, first_day=date(2026, 11, 2), last_day=date(2026, 11, 30)),),
        ("2026-11-16 00:00", "2026-12-31 00:00"),
        "30/11 09:00 09:30",
        now=paris("2026-11-16 12:00"),
    ),
    Trap(
        "an opening that has begun is ignored until tomorrow",
        (MORNING,),
        MONDAY,
        "23/11 10:30 11:00 11:30",
        now=paris("2026-11-23 10:05"),
    ),
    Trap(
        "a grid that restarts at the clock",
        (MORNING,),
        MONDAY,
        "23/11 10:30 11:00 11:30",
        now=paris("2026-11-23 10:07").replace(second=13),
    ),
    Trap(
        "a grid that restarts at the clock and the lead time",
        (MORNING,),
        MONDAY,
        "23/11 11:00 11:30",
        story=(asking(desk_lead_time=25),),
        now=paris("2026-11-23 10:07"),
    ),
    Trap(
        "a grid that restarts after each booking",
        (MORNING,),
        MONDAY,
        "23/11 09:00 10:00 10:30 11:00 11:30",
        story=(booked("2026-11-23 09:30"),),
    ),
    Trap(
        "a grid that restarts after somebody who was received off the grid",
        (MORNING,),
        MONDAY,
        "23/11 10:00 10:30 11:00 11:30",
        story=(booked("2026-11-23 09:10", walk_in=True),),
        now=paris("2026-11-23 09:10"),
    ),
    Trap(
        "one slot of one professional is listed twice",
        (
            on("1", "9:00", "10:00", every=2, first_day=date(2026, 11, 9)),
            on("1", "9:00", "10:00", ranks=frozenset({4})),
        ),
        ("2026-11-23 00:00", "2026-12-07 00:00"),
        "23/11 09:00 09:30",  # that Monday is of both, and three rooms are free
    ),
    Trap(
        "a slot is offered where its buffers do not fit",
        (on("1", "9:00", "10:35"),),
        MONDAY,
        "23/11 09:30",  # 9:00 has no room before it, 10:00 none after it: 5 and 10 minutes
        story=(asking(buffer_before=5, buffer_after=10),),
    ),
    Trap(
        "a slot is offered where its buffers meet an absence",
        (MORNING,),
        MONDAY,
        "23/11 09:30 11:00",
        story=(asking(buffer_before=5, buffer_after=10), away("2026-11-23 10:35", "2026-11-23 10:55")),
    ),
    Trap(
        "« the first available » ignores the horizon",
        (MORNING,),
        ("2026-11-23 00:00", "2027-01-31 00:00"),
        "",
        story=(asking(horizon_days=7), away("2026-11-23 00:00", "2026-12-03 00:00")),
        first=5,
        by_usager=True,
    ),
    Trap(
        "the horizon binds reception too",
        (MORNING,),
        ("2026-11-23 00:00", "2027-01-31 00:00"),
        "03/12 09:00",
        story=(asking(horizon_days=7), away("2026-11-23 00:00", "2026-12-03 00:00")),
        first=1,
    ),
    Trap(
        "the lead time blocks everything",
        (MORNING,),
        ("2026-11-23 00:00", "2026-11-26 00:00"),
        "25/11 09:00 09:30 10:00 10:30 11:00 11:30",
        story=(asking(lead_time=2 * DAY),),
        now=paris("2026-11-23 08:00"),
        by_usager=True,
    ),
    Trap(
        "the lead time is ignored",
        (MORNING,),
        MONDAY,
        "",
        story=(asking(lead_time=DAY),),
        now=paris("2026-11-23 08:00"),
        by_usager=True,
    ),
    Trap(
        "the lead time counts from midnight",
        (MORNING,),
        ("2026-11-23 00:00", "2026-11-25 00:00"),
        "24/11 10:30 11:00 11:30",
        story=(asking(lead_time=DAY),),
        now=paris("2026-11-23 10:10"),
        by_usager=True,
    ),
    Trap(
        "an absence inside of an appointment empties the day",
        (MORNING,),
        MONDAY,
        "23/11 09:00 09:30 10:30 11:00 11:30",
        story=(booked("2026-11-23 10:00"), away("2026-11-23 10:10", "2026-11-23 10:15")),
    ),
    Trap(
        "an hour is lost or won in the week when summer begins",
        (on("1234567", "9:00", "10:00"),),
        ("2027-03-26 00:00", "2027-03-31 00:00"),
        "26/03 09:00 09:30 | 30/03 09:00 09:30",
        now=EARLY,
    ),
    Trap(
        "an hour is lost or won in the week when winter begins",
        (on("15", "9:00", "10:00"),),
        ("2026-10-23 00:00", "2026-10-27 00:00"),
        "23/10 09:00 09:30 | 26/10 09:00 09:30",
        now=EARLY,
    ),
    Trap(
        "an opening across a closure is lost whole, or its grid starts again after it",
        (MORNING,),
        MONDAY,
        "23/11 09:00 09:30 11:00 11:30",
        story=(closed("2026-11-23 10:15", "2026-11-23 10:50"),),
    ),
    Trap(
        "adjacent openings become one grid",
        (on("1", "9:00", "10:10"), on("1", "10:10", "12:00")),
        MONDAY,
        "23/11 09:00 09:30 10:10 10:40 11:10",
    ),
    Trap(
        "where two openings overlap, a booking of one leaves the other free",
        (
            on("1", "9:00", "10:30", every=2, first_day=date(2026, 11, 9)),
            on("1", "9:15", "10:45", ranks=frozenset({4})),
        ),
        MONDAY,
        "23/11 09:45 10:00 10:15",
        story=(booked("2026-11-23 09:15"),),
    ),
]


@pytest.mark.parametrize("trap", TRAPS, ids=[trap.name for trap in TRAPS])
def test_no_trap_is_left_open(cast: Cast, session: Session, trap: Trap) -> None:
    in_transaction(lambda s: s.execute(sa.delete(Opening)).close())
    for opens in trap.opens:
        add_opening(NewOpening(cast.diop, cast.site, **opens), EARLY)
    for happens in trap.story:
        happens(cast)
    session.rollback()
    search = trap.search(cast)
    if trap.first is None:
        found = find_slots(session, search, trap.now)
    else:
        found = first_slots(session, search, trap.now, trap.first)
    assert said(found) == trap.offered


def said(slots: list[Slot]) -> str:
    """« 23/11 09:00 09:30 | 24/11 09:00 »."""
    local = [slot.start.astimezone(PARIS) for slot in slots]
    days = groupby(local, key=lambda each: f"{each:%d/%m}")
    return " | ".join(" ".join([day, *(f"{each:%H:%M}" for each in starts)]) for day, starts in days)


REFUSED = [
    ("an opening of no length stands and offers nothing", (on("2", "9:00", "9:00"),), "end_before_start"),
    ("an opening that ends before it starts turns around midnight", (on("2", "22:00", "6:00"),), "end_before_start"),
    ("the same opening twice doubles every slot", (MORNING, MORNING), "overlaps"),
    ("an opening over another moves its grid", (MORNING, on("1", "9:15", "12:00")), "overlaps"),
]


@pytest.mark.parametrize(("name", "opens", "rule"), REFUSED, ids=[row[0] for row in REFUSED])
def test_no_opening_can_set_a_trap(cast: Cast, name: str, opens: tuple[dict[str, Any], ...], rule: str) -> None:
    in_transaction(lambda s: s.execute(sa.delete(Opening)).close())
    *before, last = opens
    for each in before:
        add_opening(NewOpening(cast.diop, cast.site, **each), EARLY)
    with pytest.raises(Invalid) as refused:
        add_opening(NewOpening(cast.diop, cast.site, **last), EARLY)
    assert refused.value.rule == rule, name
