"""Joint searches and decisions against what each rule says of each person separately, cell by cell."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from sqlalchemy.orm import Session

from booking.slots import availability
from booking.slots.rules import ORDER
from tests.builders import Cast
from tests.slots.joint import (
    NINE,
    SITES,
    STARTS,
    Asked,
    World,
    at,
    away,
    bring_about,
    broken,
    few,
    first_of,
    free_rooms,
    question,
    questions,
    store_people,
    where_they_lead,
    worlds,
)


@pytest.fixture
def keys(cast: Cast) -> dict[str, int]:
    return store_people(cast)


model = pytest.mark.parametrize("engine_name", ["sqlite"])


@model
@given(world=worlds, asked=questions)
@few
def test_a_decision_is_what_the_rules_say_of_each_person(
    cast: Cast, keys: dict[str, int], session: Session, world: World, asked: Asked
) -> None:
    bring_about(keys, world)
    session.rollback()
    what, led = question(session, cast, keys, asked), where_they_lead(world)
    sites = SITES if "no_opening" in asked.waived or not led else led
    for start in STARTS:
        verdict = availability.decide(session, what, at(start))
        said = {site: first_of(broken(world, asked, site, start)) for site in sites}
        best = max(said.values())
        assert (verdict.rule or "none") == (*ORDER, "none")[best], start
        (site,) = (name for name in SITES if keys[name] == verdict.site_id)
        assert said[site] == best
        assert away(world, site, start) == min(away(world, name, start) for name in sites if said[name] == best)
        assert set(verdict.room_ids) == {keys[room] for room in free_rooms(world, asked, site, start)}


@model
@given(world=worlds, asked=questions)
@few
def test_what_is_offered_is_exactly_what_a_decision_grants(
    cast: Cast, keys: dict[str, int], session: Session, world: World, asked: Asked
) -> None:
    """A search looks where the lead receives; a decision without no_opening also looks at the other sites."""
    bring_about(keys, world)
    session.rollback()
    what, led = question(session, cast, keys, asked), where_they_lead(world)
    found = availability.slots_between(session, what, at(STARTS.start), at(STARTS.stop))
    possible = [(start, site) for start in STARTS for site in led if not broken(world, asked, site, start)]
    assert [slot.start for slot in found] == [at(start) for start, _ in possible]
    for slot in found:
        start = (slot.start - NINE) // timedelta(minutes=5)
        rooms = set().union(*(free_rooms(world, asked, site, start) for when, site in possible if when == start))
        assert slot.room_id in ({keys[room] for room in rooms} if asked.in_a_room else {None})
    granted = {at(start) for start in STARTS if availability.decide(session, what, at(start)).rule is None}
    offered = {slot.start for slot in found}
    assert offered == granted if led == list(SITES) or "no_opening" not in asked.waived else offered <= granted
