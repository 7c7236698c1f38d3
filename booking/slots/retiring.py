"""Taking rooms and professionals out of use, and back: they are never deleted, for appointments name them."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.errors import Invalid, NotFound
from booking.resources import lock
from booking.rooms.models import Room
from booking.slots.models import Occupancy
from booking.slots.planning import lock_professional


def retire_room(room_id: int, now: datetime) -> None:
    """Take a room out of use; again changes nothing.

    Raises NotFound, and Invalid on « room »: has_appointments, with their `count`, while some are to come.
    """

    def work(session: Session) -> None:
        room = _lock_room(session, room_id)
        _refuse_busy(session, room_id, "room", now)
        room.retired_at = room.retired_at or now

    in_transaction(work)


def unretire_room(room_id: int) -> None:
    """Put a room back into use. Raises NotFound."""

    def work(session: Session) -> None:
        _lock_room(session, room_id).retired_at = None

    in_transaction(work)


def retire_professional(professional_id: int, now: datetime) -> None:
    """Record that a professional no longer receives; again changes nothing.

    Raises NotFound, and Invalid on « professional »: has_appointments, with their `count`, while some are to
    come.
    """

    def work(session: Session) -> None:
        professional = lock_professional(session, professional_id)
        _refuse_busy(session, professional_id, "professional", now)
        professional.retired_at = professional.retired_at or now

    in_transaction(work)


def unretire_professional(professional_id: int) -> None:
    """Record that a professional receives again. Raises NotFound."""

    def work(session: Session) -> None:
        lock_professional(session, professional_id).retired_at = None

    in_transaction(work)


def _lock_room(session: Session, room_id: int) -> Room:
    if session.scalar(sa.select(Room.id).where(Room.id == room_id)) is None:
        raise NotFound("room")
    lock(session, [room_id])
    return session.get_one(Room, room_id)


def _refuse_busy(session: Session, resource_id: int, field: str, now: datetime) -> None:
    to_come = sa.and_(Occupancy.resource_id == resource_id, Occupancy.ends_at > int(now.timestamp()))
    count = session.scalar(sa.select(sa.func.count()).where(to_come))
    if count:
        raise Invalid(field, "has_appointments", count=count)
