"""The proof, on live data, that what must always hold does hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.people.models import Service, Usager
from booking.reservations import append_only, store
from booking.reservations.models import Appointment, History, Participation, Proposal, Told
from booking.reservations.state import LEFT
from booking.rooms.models import Room
from booking.slots import days, guards, revisions
from booking.slots.models import AppointmentType, Hold, Occupancy, seated


@dataclass(frozen=True)
class Problem:
    """Something that does not hold: the code of the check, and what it is about (ids and codes only)."""

    check: str
    about: str


Check = Callable[[Session], Iterable[Problem]]

_LAST = sa.select(History.appointment_id, History.after).where(
    History.id.in_(sa.select(sa.func.max(History.id)).group_by(History.appointment_id))
)
_TOLD = (
    sa.select(History.appointment_id, Told.usager_id, sa.func.max(Told.notice))
    .join(Told, Told.history_id == History.id)
    .group_by(History.appointment_id, Told.usager_id)
)


def examine(more: Sequence[Check] = ()) -> list[Problem]:
    """Run every check in one transaction that writes nothing; empty when all is well.

    Checks of the layers above (messages, schema) are given by the edge that calls.
    """
    checks: tuple[Check, ...] = (
        guards_refuse,
        configuration_renews,
        history_is_append_only,
        nothing_overlaps,
        occupancies_match,
        taken_days_agree,
        who_may_make_way,
        history_agrees,
        seats_suffice,
        holds_keep,
        proposals_keep,
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


def configuration_renews(session: Session) -> Iterator[Problem]:
    """The triggers that give the configuration a new revision are in the catalog, and it has one."""
    for code in revisions.problems(session.connection()):
        yield Problem("configuration", code)


def history_is_append_only(session: Session) -> Iterator[Problem]:
    """The triggers are in the catalog, and refuse to change or delete what happened and who was told."""
    for code in append_only.problems(session.connection()):
        yield Problem("append_only", code)


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


def who_may_make_way(session: Session) -> Iterator[Problem]:
    """Those who are said to be able to change rooms for another are those who may, with what they need."""
    query = sa.select(seated.c.appointment_id, seated.c.type_id, seated.c.persons, seated.c.starts_at)
    written = {key: (type_id, persons, start) for key, type_id, persons, start in session.execute(query)}
    for state in store.every(session):
        if written.get(state.id) != state.seat:
            yield Problem("seated", f"appointment {state.uid}")


def history_agrees(session: Session) -> Iterator[Problem]:
    """Each appointment is what its history last made of it, and everybody in it was told of as many changes as it says.

    Messages are judged by the history, so whatever changes an appointment behind its back would go unsaid.
    """
    after = {appointment_id: facts for appointment_id, facts in session.execute(_LAST)}
    told = {(appointment_id, usager_id): notice for appointment_id, usager_id, notice in session.execute(_TOLD)}
    for state in store.every(session):
        notices = {usager_id: told.get((state.id, usager_id)) for usager_id in state.notices}
        if not _agrees(after.get(state.id), state.facts()) or notices != state.notices:
            yield Problem("history", f"appointment {state.uid}")


def _agrees(written: dict[str, Any] | None, facts: dict[str, Any]) -> bool:
    """Rows that were written before some fact was kept say nothing of it, and nobody may complete them."""
    return written is not None and all(facts.get(name) == value for name, value in written.items())


def taken_days_agree(session: Session) -> Iterator[Problem]:
    """What a search reads of professionals and rooms is what is taken, but for the days noted as changed."""
    for code in days.problems(session.connection()):
        yield Problem("taken_day", code)
    for resource_id, day in days.wrong(session):
        yield Problem("taken_day", f"resource {resource_id}, {date.fromordinal(days.EPOCH + day).isoformat()}")


def seats_suffice(session: Session) -> Iterator[Problem]:
    """No collective session has more participants than seats."""
    query = (
        sa.select(Appointment.uid)
        .join(Participation, Participation.appointment_id == Appointment.id)
        .where(Participation.attendance.not_in(LEFT))
        .group_by(Appointment.id)
        .having(sa.func.count() > Appointment.capacity)
        .order_by(Appointment.id)
    )
    for uid in session.scalars(query):
        yield Problem("seats", f"appointment {uid}")


def holds_keep(session: Session) -> Iterator[Problem]:
    """Every hold, expired or not, keeps what it says: a room, when it has one, over its own time."""
    kept = sa.select(Occupancy.hold_id, Occupancy.resource_id).where(Occupancy.hold_id.is_not(None))
    taken = {(hold_id, resource_id) for hold_id, resource_id in session.execute(kept)}
    for key, uid, room_id in session.execute(sa.select(Hold.id, Hold.uid, Hold.room_id)):
        if not any(hold_id == key and room_id in (None, resource_id) for hold_id, resource_id in taken):
            yield Problem("hold", f"hold {uid}")


def proposals_keep(session: Session) -> Iterator[Problem]:
    """What is proposed is kept by its hold as long as it is pending, and no seat is kept otherwise."""
    held = {uid: seat_in for uid, seat_in in session.execute(sa.select(Hold.uid, Hold.appointment_id))}
    states = {uid: state for uid, state in session.execute(sa.select(Proposal.uid, Proposal.state))}
    wrong = [uid for uid, state in states.items() if (state == "pending") != (uid in held)]
    wrong += [uid for uid, seat_in in held.items() if seat_in is not None and uid not in states]
    for uid in sorted(wrong):
        yield Problem("proposal", f"proposal {uid}")


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
