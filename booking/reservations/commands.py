"""The commands of the engine and its answers: ids and values, never rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, is_dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from sqlalchemy.orm import Session

from booking.people.directory import NewUsager
from booking.reservations.state import Attendance, CancelledBy, Change, Reason, Status

Origin = Literal["web", "cli", "demo"]
# Files the messages of a change inside its transaction: (session, appointment id, change, usagers told, now).
Tell = Callable[[Session, int, Change, Collection[int], datetime], None]
Whom = int | NewUsager | None  # an usager who is known, one to create, a visitor
# Rules set aside: for somebody who is there now, or when the professional does not usually receive.
Waiver = Literal["walk_in", "hors_plage"]


@dataclass(frozen=True)
class Way:
    """Who may make way for a command: appointments whose rows its transaction locks first, by uid, never those staying.

    Those `staying`, by id, are of the command itself.
    """

    locked: frozenset[str] = frozenset()
    staying: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Act:
    """Who acts, when, from which edge and why, and who files the messages; every use case takes one.

    With a `way`, which use cases set, others may be given another room where none is free.
    """

    now: datetime
    origin: Origin
    tell: Tell
    agent_id: int | None = None
    reason: Reason | None = None
    way: Way | None = None

    @property
    def movers(self) -> frozenset[str]:
        """The uids of those who may make way: their rows are locked first."""
        return self.way.locked if self.way else frozenset()

    @property
    def staying(self) -> frozenset[int]:
        """The appointments that make way for nobody."""
        return self.way.staying if self.way else frozenset()


@dataclass(frozen=True)
class Book:
    """Book a type at `start` with a professional, for an usager found or created in the same transaction.

    `usager` None creates a visitor with a code, which is what confidential services require; `family` are the others
    who come with them. `colleague_ids` take part as well. Without `room_id` the engine chooses the room, and others may
    leave theirs for it; with it nobody does, and the appointment keeps that room. `waived` names the rules that are set
    aside, which the history keeps; `hold` is the uid of the hold that this ends. `key` is made by the client (a form, a
    script): sent twice, it books once.
    """

    key: str
    type_id: int
    start: datetime
    professional_id: int
    usager: Whom
    room_id: int | None = None
    family: tuple[Whom, ...] = ()
    colleague_ids: frozenset[int] = frozenset()
    waived: frozenset[Waiver] = frozenset()
    hold: str | None = None


@dataclass(frozen=True)
class Move:
    """Move an appointment to `start`, to other professionals, another room, type or duration. None keeps what there is.

    `duration` is in minutes. `version` is the one the person saw; None accepts any.
    """

    key: str
    uid: str
    start: datetime | None = None
    professional_ids: frozenset[int] | None = None
    room_id: int | None = None
    type_id: int | None = None
    duration: int | None = None
    version: int | None = None


@dataclass(frozen=True)
class Swap:
    """Exchange the slots of two appointments: start, professionals, room. Each keeps its usagers and its duration."""

    key: str
    uid: str
    other_uid: str
    version: int | None = None
    other_version: int | None = None


@dataclass(frozen=True)
class Join:
    """Add an usager to an appointment; `hold` is the uid of the seat that was proposed to them."""

    key: str
    uid: str
    usager: Whom
    version: int | None = None
    hold: str | None = None


@dataclass(frozen=True)
class Leave:
    """Take an usager out of an appointment that stands; they, or the service, call it off."""

    key: str
    uid: str
    usager_id: int
    by: CancelledBy
    version: int | None = None


@dataclass(frozen=True)
class Cancel:
    """Cancel an appointment, by the usager or by the service."""

    key: str
    uid: str
    by: CancelledBy
    version: int | None = None


@dataclass(frozen=True)
class Restore:
    """Take a cancellation back."""

    key: str
    uid: str
    version: int | None = None


@dataclass(frozen=True)
class RecordAttendance:
    """Record how an usager attends."""

    key: str
    uid: str
    usager_id: int
    attendance: Attendance
    version: int | None = None


OfOne = Move | Join | Leave | Cancel | Restore | RecordAttendance
Command = Book | Swap | OfOne


class Keyed(Protocol):
    """Any command: a dataclass with the key that its client made."""

    @property
    def key(self) -> str:
        """Sent twice, it acts once."""
        ...


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


def fingerprint(command: Keyed) -> str:
    """What makes two commands the same but for their key, as 64 hexadecimal digits."""
    content = f"{type(command).__name__}:{_plain(command) | {'key': ''}!r}"
    return hashlib.sha256(content.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """The value in one order: two equal sets may be written in two."""
    if is_dataclass(value):
        return {name: _plain(each) for name, each in vars(value).items()}
    if isinstance(value, frozenset | tuple):
        return [_plain(each) for each in (sorted(value) if isinstance(value, frozenset) else value)]
    return value
