"""What is arranged long before anybody books: types, who does them, when they receive, sites with their rooms.

Read whole, as values, and kept in memory under the revision that the database gives it (see slots.revisions): every
search and every booking asks for it, and it changes a few times a day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import execute
from booking.errors import NotFound
from booking.people.directory import fold
from booking.people.models import Profession, Professional, Service, professional_service, spoken_name
from booking.rooms.fitting import Need, RoomFacts
from booking.rooms.models import Room, Site, SiteHours
from booking.slots import hours
from booking.slots.facts import ProfessionalFacts, SiteFacts, TypeFacts, demand_of
from booking.slots.models import (
    AppointmentType,
    Opening,
    OpeningException,
    Period,
    appointment_type_profession,
    configuration,
)
from booking.slots.openings import rule_of

T = TypeVar("T")
Coded = TypeVar("Coded", TypeFacts, ProfessionalFacts)


class OpeningFacts(NamedTuple):
    """At which site somebody receives, when, and whether only those who come without an appointment."""

    site_id: int
    rule: hours.Rule
    on_call: bool


@dataclass(frozen=True)
class Configuration:
    """One revision of it. Sites are in the order of their ids, those without hours left out; rooms are those in use.

    Types are in the order of their services' names and theirs, professionals in that of their professions' and theirs,
    as a French reader sorts them.

    `first_site` is the first, hours or not; None before any is loaded.
    """

    types: Mapping[int, TypeFacts]
    retired_types: frozenset[int]
    professionals: Mapping[int, ProfessionalFacts]
    first_site: SiteFacts | None
    sites: Mapping[int, SiteFacts]
    rooms: Mapping[int, Sequence[RoomFacts]]  # by site
    openings: Mapping[int, Sequence[OpeningFacts]]  # by professional

    def type(self, type_id: int, *, even_retired: bool = False) -> TypeFacts:
        """The facts of one type. Raises NotFound when there is none, or when it is retired and must not be."""
        found = self.types.get(type_id)
        if found is None or (found.id in self.retired_types and not even_retired):
            raise NotFound("appointment_type")
        return found

    def type_coded(self, code: str) -> TypeFacts:
        """The type of that code, even retired. Raises NotFound."""
        return _coded(self.types.values(), code, "appointment_type")

    def professional_coded(self, code: str) -> ProfessionalFacts:
        """The professional of that code, even retired. Raises NotFound."""
        return _coded(self.professionals.values(), code, "professional")

    def here(self) -> SiteFacts:
        """The building that screens and commands speak of: the first. Raises NotFound before any is loaded."""
        if self.first_site is None:
            raise NotFound("site")
        return self.first_site

    def qualified(self, kind: TypeFacts, among: Collection[int] | None = None) -> list[int]:
        """The ids of the professionals who do this type: of its professions, in its service, not retired."""
        people = self._in_use(self.professionals if among is None else among)
        able = (who for who in people if who.profession_id in kind.professions)
        return [who.id for who in able if kind.service_id in who.service_ids]

    def joining(self, service_id: int, ids: Collection[int]) -> list[int]:
        """Those of these who may take part beside whoever leads: of that service, or interpreters; not retired."""
        return [who.id for who in self._in_use(ids) if who.interprets or service_id in who.service_ids]

    def interpreting(self, language: str) -> list[int]:
        """The interpreters of that language who are not retired: those of fewest languages first, then by code."""
        able = (who for who in self._in_use(self.speaking(language)) if who.interprets)
        return [who.id for who in sorted(able, key=lambda who: (len(who.languages), who.code))]

    def _in_use(self, ids: Collection[int]) -> list[ProfessionalFacts]:
        known = (self.professionals[who] for who in sorted(ids) if who in self.professionals)
        return [who for who in known if not who.retired]

    def speaking(self, language: str, among: Collection[int] | None = None) -> list[int]:
        """Those of these professionals, of all by default, who speak that language."""
        known = self.professionals if among is None else among
        return [who for who in sorted(known) if language in self.professionals[who].languages]

    def sites_of(self, ids: Collection[int]) -> dict[int, SiteFacts]:
        """The sites with hours among these, in their order."""
        return {key: self.sites[key] for key in ids if key in self.sites}

    def rooms_of(self, site_ids: Collection[int]) -> list[RoomFacts]:
        """The rooms in use of those sites."""
        return [room for site_id in site_ids for room in self.rooms.get(site_id, ())]

    def openings_of(
        self, professional_ids: Collection[int], from_day: date, to_day: date, *, on_call: bool | None = False
    ) -> dict[tuple[int, int], list[hours.Rule]]:
        """The openings that touch those days, both included, by (site, professional).

        Those by appointment, those for walk-ins with `on_call`, or both with None.
        """
        found: dict[tuple[int, int], list[hours.Rule]] = defaultdict(list)
        for who in sorted(professional_ids):
            for site_id, rule, only_walk_ins in self.openings.get(who, ()):
                if on_call not in (None, only_walk_ins):
                    continue
                if rule.first_day <= to_day and (rule.last_day is None or rule.last_day >= from_day):
                    found[site_id, who].append(rule)
        return found


def _coded(among: Iterable[Coded], code: str, what: str) -> Coded:
    for each in among:
        if each.code == code:
            return each
    raise NotFound(what)


_REVISION = sa.select(configuration.c.revision)
_known: dict[str, Configuration] = {}  # the one that was asked for last


def read(session: Session) -> Configuration:
    """What stands, in one statement while it is the revision that is known; whole, in eleven more, after a change.

    A revision is never given twice, to no other content and by no other database, so that whoever finds theirs has what
    they would have read. A transaction reads again what it changed itself.
    """
    revision = execute(session, _REVISION).scalar()
    if revision is None:
        return _load(session)  # somebody emptied the table: slower, and right
    found = _known.get(revision)
    if found is None:
        found = _load(session)
        if execute(session, _REVISION).scalar() == revision:  # else somebody changed it while it was read
            _known.clear()
            _known[revision] = found
    return found


_TYPES = sa.select(
    AppointmentType.id,
    AppointmentType.code,
    AppointmentType.name,
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
    Service.name.label("service"),
).join(Service, Service.id == AppointmentType.service_id)
_DONE_BY = sa.select(appointment_type_profession.c.appointment_type_id, appointment_type_profession.c.profession_id)
_PROFESSIONALS = (
    sa.select(
        Professional.id,
        Professional.code,
        Professional.civility,
        Professional.first_name,
        Professional.last_name,
        Professional.profession_id,
        Professional.retired_at,
        Professional.languages,
        Profession.interprets,
        Profession.name.label("profession"),
    )
    .join(Profession)
    .order_by(Professional.id)
)
_IN_SERVICE = sa.select(professional_service.c.professional_id, professional_service.c.service_id)
_SITES = sa.select(Site.id, Site.address, Site.zone, Site.closed_on_public_holidays).order_by(Site.id)
_HOURS = sa.select(SiteHours.site_id, SiteHours.weekday, SiteHours.opens, SiteHours.closes).order_by(SiteHours.weekday)
_ROOMS = (
    sa.select(Room.id, Room.site_id, Room.code, Room.kind, Room.capacity, Room.features, Room.reserved_for_id)
    .where(Room.retired_at.is_(None))
    .order_by(Room.id)
)
_OPENINGS = sa.select(
    Opening.id,
    Opening.professional_id,
    Opening.site_id,
    Opening.weekdays,
    Opening.first_day,
    Opening.last_day,
    Opening.starts,
    Opening.ends,
    Opening.every,
    Opening.ranks,
    Opening.periods,
    Opening.on_call,
).order_by(Opening.id)
_EXCEPTIONS = sa.select(OpeningException.opening_id, OpeningException.day)
_PERIODS = sa.select(Period.site_id, Period.first_day, Period.last_day).order_by(Period.first_day, Period.id)


def _load(session: Session) -> Configuration:
    done_by = _grouped((type_id, who) for type_id, who in execute(session, _DONE_BY))
    types = sorted(execute(session, _TYPES), key=lambda row: (fold(row.service), row.service, fold(row.name), row.id))
    sites = _sites(session)
    return Configuration(
        types={row.id: _type(row, frozenset(done_by[row.id])) for row in types},
        retired_types=frozenset(row.id for row in types if row.retired_at is not None),
        professionals=_professionals(session),
        first_site=next(iter(sites), None),
        sites={each.id: each for each in sites if each.hours},
        rooms=_grouped((row.site_id, RoomFacts(*row)) for row in execute(session, _ROOMS)),
        openings=_openings(session),
    )


def _type(row: sa.Row[Any], professions: frozenset[int]) -> TypeFacts:
    return TypeFacts(
        id=row.id,
        code=row.code,
        name=row.name,
        service_id=row.service_id,
        service=row.service,
        confidential=row.confidentiality == "confidential",
        mode=row.mode,
        duration=row.duration,
        demand=demand_of(row.duration, row.step, row.buffer_before, row.buffer_after),
        need=Need(row.room_kinds, row.features, row.service_id) if row.mode == "in_person" else None,
        professions=professions,
        desk_lead_time=row.desk_lead_time,
        lead_time=row.lead_time,
        horizon_days=row.horizon_days,
        capacity=row.capacity,
    )


def _professionals(session: Session) -> dict[int, ProfessionalFacts]:
    services = _grouped((who, service) for who, service in execute(session, _IN_SERVICE))
    found = [_professional(row, frozenset(services[row.id])) for row in execute(session, _PROFESSIONALS)]
    found.sort(key=lambda each: (fold(each.profession), each.profession, fold(each.full_name)))
    return {each.id: each for each in found}


def _professional(row: sa.Row[Any], service_ids: frozenset[int]) -> ProfessionalFacts:
    return ProfessionalFacts(
        id=row.id,
        code=row.code,
        name=spoken_name(row.civility, row.first_name, row.last_name),
        full_name=f"{row.last_name} {row.first_name}",
        profession_id=row.profession_id,
        profession=row.profession,
        retired=row.retired_at is not None,
        service_ids=service_ids,
        languages=row.languages,
        interprets=row.interprets,
    )


def _sites(session: Session) -> list[SiteFacts]:
    rules = _grouped(
        (site_id, hours.Rule(frozenset({weekday}), date.min, None, opens, closes))
        for site_id, weekday, opens, closes in execute(session, _HOURS)
    )
    return [
        SiteFacts(row.id, row.address, ZoneInfo(row.zone), tuple(rules[row.id]), row.closed_on_public_holidays)
        for row in execute(session, _SITES)
    ]


def _openings(session: Session) -> dict[int, list[OpeningFacts]]:
    exceptions = _grouped((opening_id, day) for opening_id, day in execute(session, _EXCEPTIONS))
    periods = _grouped((site_id, (first, last)) for site_id, first, last in execute(session, _PERIODS))
    rows = execute(session, _OPENINGS)
    return _grouped((row.professional_id, _opening(row, exceptions[row.id], periods[row.site_id])) for row in rows)


def _opening(row: sa.Row[Any], exceptions: Sequence[date], periods: Sequence[hours.Days]) -> OpeningFacts:
    return OpeningFacts(row.site_id, rule_of(row, exceptions, periods), row.on_call)


def _grouped(pairs: Iterable[tuple[int, T]]) -> dict[int, list[T]]:
    found: dict[int, list[T]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return found
