"""The small building of the model: who works there, what for, when and where. Facts only.

Names are keys; times are minutes from Monday's midnight.
"""

from __future__ import annotations

from dataclasses import dataclass

CELL, DAY = 5, 24 * 60
MONDAY, TUESDAY = 0, DAY


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
    seats: int | None = None  # of a collective session


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
    "atelier": Kind("social", frozenset({"assistant", "psychologue"}), 30, 30, frozenset({"bureau"}), seats=2),
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
AGENTS = ("amina", "karim")


def cells(start: int, end: int) -> set[int]:
    """The cells of a span, each by the minute at which it begins."""
    return set(range(start, end, CELL))


def receives(who: str) -> set[int]:
    """The cells in which a professional receives."""
    return {cell for one, start, end in OPENINGS if one == who for cell in cells(start, end)}


def does(who: str, kind: str) -> bool:
    """Whether a professional may lead that type."""
    return PROFESSIONS[who] in KINDS[kind].professions and KINDS[kind].service in SERVICES[who]
