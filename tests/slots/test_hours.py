from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from booking.errors import ImpossibleTime
from booking.slots.hours import Rule, exact_instant, instant, local_day, occurrences, parse_wall

PARIS = ZoneInfo("Europe/Paris")
SPRING = date(2027, 3, 28)  # in Paris 02:00 is followed by 03:00
AUTUMN = date(2027, 10, 31)  # in Paris 03:00 is followed by 02:00
WORKING_WEEK = frozenset({1, 2, 3, 4, 5})

zones = st.sampled_from(
    [
        PARIS,
        ZoneInfo("America/Cayenne"),  # no summer time
        ZoneInfo("Pacific/Marquesas"),  # half an hour
        ZoneInfo("America/Miquelon"),  # summer time of its own
        ZoneInfo("Asia/Beirut"),  # clocks change at midnight
        ZoneInfo("Australia/Lord_Howe"),  # by half an hour
        ZoneInfo("America/Toronto"),  # in 1919, from 23:30 to 00:30 of the next day
    ]
)
days = st.dates(date(2010, 1, 1), date(2050, 12, 31)) | st.sampled_from([SPRING, AUTUMN, date(1919, 3, 30)])
minutes = st.integers(0, 1440)


def utc(text: str) -> int:
    return int(datetime.fromisoformat(f"{text}+00:00").timestamp())


def at(hour: int, minute: int = 0) -> int:
    return 60 * hour + minute


@pytest.mark.parametrize(
    ("day", "minute", "expected"),
    [
        pytest.param(date(2027, 1, 15), at(9), "2027-01-15T08:00", id="winter: an hour ahead of UTC"),
        pytest.param(date(2027, 7, 15), at(9), "2027-07-15T07:00", id="summer: two hours ahead"),
        pytest.param(date(2027, 1, 15), 0, "2027-01-14T23:00", id="midnight begins the day"),
        pytest.param(date(2027, 1, 15), 1440, "2027-01-15T23:00", id="minute 1440 is the next midnight"),
        pytest.param(SPRING, at(1, 59), "2027-03-28T00:59", id="the last minute before the gap"),
        pytest.param(SPRING, at(2), "2027-03-28T01:00", id="the gap's first minute: its end"),
        pytest.param(SPRING, at(2, 30), "2027-03-28T01:00", id="inside the gap: its end too"),
        pytest.param(SPRING, at(3), "2027-03-28T01:00", id="the first minute after the gap"),
        pytest.param(SPRING, at(9), "2027-03-28T07:00", id="the rest of that day is summer time"),
        pytest.param(SPRING, 1440, "2027-03-28T22:00", id="a day of 23 hours"),
        pytest.param(AUTUMN, at(2), "2027-10-31T00:00", id="the fold's first minute, first time"),
        pytest.param(AUTUMN, at(2, 59), "2027-10-31T00:59", id="the fold's last minute, first time"),
        pytest.param(AUTUMN, at(3), "2027-10-31T02:00", id="after the fold: an hour and a minute later"),
        pytest.param(AUTUMN, 1440, "2027-10-31T23:00", id="a day of 25 hours"),
    ],
)
def test_instants_of_a_rule_in_paris(day: date, minute: int, expected: str) -> None:
    assert instant(day, minute, PARIS) == utc(expected)


@pytest.mark.parametrize(
    ("zone", "day", "minute", "expected"),
    [
        pytest.param("Indian/Reunion", SPRING, at(9), "2027-03-28T05:00", id="La Réunion has no summer time"),
        pytest.param("Asia/Beirut", date(2027, 3, 28), 0, "2027-03-27T22:00", id="a gap from midnight"),
        pytest.param("Asia/Beirut", date(2027, 3, 27), 1440, "2027-03-27T22:00", id="the eve ends there"),
        pytest.param("America/Toronto", date(1919, 3, 30), at(23, 45), "1919-03-31T04:30", id="a gap across midnight"),
        pytest.param("Pacific/Apia", date(2011, 12, 30), at(9), "2011-12-30T10:00", id="a day that was skipped"),
    ],
)
def test_instants_of_a_rule_elsewhere(zone: str, day: date, minute: int, expected: str) -> None:
    assert instant(day, minute, ZoneInfo(zone)) == utc(expected)


@pytest.mark.parametrize("locate", [instant, exact_instant])
@pytest.mark.parametrize("minute", [-1, 1441])
def test_a_minute_outside_the_day_is_a_mistake_of_the_caller(
    locate: Callable[[date, int, ZoneInfo], int], minute: int
) -> None:
    with pytest.raises(ValueError, match=str(minute)):
        locate(SPRING, minute, PARIS)


