"""What a client sees before it chooses: what stands, and what was cancelled last."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.orm import Session

from booking.db import db
from booking.reservations.models import Appointment, Participation

LATELY = 12

_COLUMNS = (
    Appointment.id,
    Appointment.uid,
    Appointment.version,
    Appointment.type_id,
    Appointment.starts_at,
    Appointment.cancelled_at,
    Appointment.capacity,
    Appointment.series_id,
)
_STANDING = sa.select(*_COLUMNS).where(Appointment.cancelled_at.is_(None)).order_by(Appointment.id)
_CANCELLED = (
    sa.select(*_COLUMNS).where(Appointment.cancelled_at.is_not(None)).order_by(Appointment.id.desc()).limit(LATELY)
)
_USAGERS = sa.select(Participation.usager_id, Participation.attendance).order_by(Participation.usager_id)


@dataclass(frozen=True)
class Seen:
    """An appointment as a screen would show it a moment ago."""

    id: int
    uid: str
    version: int
    type_id: int
    start: datetime
    cancelled: bool
    session: bool
    series: bool


def look(session: Session) -> list[Seen]:
    """The appointments one may act on."""
    rows = [*session.execute(_STANDING), *session.execute(_CANCELLED)]
    session.rollback()
    return [
        Seen(
            id=row.id,
            uid=row.uid,
            version=row.version,
            type_id=row.type_id,
            start=row.starts_at,
            cancelled=row.cancelled_at is not None,
            session=row.capacity is not None,
            series=row.series_id is not None,
        )
        for row in rows
    ]


def usagers(session: Session, seen: Seen) -> dict[int, str]:
    """Who takes part in it, and how they attend."""
    rows = session.execute(_USAGERS.where(Participation.appointment_id == seen.id))
    found = {usager_id: attendance for usager_id, attendance in rows}
    session.rollback()
    return found


def let_go() -> None:
    """Give back the context's session, whose server may have been killed since it last read."""
    with contextlib.suppress(exc.DBAPIError):
        db.session.remove()
    db.session.registry.clear()  # a session that could not be closed would be there next time
