"""What the lists of forms and pages offer."""

from __future__ import annotations

from itertools import groupby
from typing import TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from booking.db import db
from booking.errors import NotFound
from booking.people import fields
from booking.people.models import Profession, Professional, Service, Usager
from booking.rooms.models import Room, Site
from booking.slots.models import AppointmentType
from booking.web.forms import Groups

Coded = TypeVar("Coded", Room, AppointmentType, Professional)
LARGEST_ID = 2**31 - 1


def site(session: Session) -> Site:
    """The building that the screens show: the first. Raises NotFound before any is loaded."""
    found = session.scalar(sa.select(Site).order_by(Site.id).limit(1))
    if found is None:
        raise NotFound("site")
    return found


def zone() -> ZoneInfo:
    """The zone in which the screens write and read hours."""
    return site(db.session()).zone_info


def types(session: Session) -> list[AppointmentType]:
    """The types in use, by service and name."""
    query = sa.select(AppointmentType).join(Service).where(AppointmentType.retired_at.is_(None))
    query = query.options(joinedload(AppointmentType.service)).order_by(Service.name, AppointmentType.name)
    return list(session.scalars(query))


def professionals(session: Session) -> list[Professional]:
    """The professionals in use with their services, by profession and name."""
    query = sa.select(Professional).join(Profession).where(Professional.retired_at.is_(None))
    query = query.options(joinedload(Professional.profession), selectinload(Professional.services))
    return list(session.scalars(query.order_by(Profession.name, Professional.last_name, Professional.first_name)))


def rooms(session: Session) -> list[Room]:
    """The rooms in use of the site, in the order of the screens."""
    query = sa.select(Room).where(Room.site_id == site(session).id, Room.retired_at.is_(None))
    return list(session.scalars(query.options(joinedload(Room.reserved_for)).order_by(Room.position, Room.code)))


def type_groups(session: Session) -> Groups:
    """The types to choose from, by service: code and name with duration."""
    shown = [(each.service.name, (each.code, f"{each.name} · {each.duration} min")) for each in types(session)]
    return {name: [choice for _, choice in group] for name, group in groupby(shown, key=lambda pair: pair[0])}


def professional_groups(session: Session) -> Groups:
    """The professionals to choose from, by profession: code and name."""
    shown = [(each.profession.name, (each.code, full_name(each))) for each in professionals(session)]
    return {name: [choice for _, choice in group] for name, group in groupby(shown, key=lambda pair: pair[0])}


def full_name(professional: Professional) -> str:
    """« Roux Claude »: how lists sort them."""
    return f"{professional.last_name} {professional.first_name}"


def appointment_type(session: Session, code: str) -> AppointmentType:
    """The type of that code. Raises NotFound."""
    return _coded(session, AppointmentType, code, "appointment_type")


def professional(session: Session, code: str) -> Professional:
    """The professional of that code. Raises NotFound."""
    return _coded(session, Professional, code, "professional")


def room(session: Session, code: str) -> Room:
    """The room of that code. Raises NotFound."""
    return _coded(session, Room, code, "room")


def usager(session: Session, key: int | None) -> Usager:
    """The person with that number; whoever is known by a code only answers like an unknown one. Raises NotFound."""
    if key is None or not 0 < key <= LARGEST_ID:
        raise NotFound("usager")
    found = session.get(Usager, key)
    if found is None or found.code is not None:
        raise NotFound("usager")
    return found


def _coded(session: Session, model: type[Coded], code: str, what: str) -> Coded:
    # PostgreSQL takes neither a NUL nor half of a surrogate pair; no code has any.
    if fields.has_control_characters(code):
        raise NotFound(what)
    found = session.scalars(sa.select(model).where(model.code == code).order_by(model.id)).first()
    if found is None:
        raise NotFound(what)
    return found
