"""Which days an opening has: every so many weeks, by rank in the month, apart from exceptions and periods."""

from __future__ import annotations

import calendar
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from booking.slots.hours import Rule, dates

MONDAY = date(2026, 11, 2)
WEEKLY = Rule(frozenset({1}), MONDAY, None, 540, 720)
YEAR = timedelta(days=366)


def rule(**changes: Any) -> Rule:
    """Mondays from 2 November 2026 on, 9h00–12h00."""
    return replace(WEEKLY, **changes)


def written(found: Rule, first: date = MONDAY, last: date = date(2027, 1, 31)) -> str:
    """Its days, « 2/11 16/11 »."""
    return " ".join(f"{day.day}/{day.month}" for day in dates(found, first, last))


DAYS = [
    (rule(every=2), "2/11 16/11 30/11 14/12 28/12 11/1 25/1", "one Monday of two, from the first day on"),
    (rule(every=4), "2/11 30/11 28/12 25/1", "one of four: it crosses the year without starting again"),
    (
        rule(every=2, weekdays=frozenset({1, 4}), first_day=date(2026, 11, 5), last_day=date(2026, 12, 1)),
        "5/11 16/11 19/11 30/11",
        "from a Thursday: its whole week counts, and the Monday of that week is before the first day",
    ),
    (
        rule(every=2, weekdays=frozenset({1}), first_day=date(2026, 11, 5), last_day=date(2026, 12, 1)),
        "16/11 30/11",
        "Mondays from a Thursday on: the week of the first day counts even without any of its days",
    ),
    (rule(every=52), "2/11", "once in 52 weeks"),
    (rule(every=2, last_day=date(2026, 11, 30)), "2/11 16/11 30/11", "the last day of a recurrence counts"),
    (rule(every=2, last_day=date(2026, 11, 29)), "2/11 16/11", "the day before it does not"),
    (rule(ranks=frozenset({1})), "2/11 7/12 4/1", "the first Monday of the month"),
    (rule(ranks=frozenset({2})), "9/11 14/12 11/1", "the second"),
    (rule(ranks=frozenset({4})), "23/11 28/12 25/1", "the fourth, which may be the last"),
    (rule(ranks=frozenset({-1})), "30/11 28/12 25/1", "the last, be it the fourth or the fifth"),
    (rule(ranks=frozenset({1, 3})), "2/11 16/11 7/12 21/12 4/1 18/1", "the first and the third"),
    (rule(ranks=frozenset({2, 3, 4, -1})), "9/11 16/11 23/11 30/11 14/12 21/12 28/12 11/1 18/1 25/1", "but the first"),
    (
        rule(ranks=frozenset({1}), weekdays=frozenset({1, 5}), last_day=date(2026, 12, 31)),
        "2/11 6/11 4/12 7/12",
        "the first Monday and the first Friday, each by itself",
    ),
    (
        rule(every=2, exceptions=frozenset({date(2026, 11, 16)}), last_day=MONDAY + 4 * timedelta(7)),
        "2/11 30/11",
        "a date that is left out",
    ),
    (rule(only=((date(2026, 12, 21), date(2027, 1, 4)),)), "21/12 28/12 4/1", "during: both days of the period count"),
    (rule(only=((date(2026, 12, 22), date(2027, 1, 3)),)), "28/12", "a day less on both sides"),
    (rule(only=()), "", "only during periods, and there are none"),
    (
        rule(apart=((date(2026, 11, 3), date(2026, 12, 20)), (date(2027, 1, 1), date(2027, 2, 1)))),
        "2/11 21/12 28/12",
        "except during two periods",
    ),
    (
        rule(every=2, only=((date(2026, 11, 1), date(2026, 11, 16)),), apart=((MONDAY, MONDAY),)),
        "16/11",
        "a period does not move the weeks that count",
    ),
]


@pytest.mark.parametrize(("found", "expected", "because"), DAYS, ids=[row[2] for row in DAYS])
def test_the_days_of_a_rule(found: Rule, expected: str, because: str) -> None:
    assert written(found) == expected, because


def test_a_window_changes_nothing_of_which_weeks_count() -> None:
    assert written(rule(every=3), date(2026, 11, 10)) == "23/11 14/12 4/1 25/1"
    assert written(rule(every=3), date(2026, 11, 23), date(2026, 11, 23)) == "23/11"


NONSENSE = [
    ({"every": 0}, "no week at all"),
    ({"every": 53}, "more than a year"),
    ({"ranks": frozenset({5})}, "a fifth Monday is the last, or none"),
    ({"ranks": frozenset({0})}, "no such rank"),
    ({"every": 2, "ranks": frozenset({1})}, "weeks and months at once"),
    ({"weekdays": None, "every": 2}, "one date every other week"),
    ({"weekdays": None, "ranks": frozenset({1})}, "one date, the first of the month"),
]


