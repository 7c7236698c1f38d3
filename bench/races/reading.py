"""The database at the end, as the checker wants it: plain columns, not the engine's own idea of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.orm import Session

from bench.races.checking import Case, nothing_overlaps
from bench.races.looking import let_go
from bench.races.records import Booked, Final, Happened, Taken, Told, Violation
from booking.notify.models import OutboxMessage
from booking.reservations.models import (
    Appointment,
    Command,
    History,
    Participation,
    appointment_professional,
)
from booking.reservations.models import Told as ToldRow
from booking.slots.models import Occupancy

GONE = ("excused", "revoked")


def read(session: Session) -> Final:
    """Everything the checker looks at."""
    session.rollback()
    final = Final(
        commands={key: _versions(answer) for key, answer in session.execute(sa.select(Command.key, Command.answer))},
        appointments=_appointments(session),
        taken=_taken(session),
        happened=_happened(session),
        told=_told(session),
        messages=_messages(session),
    )
    session.rollback()
    return final


def overlaps(session: Session) -> set[Violation]:
    """What overlaps at this instant; nothing while the database does not answer."""
    try:
        taken = _taken(session)
    except exc.DBAPIError:
        return set()
    finally:
        let_go()
    return set(nothing_overlaps(Case({}, Final(taken=taken))))


def _versions(answer: dict[str, Any]) -> dict[str, int]:
    outcomes = answer.get("all", [answer])
    return {each["uid"]: each["version"] for each in outcomes}


def _appointments(session: Session) -> list[Booked]:
    professionals, present = defaultdict(set), defaultdict(set)
    for key, professional_id in session.execute(sa.select(appointment_professional)):
        professionals[key].add(professional_id)
    taking_part = sa.select(Participation.appointment_id, Participation.usager_id)
    for key, usager_id in session.execute(taking_part.where(Participation.attendance.not_in(GONE))):
        present[key].add(usager_id)
    return [
        _booked(row._mapping, frozenset(professionals[row.id]), frozenset(present[row.id]))
        for row in session.execute(sa.select(*Appointment.__table__.c))
    ]


def _booked(row: Mapping[Any, Any], professionals: frozenset[int], present: frozenset[int]) -> Booked:
    rooms = {row["room_id"]} - {None}
    return Booked(
        uid=row["uid"],
        version=row["version"],
        start=_seconds(row["starts_at"]),
        end=_seconds(row["ends_at"]),
        before=row["buffer_before"] * 60,
        after=row["buffer_after"] * 60,
        wide=professionals | rooms,
        present=present,
        capacity=row["capacity"],
        cancelled=row["cancelled_at"] is not None,
    )


def _taken(session: Session) -> list[Taken]:
    columns = (Occupancy.resource_id, Occupancy.starts_at, Occupancy.ends_at)
    query = sa.select(*columns, Occupancy.appointment_id, Occupancy.hold_id)
    return [
        Taken(resource, start, end, f"appointment {appointment_id}" if appointment_id else f"hold {hold_id}")
        for resource, start, end, appointment_id, hold_id in session.execute(query)
    ]


def _happened(session: Session) -> list[Happened]:
    query = sa.select(Appointment.uid, History.reason, History.before, History.after)
    query = query.join(History, History.appointment_id == Appointment.id).order_by(History.id)
    return [
        Happened(
            uid=uid,
            present=sum(step not in GONE for step in after["attendance"].values()),
            made_way=reason == "room_needed",
            changed=frozenset(fact for fact in before.keys() | after.keys() if before.get(fact) != after.get(fact)),
        )
        for uid, reason, before, after in session.execute(query)
    ]


def _told(session: Session) -> list[Told]:
    query = (
        sa.select(Appointment.uid, ToldRow.usager_id, ToldRow.notice)
        .join(History, History.appointment_id == Appointment.id)
        .join(ToldRow, ToldRow.history_id == History.id)
    )
    return [Told(uid, person, notice) for uid, person, notice in session.execute(query)]


def _messages(session: Session) -> list[Told]:
    columns = (OutboxMessage.about, OutboxMessage.person_id, OutboxMessage.notice, OutboxMessage.kind)
    return [Told(uid, person, notice, kind) for uid, person, notice, kind in session.execute(sa.select(*columns))]


def _seconds(instant: datetime) -> int:
    return int(instant.timestamp())
