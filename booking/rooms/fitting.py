"""Which rooms fit an appointment, and which of them to give first. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


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


def fits(room: RoomFacts, need: Need) -> bool:
    """Whether a room may be given: its kind, its features, its places; one kept for a service is for it alone."""
    return (
        room.kind in need.kinds
        and need.features <= room.features
        and room.reserved_for_id in (None, need.service_id)
        and room.capacity >= need.persons
    )


def by_preference(rooms: Iterable[RoomFacts]) -> list[RoomFacts]:
    """The least versatile first: kept for a service, then fewest features, then smallest, then by code.

    What others could use stays free the longest: a step-free office is given last to somebody who climbs stairs.
    """
    return sorted(rooms, key=lambda room: (room.reserved_for_id is None, len(room.features), room.capacity, room.code))
