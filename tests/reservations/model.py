"""A small building, and what its engine must do, said as naively as possible: plain lists, sets of 5-minute cells, ifs.

Written from the rules, sharing no code with the engine. Names are keys; times are minutes from Monday's midnight.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

CELL = 5
MONDAY, TUESDAY = 0, 24 * 60


def at(day: int, hour: int, minute: int = 0) -> int:
    """A wall time of that day, in minutes from Monday's midnight."""
    return day + 60 * hour + minute


@dataclass(frozen=True)
class Kind:
    """A type. A step of its lattice, buffers and the notice that the desk must give are in minutes."""

    service: str
    professions: frozenset[str]
    minutes: int
    step: int
    rooms: frozenset[str] = frozenset()  # none: by phone
    before: int = 0
    after: int = 0
    notice: int = 0


@dataclass(frozen=True)
class Room:
    """A room, the places in it, whom it is kept for, and whether it is reached without stairs."""

    kind: str
    places: int
    kept_for: str | None = None
    step_free: bool = False


KINDS = {
    "entretien": Kind("social", frozenset({"assistant"}), 30, 30, frozenset({"bureau"})),
    "appel": Kind("social", frozenset({"assistant"}), 15, 30),
    "bilan": Kind("social", frozenset({"assistant", "psychologue"}), 30, 15, frozenset({"bureau"}), before=5, after=10),
    "soin": Kind("sante", frozenset({"psychologue"}), 20, 20, frozenset({"bureau", "cabinet"}), notice=60),
}
ROOMS = {"b1": Room("bureau", 2), "b2": Room("bureau", 4, step_free=True), "c1": Room("cabinet", 3, "sante")}
PROFESSIONS = {"roux": "assistant", "diop": "assistant", "lenoir": "psychologue"}
SERVICES = {"roux": {"social"}, "diop": {"social"}, "lenoir": {"social", "sante"}}
# M. Petit belongs to the namespace of « sante »; Mme Koné cannot climb stairs.
NAMESPACES = {"diallo": None, "kone": None, "nguyen": None, "petit": "sante"}
CANNOT_CLIMB = {"kone"}
OPENINGS = [
    ("roux", at(MONDAY, 9), at(MONDAY, 11)),
    ("roux", at(TUESDAY, 9), at(TUESDAY, 10, 30)),
    ("diop", at(MONDAY, 9), at(MONDAY, 10, 40)),
    ("diop", at(MONDAY, 10, 40), at(MONDAY, 12)),  # its grid is its own, and the building closes before it ends
    ("diop", at(TUESDAY, 9), at(TUESDAY, 11)),
    ("lenoir", at(MONDAY, 9), at(MONDAY, 10, 30)),
    ("lenoir", at(TUESDAY, 9, 15), at(TUESDAY, 11)),
]
HOURS = [(at(MONDAY, 8, 30), at(MONDAY, 11, 45)), (at(TUESDAY, 8, 30), at(TUESDAY, 11, 45))]

WAIVERS = {
    "walk_in": {"past", "desk_lead_time", "off_grid"},
    "hors_plage": {"no_opening", "off_grid", "desk_lead_time"},
}
TAKEN = {"professional_busy", "usager_busy", "no_room"}
GONE, OVER = {"excused", "revoked"}, {"seen", "no_show"}
# From so many minutes before the start until so many after the end.
HALF_A_DAY = 12 * 60
STEPS: dict[str, tuple[int | None, int | None]] = {
    "expected": (None, None),
    "arrived": (HALF_A_DAY, HALF_A_DAY),
    "in_progress": (120, HALF_A_DAY),
    "seen": (120, None),
    "no_show": (0, None),
}


def cells(start: int, end: int) -> set[int]:
    """The cells of a span, each by the minute at which it begins."""
    return set(range(start, end, CELL))


def slot(rule: str) -> str:
    """How a rule that forbids a slot is refused."""
    return f"{'SlotTaken' if rule in TAKEN else 'SlotUnavailable'}:{rule}"


