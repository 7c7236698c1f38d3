"""Which rooms fit, and which is given first."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from booking.rooms.fitting import Need, RoomFacts, by_preference, fits

PMI, SANTE_SEXUELLE = 1, 2
CABINET = RoomFacts(1, 1, "C1", "cabinet", 4, frozenset({"sink", "examination_couch"}), None)
CONSULTATION = Need(frozenset({"cabinet"}), frozenset({"examination_couch"}), PMI)

FITS = [
    (CABINET, CONSULTATION, True, "the right kind, with more than is asked"),
    (replace(CABINET, kind="bureau"), CONSULTATION, False, "an office is no cabinet"),
    (replace(CABINET, features=frozenset({"sink"})), CONSULTATION, False, "it lacks the couch"),
    (CABINET, replace(CONSULTATION, features=frozenset()), True, "nothing special is asked"),
    (CABINET, replace(CONSULTATION, kinds=frozenset({"bureau", "cabinet"})), True, "one of several kinds"),
    (replace(CABINET, capacity=2), CONSULTATION, True, "just enough places"),
    (replace(CABINET, capacity=1), CONSULTATION, False, "a place for one"),
    (CABINET, replace(CONSULTATION, persons=5), False, "a family of five"),
    (replace(CABINET, reserved_for_id=SANTE_SEXUELLE), CONSULTATION, False, "kept for another service"),
    (replace(CABINET, reserved_for_id=PMI), CONSULTATION, True, "kept for this very service"),
    (
        replace(CABINET, kind="espace_numerique"),
        CONSULTATION,
        False,
        "a PC is never proposed for another kind",
    ),
]


@pytest.mark.parametrize(("room", "need", "expected", "because"), FITS, ids=[row[3] for row in FITS])
def test_a_room_fits(room: RoomFacts, need: Need, expected: bool, because: str) -> None:
    assert fits(room, need) is expected, because


PREFERRED = [
    replace(CABINET, code="C4", reserved_for_id=PMI, capacity=8),  # nobody else could use it
    replace(CABINET, code="B9", features=frozenset(), capacity=6),  # the fewest features
    replace(CABINET, code="B1", features=frozenset({"sink"}), capacity=2),  # then the smallest
    replace(CABINET, code="B2", features=frozenset({"sink"}), capacity=4),  # then by code
    replace(CABINET, code="B3", features=frozenset({"step_free"}), capacity=4),
]


def test_the_least_versatile_comes_first() -> None:
    for shuffled in permutations(PREFERRED):
        assert by_preference(shuffled) == PREFERRED
