"""The answer to a command, kept under its key: the same command gets it again and changes nothing."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.orm import Session

from booking.db import execute
from booking.errors import Invalid, KeyReused
from booking.reservations.commands import Act, Command, Outcome, fingerprint
from booking.reservations.models import Command as CommandRow
from booking.reservations.state import State
from booking.rooms.models import Room

LONGEST_KEY = 64

_COMMAND = sa.select(CommandRow.fingerprint, CommandRow.answer).where(CommandRow.key == sa.bindparam("key"))
_NEW_COMMAND = sa.insert(CommandRow)
_ROOM_CODE = sa.select(Room.code).where(Room.id == sa.bindparam("room"))


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


def answer(session: Session, command: Command, state: State, act: Act) -> Outcome:
    """Store what stands now under the command's key, and return it.

    Raises KeyReused when another command took the key at the same time: the same one would have waited for its locks.
    """
    outcome = Outcome(
        appointment_id=state.id,
        uid=state.uid,
        start=state.starts_at,
        end=state.ends_at,
        room=execute(session, _ROOM_CODE, room=state.room_id).scalar_one() if state.room_id else None,
        status=state.status,
        sequence=state.sequence,
        version=state.version,
    )
    values = {
        "key": command.key,
        "fingerprint": fingerprint(command),
        "appointment_id": state.id,
        "answer": asdict(outcome) | {"start": outcome.start.isoformat(), "end": outcome.end.isoformat()},
        "at": act.now,
    }
    try:
        execute(session, _NEW_COMMAND, **values)
    except exc.IntegrityError as error:
        raise KeyReused from error
    return outcome
