"""What the engine of a small building must do, said as naively as possible: plain lists, sets of 5-minute cells, ifs.

Written from the rules, sharing no code with the engine. The building stands in tests/reservations/building.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations, product

from tests.reservations.building import DAY, HOURS, KINDS, OPENINGS, ROOMS, cells, receives
from tests.reservations.queue import Offer, Wait
from tests.reservations.visit import Kept, Visit, fits

WAIVERS = {
    "walk_in": {"past", "desk_lead_time", "off_grid"},
    "hors_plage": {"no_opening", "off_grid", "desk_lead_time"},
}
TAKEN = {"professional_busy", "usager_busy", "no_room"}
# From so many minutes before the start until so many after the end.
HALF_A_DAY = 12 * 60
STEPS: dict[str, tuple[int | None, int | None]] = {
    "expected": (None, None),
    "arrived": (HALF_A_DAY, HALF_A_DAY),
    "in_progress": (120, HALF_A_DAY),
    "seen": (120, None),
    "no_show": (0, None),
}
NONE = -1  # no hold
HELD, HELD_IN_ALL, HOLDS_OF_AN_AGENT = 5, 30, 3  # minutes; slots


def slot(rule: str) -> str:
    """How a rule that forbids a slot is refused."""
    return f"{'SlotTaken' if rule in TAKEN else 'SlotUnavailable'}:{rule}"


@dataclass(frozen=True)
class Done:
    """A visit as a command leaves it, how history calls that, and who is told what."""

    number: int
    visit: Visit
    action: str
    change: str | None = None
    told: frozenset[str] = frozenset()
    named: bool = False  # somebody named its room


class Left(set[str | None]):
    """Rooms that others leave: none of them is preferred."""


MOVES = 3  # so many at most change rooms for one

Given = tuple[str | None, ...]  # a room for each visit of the command


@dataclass(frozen=True)
class Foretold:
    """What a command may be answered: the refusals, and the rooms with which it may be done.

    Without refusals it must be done, without rooms it must be refused; with both, either is right. `refused` are the
    starts of a series, or the visits in the way, that may be refused, each with the rules that may be named. Once done,
    the hold `ends`, and `also` is noted. `answers` are the visits that the answer is about, if not those done.
    """

    refusals: set[str]
    rooms: set[Given] = field(default_factory=set)
    done: Callable[[Given], list[Done]] = lambda _: []
    refused: list[dict[int, set[str]]] = field(default_factory=list)
    ends: int = NONE
    also: Callable[[], None] = lambda: None
    answers: tuple[int, ...] | None = None


@dataclass
class Model:
    """Who has taken what, who is away, what is closed, and all that happened, in order."""

    now: int
    visits: dict[int, Visit] = field(default_factory=dict)
    holds: dict[int, Kept] = field(default_factory=dict)  # those given back are gone, those expired may stay
    waits: dict[int, Wait] = field(default_factory=dict)
    offers: dict[int, Offer] = field(default_factory=dict)  # each by the number of the hold that keeps it
    absences: dict[int, tuple[str, int, int]] = field(default_factory=dict)
    closures: dict[int, tuple[str | None, int, int]] = field(default_factory=dict)
    history: list[tuple[int, str, str | None]] = field(default_factory=list)  # visit, action, reason
    told: set[tuple[int, str, str, int]] = field(default_factory=set)  # line of the history, usager, change, notice
    feeds: Counter[str] = field(default_factory=Counter)
    direct: bool = False  # nobody makes way
    staying: Collection[int] = ()  # these do not

    def alive(self) -> dict[int, Kept]:
        """The holds that have not expired."""
        return {number: kept for number, kept in self.holds.items() if kept.until > self.now}

    def taken(self, ignoring: Collection[int] = ()) -> set[tuple[str, int]]:
        """Every (person or room, cell) that is taken, but for some visits."""
        standing = [visit for number, visit in self.visits.items() if number not in ignoring]
        return {each for visit in (*standing, *self.kept()) for each in visit.takes()}

    def kept(self) -> list[Visit]:
        """What the holds keep."""
        return [kept.visit for kept in self.alive().values()]

    def fate(self, hold: int) -> str:
        """What became of what was proposed: what is no longer kept has lapsed."""
        fate = self.offers[hold].fate
        return "lapsed" if fate == "pending" and hold not in self.alive() else fate

    def proposed(self, wait: int) -> int:
        """The hold of what is proposed to them now, or none."""
        holds = [hold for hold, offer in self.offers.items() if offer.wait == wait and self.fate(hold) == "pending"]
        return next(iter(holds), NONE)

    def waiter(self, hold: int) -> str | None:
        """To whom that was proposed, if it was to anybody."""
        return self.waits[self.offers[hold].wait].usager if hold in self.offers else None

    def seats_kept(self, session: int) -> list[int]:
        """The holds that keep a seat of a session."""
        return [hold for hold in self.alive() if hold in self.offers and self.offers[hold].session == session]

    def end(self, hold: int, fate: str = "declined") -> None:
        """Give back what it keeps; of something proposed that is still kept, that is its fate."""
        if hold in self.offers and self.fate(hold) == "pending":
            self.offers[hold] = replace(self.offers[hold], fate=fate)
        self.holds.pop(hold, None)

    def settle(self, hold: int, number: int) -> None:
        """End a hold by a visit: who was proposed this, and is received for it now, waits no longer."""
        self.end(hold)
        if hold not in self.offers:
            return
        offer, visit = self.offers[hold], self.visits[number]
        wait = self.waits[offer.wait]
        if wait.stands and wait.usager in visit.here and wait.kind == visit.kind:
            self.offers[hold] = replace(offer, fate="booked")
            self.stop(offer.wait, "booked", number)

    def stop(self, number: int, outcome: str, booked: int | None = None) -> None:
        """End a wait; nothing is proposed to them any more."""
        self.end(self.proposed(number), "declined" if outcome == "withdrawn" else "lapsed")
        self.waits[number] = replace(self.waits[number], outcome=outcome, ended=self.now, booked=booked)

    def keep(self, done: Done, reason: str | None) -> None:
        """Note that it was done."""
        before, visit = self.visits.get(done.number, done.visit), done.visit
        pinned = done.named or (before.pinned and before.room == visit.room)
        self.visits[done.number] = replace(visit, pinned=pinned and visit.room is not None)
        self.history.append((done.number, done.action, reason))
        line = len(self.history) - 1
        self.told |= {(line, who, str(done.change), visit.notices[who]) for who in done.told}
        if done.action != "attendance":
            self.feeds.update(before.who | visit.who)

    def open_cells(self, room: str | None = None) -> set[int]:
        """When the building is open; with a room, when that room is too."""
        hours = {cell for start, end in HOURS for cell in cells(start, end)}
        shut = (cells(start, end) for what, start, end in self.closures.values() if what in (None, room))
        return hours.difference(*shut)

    def free_rooms(self, visit: Visit, ignoring: Collection[int]) -> set[str]:
        """The rooms that fit, and are open and free all along."""
        taken = self.taken(ignoring)
        return {
            room
            for room in ROOMS
            if fits(room, visit)
            and visit.wide <= self.open_cells(room)
            and not any((room, cell) in taken for cell in visit.wide)
        }

    def may_leave(self, number: int) -> bool:
        """Whether that visit may be given another room for the sake of another."""
        visit = self.visits[number]
        stays = visit.room is None or visit.pinned or visit.cancelled_by or visit.begun or number in self.staying
        return not stays and visit.start > self.now and number >= 0

    def broken(self, visit: Visit, lead: str, rooms: Collection[str], ignoring: Collection[int]) -> Iterator[str]:
        """Every rule that a visit led by `lead` breaks, as a clerk would say them, given the rooms it could have."""
        kind, taken = KINDS[visit.kind], self.taken(ignoring)
        if visit.start <= self.now:
            yield "past"
        if visit.start < self.now + kind.notice:
            yield "desk_lead_time"
        if not visit.wide <= self.open_cells():
            yield "closed"
        opening = next((o for o in OPENINGS if o[0] == lead and visit.wide <= cells(o[1], o[2])), None)
        if opening is None or not all(visit.wide <= receives(who) for who in visit.who):
            yield "no_opening"
        if opening is None or (visit.start - opening[1]) % kind.step:
            yield "off_grid"
        if any(visit.wide & cells(start, end) for who, start, end in self.absences.values() if who in visit.who):
            yield "absent"
        if any((who, cell) in taken for who in visit.who for cell in visit.wide):
            yield "professional_busy"
        if any((who, cell) in taken for who in visit.here for cell in visit.narrow):
            yield "usager_busy"
        if not visit.by_phone and not rooms:
            yield "no_room"

    def placed(
        self, visit: Visit, leads: Collection[str], ignoring: Collection[int], waived: Collection[str], room: str | None
    ) -> tuple[set[str], set[str | None]]:
        """How a visit may be refused, and the rooms it may have: only `room` when one is asked for."""
        free = {one for one in self.free_rooms(visit, ignoring) if room in (None, one)}
        firsts = {
            next((rule for rule in self.broken(visit, lead, free, ignoring) if rule not in waived), None)
            for lead in leads
        }
        if "no_room" in firsts and None not in firsts and room is None and not self.direct:
            # Of several who may lead, one wants nothing but a room.
            left = making_way(self, visit, ignoring)
            if left:
                return set(), left
        if None in firsts:
            return set(), {None} if visit.by_phone else set(free)
        return {slot(rule) for rule in firsts if rule}, set()


def making_way(model: Model, visit: Visit, ignoring: Collection[int]) -> Left:
    """The rooms that it may have once as few as can be change theirs: every choice of them, in every other room."""
    same_day = [n for n, each in model.visits.items() if each.start // DAY == visit.start // DAY]
    able = [n for n in same_day if n not in ignoring and model.may_leave(n)]
    for moves in range(1, MOVES + 1):
        found = Left()
        for away in combinations(able, moves):
            taken = model.taken({*ignoring, *away})
            for room, *others in product(ROOMS, repeat=moves + 1):
                placed = [(room, visit), *zip(others, (model.visits[n] for n in away), strict=True)]
                changed = all(model.visits[n].room != other for n, other in zip(away, others, strict=True))
                if changed and visit.wide <= model.open_cells(room) and sound(model, placed, taken):
                    found.add(room)
        if found:
            return found
    return Left()


def sound(model: Model, placed: list[tuple[str, Visit]], taken: set[tuple[str, int]]) -> bool:
    """Whether each fits its room, which is open to it and free, also of one another."""
    wanted = [(room, cell) for room, visit in placed for cell in visit.wide]
    shut = {(room, cell) for room, start, end in model.closures.values() if room for cell in cells(start, end)}
    together = len(wanted) == len(set(wanted)) and not {*wanted} & (taken | shut)
    return together and all(fits(room, visit) for room, visit in placed)
