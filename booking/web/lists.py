"""What the lists of forms and pages offer."""

from __future__ import annotations

from datetime import date
from itertools import groupby
from typing import cast
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import g
from sqlalchemy.orm import Session, joinedload, selectinload

from booking import clock
from booking.db import db
from booking.labels import SPOKEN, title
from booking.people.models import Profession, Professional, Service
from booking.rooms import inventory
from booking.rooms.models import Room
from booking.slots import configuration, lookups
from booking.slots.models import AppointmentType
from booking.web.forms import Groups


def zone() -> ZoneInfo:
    """The zone in which the screens write and read hours. Read once a request: a page writes a hundred hours."""
    if "zone" not in g:
        g.zone = lookups.zone(db.session())
    return cast(ZoneInfo, g.zone)


def today() -> date:
    """The day that it is at the site."""
    return clock.now().astimezone(zone()).date()


def types(session: Session) -> list[AppointmentType]:
    """The types in use, by service and name."""
    query = sa.select(AppointmentType).join(Service).where(AppointmentType.retired_at.is_(None))
    query = query.options(joinedload(AppointmentType.service)).order_by(Service.name, AppointmentType.name)
    return list(session.scalars(query))


def professionals(session: Session) -> list[Professional]:
    """The professionals in use with their services, by profession and name."""
    return list(session.scalars(_in_use().options(selectinload(Professional.services))))


def professional(session: Session, code: str) -> Professional:
    """One professional, whole. Raises NotFound."""
    return session.get_one(Professional, lookups.professional(session, code).id)


def rooms(session: Session) -> list[Room]:
    """The rooms in use of the site, in the order of the screens."""
    return inventory.rooms(session, lookups.site(session).id)


def type_groups(session: Session) -> Groups:
    """The types to choose from, by service: code and name with duration."""
    shown = [(each.service.name, (each.code, f"{each.name} · {each.duration} min")) for each in types(session)]
    return {name: [choice for _, choice in group] for name, group in groupby(shown, key=lambda pair: pair[0])}


def professional_groups(session: Session) -> Groups:
    """The professionals to choose from, by profession: code and name."""
    shown = [(each.profession.name, (each.code, full_name(each))) for each in session.scalars(_in_use())]
    return {name: [choice for _, choice in group] for name, group in groupby(shown, key=lambda pair: pair[0])}


def languages(session: Session) -> list[tuple[str, str]]:
    """The languages that some professional in use speaks beside French, by name: code and name."""
    people = configuration.read(session).professionals.values()
    spoken = {code for each in people if not each.retired for code in each.languages}
    return [(code, title(text)) for code, text in SPOKEN.items() if code in spoken]


def interpreted(session: Session, also: str | None = None) -> list[tuple[str, str]]:
    """The languages that somebody interprets from, and one more, by name: code and name."""
    known = configuration.read(session)
    return [(code, title(text)) for code, text in SPOKEN.items() if code == also or known.interpreting(code)]


def colleagues(session: Session, service_id: int) -> list[Professional]:
    """Who may take part in appointments of a service, in the order of `professionals`."""
    known = configuration.read(session)
    able = set(known.joining(service_id, known.professionals))
    return [each for each in session.scalars(_in_use()) if each.id in able]


def full_name(professional: Professional) -> str:
    """« Roux Claude »: how lists sort them."""
    return f"{professional.last_name} {professional.first_name}"


def _in_use() -> sa.Select[Professional]:
    query = sa.select(Professional).join(Profession).where(Professional.retired_at.is_(None))
    query = query.options(joinedload(Professional.profession))
    return query.order_by(Profession.name, Professional.last_name, Professional.first_name)
