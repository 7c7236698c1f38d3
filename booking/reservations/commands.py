"""The commands of the engine and its answers: ids and values, never rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from booking.people.directory import NewUsager
from booking.reservations.state import Attendance, CancelledBy, Status

Origin = Literal["web", "cli", "demo"]
Change = Literal["booked", "moved", "cancelled"]
# Files the messages of a change inside its transaction: (session, appointment id, change, now).
Tell = Callable[[Session, int, Change, datetime], None]


@dataclass(frozen=True)
class Act:
    """Who acts, when, from which edge, and who files the messages; every use case takes one."""

    now: datetime
    origin: Origin
    tell: Tell
    agent_id: int | None = None


@dataclass(frozen=True)
class Book:
    """Book a type at `start` with a professional, for an usager found or created in the same transaction.

    `usager` None creates a visitor with a code, which is what confidential services require. Without `room_id` the
    engine chooses the room. `key` is made by the client (a form, a script): sent twice, it books once.
    """

    key: str
    type_id: int
    start: datetime
    professional_id: int
    usager: int | NewUsager | None
    room_id: int | None = None


@dataclass(frozen=True)
class Move:
    """Move an appointment to `start`, to another professional or room. None keeps what there is.

    Its duration is kept. `version` is the one the person saw; None accepts any.
    """

    key: str
    uid: str
    start: datetime | None = None
    professional_id: int | None = None
    room_id: int | None = None
    version: int | None = None


@dataclass(frozen=True)
class Cancel:
    """Cancel an appointment, by the usager or by the service."""

    key: str
    uid: str
    by: CancelledBy
    version: int | None = None


@dataclass(frozen=True)
class RecordAttendance:
    """Record how an usager attends."""

    key: str
    uid: str
    usager_id: int
    attendance: Attendance
    version: int | None = None


Command = Book | Move | Cancel | RecordAttendance


@dataclass(frozen=True)
class Outcome:
    """What stands after a command. `room` is a code; `replayed` says that the key had already been used."""

    appointment_id: int
    uid: str
    start: datetime
    end: datetime
    room: str | None
    status: Status
    sequence: int
    version: int
    replayed: bool = False


def fingerprint(command: Command) -> str:
    """What makes two commands the same but for their key, as 64 hexadecimal digits."""
    content = f"{type(command).__name__}:{replace(command, key='')!r}"
    return hashlib.sha256(content.encode()).hexdigest()
