"""What can be refused. Errors carry facts; the edges turn them into a status and a French sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


class BookingError(Exception):
    """A refusal of the product, as opposed to a bug. Everything that an edge may explain derives from it."""


@dataclass(eq=False)
class Invalid(BookingError):
    """A value that cannot be accepted: `field` is its name in the command, `rule` the code of what it broke.

    `facts` complete the sentence (a maximum, an allowed list); they never repeat the refused value.
    """

    field: str
    rule: str
    facts: dict[str, Any]

    def __init__(self, field: str, rule: str, **facts: Any) -> None:
        self.field, self.rule, self.facts = field, rule, facts
        super().__init__(f"{field}: {rule}")


@dataclass(eq=False)
class NotFound(BookingError):
    """There is no `what` under that identifier, or it is hidden: the two answer alike."""

    what: str

    def __str__(self) -> str:
        return self.what


@dataclass(eq=False)
class ImpossibleTime(BookingError):
    """A wall time that the change of clocks skips that day. `minute` counts from midnight."""

    day: date
    minute: int
    zone: str

    def __str__(self) -> str:
        return f"{self.day} {self.minute // 60:02}:{self.minute % 60:02} {self.zone}"


@dataclass(eq=False)
class SlotUnavailable(BookingError):
    """The time asked for cannot be given. `rule` is a `slots.rules.Rule`; `alternatives` are the nearest slots.

    `exhausted` says of « no_room » that not every way to give others another room was looked at (slots.reassigning).
    """

    rule: str
    alternatives: Sequence[Any] = ()
    exhausted: bool = False

    def __str__(self) -> str:
        return self.rule


class SlotTaken(SlotUnavailable):
    """Somebody else has it: the professional, the usager or every room that fits is busy then."""


@dataclass(eq=False)
class StaleVersion(BookingError):
    """The appointment changed since it was read: `expected` was sent, `actual` is stored."""

    expected: int
    actual: int

    def __str__(self) -> str:
        return f"expected {self.expected}, found {self.actual}"


class AppointmentClosed(BookingError):
    """The appointment is cancelled, or its attendance is recorded: this change no longer makes sense."""


@dataclass(eq=False)
class SeriesRefused(BookingError):
    """Some starts of a series cannot be given: each with its `slots.rules.Rule`. Nothing was written."""

    refused: Mapping[datetime, str]

    def __str__(self) -> str:
        return f"{len(self.refused)} starts"


@dataclass(eq=False)
class NotDisplaced(BookingError):
    """Appointments in the way of an absence or a closure cannot become what was decided; nothing was written.

    By uid: « appeared » since the decision, « changed » since, « begun » (somebody has arrived), or the rule broken.
    """

    refused: Mapping[str, str]

    def __str__(self) -> str:
        return f"{len(self.refused)} appointments"


@dataclass(eq=False)
class SessionFull(BookingError):
    """Every seat of the collective session is taken."""

    capacity: int

    def __str__(self) -> str:
        return f"{self.capacity} seats"


@dataclass(eq=False)
class TooManyHolds(BookingError):
    """So many slots are kept already, by this agent or at this site, that no other can be."""

    maximum: int

    def __str__(self) -> str:
        return f"at most {self.maximum}"


class KeyReused(BookingError):
    """The idempotency key already belongs to another command."""


@dataclass(eq=False)
class DatabaseUnavailable(BookingError):
    """The database stayed locked, full or out of reach. The command may be sent again, under its `key` if it has one.

    Nothing was written, unless `unsure`: the answer to COMMIT was lost, and what it committed may be there.
    """

    key: str | None = None
    unsure: bool = False

    def __str__(self) -> str:
        return "unsure" if self.unsure else "nothing written"


class SettingsError(BookingError):
    """A setting is wrong: the message names the variable and what it must be."""
