"""The proof, on live data, that what must always hold does hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.people.models import Service, Usager
from booking.reservations import store
from booking.reservations.models import Appointment, History, Participation
from booking.rooms.models import Room
from booking.slots import guards
from booking.slots.models import AppointmentType, Occupancy


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
    checks: tuple[Check, ...] = (
        guards_refuse,
        nothing_overlaps,
        occupancies_match,
        history_agrees,
        rooms_fit,
        namespaces_hold,
        *more,
    )

    def run(session: Session) -> list[Problem]:
        _freeze(session)
        return [problem for check in checks for problem in check(session)]

    return in_transaction(run)


def _freeze(session: Session) -> None:
    """Let every query see one instant: what is booked between two of them would look like harm.

    SQLite's transactions see one anyway. Must come before any other statement of the transaction.
    """
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


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
    for state in store.every(session):
        expected = {(key, *span) for key, span in state.taken().items()}
        if taken.pop(state.id, set()) != expected:
            yield Problem("occupancy", f"appointment {state.uid}")
    for key in sorted(taken):
        yield Problem("occupancy", f"no appointment {key}")


def history_agrees(session: Session) -> Iterator[Problem]:
    """Each appointment has the time, the room and the state that its history last gave it, and its count of notices.

    Messages are judged by the history, so whatever changes an appointment behind its back would go unsaid.
    """
    last = (
        sa.select(
            History.appointment_id,
            sa.func.max(History.id).label("id"),
            sa.func.max(History.notice).label("notice"),
        )
        .group_by(History.appointment_id)
        .subquery()
    )
    query = (
        sa.select(
            Appointment.uid,
            Appointment.notice,
            Appointment.starts_at,
            Appointment.ends_at,
            Appointment.room_id,
            Appointment.cancelled_by,
            last.c.notice,
            History.after,
        )
        .outerjoin(last, last.c.appointment_id == Appointment.id)
        .outerjoin(History, History.id == last.c.id)
        .order_by(Appointment.id)
    )
    for uid, notice, *standing, told, after in session.execute(query):
        if after is None or told != notice or _left(after) != standing:
            yield Problem("history", f"appointment {uid}")


def _left(after: dict[str, Any]) -> list[Any]:
    """Start, end, room and who cancelled, from what history keeps of an appointment."""
    times = [datetime.fromisoformat(after[name]) for name in ("start", "end")]
    return [*times, after["room"], after["cancelled_by"]]


def rooms_fit(session: Session) -> Iterator[Problem]:
    """No appointment stands in a room kept for another service, or of another site."""
    query = (
        sa.select(Appointment.uid, Room.code)
        .join(Room, Room.id == Appointment.room_id)
        .join(AppointmentType, AppointmentType.id == Appointment.type_id)
        .where(Appointment.cancelled_at.is_(None))
    )
    for uid, code in session.execute(query.where(Room.reserved_for_id != AppointmentType.service_id)):
        yield Problem("reserved_room", f"appointment {uid} in {code}")
    for uid, code in session.execute(query.where(Room.site_id != Appointment.site_id)):
        yield Problem("other_site", f"appointment {uid} in {code}")


def namespaces_hold(session: Session) -> Iterator[Problem]:
    """Nobody of a service's own namespace is received by another service, nor by name where codes are the rule."""
    query = (
        sa.select(Appointment.uid)
        .join(Participation, Participation.appointment_id == Appointment.id)
        .join(Usager, Usager.id == Participation.usager_id)
        .join(AppointmentType, AppointmentType.id == Appointment.type_id)
        .join(Service, Service.id == AppointmentType.service_id)
        .where(
            sa.or_(
                Usager.service_id != Service.id,
                sa.and_(Usager.code.is_(None), Service.confidentiality == "confidential"),
            )
        )
    )
    for uid in session.scalars(query):
        yield Problem("namespace", f"appointment {uid}")
