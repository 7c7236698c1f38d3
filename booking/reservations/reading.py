"""Reading appointments, for screens, feeds and messages. Nothing here writes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import cast
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from booking.db import execute
from booking.errors import NotFound
from booking.people.models import Professional
from booking.reservations import seats, store
from booking.reservations.models import Appointment, Command, History, Participation, appointment_professional
from booking.reservations.state import Attendance, State
from booking.slots import configuration, hours, schedule
from booking.slots.configuration import Configuration
from booking.slots.facts import ProfessionalFacts, TypeFacts
from booking.slots.models import Absence, AppointmentType, Hold, Occupancy

MOST_SESSIONS = 50
_COLUMNS = tuple(column.name for column in Appointment.__table__.c)


@dataclass(frozen=True)
class Kept:
    """A slot that an agent keeps, as a page shows it: its professionals by number, and when it ends."""

    uid: str
    type: TypeFacts
    start: datetime
    until: datetime
    professionals: tuple[ProfessionalFacts, ...]


def find(session: Session, uid: str) -> Appointment:
    """The appointment with that uid. Raises NotFound."""
    store.check_uid(uid)
    query = _whole().options(joinedload(Appointment.site)).where(Appointment.uid == uid)
    appointment = session.scalars(query).first()
    if appointment is None:
        raise NotFound("appointment")
    return appointment


def state(appointment: Appointment) -> State:
    """The value that the engine works on, of an appointment that a page has read already."""
    return State(
        **{name: getattr(appointment, name) for name in _COLUMNS},
        professional_ids=frozenset(each.id for each in appointment.professionals),
        attendance={each.usager_id: cast(Attendance, each.attendance) for each in appointment.participations},
        notices={each.usager_id: each.notice for each in appointment.participations},
    )


def of_day(session: Session, site_id: int, day: date, zone: ZoneInfo) -> Sequence[Appointment]:
    """What stands at a site on a local day, by start, then room; cancelled appointments left out."""
    start = schedule.moment(hours.instant(day, 0, zone))
    end = schedule.moment(hours.instant(day, hours.DAY_MINUTES, zone))
    query = _whole().where(
        Appointment.site_id == site_id,
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


def of_series(session: Session, series_id: int) -> Sequence[Appointment]:
    """The appointments of a series by start, cancelled ones included; their columns, and nothing around them."""
    query = sa.select(Appointment).where(Appointment.series_id == series_id)
    return session.scalars(query.order_by(Appointment.starts_at, Appointment.id)).all()


def with_seats(
    session: Session,
    type_id: int,
    start: datetime,
    end: datetime,
    now: datetime,
    professional_ids: Collection[int] = (),
) -> list[tuple[Appointment, int]]:
    """The sessions of a type that begin in [start, end) and are not over, each with its free seats; full ones left out.

    Only those in which all of these professionals take part. A seat that is held is not free. At most 50, the next
    first.
    """
    query = (
        sa.select(Appointment, seats.FREE.label("free"))
        .options(joinedload(Appointment.room), selectinload(Appointment.professionals))
        .where(
            Appointment.type_id == type_id,
            Appointment.capacity.is_not(None),
            Appointment.cancelled_at.is_(None),
            Appointment.starts_at >= start,
            Appointment.starts_at < end,
            Appointment.ends_at > now,
            seats.FREE > 0,
        )
        .order_by(Appointment.starts_at, Appointment.id)
        .limit(MOST_SESSIONS)
    )
    for who in professional_ids:
        query = query.where(Appointment.professionals.any(Professional.id == who))
    return [(row.Appointment, row.free) for row in session.execute(query, {"now": now})]


def kept_until(
    session: Session, uid: str, type_id: int, start: datetime, professional_id: int, now: datetime
) -> datetime | None:
    """Until when that hold keeps that slot; None when it has expired, or keeps something else."""
    query = (
        sa.select(Hold.expires_at)
        .join(Occupancy, Occupancy.hold_id == Hold.id)
        .where(Hold.uid == uid, Hold.type_id == type_id, Hold.starts_at == start, Hold.expires_at > now)
        .where(Occupancy.resource_id == professional_id)
    )
    return session.scalar(query)


_KEPT = (
    sa.select(Hold.uid, Hold.type_id, Hold.starts_at, Hold.expires_at, Occupancy.resource_id)
    .join(Occupancy, Occupancy.hold_id == Hold.id)
    .where(Hold.agent_id == sa.bindparam("agent_id"), Hold.expires_at > sa.bindparam("now"))
    .order_by(Hold.expires_at, Hold.id, Occupancy.resource_id)
)


def kept_by(session: Session, agent_id: int, now: datetime) -> list[Kept]:
    """The slots that an agent keeps, the first to be given back first."""
    rows = execute(session, _KEPT, agent_id=agent_id, now=now).all()
    if not rows:
        return []  # nearly always
    known = configuration.read(session)
    led = [row for row in rows if row.resource_id in known.professionals]
    return [
        Kept(uid, kind := known.types[type_id], start, until, _led(known, kind, [row.resource_id for row in group]))
        for (uid, type_id, start, until), group in groupby(led, key=lambda row: tuple(row[:4]))
    ]


def _led(known: Configuration, kind: TypeFacts, ids: Collection[int]) -> tuple[ProfessionalFacts, ...]:
    """These professionals, those who do the type first: one of them leads."""
    able = set(known.qualified(kind, ids))
    return tuple(known.professionals[who] for who in sorted(ids, key=lambda who: who not in able))


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
