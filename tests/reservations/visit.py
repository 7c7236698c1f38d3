"""Appointments and holds as the model has them, and what may not be whatever the time.

Sharing no code with the engine; the building stands in tests/reservations/building.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from tests.reservations.building import CANNOT_CLIMB, KINDS, NAMESPACES, ROOMS, SERVICES, cells, does

GONE, OVER = {"excused", "revoked"}, {"seen", "no_show"}
SOMEBODY = "somebody"  # who is not said yet
NOBODY = ""  # no agent: what is kept for those who wait


@dataclass(frozen=True)
class Visit:
    """An appointment. `steps` and `notices` are by usager, `seats` those of a session, `series` its number."""

    kind: str
    start: int
    end: int
    who: frozenset[str]
    steps: Mapping[str, str]
    notices: Mapping[str, int]
    seats: int | None = None
    series: int | None = None
    room: str | None = None
    pinned: bool = False
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
    def stands(self) -> bool:
        """Whether a series may still change it."""
        return not self.cancelled_by and not self.begun

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
        narrow = self.here - {SOMEBODY}
        return {(one, cell) for one in wide for cell in self.wide} | {(u, c) for u in narrow for c in self.narrow}

    def noticed(self, usagers: Collection[str]) -> dict[str, int]:
        """The notices once these usagers are told something."""
        return {who: count + (who in usagers) for who, count in self.notices.items()}


@dataclass(frozen=True)
class Wish:
    """What somebody asks to book. Without usagers: a session that opens, or a hold for somebody not said yet."""

    kind: str
    lead: str
    start: int
    usagers: tuple[str, ...]
    colleagues: frozenset[str] = frozenset()
    room: str | None = None
    waived: frozenset[str] = frozenset()

    @property
    def visit(self) -> Visit:
        """The appointment that it would be."""
        kind = KINDS[self.kind]
        usagers = self.usagers or (() if kind.seats else (SOMEBODY,))
        return Visit(
            kind=self.kind,
            start=self.start,
            end=self.start + kind.minutes,
            who=self.colleagues | {self.lead},
            steps=dict.fromkeys(usagers, "expected"),
            notices=dict.fromkeys(usagers, 0),
            seats=kind.seats,
        )


@dataclass(frozen=True)
class Kept:
    """A hold: what it keeps, the agent who asked (none for those who wait), when, and until when (minutes)."""

    visit: Visit
    agent: str
    since: int
    until: int


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
    return len(visit.who) + (visit.seats or len(visit.here)) <= facts.places


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
    if any(NAMESPACES.get(who) not in (None, service) for who in visit.here):
        found.add("NotFound:usager")
    return found


def seat_refusals(visit: Visit) -> set[str]:
    """Why so many cannot be received: a session has its seats, anything else is for somebody."""
    if visit.seats is not None:
        return {"SessionFull:"} if len(visit.here) > visit.seats else set()
    return set() if visit.here else {"Invalid:required"}
