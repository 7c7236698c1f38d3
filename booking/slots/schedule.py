"""What the database knows of a period, read in a bounded number of queries, as values for the generator."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import LARGEST_KEY, execute
from booking.errors import NotFound
from booking.people.models import Professional, Service, Usager, professional_service
from booking.rooms.fitting import Need, RoomFacts
from booking.rooms.models import Room, Site, SiteHours
from booking.slots import hours
from booking.slots.generator import Demand
from booking.slots.grid import Grid, Span, to_cells
from booking.slots.holidays import is_public_holiday
from booking.slots.models import (
    Absence,
    AppointmentType,
    Closure,
    Hold,
    Occupancy,
    Opening,
    appointment_type_profession,
)

LONGEST = 86400  # an occupancy lasts a day at most, says its constraint


@dataclass(frozen=True)
class TypeFacts:
    """What matters of an appointment type when a slot is looked for. Lead times are in minutes."""

    id: int
    service_id: int
    confidential: bool
    mode: str
    duration: int
    demand: Demand
    need: Need | None
    professions: frozenset[int]
    desk_lead_time: int
    lead_time: int
    horizon_days: int
    capacity: int | None = None


@dataclass(frozen=True)
class SiteFacts:
    """When a site is open: its zone, its weekly hours, and whether public holidays close it."""

    id: int
    zone: ZoneInfo
    hours: tuple[hours.Rule, ...]
    closed_on_public_holidays: bool

    def open_spans(self, first: date, last: date) -> list[Span]:
        """The opening hours from the first to the last day, both included, public holidays left out."""
        spans = (span for rule in self.hours for span in hours.occurrences(rule, first, last, self.zone))
        return [span for span in spans if not self._holiday(hours.local_day(span[0], self.zone))]

    def _holiday(self, day: date) -> bool:
        return self.closed_on_public_holidays and is_public_holiday(day)


_KEYS: sa.BindParameter[Any] = sa.bindparam("keys", expanding=True)
_START: sa.BindParameter[Any] = sa.bindparam("start")
_END: sa.BindParameter[Any] = sa.bindparam("end")

_TYPE = (
    sa.select(
        AppointmentType.id,
        AppointmentType.service_id,
        AppointmentType.mode,
        AppointmentType.duration,
        AppointmentType.step,
        AppointmentType.buffer_before,
        AppointmentType.buffer_after,
        AppointmentType.room_kinds,
        AppointmentType.features,
        AppointmentType.desk_lead_time,
        AppointmentType.lead_time,
        AppointmentType.horizon_days,
        AppointmentType.capacity,
        AppointmentType.retired_at,
        Service.confidentiality,
        appointment_type_profession.c.profession_id,
    )
    .join(Service, Service.id == AppointmentType.service_id)
    .outerjoin(appointment_type_profession)
    .where(AppointmentType.id == sa.bindparam("key"))
)


def read_type(session: Session, type_id: int, *, even_retired: bool = False) -> TypeFacts:
    """The facts of one type. Raises NotFound when there is none, or when it is retired and must not be."""
    rows = execute(session, _TYPE, key=type_id).all() if 0 < type_id <= LARGEST_KEY else []
    if not rows or (rows[0].retired_at and not even_retired):
        raise NotFound("appointment_type")
    kind = rows[0]
    return TypeFacts(
        id=kind.id,
        service_id=kind.service_id,
        confidential=kind.confidentiality == "confidential",
        mode=kind.mode,
        duration=kind.duration,
        demand=demand_of(kind.duration, kind.step, kind.buffer_before, kind.buffer_after),
        need=Need(kind.room_kinds, kind.features, kind.service_id) if kind.mode == "in_person" else None,
        professions=frozenset(row.profession_id for row in rows if row.profession_id is not None),
        desk_lead_time=kind.desk_lead_time,
        lead_time=kind.lead_time,
        horizon_days=kind.horizon_days,
        capacity=kind.capacity,
    )


def demand_of(duration: int, step: int, before: int, after: int) -> Demand:
    """A demand from minutes."""
    return Demand(to_cells(duration), to_cells(step), to_cells(before), to_cells(after))


_OF_SERVICE = (
    sa.select(Professional.id)
    .join(professional_service)
    .where(professional_service.c.service_id == sa.bindparam("service"), Professional.retired_at.is_(None))
    .order_by(Professional.id)
)
_QUALIFIED = _OF_SERVICE.where(Professional.profession_id.in_(sa.bindparam("professions", expanding=True)))
_QUALIFIED_AMONG = _QUALIFIED.where(Professional.id.in_(_KEYS))
_IN_SERVICE = _OF_SERVICE.where(Professional.id.in_(_KEYS))


def qualified(session: Session, kind: TypeFacts, among: Collection[int] | None) -> list[int]:
    """The ids of the professionals who do this type: of its professions, in its service, not retired."""
    parameters = {"service": kind.service_id, "professions": list(kind.professions)}
    if among is None:
        return list(execute(session, _QUALIFIED, **parameters).scalars())
    return list(execute(session, _QUALIFIED_AMONG, **parameters, keys=list(among)).scalars())


def in_service(session: Session, service_id: int, ids: Collection[int]) -> list[int]:
    """Those of these professionals who belong to that service, whatever their profession, and are not retired."""
    return list(execute(session, _IN_SERVICE, service=service_id, keys=list(ids)).scalars())


_STEP_FREE = sa.select(Usager.id).where(Usager.id.in_(_KEYS), Usager.step_free)


def step_free_needed(session: Session, usager_ids: Collection[int]) -> bool:
    """Whether one of these usagers cannot climb stairs."""
    return bool(usager_ids) and execute(session, _STEP_FREE, keys=list(usager_ids)).first() is not None


_SITES = (
    sa.select(Site.id, Site.zone, Site.closed_on_public_holidays, SiteHours.weekday, SiteHours.opens, SiteHours.closes)
    .join(SiteHours, SiteHours.site_id == Site.id)
    .where(Site.id.in_(_KEYS))
)


def read_sites(session: Session, ids: Collection[int]) -> dict[int, SiteFacts]:
    """The sites with their hours, in the order of their ids given; those without hours are left out."""
    rules: dict[tuple[int, str, bool], list[hours.Rule]] = defaultdict(list)
    for site_id, zone, holidays, weekday, opens, closes in execute(session, _SITES, keys=list(ids)):
        rule = hours.Rule(frozenset({weekday}), date.min, None, opens, closes)
        rules[site_id, zone, holidays].append(rule)
    sites = {key[0]: SiteFacts(key[0], ZoneInfo(key[1]), tuple(found), key[2]) for key, found in rules.items()}
    return {key: sites[key] for key in ids if key in sites}


_OPENINGS = sa.select(
    Opening.site_id,
    Opening.professional_id,
    Opening.weekdays,
    Opening.first_day,
    Opening.last_day,
    Opening.starts,
    Opening.ends,
).where(
    Opening.professional_id.in_(_KEYS),
    Opening.first_day <= sa.bindparam("to_day"),
    sa.or_(Opening.last_day.is_(None), Opening.last_day >= sa.bindparam("from_day")),
)


def read_openings(
    session: Session, professional_ids: Collection[int], from_day: date, to_day: date
) -> dict[tuple[int, int], list[hours.Rule]]:
    """The openings that touch those days, by (site, professional)."""
    found: dict[tuple[int, int], list[hours.Rule]] = defaultdict(list)
    rows = execute(session, _OPENINGS, keys=list(professional_ids), from_day=from_day, to_day=to_day)
    for site_id, professional_id, weekdays, first_day, last_day, starts, ends in rows:
        days = None if weekdays is None else frozenset(map(int, weekdays))
        found[site_id, professional_id].append(hours.Rule(days, first_day, last_day, starts, ends))
    return found


def nowhere(session: Session, professional_ids: Collection[int]) -> dict[tuple[int, int], list[hours.Rule]]:
    """No opening at any site: what a decision about somebody who does not receive then starts from."""
    sites = session.execute(sa.select(Site.id).order_by(Site.id)).scalars()
    return {(site, who): [] for site in sites for who in professional_ids}


_ROOMS = sa.select(
    Room.id, Room.site_id, Room.code, Room.kind, Room.capacity, Room.features, Room.reserved_for_id
).where(Room.site_id.in_(_KEYS), Room.retired_at.is_(None))


def read_rooms(session: Session, site_ids: Collection[int]) -> list[RoomFacts]:
    """The rooms in use of those sites."""
    return [RoomFacts(*row) for row in execute(session, _ROOMS, keys=list(site_ids))]


_ABSENCES = sa.select(Absence.professional_id, Absence.starts_at, Absence.ends_at).where(
    Absence.professional_id.in_(_KEYS), Absence.starts_at < _END, Absence.ends_at > _START
)


def read_absences(session: Session, professional_ids: Collection[int], grid: Grid) -> dict[int, list[Span]]:
    """The absences that touch the grid, by professional."""
    start, end = bounds(grid)
    rows = execute(session, _ABSENCES, keys=list(professional_ids), start=start, end=end)
    return _grouped((key, _span(starts, ends)) for key, starts, ends in rows)


_CLOSURES = sa.select(Closure.site_id, Closure.room_id, Closure.starts_at, Closure.ends_at).where(
    Closure.site_id.in_(_KEYS), Closure.starts_at < _END, Closure.ends_at > _START
)


def read_closures(
    session: Session, site_ids: Collection[int], grid: Grid
) -> tuple[dict[int, list[Span]], dict[int, list[Span]]]:
    """The closures that touch the grid: of whole sites, by site; of rooms, by room."""
    start, end = bounds(grid)
    rows = execute(session, _CLOSURES, keys=list(site_ids), start=start, end=end).all()
    sites = _grouped((site, _span(starts, ends)) for site, room, starts, ends in rows if room is None)
    rooms = _grouped((room, _span(starts, ends)) for _, room, starts, ends in rows if room is not None)
    return sites, rooms


_OCCUPANCIES = sa.select(Occupancy.resource_id, Occupancy.starts_at, Occupancy.ends_at).where(
    Occupancy.resource_id.in_(_KEYS),
    Occupancy.starts_at > _START - LONGEST,
    Occupancy.starts_at < _END,
    Occupancy.ends_at > _START,
    sa.or_(
        Occupancy.appointment_id.is_(None),
        Occupancy.appointment_id.not_in(sa.bindparam("ignoring", expanding=True)),
    ),
    sa.or_(
        Occupancy.hold_id.is_(None),
        Occupancy.hold_id.not_in(sa.select(Hold.id).where(Hold.expires_at <= sa.bindparam("asked_at"))),
    ),
)


def read_occupancies(
    session: Session, resource_ids: Collection[int], grid: Grid, ignoring: Collection[int] = (), asked_at: int = 0
) -> Mapping[int, list[Span]]:
    """What is taken over the grid, apart from the appointments `ignoring` and holds expired at `asked_at` (seconds)."""
    found: dict[int, list[Span]] = defaultdict(list)
    parameters = {"keys": list(resource_ids), "ignoring": list(ignoring), "asked_at": moment(asked_at)}
    parameters |= {"start": grid.origin, "end": grid.end}
    for resource_id, starts_at, ends_at in execute(session, _OCCUPANCIES, **parameters).all():
        found[resource_id].append((starts_at, ends_at))
    return found


def bounds(grid: Grid) -> tuple[datetime, datetime]:
    """A grid's ends as aware instants."""
    return moment(grid.origin), moment(grid.end)


def moment(seconds: int) -> datetime:
    """Integer seconds UTC as an aware instant."""
    return EPOCH + timedelta(seconds=seconds)


EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _span(starts_at: datetime, ends_at: datetime) -> Span:
    return int(starts_at.timestamp()), int(ends_at.timestamp())


def _grouped(pairs: Iterable[tuple[int, Span]]) -> dict[int, list[Span]]:
    found: dict[int, list[Span]] = defaultdict(list)
    for key, span in pairs:
        found[key].append(span)
    return found
