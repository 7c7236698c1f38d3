"""Giving appointments other rooms, so that one more finds a room. Pure: values in, values out.

A usager reports to reception, so the room of an appointment may change until somebody pins it. A room that is free is
given directly; where none is, appointments of that day make way, as few as possible: A leaves its room for a second
one, whose B leaves for a third. What comes out is a plan; storing all of it or nothing is up to the caller.

A room is two masks over one grid (see `grid`): the cells that are taken, and of these the cells that nothing can free.
Looking at one room for one appointment is a step: two `&` of integers of a day (288 bits) and, only where the room is
taken by what may move, a walk through its appointments. With r rooms that fit, m moves may take r ** (m + 1) steps, so
steps have a budget. An instant at which every room within reach is taken ends a search before its first move.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from booking.rooms.fitting import Need, RoomFacts, by_preference, fits
from booking.slots.grid import Mask


@dataclass(frozen=True)
class Placement:
    """An appointment in its room: its cells, buffers included, and whether another room may be given to it."""

    key: int
    room_id: int
    cells: Mask
    need: Need
    movable: bool = True


@dataclass(frozen=True)
class Limits:
    """How many appointments may change rooms for the sake of one, and how many steps may be spent on finding them."""

    moves: int
    steps: int


LIMITS = Limits(moves=3, steps=3000)  # docs/decisions/0015


@dataclass(frozen=True)
class Answer:
    """The room to give, None for a refusal, with the room that each appointment of `moves` (key, room) changes to.

    `exhausted` says of a refusal that the budget ended before every plan was looked at; it can then be wrong.
    """

    room_id: int | None
    moves: tuple[tuple[int, int], ...] = ()
    steps: int = 0
    exhausted: bool = False


class Board:
    """The rooms of one site over one grid, and who is in them. Asking it changes nothing.

    `closed` are the cells at which a room is closed, or taken by what is no appointment. Placements in rooms that are
    not given stand in nobody's way.
    """

    def __init__(
        self, rooms: Iterable[RoomFacts], placements: Iterable[Placement], closed: Mapping[int, Mask] | None = None
    ) -> None:
        self.rooms: Sequence[RoomFacts] = by_preference(rooms)
        self.fixed: dict[int, Mask] = {room.id: (closed or {}).get(room.id, 0) for room in self.rooms}
        self.movable: dict[int, tuple[Placement, ...]] = {room.id: () for room in self.rooms}
        self._fitting: dict[Need, tuple[int, ...]] = {}
        for one in placements:
            if one.room_id not in self.fixed:
                continue
            if one.movable:
                self.movable[one.room_id] += (one,)
            else:
                self.fixed[one.room_id] |= one.cells
        self.taken = {key: cells | _cells_of(self.movable[key]) for key, cells in self.fixed.items()}

    def fitting(self, need: Need) -> tuple[int, ...]:
        """The rooms that fit, the one to prefer first."""
        if need not in self._fitting:
            self._fitting[need] = tuple(room.id for room in self.rooms if fits(room, need))
        return self._fitting[need]

    def place(self, need: Need, cells: Mask, limits: Limits) -> Answer:
        """Find a room for `need` over `cells`: directly, else with the fewest moves.

        Every plan of at most `limits.moves` moves is found, unless the steps are spent before. The same question has
        the same answer.
        """
        search = _Search(self, limits.steps)
        wanted = Placement(_WANTED, 0, cells, need)
        try:
            for moves in range(limits.moves + 1):
                if search.settle((wanted,), moves):
                    room_id = search.given.pop(_WANTED)
                    return Answer(room_id, tuple(sorted(search.given.items())), search.steps)
                if moves == 0 and self._hopeless(need, cells):
                    break
        except _Exhausted:
            return Answer(None, steps=search.steps, exhausted=True)
        return Answer(None, steps=search.steps)

    def _hopeless(self, need: Need, cells: Mask) -> bool:
        """Whether at some instant every room within reach is taken: those in them could only change among them."""
        full = cells
        for room_id in self._within_reach(need, cells):
            full &= self.taken[room_id]
        return full != 0

    def _within_reach(self, need: Need, cells: Mask) -> set[int]:
        """The rooms that fit, those that fit whoever would make way there, and so on."""
        reached: set[int] = set()
        ahead = set(self.fitting(need))
        while ahead:
            room_id = ahead.pop()
            reached.add(room_id)
            away = (one for one in self.movable[room_id] if one.cells & cells)
            ahead |= {other for one in away for other in self.fitting(one.need)} - reached
        return reached


_WANTED = -1  # the key of what is being placed; those of appointments are positive


class _Exhausted(Exception):
    """Every step is spent."""


class _Search:
    """One attempt after the other at one question, on a copy of the masks of a board."""

    def __init__(self, board: Board, budget: int) -> None:
        self.steps = 0
        self.given: dict[int, int] = {}
        self._budget = budget
        self._fitting = board.fitting
        self._taken, self._fixed, self._movable = dict(board.taken), dict(board.fixed), dict(board.movable)

    def settle(self, homeless: tuple[Placement, ...], moves: int) -> bool:
        """Give each of the homeless a room, making at most `moves` others homeless. Whoever got one keeps it."""
        if not homeless:
            return True
        one, others = homeless[0], homeless[1:]
        return any(self._give(one, room_id, others, moves) for room_id in self._fitting(one.need))

    def _give(self, one: Placement, room_id: int, others: tuple[Placement, ...], moves: int) -> bool:
        """Give one that room, and all others rooms after it; all stays as it was when this cannot be done."""
        if self.steps == self._budget:
            raise _Exhausted
        self.steps += 1
        taken, fixed, movable = self._taken[room_id], self._fixed[room_id], self._movable[room_id]
        if one.cells & (fixed if moves else taken):
            return False
        away = tuple(each for each in movable if each.cells & one.cells) if one.cells & taken else ()
        if len(away) > moves:
            return False
        self._taken[room_id] = taken & ~_cells_of(away) | one.cells
        self._fixed[room_id] = fixed | one.cells
        self._movable[room_id] = tuple(each for each in movable if each not in away) if away else movable
        if self.settle((*others, *away), moves - len(away)):
            self.given[one.key] = room_id
            return True
        self._taken[room_id], self._fixed[room_id], self._movable[room_id] = taken, fixed, movable
        return False


def _cells_of(placements: Iterable[Placement]) -> Mask:
    cells = 0
    for one in placements:
        cells |= one.cells
    return cells
