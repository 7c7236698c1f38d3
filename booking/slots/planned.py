"""What an opening, an absence or a closure may be, and when two openings overlap. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from booking import french
from booking.errors import Invalid
from booking.slots.hours import DAY_MINUTES, Rule

GRID_MINUTES = 5
LONGEST_DAYS = 3 * 366  # a parental leave, a building site
FAR = timedelta(days=10 * 366)


def checked_rule(
    weekdays: frozenset[int] | None,
    first_day: date,
    last_day: date | None,
    starts: int,
    ends: int,
    now: datetime,
) -> Rule:
    """An opening as typed, as a rule of wall time; without weekdays its last day is its first.

    Raises Invalid: required, unknown, not_expected, out_of_range, not_on_grid, end_before_start, past.
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
    _check_days(first_day, last_day, now)
    return Rule(weekdays, first_day, last_day, starts, ends)


def _check_minutes(starts: int, ends: int) -> None:
    for field, minute in (("starts", starts), ("ends", ends)):
        if not 0 <= minute <= DAY_MINUTES:
            limits = {"minimum": french.wall_hour(0), "maximum": french.wall_hour(DAY_MINUTES)}
            raise Invalid(field, "out_of_range", **limits)
        if minute % GRID_MINUTES:
            raise Invalid(field, "not_on_grid")
    if starts >= ends:
        raise Invalid("ends", "end_before_start")


def _check_days(first_day: date, last_day: date | None, now: datetime) -> None:
    today = now.date()
    for field, day in (("first_day", first_day), ("last_day", last_day)):
        if day is not None and not today - FAR <= day <= today + FAR:
            limits = {"minimum": today - FAR, "maximum": today + FAR}
            raise Invalid(field, "out_of_range", **{k: french.short_day(v) for k, v in limits.items()})
    if last_day is not None and last_day < first_day:
        raise Invalid("last_day", "end_before_start")
    # A day more: it may be yesterday where the site is.
    if last_day is not None and last_day < today - timedelta(days=1):
        raise Invalid("last_day" if last_day > first_day else "first_day", "past")


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
    if one.starts >= other.ends or other.starts >= one.ends:
        return False
    first = max(one.first_day, other.first_day)
    ends = [rule.last_day for rule in (one, other) if rule.last_day is not None]
    days = min([7, *((end - first).days + 1 for end in ends)])  # after a week the weekdays come again
    common = _weekdays(one) & _weekdays(other)
    return any((first + timedelta(days=shift)).isoweekday() in common for shift in range(days))


def _weekdays(rule: Rule) -> frozenset[int]:
    return frozenset({rule.first_day.isoweekday()}) if rule.weekdays is None else rule.weekdays
