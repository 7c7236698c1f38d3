"""Reading appointments, for screens, feeds and messages. Nothing here writes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from booking.errors import NotFound
from booking.reservations import store
from booking.reservations.models import Appointment, Command, History, Participation, appointment_professional
from booking.rooms.models import Site
from booking.slots import hours, schedule
from booking.slots.models import Absence, AppointmentType


def find(session: Session, uid: str) -> Appointment:
    """The appointment with that uid. Raises NotFound."""
    store.check_uid(uid)
    appointment = session.scalars(_whole().where(Appointment.uid == uid)).first()
    if appointment is None:
        raise NotFound("appointment")
    return appointment


def of_day(session: Session, site: Site, day: date) -> Sequence[Appointment]:
    """What stands at a site on a local day, by start, then room; cancelled appointments left out."""
    start = schedule.moment(hours.instant(day, 0, site.zone_info))
    end = schedule.moment(hours.instant(day, hours.DAY_MINUTES, site.zone_info))
    query = _whole().where(
        Appointment.site_id == site.id,
        # An appointment lasts a day at most, so the index on the start is enough.
        Appointment.starts_at > start - timedelta(days=1),
        Appointment.starts_at < end,
        Appointment.ends_at > start,
        Appointment.cancelled_at.is_(None),
    )
    return session.scalars(query.order_by(Appointment.starts_at, Appointment.room_id, Appointment.id)).all()


def of_usager(session: Session, usager_id: int, limit: int = 20) -> Sequence[Appointment]:
    """The appointments of an usager, the latest first, cancelled ones included."""
    query = _whole().join(Participation).where(Participation.usager_id == usager_id)
    return session.scalars(query.order_by(Appointment.starts_at.desc()).limit(limit)).all()


def during_absences(session: Session, professional_id: int) -> Sequence[Appointment]:
    """What stands while the professional is absent: somebody must move or cancel it."""
    query = (
        _whole()
        .join(appointment_professional)
        .where(
            appointment_professional.c.professional_id == professional_id,
            Appointment.cancelled_at.is_(None),
            sa.exists().where(
                Absence.professional_id == professional_id,
                Absence.starts_at < Appointment.ends_at,
                Absence.ends_at > Appointment.starts_at,
            ),
        )
    )
    return session.scalars(query.order_by(Appointment.starts_at)).all()


def history(session: Session, appointment_id: int) -> Sequence[History]:
    """What happened to an appointment, the oldest first."""
    query = sa.select(History).where(History.appointment_id == appointment_id).order_by(History.id)
    return session.scalars(query).all()


def key_has_served(session: Session, key: str) -> bool:
    """Whether a command with that key was already carried out; sent again, it gets the same answer."""
    return session.get(Command, key) is not None


def _whole() -> sa.Select[Appointment]:
    """Appointments with what every screen shows of them, in a bounded number of queries."""
    return sa.select(Appointment).options(
        joinedload(Appointment.type).joinedload(AppointmentType.service),
        joinedload(Appointment.room),
        selectinload(Appointment.professionals),
        selectinload(Appointment.participations).joinedload(Participation.usager),
    )
