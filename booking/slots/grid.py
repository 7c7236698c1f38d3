"""Spans of time as bit masks.

A grid cuts a period into cells of 5 minutes; a mask is a Python integer whose bit i stands for cell i. Intersecting,
subtracting and looking for runs are then a few operations on one integer, whatever the number of days: 13 weeks are
26,208 bits, 3 kB. Instants are integer seconds UTC; spans are half-open [start, end).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import or_

CELL = 300
Span = tuple[int, int]
Mask = int


def to_cells(minutes: int) -> int:
    """Minutes, a multiple of 5, as a number of cells."""
    return minutes * 60 // CELL


@dataclass(frozen=True)
class Grid:
    """`cells` cells from `origin` on (seconds UTC, a multiple of 300)."""

    origin: int
    cells: int

    @classmethod
    def over(cls, start: int, end: int) -> Grid:
        """The smallest grid that covers [start, end)."""
        origin = start - start % CELL
        return cls(origin, max(0, -(-(end - origin) // CELL)))

    @property
    def end(self) -> int:
        """The instant where the last cell ends."""
        return self.origin + self.cells * CELL

    @property
    def full(self) -> Mask:
        """Every cell."""
        return (1 << self.cells) - 1

    def instant(self, cell: int) -> int:
        """When a cell begins."""
        return self.origin + cell * CELL

    def cell(self, instant: int) -> int:
        """The cell that holds an instant; it may lie outside of the grid."""
        return (instant - self.origin) // CELL

    def paint(self, spans: Iterable[Span]) -> Mask:
        """The cells that the spans touch, clipped to the grid. Linear in the grid plus the spans."""
        origin, cells = self.origin, self.cells
        line = bytearray(b"0") * cells
        for start, end in spans:  # thousands of them: comparisons are twice as fast as calls of min, max and cell
            first, last = (start - origin) // CELL, -((origin - end) // CELL)
            if first < 0:
                first = 0
            if last > cells:
                last = cells
            if first < last:
                line[cells - last : cells - first] = b"1" * (last - first)
        return int(line or b"0", 2)

    def comb(self, teeth: Iterable[tuple[int, int, int]]) -> Mask:
        """The cells first, first + step, … up to last included, for each (first, last, step) in cells, clipped."""
        mask = 0
        for first, last, step in teeth:
            start = first if first >= 0 else first % step
            count = (min(last, self.cells - 1) - start) // step + 1
            if count > 0:
                mask |= _comb(count, step) << start
        return mask

    def between(self, first: int, last: int) -> Mask:
        """The cells that begin in [first, last)."""
        low = min(self.cells, max(0, -((self.origin - first) // CELL)))
        high = min(self.cells, max(0, -((self.origin - last) // CELL)))
        return (1 << high) - (1 << low) if low < high else 0


@lru_cache(maxsize=1024)
def _comb(count: int, step: int) -> Mask:
    """So many cells, `step` apart: a number of ones in base 2 ** step."""
    return ((1 << count * step) - 1) // ((1 << step) - 1)


def runs(mask: Mask, length: int) -> Mask:
    """The cells from which `length` cells in a row are set. Takes about log2(length) operations."""
    have = 1
    while have < length:
        more = min(have, length - have)
        mask &= mask >> more
        have += more
    return mask


def around(mask: Mask, reach: int) -> Mask:
    """The cells at most `reach` cells away from a set one; those before the grid's first are lost."""
    return reduce(or_, (mask << shift | mask >> shift for shift in range(1, reach + 1)), mask)


def apart(mask: Mask, length: int) -> Mask:
    """As many of the set cells as stand at least `length` cells apart, the first one first."""
    kept, free_from = 0, 0
    for cell in indexes(mask):
        if cell >= free_from:
            kept, free_from = kept | 1 << cell, cell + length
    return kept


def lowest(mask: Mask) -> int:
    """The first set cell, of which there is one."""
    return (mask & -mask).bit_length() - 1


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same spans in order, those that meet or touch made one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def indexes(mask: Mask) -> Iterator[int]:
    """The set cells, in order."""
    bits = bin(mask)[:1:-1]
    at = bits.find("1")
    while at >= 0:
        yield at
        at = bits.find("1", at + 1)


def has(mask: Mask, cell: int) -> bool:
    """Whether a cell is set; a negative one is not."""
    return cell >= 0 and bool(mask >> cell & 1)
