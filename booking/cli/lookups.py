"""From what is typed to what is stored: codes, names of persons, the zone in which hours are said."""

from __future__ import annotations

from typing import TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.errors import NotFound
from booking.people import fields
from booking.people.models import Professional
from booking.rooms.models import Room, Site
from booking.slots.models import AppointmentType

NOT_INITIALISED = "La base n’est pas prête : lancez d’abord « flask --app wsgi init »."
Coded = TypeVar("Coded", Room, AppointmentType, Professional)


def zone(session: Session) -> ZoneInfo:
    """The zone of the first site: hours without an offset are read, and all are written, in it.

    Raises NotFound before any site is loaded.
    """
    site = session.scalar(sa.select(Site).order_by(Site.id).limit(1))
    if site is None:
        raise NotFound("site")
    return site.zone_info


def appointment_type(session: Session, code: str) -> AppointmentType:
    """The type of that code. Raises NotFound."""
    return _coded(session, AppointmentType, code, "appointment_type")


def professional(session: Session, code: str) -> Professional:
    """The professional of that code. Raises NotFound."""
    return _coded(session, Professional, code, "professional")


def room(session: Session, code: str) -> Room:
    """The room of that code, of the first site that has one. Raises NotFound."""
    return _coded(session, Room, code, "room")


def checked_uid(uid: str) -> str:
    """An uid that may be looked up as it stands. Raises NotFound."""
    if fields.has_control_characters(uid):
        raise NotFound("appointment")
    return uid


def _coded(session: Session, model: type[Coded], code: str, what: str) -> Coded:
    # PostgreSQL takes neither a NUL nor half of a surrogate pair; no code has any.
    if fields.has_control_characters(code):
        raise NotFound(what)
    found = session.scalars(sa.select(model).where(model.code == code).order_by(model.id)).first()
    if found is None:
        raise NotFound(what)
    return found
