"""From what is typed or stands in an address to what is stored: the site, and what goes by a code.

Here because types are the highest of what has a code: professionals and rooms stand below slots.
"""

from __future__ import annotations

from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from booking.errors import NotFound
from booking.people import fields
from booking.people.models import Professional
from booking.rooms.models import Room, Site
from booking.slots.models import AppointmentType

Coded = TypeVar("Coded", Room, AppointmentType, Professional)

# Built once: every screen and command asks them (docs/decisions/0008).
_FIRST_SITE = sa.select(Site).order_by(Site.id).limit(1)
_BY_CODE: dict[type[Room | AppointmentType | Professional], sa.Select[Any]] = {
    model: sa.select(model).where(model.code == sa.bindparam("code")).order_by(model.id)
    for model in (Room, AppointmentType, Professional)
}
_BY_CODE[AppointmentType] = _BY_CODE[AppointmentType].options(joinedload(AppointmentType.service))


def site(session: Session) -> Site:
    """The building that screens and commands speak of: the first. Raises NotFound before any is loaded."""
    found = session.scalar(_FIRST_SITE)
    if found is None:
        raise NotFound("site")
    return found


def zone(session: Session) -> ZoneInfo:
    """The zone of that site: hours without an offset are read, and all are written, in it. Raises NotFound."""
    return site(session).zone_info


def appointment_type(session: Session, code: str) -> AppointmentType:
    """The type of that code, with its service. Raises NotFound."""
    return _coded(session, AppointmentType, code, "appointment_type")


def professional(session: Session, code: str) -> Professional:
    """The professional of that code. Raises NotFound."""
    return _coded(session, Professional, code, "professional")


def room(session: Session, code: str) -> Room:
    """The room of that code, of the first site that has one. Raises NotFound."""
    return _coded(session, Room, code, "room")


def _coded(session: Session, model: type[Coded], code: str, what: str) -> Coded:
    # PostgreSQL takes neither a NUL nor half of a surrogate pair; no code has any.
    if fields.has_control_characters(code):
        raise NotFound(what)
    found: Coded | None = session.scalars(_BY_CODE[model], {"code": code}).first()
    if found is None:
        raise NotFound(what)
    return found
