"""The engine: the only writer of appointments. Each use case is one transaction that also files the messages."""

from booking.reservations.booking import book
from booking.reservations.changes import cancel, move, record_attendance
from booking.reservations.commands import Act, Book, Cancel, Move, Outcome, RecordAttendance

__all__ = [
    "Act",
    "Book",
    "Cancel",
    "Move",
    "Outcome",
    "RecordAttendance",
    "book",
    "cancel",
    "move",
    "record_attendance",
]
