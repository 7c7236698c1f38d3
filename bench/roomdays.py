"""Days of demand for the rooms of the first site, drawn from a seed: who asks for what, when, and in which order.

Spans are cells of 5 minutes from 8h30 on; a request keeps its buffer. Starts lie on lattices, as those of openings do.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import cycle

from booking.rooms.fitting import Need, RoomFacts
from booking.rooms.inventory import VOCABULARY, first_site
from booking.rooms.sitefile import RoomEntry, parse
from booking.slots.grid import Mask, to_cells

DAY = to_cells(9 * 60)  # 8h30 to 17h30
HALVES = ((0, DAY // 2), (DAY // 2, DAY))
PEAKS = (((6, 42), (0, 36)), ((60, 96), (66, 102)))  # 9h00 to 12h00, 8h30 to 11h30; 13h30 to 16h30, 14h00 to 17h00
ASKED = 0.9  # of the slots of a professional, how many somebody asks for
KINDS = ("bureau", "cabinet", "parents_enfants")  # whoever asks for a PC is given a PC: nothing to choose
SERVICES = {"pmi": 1, "sante-sexuelle": 2, "action-sociale": 3, "ase": 4}


@dataclass(frozen=True)
class Sort:
    """One sort of appointment: how many ask for it, how long it may take, and what it asks of its room.

    `minutes` and `persons` are drawn from; `after` is its buffer.
    """

    share: int
    service: str
    kinds: frozenset[str]
    minutes: tuple[int, ...]
    persons: tuple[int, ...] = (2,)
    after: int = 0
    features: frozenset[str] = frozenset()


OFFICE, CABINET, PLAY = (frozenset({kind}) for kind in KINDS)
COUCH, TABLE, CORNER = (frozenset({name}) for name in ("examination_couch", "changing_table", "play_corner"))
# By the kind of room whose hours they are drawn to fill.
SORTS: dict[str, tuple[Sort, ...]] = {
    "bureau": (
        Sort(5, "action-sociale", OFFICE, (30, 45)),
        Sort(2, "action-sociale", OFFICE, (60, 90)),
        Sort(2, "ase", OFFICE, (45, 60), (2, 3)),
        Sort(1, "ase", OFFICE | PLAY, (60,), (3, 4)),
    ),
    "cabinet": (
        Sort(4, "pmi", CABINET, (20, 30), (3,), 10, COUCH),
        Sort(2, "pmi", CABINET | PLAY, (15,), (3,), 5, TABLE),
        Sort(3, "sante-sexuelle", CABINET, (30, 45), (2,), 10, COUCH),
    ),
    "parents_enfants": (
        Sort(3, "ase", PLAY, (60, 90), (3, 4, 5), 0, CORNER),
        Sort(1, "pmi", PLAY, (45,), (4, 5, 6), 0, CORNER),
    ),
}


@dataclass(frozen=True)
class Mix:
    """How the demand of a day is made. Shares are of 1; `minutes`, when given, are the durations in offices."""

    name: str
    peaks: float = 0.6
    families: float = 0.1
    step_free: float = 0.05
    pinned: float = 0.05
    cancelled: float = 0.1
    minutes: tuple[int, ...] | None = None


MIXES = (
    Mix("even", peaks=0),
    Mix("peaks"),
    Mix("families", families=0.35, step_free=0.2),
    Mix("short and long", minutes=(15, 15, 15, 90)),
    Mix("pinned", pinned=0.25),
)


@dataclass(frozen=True)
class Request:
    """Somebody asks for these cells. Once placed it is pinned or not; it may cancel when `leaves` others have asked."""

    key: int
    cells: Mask
    need: Need
    pinned: bool
    leaves: int | None


@cache
def rooms() -> tuple[RoomFacts, ...]:
    """The rooms of the first site, in the order of its file; the places of the digital spaces left out."""
    entries = parse(first_site(), VOCABULARY).rooms
    return tuple(_facts(key, entry) for key, entry in enumerate(entries, 1) if entry.kind in KINDS)


def _facts(key: int, entry: RoomEntry) -> RoomFacts:
    reserved = SERVICES[entry.reserved_for] if entry.reserved_for else None
    return RoomFacts(key, 1, entry.code, entry.kind, entry.capacity, entry.features, reserved)


def demand(mix: Mix, load: float, seed: int) -> list[Request]:
    """The requests of one day in the order in which they are made; `load` is of the hours of all rooms of a kind."""
    chance = random.Random(f"{mix.name} {load} {seed}")
    site = rooms()
    drawn = [
        span
        for kind in KINDS
        for span in _filling(mix, SORTS[kind], load * DAY * sum(room.kind == kind for room in site), chance)
    ]
    chance.shuffle(drawn)
    return [_request(key, *one, mix, len(drawn), chance) for key, one in enumerate(drawn, 1)]


def _filling(mix: Mix, sorts: Sequence[Sort], cells: float, chance: random.Random) -> Iterator[tuple[Mask, Need]]:
    """The slots that are asked for in half-days of professionals, until they take that many cells."""
    for half in cycle((0, 1)):
        (sort,) = chance.choices(sorts, [one.share for one in sorts])
        length = to_cells(chance.choice(mix.minutes if mix.minutes and sort.kinds == OFFICE else sort.minutes))
        taken = length + to_cells(sort.after)
        opens, closes = chance.choice(PEAKS[half]) if chance.random() < mix.peaks else HALVES[half]
        for start in range(opens + to_cells(chance.choice((0, 15, 30))), closes - taken + 1, taken):
            if cells <= 0:
                return
            if chance.random() < ASKED:
                yield ((1 << taken) - 1) << start, _need(mix, sort, chance)
                cells -= taken


def _need(mix: Mix, sort: Sort, chance: random.Random) -> Need:
    persons = chance.choice(sort.persons)
    if sort.kinds & OFFICE and chance.random() < mix.families:
        persons = chance.choice((3, 4, 4, 5))
    features = sort.features | {"step_free"} if chance.random() < mix.step_free else sort.features
    return Need(sort.kinds, features, SERVICES[sort.service], persons)


def _request(key: int, cells: Mask, need: Need, mix: Mix, asked: int, chance: random.Random) -> Request:
    pinned = chance.random() < mix.pinned
    leaves = chance.randint(key, asked) if chance.random() < mix.cancelled else None
    return Request(key, cells, need, pinned, leaves)


def leaving(requests: Sequence[Request]) -> dict[int, list[int]]:
    """Who cancels once so many have asked: number of requests → keys."""
    found: dict[int, list[int]] = {}
    for one in requests:
        if one.leaves is not None:
            found.setdefault(one.leaves, []).append(one.key)
    return found
