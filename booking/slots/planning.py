"""What changes when somebody or some place is available: openings, absences, closures.

Each use case locks the rows that a booking locks, people before rooms (docs/decisions/0004), so that a
booking decides wholly before it or wholly after it. What is already booked stays: somebody moves or cancels it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking import french
from booking.db import in_transaction
from booking.errors import Invalid, NotFound
from booking.people import fields
from booking.people.models import Professional
from booking.resources import lock
from booking.rooms.models import Room, Site
from booking.slots import openings
from booking.slots.models import Absence, Closure, Opening
from booking.slots.openings import NewOpening
from booking.slots.planned import check_span

LABEL_MAX = 120

Owned = TypeVar("Owned", Opening, Absence)


def add_opening(new: NewOpening, now: datetime) -> int:
    """Store an opening and return its key.

    Raises NotFound (professional, site), and Invalid by field of NewOpening: required, unknown, out_of_range,
    not_on_grid, end_before_start, not_expected (a last day without weekdays), past (none of it is to come), never (it
    has no day), overlaps, two_sites, on_call (another opening of this professional: see planned.clash).
    """
    (key,) = add_openings([new], now)
    return key


def add_openings(new: Sequence[NewOpening], now: datetime) -> list[int]:
    """Store several at once, « 9h-12h et 14h-17h », and return their keys: all, or none. Raises as `add_opening`."""

    def work(session: Session) -> list[int]:
        for professional_id in sorted({each.professional_id for each in new}):
            _lock_active(session, professional_id)
        return [openings.store(session, openings.checked(each, now)) for each in new]

    return in_transaction(work)


def end_opening(opening_id: int, last_day: date) -> None:
    """Make that day, included, the last one of an opening; it can only become shorter. Appointments stay.

    Raises NotFound, and Invalid on « last_day »: end_before_start, out_of_range.
    """

    def work(session: Session) -> None:
        opening = lock_owned(session, Opening, opening_id, "opening")
        if last_day < opening.first_day:
            raise Invalid("last_day", "end_before_start")
        if opening.last_day is not None and last_day > opening.last_day:
            limits = {"minimum": opening.first_day, "maximum": opening.last_day}
            raise Invalid("last_day", "out_of_range", **{k: french.short_day(v) for k, v in limits.items()})
        opening.last_day = last_day
        opening.exceptions = [each for each in opening.exceptions if each.day <= last_day]

    in_transaction(work)


def remove_opening(opening_id: int) -> None:
    """Remove an opening as if it had never been. Appointments stay. Raises NotFound."""
    in_transaction(lambda session: session.delete(lock_owned(session, Opening, opening_id, "opening")))


def add_absence(professional_id: int, start: datetime, end: datetime, now: datetime) -> int:
    """Store an absence over [start, end) and return its key; the professional's feeds change.

    Raises NotFound (professional), and Invalid on « start » or « end »: not_on_grid, end_before_start,
    range_too_long, past (over already), overlaps (an absence covers it already).
    """
    return in_transaction(lambda session: store_absence(session, professional_id, start, end, now))


def store_absence(session: Session, professional_id: int, start: datetime, end: datetime, now: datetime) -> int:
    """The work of `add_absence`, inside of a transaction that may do more. Locks the professional."""
    check_span(start, end, now)
    professional = _lock_active(session, professional_id)
    _refuse_covered(session, Absence, Absence.professional_id == professional_id, start, end)
    professional.feed_version += 1
    absence = Absence(
        uid=secrets.token_hex(16),
        professional_id=professional_id,
        starts_at=start,
        ends_at=end,
        created_at=now,
    )
    return _stored(session, absence)


def remove_absence(absence_id: int) -> None:
    """Remove an absence; the professional's feeds change. Raises NotFound."""

    def work(session: Session) -> None:
        absence = lock_owned(session, Absence, absence_id, "absence")
        session.get_one(Professional, absence.professional_id).feed_version += 1
        session.delete(absence)

    in_transaction(work)