def test_what_a_person_typed_in_a_gap_is_refused_with_the_facts() -> None:
    with pytest.raises(ImpossibleTime) as refused:
        exact_instant(SPRING, at(2, 30), PARIS)

    error = refused.value
    assert (error.day, error.minute, error.zone) == (SPRING, 150, "Europe/Paris")


def test_what_a_person_typed_in_a_fold_is_its_first_occurrence() -> None:
    assert exact_instant(AUTUMN, at(2, 30), PARIS) == utc("2027-10-31T00:30")


@given(days, minutes, zones)
@example(SPRING, at(2), PARIS)
@example(SPRING, at(3), PARIS)
def test_exact_and_rule_differ_only_in_gaps(day: date, minute: int, zone: ZoneInfo) -> None:
    wall = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minute)
    exists = wall.astimezone(UTC).astimezone(zone).replace(fold=0) == wall

    if exists:
        assert exact_instant(day, minute, zone) == instant(day, minute, zone)
    else:
        with pytest.raises(ImpossibleTime):
            exact_instant(day, minute, zone)


@given(days, minutes, zones)
@example(SPRING, at(2, 30), PARIS)
@example(AUTUMN, at(2, 30), PARIS)
@example(date(1919, 3, 30), at(23, 45), ZoneInfo("America/Toronto"))
def test_the_clock_on_the_wall_shows_the_minute_asked_or_the_first_after_it(
    day: date, minute: int, zone: ZoneInfo
) -> None:
    wall = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minute)
    seconds = instant(day, minute, zone)

    # Both sides carry the same zone, so these compare what the clock on the wall shows.
    assert datetime.fromtimestamp(seconds, zone) >= wall
    assert datetime.fromtimestamp(seconds - 1, zone) < wall


@given(days, minutes, minutes, zones)
def test_a_later_minute_is_never_an_earlier_instant(day: date, one: int, other: int, zone: ZoneInfo) -> None:
    early, late = sorted((one, other))

    assert instant(day, early, zone) <= instant(day, late, zone)


@given(days, zones)
def test_a_day_ends_where_the_next_begins(day: date, zone: ZoneInfo) -> None:
    assert instant(day, 1440, zone) == instant(day + timedelta(days=1), 0, zone)


@given(days, st.integers(0, 1439), zones)
def test_every_minute_of_a_day_is_on_that_day(day: date, minute: int, zone: ZoneInfo) -> None:
    seconds = instant(day, minute, zone)
    assume(seconds < instant(day, 1440, zone))  # unless a gap takes the end of the day

    assert local_day(seconds, zone) == day


