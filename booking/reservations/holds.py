"""Ending holds inside a command's transaction: those that have expired, or the one that is booked."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import execute
from booking.slots.models import Hold, Occupancy

_EXPIRED = sa.select(Hold.id).where(Hold.expires_at <= sa.bindparam("now")).with_for_update(skip_locked=True)
_OF_UID = sa.select(Hold.id).where(Hold.uid == sa.bindparam("uid")).with_for_update()
_FREE = sa.delete(Occupancy).where(Occupancy.hold_id.in_(sa.bindparam("keys", expanding=True)))
_FORGET = sa.delete(Hold).where(Hold.id.in_(sa.bindparam("keys", expanding=True)))


def expire(session: Session, now: datetime) -> int:
    """Forget the holds that have expired; return how many. Those that somebody else forgets now are left to them."""
    return _end(session, list(execute(session, _EXPIRED, now=now).scalars()))


def give_back(session: Session, uid: str) -> None:
    """Give back what a hold keeps, whether or not it is still there."""
    _end(session, list(execute(session, _OF_UID, uid=uid).scalars()))


def _end(session: Session, keys: list[int]) -> int:
    if keys:
        execute(session, _FREE, keys=keys)
        execute(session, _FORGET, keys=keys)
    return len(keys)
