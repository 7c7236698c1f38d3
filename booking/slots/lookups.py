"""From what is typed or stands in an address to what is known: the site, and what goes by a code.

Here because types are the highest of what has a code: professionals and rooms stand below slots. Whoever asks for
several things at once asks one configuration.
"""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.errors import NotFound
from booking.people import fields
from booking.rooms.models import Room
from booking.slots import configuration
from booking.slots.facts import ProfessionalFacts, SiteFacts, TypeFacts

# Built once: many screens and commands ask it (docs/decisions/0008).
_ROOM = sa.select(Room).where(Room.code == sa.bindparam("code")).order_by(Room.id).limit(1)


def site(session: Session) -> SiteFacts:
    """The building that screens and commands speak of. Raises NotFound before any is loaded."""
    return configuration.read(session).here()


def zone(session: Session) -> ZoneInfo:
    """The zone of that site: hours without an offset are read, and all are written, in it. Raises NotFound."""
    return site(session).zone


def appointment_type(session: Session, code: str) -> TypeFacts:
    """The type of that code, even retired. Raises NotFound."""
    return configuration.read(session).type_coded(code)


def type_of(session: Session, type_id: int) -> TypeFacts:
    """The type of an appointment, even retired. Raises NotFound."""
    return configuration.read(session).type(type_id, even_retired=True)


def professional(session: Session, code: str) -> ProfessionalFacts:
    """The professional of that code, even retired. Raises NotFound."""
    return configuration.read(session).professional_coded(code)


def professional_ids(session: Session, codes: Iterable[str]) -> frozenset[int]:
    """The ids of the professionals of those codes, even retired. Raises NotFound."""
    return frozenset(professional(session, code).id for code in codes)


def room(session: Session, code: str) -> Room:
    """The room of that code, of the first site that has one, even retired. Raises NotFound."""
    # PostgreSQL takes neither a NUL nor half of a surrogate pair; no code has any.
    found = None if fields.has_control_characters(code) else session.scalar(_ROOM, {"code": code})
    if found is None:
        raise NotFound("room")
    return found
