"""Bit masks against sets of cells: the fast way and the obvious way agree."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.slots.grid import CELL, Grid, Mask, Span, has, indexes, lowest, merged, runs, to_cells

ORIGIN = 1_795_000_200  # any multiple of 300
instants = st.integers(ORIGIN - 40 * CELL, ORIGIN + 80 * CELL)
spans = st.tuples(instants, instants).filter(lambda span: span[0] < span[1])
grids = st.integers(0, 50).map(lambda cells: Grid(ORIGIN, cells))
masks = st.integers(0, 2**60 - 1)
teeth = st.tuples(st.integers(-40, 60), st.integers(-50, 70), st.integers(1, 9))


def cells_of(mask: Mask) -> set[int]:
    """The set cells, read bit by bit."""
    return {cell for cell in range(mask.bit_length()) if mask >> cell & 1}


def touched(grid: Grid, span: Span) -> set[int]:
    """The cells of the grid that share an instant with a span."""
    edges = ((cell, grid.origin + cell * CELL) for cell in range(grid.cells))
    return {cell for cell, begins in edges if max(begins, span[0]) < min(begins + CELL, span[1])}


def union(sets: Iterable[set[int]]) -> set[int]:
    return set().union(*sets)


# ------------------------------------------------------------------ the grid itself

COVERS = [
    (ORIGIN, ORIGIN + 600, Grid(ORIGIN, 2), "both ends on the grid"),
    (ORIGIN + 1, ORIGIN + 600, Grid(ORIGIN, 2), "it begins within a cell"),
    (ORIGIN, ORIGIN + 601, Grid(ORIGIN, 3), "it ends within a cell"),
    (ORIGIN, ORIGIN, Grid(ORIGIN, 0), "nothing"),
    (ORIGIN + 600, ORIGIN, Grid(ORIGIN + 600, 0), "less than nothing"),
    (-1, 1, Grid(-300, 2), "around 1970"),
]


@pytest.mark.parametrize(("start", "end", "grid", "because"), COVERS, ids=[row[3] for row in COVERS])
def test_the_smallest_grid_over_a_span(start: int, end: int, grid: Grid, because: str) -> None:
    assert Grid.over(start, end) == grid, because


@given(grid=grids)
def test_a_grid_knows_its_cells(grid: Grid) -> None:
    assert grid.end == grid.origin + grid.cells * CELL
    assert cells_of(grid.full) == set(range(grid.cells))
    assert grid.cell(grid.origin - 1) == -1, "outside of the grid"


@given(grid=grids, cell=st.integers(-100, 100), within=st.integers(0, CELL - 1))
def test_a_cell_holds_its_instants(grid: Grid, cell: int, within: int) -> None:
    assert grid.cell(grid.instant(cell) + within) == cell


def test_minutes_as_cells() -> None:
    assert [to_cells(minutes) for minutes in (0, 5, 20, 60)] == [0, 1, 4, 12]


# ------------------------------------------------------------------ painting


@given(grid=grids, painted=st.lists(spans, max_size=6))
def test_paint_sets_the_cells_that_a_span_touches(grid: Grid, painted: list[Span]) -> None:
    assert cells_of(grid.paint(painted)) == union(touched(grid, span) for span in painted)


CLIPPED = [
    ([(ORIGIN - 900, ORIGIN)], set(), "it ends where the grid begins"),
    ([(ORIGIN - 900, ORIGIN + 1)], {0}, "one second inside"),
    ([(ORIGIN + 1200, ORIGIN + 1500)], set(), "it begins where the grid ends"),
    ([(ORIGIN + 1199, ORIGIN + 1500)], {3}, "one second inside the last cell"),
    ([(ORIGIN - 900, ORIGIN + 9000)], {0, 1, 2, 3}, "it covers all"),
]


@pytest.mark.parametrize(("painted", "cells", "because"), CLIPPED, ids=[row[2] for row in CLIPPED])
def test_what_lies_outside_is_clipped(painted: list[Span], cells: set[int], because: str) -> None:
    assert cells_of(Grid(ORIGIN, 4).paint(painted)) == cells, because


@given(grid=grids, lattice=st.lists(teeth, max_size=5))
def test_comb_sets_every_step_from_first_to_last(grid: Grid, lattice: list[tuple[int, int, int]]) -> None:
    expected = union(set(range(first, last + 1, step)) for first, last, step in lattice)
    assert cells_of(grid.comb(lattice)) == expected & set(range(grid.cells))


@given(grid=grids, first=instants, last=instants)
def test_between_keeps_the_cells_that_begin_then(grid: Grid, first: int, last: int) -> None:
    assert cells_of(grid.between(first, last)) == {
        cell for cell in range(grid.cells) if first <= grid.instant(cell) < last
    }


# ------------------------------------------------------------------ reading masks


@given(mask=masks, length=st.integers(1, 20))
def test_runs_are_the_cells_followed_by_enough_others(mask: Mask, length: int) -> None:
    free = cells_of(mask)
    assert cells_of(runs(mask, length)) == {cell for cell in free if all(cell + more in free for more in range(length))}


small = st.tuples(st.integers(0, 30), st.integers(0, 30)).filter(lambda span: span[0] < span[1])


@given(some=st.lists(small, max_size=6))
def test_merged_spans_hold_the_same_and_none_touches_the_next(some: list[Span]) -> None:
    found = merged(some)
    assert union(set(range(*span)) for span in found) == union(set(range(*span)) for span in some)
    assert all(one[1] < other[0] for one, other in pairwise(found))


@given(mask=masks.filter(bool))
def test_the_lowest_cell_is_the_first_that_is_set(mask: Mask) -> None:
    assert lowest(mask) == min(cells_of(mask))
    assert lowest(~mask) == min(set(range(mask.bit_length() + 1)) - cells_of(mask)), "of all but those"


@given(mask=masks)
def test_indexes_come_in_order(mask: Mask) -> None:
    assert list(indexes(mask)) == sorted(cells_of(mask))


@given(mask=masks, cell=st.integers(-70, 70))
def test_has_looks_one_cell_up(mask: Mask, cell: int) -> None:
    assert has(mask, cell) == (cell in cells_of(mask))
