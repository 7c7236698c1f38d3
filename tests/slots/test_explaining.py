"""Why little is found: what each rule took away, and what would find more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from booking.errors import Invalid
from booking.slots import days, explaining
from booking.slots.explaining import Cause, explain, explain_between
from booking.slots.generator import Demand
from booking.slots.models import AppointmentType
from booking.slots.rules import ORDER
from tests.builders import MONDAY, NOW, Cast, add_professionals, add_rooms, closure, paris, set_on, store
from tests.slots.asking import ask, day_of
from tests.slots.joint import (
    CELLS,
    COLLEAGUES,
    LEAD,
    ROOMS,
    SITES,
    STARTS,
    USAGERS,
    Asked,
    World,
    at,
    bring_about,
    broken,
    few,
    first_of,
    question,
    store_people,
    wide,
    worlds,
)

# ------------------------------------------------------------------ against the rules, person by person

NEARBY, SHORTER = 4, 3  # cells
asked_questions = st.builds(
    Asked,
    colleagues=st.lists(st.sampled_from(COLLEAGUES), max_size=2, unique=True),
    usagers=st.lists(st.sampled_from(USAGERS), max_size=2, unique=True),
    demand=st.builds(Demand, st.integers(1, 8), st.integers(1, 6), st.integers(0, 2), st.integers(0, 2)),
    persons=st.integers(1, 6),
    in_a_room=st.booleans(),
    now=st.just(-50) | st.integers(-3, CELLS),
    desk=st.just(-50) | st.integers(-3, CELLS),
    waived=st.just(frozenset()),
)


@pytest.fixture
def keys(cast: Cast) -> dict[str, int]:
    return store_people(cast)


def lattice(world: World, asked: Asked, site: str, lead: str = LEAD) -> Iterator[int]:
    """The starts that an opening of the lead holds there, each once."""
    held = (
        start
        for each in world.people[lead].openings
        if each.site == site
        for start in range(each.first, each.last)
        if (start - each.first) % asked.demand.step == 0
        and each.first <= wide(asked, start).start
        and wide(asked, start).stop <= each.last
    )
    yield from sorted(set(held))


def cause(world: World, asked: Asked, site: str, start: int) -> Cause | None:
    """What takes a start away, the rooms told apart."""
    rule = (*ORDER, None)[first_of(broken(world, asked, site, start))]
    if rule != "no_room":
        return rule
    rooms = [room for room, where in ROOMS.items() if where == site]
    cells = set(wide(asked, start))
    idle = [room for room in rooms if not cells & world.taken[room]]
    holds = {room: world.capacity[room] >= max(2, asked.persons) for room in rooms}
    if any(holds[room] for room in idle):
        return "room_closed"
    if any(not cells & world.closed[room] for room in idle) or not any(holds.values()):
        return "room_capacity"
    return "room_busy"


def possible(world: World, asked: Asked, lead: str = LEAD, spans: range = STARTS) -> set[tuple[int, str]]:
    """The (start, site) that can be given to a lead."""
    return {
        (start, site)
        for site in SITES
        for start in lattice(world, asked, site, lead)
        if start in spans and not broken(world, asked, site, start, lead)
    }


def between_the_lattice(world: World, asked: Asked, site: str) -> int:
    """How many starts can be given at most 4 cells away from the lattice, besides those on it."""
    loose = replace(asked, waived=frozenset({"off_grid"}))
    on = list(lattice(world, asked, site))
    offered = [start for start, where in possible(world, asked) if where == site]
    taken, length = list(offered), asked.demand.buffered
    count = 0
    for start in STARTS:
        near = any(abs(start - each) <= NEARBY for each in on)
        apart = all(abs(start - each) >= length for each in taken)
        if near and apart and not broken(world, loose, site, start):
            taken.append(start)
            count += 1
    return count


def relaxed(world: World, asked: Asked) -> dict[tuple[str, str | None], int]:
    """What each change would find that is not offered."""
    offered = possible(world, asked)
    shorter = replace(asked, demand=replace(asked.demand, duration=asked.demand.duration - SHORTER))
    around = [range(STARTS.start - NEARBY, STARTS.start), range(STARTS.stop, STARTS.stop + NEARBY)]
    others = [name for name in COLLEAGUES if name not in asked.colleagues]
    found = {
        ("nearby_time", None): sum(len(possible(world, asked, spans=span)) for span in around),
        ("other_professional", None): sum(len(possible(world, asked, name)) for name in others),
        ("off_lattice", None): sum(between_the_lattice(world, asked, site) for site in SITES),
        ("shorter", None): len(possible(world, shorter) - offered) if asked.demand.duration >= 2 * SHORTER else 0,
    }
    for name in asked.colleagues:
        fewer = replace(
            asked, colleagues=[each for each in asked.colleagues if each != name], persons=asked.persons - 1
        )
        found["without_colleague", name] = len(possible(world, fewer) - offered)
    return {change: count for change, count in found.items() if count}


@pytest.mark.parametrize("engine_name", ["sqlite"])
@given(world=worlds, asked=asked_questions)
@few
def test_an_explanation_is_what_the_rules_say_of_each_start(
    cast: Cast, keys: dict[str, int], session: Session, world: World, asked: Asked
) -> None:
    bring_about(keys, world)
    session.rollback()
    what = replace(question(session, cast, keys, asked), waived=frozenset())
    said = explain_between(session, what, at(STARTS.start), at(STARTS.stop))
    starts = [(site, start) for site in SITES for start in lattice(world, asked, site) if start in STARTS]
    causes = Counter(cause(world, asked, site, start) for site, start in starts)
    assert (said.starts, said.offered) == (len(starts), causes.pop(None, 0))
    assert said.causes == causes
    assert list(said.causes) == sorted(said.causes, key=explaining.IN_ORDER.index)
    names = {keys[name]: name for name in COLLEAGUES} | {None: None}
    found = {(each.kind, names[each.professional_id]): each.count for each in said.relaxations}
    elsewhere = {("later", None), ("other_room_kind", None)}  # told by the tables below
    assert {change: count for change, count in found.items() if change not in elsewhere} == relaxed(world, asked)


# ------------------------------------------------------------------ how much is read


def test_the_number_of_queries_is_bounded(cast: Cast, session: Session, queries: list[str]) -> None:
    """The revision and three reads; three more to look further."""
    day, all_of_it = day_of(cast.entretien, MONDAY), ask(cast.entretien, NOW, NOW + timedelta(weeks=13))
    for more in (0, 12):
        add_professionals(cast, more)
        add_rooms(cast, more)
        days.refresh()
        explain(session, day, NOW)  # what is arranged has been read
        for search in (day, all_of_it):
            queries.clear()
            assert explain(session, search, NOW).offered > 0
            assert len(queries) == 1 + 3 + 3
        session.rollback()


def test_seven_days_are_counted_also_beyond_where_the_first_was_looked_for(cast: Cast, session: Session) -> None:
    store(closure(cast.site, "2026-11-24 00:00", "2026-12-04 00:00"))
    (later,) = explain(session, day_of(cast.entretien, MONDAY), NOW).relaxations
    assert (later.kind, later.first.start) == ("later", paris("2026-12-04 09:00"))
    assert later.count == 66, "12 on each of five days, and 6 of M. Diop's"


def test_nothing_is_ever_found(cast: Cast, session: Session, queries: list[str]) -> None:
    set_on(AppointmentType, cast.entretien, duration=480)
    explain(session, day_of(cast.entretien, MONDAY), NOW)
    queries.clear()
    assert explain(session, day_of(cast.entretien, MONDAY), NOW).relaxations == []
    assert len(queries) == 1 + 3 + 3 * 3, "windows of 2, 4 and 7 weeks"


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("start", "end", "rule"),
    [
        (NOW, NOW, "end_before_start"),
        (NOW, NOW + timedelta(weeks=14), "range_too_long"),
        (NOW, NOW + timedelta(days=365_000), "out_of_range"),
        (NOW - timedelta(days=30_000), NOW, "out_of_range"),
    ],
    ids=["empty", "14 weeks", "a thousand years", "before our time"],
)
def test_a_period_that_cannot_be_searched(
    cast: Cast, session: Session, start: datetime, end: datetime, rule: str
) -> None:
    with pytest.raises(Invalid) as refused:
        explain(session, ask(cast.entretien, start, end), NOW)
    assert refused.value.rule == rule
