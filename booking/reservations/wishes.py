"""What somebody who waits would accept, and how long what is proposed to them is kept. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from booking.slots.grid import Span
from booking.slots.hours import DAY_MINUTES

Ending = Literal["booked", "withdrawn", "expired"]
Fate = Literal["pending", "booked", "declined", "lapsed"]

KEPT = 30 * 60  # seconds of opening hours: the time to reach somebody by phone


@dataclass(frozen=True)
class Wishes:
    """When it may begin, on the wall: those days, both included, from minute `starts` and before minute `ends`.

    Weekdays are ISO (1 = Monday); none of them stands for all of them.
    """

    first_day: date
    last_day: date
    weekdays: frozenset[int] = frozenset()
    starts: int = 0
    ends: int = DAY_MINUTES

    def allow(self, start: datetime, zone: ZoneInfo) -> bool:
        """Whether it may begin then."""
        wall = start.astimezone(zone)
        return (
            self.first_day <= wall.date() <= self.last_day
            and (not self.weekdays or wall.isoweekday() in self.weekdays)
            and self.starts <= 60 * wall.hour + wall.minute < self.ends
        )


def kept_until(now: int, start: int, opened: Iterable[Span], closed: Iterable[Span] = ()) -> int:
    """Until when a slot is kept for whom it is proposed to: 30 minutes of opening hours, and its start at the latest.

    All in seconds UTC: `opened` are the site's hours in order, `closed` its closures. A slot that is freed at night is
    still kept when reception opens.
    """
    left = KEPT
    for opens, closes in _without(opened, list(closed)):
        begin = max(opens, now)
        if closes - begin >= left:
            return min(begin + left, start)
        left -= max(closes - begin, 0)
    return start


def _without(opened: Iterable[Span], closed: list[Span]) -> list[Span]:
    """The spans that are left of the opening hours, in order."""
    spans = list(opened)
    for first, last in closed:
        pieces = [piece for start, end in spans for piece in ((start, min(end, first)), (max(start, last), end))]
        spans = [(start, end) for start, end in pieces if start < end]
    return spans
