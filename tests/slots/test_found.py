"""Slots that are not made until somebody reads them: the same that making all of them would give."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.slots import hours
from booking.slots.found import Found
from booking.slots.grid import CELL, Grid
from booking.slots.ranking import Ties, rank
from booking.slots.suggesting import candidates
from tests.slots.asking import finding

ZONES = [ZoneInfo("Europe/Paris"), ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata"), ZoneInfo("UTC")]
# A clock change in Paris, one in New York, and days without any.
FIRST_DAYS = [date(2026, 10, 24), date(2027, 3, 13), date(2026, 11, 23)]
DAYS = 4
CELLS = DAYS * 288
PEOPLE = st.dictionaries(st.integers(1, 6), st.frozensets(st.integers(0, CELLS - 1), max_size=60), max_size=6)
GRIDS = st.builds(
    lambda day, zone: Grid(hours.instant(day, 0, zone), CELLS), st.sampled_from(FIRST_DAYS), st.sampled_from(ZONES)
)
FOUND = st.builds(finding, PEOPLE, GRIDS, st.integers(1, 24))


@given(FOUND)
def test_its_number_and_its_order_are_those_of_the_slots(found: Found) -> None:
    every = found.slots()
    assert len(found) == len(every)
    assert every == sorted(every)
    assert [found.start_of(n + 1) for n in range(len(every))] == [int(each.start.timestamp()) for each in every]
    assert not every or found.span == (every[0].start.timestamp(), every[-1].start.timestamp())
    assert {each.end - each.start for each in every} <= {timedelta(seconds=found.duration * CELL)}


@given(FOUND, st.integers(0, 400))
def test_the_first_are_the_first(found: Found, limit: int) -> None:
    assert found.slots(limit) == found.slots()[:limit]


@given(FOUND, st.integers(-10, CELLS + 10), st.integers(-10, CELLS + 10))
def test_between_two_instants(found: Found, first: int, last: int) -> None:
    every = found.slots()
    origin = found.given[0][0].situation.grid.origin if found.given else 0
    span = origin + first * CELL, origin + last * CELL
    within = [each for each in every if span[0] <= each.start.timestamp() < span[1]]
    assert found.between(*span).slots() == within


@given(FOUND)
def test_each_kind_of_professional_has_their_own(found: Found) -> None:
    parts = found.by_lead(lambda who: who % 2)
    assert sorted(slot for part in parts.values() for slot in part.slots()) == found.slots()
    assert all({slot.professional_id % 2 for slot in part.slots()} <= {kind} for kind, part in parts.items())


TIES = st.builds(Ties, st.none() | st.integers(1, 6), st.frozensets(st.integers(1, 6), max_size=3))


@given(FOUND, TIES, st.sampled_from(ZONES), st.integers(0, 7))
def test_what_is_said_first_is_among_the_candidates(found: Found, ties: Ties, zone: ZoneInfo, wanted: int) -> None:
    """Ranking a few of each half-day says what ranking all of them says, whatever the zone and the clock changes."""
    few = candidates(found, ties, zone, wanted)
    assert rank(few, ties, zone, wanted) == rank(found.slots(), ties, zone, wanted)
    assert len(few) <= 3 * 2 * (DAYS + 1) * (wanted + len(found.given))


@pytest.mark.parametrize("wanted", [1, 5])
def test_nothing_found_is_nothing_to_say(wanted: int) -> None:
    assert candidates(Found(6), Ties(), ZONES[0], wanted) == []
    assert (len(Found(6)), Found(6).slots(), Found(6).between(0, 9).slots()) == (0, [], [])
