"""Which starts are possible, and which rule forbids the others. Pure: values in, values out.

Every rule is a mask of the start cells it allows. An offer is the intersection of them all; a decision looks one cell
up in each. So what is offered is what can be booked, and a refusal can name its rule.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

from booking.slots.grid import Grid, Mask, Span, has, runs
from booking.slots.rules import Rule


@dataclass(frozen=True)
class Demand:
    """What is looked for, in cells: a duration, the step of its lattice, the buffers around it."""

    duration: int
    step: int
    before: int
    after: int

    @property
    def buffered(self) -> int:
        """The cells that the professional and the room give."""
        return self.before + self.duration + self.after


@dataclass(frozen=True)
class Notice:
    """Bounds on the start, in seconds UTC; None binds nothing. A slot that has begun is gone."""

    now: int
    desk: int
    earliest: int | None = None
    latest: int | None = None


@dataclass(frozen=True)
class Situation:
    """One professional at one site, with the colleagues who take part, over a grid.

    `openings` are the spans in which the lead receives there: slots lie on their lattice. `received` are the cells in
    which every colleague receives there, None without colleagues. `hours` are the cells when the site is open;
    `absent`, `busy` and `usager_busy` those when somebody is not free. `rooms` gives, for each room that fits, the
    start cells at which it is free (`fit`), the room to prefer first; None when no room is needed. `interpreters` gives
    the same of those of whom one is to interpret; None when nobody is.
    """

    grid: Grid
    notice: Notice
    hours: Mask
    openings: Sequence[Span]
    absent: Mask
    busy: Mask
    usager_busy: Mask
    rooms: Mapping[int, Mask] | None
    received: Mask | None = None
    interpreters: Mapping[int, Mask] | None = None


def allowed(situation: Situation, demand: Demand) -> Iterator[tuple[Rule, Mask]]:
    """Each rule with the start cells it allows, in the order in which a clerk would say them."""
    full = situation.grid.full
    yield from _notice(situation.grid, situation.notice)
    yield "closed", fit(situation.hours, demand)
    yield "no_opening", _received(situation, demand)
    yield "off_grid", lattice(situation, demand)
    yield "absent", fit(full & ~situation.absent, demand)
    yield "professional_busy", fit(full & ~situation.busy, demand)
    # Buffers take the room and the professional, not the usager.
    yield "usager_busy", runs(full & ~situation.usager_busy, demand.duration)
    if situation.interpreters is not None:
        yield "no_interpreter", reduce(or_, situation.interpreters.values(), 0)
    if situation.rooms is not None:
        yield "no_room", reduce(or_, situation.rooms.values(), 0)


def lattice(situation: Situation, demand: Demand) -> Mask:
    """The start cells on which the openings of the lead put slots, whatever else forbids them."""
    return situation.grid.comb(_teeth(situation, demand, every=demand.step))


def sieve(situation: Situation, demand: Demand, wanted: Mask) -> Iterator[tuple[Rule, Mask]]:
    """Of these start cells, those that each rule forbids and none before it, in the order of `allowed`."""
    for rule, mask in allowed(situation, demand):
        if gone := wanted & ~mask:
            yield rule, gone
        wanted &= mask


def starts(situation: Situation, demand: Demand, waived: Collection[Rule] = ()) -> Mask:
    """The start cells that every rule allows, those of `waived` apart."""
    masks = (mask for rule, mask in allowed(situation, demand) if rule not in waived)
    return reduce(and_, masks, situation.grid.full)


def refusal(situation: Situation, demand: Demand, start: int, waived: Collection[Rule] = ()) -> Rule | None:
    """The first rule that forbids that start (seconds UTC), or None when it can be given.

    The rules of `waived` forbid nothing; but whatever is waived, a start lies on the 5-minute grid.
    """
    cell = situation.grid.cell(start)
    broken: Iterator[Rule] = (
        rule for rule, mask in allowed(situation, demand) if rule not in waived and not has(mask, cell)
    )
    return next(broken, "off_grid" if situation.grid.instant(cell) != start else None)


def assign(among: Mapping[int, Mask], wanted: Mask) -> dict[int, Mask]:
    """Share the wanted starts between rooms, or interpreters: each goes to the first of them that is free then."""
    shares = {}
    for key, mask in among.items():
        if share := wanted & mask:
            shares[key] = share
            wanted &= ~share
    return shares


def fit(free: Mask, demand: Demand) -> Mask:
    """From free cells, the start cells around which the duration and both buffers are free."""
    return runs(free, demand.buffered) << demand.before


def _notice(grid: Grid, notice: Notice) -> Iterator[tuple[Rule, Mask]]:
    yield "past", grid.between(notice.now + 1, grid.end)
    yield "desk_lead_time", grid.between(notice.desk, grid.end)
    if notice.earliest is not None:
        yield "lead_time", grid.between(notice.earliest, grid.end)
    if notice.latest is not None:
        yield "horizon", grid.between(grid.origin, notice.latest + 1)


def _received(situation: Situation, demand: Demand) -> Mask:
    """Where one opening of the lead holds it, buffers included, and every colleague receives all along."""
    led = situation.grid.comb(_teeth(situation, demand, every=1))
    return led if situation.received is None else led & fit(situation.received, demand)


def shortest(demand: Demand) -> int:
    """The cells of the shortest opening that holds a slot: its first one is where the lattice clears the buffer."""
    return _first(demand.before, demand.step) + demand.duration + demand.after


def _first(before: int, step: int) -> int:
    return -(-before // step) * step


def _teeth(situation: Situation, demand: Demand, every: int) -> Iterator[tuple[int, int, int]]:
    """The lattice of each opening of the lead: its own start + k × step, where the buffers still fit inside it."""
    for start, end in situation.openings:
        opens, closes = situation.grid.cell(start), situation.grid.cell(end)
        first = opens + _first(demand.before, every)
        last = closes - demand.after - demand.duration
        yield first, last, every
