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
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from booking.errors import ImpossibleTime

DAY_MINUTES = 1440
MOST_WEEKS = 52
RANKS = frozenset({1, 2, 3, 4, -1})
Days = tuple[date, date]  # both included
_DAY_SECONDS = 86_400
_WEEK = frozenset(range(1, 8))
_LONGEST_WAIT = timedelta(days=7 * (MOST_WEEKS + 1))  # between two dates of any rule, when nothing is left out
_WALL_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?")


@dataclass(frozen=True, slots=True)
class Rule:
    """Hours of a day, repeated: the wall time of an opening.

    `weekdays` are ISO (1 = Monday … 7 = Sunday); None means the one date `first_day`. `last_day` is included;
    None means without end. `starts` and `ends` are minutes after local midnight, 0 ≤ starts < ends ≤ 1440.

    `every` is a number of weeks, from Monday to Sunday, the week of `first_day` being the first that counts (RFC 5545,
    3.3.10: INTERVAL with WKST=MO); or `ranks` are those of the weekday within its month, 1 to 4 and -1 for the last,
    none meaning each. `exceptions` are dates on which it does not take place. It takes place during `only`, unless
    that is None, and not during `apart`. Raises ValueError when any of this makes no sense.
    """

    weekdays: frozenset[int] | None
    first_day: date
    last_day: date | None
    starts: int
    ends: int
    every: int = 1
    ranks: frozenset[int] = frozenset()
    exceptions: frozenset[date] = frozenset()
    only: tuple[Days, ...] | None = None
    apart: tuple[Days, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.starts < self.ends <= DAY_MINUTES:
            raise ValueError(f"hours {self.starts}-{self.ends} are not 0 <= starts < ends <= {DAY_MINUTES}")
        if self.weekdays is not None and not frozenset() < self.weekdays <= _WEEK:
            raise ValueError(f"weekdays {set(self.weekdays)} are not within 1 (Monday) to 7 (Sunday)")
        if not 1 <= self.every <= MOST_WEEKS or not self.ranks <= RANKS:
            raise ValueError(f"every {self.every} weeks, ranks {set(self.ranks)}")
        if (self.every > 1) + bool(self.ranks) > (self.weekdays is not None):
            raise ValueError("one date does not come again, and a month is no number of weeks")

    def takes_place(self, day: date) -> bool:
        """Whether it opens that day."""
        return any(True for _ in _ordinals(self, day, day))

    def next_day(self, from_day: date) -> date | None:
        """The first day on which it opens, from that one on; None when there is none."""
        return next(dates(self, from_day, self._end(from_day)), None)

    def _end(self, from_day: date) -> date:
        """No day comes after this one, or some day comes before it."""
        if self.only is not None:
            return max((last for _, last in self.only), default=date.min)
        left_out = (*self.exceptions, *(last for _, last in self.apart))
        return self.last_day or max(from_day, self.first_day, *left_out) + _LONGEST_WAIT


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


def dates(rule: Rule, from_day: date, to_day: date) -> Iterator[date]:
    """The days of `rule` from `from_day` to `to_day`, both included, in order."""
    return map(date.fromordinal, _ordinals(rule, from_day, to_day))


def _ordinals(rule: Rule, from_day: date, to_day: date) -> Iterator[int]:
    first = max(from_day, rule.first_day).toordinal()
    last = min(to_day, rule.last_day or to_day).toordinal()
    if rule.weekdays is None:
        found = iter(range(first, min(last, rule.first_day.toordinal()) + 1))
    else:
        found = _repeated(rule, rule.weekdays, first, last)
    if rule.ranks or rule.exceptions or rule.apart or rule.only is not None:
        return (ordinal for ordinal in found if _kept(rule, date.fromordinal(ordinal)))
    return found


def _repeated(rule: Rule, weekdays: frozenset[int], first: int, last: int) -> Iterator[int]:
    kept = {weekday % 7 for weekday in weekdays}  # ordinal 1 is a Monday, so Sundays are 0 modulo 7
    if rule.every == 1:
        return (ordinal for ordinal in range(first, last + 1) if ordinal % 7 in kept)
    step = 7 * rule.every
    begun = (rule.first_day.toordinal() - 1) % step // 7  # which week of so many counts
    return (day for day in range(first, last + 1) if day % 7 in kept and (day - 1) % step // 7 == begun)


def _kept(rule: Rule, day: date) -> bool:
    """Whether its rank in the month counts, and neither an exception nor a period leaves it out."""
    if day in rule.exceptions or _during(rule.apart, day):
        return False
    if rule.only is not None and not _during(rule.only, day):
        return False
    return not rule.ranks or _ranked(rule.ranks, day)


def _during(periods: tuple[Days, ...], day: date) -> bool:
    return any(first <= day <= last for first, last in periods)


def _ranked(ranks: frozenset[int], day: date) -> bool:
    """Whether it is the first, second… of its weekday in its month, or the last: the week after is of another month."""
    return (day.day + 6) // 7 in ranks or (-1 in ranks and day.day + 7 > monthrange(day.year, day.month)[1])


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
