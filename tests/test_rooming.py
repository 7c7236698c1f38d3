"""The yardstick of `python -m bench.rooming` is exact, and rooms are chosen as well as they are said to be."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from functools import reduce
from operator import or_
from typing import Any

import pytest
from hypothesis import given

from bench import exact, rooming
from bench.exact import Wish
from bench.roomdays import MIXES, Mix, Request, demand, rooms
from bench.rooming import WAYS, Day, Line, Tally, measure, wish
from booking.rooms.fitting import Need, RoomFacts, fits
from booking.slots.reassigning import LIMITS, Answer, Board, Limits, Placement
from tests.slots.test_reassigning import Drawn, days

# ------------------------------------------------------------------ the solver

NEED = Need(frozenset({"bureau"}), frozenset(), 1)
STEP_FREE = replace(NEED, features=frozenset({"step_free"}))
UPSTAIRS = RoomFacts(1, 1, "B1", "bureau", 4, frozenset(), None)
GROUND = RoomFacts(2, 1, "B2", "bureau", 4, frozenset({"step_free"}), None)
TWIN = replace(UPSTAIRS, id=3, code="B3")


def test_the_solver_houses_whoever_can_be_housed() -> None:
    wishes = [Wish(7, 0b0011, NEED), Wish(8, 0b0110, STEP_FREE), Wish(9, 0b1100, NEED)]
    assert exact.housed([UPSTAIRS, GROUND], wishes, {}) == {7: 1, 8: 2, 9: 1}
    assert exact.housed([UPSTAIRS, GROUND], wishes, {1: 0b1000}) is None, "9 has the office upstairs alone"
    assert exact.housed([UPSTAIRS, GROUND], [*wishes, Wish(10, 0b0100, NEED)], {}) is None, "three at one instant"


def test_rooms_that_are_alike_are_shared_out() -> None:
    wishes = [Wish(7, 0b0011, NEED), Wish(8, 0b0110, NEED), Wish(9, 0b1100, NEED)]
    found = exact.housed([UPSTAIRS, TWIN], wishes, {})
    assert found is not None
    assert found[7] != found[8] != found[9]
    assert set(found.values()) == {1, 3}


@given(day=days())
def test_the_solver_and_the_board_agree(day: Drawn) -> None:
    """One is the other's proof: they have nothing in common but `fits`."""
    wanted = Wish(1, day.cells, day.wanted)
    answer = Board(day.rooms, day.placed).place(day.wanted, day.cells, Limits(len(day.placed), 10**6))
    fewest = exact.fewest_moves(day.rooms, day.placed, wanted)
    assert fewest == (None if answer.room_id is None else len(answer.moves))
    wishes = [*(Wish(one.key, one.cells, one.need) for one in day.placed if one.movable), wanted]
    assert (exact.housed(day.rooms, wishes, exact.fixed_of(day.placed)) is None) == (fewest is None)


def test_the_most_that_can_be_housed() -> None:
    assert exact.most([UPSTAIRS, TWIN], [Wish(key, 1, NEED) for key in range(5)]) == 2
    assert exact.most([UPSTAIRS], [Wish(7, 1, STEP_FREE)]) == 0
    assert exact.most([UPSTAIRS], [Wish(7, 0b111, NEED), Wish(8, 0b001, NEED), Wish(9, 0b100, NEED)]) == 2


def test_the_fewest_moves() -> None:
    placed = [Placement(7, 2, 0b01, NEED), Placement(8, 2, 0b10, NEED)]
    assert exact.fewest_moves([UPSTAIRS, GROUND], placed, Wish(9, 0b11, NEED)) == 0
    assert exact.fewest_moves([UPSTAIRS, GROUND], placed, Wish(9, 0b11, STEP_FREE)) == 2
    pinned = replace(placed[0], movable=False)
    assert exact.fewest_moves([UPSTAIRS, GROUND], [pinned, placed[1]], Wish(9, 0b11, STEP_FREE)) is None


# ------------------------------------------------------------------ the days


def test_the_rooms_are_those_of_the_first_site() -> None:
    assert Counter(room.kind for room in rooms()) == {"bureau": 10, "cabinet": 4, "parents_enfants": 3}
    assert [room.code for room in rooms() if room.reserved_for_id] == ["C4"]


@pytest.mark.parametrize("mix", MIXES, ids=lambda mix: mix.name)
def test_a_day_asks_for_what_the_rooms_could_hold(mix: Mix) -> None:
    day = demand(mix, 0.9, seed=1)
    assert day == demand(mix, 0.9, seed=1) != demand(mix, 0.9, seed=2)
    asked = sum(one.cells.bit_count() for one in day) / (17 * 108)
    assert 0.9 <= asked < 0.95
    assert reduce(or_, (one.cells for one in day)).bit_length() <= 108, "no later than 17h30"
    assert all(any(fits(room, one.need) for room in rooms()) for one in day), "each could have some room"
    assert {one.key for one in day} == set(range(1, len(day) + 1))


def test_the_peaks_are_where_they_are_said_to_be() -> None:
    def share(mix: Mix) -> float:
        starts = [8.5 + ((one.cells & -one.cells).bit_length() - 1) / 12 for one in demand(mix, 1.1, seed=1)]
        return sum(9 <= start < 11.5 or 13.5 <= start < 16 for start in starts) / len(starts)

    even, peaks = (share(next(mix for mix in MIXES if mix.name == name)) for name in ("even", "peaks"))
    assert peaks > even + 0.05


# ------------------------------------------------------------------ the ways to choose

