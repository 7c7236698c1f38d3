"""What the model says of an absence or a closure: what it hits, where that could go, and what becomes of it all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from tests.reservations import foretelling
from tests.reservations.building import KINDS, OPENINGS, PROFESSIONS, cells, does
from tests.reservations.model import Done, Foretold, Given, Model
from tests.reservations.visit import Visit

REFUSED = "NotDisplaced:"
AT_ONCE, OF_THEIRS, IN_ALL = 3, 3, 6  # destinations


@dataclass(frozen=True)
class Cause:
    """Somebody is absent or, with nobody, the building is closed, or one of its rooms."""

    who: str | None
    room: str | None
    start: int
    end: int

    def refusals(self, model: Model) -> set[str]:
        """Why it is not taken down: it is over, or said already."""
        over = {"Invalid:past"} if self.end <= model.now else set()
        said = model.absences if self.who else model.closures
        same = [each for each in said.values() if each[0] == (self.who or self.room)]
        return over | ({"Invalid:overlaps"} if any(s <= self.start and self.end <= e for _, s, e in same) else set())

    def store(self, model: Model, key: int) -> Model:
        """The same, with it."""
        if self.who:
            return replace(model, absences=model.absences | {key: (self.who, self.start, self.end)})
        return replace(model, closures=model.closures | {key: (self.room, self.start, self.end)})

    def hits(self, visit: Visit, now: int) -> bool:
        """Whether it is in the way of an appointment that stands and is not over."""
        if visit.cancelled_by or visit.over or visit.end <= now or not visit.wide & cells(self.start, self.end):
            return False
        return self.who in visit.who if self.who else self.room in (None, visit.room)


@dataclass(frozen=True)
class Goes:
    """To another start, other professionals or another room; None keeps what there is, or lets the room be chosen."""

    start: int | None = None
    who: frozenset[str] | None = None
    room: str | None = None


@dataclass(frozen=True)
class Decided:
    """What becomes of a visit, at the version that was seen: it goes, is cancelled, or is left alone."""

    number: int
    version: int | None
    fate: Goes | str


def hits(model: Model, cause: Cause) -> list[int]:
    """What it hits, by start."""
    found = [number for number, visit in model.visits.items() if cause.hits(visit, model.now)]
    return sorted(found, key=lambda number: (model.visits[number].start, number))


def goes(model: Model, number: int, fate: Goes) -> Foretold:
    """As any other move, once the absence or the closure is known."""
    return foretelling.move(replace(model, direct=True), number, None, fate.start, fate.who, fate.room, None, None)


def destinations(model: Model, cause: Cause, number: int) -> list[Goes] | None:
    """Where somebody who is received by one professional could go, the best first; None for several of them."""
    visit, model = model.visits[number], cause.store(model, -1)
    if len(visit.who) > 1:
        return None
    if cause.room and (rooms := _other_rooms(model, number)):
        return rooms
    free = [each for each in _everywhere(visit) if not goes(model, number, each).refusals]
    at_once = [each for each in free if each.start == visit.start][:AT_ONCE]
    other = [each for each in free if each.start != visit.start]
    other.sort(key=lambda each: ((each.start or 0) < visit.start, abs((each.start or 0) - visit.start)))
    theirs = [each for each in other if each.who is None][:OF_THEIRS]
    others = [each for each in other if each.who is not None][: IN_ALL - len(theirs)]
    return at_once + ([] if visit.begun else theirs + others)


def _other_rooms(model: Model, number: int) -> list[Goes]:
    """The same for nobody but the room: those kept for the service, then without stairs last, then the smallest."""
    visit = model.visits[number]
    found = [each for each in ("c1", "b1", "b2") if each != visit.room]
    fates = [Goes(visit.start, room=each) for each in found]
    return [fate for fate in fates if not goes(model, number, fate).refusals]


def _everywhere(visit: Visit) -> Iterator[Goes]:
    """Each start of each lattice of those who do it, by start then by professional."""
    starts = {
        (start, who)
        for who, opens, closes in OPENINGS
        if does(who, visit.kind)
        for start in range(opens, closes, KINDS[visit.kind].step)
    }
    for start, who in sorted(starts, key=lambda each: (each[0], list(PROFESSIONS).index(each[1]))):
        if (start, {who}) != (visit.start, visit.who):
            yield Goes(start, None if {who} == visit.who else frozenset({who}))


def displace(model: Model, cause: Cause, decided: Sequence[Decided], keep: Callable[[], None]) -> Foretold:
    """What is in the way becomes what was decided of it, and of nothing else: all of it, or nothing."""
    no = cause.refusals(model)
    unforeseen = _unforeseen(model, cause, decided)
    if unforeseen:
        return Foretold(no | {REFUSED}, refused=[unforeseen])
    ways = _ways(cause.store(model, -1), decided)
    refused = [each for _, each in ways if each]

    def done(given: Given) -> list[Done]:
        changed = [each for each in decided if each.fate != "left_alone"]
        return [_done(model, each, room) for each, room in zip(changed, given, strict=True)]

    return Foretold(
        no | ({REFUSED} if refused else set()),
        set() if no else {rooms for rooms, each in ways if not each},
        done,
        refused,
        also=keep,
        answers=tuple(each.number for each in decided),
    )


def _unforeseen(model: Model, cause: Cause, decided: Sequence[Decided]) -> dict[int, set[str]]:
    hit, seen = set(hits(model, cause)), {each.number for each in decided}
    stale = {each.number for each in decided if each.version not in (None, model.visits[each.number].version)}
    return {number: {"changed" if number in seen else "appeared"} for number in (hit ^ seen) | stale}


def _goes_away(visit: Visit, fate: Goes | str) -> bool:
    return fate.start not in (None, visit.start) if isinstance(fate, Goes) else fate == "cancelled"


def _ways(model: Model, decided: Sequence[Decided]) -> list[tuple[Given, dict[int, set[str]]]]:
    """Every way to give them rooms in turn, and what is refused that way; those that go away leave theirs first."""
    away = {each.number for each in decided if _goes_away(model.visits[each.number], each.fate)}
    ways: list[tuple[Given, dict[int, set[str]], dict[int, Visit]]] = [
        ((), {}, {number: visit for number, visit in model.visits.items() if number not in away})
    ]
    for each in decided:
        if each.fate == "left_alone":
            continue
        before, further = model.visits[each.number], []
        for given, refused, visits in ways:
            now = replace(model, visits=visits | {each.number: before})
            told = _foretold(now, each)
            if told.refusals:
                further.append((given, refused | {each.number: {_rule(no) for no in told.refusals}}, visits))
            for rooms in told.rooms:
                after = told.done(rooms)[0].visit
                further.append(((*given, *rooms), refused, visits | {each.number: after}))
        ways = further
    return [(given, refused) for given, refused, _ in ways]


def _foretold(model: Model, decided: Decided) -> Foretold:
    if isinstance(decided.fate, Goes):
        return goes(model, decided.number, decided.fate)
    return foretelling.cancel(model, decided.number, None, "service")


def _done(model: Model, decided: Decided, room: str | None) -> Done:
    return _foretold(model, decided).done((room,))[0]


def _rule(refusal: str) -> str:
    return refusal.partition(":")[2] or "begun"
