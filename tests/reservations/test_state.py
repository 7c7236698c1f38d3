"""What an appointment takes and what history keeps of it, from its values alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.reservations.state import State
from tests.builders import NOW, paris

NINE = paris("2026-11-23 09:00")


def state(**values: Any) -> State:
    known: dict[str, Any] = {
        "id": 7,
        "uid": "abc",
        "site_id": 1,
        "type_id": 1,
        "mode": "in_person",
        "room_id": 5,
        "starts_at": NINE,
        "ends_at": NINE + timedelta(minutes=45),
        "buffer_before": 5,
        "buffer_after": 10,
        "created_at": NOW,
        "updated_at": NOW,
        "professional_ids": frozenset({1, 2}),
        "attendance": {10: "expected"},
    }
    values = {**known, **values}
    return State(**{"notices": dict.fromkeys(values["attendance"], 0), **values})


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


WIDE = (seconds(NINE) - 300, seconds(NINE) + 55 * 60)
NARROW = (seconds(NINE), seconds(NINE) + 45 * 60)


@pytest.mark.parametrize(
    ("values", "taken"),
    [
        pytest.param({}, {1: WIDE, 2: WIDE, 5: WIDE, 10: NARROW}, id="buffers take professionals and the room alone"),
        pytest.param({"room_id": None, "mode": "phone"}, {1: WIDE, 2: WIDE, 10: NARROW}, id="no room by phone"),
        pytest.param({"cancelled_at": NOW, "cancelled_by": "usager"}, {}, id="nothing once it is cancelled"),
    ],
)
def test_what_it_takes(values: dict[str, Any], taken: dict[int, tuple[int, int]]) -> None:
    assert state(**values).taken() == taken


def test_a_change_that_feeds_render_dates_the_appointment() -> None:
    later = NOW + timedelta(minutes=1)
    changed = state(version=3).changed(later, room_id=6)
    assert (changed.version, changed.updated_at, changed.room_id) == (4, later, 6)


def test_attendance_is_a_change_that_no_feed_renders() -> None:
    before = state(version=3, attendance={10: "expected", 11: "expected"})
    after = before.attended(11, "seen")
    assert (after.version, after.updated_at) == (4, before.updated_at)
    assert after.attendance == {10: "expected", 11: "seen"}
    assert before.attendance == {10: "expected", 11: "expected"}, "a state never changes"


def test_history_keeps_ids_times_and_codes_in_one_order() -> None:
    facts = state(attendance={11: "seen", 10: "no_show"}, professional_ids=frozenset({2, 1})).facts()
    assert facts == {
        "site": 1,
        "type": 1,
        "mode": "in_person",
        "seats": None,
        "start": NINE.isoformat(),
        "end": (NINE + timedelta(minutes=45)).isoformat(),
        "room": 5,
        "pinned": False,
        "professionals": [1, 2],
        "attendance": {"10": "no_show", "11": "seen"},
        "cancelled_by": None,
    }
    assert list(facts["attendance"]) == ["10", "11"]


@given(cells=st.integers(1, 96), before=st.integers(0, 24), after=st.integers(0, 24), shift=st.integers(-2000, 2000))
def test_it_takes_as_long_wherever_it_starts(cells: int, before: int, after: int, shift: int) -> None:
    """Across a change of clocks as well: instants are counted in seconds, not on a wall."""
    one = state(ends_at=NINE + cells * timedelta(minutes=5), buffer_before=5 * before, buffer_after=5 * after)
    start, end = one.with_buffers(NINE + shift * timedelta(hours=1))
    assert end - start == 300 * (before + cells + after)
    assert start == seconds(NINE) + 3600 * shift - 300 * before
