"""The yardstick: what an exact solver (HiGHS, https://highs.dev) can do with the rooms of a day.

Rooms that differ by their names alone are one variable for whoever fits them: of n such rooms at most n are taken at
any instant, and spans of which no more than n overlap can always share n rooms. Only the instants at which somebody
begins matter: any spans that overlap have one in common.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain

from highspy import Highs, HighsLp, HighsModelStatus, HighsVarType, MatrixFormat

from booking.rooms.fitting import Need, RoomFacts, fits
from booking.slots.grid import Mask
from booking.slots.reassigning import Placement

Group = tuple[RoomFacts, ...]


@dataclass(frozen=True)
class Wish:
    """Somebody who needs a room over these cells."""

    key: int
    cells: Mask
    need: Need


Cost = Callable[[Wish, Group], int]


def housed(rooms: Sequence[RoomFacts], wishes: Sequence[Wish], fixed: Mapping[int, Mask]) -> dict[int, int] | None:
    """A room for each of the wishes, beside what is `fixed` in the rooms; None when there is no way to do it.

    The last wish is tried first with those alone whom it meets: where they have no rooms, nobody needs to ask further.
    """
    meeting = [wish for wish in wishes if wish.cells & wishes[-1].cells]
    if _Program(meeting, fixed, _alike(rooms, fixed)).solve() is None:
        return None
    return _Program(wishes, fixed, _alike(rooms, fixed)).solve()


def most(rooms: Sequence[RoomFacts], wishes: Sequence[Wish]) -> int:
    """How many of the wishes can have a room, at most."""
    found = _Program(wishes, {}, _alike(rooms, {})).solve(lambda wish, group: -1, everybody=False)
    assert found is not None, "to house nobody is a solution"
    return len(found)


def fewest_moves(rooms: Sequence[RoomFacts], placed: Sequence[Placement], wanted: Wish) -> int | None:
    """How many of those placed must change rooms, at the least, so that there is one more; None when no way helps."""
    at = {one.key: one.room_id for one in placed if one.movable}
    wishes = [*(Wish(one.key, one.cells, one.need) for one in placed if one.movable), wanted]
    program = _Program(wishes, fixed_of(placed), [(room,) for room in rooms])
    found = program.solve(lambda wish, group: int(at.get(wish.key, group[0].id) != group[0].id))
    return None if found is None else sum(found[key] != room_id for key, room_id in at.items())


def fixed_of(placed: Iterable[Placement]) -> dict[int, Mask]:
    """What those who may not move take of each room."""
    fixed: dict[int, Mask] = defaultdict(int)
    for one in placed:
        if not one.movable:
            fixed[one.room_id] |= one.cells
    return fixed


class _Program:
    """A 0-or-1 variable for each wish and each group of rooms that fits it and is not taken then."""

    def __init__(self, wishes: Sequence[Wish], fixed: Mapping[int, Mask], groups: Sequence[Group]) -> None:
        self.wishes, self.groups = wishes, groups
        self.columns = [
            (wish, group)
            for wish in wishes
            for group in groups
            if fits(group[0], wish.need) and not wish.cells & fixed.get(group[0].id, 0)
        ]

    def solve(self, cost: Cost = lambda wish, group: 0, *, everybody: bool = True) -> dict[int, int] | None:
        """Wish → room, at the least cost; None when everybody is to have one and that is impossible."""
        if not self.columns:
            return None if everybody and self.wishes else {}
        rows = self._rows(everybody)
        rows.col_cost_ = [float(cost(wish, group)) for wish, group in self.columns]
        values = _values(rows)  # halves allowed: nearly always there are none, and this is five times faster
        if values is not None and any(0.001 < value < 0.999 for value in values):
            rows.integrality_ = [HighsVarType.kInteger] * rows.num_col_
            values = _values(rows)
        if values is None:
            return None
        return _shared_out(column for column, value in zip(self.columns, values, strict=True) if value > 0.5)

    def _rows(self, everybody: bool) -> HighsLp:
        once: dict[int, list[int]] = {wish.key: [] for wish in self.wishes}
        for at, (wish, _) in enumerate(self.columns):
            once[wish.key].append(at)
        crowds = [(crowd, float(len(group))) for group in self.groups for crowd in self._crowds(group)]
        rows = [*once.values(), *(crowd for crowd, _ in crowds)]
        width = len(self.columns)
        program = HighsLp()
        program.num_col_, program.num_row_ = width, len(rows)
        program.col_lower_, program.col_upper_ = [0.0] * width, [1.0] * width
        program.row_lower_ = [float(everybody)] * len(once) + [0.0] * len(crowds)
        program.row_upper_ = [1.0] * len(once) + [size for _, size in crowds]
        program.a_matrix_.format_ = MatrixFormat.kRowwise
        program.a_matrix_.start_ = list(accumulate(map(len, rows), initial=0))
        program.a_matrix_.index_ = list(chain.from_iterable(rows))
        program.a_matrix_.value_ = [1.0] * sum(map(len, rows))
        return program

    def _crowds(self, group: Group) -> Iterator[list[int]]:
        """The columns of a group that meet at an instant, where they are more than its rooms."""
        here = [(at, wish.cells) for at, (wish, one) in enumerate(self.columns) if one is group]
        for instant in sorted({cells & -cells for _, cells in here}):
            crowd = [at for at, cells in here if cells & instant]
            if len(crowd) > len(group):
                yield crowd


def _values(program: HighsLp) -> list[float] | None:
    """What each variable is in a best solution, None when there is no solution."""
    solver = Highs()
    solver.silent()
    solver.setOptionValue("threads", 1)  # the same answer on every machine
    solver.passModel(program)
    solver.run()
    status = solver.getModelStatus()
    if status == HighsModelStatus.kInfeasible:
        return None
    assert status == HighsModelStatus.kOptimal, status
    return list(solver.getSolution().col_value)


def _alike(rooms: Sequence[RoomFacts], fixed: Mapping[int, Mask]) -> list[Group]:
    """The rooms by what they are; one that is partly taken is like no other."""
    groups: dict[object, list[RoomFacts]] = defaultdict(list)
    for room in rooms:
        groups[replace(room, id=0, code=""), room.id if fixed.get(room.id) else 0].append(room)
    return [tuple(group) for group in groups.values()]


def _shared_out(chosen: Iterator[tuple[Wish, Group]]) -> dict[int, int]:
    """The first free room of its group for each, in the order in which they begin."""
    taken: dict[int, Mask] = defaultdict(int)
    given = {}
    for wish, group in sorted(chosen, key=lambda pair: pair[0].cells & -pair[0].cells):
        room_id = next(room.id for room in group if not taken[room.id] & wish.cells)
        taken[room_id] |= wish.cells
        given[wish.key] = room_id
    return given
