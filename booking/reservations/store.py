"""What every command writes: occupancies, history, the answer under its key. Runs inside the command's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.orm import Session

from booking.db import execute, violated
from booking.errors import Invalid, KeyReused, SlotTaken
from booking.people.models import Professional
from booking.reservations.commands import Act, Command, Outcome, fingerprint
from booking.reservations.models import Action, Appointment, History
from booking.reservations.models import Command as CommandRow
from booking.slots.guards import GUARD
from booking.slots.models import Occupancy

LONGEST_KEY = 64

_COMMAND = sa.select(CommandRow.fingerprint, CommandRow.answer).where(CommandRow.key == sa.bindparam("key"))
_NEW_COMMAND = sa.insert(CommandRow)
_NEW_HISTORY = sa.insert(History)
_OCCUPY = sa.insert(Occupancy)
_RELEASE = sa.delete(Occupancy).where(Occupancy.appointment_id == sa.bindparam("appointment"))
_TOUCH = (
    sa.update(Professional)
    .where(Professional.id.in_(sa.bindparam("keys", expanding=True)))
    .values(feed_version=Professional.feed_version + 1)
)


def replayed(session: Session, command: Command) -> Outcome | None:
    """The answer already given under this key, or None.

    Raises KeyReused when it was for another command, and Invalid for what the table cannot hold as a key.
    """
    if not 0 < len(command.key) <= LONGEST_KEY or not command.key.isprintable():
        raise Invalid("key", "unsupported")
    row = execute(session, _COMMAND, key=command.key).first()
    if row is None:
        return None
    if row.fingerprint != fingerprint(command):
        raise KeyReused
    times = {name: datetime.fromisoformat(row.answer[name]) for name in ("start", "end")}
    return replace(Outcome(**{**row.answer, **times}), replayed=True)


def answer(session: Session, command: Command, appointment: Appointment, act: Act) -> Outcome:
    """Store what stands now under the command's key, and return it.

    Raises KeyReused when another command took the key at the same time: the same one would have waited for its locks.
    """
    session.flush()
    outcome = Outcome(
        appointment_id=appointment.id,
        uid=appointment.uid,
        start=appointment.starts_at,
        end=appointment.ends_at,
        room=appointment.room.code if appointment.room else None,
        status=appointment.status,
        sequence=appointment.sequence,
        version=appointment.version,
    )
    stored = asdict(outcome) | {"start": outcome.start.isoformat(), "end": outcome.end.isoformat()}
    values = {
        "key": command.key,
        "fingerprint": fingerprint(command),
        "appointment_id": appointment.id,
        "answer": stored,
        "at": act.now,
    }
    try:
        execute(session, _NEW_COMMAND, **values)
    except exc.IntegrityError as error:
        raise KeyReused from error
    return outcome


def occupy(session: Session, appointment: Appointment) -> None:
    """Replace all that an appointment takes by what it takes now.

    A DELETE of all, then an INSERT of all: one flush of the unit of work would insert first and hit the guard.
    Raises SlotTaken when the database refuses an overlap, whatever let it come so far.
    """
    release(session, appointment.id)
    rows = [
        {"resource_id": key, "starts_at": start, "ends_at": end, "appointment_id": appointment.id}
        for key, (start, end) in taken_by(appointment).items()
    ]
    try:
        session.connection().execute(_OCCUPY, rows)
    except exc.IntegrityError as error:
        if violated(error, GUARD):
            raise SlotTaken("professional_busy") from error
        raise


def release(session: Session, appointment_id: int) -> None:
    """Give back all that an appointment takes."""
    execute(session, _RELEASE, appointment=appointment_id)


def taken_by(appointment: Appointment) -> dict[int, tuple[int, int]]:
    """What an appointment takes: resource id → [start, end) in seconds UTC. Nothing once it is cancelled.

    Buffers take the professionals and the room, not the usagers.
    """
    if appointment.cancelled_at:
        return {}
    wide = buffered(appointment)
    narrow = (int(appointment.starts_at.timestamp()), int(appointment.ends_at.timestamp()))
    taken = {professional.id: wide for professional in appointment.professionals}
    if appointment.room_id is not None:
        taken[appointment.room_id] = wide
    return taken | {participation.usager_id: narrow for participation in appointment.participations}


def buffered(appointment: Appointment) -> tuple[int, int]:
    """The span of an appointment with its buffers, in seconds UTC."""
    start = appointment.starts_at - timedelta(minutes=appointment.buffer_before)
    end = appointment.ends_at + timedelta(minutes=appointment.buffer_after)
    return int(start.timestamp()), int(end.timestamp())


def facts(appointment: Appointment) -> dict[str, Any]:
    """What history keeps of an appointment: ids, times and codes only."""
    return {
        "start": appointment.starts_at.isoformat(),
        "end": appointment.ends_at.isoformat(),
        "room": appointment.room_id,
        "professionals": sorted(professional.id for professional in appointment.professionals),
        "attendance": {str(p.usager_id): p.attendance for p in appointment.participations},
        "cancelled_by": appointment.cancelled_by,
    }


def record(
    session: Session,
    appointment: Appointment,
    action: Action,
    before: dict[str, Any],
    act: Act,
    *,
    told: bool,
) -> None:
    """Add what happened to the history; `told` when usagers are told of it."""
    execute(
        session,
        _NEW_HISTORY,
        appointment_id=appointment.id,
        at=act.now,
        agent_id=act.agent_id,
        origin=act.origin,
        action=action,
        notice=appointment.notice if told else None,
        before=before,
        after=facts(appointment),
    )


def touch_feeds(session: Session, professional_ids: Collection[int]) -> None:
    """Say that the feeds of these professionals would render differently."""
    execute(session, _TOUCH, keys=list(professional_ids))


def ids(professionals: Iterable[Professional]) -> set[int]:
    """Their ids."""
    return {professional.id for professional in professionals}
