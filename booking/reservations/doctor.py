"""The proof, on live data, that what must always hold does hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from booking.db import in_transaction
from booking.reservations.models import Appointment
from booking.reservations.store import taken_by
from booking.rooms.models import Room
from booking.slots import guards
from booking.slots.models import AppointmentType, Occupancy

BATCH = 1000


@dataclass(frozen=True)
class Problem:
    """Something that does not hold: the code of the check, and what it is about (ids and codes only)."""

    check: str
    about: str


Check = Callable[[Session], Iterable[Problem]]


def examine(more: Sequence[Check] = ()) -> list[Problem]:
    """Run every check in one transaction that writes nothing; empty when all is well.

    Checks of the layers above (messages, schema) are given by the edge that calls.
    """
    checks: tuple[Check, ...] = (guards_refuse, nothing_overlaps, occupancies_match, rooms_fit, *more)

    def run(session: Session) -> list[Problem]:
        return [problem for check in checks for problem in check(session)]

    return in_transaction(run)


def guards_refuse(session: Session) -> Iterator[Problem]:
    """The guards are in the catalog, and refuse an overlapping INSERT and UPDATE."""
    for code in guards.problems(session.connection()):
        yield Problem("guard", code)


def nothing_overlaps(session: Session) -> Iterator[Problem]:
    """No resource is taken twice at once, whatever the guards say."""
    query = sa.select(Occupancy.resource_id, Occupancy.starts_at, Occupancy.ends_at, Occupancy.id)
    last: tuple[int, int, int] | None = None
    for resource_id, start, end, key in session.execute(query.order_by(Occupancy.resource_id, Occupancy.starts_at)):
        if last and last[0] == resource_id and start < last[1]:
            yield Problem("overlap", f"resource {resource_id}: occupancy {last[2]} and {key}")
        if last is None or last[0] != resource_id or end > last[1]:
            last = (resource_id, end, key)


def occupancies_match(session: Session) -> Iterator[Problem]:
    """What is taken is exactly what the appointments that stand take."""
    taken: dict[int, set[tuple[int, int, int]]] = defaultdict(set)
    query = sa.select(Occupancy.appointment_id, Occupancy.resource_id, Occupancy.starts_at, Occupancy.ends_at)
    for appointment_id, resource_id, start, end in session.execute(query):
        if appointment_id is not None:
            taken[appointment_id].add((resource_id, start, end))
    for appointment in _appointments(session):
        expected = {(key, *span) for key, span in taken_by(appointment).items()}
        if taken[appointment.id] != expected:
            yield Problem("occupancy", f"appointment {appointment.uid}")


def rooms_fit(session: Session) -> Iterator[Problem]:
    """No appointment stands in a room kept for another service."""
    query = (
        sa.select(Appointment.uid, Room.code)
        .join(Room, Room.id == Appointment.room_id)
        .join(AppointmentType, AppointmentType.id == Appointment.type_id)
        .where(Appointment.cancelled_at.is_(None), Room.reserved_for_id != AppointmentType.service_id)
    )
    for uid, code in session.execute(query):
        yield Problem("reserved_room", f"appointment {uid} in {code}")


def _appointments(session: Session) -> Iterator[Appointment]:
    """Every appointment with its people, a batch at a time."""
    query = sa.select(Appointment).options(
        selectinload(Appointment.professionals),
        selectinload(Appointment.participations),
    )
    yield from session.scalars(query.order_by(Appointment.id).execution_options(yield_per=BATCH))