@pytest.mark.parametrize(("changes", "because"), NONSENSE, ids=[row[1] for row in NONSENSE])
def test_a_rule_that_makes_no_sense(changes: dict[str, Any], because: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        rule(**changes)


NEXT = [
    (rule(), MONDAY, MONDAY, "that day itself"),
    (rule(), date(2020, 1, 1), MONDAY, "the first day, asked long before"),
    (rule(every=52), MONDAY + timedelta(1), MONDAY + timedelta(52 * 7), "nearly a year later"),
    (rule(last_day=MONDAY), MONDAY + timedelta(1), None, "it is over"),
    (rule(exceptions=frozenset({MONDAY})), MONDAY, date(2026, 11, 9), "an exception is passed over"),
    (rule(apart=((MONDAY, date(2030, 1, 1)),)), MONDAY, date(2030, 1, 7), "after a long period, without end"),
    (rule(only=((date(2031, 1, 1), date(2031, 1, 31)),)), MONDAY, date(2031, 1, 6), "the first day of a far period"),
    (rule(only=((date(2026, 11, 3), date(2026, 11, 8)),)), MONDAY, None, "a period without a Monday"),
    (rule(only=()), MONDAY, None, "no period"),
    (rule(ranks=frozenset({1}), first_day=date(2026, 11, 3), last_day=date(2026, 12, 6)), MONDAY, None, "none between"),
    (rule(weekdays=None, first_day=MONDAY, last_day=MONDAY), MONDAY, MONDAY, "one date"),
]


@pytest.mark.parametrize(("found", "start", "expected", "because"), NEXT, ids=[row[3] for row in NEXT])
def test_the_next_day(found: Rule, start: date, expected: date | None, because: str) -> None:
    assert found.next_day(start) == expected, because


def day_of(shift: int) -> date:
    return MONDAY + timedelta(days=shift)


spans = st.tuples(st.integers(0, 300), st.integers(0, 60)).map(lambda at: (day_of(at[0]), day_of(at[0] + at[1])))
recurrences = st.one_of(
    st.fixed_dictionaries({"every": st.integers(1, 8)}),
    st.fixed_dictionaries({"ranks": st.frozensets(st.sampled_from([1, 2, 3, 4, -1]))}),
)
rules = st.builds(
    lambda recurrence, more: rule(**recurrence, **more),
    recurrences,
    st.fixed_dictionaries(
        {
            "weekdays": st.frozensets(st.integers(1, 7), min_size=1),
            "first_day": st.integers(0, 40).map(day_of),
            "last_day": st.none() | st.integers(40, 300).map(day_of),
            "exceptions": st.frozensets(st.integers(0, 100).map(day_of), max_size=6),
            "only": st.none() | st.lists(spans, max_size=2).map(tuple),
            "apart": st.lists(spans, max_size=2).map(tuple),
        }
    ),
)


def by_the_book(found: Rule, day: date) -> bool:
    """Said again of one day, by counting on a calendar."""
    assert found.weekdays is not None
    if day.isoweekday() not in found.weekdays or not found.first_day <= day <= (found.last_day or day):
        return False
    week_begins = found.first_day - timedelta(days=found.first_day.weekday())
    if ((day - week_begins).days // 7) % found.every:
        return False
    in_only = found.only is None or any(first <= day <= last for first, last in found.only)
    if not in_only or day in found.exceptions or any(first <= day <= last for first, last in found.apart):
        return False
    same = [week[day.weekday()] for week in calendar.monthcalendar(day.year, day.month) if week[day.weekday()]]
    rank = same.index(day.day) + 1
    return not found.ranks or rank in found.ranks or (-1 in found.ranks and rank == len(same))


@given(rules, st.integers(-20, 200), st.integers(0, 250))
@example(rule(every=2, first_day=date(2026, 11, 5)), 0, 60)
def test_the_days_are_those_of_a_calendar(found: Rule, start: int, length: int) -> None:
    window = [day_of(shift) for shift in range(start, start + length + 1)]
    expected = [day for day in window if by_the_book(found, day)]
    assert list(dates(found, window[0], window[-1])) == expected
    assert [day for day in window if found.takes_place(day)] == expected


@given(rules, st.integers(-20, 200))
def test_the_next_day_is_the_first_of_a_calendar(found: Rule, start: int) -> None:
    """Everything drawn here is over, or goes on, within less than three years."""
    days = (day_of(shift) for shift in range(start, start + 1000))
    assert found.next_day(day_of(start)) == next((day for day in days if by_the_book(found, day)), None)
