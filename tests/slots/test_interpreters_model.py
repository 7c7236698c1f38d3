"""Searches with an interpreter against searches with each of them as a colleague, person by person and cell by cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from booking.people.models import Professional
from booking.slots import availability, explaining
from booking.slots.generator import Demand
from booking.slots.rules import ORDER, WAIVABLE
from tests.builders import Cast, add_interpreter, set_on
from tests.slots.joint import (
    LEAD,
    NINE,
    ROOMS,
    SITES,
    STARTS,
    USAGERS,
    Asked,
    World,
    at,
    bring_about,
    broken,
    cells,
    edges,
    few,
    first_of,
    free_rooms,
    of_anybody,
    of_colleague,
    of_lead,
    people,
    question,
    store_people,
    where_they_lead,
)

INTERPRETERS = ("amari", "bensaid", "cherif")
Spoken = dict[str, frozenset[str]]

worlds = st.builds(
    World,
    people=st.fixed_dictionaries(dict.fromkeys((LEAD, "diop", *INTERPRETERS), people)),
    taken=st.fixed_dictionaries(dict.fromkeys((*USAGERS, *ROOMS), cells)),
    closed=st.fixed_dictionaries(dict.fromkeys((*SITES, *ROOMS), cells)),
    capacity=st.fixed_dictionaries(dict.fromkeys(ROOMS, st.integers(2, 5))),
)
spoken = st.fixed_dictionaries(dict.fromkeys(INTERPRETERS, st.frozensets(st.sampled_from(("ar", "kab", "wo")))))
questions = st.builds(
    Asked,
    colleagues=st.just(()) | st.just(("diop",)),
    usagers=st.lists(st.sampled_from(USAGERS), max_size=2, unique=True),
    demand=st.builds(Demand, st.integers(1, 4), st.integers(1, 4), st.integers(0, 2), st.integers(0, 2)),
    persons=st.integers(1, 5),
    in_a_room=st.booleans(),
    now=st.just(-50) | edges,
    desk=st.just(-50) | edges,
    waived=st.frozensets(st.sampled_from(sorted(WAIVABLE - {"no_opening"}))),
)


@dataclass(frozen=True)
class Pair:
    """A start that can be given, where, with the interpreter to prefer."""

    start: int
    site: str
    interpreter: str


def with_colleague(asked: Asked, who: str) -> Asked:
    """The same question with one of them as a colleague, who is one person more."""
    return replace(asked, colleagues=(*asked.colleagues, who), persons=max(2, asked.persons + 1))


def preferred(speaking: Spoken) -> list[str]:
    """Those who interpret from Arabic: of fewest languages first, then by name."""
    return sorted(
        (who for who, all_of in speaking.items() if "ar" in all_of), key=lambda who: (len(speaking[who]), who)
    )


def pairs(world: World, asked: Asked, speaking: Spoken) -> Iterator[Pair]:
    """Every start that can be given at a site with one of them as a colleague, each with the first who can."""
    for site in where_they_lead(world):
        for start in STARTS:
            for who in preferred(speaking):
                if not broken(world, with_colleague(asked, who), site, start):
                    yield Pair(start, site, who)
                    break


@pytest.fixture
def keys(cast: Cast) -> dict[str, int]:
    return store_people(cast) | {who: add_interpreter(cast, who) for who in INTERPRETERS}


def arrange(keys: dict[str, int], world: World, speaking: Spoken) -> None:
    bring_about(keys, world)
    for who, languages in speaking.items():
        set_on(Professional, keys[who], languages=languages)


@pytest.mark.parametrize("engine_name", ["sqlite"])
@given(world=worlds, asked=questions, speaking=spoken)
@few
def test_a_start_is_offered_with_the_first_who_could_be_the_colleague(
    cast: Cast, keys: dict[str, int], session: Session, world: World, asked: Asked, speaking: Spoken
) -> None:
    arrange(keys, world, speaking)
    session.rollback()
    what = replace(question(session, cast, keys, asked), interpreter="ar")
    found = availability.slots_between(session, what, at(STARTS.start), at(STARTS.stop))
    expected = list(pairs(world, asked, speaking))
    said = sorted((slot.start, slot.interpreter_id) for slot in found)
    assert said == sorted((at(pair.start), keys[pair.interpreter]) for pair in expected)
    for slot in found:
        start = (slot.start - NINE) // timedelta(minutes=5)
        same = [pair for pair in expected if pair.start == start]
        rooms = [free_rooms(world, with_colleague(asked, pair.interpreter), pair.site, start) for pair in same]
        assert slot.room_id in ({keys[room] for room in set().union(*rooms)} if asked.in_a_room else {None})


@pytest.mark.parametrize("engine_name", ["sqlite"])
@given(world=worlds, asked=questions, speaking=spoken)
@few
def test_what_is_offered_is_what_a_decision_about_a_named_interpreter_grants(
    cast: Cast, keys: dict[str, int], session: Session, world: World, asked: Asked, speaking: Spoken
) -> None:
    arrange(keys, world, speaking)
    session.rollback()
    what = question(session, cast, keys, asked)
    found = availability.slots_between(session, replace(what, interpreter="ar"), at(STARTS.start), at(STARTS.stop))
    for start in STARTS:
        named = [
            replace(what, colleague_ids=[*what.colleague_ids, keys[who]], persons=what.persons + 1)
            for who in preferred(speaking)
        ]
        granted = any(availability.decide(session, each, at(start)).rule is None for each in named)
        assert granted == (at(start) in {slot.start for slot in found}), start


def cause(world: World, asked: Asked, speaking: Spoken, site: str, start: int) -> str | None:
    """What takes a start away: an interpreter is asked for after all other people, and before a room."""
    in_company = replace(asked, persons=max(2, asked.persons + 1))
    rule = (*ORDER, None)[first_of(broken(world, in_company, site, start))]
    interpreters = [world.people[who] for who in preferred(speaking)]
    free = any(not of_colleague(each, site, start, asked) | of_anybody(each, start, asked) for each in interpreters)
    return rule if free or rule not in ("no_room", None) else "no_interpreter"


@pytest.mark.parametrize("engine_name", ["sqlite"])
@given(world=worlds, asked=questions, speaking=spoken)
@few
def test_an_explanation_says_which_starts_lack_an_interpreter(
    cast: Cast, keys: dict[str, int], session: Session, world: World, asked: Asked, speaking: Spoken
) -> None:
    asked = replace(asked, waived=frozenset())
    arrange(keys, world, speaking)
    session.rollback()
    what = replace(question(session, cast, keys, asked), interpreter="ar")
    said = explaining.explain_between(session, what, at(STARTS.start), at(STARTS.stop))
    held = [
        (site, start)
        for site in where_they_lead(world)
        for start in STARTS
        if not of_lead(world.people[LEAD], site, start, asked)
    ]
    expected = Counter(cause(world, asked, speaking, site, start) for site, start in held)
    assert said.starts == len(held)
    assert said.offered == expected[None] == len(list(pairs(world, asked, speaking)))
    found = Counter("no_room" if each.startswith("room_") else each for each in Counter(said.causes).elements())
    assert found == Counter(cause for cause in expected.elements() if cause is not None)
    without = [pair for pair in held if not broken(world, asked, *pair)]
    (change,) = [each for each in said.relaxations if each.kind == "without_interpreter"] or [None]
    assert (change.count if change else 0) == len(without) - said.offered
    assert change is None or change.first.interpreter_id is None
