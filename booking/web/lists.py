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
from booking.people.models import Professional
from booking.rooms import inventory
from booking.rooms.models import Room
from booking.slots import configuration, lookups
from booking.slots.configuration import Configuration
from booking.slots.facts import ProfessionalFacts, TypeFacts
from booking.web.forms import Groups


def zone() -> ZoneInfo:
    """The zone in which the screens write and read hours. Read once a request: a page writes a hundred hours."""
    if "zone" not in g:
        g.zone = known(db.session()).here().zone
    return cast(ZoneInfo, g.zone)


def known(session: Session) -> Configuration:
    """What is arranged beforehand. Read once a request: several lists of a page are made of it."""
    if "known" not in g:
        g.known = configuration.read(session)
    return cast(Configuration, g.known)


def today() -> date:
    """The day that it is at the site."""
    return clock.now().astimezone(zone()).date()


def types(session: Session) -> list[TypeFacts]:
    """The types in use, by service and name."""
    found = known(session)
    return [each for each in found.types.values() if each.id not in found.retired_types]


def professionals(session: Session) -> list[Professional]:
    """The professionals in use with their services, by profession and name."""
    query = sa.select(Professional).where(Professional.retired_at.is_(None))
    query = query.options(joinedload(Professional.profession), selectinload(Professional.services))
    rows = {each.id: each for each in session.scalars(query)}
    return [rows[each.id] for each in _working(session) if each.id in rows]


def professional(session: Session, code: str) -> Professional:
    """One professional, whole. Raises NotFound."""
    return session.get_one(Professional, lookups.professional(session, code).id)


def rooms(session: Session) -> list[Room]:
    """The rooms in use of the site, in the order of the screens."""
    return inventory.rooms(session, lookups.site(session).id)


def type_groups(session: Session) -> Groups:
    """The types to choose from, by service: code and name with duration."""
    found = groupby(types(session), key=lambda each: each.service)
    return {name: [(each.code, f"{each.name} · {each.duration} min") for each in group] for name, group in found}


def professional_groups(session: Session) -> Groups:
    """The professionals to choose from, by profession: code and name."""
    found = groupby(_working(session), key=lambda each: each.profession)
    return {name: [(each.code, each.full_name) for each in group] for name, group in found}


def languages(session: Session) -> list[tuple[str, str]]:
    """The languages that some professional in use speaks beside French, by name: code and name."""
    spoken = {code for each in _working(session) for code in each.languages}
    return [(code, title(text)) for code, text in SPOKEN.items() if code in spoken]


def interpreted(session: Session, also: str | None = None) -> list[tuple[str, str]]:
    """The languages that somebody interprets from, and one more, by name: code and name."""
    found = known(session)
    return [(code, title(text)) for code, text in SPOKEN.items() if code == also or found.interpreting(code)]


def colleagues(session: Session, service_id: int) -> list[ProfessionalFacts]:
    """Who may take part in appointments of a service, by profession and name."""
    able = set(known(session).joining(service_id, known(session).professionals))
    return [each for each in _working(session) if each.id in able]


def _working(session: Session) -> list[ProfessionalFacts]:
    return [each for each in known(session).professionals.values() if not each.retired]
