"""What an opening, an absence or a closure may be, and when two openings overlap. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Literal

from booking import french
from booking.errors import Invalid
from booking.slots.hours import DAY_MINUTES, MOST_WEEKS, RANKS, Rule, dates

GRID_MINUTES = 5
LONGEST_DAYS = 3 * 366  # a parental leave, a building site
FAR = timedelta(days=10 * 366)
MOST_BLOCKS = 6

Periods = Literal["only", "except"]  # an opening takes place only during the periods of its site, or except then
Clash = Literal["two_sites", "on_call", "overlaps", "some_days"]

# Two rules that count alike, weeks or months, have met by then: 51 × 52 weeks, and every shape of a month.
_CYCLE = timedelta(days=51 * 366)
# The days of the months and the weeks come again together after 400 years; each rank has met each count by then.
_CALENDAR = timedelta(days=146_097)
_BLOCK = re.compile(
    r"(?:de )?(2[0-4]|[01]?\d)(?:[h:]([0-5]\d)?)? ?(?:-|–|—|à|a) ?(2[0-4]|[01]?\d)(?:[h:]([0-5]\d)?)?", re.ASCII
)
_BETWEEN = re.compile(r" ?(?:[,;/+] ?(?:et )?|et | )")


@dataclass(frozen=True)
class Planned:
    """An opening as it is compared with another: its rule is the one without periods, which may change later."""

    site_id: int
    rule: Rule
    periods: Periods | None = None
    on_call: bool = False


def checked_rule(
    weekdays: frozenset[int] | None,
    first_day: date,
    last_day: date | None,
    starts: int,
    ends: int,
    now: datetime,
    every: int = 1,
    ranks: frozenset[int] = frozenset(),
) -> Rule:
    """An opening as typed, as a rule of wall time; without weekdays its last day is its first.

    Raises Invalid: required, unknown, not_expected, out_of_range, not_on_grid, end_before_start, past, never.
    """
    _check_minutes(starts, ends)
    if weekdays is None:
        if last_day not in (None, first_day):
            raise Invalid("last_day", "not_expected")
        last_day = first_day
    elif not weekdays:
        raise Invalid("weekdays", "required")
    elif not weekdays <= frozenset(range(1, 8)):
        raise Invalid("weekdays", "unknown")
    _check_recurrence(weekdays, every, ranks)
    check_days(first_day, last_day, now)
    rule = Rule(weekdays, first_day, last_day, starts, ends, every, ranks)
    if rule.next_day(first_day) is None:
        raise Invalid("weekdays", "never")
    return rule


def blocks(text: str) -> list[tuple[int, int]]:
    """The hours of a day as French people write them, « 9h-12h et 14h-17h30 », in minutes after midnight, in order.

    Raises Invalid on « hours »: required, not_hours, too_many_blocks, end_before_start, overlaps.
    """
    words = " ".join(text.lower().split())
    if not words:
        raise Invalid("hours", "required")
    found: list[tuple[int, int]] = []
    while words:
        block = _BLOCK.match(words)
        if block is None:
            raise Invalid("hours", "not_hours")
        found.append((_minutes(block[1], block[2]), _minutes(block[3], block[4])))
        rest = words[block.end() :]
        between = _BETWEEN.match(rest)
        if rest and between is None:
            raise Invalid("hours", "not_hours")
        words = rest[between.end() :] if between else ""
    return _in_order(found)


def _minutes(hour: str, minute: str | None) -> int:
    return 60 * int(hour) + int(minute or 0)


def _in_order(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    if len(found) > MOST_BLOCKS:
        raise Invalid("hours", "too_many_blocks", maximum=MOST_BLOCKS)
    if any(starts >= ends for starts, ends in found):
        raise Invalid("hours", "end_before_start")
    found.sort()
    if any(later[0] < sooner[1] for sooner, later in pairwise(found)):
        raise Invalid("hours", "overlaps")
    return found


def _check_recurrence(weekdays: frozenset[int] | None, every: int, ranks: frozenset[int]) -> None:
    if not 1 <= every <= MOST_WEEKS:
        raise Invalid("every", "out_of_range", minimum=1, maximum=MOST_WEEKS)
    if not ranks <= RANKS:
        raise Invalid("ranks", "unknown")
    if every > 1 and (ranks or weekdays is None):
        raise Invalid("every", "not_expected")
    if ranks and weekdays is None:
        raise Invalid("ranks", "not_expected")


def _check_minutes(starts: int, ends: int) -> None:
    for field, minute in (("starts", starts), ("ends", ends)):
        if not 0 <= minute <= DAY_MINUTES:
            limits = {"minimum": french.wall_hour(0), "maximum": french.wall_hour(DAY_MINUTES)}
            raise Invalid(field, "out_of_range", **limits)
        if minute % GRID_MINUTES:
            raise Invalid(field, "not_on_grid")
    if starts >= ends:
        raise Invalid("ends", "end_before_start")


def check_days(first_day: date, last_day: date | None, now: datetime) -> None:
    """Refuse days that make no sense, both included. Raises Invalid: out_of_range, end_before_start, past."""
    for field, day in (("first_day", first_day), ("last_day", last_day)):
        if day is not None:
            check_distance(field, day, now)
    if last_day is not None and last_day < first_day:
        raise Invalid("last_day", "end_before_start")
    # A day more: it may be yesterday where the site is.
    if last_day is not None and last_day < now.date() - timedelta(days=1):
        raise Invalid("last_day" if last_day > first_day else "first_day", "past")


def check_distance(field: str, day: date, now: datetime) -> None:
    """Refuse a day so far away that rules could not be computed beyond it. Raises Invalid: out_of_range."""
    today = now.date()
    if not today - FAR <= day <= today + FAR:
        limits = {"minimum": today - FAR, "maximum": today + FAR}
        raise Invalid(field, "out_of_range", **{k: french.short_day(v) for k, v in limits.items()})


def check_span(start: datetime, end: datetime, now: datetime) -> None:
    """Refuse an absence or closure that makes no sense.

    Raises Invalid on « start » or « end »: not_on_grid, end_before_start, range_too_long, past.
    """
    for field, moment in (("start", start), ("end", end)):
        if moment.microsecond or int(moment.timestamp()) % (60 * GRID_MINUTES):
            raise Invalid(field, "not_on_grid")
    if start >= end:
        raise Invalid("end", "end_before_start")
    if end - start > timedelta(days=LONGEST_DAYS):
        raise Invalid("end", "range_too_long", maximum=LONGEST_DAYS)
    if end <= now:
        raise Invalid("end", "past")


def overlap(one: Rule, other: Rule) -> bool:
    """Whether two rules share a minute of wall time on a common day."""
    return _share_hours(one, other) and any(True for _ in common_days(one, other))


def clash(one: Planned, other: Planned) -> Clash | None:
    """What is wrong with two openings of one professional, None when they never overlap, whatever the periods.

    « two_sites »: nobody is at two places. « on_call »: the same time would be for walk-ins only, and not.
    « overlaps »: while both stand, one has only days of the other, so it adds nothing that longer hours would not.
    « some_days »: they meet now and then, as a fortnight and a first Tuesday do; both are offered, each slot once.
    """
    at_one_site = one.site_id == other.site_id
    if at_one_site and {one.periods, other.periods} == {"only", "except"}:
        return None
    if not overlap(one.rule, other.rule):
        return None
    if not at_one_site:
        return "two_sites"
    if one.on_call != other.on_call:
        return "on_call"
    return "overlaps" if _within(one.rule, other.rule) or _within(other.rule, one.rule) else "some_days"


def common_days(one: Rule, other: Rule) -> Iterator[date]:
    """The days on which both take place, in order, as far as is needed to see how they meet."""
    if one.every < other.every:
        one, other = other, one  # the one with fewer days
    shared = _weekdays(one) & _weekdays(other)
    if not shared:
        return iter(())
    fewer = one if one.weekdays is None else replace(one, weekdays=shared)
    days = dates(fewer, max(one.first_day, other.first_day), _seen_whole(one, other))
    return (day for day in days if other.takes_place(day))


def _within(one: Rule, other: Rule) -> bool:
    """Whether, while both stand, every day of a rule is one of the other."""
    first, last = max(one.first_day, other.first_day), min(other.last_day or date.max, _seen_whole(one, other))
    return all(other.takes_place(day) for day in dates(one, first, last))


def _seen_whole(one: Rule, other: Rule) -> date:
    """A day by which the two, once both go on without exceptions, have met in every way that they can."""
    begun = max(one.first_day, other.first_day, *one.exceptions, *other.exceptions)
    alike = (one.every > 1) == (other.every > 1) or not (one.ranks or other.ranks)
    return begun + (_CYCLE if alike else _CALENDAR)


def _share_hours(one: Rule, other: Rule) -> bool:
    return one.starts < other.ends and other.starts < one.ends


def _weekdays(rule: Rule) -> frozenset[int]:
    return frozenset({rule.first_day.isoweekday()}) if rule.weekdays is None else rule.weekdays