def add_closure(site_id: int, room_id: int | None, start: datetime, end: datetime, label: str, now: datetime) -> int:
    """Close a site, or one room of it, over [start, end), and return the closure's key. Appointments stay.

    Raises NotFound (site, room), and Invalid on « start », « end » or « label », as for an absence.
    """
    return in_transaction(lambda session: store_closure(session, site_id, room_id, start, end, label, now))


def store_closure(
    session: Session, site_id: int, room_id: int | None, start: datetime, end: datetime, label: str, now: datetime
) -> int:
    """The work of `add_closure`, inside of a transaction that may do more. Locks who receives there, then the rooms."""
    check_span(start, end, now)
    words = fields.clean_line("label", label, LABEL_MAX, required=True)
    lock_place(session, site_id, room_id)
    same_place = sa.and_(Closure.site_id == site_id, Closure.room_id.is_not_distinct_from(room_id))
    _refuse_covered(session, Closure, same_place, start, end)
    closure = Closure(site_id=site_id, room_id=room_id, starts_at=start, ends_at=end, label=words)
    return _stored(session, closure)


def closures(session: Session, site_id: int, now: datetime) -> list[tuple[Closure, str | None]]:
    """The closures of a site that are not over, by start, each with the code of its room; None for the whole site."""
    query = sa.select(Closure, Room.code).outerjoin(Room, Room.id == Closure.room_id)
    query = query.where(Closure.site_id == site_id, Closure.ends_at > now)
    return [(closure, code) for closure, code in session.execute(query.order_by(Closure.starts_at, Closure.id))]


def remove_closure(closure_id: int) -> None:
    """Remove a closure. Raises NotFound."""

    def work(session: Session) -> None:
        query = sa.select(Closure.site_id, Closure.room_id).where(Closure.id == closure_id)
        place = session.execute(query).one_or_none()
        if place is not None:
            lock_place(session, *place)
        closure = session.get(Closure, closure_id)
        if closure is None:
            raise NotFound("closure")
        session.delete(closure)

    in_transaction(work)


def receiving_at(session: Session, site_id: int) -> Sequence[int]:
    """Who receives at a site: the professionals whom its closure locks."""
    return session.scalars(sa.select(Opening.professional_id).where(Opening.site_id == site_id).distinct()).all()


def lock_professional(session: Session, professional_id: int) -> Professional:
    """Lock a professional as a booking does, and read them as they are then. Raises NotFound."""
    if session.scalar(sa.select(Professional.id).where(Professional.id == professional_id)) is None:
        raise NotFound("professional")
    lock(session, [professional_id])
    return session.get_one(Professional, professional_id)


def _lock_active(session: Session, professional_id: int) -> Professional:
    professional = lock_professional(session, professional_id)
    if professional.retired_at is not None:
        raise Invalid("professional_id", "unknown")
    return professional


def lock_owned(session: Session, model: type[Owned], key: int, what: str) -> Owned:
    """Lock the professional of an opening or absence, and read it as it is then. Raises NotFound."""
    owner = session.scalar(sa.select(model.professional_id).where(model.id == key))
    if owner is not None:
        lock(session, [owner])
    found = session.get(model, key)
    if found is None:
        raise NotFound(what)
    return found


def lock_place(session: Session, site_id: int, room_id: int | None) -> None:
    """Lock what a closure takes: the room; or, for a site, who receives there, then every room."""
    if session.get(Site, site_id) is None:
        raise NotFound("site")
    rooms = sa.select(Room.id).where(Room.site_id == site_id)
    if room_id is not None:
        rooms = rooms.where(Room.id == room_id)
    found = session.scalars(rooms).all()
    if room_id is not None and not found:
        raise NotFound("room")
    if room_id is None:
        lock(session, receiving_at(session, site_id))
    lock(session, found)


def _refuse_covered(
    session: Session,
    model: type[Absence] | type[Closure],
    same: sa.ColumnElement[bool],
    start: datetime,
    end: datetime,
) -> None:
    """Refuse what is said already: the same form sent twice, above all."""
    covering = sa.select(model.id).where(same, model.starts_at <= start, model.ends_at >= end)
    if session.scalars(covering.limit(1)).first() is not None:
        raise Invalid("start", "overlaps")


def _stored(session: Session, row: Absence | Closure) -> int:
    session.add(row)
    session.flush()
    return row.id
