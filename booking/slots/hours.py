"""The one place from wall time to instants.

A wall time is a day, a minute after local midnight (0 to 1440, 1440 being the next midnight) and a zone; an
instant is an integer of seconds since the epoch, UTC. Twice a year a wall time is not one instant:

- in a *gap* (28/03/2027 02:30 in Paris never happens) an opening's rule is pushed to the end of the gap:
  somebody open "from 2:30" is open as soon as that time has passed; what a person typed is refused;
- in a *fold* (31/10/2027 02:30 happens twice) both take the first occurrence.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from booking.errors import ImpossibleTime

DAY_MINUTES = 1440
_DAY_SECONDS = 86_400
_WEEK = frozenset(range(1, 8))
_WALL_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?")


@dataclass(frozen=True, slots=True)
class Rule:
    """Hours of a day, repeated: the wall time of an opening.

    `weekdays` are ISO (1 = Monday … 7 = Sunday); None means the one date `first_day`. `last_day` is included;
    None means without end. `starts` and `ends` are minutes after local midnight, 0 ≤ starts < ends ≤ 1440.
    Raises ValueError when the weekdays or the minutes make no sense.
    """

    weekdays: frozenset[int] | None
    first_day: date
    last_day: date | None
    starts: int
    ends: int

    def __post_init__(self) -> None:
        if not 0 <= self.starts < self.ends <= DAY_MINUTES:
            raise ValueError(f"hours {self.starts}-{self.ends} are not 0 <= starts < ends <= {DAY_MINUTES}")
        if self.weekdays is not None and not frozenset() < self.weekdays <= _WEEK:
            raise ValueError(f"weekdays {set(self.weekdays)} are not within 1 (Monday) to 7 (Sunday)")


def instant(day: date, minute: int, zone: ZoneInfo) -> int:
    """Epoch seconds of a rule's wall time: the end of the gap in a gap, the first occurrence in a fold.

    Never decreases as `minute` grows. Raises ValueError for a minute outside 0..1440.
    """
    seconds, _exists = _located(day, minute, zone)
    return seconds


def exact_instant(day: date, minute: int, zone: ZoneInfo) -> int:
    """Epoch seconds of a wall time that a person gave: the first occurrence in a fold.

    Raises ImpossibleTime in a gap, ValueError for a minute outside 0..1440.
    """
    seconds, exists = _located(day, minute, zone)
    if not exists:
        raise ImpossibleTime(day, minute, zone.key)
    return seconds


def local_day(seconds: int, zone: ZoneInfo) -> date:
    """The date that a calendar on the wall in `zone` shows at that instant (epoch seconds)."""
    return datetime.fromtimestamp(seconds, zone).date()


def parse_wall(text: str, zone: ZoneInfo) -> datetime:
    """The instant, aware in UTC, of `YYYY-MM-DDTHH:MM`; or with a space for the T, seconds, `Z`, `+HH:MM`.

    Without an offset the text is wall time in `zone`, the first occurrence in a fold. Raises ValueError for
    anything else, and ImpossibleTime for a wall time in a gap.
    """
    if not _WALL_TIME.fullmatch(text):
        raise ValueError("expected a date and time such as 2027-03-28T09:30")
    written = datetime.fromisoformat(text)
    try:
        if written.tzinfo is not None:
            return written.astimezone(UTC)
        seconds = exact_instant(written.date(), 60 * written.hour + written.minute, zone) + written.second
        return datetime.fromtimestamp(seconds, UTC)
    except OverflowError as error:
        raise ValueError("this date is out of range") from error


def occurrences(rule: Rule, from_day: date, to_day: date, zone: ZoneInfo) -> list[tuple[int, int]]:
    """The spans of `rule` on the days from `from_day` to `to_day`, both included, in order.

    Half-open [start, end) in epoch seconds. A span that a gap swallows whole is left out; one that a gap or a
    fold cuts is as much shorter or longer as the clocks moved.
    """
    spans = (_span(rule, ordinal, zone) for ordinal in _ordinals(rule, from_day, to_day))
    return [span for span in spans if span[0] < span[1]]


def _ordinals(rule: Rule, from_day: date, to_day: date) -> Iterator[int]:
    first = max(from_day, rule.first_day).toordinal()
    last = min(to_day, rule.last_day or to_day).toordinal()
    if rule.weekdays is None:
        one_date = rule.first_day.toordinal()
        return iter(range(first, min(last, one_date) + 1))
    kept = {weekday % 7 for weekday in rule.weekdays}  # ordinal 1 is a Monday, so Sundays are 0 modulo 7
    return (ordinal for ordinal in range(first, last + 1) if ordinal % 7 in kept)


def _span(rule: Rule, ordinal: int, zone: ZoneInfo) -> tuple[int, int]:
    midnight, is_plain = _day(ordinal, zone)
    if is_plain:
        return midnight + 60 * rule.starts, midnight + 60 * rule.ends
    day = date.fromordinal(ordinal)
    return instant(day, rule.starts, zone), instant(day, rule.ends, zone)


def _located(day: date, minute: int, zone: ZoneInfo) -> tuple[int, bool]:
    """Epoch seconds of the wall time, and whether it exists (if not: the end of its gap)."""
    if not 0 <= minute <= DAY_MINUTES:
        raise ValueError(f"minute {minute} is not within 0..{DAY_MINUTES}")
    midnight, is_plain = _day(day.toordinal(), zone)
    if is_plain:
        return midnight + 60 * minute, True
    wall = _wall(day.toordinal(), minute, zone)
    first, second = _seconds(wall), _seconds(wall.replace(fold=1))
    return (first, True) if first <= second else (_end_of_gap(wall, second, first), False)


@lru_cache(maxsize=8192)
def _day(ordinal: int, zone: ZoneInfo) -> tuple[int, bool]:
    """Epoch seconds of local midnight, and whether every minute of that day is that far from it.

    The next midnight is taken with fold=1, so that a gap or a fold that touches it changes the day's length.
    """
    midnight = _seconds(_wall(ordinal, 0, zone))
    next_midnight = _seconds(_wall(ordinal, DAY_MINUTES, zone).replace(fold=1))
    return midnight, next_midnight - midnight == _DAY_SECONDS


def _wall(ordinal: int, minute: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(date.fromordinal(ordinal), time(), zone) + timedelta(minutes=minute)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _end_of_gap(wall: datetime, after: int, until: int) -> int:
    """The first instant in (after, until] at which the clock on the wall is past `wall`.

    Comparing two datetimes of one tzinfo compares their wall clocks, which is what is wanted here.
    """
    instants = range(after + 1, until + 1)
    return instants[bisect_left(instants, True, key=lambda s: datetime.fromtimestamp(s, wall.tzinfo) > wall)]
