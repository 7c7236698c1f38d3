"""Taking a room under lock, so that bookings for different professionals do not wait for each other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import execute
from booking.errors import SlotTaken
from booking.resources import lock, lock_first_free
from booking.rooms.models import Room
from booking.slots.models import Closure, Occupancy
from booking.slots.schedule import LONGEST, moment


def take_room(
    session: Session,
    candidates: Sequence[int],
    span: tuple[int, int],
    service_id: int,
    ignoring: Collection[int] = (),
) -> int:
    """Lock and return the first of the candidates that is still free over `span` (seconds UTC, buffers included).

    Candidates come in order of preference. Rooms that another command holds at this instant are passed over; only
    when nothing else is left are they waited for, all in id order. People are locked before (docs/decisions/0004),
    so no two commands wait for each other. `ignoring` are the appointments that move.

    Raises SlotTaken when none is left.
    """
    is_free = partial(_still_free, session, span=span, service_id=service_id, ignoring=ignoring)
    left = list(candidates)
    if session.get_bind().dialect.name == "postgresql":  # on SQLite, the transaction is the lock
        room_id = _without_waiting(session, left, is_free)
        if room_id is not None:
            return room_id
        lock(session, left)
    for room_id in left:
        if is_free(room_id):
            return room_id
    raise SlotTaken("no_room")


def _without_waiting(session: Session, left: list[int], is_free: Callable[[int], bool]) -> int | None:
    """Lock and return a free room that nobody holds, or None; what was seen taken is out of `left`."""
    connection = session.connection()
    while left:
        with connection.begin_nested() as attempt:
            room_id = lock_first_free(session, left)
            if room_id is None or is_free(room_id):
                return room_id
            attempt.rollback()  # gives the lock back: whoever waits for rooms holds none
        left.remove(room_id)
    return None


def _still_free(
    session: Session, room_id: int, span: tuple[int, int], service_id: int, ignoring: Collection[int]
) -> bool:
    """Whether nothing took, closed, retired or reserved the room between the search and the lock."""
    start, end = span
    parameters = {
        "room": room_id,
        "service": service_id,
        "start": start,
        "end": end,
        "start_at": moment(start),
        "end_at": moment(end),
        "ignoring": list(ignoring),
    }
    return execute(session, _STILL_FREE, **parameters).first() is not None


_ROOM: sa.BindParameter[Any] = sa.bindparam("room")
_START: sa.BindParameter[Any] = sa.bindparam("start")
_END: sa.BindParameter[Any] = sa.bindparam("end")
_TAKEN = sa.select(Occupancy.id).where(
    Occupancy.resource_id == _ROOM,
    Occupancy.starts_at > _START - LONGEST,
    Occupancy.starts_at < _END,
    Occupancy.ends_at > _START,
    sa.or_(
        Occupancy.appointment_id.is_(None),
        Occupancy.appointment_id.not_in(sa.bindparam("ignoring", expanding=True)),
    ),
)
_CLOSED = sa.select(Closure.id).where(
    Closure.site_id == Room.site_id,
    sa.or_(Closure.room_id.is_(None), Closure.room_id == _ROOM),
    Closure.starts_at < sa.bindparam("end_at"),
    Closure.ends_at > sa.bindparam("start_at"),
)
_STILL_FREE = sa.select(Room.id).where(
    Room.id == _ROOM,
    Room.retired_at.is_(None),
    sa.or_(Room.reserved_for_id.is_(None), Room.reserved_for_id == sa.bindparam("service")),
    ~_TAKEN.exists(),
    ~_CLOSED.exists(),
)
