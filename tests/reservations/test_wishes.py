"""What suits whoever waits, and how long it is kept for them: tables that reception could check."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.reservations.wishes import KEPT, Wishes, kept_until
from booking.slots.grid import Span
from tests.builders import PARIS, paris

MONDAY, FRIDAY = date(2026, 11, 23), date(2026, 11, 27)
WEEK = Wishes(MONDAY, FRIDAY)
MORNINGS = Wishes(MONDAY, FRIDAY, frozenset({1, 2}), 540, 720)

ALLOWED = [
    pytest.param(WEEK, "2026-11-23 00:00", True, id="the first minute of the first day"),
    pytest.param(WEEK, "2026-11-27 23:55", True, id="the last of the last day"),
    pytest.param(WEEK, "2026-11-22 23:55", False, id="the day before"),
    pytest.param(WEEK, "2026-11-28 00:00", False, id="the day after"),
    pytest.param(MORNINGS, "2026-11-23 09:00", True, id="as early as may be"),
    pytest.param(MORNINGS, "2026-11-23 08:55", False, id="too early"),
    pytest.param(MORNINGS, "2026-11-24 11:55", True, id="it begins before the end"),
    pytest.param(MORNINGS, "2026-11-24 12:00", False, id="not at the end"),
    pytest.param(MORNINGS, "2026-11-25 09:00", False, id="a Wednesday"),
    pytest.param(
        Wishes(date(2026, 6, 1), FRIDAY, starts=540, ends=570), "2026-07-06 09:00", True, id="on the wall in summer too"
    ),
]


@pytest.mark.parametrize(("wishes", "start", "expected"), ALLOWED)
def test_what_suits(wishes: Wishes, start: str, expected: bool) -> None:
    assert wishes.allow(paris(start), PARIS) is expected


OPENED = [
    ("2026-11-20 08:30", "2026-11-20 12:00"),
    ("2026-11-20 13:30", "2026-11-20 17:30"),
    ("2026-11-23 08:30", "2026-11-23 17:30"),
]
LATER = "2026-11-23 16:00"

KEPT_UNTIL = [
    pytest.param("2026-11-20 10:00", LATER, [], "2026-11-20 10:30", id="freed while reception is there"),
    pytest.param("2026-11-20 22:00", LATER, [], "2026-11-23 09:00", id="freed on Friday night: until Monday 9h00"),
    pytest.param("2026-11-20 07:00", LATER, [], "2026-11-20 09:00", id="freed before it opens"),
    pytest.param("2026-11-20 11:50", LATER, [], "2026-11-20 13:50", id="lunch does not count"),
    pytest.param("2026-11-20 17:20", LATER, [], "2026-11-23 08:50", id="nor does the night"),
    pytest.param("2026-11-20 17:00", LATER, [], "2026-11-20 17:30", id="just enough before it closes"),
    pytest.param("2026-11-20 10:00", "2026-11-20 10:10", [], "2026-11-20 10:10", id="no longer than until it begins"),
    pytest.param("2026-11-20 22:00", "2026-11-23 08:30", [], "2026-11-23 08:30", id="it begins when it opens"),
    pytest.param("2026-11-23 17:30", "2026-12-01 09:00", [], "2026-12-01 09:00", id="nothing opens before it begins"),
    pytest.param(
        "2026-11-20 22:00",
        LATER,
        [("2026-11-23 00:00", "2026-11-23 12:00")],
        "2026-11-23 12:30",
        id="a closure does not count",
    ),
    pytest.param(
        "2026-11-20 10:00",
        LATER,
        [("2026-11-20 10:10", "2026-11-20 10:30"), ("2026-11-20 10:40", "2026-11-20 11:00")],
        "2026-11-20 11:10",
        id="two closures cut it in three",
    ),
]


@pytest.mark.parametrize(("now", "start", "closed", "expected"), KEPT_UNTIL)
def test_how_long_it_is_kept(now: str, start: str, closed: list[tuple[str, str]], expected: str) -> None:
    found = kept_until(seconds(now), seconds(start), spans(OPENED), spans(closed))
    assert found == seconds(expected)


def seconds(text: str) -> int:
    return int(paris(text).timestamp())


def spans(texts: list[tuple[str, str]]) -> list[Span]:
    return [(seconds(first), seconds(last)) for first, last in texts]


minutes = st.integers(0, 200)


@given(
    now=minutes,
    lead=st.integers(1, 200),
    opened=st.lists(minutes, max_size=8, unique=True),
    closed=st.tuples(minutes, minutes),
)
def test_it_is_kept_for_30_minutes_in_which_somebody_is_there(
    now: int, lead: int, opened: list[int], closed: tuple[int, int]
) -> None:
    """The same, counted minute by minute."""
    bounds = sorted(opened)[: len(opened) // 2 * 2]
    hours = list(zip(bounds[::2], bounds[1::2], strict=True))
    shut = sorted(closed)
    open_minutes = [
        minute
        for first, last in hours
        for minute in range(first, last)
        if minute >= now and not shut[0] <= minute < shut[1]
    ]
    start = now + lead
    needed = open_minutes[KEPT // 60 - 1] + 1 if len(open_minutes) >= KEPT // 60 else start
    found = kept_until(60 * now, 60 * start, [(60 * a, 60 * b) for a, b in hours], [(60 * shut[0], 60 * shut[1])])
    assert found == 60 * min(needed, start)
    assert timedelta(seconds=found) > timedelta(minutes=now)
