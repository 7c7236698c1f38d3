"""What a search finds, as bits: slots are made of those alone that somebody reads.

A page shows a hundred of the thousands that a few professionals have in a month, and a suggestion is one of a few of
each half-day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import chain, repeat
from operator import or_

from booking.slots import generator, schedule
from booking.slots.facts import Slot
from booking.slots.grid import CELL, Grid, Mask, Span, indexes, lowest
from booking.slots.offers import Offer


@dataclass(frozen=True)
class Found:
    """The starts that each offer gives, as cells of the one grid of all; slots are so many cells long."""

    duration: int
    given: Sequence[tuple[Offer, Mask]] = ()

    def __len__(self) -> int:
        """The number of slots."""
        return sum(starts.bit_count() for _, starts in self.given)

    def slots(self, limit: int | None = None) -> list[Slot]:
        """The slots, sorted by start then professional; the first `limit` of them."""
        cut = -1 if limit is None or limit >= len(self) else self._first(self._starts, limit)
        each = (made(offer, self.duration, starts & cut) for offer, starts in self.given)
        return sorted(chain.from_iterable(each))[:limit]

    def start_of(self, number: int) -> int:
        """When the slot of that number, from 1 to their number, begins: seconds UTC."""
        return self._grid.instant(self._first(self._starts, number).bit_length() - 1)

    @property
    def span(self) -> Span:
        """From when the first begins to when the last does, seconds UTC. There is at least one."""
        starts = self._starts
        return self._grid.instant(lowest(starts)), self._grid.instant(starts.bit_length() - 1)

    def between(self, first: int, last: int) -> Found:
        """Those that begin in [first, last), seconds UTC."""
        return self._among(self._grid.between(first, last)) if self.given else self

    def first_of_each(self, spans: Iterable[Span], count: int) -> Found:
        """Of those that begin in each of the spans the first `count`, and whatever begins with the last of them."""
        if not self.given:
            return self
        starts = self._starts
        return self._among(reduce(or_, (self._first(starts & self._grid.between(*span), count) for span in spans), 0))

    def by_lead(self, key: Callable[[int], int]) -> dict[int, Found]:
        """Those of each kind of professional, by what `key` says of a professional's."""
        kinds: dict[int, list[tuple[Offer, Mask]]] = defaultdict(list)
        for offer, starts in self.given:
            kinds[key(offer.professional_id)].append((offer, starts))
        return {kind: Found(self.duration, given) for kind, given in kinds.items()}

    @property
    def _grid(self) -> Grid:
        return self.given[0][0].situation.grid

    @property
    def _starts(self) -> Mask:
        return reduce(or_, (starts for _, starts in self.given), 0)

    def _among(self, wanted: Mask) -> Found:
        return Found(self.duration, [(offer, starts & wanted) for offer, starts in self.given])

    def _first(self, left: Mask, count: int) -> Mask:
        """As few of these start cells, the first ones, as hold that many slots; all when there are not so many."""
        held, taken = 0, 0
        while left and held < count:
            start = left & -left
            held += sum(1 for _, starts in self.given if starts & start)
            left ^= start
            taken |= start
        return taken


def made(offer: Offer, duration: int, wanted: Mask) -> Iterator[Slot]:
    """The slots of an offer at these start cells, each in the first room and with the first interpreter free then.

    They come by interpreter, then by room, then by start.
    """
    grid, length = offer.situation.grid, duration * CELL
    for interpreter_id, share in _shares(offer.situation.interpreters, wanted):
        for room_id, cells in _shares(offer.situation.rooms, share):
            instants = [grid.instant(cell) for cell in indexes(cells)]
            starts, ends = map(schedule.moment, instants), (schedule.moment(at + length) for at in instants)
            yield from map(Slot, starts, ends, repeat(offer.professional_id), repeat(room_id), repeat(interpreter_id))


def _shares(among: Mapping[int, Mask] | None, wanted: Mask) -> Iterable[tuple[int | None, Mask]]:
    """Which of the wanted starts each of them takes; all go to nobody when none is needed."""
    return [(None, wanted)] if among is None else generator.assign(among, wanted).items()
