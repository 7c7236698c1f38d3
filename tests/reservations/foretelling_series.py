"""What the model says of series and of holds. See tests/reservations/model.py and foretelling.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

from tests.reservations import foretelling
from tests.reservations.foretelling import CLOSED, asked, kept, moved, stale
from tests.reservations.model import HOLDS_OF_AN_AGENT, NONE, Done, Foretold, Given, Model
from tests.reservations.visit import Visit, Wish, leads_of

REFUSED = "SeriesRefused:"


def book(model: Model, wish: Wish, starts: Sequence[int], hold: int = NONE) -> Foretold:
    """Each start as if it were booked alone after those before it; all, or none."""
    if not starts:
        return Foretold({"Invalid:out_of_range"})
    no = {"Invalid:twice"} if len(set(starts)) < len(starts) else set()
    if not wish.usagers and not wish.visit.seats:
        no.add("Invalid:required")
    series = 1 + max((visit.series for visit in model.visits.values() if visit.series is not None), default=-1)
    booked: list[Visit] = []
    rooms: list[set[str | None]] = []
    refused: dict[int, set[str]] = {}
    for start in sorted(set(starts)):
        # The same professionals are in each: those before are never in the way of the rooms of those after.
        before = replace(model, visits=model.visits | {-1 - n: visit for n, visit in enumerate(booked)})
        refusals, free = asked(before, replace(wish, start=start), hold)
        no |= {each for each in refusals if not each.startswith("Slot")}
        if rules := _rules(refusals):
            refused[start] = rules
        else:
            booked.append(replace(wish, start=start).visit)
            rooms.append(free)
    if refused:
        return Foretold(no | {REFUSED}, refused=[refused])

    def done(given: Given) -> list[Done]:
        visits = [replace(visit, series=series, room=room) for visit, room in zip(booked, given, strict=True)]
        first, named = len(model.visits), wish.room is not None
        return [Done(first + n, visit, "booked", "booked", visit.here, named) for n, visit in enumerate(visits)]

    return Foretold(no, set() if no else set(product(*rooms)), done, ends=hold)


def cancel(model: Model, number: int, scope: str, version: int | None, by: str) -> Foretold:
    """What the scope covers and still stands."""
    standing = _standing(model, number, scope)
    no = stale(model.visits[number], version) | (set() if standing else {CLOSED})
    done = [foretelling.cancel(model, each, None, by).done(())[0] for each in standing]
    return Foretold(no, set() if no else {tuple(each.visit.room for each in done)}, lambda _: done)


def move(model: Model, number: int, scope: str, version: int | None, start: int) -> Foretold:
    """What the scope covers and still stands, by as much as this one; each may go where another was."""
    standing = _standing(model, number, scope)
    no = stale(model.visits[number], version) | (set() if standing else {CLOSED})
    shift = start - model.visits[number].start
    if not shift:
        return Foretold(no | {"Invalid:unchanged"})
    ways = _ways(model, {n: _later(model.visits[n], shift) for n in standing})
    refused = [each for _, each in ways if each]
    return Foretold(
        no | ({REFUSED} if refused else set()),
        set() if no else {rooms for rooms, each in ways if not each},
        lambda given: [
            moved(n, model.visits[n], _later(model.visits[n], shift), room)
            for n, room in zip(standing, given, strict=True)
        ],
        refused,
    )


def hold(model: Model, wish: Wish, agent: str) -> Foretold:
    """Whatever could be booked can be held, but for whoever keeps too many."""
    refusals, rooms = asked(model, wish)
    if sum(kept.agent == agent for kept in model.alive().values()) >= HOLDS_OF_AN_AGENT:
        refusals = refusals | {"TooManyHolds:"}
    return Foretold(refusals, set() if refusals else {(room,) for room in rooms})


def _standing(model: Model, number: int, scope: str) -> list[int]:
    """Those of the scope that a series may still change, in the order in which they were booked."""
    this = model.visits[number]
    covered = [number]
    if scope != "one" and this.series is not None:
        of_series = [n for n, visit in sorted(model.visits.items()) if visit.series == this.series]
        covered = [n for n in of_series if scope == "all" or model.visits[n].start >= this.start]
    return [n for n in covered if model.visits[n].stands]


def _ways(model: Model, after: dict[int, Visit]) -> list[tuple[Given, dict[int, set[str]]]]:
    """Every way to give them rooms one after the other, and what is refused that way."""
    ways: list[tuple[Given, dict[int, set[str]], dict[int, Visit]]] = [
        ((), {}, {n: visit for n, visit in model.visits.items() if n not in after})
    ]
    for number, visit in after.items():
        further = []
        for given, refused, visits in ways:
            refusals, rooms = replace(model, visits=visits, staying=after.keys()).placed(
                visit, leads_of(visit), (), (), None
            )
            if refusals:
                rules = refused.get(visit.start, set()) | _rules(refusals)
                further.append((given, refused | {visit.start: rules}, visits))
            for room in kept(model.visits[number].room, rooms):
                further.append(((*given, room), refused, visits | {number: replace(visit, room=room)}))
        ways = further
    return [(given, refused) for given, refused, _ in ways]


def _later(visit: Visit, shift: int) -> Visit:
    return replace(visit, start=visit.start + shift, end=visit.end + shift)


def _rules(refusals: set[str]) -> set[str]:
    """The rules by which a slot is refused."""
    return {each.partition(":")[2] for each in refusals if each.startswith("Slot")}