@pytest.mark.parametrize(
    ("moment", "zone", "expected"),
    [
        pytest.param("2027-01-14T22:59:59", "Europe/Paris", date(2027, 1, 14), id="a second before midnight"),
        pytest.param("2027-01-14T23:00:00", "Europe/Paris", date(2027, 1, 15), id="midnight in winter"),
        pytest.param("2027-07-14T22:00:00", "Europe/Paris", date(2027, 7, 15), id="midnight in summer"),
        pytest.param("2027-07-14T22:00:00", "America/Martinique", date(2027, 7, 14), id="still afternoon"),
    ],
)
def test_local_day(moment: str, zone: str, expected: date) -> None:
    assert local_day(utc(moment), ZoneInfo(zone)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2027-01-15T09:30", "2027-01-15T08:30", id="what a datetime-local field sends"),
        pytest.param("2027-01-15 09:30", "2027-01-15T08:30", id="a space for the T"),
        pytest.param("2027-01-15T09:30:15", "2027-01-15T08:30:15", id="seconds are kept"),
        pytest.param("2027-07-15T09:30Z", "2027-07-15T09:30", id="Z is UTC"),
        pytest.param("2027-07-15T09:30+04:00", "2027-07-15T05:30", id="an offset wins over the zone"),
        pytest.param("2027-10-31T02:30", "2027-10-31T00:30", id="in a fold, the first occurrence"),
        pytest.param("2027-10-31T02:30+01:00", "2027-10-31T01:30", id="the second one needs its offset"),
        pytest.param("2027-03-28T02:30+01:00", "2027-03-28T01:30", id="with an offset there is no gap"),
    ],
)
def test_parse_wall(text: str, expected: str) -> None:
    moment = parse_wall(text, PARIS)

    assert int(moment.timestamp()) == utc(expected)
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("demain", id="a word"),
        pytest.param("2027-01-15", id="no time"),
        pytest.param("2027-01-15T09", id="no minutes"),
        pytest.param("20270115T0930", id="ISO's basic format"),
        pytest.param("2027-W02-5T09:30", id="an ISO week"),
        pytest.param("15/01/2027 09:30", id="the French order, which the screens parse themselves"),
        pytest.param("2027-02-29T09:30", id="a day that is not in the calendar"),
        pytest.param("2027-01-15T25:00", id="hour 25"),
        pytest.param("2027-01-15T09:30 01:00", id="an offset whose + was lost in a URL"),
        pytest.param("2027-01-15T09:30\n", id="a line break after it"),
        pytest.param("٢٠٢٧-01-15T09:30", id="digits that are not ASCII"),
        pytest.param("0000-01-01T00:00", id="the year 0"),
        pytest.param("0001-01-01T00:00", id="before the first UTC instant"),
        pytest.param("0001-01-01T00:00+14:00", id="the same with an offset"),
        pytest.param("9999-12-31T23:59", id="the last day, which has no next midnight"),
    ],
)
def test_parse_wall_refuses(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_wall(text, PARIS)


def test_parse_wall_refuses_a_gap_as_such() -> None:
    with pytest.raises(ImpossibleTime):
        parse_wall("2027-03-28T02:30", PARIS)


@given(st.text())
def test_parse_wall_of_any_text_is_an_instant_or_a_known_refusal(text: str) -> None:
    try:
        moment = parse_wall(text, PARIS)
    except (ValueError, ImpossibleTime):
        return
    assert moment.tzinfo is UTC


@given(days, st.integers(0, 1439), zones)
def test_a_wall_time_that_is_written_is_read_back(day: date, minute: int, zone: ZoneInfo) -> None:
    seconds = instant(day, minute, zone)
    written = datetime.fromtimestamp(seconds, zone)

    assert parse_wall(f"{written:%Y-%m-%dT%H:%M}", zone).timestamp() == seconds


def weekly(**changes: Any) -> Rule:
    values = {
        "weekdays": WORKING_WEEK,
        "first_day": date(2027, 1, 4),
        "last_day": None,
        "starts": at(9),
        "ends": at(12),
    }
    return Rule(**{**values, **changes})


def local_spans(rule: Rule, from_day: date, to_day: date) -> list[str]:
    """Each span as a clerk would write it: 2027-01-04 09:00-12:00."""
    return [
        f"{datetime.fromtimestamp(start, PARIS):%Y-%m-%d %H:%M}-{datetime.fromtimestamp(end, PARIS):%H:%M}"
        for start, end in occurrences(rule, from_day, to_day, PARIS)
    ]


MONDAY, FRIDAY, SUNDAY = date(2027, 1, 4), date(2027, 1, 8), date(2027, 1, 10)


@pytest.mark.parametrize(
    ("rule", "from_day", "to_day", "expected"),
    [
        pytest.param(
            weekly(weekdays=frozenset({1, 7})),
            MONDAY,
            SUNDAY,
            ["2027-01-04 09:00-12:00", "2027-01-10 09:00-12:00"],
            id="Mondays and Sundays: the week's two ends, both days of the window included",
        ),
        pytest.param(
            weekly(weekdays=frozenset({1}), last_day=date(2027, 1, 18)),
            MONDAY,
            date(2027, 2, 28),
            ["2027-01-04 09:00-12:00", "2027-01-11 09:00-12:00", "2027-01-18 09:00-12:00"],
            id="the last day of a recurrence counts",
        ),
        pytest.param(
            weekly(weekdays=frozenset({5}), first_day=FRIDAY),
            date(2026, 12, 1),
            SUNDAY,
            ["2027-01-08 09:00-12:00"],
            id="nothing before the first day; that day counts",
        ),
        pytest.param(
            weekly(weekdays=frozenset({3}), first_day=date(2020, 1, 1)),
            MONDAY,
            SUNDAY,
            ["2027-01-06 09:00-12:00"],
            id="an opening that began years ago still runs",
        ),
        pytest.param(
            weekly(weekdays=None, first_day=SUNDAY),
            MONDAY,
            date(2027, 12, 31),
            ["2027-01-10 09:00-12:00"],
            id="one date, whatever its weekday, once",
        ),
        pytest.param(weekly(weekdays=None, first_day=SUNDAY), MONDAY, FRIDAY, [], id="one date, after the window"),
        pytest.param(weekly(weekdays=None, first_day=MONDAY), FRIDAY, SUNDAY, [], id="one date, before the window"),
        pytest.param(weekly(last_day=date(2027, 1, 3)), MONDAY, SUNDAY, [], id="ended before the window"),
        pytest.param(weekly(), SUNDAY, MONDAY, [], id="a window that ends before it begins"),
        pytest.param(
            weekly(weekdays=frozenset({1}), starts=0, ends=1440),
            MONDAY,
            MONDAY,
            ["2027-01-04 00:00-00:00"],
            id="a whole day, to the next midnight",
        ),
        pytest.param(
            weekly(weekdays=frozenset({6, 7})),
            date(2027, 3, 27),
            SPRING,
            ["2027-03-27 09:00-12:00", "2027-03-28 09:00-12:00"],
            id="9:00 stays 9:00 when summer begins",
        ),
        pytest.param(
            weekly(weekdays=frozenset({6, 7})),
            date(2027, 10, 30),
            AUTUMN,
            ["2027-10-30 09:00-12:00", "2027-10-31 09:00-12:00"],
            id="9:00 stays 9:00 when winter begins",
        ),
        pytest.param(
            weekly(weekdays=None, first_day=SPRING, starts=at(2, 15), ends=at(2, 45)),
            SPRING,
            SPRING,
            [],
            id="a span that the gap swallows is no span",
        ),
        pytest.param(
            weekly(weekdays=None, first_day=SPRING, starts=at(2, 30), ends=at(4)),
            SPRING,
            SPRING,
            ["2027-03-28 03:00-04:00"],
            id="a start in the gap is pushed to its end",
        ),
    ],
)
def test_occurrences(rule: Rule, from_day: date, to_day: date, expected: list[str]) -> None:
    assert local_spans(rule, from_day, to_day) == expected


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        pytest.param(date(2027, 3, 27), 24, id="an ordinary day"),
        pytest.param(SPRING, 23, id="when summer begins"),
        pytest.param(AUTUMN, 25, id="when winter begins"),
    ],
)
def test_a_whole_day_lasts_as_long_as_the_clocks_say(day: date, hours: int) -> None:
    [(start, end)] = occurrences(weekly(weekdays=None, first_day=day, starts=0, ends=1440), day, day, PARIS)

    assert end - start == hours * 3600


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"starts": at(9), "ends": at(9)}, id="empty"),
        pytest.param({"starts": at(22), "ends": at(6)}, id="over midnight: two rules say it"),
        pytest.param({"starts": -5}, id="before midnight"),
        pytest.param({"ends": 1445}, id="after the next midnight"),
        pytest.param({"weekdays": frozenset()}, id="no day of the week"),
        pytest.param({"weekdays": frozenset({0, 1})}, id="0 is not an ISO weekday"),
        pytest.param({"weekdays": frozenset({8})}, id="nor is 8"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"hours|weekdays"):
        weekly(**changes)