FULL = replace(MIXES[1], cancelled=0)  # without cancellations, the optimum is over the same requests
DAY = demand(FULL, 0.9, seed=3)


def sound(day: Day) -> bool:
    """Nobody shares a room, and everybody fits theirs."""
    by_id = {room.id: room for room in day.rooms}
    taken: dict[int, int] = {}
    for one in day.placed.values():
        if taken.get(one.room_id, 0) & one.cells or not fits(by_id[one.room_id], one.need):
            return False
        taken[one.room_id] = taken.get(one.room_id, 0) | one.cells
    return True


def test_no_way_houses_more_than_the_optimum() -> None:
    tallies = {name: Tally() for name in WAYS}
    for name, choose in WAYS.items():
        rooming.fill(DAY, choose, tallies[name])
    best = rooming.optimum(DAY)
    for tally in tallies.values():
        assert best <= tally.refused
        assert tally.avoidable <= tally.refused
        assert tally.exhausted <= tally.refused
        assert len(tally.steps) == len(DAY)
        assert max(tally.steps) <= LIMITS.steps
    assert tallies["unlimited"].avoidable == 0
    assert tallies["least_versatile"].moves == tallies["first_free"].moves == 0
    assert tallies["moves_3"].refused < tallies["least_versatile"].refused
    assert tallies["moves_3"].avoidable < tallies["least_versatile"].avoidable


@pytest.mark.parametrize("name", WAYS)
def test_nobody_ever_shares_a_room(name: str) -> None:
    def checked(day: Day, request: Request) -> Answer:
        assert sound(day)
        pinned = {key: one.room_id for key, one in day.placed.items() if not one.movable}
        answer = WAYS[name](day, request)
        assert not pinned.keys() & dict(answer.moves).keys(), "who is pinned stays"
        return answer

    rooming.fill(DAY, checked, Tally())


def test_a_day_is_filled_until_rooms_are_refused() -> None:
    """Of each refusal the solver says the fewest moves that would have made room: none at all, or more than allowed."""
    found = rooming.verdicts(DAY)
    assert found.total() == len(DAY)
    assert found["no_way"] > 5
    assert found["more_moves"] > 0
    assert found["moved"] > 5
    assert found["exhausted"] == 0
    assert found["more_moves"] < found["no_way"] / 2, "what is refused could nearly never have been given"


def test_who_makes_way_makes_it_in_as_few_moves_as_can_be() -> None:
    """Where a room is free nobody moves; where none is, the solver finds nothing shorter."""
    day, moved = Day(rooms()), 0
    for request in DAY:
        answer = day.board.place(request.need, request.cells, LIMITS)
        if answer.room_id is None:
            continue
        if answer.moves:
            moved += 1
            fewest = exact.fewest_moves(day.rooms, tuple(day.placed.values()), wish(request))
            assert fewest == len(answer.moves)
        day.take(request, answer)
    assert moved > 5


# ------------------------------------------------------------------ the table

COMMITTED = json.loads(rooming.FILE.read_text(encoding="utf-8"))


def test_a_line_says_refusals_and_what_the_solver_makes_of_them() -> None:
    way = {"refused": 12, "avoidable": 5, "exhausted": 0}
    ways = dict.fromkeys(WAYS, way) | {"moves_3": way | {"exhausted": 1}}
    line = rooming.text(Line("peaks", 0.9, 10, 3400, 4, ways, {}))
    assert line.split() == ["peaks", "90%", "3400", *["12", "(5)"] * 4, "12", "(5)*", "12", "(5)", "4"]
    assert len(line) == len(rooming.HEAD)


def test_a_line_says_what_became_of_its_first_day() -> None:
    counts = {"direct": 150, "moved": 11, "no_way": 38, "more_moves": 5, "exhausted": 1}
    line = rooming.text_of_first_day(Line("peaks", 0.9, 10, 3400, 4, {}, counts))
    assert line.split() == ["peaks", "90%", "150", "11", "44", "38", "5", "1"]
    assert len(line) == len(rooming.FIRST_DAYS)


def test_a_line_sums_its_days() -> None:
    line = measure(MIXES[0], 0.7, days=2)
    days = [demand(MIXES[0], 0.7, seed) for seed in (1, 2)]
    assert line.asked == sum(map(len, days))
    tally = Tally()
    for day in days:
        rooming.fill(day, WAYS["moves_1"], tally)
    assert line.ways["moves_1"] == tally.as_json()
    assert tally.as_json()["steps_most"] == max(tally.steps)
    assert line.first_day == rooming.verdicts(days[0])


def test_every_mix_is_measured_at_every_load() -> None:
    assert [(line["mix"], line["load"]) for line in COMMITTED] == [
        (mix.name, load) for mix in MIXES for load in rooming.LOADS
    ]
    assert {line["days"] for line in COMMITTED} == {rooming.DAYS}
    assert all(line["ways"].keys() == WAYS.keys() for line in COMMITTED)


@pytest.mark.parametrize("line", COMMITTED, ids=lambda line: f"{line['mix']} {line['load']:.0%}")
def test_making_way_beats_the_direct_choice(line: dict[str, Any]) -> None:
    """What the product does late it does because of this: where it did not hold, it would have to be off."""
    refused = {name: way["refused"] for name, way in line["ways"].items()}
    assert line["optimum"] <= refused["unlimited"]
    assert refused[f"moves_{LIMITS.moves}"] < refused["least_versatile"]
    assert all(way["avoidable"] <= way["refused"] for way in line["ways"].values())
    assert line["ways"]["unlimited"]["avoidable"] == 0
