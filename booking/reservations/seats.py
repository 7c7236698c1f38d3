"""The seats of a session that nobody has: those who take part have theirs, and some are kept for those who wait."""

from __future__ import annotations

import sqlalchemy as sa

from booking.reservations.models import Appointment, Participation
from booking.reservations.state import LEFT
from booking.slots.models import Hold

_PRESENT = sa.select(sa.func.count()).where(
    Participation.appointment_id == Appointment.id, Participation.attendance.not_in(LEFT)
)
_HELD = sa.select(sa.func.count()).where(Hold.appointment_id == Appointment.id, Hold.expires_at > sa.bindparam("now"))

# For a query of appointments that is given « now »; null where anybody may come.
FREE: sa.ColumnElement[int | None] = Appointment.capacity - _PRESENT.scalar_subquery() - _HELD.scalar_subquery()
