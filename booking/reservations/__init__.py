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
from booking.reservations.proposing import Proposed, propose
from booking.reservations.waiting import Wait, WaitForSession, decline, wait, withdraw

__all__ = [
    "Act",
    "Book",
    "Cancel",
    "Held",
    "Join",
    "Leave",
    "Move",
    "Outcome",
    "Proposed",
    "RecordAttendance",
    "Restore",
    "Swap",
    "Wait",
    "WaitForSession",
    "book",
    "cancel",
    "decline",
    "hold",
    "join",
    "leave",
    "move",
    "propose",
    "record_attendance",
    "release",
    "renew",
    "restore",
    "swap",
    "wait",
    "withdraw",
]