rules = st.builds(
    lambda weekdays, first_day, length, hours: Rule(
        weekdays or None,
        first_day,
        None if length is None else first_day + timedelta(days=length),
        5 * min(hours),
        5 * max(hours),
    ),
    st.frozensets(st.integers(1, 7)),
    days,
    st.none() | st.integers(0, 200),
    st.sets(st.integers(0, 288), min_size=2, max_size=2),
)


@given(rules, st.integers(-60, 200), st.integers(0, 91), zones)
def test_occurrences_are_the_days_that_match_taken_one_by_one(
    rule: Rule, shift: int, length: int, zone: ZoneInfo
) -> None:
    from_day = rule.first_day + timedelta(days=shift)
    window = [from_day + timedelta(days=n) for n in range(length + 1)]

    def matches(day: date) -> bool:
        if rule.last_day is not None and day > rule.last_day:
            return False
        if rule.weekdays is None:
            return day == rule.first_day
        return day >= rule.first_day and day.isoweekday() in rule.weekdays

    expected = [
        (start, end)
        for day in filter(matches, window)
        if (start := instant(day, rule.starts, zone)) < (end := instant(day, rule.ends, zone))
    ]
    assert occurrences(rule, from_day, window[-1], zone) == expected


@given(rules, zones)
def test_spans_are_in_order_and_never_overlap(rule: Rule, zone: ZoneInfo) -> None:
    spans = occurrences(rule, rule.first_day, rule.first_day + timedelta(days=200), zone)

    assert all(start < end for start, end in spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
