"""Searches at the ends of the calendar."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from booking.errors import Invalid
from booking.slots.availability import Search, Slot, find_slots, first_slots
from tests.builders import NOW, Cast

FAR = [
    (datetime(1, 1, 1, tzinfo=UTC), "from", "the first day of all"),
    (datetime(1999, 12, 31, tzinfo=UTC), "from", "before computers kept this"),
    (datetime(2999, 12, 31, tzinfo=UTC), "to", "it ends too far away"),
    (datetime(9999, 12, 30, tzinfo=UTC), "from", "the last days of all"),
]
WAYS: list[Callable[[Session, Search], list[Slot]]] = [
    lambda session, search: find_slots(session, search, NOW),
    lambda session, search: first_slots(session, search, NOW, 5),
]


@pytest.mark.parametrize("find", WAYS, ids=["find_slots", "first_slots"])
@pytest.mark.parametrize(("start", "field", "because"), FAR, ids=[row[2] for row in FAR])
def test_a_search_too_far_away_is_refused(
    session: Session,
    cast: Cast,
    find: Callable[[Session, Search], list[Slot]],
    start: datetime,
    field: str,
    because: str,
) -> None:
    with pytest.raises(Invalid, match=f"{field}: out_of_range"):
        find(session, Search(cast.entretien, start, start + timedelta(days=1)))


def test_a_naive_search_is_a_bug(session: Session, cast: Cast) -> None:
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(ValueError, match="naive"):
        find_slots(session, Search(cast.entretien, naive, naive + timedelta(days=1)), NOW)
