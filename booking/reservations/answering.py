"""The answer to a command, kept under its key: the same command gets it again and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.orm import Session

from booking.db import execute
from booking.errors import Invalid, KeyReused
from booking.reservations.commands import Act, Keyed, Outcome, fingerprint
from booking.reservations.models import Command as CommandRow
from booking.reservations.state import State
from booking.rooms.models import Room

LONGEST_KEY = 64

_COMMAND = sa.select(CommandRow.fingerprint, CommandRow.answer).where(CommandRow.key == sa.bindparam("key"))
_NEW_COMMAND = sa.insert(CommandRow)
_ROOM_CODE = sa.select(Room.code).where(Room.id == sa.bindparam("room"))


def check_key(key: str) -> None:
    """Raise Invalid for what the table cannot hold as a key."""
    if not 0 < len(key) <= LONGEST_KEY or not key.isprintable():
        raise Invalid("key", "unsupported")


def replayed(session: Session, command: Keyed) -> Outcome | None:
    """The answer already given under this key, or None.

    Raises KeyReused when it was for another command, and Invalid for what the table cannot hold as a key.
    """
    stored = _stored(session, command)
    return None if stored is None else replace(_outcome(stored), replayed=True)


def answer(session: Session, command: Keyed, state: State, act: Act) -> Outcome:
    """Store what stands now under the command's key, and return it.

    Raises KeyReused when another command took the key at the same time: the same one would have waited for its locks.
    """
    outcome = _what_stands(session, state)
    _keep(session, command, state.id, _plain(outcome), act)
    return outcome


def all_replayed(session: Session, command: Keyed) -> tuple[Outcome, ...] | None:
    """The answers already given under this key to a command of several appointments, or None. Raises as `replayed`."""
    stored = _stored(session, command)
    return None if stored is None else tuple(replace(_outcome(each), replayed=True) for each in stored["all"])


def answer_all(session: Session, command: Keyed, states: Sequence[State], act: Act) -> tuple[Outcome, ...]:
    """Store what stands now of several appointments, perhaps none, under the command's key, and return it."""
    outcomes = tuple(_what_stands(session, state) for state in states)
    _keep(session, command, states[0].id if states else None, {"all": [_plain(outcome) for outcome in outcomes]}, act)
    return outcomes


def _stored(session: Session, command: Keyed) -> dict[str, Any] | None:
    check_key(command.key)
    row = execute(session, _COMMAND, key=command.key).first()
    if row is None:
        return None
    if row.fingerprint != fingerprint(command):
        raise KeyReused
    stored: dict[str, Any] = row.answer
    return stored


def _keep(session: Session, command: Keyed, appointment_id: int | None, answer: dict[str, Any], act: Act) -> None:
    values = {"key": command.key, "fingerprint": fingerprint(command), "appointment_id": appointment_id}
    try:
        execute(session, _NEW_COMMAND, **values, answer=answer, at=act.now)
    except exc.IntegrityError as error:
        raise KeyReused from error


def _what_stands(session: Session, state: State) -> Outcome:
    return Outcome(
        appointment_id=state.id,
        uid=state.uid,
        start=state.starts_at,
        end=state.ends_at,
        room=execute(session, _ROOM_CODE, room=state.room_id).scalar_one() if state.room_id else None,
        status=state.status,
        sequence=state.sequence,
        version=state.version,
    )


def _plain(outcome: Outcome) -> dict[str, Any]:
    return asdict(outcome) | {"start": outcome.start.isoformat(), "end": outcome.end.isoformat()}


def _outcome(stored: dict[str, Any]) -> Outcome:
    times = {name: datetime.fromisoformat(stored[name]) for name in ("start", "end")}
    return Outcome(**{**stored, **times})
