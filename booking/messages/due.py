"""Which messages a change calls for, when each is due, and why one must not go out. Pure.

The first reason that applies is the one that is kept: what protects a person comes before what is merely
useless.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from booking.reservations.state import LEFT, Change

Kind = Literal["confirmation", "moved", "cancelled", "reminder"]
Reason = Literal[
    "confidential",  # its service writes to nobody
    "contact_none",  # the person asked not to be written to
    "no_address",
    "cancelled",  # a later change has overtaken it
    "moved",
    "past",  # the appointment has begun
    "too_soon",  # a reminder so close to the booking that it would only repeat it
]

KINDS: dict[Change, tuple[Kind, ...]] = {
    "booked": ("confirmation", "reminder"),
    "moved": ("moved", "reminder"),
    "cancelled": ("cancelled",),
}
REMINDER_BEFORE = timedelta(hours=48)
REMINDER_AFTER_FILING = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Recipient:
    """What decides whether a person may be written to about an appointment of that service."""

    contact: str
    has_address: bool
    confidential: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Where it stands for one person: the start they were told, their present notice, whether it is cancelled."""

    start: datetime
    notice: int
    cancelled: bool


@dataclass(frozen=True, slots=True)
class Due:
    """One message to file: sent at `at`, or kept unsent for the reason `withheld`."""

    kind: Kind
    at: datetime
    withheld: Reason | None


def standing(start: datetime, notice: int, attendance: str, cancelled_at: datetime | None) -> Standing:
    """Where one person stands: for whoever has left, the appointment is as good as cancelled, even while it is held."""
    return Standing(start, notice, cancelled_at is not None or attendance in LEFT)


def due(change: Change, notice: int, standing: Standing, recipient: Recipient, now: datetime) -> list[Due]:
    """The messages for one person after the change numbered `notice`."""
    return [_due(kind, notice, standing, recipient, now) for kind in KINDS[change]]


def pointless(kind: Kind, notice: int, standing: Standing, recipient: Recipient, now: datetime) -> Reason | None:
    """Why a message filed for that `notice` must not be sent any more; None when it may be.

    A reminder that a long breakdown delayed still goes out until the appointment begins.
    """
    return silence(recipient) or _overtaken(kind, notice, standing) or _past(standing, now)


def silence(recipient: Recipient) -> Reason | None:
    """Why this person is not written to at all."""
    if recipient.confidential:
        return "confidential"
    if recipient.contact == "none":
        return "contact_none"
    return None if recipient.has_address else "no_address"


def _due(kind: Kind, notice: int, standing: Standing, recipient: Recipient, now: datetime) -> Due:
    at = standing.start - REMINDER_BEFORE if kind == "reminder" else now
    withheld = pointless(kind, notice, standing, recipient, now)
    if withheld is None and kind == "reminder" and at - now < REMINDER_AFTER_FILING:
        withheld = "too_soon"
    return Due(kind, at, withheld)


def _overtaken(kind: Kind, notice: int, standing: Standing) -> Reason | None:
    if standing.cancelled and kind != "cancelled":
        return "cancelled"
    return None if notice == standing.notice else "moved"


def _past(standing: Standing, now: datetime) -> Reason | None:
    return "past" if standing.start <= now else None
