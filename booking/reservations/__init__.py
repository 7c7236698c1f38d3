"""The engine: the only writer of appointments. Each use case is one transaction that also files the messages."""

from booking.reservations.booking import book
from booking.reservations.commands import (
    Act,
    Book,
    Cancel,
    Join,
    Leave,
    Move,
    Outcome,
    RecordAttendance,
    Restore,
    Swap,
)
from booking.reservations.ending import cancel, record_attendance, restore
from booking.reservations.holding import Held, hold, release, renew
from booking.reservations.joining import join, leave
from booking.reservations.moving import move, swap

__all__ = [
    "Act",
    "Book",
    "Cancel",
    "Held",
    "Join",
    "Leave",
    "Move",
    "Outcome",
    "RecordAttendance",
    "Restore",
    "Swap",
    "book",
    "cancel",
    "hold",
    "join",
    "leave",
    "move",
    "record_attendance",
    "release",
    "renew",
    "restore",
    "swap",
]
