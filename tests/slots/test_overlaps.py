"""When two openings of one professional overlap, what that means, and hours as they are typed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import islice
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from booking.errors import Invalid
from booking.slots.hours import Rule, dates
from booking.slots.planned import Clash, Planned, blocks, clash, common_days, overlap

MONDAY = date(2026, 11, 2)
WEEKLY = Rule(frozenset({1}), MONDAY, None, 540, 720)


def rule(**changes: Any) -> Rule:
    """Mondays from 2 November 2026 on, 9h00–12h00."""
    return replace(WEEKLY, **changes)


FORTNIGHT = rule(every=2)
FIRST, FOURTH, LAST = (rule(ranks=frozenset({rank})) for rank in (1, 4, -1))
A_WEEK_LATER = MONDAY + timedelta(weeks=1)
MEETINGS = [
    (FORTNIGHT, rule(every=2, first_day=A_WEEK_LATER), False, "the other Monday of two"),
    (FORTNIGHT, rule(every=2, first_day=A_WEEK_LATER, weekdays=frozenset({2})), False, "and another day"),
    (rule(every=2, weekdays=frozenset({5})), rule(every=2, first_day=date(2026, 11, 6)), False, "a Friday, a Monday"),
    (FORTNIGHT, rule(every=3, first_day=A_WEEK_LATER), True, "two and three weeks meet within six"),
    (FORTNIGHT, rule(every=4, first_day=A_WEEK_LATER), False, "two and four never, from an odd week"),
    (rule(every=51), rule(every=52, first_day=A_WEEK_LATER), True, "51 and 52 weeks meet once in 51 years"),
    (
        rule(every=51, last_day=date(2076, 1, 1)),
        rule(every=52, first_day=A_WEEK_LATER),
        False,
        "unless one ends before",
    ),
    (FORTNIGHT, FIRST, True, "a fortnight and a first Monday"),
    (rule(every=2, first_day=A_WEEK_LATER), FIRST, True, "the other fortnight too"),
    (rule(every=52, first_day=A_WEEK_LATER), FOURTH, True, "once in 52 weeks, some year, the fourth"),
    (FIRST, rule(ranks=frozenset({2, 3})), False, "the first is not the second or the third"),
    (FOURTH, LAST, True, "the fourth may be the last"),
    (rule(ranks=frozenset({3})), LAST, False, "the third is never the last"),
    (FIRST, rule(ranks=frozenset({2}), weekdays=frozenset({2, 3})), False, "other days"),
    (
        FIRST,
        rule(weekdays=None, first_day=date(2026, 12, 7), last_day=date(2026, 12, 7)),
        True,
        "one date that is first",
    ),
    (
        FIRST,
        rule(weekdays=None, first_day=date(2026, 12, 14), last_day=date(2026, 12, 14)),
        False,
        "one that is second",
    ),
    (
        rule(exceptions=frozenset({A_WEEK_LATER})),
        rule(weekdays=None, first_day=A_WEEK_LATER, last_day=A_WEEK_LATER),
        False,
        "the date on which it does not take place",
    ),
    (FORTNIGHT, rule(every=2, starts=720, ends=780), False, "they touch"),
]


@pytest.mark.parametrize(("one", "other", "expected", "because"), MEETINGS, ids=[row[3] for row in MEETINGS])
def test_overlaps_of_recurrences(one: Rule, other: Rule, expected: bool, because: str) -> None:
    assert overlap(one, other) is overlap(other, one) is expected, because


recurrences = st.one_of(
    st.fixed_dictionaries({"every": st.integers(1, 6)}),
    st.fixed_dictionaries({"ranks": st.frozensets(st.sampled_from([1, 2, 3, 4, -1]), min_size=1)}),
)
bounds = st.tuples(st.integers(0, 60), st.none() | st.integers(0, 400))
skipped = st.frozensets(st.integers(0, 60).map(lambda shift: MONDAY + timedelta(days=shift)), max_size=5)


def drawn(recurrence: dict[str, Any], weekdays: frozenset[int], bound: tuple[int, int | None], but: Any) -> Rule:
    first = MONDAY + timedelta(days=bound[0])
    last = None if bound[1] is None else first + timedelta(days=bound[1])
    return rule(weekdays=weekdays, first_day=first, last_day=last, exceptions=but, **recurrence)


rules = st.builds(drawn, recurrences, st.frozensets(st.integers(1, 7), min_size=1, max_size=3), bounds, skipped)


@given(rules, rules)
@example(rule(every=5), rule(every=6, first_day=A_WEEK_LATER))
def test_overlaps_are_those_of_brute_force_over_dates(one: Rule, other: Rule) -> None:
    """Over 30 years: up to 6 weeks, and any shape of a month, have met by then."""
    end = MONDAY + timedelta(days=30 * 366)
    meeting = set(dates(one, MONDAY, end)) & set(dates(other, MONDAY, end))
    assert overlap(one, other) is overlap(other, one) is bool(meeting)
    assert list(islice(common_days(one, other), 3)) == sorted(meeting)[:3]


# ------------------------------------------------------------------ what it means

HERE, THERE = 1, 2
JOINED = [
    (Planned(HERE, WEEKLY), Planned(HERE, rule(weekdays=frozenset({2}))), None, "they never meet"),
    (Planned(HERE, WEEKLY), Planned(HERE, WEEKLY), "overlaps", "the same twice"),
    (Planned(HERE, WEEKLY), Planned(HERE, FORTNIGHT), "overlaps", "it adds no day"),
    (Planned(HERE, WEEKLY), Planned(HERE, rule(every=2, ends=780)), "overlaps", "nor would longer hours need it"),
    (Planned(HERE, rule(last_day=date(2027, 1, 31))), Planned(HERE, WEEKLY), "overlaps", "until one of them ends"),
    (Planned(HERE, WEEKLY), Planned(HERE, rule(exceptions=frozenset({MONDAY}))), "overlaps", "but for one date"),
    (Planned(HERE, FORTNIGHT), Planned(HERE, FIRST), "some_days", "no exception could part them for ever"),
    (Planned(HERE, FOURTH), Planned(HERE, LAST), "some_days", "most months they are one day"),
    (Planned(HERE, WEEKLY), Planned(HERE, rule(weekdays=frozenset({1, 2}))), "overlaps", "all Mondays are its Mondays"),
    (Planned(HERE, FORTNIGHT), Planned(THERE, FIRST), "two_sites", "nobody is at two places, not even once"),
    (Planned(HERE, WEEKLY), Planned(THERE, WEEKLY), "two_sites", "nor every week"),
    (Planned(HERE, FORTNIGHT), Planned(HERE, FIRST, on_call=True), "on_call", "by appointment, and not"),
    (Planned(HERE, FORTNIGHT, on_call=True), Planned(HERE, FIRST, on_call=True), "some_days", "both for walk-ins"),
    (Planned(HERE, WEEKLY, "only"), Planned(HERE, WEEKLY, "except"), None, "holidays and the rest of the year"),
    (Planned(HERE, WEEKLY, "only"), Planned(HERE, WEEKLY), "overlaps", "in the holidays, twice"),
    (Planned(HERE, WEEKLY, "only"), Planned(HERE, WEEKLY, "only"), "overlaps", "whatever the holidays are"),
    (Planned(HERE, WEEKLY, "only"), Planned(THERE, WEEKLY, "except"), "two_sites", "each site has periods of its own"),
]


@pytest.mark.parametrize(("one", "other", "expected", "because"), JOINED, ids=[row[3] for row in JOINED])
def test_what_two_openings_are_to_each_other(
    one: Planned, other: Planned, expected: Clash | None, because: str
) -> None:
    assert clash(one, other) == clash(other, one) == expected, because


# ------------------------------------------------------------------ hours as they are typed

TYPED = [
    ("9h-12h", [(540, 720)]),
    ("9h-12h et 14h-17h", [(540, 720), (840, 1020)]),
    ("9h30-12h, 14h-17h45", [(570, 720), (840, 1065)]),
    ("9:00–12:00 14:00–17:00", [(540, 720), (840, 1020)]),
    ("de 9h à 12h et de 14h à 17h", [(540, 720), (840, 1020)]),
    ("De 9H a 12H, et 14-17", [(540, 720), (840, 1020)]),
    (" 14h-17h ;  9h-12h ", [(540, 720), (840, 1020)]),
    ("9h - 10h / 10h - 11h + 11h - 12h", [(540, 600), (600, 660), (660, 720)]),
    ("0h-24h", [(0, 1440)]),
    ("9-12,", [(540, 720)]),
]


@pytest.mark.parametrize(("text", "expected"), TYPED, ids=[row[0] for row in TYPED])
def test_hours_as_people_type_them(text: str, expected: list[tuple[int, int]]) -> None:
    assert blocks(text) == expected


MISTYPED = [
    ("", "required"),
    ("   ", "required"),
    ("le matin", "not_hours"),
    ("9h", "not_hours"),
    ("9h-12h et", "not_hours"),
    ("9h-12h sauf midi", "not_hours"),
    ("9h-12h14h-17h", "not_hours"),
    ("9h75-12h", "not_hours"),
    ("25h-26h", "not_hours"),
    ("٩h-12h", "not_hours"),
    ("9h-9h", "end_before_start"),
    ("22h-6h", "end_before_start"),
    ("9h-12h et 11h-14h", "overlaps"),
    ("9h-12h et 9h-12h", "overlaps"),
    ("8-9 9-10 10-11 11-12 12-13 13-14 14-15", "too_many_blocks"),
    ("9-12 " * 5000, "too_many_blocks"),
]


@pytest.mark.parametrize(("text", "rule"), MISTYPED, ids=[repr(row[0][:20]) for row in MISTYPED])
def test_hours_that_make_no_sense(text: str, rule: str) -> None:
    with pytest.raises(Invalid) as refused:
        blocks(text)
    assert (refused.value.field, refused.value.rule) == ("hours", rule)


@given(st.text(alphabet="0123456789hH:-–àet,; \u00e9", max_size=40))
def test_any_text_is_hours_or_a_known_refusal(text: str) -> None:
    try:
        found = blocks(text)
    except Invalid:
        return
    assert found == sorted(found)
    assert all(0 <= starts < ends <= 24 * 60 + 59 for starts, ends in found)
