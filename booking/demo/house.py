"""The demonstration's professionals, types, openings, absences and closures, stored in the first site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import db, in_transaction
from booking.demo import people
from booking.demo.kinds import KINDS, Kind
from booking.demo.staff import INTERPRETERS, LANGUAGES, PERMANENCES, STAFF, WEEKS, Member
from booking.errors import NotFound
from booking.people.directory import create_usager, fold
from booking.people.models import Profession, Service
from booking.people.staff import NewProfessional, create_professional
from booking.rooms.models import Room
from booking.slots import configuration, hours, lookups, periods, planning, schedule
from booking.slots.models import AppointmentType
from booking.slots.openings import NewOpening

Coded = TypeVar("Coded", Profession, Service)
HALF_DAYS = ((510, 720), (780, 1050))
OPENINGS_LAST = timedelta(weeks=26)


@dataclass(frozen=True)
class Period:
    """The days that the demonstration fills: two weeks back, four weeks ahead, `last` excluded."""

    today: date

    @property
    def first(self) -> date:
        """The first day."""
        return self.today - timedelta(days=14)

    @property
    def last(self) -> date:
        """The day after the last one."""
        return self.today + timedelta(days=28)


@dataclass(frozen=True)
class House:
    """Keys of what was stored."""

    professionals: tuple[int, ...]
    interpreters: tuple[int, ...]
    usagers: tuple[int, ...]
    types: tuple[int, ...]
    confidential: frozenset[int]  # types that are booked by code, without an usager
    seats: Mapping[int, int]  # of the types whose sessions usagers join


def furnish(rng: Random, period: Period, now: datetime) -> House:
    """Store everything but the appointments. Raises NotFound when the first site is not loaded."""
    professionals = in_transaction(lambda session: [_professional(session, member) for member in STAFF])
    types = in_transaction(lambda session: [_type(session, kind) for kind in KINDS])
    new = people.fictional(rng, period.today, professionals)
    usagers = in_transaction(lambda session: [create_usager(session, person, now) for person in new])
    interpreters = in_transaction(lambda session: [_professional(session, member) for member in INTERPRETERS])
    _open(dict(zip((*professionals, *interpreters), (*STAFF, *INTERPRETERS), strict=True)), period, now)
    _receive_without_appointment(professionals, period, now)
    _interrupt(rng, professionals, period, now)
    known = configuration.read(db.session()).types
    return House(
        tuple(professionals),
        tuple(interpreters),
        tuple(usagers),
        tuple(types),
        frozenset(key for key in types if known[key].confidential),
        {key: seats for key in types if (seats := known[key].capacity) is not None},
    )


def code_of(member: Member) -> str:
    """How commands name a professional: « roussel », « nguyen-lavigne »."""
    return fold(member.last_name).replace(" ", "-")


def _professional(session: Session, member: Member) -> int:
    new = NewProfessional(
        code=code_of(member),
        last_name=member.last_name,
        first_name=member.first_name,
        civility=member.civility,
        profession_id=_by_code(session, Profession, member.profession).id,
        service_ids=[_by_code(session, Service, code).id for code in member.services],
        languages=LANGUAGES.get(member.last_name, ()),
    )
    return create_professional(session, new)


def _type(session: Session, kind: Kind) -> int:
    before, after = kind.buffers
    row = AppointmentType(
        code=kind.code,
        name=kind.name,
        service_id=_by_code(session, Service, kind.service).id,
        mode=kind.mode,
        duration=kind.duration,
        step=kind.step or kind.duration + before + after,
        buffer_before=before,
        buffer_after=after,
        room_kinds=frozenset(kind.rooms),
        features=frozenset(kind.features),
        lead_time=kind.lead_time,
        bring=kind.bring,
        capacity=kind.seats,
        professions=[_by_code(session, Profession, code) for code in kind.professions],
    )
    session.add(row)
    session.flush()
    return row.id


def _by_code(session: Session, model: type[Coded], code: str) -> Coded:
    found = session.scalar(sa.select(model).where(model.code == code))
    if found is None:
        raise NotFound("site")
    return found


def _open(team: Mapping[int, Member], period: Period, now: datetime) -> None:
    """Weekly openings of each professional over half a year."""
    place = lookups.site(db.session())
    for professional_id, member in team.items():
        for weekdays, starts, ends in WEEKS[member.week]:
            opening = NewOpening(
                professional_id=professional_id,
                site_id=place.id,
                weekdays=frozenset(map(int, weekdays)),
                first_day=period.first,
                last_day=period.first + OPENINGS_LAST,
                starts=starts,
                ends=ends,
            )
            planning.add_opening(opening, now)


def _receive_without_appointment(professionals: list[int], period: Period, now: datetime) -> None:
    """Permanences, which no search offers, and the holidays of the site."""
    place = lookups.site(db.session())
    for professional_id, member in zip(professionals, STAFF, strict=True):
        if code_of(member) not in PERMANENCES:
            continue
        (weekdays, starts, ends), every, ranks = PERMANENCES[code_of(member)]
        opening = NewOpening(
            professional_id=professional_id,
            site_id=place.id,
            weekdays=frozenset(map(int, weekdays)),
            first_day=period.first,
            last_day=None,
            starts=starts,
            ends=ends,
            every=every,
            ranks=frozenset(ranks),
            on_call=True,
        )
        planning.add_opening(opening, now)
    holidays = monday_of(period.last) - timedelta(days=2)
    periods.add_period(place.id, "Vacances scolaires", holidays, holidays + timedelta(days=15), now)


def _interrupt(rng: Random, professionals: list[int], period: Period, now: datetime) -> None:
    """Leave, half-days of training, a staff meeting for the whole site, a room being painted."""
    place = lookups.site(db.session())
    zone = place.zone

    def at(day: date, minute: int) -> datetime:
        return schedule.moment(hours.instant(day, minute, zone))

    away = rng.sample(professionals, 10)
    for professional_id in away[:3]:
        first = monday_of(period.today) + timedelta(weeks=rng.choice((-1, 1, 2, 3)))
        planning.add_absence(professional_id, at(first, 0), at(first + timedelta(days=5), 0), now)
    for professional_id in away[3:]:
        day = monday_of(period.today) + timedelta(days=rng.choice(range(28)) // 7 * 7 + rng.randrange(5))
        starts, ends = rng.choice(HALF_DAYS)
        planning.add_absence(professional_id, at(day, starts), at(day, ends), now)
    meeting = monday_of(period.today) + timedelta(days=7 + 3)
    planning.add_closure(place.id, None, at(meeting, 840), at(meeting, 1050), "Réunion de site", now)
    room = db.session.scalars(sa.select(Room).where(Room.site_id == place.id, Room.kind == "bureau")).all()[-1]
    works = monday_of(period.today) + timedelta(days=14)
    planning.add_closure(place.id, room.id, at(works, 0), at(works + timedelta(days=2), 0), "Peinture", now)


def monday_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())
