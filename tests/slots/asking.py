"""Short ways to set the scene, to ask for slots and to read the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from functools import reduce
from operator import or_
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.errors import Invalid, NotFound
from booking.rooms.models import Site
from booking.slots.availability import Search, Slot
from booking.slots.facts import SiteFacts
from booking.slots.found import Found
from booking.slots.generator import Notice, Situation
from booking.slots.grid import Grid
from booking.slots.offers import Offer
from tests.builders import PARIS, Cast


def ask(type_id: int, start: datetime, end: datetime, professional: int | None = None, **more: Any) -> Search:
    """A search, for one professional or for all."""
    among = None if professional is None else frozenset({professional})
    return Search(type_id, start, end, among, **more)


def day_of(type_id: int, day: date, professional: int | None = None, **more: Any) -> Search:
    """From midnight to midnight in Paris."""
    return _days(type_id, day, 1, professional, **more)


def week_of(type_id: int, monday: date, professional: int | None = None, **more: Any) -> Search:
    """Seven days from midnight in Paris."""
    return _days(type_id, monday, 7, professional, **more)


def _days(type_id: int, first: date, count: int, professional: int | None, **more: Any) -> Search:
    midnights = [datetime.combine(day, time(), PARIS) for day in (first, first + timedelta(days=count))]
    return ask(type_id, midnights[0], midnights[1], professional, **more)


def finding(starts: Mapping[int, Iterable[int]], grid: Grid, duration: int = 6) -> Found:
    """That these professionals can start in those cells of a grid, without a room, for that many cells."""
    site = SiteFacts(1, "4 rue Teddy Riner", PARIS, (), False)
    place = Situation(grid, Notice(0, 0), hours=0, openings=(), absent=0, busy=0, usager_busy=0, rooms=None)
    masks = {who: reduce(or_, (1 << cell for cell in cells), 0) for who, cells in starts.items()}
    return Found(duration, [(Offer(who, site, place, mask), mask) for who, mask in masks.items()])


def clocks(slots: Iterable[Slot]) -> str:
    """The starts as a clock on the wall shows them, « 09:00 09:30 »."""
    return " ".join(slot.start.astimezone(PARIS).strftime("%H:%M") for slot in slots)


def add_site(cast: Cast) -> int:
    """A second site like the first, without any room."""

    def work(session: Session) -> int:
        first = session.get_one(Site, cast.site)
        names = [column.name for column in sa.inspect(Site).columns if column.name not in ("id", "code")]
        other = Site(code="gennevilliers", **{name: getattr(first, name) for name in names})
        other.hours = [type(each)(weekday=each.weekday, opens=each.opens, closes=each.closes) for each in first.hours]
        session.add(other)
        session.flush()
        return other.id

    return in_transaction(work)


def refused(act: Callable[[], object]) -> tuple[str, str]:
    """The field and the rule with which an act is refused."""
    with pytest.raises(Invalid) as error:
        act()
    return error.value.field, error.value.rule


def missing(act: Callable[[], object]) -> str:
    """What an act does not find."""
    with pytest.raises(NotFound) as error:
        act()
    return error.value.what