@dataclass(frozen=True)
class Visit:
    """An appointment. `steps` and `notices` are by usager."""

    kind: str
    start: int
    end: int
    who: frozenset[str]
    steps: Mapping[str, str]
    notices: Mapping[str, int]
    room: str | None = None
    version: int = 1
    sequence: int = 0
    cancelled_by: str | None = None
    steps_before: Mapping[str, str] = field(default_factory=dict)

    @property
    def here(self) -> frozenset[str]:
        """The usagers who take part."""
        return frozenset(who for who, step in self.steps.items() if step not in GONE)

    @property
    def begun(self) -> bool:
        """Whether somebody came, or did not."""
        return any(self.steps[who] != "expected" for who in self.here)

    @property
    def over(self) -> bool:
        """Whether somebody was seen, or did not come."""
        return any(step in OVER for step in self.steps.values())

    @property
    def by_phone(self) -> bool:
        """Whether it needs no room."""
        return not KINDS[self.kind].rooms

    @property
    def wide(self) -> set[int]:
        """The cells that its professionals and its room give."""
        return cells(self.start - KINDS[self.kind].before, self.end + KINDS[self.kind].after)

    @property
    def narrow(self) -> set[int]:
        """The cells that its usagers give."""
        return cells(self.start, self.end)

    def takes(self) -> set[tuple[str, int]]:
        """Every (person or room, cell) that it takes."""
        if self.cancelled_by:
            return set()
        wide = self.who if self.room is None else self.who | {self.room}
        return {(one, cell) for one in wide for cell in self.wide} | {(u, c) for u in self.here for c in self.narrow}

    def noticed(self, usagers: Collection[str]) -> dict[str, int]:
        """The notices once these usagers are told something."""
        return {who: count + (who in usagers) for who, count in self.notices.items()}


@dataclass(frozen=True)
class Done:
    """A visit as a command leaves it, how history calls that, and who is told what."""

    number: int
    visit: Visit
    action: str
    change: str | None = None
    told: frozenset[str] = frozenset()


Given = tuple[str | None, ...]  # a room for each visit of the command


@dataclass(frozen=True)
class Foretold:
    """What a command may be answered: the refusals, and the rooms with which it may be done.

    Without refusals it must be done, without rooms it must be refused; with both, either is right.
    """

    refusals: set[str]
    rooms: set[Given] = field(default_factory=set)
    done: Callable[[Given], list[Done]] = lambda _: []


@dataclass
class Model:
    """Who has taken what, who is away, what is closed, and all that happened, in order."""

    now: int
    visits: dict[int, Visit] = field(default_factory=dict)
    absences: dict[int, tuple[str, int, int]] = field(default_factory=dict)
    closures: dict[int, tuple[str | None, int, int]] = field(default_factory=dict)
    history: list[tuple[int, str, str | None]] = field(default_factory=list)  # visit, action, reason
    told: set[tuple[int, str, str, int]] = field(default_factory=set)  # line of the history, usager, change, notice
    feeds: Counter[str] = field(default_factory=Counter)

    def taken(self, ignoring: Collection[int] = ()) -> set[tuple[str, int]]:
        """Every (person or room, cell) that is taken, but for some visits."""
        return {each for number, visit in self.visits.items() if number not in ignoring for each in visit.takes()}

    def keep(self, done: Done, reason: str | None) -> None:
        """Note that it was done."""
        before = self.visits.get(done.number, done.visit)
        self.visits[done.number] = done.visit
        self.history.append((done.number, done.action, reason))
        line = len(self.history) - 1
        self.told |= {(line, who, str(done.change), done.visit.notices[who]) for who in done.told}
        if done.action != "attendance":
            self.feeds.update(before.who | done.visit.who)

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
        if None in firsts:
            return set(), {None} if visit.by_phone else set(free)
        return {slot(rule) for rule in firsts if rule}, set()


def receives(who: str) -> set[int]:
    """The cells in which a professional receives."""
    return {cell for one, start, end in OPENINGS if one == who for cell in cells(start, end)}


def does(who: str, kind: str) -> bool:
    """Whether a professional may lead that type."""
    return PROFESSIONS[who] in KINDS[kind].professions and KINDS[kind].service in SERVICES[who]


def leads_of(visit: Visit) -> list[str]:
    """Who of its professionals may lead it."""
    return [who for who in sorted(visit.who) if does(who, visit.kind)]


def fits(room: str, visit: Visit) -> bool:
    """Whether all find a place in a room of the right kind, which they can reach, and which is not kept for others."""
    facts, kind = ROOMS[room], KINDS[visit.kind]
    if facts.kind not in kind.rooms or facts.kept_for not in (None, kind.service):
        return False
    if visit.here & CANNOT_CLIMB and not facts.step_free:
        return False
    return len(visit.who) + len(visit.here) <= facts.places


def room_refusals(visit: Visit, room: str | None) -> set[str]:
    """Why a room cannot be asked for, whatever the time."""
    if room is None or fits(room, visit):
        return set()
    return {"Invalid:not_expected"} if visit.by_phone else {"SlotUnavailable:room_unfit"}


def people_refusals(visit: Visit, leads: Collection[str]) -> set[str]:
    """Why these people cannot meet, whatever the time."""
    found, service = set(), KINDS[visit.kind].service
    together = all(service in SERVICES[who] for who in visit.who)
    if not leads or not together or not all(does(who, visit.kind) for who in leads):
        found.add("SlotUnavailable:not_qualified")
    if any(NAMESPACES[who] not in (None, service) for who in visit.here):
        found.add("NotFound:usager")
    return found
