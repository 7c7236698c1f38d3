"""Which rooms fit an appointment, and which of them to give first. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

Lack = Literal["kind", "reserved", "features", "capacity"]


@dataclass(frozen=True)
class RoomFacts:
    """What matters of a room when one is chosen."""

    id: int
    site_id: int
    code: str
    kind: str
    capacity: int
    features: frozenset[str]
    reserved_for_id: int | None


@dataclass(frozen=True)
class Need:
    """What an appointment asks of its room. `persons` counts everybody in it."""

    kinds: frozenset[str]
    features: frozenset[str]
    service_id: int
    persons: int = 2

    def of(self, persons: int, *, step_free: bool) -> Need:
        """The same for so many persons, where those who cannot climb stairs can come."""
        features = self.features | {"step_free"} if step_free else self.features
        return replace(self, features=features, persons=max(self.persons, persons))


def fits(room: RoomFacts, need: Need) -> bool:
    """Whether a room may be given: its kind, its features, its places; one kept for a service is for it alone."""
    return lacks(room, need) is None


def lacks(room: RoomFacts, need: Need) -> Lack | None:
    """The first thing for which a room may not be given, None when it may."""
    if room.kind not in need.kinds:
        return "kind"
    if room.reserved_for_id not in (None, need.service_id):
        return "reserved"
    if not need.features <= room.features:
        return "features"
    return "capacity" if room.capacity < need.persons else None


def by_preference(rooms: Iterable[RoomFacts]) -> list[RoomFacts]:
    """The least versatile first: kept for a service, then fewest features, then smallest, then by code.

    What others could use stays free the longest: a step-free office is given last to somebody who climbs stairs.
    """
    return sorted(rooms, key=lambda room: (room.reserved_for_id is None, len(room.features), room.capacity, room.code))
