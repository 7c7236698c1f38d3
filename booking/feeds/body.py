"""The calendar of a feed: what is stored in its window, rendered entry by entry and joined.

An entry is rendered once a version: the cache is keyed by every value that the entry shows, so it cannot be
stale.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking import ical
from booking.feeds import wording
from booking.feeds.state import FeedState
from booking.feeds.wording import Facts, Person
from booking.people.models import Service, Usager
from booking.reservations.models import Appointment, Participation, appointment_professional
from booking.rooms.models import Room
from booking.slots.hours import instant
from booking.slots.models import Absence, AppointmentType

NAME = "Rendez-vous"
DAYS_BACK = 30
DAYS_AHEAD = 365
CACHED_EVENTS = 32_768  # about 40 MB

Span = tuple[datetime, datetime]

_render = lru_cache(maxsize=CACHED_EVENTS)(ical.render_event)


def calendar(session: Session, state: FeedState) -> tuple[bytes, datetime | None]:
    """The whole calendar, and when its newest entry last changed (None without entries).

    A function of the stored data and of the local day alone. An ended link shows a valid, empty calendar.
    """
    events = [] if state.ended_at else _events(session, state)
    newest = max((event.last_modified for event in events), default=None)
    return ical.feed_calendar(NAME, state.zone, [_render(event, state.zone) for event in events]), newest


def _events(session: Session, state: FeedState) -> list[ical.Event]:
    span = _window(state)
    found = [*_appointments(session, state, span), *_absences(session, state, span)]
    return sorted(found, key=lambda event: (event.start, event.uid))


def _window(state: FeedState) -> Span:
    """From local midnight 30 days ago to local midnight in 12 months."""
    return _midnight(state, -DAYS_BACK), _midnight(state, DAYS_AHEAD)


def _midnight(state: FeedState, days: int) -> datetime:
    seconds = instant(state.day + timedelta(days=days), 0, ZoneInfo(state.zone))
    return datetime.fromtimestamp(seconds, UTC)


def _appointments(session: Session, state: FeedState, span: Span) -> Iterator[ical.Event]:
    people = _people(session, state, span)
    for row in session.execute(_standing(state, span, *_APPOINTMENT_COLUMNS, outer=True)):
        facts = Facts(row.confidentiality, row.mode, row.code, row.name, people[row.id])
        title, place = wording.entry(state.wording, facts)
        yield ical.Event(
            uid=row.uid,
            sequence=row.sequence,
            stamp=row.updated_at,
            last_modified=row.updated_at,
            start=row.starts_at,
            end=row.ends_at,
            summary=title,
            location=place,
        )


def _people(session: Session, state: FeedState, span: Span) -> dict[int, list[Person]]:
    """Who comes to each appointment, by its id. Nothing is read that the wording would not show."""
    people: defaultdict[int, list[Person]] = defaultdict(list)
    if state.wording == "occupe":
        return people
    named = (
        _standing(state, span, Appointment.id, Usager.last_name, Usager.first_name)
        .join(Participation, Participation.appointment_id == Appointment.id)
        .join(Usager, Usager.id == Participation.usager_id)
        .where(Usager.last_name.is_not(None))
        .order_by(Usager.id)
    )
    for appointment_id, last_name, first_name in session.execute(named):
        people[appointment_id].append(Person(last_name, first_name))
    return people


_APPOINTMENT_COLUMNS = (
    Appointment.id,
    Appointment.uid,
    Appointment.sequence,
    Appointment.updated_at,
    Appointment.starts_at,
    Appointment.ends_at,
    Appointment.mode,
    AppointmentType.name,
    Service.confidentiality,
    Room.code,
)


def _standing(state: FeedState, span: Span, *columns: Any, outer: bool = False) -> sa.Select[Any]:
    """Columns of the professional's appointments that stand within the window."""
    own = appointment_professional.c
    query = (
        sa.select(*columns)
        .select_from(Appointment)
        .join(appointment_professional, own.appointment_id == Appointment.id)
        .where(
            own.professional_id == state.professional_id,
            Appointment.cancelled_at.is_(None),
            Appointment.ends_at > span[0],
            Appointment.starts_at < span[1],
        )
    )
    if not outer:
        return query
    return (
        query.join(AppointmentType, AppointmentType.id == Appointment.type_id)
        .join(Service, Service.id == AppointmentType.service_id)
        .outerjoin(Room, Room.id == Appointment.room_id)
    )


def _absences(session: Session, state: FeedState, span: Span) -> Iterator[ical.Event]:
    query = sa.select(Absence.uid, Absence.created_at, Absence.starts_at, Absence.ends_at).where(
        Absence.professional_id == state.professional_id,
        Absence.ends_at > span[0],
        Absence.starts_at < span[1],
    )
    for uid, created_at, start, end in session.execute(query):
        yield ical.Event(
            uid=uid,
            sequence=0,
            stamp=created_at,
            last_modified=created_at,
            start=start,
            end=end,
            summary=wording.absence(state.wording),
        )
