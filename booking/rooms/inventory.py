"""The rooms of a site: loading its data file, and reading them in the order of the screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from importlib.resources import files
from typing import Any, TypeVar, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from booking.db import Base, in_transaction
from booking.people.models import Confidentiality, Profession, Service
from booking.resources import lock, new_resource
from booking.rooms.models import FEATURES, ROOM_KINDS, Room, Site, SiteHours
from booking.rooms.sitefile import (
    RoomEntry,
    ServiceEntry,
    SiteEntry,
    SiteFile,
    SiteFileInvalid,
    SiteFileProblem,
    Vocabulary,
    parse,
)

Row = TypeVar("Row", bound=Base)

VOCABULARY = Vocabulary(ROOM_KINDS, FEATURES, get_args(Confidentiality))
# What a later file cannot change, because what is already booked relies on it.
FIXED = {"site": "zone", "service": "confidentiality", "room": "kind"}


def first_site() -> str:
    """The data file of the first site, from the package."""
    return (files("booking.rooms") / "asnieres.toml").read_text(encoding="utf-8")


def rooms(session: Session, site_id: int) -> list[Room]:
    """The rooms in use of a site, with the services they are reserved for, in the order of the screens."""
    query = sa.select(Room).where(Room.site_id == site_id, Room.retired_at.is_(None))
    return list(session.scalars(query.options(joinedload(Room.reserved_for)).order_by(Room.position, Room.code)))


def load_site(text: str) -> int:
    """Load a site file whole or not at all, and return the site's key. Loading it again changes nothing.

    A code that is known is updated, a new one is added; a room, service or profession that the file no longer
    names is left as it is. Raises SiteFileInvalid with every problem of the file.
    """
    file = parse(text, VOCABULARY)
    return in_transaction(lambda session: _load(session, file))


def _load(session: Session, file: SiteFile) -> int:
    problems = list(_changed(session, file))
    if problems:
        raise SiteFileInvalid(tuple(sorted(problems, key=lambda problem: problem.line)))
    for service in file.services:
        _put(session, Service, {"code": service.code}, asdict(service))
    for profession in file.professions:
        _put(session, Profession, {"code": profession.code}, asdict(profession))
    site = _put(session, Site, {"code": file.site.code}, asdict(file.site))
    session.flush()
    _put_rooms(session, site.id, file.rooms)
    _put_hours(session, site.id, file.hours)
    return site.id


def _changed(session: Session, file: SiteFile) -> Iterator[SiteFileProblem]:
    """The values of the file that differ from what is stored although they are fixed."""
    of_site = sa.select(Site.id).where(Site.code == file.site.code).scalar_subquery()
    stored = {
        "site": sa.select(Site.code, Site.zone),
        "service": sa.select(Service.code, Service.confidentiality),
        "room": sa.select(Room.code, Room.kind).where(Room.site_id == of_site),
    }
    entries: dict[str, Sequence[SiteEntry | ServiceEntry | RoomEntry]] = {
        "site": [file.site],
        "service": file.services,
        "room": file.rooms,
    }
    for table, key in FIXED.items():
        known = dict(session.execute(stored[table]).all())
        for index, entry in enumerate(map(asdict, entries[table])):
            if known.get(entry["code"], entry[key]) != entry[key]:
                yield SiteFileProblem(file.lines.of(table, index, key), f"{table}.{key}", "fixed")


def _put_rooms(session: Session, site_id: int, entries: tuple[RoomEntry, ...]) -> None:
    # Locked like any change of what is free: a booking decides before this, or after it.
    known = dict(session.execute(sa.select(Room.code, Room.id).where(Room.site_id == site_id)).all())
    lock(session, known.values())
    services = dict(session.execute(sa.select(Service.code, Service.id)).all())
    for position, entry in enumerate(entries, 1):
        values = asdict(entry) | {"position": position}
        reserved_for = values.pop("reserved_for")
        values["reserved_for_id"] = services[reserved_for] if reserved_for else None
        if entry.code not in known:
            values["id"] = new_resource(session, "room")
        _put(session, Room, {"site_id": site_id, "code": entry.code}, values)


def _put_hours(session: Session, site_id: int, hours: Mapping[int, tuple[int, int]]) -> None:
    for weekday, (opens, closes) in hours.items():
        key = {"site_id": site_id, "weekday": weekday}
        _put(session, SiteHours, key, {"opens": opens, "closes": closes})
    session.execute(sa.delete(SiteHours).where(SiteHours.site_id == site_id, SiteHours.weekday.not_in(hours)))


def _put(session: Session, model: type[Row], key: Mapping[str, Any], values: Mapping[str, Any]) -> Row:
    """Update the row of that key, or add it. What is equal is not written."""
    row = session.scalars(sa.select(model).filter_by(**key)).one_or_none()
    if row is None:
        row = model(**key)
        session.add(row)
    for name, value in values.items():
        setattr(row, name, value)
    return row
