"""The slot workload: 8 professionals and 17 rooms, 13 weeks, each half-hour taken with probability 0.60."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.people.models import Profession, Professional, Service, Usager
from booking.resources import new_resource
from booking.rooms.models import Room, Site, SiteHours
from booking.slots import hours
from booking.slots.models import AppointmentType, Occupancy, Opening

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
FIRST_DAY = date(2026, 11, 30)
WEEKS = 13
FULL_WEEKS = 6
OPENS, CLOSES, HALF_HOUR = 510, 1050, 30
PROFESSIONALS, ROOMS, USAGERS = 8, 17, 16
MANY = 96  # professionals: as many as the site has workstations
TAKEN, PROFESSIONALS_SEED, ROOMS_SEED = 0.60, 42, 43
PARIS = ZoneInfo("Europe/Paris")
T = TypeVar("T")


@dataclass(frozen=True)
class Workload:
    """The ids of what was stored."""

    type_id: int
    professionals: tuple[int, ...]
    rooms: tuple[int, ...]
    usagers: tuple[int, ...]


def instant(weeks: int) -> datetime:
    """Midnight in Paris, so many weeks after the first Monday."""
    return datetime.fromtimestamp(hours.instant(FIRST_DAY + timedelta(weeks=weeks), 0, PARIS), UTC)


def half_hours() -> Iterator[tuple[int, int]]:
    """Every half-hour of the 13 weeks' weekdays, 8h30 to 17h30, in seconds UTC."""
    for day in (FIRST_DAY + timedelta(days=n) for n in range(WEEKS * 7)):
        if day.isoweekday() <= 5:
            for minute in range(OPENS, CLOSES, HALF_HOUR):
                start = hours.instant(day, minute, PARIS)
                yield start, start + HALF_HOUR * 60


def taken(resources: Sequence[int], seed: int) -> list[dict[str, object]]:
    """The occupancies of kind block of those resources: each half-hour with probability 0.60."""
    rng = random.Random(seed)
    return [
        {"resource_id": key, "starts_at": start, "ends_at": end, "block": "bench"}
        for key in resources
        for start, end in half_hours()
        if rng.random() < TAKEN
    ]


def store(*, busy: bool = True, professionals: int = PROFESSIONALS) -> Workload:
    """Store the workload, for as many professionals; without `busy`, nobody and no room is taken."""
    return in_transaction(lambda session: _store(session, busy, professionals))


def fill_first_weeks(workload: Workload) -> None:
    """Take every half-hour of the first 6 weeks of every professional that is still free."""
    limit = int(instant(FULL_WEEKS).timestamp())

    def work(session: Session) -> None:
        query = sa.select(Occupancy.resource_id, Occupancy.starts_at)
        known = {(key, start) for key, start in session.execute(query)}
        rows = [
            {"resource_id": key, "starts_at": start, "ends_at": end, "block": "bench"}
            for key in workload.professionals
            for start, end in half_hours()
            if start < limit and (key, start) not in known
        ]
        session.execute(sa.insert(Occupancy), rows)

    in_transaction(work)


def _store(session: Session, busy: bool, count: int) -> Workload:
    service = _row(session, Service(code="s", name="Service", confidentiality="open"))
    profession = _row(session, Profession(code="p", name="Profession"))
    site = _row(session, _site())
    professionals = tuple(_professional(session, n, profession, service, site) for n in range(count))
    rooms = tuple(_room(session, n, site) for n in range(ROOMS))
    kind = AppointmentType(
        code="entretien",
        name="Entretien",
        service_id=service.id,
        duration=HALF_HOUR,
        step=HALF_HOUR,
        horizon_days=3650,
        room_kinds=frozenset({"bureau"}),
        features=frozenset(),
        professions=[profession],
    )
    kind_id = _row(session, kind).id
    usagers = tuple(_usager(session, n) for n in range(USAGERS))
    if busy:
        rows = taken(professionals, PROFESSIONALS_SEED) + taken(rooms, ROOMS_SEED)
        session.execute(sa.insert(Occupancy), rows)
    return Workload(kind_id, professionals, rooms, usagers)


def _row(session: Session, row: T) -> T:
    session.add(row)
    session.flush()
    return row


def _site() -> Site:
    return Site(
        code="bench",
        name="Site",
        public_name="Site",
        address="1 rue de l’Exemple",
        phone="+33199001234",
        email="accueil@exemple.example",
        zone="Europe/Paris",
        closed_on_public_holidays=False,
        hours=[SiteHours(weekday=day, opens=OPENS, closes=CLOSES) for day in range(1, 6)],
    )


def _professional(session: Session, n: int, profession: Profession, service: Service, site: Site) -> int:
    key = new_resource(session, "professional")
    names = {"code": f"pro{n}", "civility": "Mme", "last_name": f"Pro{n}", "first_name": "Claude"}
    _row(session, Professional(id=key, profession_id=profession.id, services=[service], **names))
    opening = Opening(
        professional_id=key,
        site_id=site.id,
        weekdays=frozenset("12345"),
        first_day=date(2026, 1, 1),
        last_day=None,
        starts=OPENS,
        ends=CLOSES,
    )
    _row(session, opening)
    return key


def _room(session: Session, n: int, site: Site) -> int:
    key = new_resource(session, "room")
    room = Room(
        id=key,
        site_id=site.id,
        code=f"B{n}",
        name=f"Bureau {n}",
        kind="bureau",
        floor=0,
        capacity=4,
        features=frozenset(),
        position=n,
    )
    _row(session, room)
    return key


def _usager(session: Session, n: int) -> int:
    key = new_resource(session, "usager")
    mail = f"sacha.martin{n}@exemple.example"
    _row(session, Usager(id=key, last_name=f"Martin{n}", first_name="Sacha", email=mail, created_at=NOW))
    return key
