"""Rooms given anew so that one more appointment finds one: the fewest moves, within a budget, never two in a room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rooms.fitting import Need, RoomFacts, fits
from booking.slots.grid import Mask
from booking.slots.reassigning import Answer, Board, Limits, Placement

AMPLE = 100_000
THREE = Limits(moves=3, steps=AMPLE)


def cells(text: str) -> Mask:
    """« ..XX » is the third and fourth cell."""
    return sum(1 << at for at, sign in enumerate(text) if sign == "X")


def room(key: int, *features: str, capacity: int = 4, reserved_for: int | None = None) -> RoomFacts:
    return RoomFacts(key, 1, f"B{key}", "bureau", capacity, frozenset(features), reserved_for)


def need(*features: str, persons: int = 2, service: int = 1) -> Need:
    return Need(frozenset({"bureau"}), frozenset(features), service, persons)


ANY, STEP_FREE, FAMILY = need(), need("step_free"), need(persons=5)
UPSTAIRS, GROUND, LARGE = room(1), room(2, "step_free"), room(3, "step_free", capacity=6)


# ------------------------------------------------------------------ as a table


@dataclass(frozen=True)
class Case:
    because: str
    rooms: list[RoomFacts]
    placed: list[Placement]
    wanted: Need
    expected: Answer  # its steps are not compared
    at: str = "XX"
    closed: Mapping[int, Mask] = field(default_factory=dict)
    limits: Limits = THREE


def at(key: int, room_id: int, when: str, asks: Need = ANY, *, movable: bool = True) -> Placement:
    return Placement(key, room_id, cells(when), asks, movable)


CASES = [
    Case("a free room is given, the least versatile first", [GROUND, UPSTAIRS], [], ANY, Answer(1)),
    Case("a free room is given though others could move", [UPSTAIRS, GROUND], [at(7, 1, "XX")], ANY, Answer(2)),
    Case("who touches is in nobody's way", [UPSTAIRS], [at(7, 1, "..XX")], ANY, Answer(1)),
    Case("who climbs stairs makes way", [UPSTAIRS, GROUND], [at(7, 2, "XX")], STEP_FREE, Answer(2, ((7, 1),))),
    Case("who is pinned does not", [UPSTAIRS, GROUND], [at(7, 2, "XX", movable=False)], STEP_FREE, Answer(None)),
    Case(
        "two short ones make way together",
        [UPSTAIRS, GROUND],
        [at(7, 2, "X..."), at(8, 2, ".X..")],
        STEP_FREE,
        Answer(2, ((7, 1), (8, 1))),
    ),
    Case(
        "two are more than one move",
        [UPSTAIRS, GROUND],
        [at(7, 2, "X..."), at(8, 2, ".X..")],
        STEP_FREE,
        Answer(None),
        limits=Limits(1, AMPLE),
    ),
    Case(
        "one of the two is pinned",
        [UPSTAIRS, GROUND],
        [at(7, 2, "X..."), at(8, 2, ".X..", movable=False)],
        STEP_FREE,
        Answer(None),
    ),
    Case(
        "one leaves for a room that another leaves",
        [UPSTAIRS, GROUND, LARGE],
        [at(7, 3, "XX", STEP_FREE), at(8, 2, "XX")],
        FAMILY,
        Answer(3, ((7, 2), (8, 1))),
    ),
    Case(
        "a chain of two is longer than one move",
        [UPSTAIRS, GROUND, LARGE],
        [at(7, 3, "XX", STEP_FREE), at(8, 2, "XX")],
        FAMILY,
        Answer(None),
        limits=Limits(1, AMPLE),
    ),
    Case(
        "one move where two would do as well",
        [UPSTAIRS, GROUND, LARGE],
        [at(7, 3, "XX"), at(8, 2, "XX", STEP_FREE)],
        FAMILY,
        Answer(3, ((7, 1),)),
    ),
    Case(
        "no moves asked for, none made",
        [UPSTAIRS, GROUND],
        [at(7, 2, "XX")],
        STEP_FREE,
        Answer(None),
        limits=Limits(0, AMPLE),
    ),
    Case(
        "nobody moves into a closed room",
        [UPSTAIRS, GROUND],
        [at(7, 2, "XX")],
        STEP_FREE,
        Answer(None),
        closed={1: cells("X")},
    ),
    Case("a closed room is not given", [UPSTAIRS], [], ANY, Answer(None), closed={1: cells(".X")}),
    Case(
        "nobody moves into a room that does not fit",
        [UPSTAIRS, GROUND],
        [at(7, 2, "XX", STEP_FREE)],
        STEP_FREE,
        Answer(None),
    ),
    Case(
        "who moves is not in the way of what follows elsewhere",
        [UPSTAIRS, GROUND],
        [at(7, 2, ".XX."), at(8, 1, "...X")],
        STEP_FREE,
        Answer(2, ((7, 1),)),
    ),
    Case(
        "a room kept for another service is no way out",
        [room(1, reserved_for=2), GROUND],
        [at(7, 2, "XX")],
        STEP_FREE,
        Answer(None),
    ),
    Case("no room fits", [UPSTAIRS], [], STEP_FREE, Answer(None)),
    Case("those in other rooms stand in nobody's way", [UPSTAIRS], [at(7, 99, "XX")], ANY, Answer(1)),
    Case(
        "all rooms taken: ended before the first move, whatever the budget",
        [UPSTAIRS, GROUND],
        [at(7, 1, "X"), at(8, 2, "X")],
        ANY,
        Answer(None),
        limits=Limits(3, 2),
    ),
    Case(
        "the budget ends before the search",
        [UPSTAIRS, GROUND, LARGE],
        [at(7, 3, "XX", STEP_FREE), at(8, 2, "XX")],
        FAMILY,
        Answer(None, exhausted=True),
        limits=Limits(3, 4),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.because for case in CASES])
def test_a_room_is_found(case: Case) -> None:
    answer = Board(case.rooms, case.placed, case.closed).place(case.wanted, cells(case.at), case.limits)
    assert (answer.room_id, answer.moves, answer.exhausted) == (
        case.expected.room_id,
        case.expected.moves,
        case.expected.exhausted,
    )


def test_steps_are_rooms_looked_at() -> None:
    board = Board([UPSTAIRS, GROUND], [at(7, 2, "XX")])
    assert board.place(ANY, cells("XX"), Limits(3, AMPLE)).steps == 1
    # GROUND without moves; then GROUND with one, where 7 looks at UPSTAIRS.
    assert board.place(STEP_FREE, cells("XX"), Limits(3, AMPLE)).steps == 3
    assert board.place(STEP_FREE, cells("XX"), Limits(3, 3)).room_id == 2
    assert board.place(STEP_FREE, cells("XX"), Limits(3, 2)) == Answer(None, steps=2, exhausted=True)


# ------------------------------------------------------------------ whatever the day

FEATURES = ("a", "b")
NEEDS = st.builds(
    Need,
    st.just(frozenset({"bureau"})),
    st.frozensets(st.sampled_from(FEATURES), max_size=1),
    st.sampled_from([1, 2]),
    st.sampled_from([2, 4]),
)
SPANS = st.tuples(st.integers(0, 5), st.integers(1, 3)).map(lambda span: ((1 << span[1]) - 1) << span[0])


@dataclass(frozen=True)
class Drawn:
    rooms: list[RoomFacts]
    placed: list[Placement]
    closed: dict[int, Mask]
    wanted: Need
    cells: Mask


@st.composite
def days(draw: st.DrawFn) -> Drawn:
    """Up to four rooms with up to seven appointments, each put into the first room where it fits."""
    features = st.frozensets(st.sampled_from(FEATURES))
    rooms = [
        RoomFacts(
            key,
            1,
            f"B{key}",
            "bureau",
            draw(st.sampled_from([2, 4, 4])),
            draw(features),
            draw(st.sampled_from([None, None, 1])),
        )
        for key in range(1, draw(st.integers(1, 4)) + 1)
    ]
    closed = {1: draw(SPANS)} if draw(st.booleans()) else {}
    placed: list[Placement] = []
    for key, (asks, span, movable) in enumerate(
        draw(st.lists(st.tuples(NEEDS, SPANS, st.sampled_from([True, True, True, False])), max_size=7)), 10
    ):
        for each in draw(st.permutations(rooms)):
            if fits(each, asks) and free(each.id, span, placed, closed):
                placed.append(Placement(key, each.id, span, asks, movable))
                break
    return Drawn(rooms, placed, closed, draw(NEEDS), draw(SPANS))


def free(room_id: int, span: Mask, placed: list[Placement], closed: Mapping[int, Mask]) -> bool:
    return not any(one.cells & span for one in placed if one.room_id == room_id) and not closed.get(room_id, 0) & span


def after(day: Drawn, moves: Mapping[int, int], room_id: int) -> list[Placement]:
    """Everybody where a plan puts them, the new one with the key 1."""
    moved = [Placement(one.key, moves.get(one.key, one.room_id), one.cells, one.need) for one in day.placed]
    return [*moved, Placement(1, room_id, day.cells, day.wanted)]


def stands(day: Drawn, placed: list[Placement], changed: set[int]) -> bool:
    """Whether nobody shares a room or is where it is closed, and whoever changed fits."""
    by_id = {each.id: each for each in day.rooms}
    return all(
        free(one.room_id, one.cells, [other for other in placed if other is not one], day.closed)
        and (one.key not in changed or fits(by_id[one.room_id], one.need))
        for one in placed
        if one.room_id in by_id
    )


def fewest(day: Drawn, limit: int) -> int | None:
    """By trying everything: the fewest moves that make room, None when more than `limit` are needed."""
    movable = [one.key for one in day.placed if one.movable]
    for count in range(limit + 1):
        for keys in combinations(movable, count):
            for rooms in product([each.id for each in day.rooms], repeat=count + 1):
                moves = dict(zip(keys, rooms[1:], strict=True))
                if stands(day, after(day, moves, rooms[0]), {1, *keys}):
                    return count
    return None


@given(day=days(), limit=st.integers(0, 3))
def test_it_finds_the_fewest_moves_that_there_are(day: Drawn, limit: int) -> None:
    answer = Board(day.rooms, day.placed, day.closed).place(day.wanted, day.cells, Limits(limit, AMPLE))
    assert not answer.exhausted
    assert (None if answer.room_id is None else len(answer.moves)) == fewest(day, limit)


@given(day=days(), limit=st.integers(0, 3), steps=st.integers(0, 60))
def test_a_plan_can_be_carried_out(day: Drawn, limit: int, steps: int) -> None:
    answer = Board(day.rooms, day.placed, day.closed).place(day.wanted, day.cells, Limits(limit, steps))
    assert answer.steps <= steps
    if answer.room_id is None:
        assert answer.moves == ()
        return
    moves = dict(answer.moves)
    assert moves.keys() <= {one.key for one in day.placed if one.movable}
    assert len(moves) <= limit
    assert all(one.room_id != moves[one.key] for one in day.placed if one.key in moves), "a move is a change"
    assert stands(day, after(day, moves, answer.room_id), {1, *moves})


@given(day=days(), steps=st.integers(0, 30))
def test_what_is_found_within_a_budget_is_found_without(day: Drawn, steps: int) -> None:
    board = Board(day.rooms, day.placed, day.closed)
    within = board.place(day.wanted, day.cells, Limits(3, steps))
    ample = board.place(day.wanted, day.cells, Limits(3, AMPLE))
    assert within.exhausted or within == ample
    assert board.place(day.wanted, day.cells, Limits(3, steps)) == within, "asking changes nothing"
