"""A world that can be drawn at random, and what each rule says of it, person by person and cell by cell."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.rooms.models import Room
from booking.slots import configuration, days
from booking.slots.generator import Demand, Notice
from booking.slots.models import Absence, Closure, Occupancy, Opening
from booking.slots.offers import Question
from booking.slots.rules import ORDER, WAIVABLE, Rule
from tests.builders import MONDAY, NOW, Cast, add_professionals, add_rooms, one_day, paris
from tests.slots.asking import add_site

NINE = paris("2026-11-23 09:00")
CELLS = 20  # from 9h00 to 10h40, well inside the hours of both sites
LEAD, COLLEAGUES = "roux", ("diop", "durand")
USAGERS = ("diallo", "kone")
SITES = ("asnieres", "gennevilliers")
ROOMS = {"b1": "asnieres", "b2": "asnieres", "b10": "gennevilliers"}

Cells = frozenset[int]


@dataclass(frozen=True)
class Given:
    """An opening at one of the sites, in cells from 9h00."""

    site: str
    first: int
    last: int


@dataclass(frozen=True)
class Person:
    """What one professional gives, and the cells in which they are absent or taken."""

    openings: Sequence[Given]
    absent: Cells
    busy: Cells


@dataclass(frozen=True)
class World:
    """All that bears on a question, as a clerk sees it. `closed` has sites and rooms; `capacity` rooms."""

    people: dict[str, Person]
    taken: dict[str, Cells]  # usagers and rooms
    closed: dict[str, Cells]
    capacity: dict[str, int]


@dataclass(frozen=True)
class Asked:
    """A question: who takes part beside the lead, for how long, what is waived. `now` and `desk` in cells."""

    colleagues: Sequence[str]
    usagers: Sequence[str]
    demand: Demand
    persons: int
    in_a_room: bool
    now: int
    desk: int
    waived: frozenset[Rule]


# Most people are free most of the time: else hardly any start would be decided by the last of the rules.
edges = st.integers(-3, CELLS + 3)
cells = st.just(frozenset()) | st.frozensets(edges, max_size=2)
everywhere = [Given(site, -6, CELLS + 6) for site in SITES]
openings = st.builds(
    lambda site, first, length: Given(site, first, first + length),
    st.sampled_from([*SITES, SITES[0]]),
    st.integers(-3, CELLS - 4),
    st.integers(2, CELLS),
)
people = st.builds(
    Person,
    openings=st.just(everywhere) | st.just(everywhere[:1]) | st.lists(openings, max_size=4),
    absent=cells,
    busy=cells,
)
worlds = st.builds(
    World,
    people=st.fixed_dictionaries(dict.fromkeys((LEAD, *COLLEAGUES), people)),
    taken=st.fixed_dictionaries(dict.fromkeys((*USAGERS, *ROOMS), cells)),
    closed=st.fixed_dictionaries(dict.fromkeys((*SITES, *ROOMS), cells)),
    capacity=st.fixed_dictionaries(dict.fromkeys(ROOMS, st.integers(2, 5))),
)
questions = st.builds(
    Asked,
    colleagues=st.just(COLLEAGUES) | st.lists(st.sampled_from([LEAD, *COLLEAGUES]), max_size=3, unique=True),
    usagers=st.lists(st.sampled_from(USAGERS), max_size=2, unique=True),
    demand=st.builds(Demand, st.integers(1, 4), st.integers(1, 4), st.integers(0, 2), st.integers(0, 2)),
    persons=st.integers(1, 6),
    in_a_room=st.booleans(),
    now=st.just(-50) | edges,
    desk=st.just(-50) | edges,
    waived=st.one_of(
        st.just(frozenset()),
        st.just(frozenset({"no_opening", "off_grid"})),
        st.frozensets(st.sampled_from(sorted(WAIVABLE))),
    ),
)


# ------------------------------------------------------------------ the slow and obvious way


def wide(asked: Asked, start: int) -> range:
    """The cells that professionals and the room give to a start."""
    return range(start - asked.demand.before, start + asked.demand.duration + asked.demand.after)


def of_lead(person: Person, site: str, start: int, asked: Asked) -> set[Rule]:
    """What the rules on receiving say of the one who leads."""
    cells = wide(asked, start)
    held_by = [each for each in person.openings if each.site == site and held(cells, each)]
    on_lattice = any((start - each.first) % asked.demand.step == 0 for each in held_by)
    return ({"no_opening"} if not held_by else set()) | ({"off_grid"} if not on_lattice else set())


def held(cells: range, opening: Given) -> bool:
    return opening.first <= cells.start and cells.stop <= opening.last


def of_colleague(person: Person, site: str, start: int, asked: Asked) -> set[Rule]:
    """And of one who takes part: they receive there all along."""
    given = {cell for each in person.openings if each.site == site for cell in range(each.first, each.last)}
    return set() if given.issuperset(wide(asked, start)) else {"no_opening"}


def of_anybody(person: Person, start: int, asked: Asked) -> set[Rule]:
    """What makes a professional unavailable, whatever their part."""
    cells = set(wide(asked, start))
    found: set[Rule] = {"absent"} if cells & person.absent else set()
    return found | ({"professional_busy"} if cells & person.busy else set())


def broken(world: World, asked: Asked, site: str, start: int, lead: str = LEAD) -> set[Rule]:
    """Every rule that a start breaks at a site, person by person, without those waived."""
    beside = [world.people[name] for name in asked.colleagues if name != lead]
    found = of_lead(world.people[lead], site, start, asked)
    found = found.union(*(of_colleague(person, site, start, asked) for person in beside))
    found = found.union(*(of_anybody(person, start, asked) for person in [world.people[lead], *beside]))
    checks: dict[Rule, bool] = {
        "past": start <= asked.now,
        "desk_lead_time": start < asked.desk,
        "closed": bool(world.closed[site] & set(wide(asked, start))),
        "usager_busy": any(
            world.taken[name] & set(range(start, start + asked.demand.duration)) for name in asked.usagers
        ),
        "no_room": asked.in_a_room and not free_rooms(world, asked, site, start),
    }
    return (found | {rule for rule, breaks in checks.items() if breaks}) - asked.waived


def free_rooms(world: World, asked: Asked, site: str, start: int) -> set[str]:
    """The rooms of a site that hold everybody and are free around a start."""
    if not asked.in_a_room:
        return set()
    cells = set(wide(asked, start))
    return {
        room
        for room, where in ROOMS.items()
        if where == site
        and world.capacity[room] >= max(2, asked.persons)
        and not cells & (world.taken[room] | world.closed[room] | world.closed[site])
    }


def where_they_lead(world: World) -> list[str]:
    return [site for site in SITES if any(each.site == site for each in world.people[LEAD].openings)]


def first_of(rules: Iterable[Rule]) -> int:
    """The place of the first rule in the order they are said in, the last of all when there is none."""
    return min(map(ORDER.index, rules), default=len(ORDER))


def away(world: World, site: str, start: int) -> float:
    """How many cells lie between a start and what the lead gives at a site."""
    given = [each for each in world.people[LEAD].openings if each.site == site]
    return min((max(each.first - start, start - each.last, 0) for each in given), default=float("inf"))


# ------------------------------------------------------------------ the same in the database


def store_people(cast: Cast) -> dict[str, int]:
    """The ids behind the names: a third social worker, a second site and its only office beside the cast."""
    gennevilliers = add_site(cast)
    return {
        **{name: getattr(cast, name) for name in ("roux", "diop", "diallo", "kone", "b1", "b2")},
        "durand": add_professionals(cast, 1)[0],
        "asnieres": cast.site,
        "gennevilliers": gennevilliers,
        "b10": add_rooms(replace(cast, site=gennevilliers), 1)[0],
    }


def bring_about(keys: dict[str, int], world: World) -> None:
    """Store that world and no other."""

    def work(session: Session) -> None:
        for model in (Occupancy, Absence, Closure, Opening):
            session.execute(sa.delete(model))
        for name, person in world.people.items():
            session.add_all(rows_of(keys, name, person))
        taken = {name: person.busy for name, person in world.people.items()} | world.taken
        session.add_all(occupied(keys[name], cell) for name, cells in taken.items() for cell in cells)
        session.add_all(closed(keys, name, cell) for name, cells in world.closed.items() for cell in cells)
        for room, capacity in world.capacity.items():
            session.execute(sa.update(Room).where(Room.id == keys[room]).values(capacity=capacity))

    in_transaction(work)
    days.refresh()


def rows_of(keys: dict[str, int], name: str, person: Person) -> Iterable[Opening | Absence]:
    for each in person.openings:
        yield one_day(keys[name], keys[each.site], MONDAY, 540 + 5 * each.first, 540 + 5 * each.last)
    for cell in person.absent:
        span = {"starts_at": at(cell), "ends_at": at(cell + 1)}
        yield Absence(uid=f"{name} {cell}", professional_id=keys[name], created_at=NOW, **span)


def occupied(key: int, cell: int) -> Occupancy:
    return Occupancy(resource_id=key, starts_at=seconds(cell), ends_at=seconds(cell + 1), block="test")


def closed(keys: dict[str, int], name: str, cell: int) -> Closure:
    site = keys[ROOMS.get(name, name)]
    room = keys[name] if name in ROOMS else None
    return Closure(site_id=site, room_id=room, starts_at=at(cell), ends_at=at(cell + 1), label="Travaux")


def at(cell: int) -> datetime:
    return NINE + timedelta(minutes=5 * cell)


def seconds(cell: int) -> int:
    return int(at(cell).timestamp())


def question(session: Session, cast: Cast, keys: dict[str, int], asked: Asked) -> Question:
    known = configuration.read(session)
    kind = known.type(cast.entretien)
    return Question(
        configuration=known,
        kind=replace(
            kind,
            duration=5 * asked.demand.duration,
            demand=asked.demand,
            need=kind.need if asked.in_a_room else None,
        ),
        professional_ids=[keys[LEAD]],
        notice=Notice(seconds(asked.now), seconds(asked.desk)),
        usager_ids=[keys[name] for name in asked.usagers],
        colleague_ids=[keys[name] for name in asked.colleagues],
        persons=asked.persons,
        waived=asked.waived,
    )


STARTS = range(-4, CELLS + 6)
# BOOKING_ORACLE_EXAMPLES=10000 after a change of what decides; each draws a world and asks about every start of it.
EXAMPLES = int(os.environ.get("BOOKING_ORACLE_EXAMPLES", "100"))
few = settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
