"""The model's building in a database: stored once, emptied between examples, read back in the model's own words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking import schema
from booking.db import db, execute, in_transaction
from booking.people.models import Agent, Profession, Professional, Service, Usager
from booking.reservations import append_only
from booking.reservations.models import Appointment, History, Participation, Told, appointment_professional
from booking.resources import new_resource
from booking.rooms.models import Room, Site, SiteHours
from booking.slots.models import AppointmentType, Hold, Occupancy
from tests.builders import MONDAY, NOW, one_day, paris
from tests.reservations import building
from tests.reservations.visit import NOBODY, Visit

MIDNIGHT = paris(f"{MONDAY} 00:00")
# What an example leaves behind, the first to go first; the building stays.
LEFT_BEHIND = (
    *("proposal", "waiting", "outbox_message", "told", "history", "command", "participation"),
    *("appointment_professional", "seated", "occupancy", "hold", "appointment", "series", "absence", "closure"),
)


def moment(minute: int) -> datetime:
    """A minute of the model as an instant."""
    return MIDNIGHT + timedelta(minutes=minute)


def minute_of(moment: datetime) -> int:
    """An instant as a minute of the building."""
    return (moment - MIDNIGHT) // timedelta(minutes=1)


@dataclass(frozen=True)
class House:
    """The keys of what the model names: `keys` of people and rooms, `kinds` of types, `agents`."""

    site: int
    keys: Mapping[str, int]
    kinds: Mapping[str, int]
    agents: Mapping[str, int]

    def name(self, key: int) -> str:
        """Who or what has that key."""
        return named(self.keys, key)


@dataclass(frozen=True)
class SeenHold:
    """What a hold says of itself; what it takes is among all that is taken."""

    kind: str
    start: int
    end: int
    room: str | None
    agent: str
    since: int
    until: int


@dataclass(frozen=True)
class Seen:
    """All that the engine stores, in the words of the model; of the holds, by uid, those that have not expired."""

    visits: Mapping[int, Visit]
    holds: Mapping[str, SeenHold]
    taken: list[tuple[str, int]]
    history: list[tuple[int, str, str | None]]
    told: set[tuple[int, str, str, int]]
    feeds: Counter[str]


def named(names: Mapping[str, int], key: int) -> str:
    """The name that has that key."""
    return next(name for name, each in names.items() if each == key)


def store() -> House:
    """Store the building in the database of the current application."""
    return in_transaction(_store)


def forget(house: House) -> None:
    """Leave the building as it was stored; the history is emptied with its guard taken away for that time."""

    def work(session: Session) -> None:
        connection = session.connection()
        append_only.uninstall(connection)
        for table in LEFT_BEHIND:
            connection.execute(sa.delete(schema.metadata.tables[table]))
        append_only.install(connection)
        connection.execute(sa.update(Professional).values(feed_version=0))

    in_transaction(work)


_HISTORY = sa.select(History.id, History.appointment_id, History.action, History.reason).order_by(History.id)
_TOLD = sa.select(Told.history_id, Told.usager_id, Told.change, Told.notice)
_FEEDS = sa.select(Professional.code, Professional.feed_version)
_HOLDS, _VISITS, _WHO = (
    sa.select(*Hold.__table__.c),
    sa.select(*Appointment.__table__.c),
    sa.select(appointment_professional),
)
_PARTS = sa.select(
    Participation.appointment_id, Participation.usager_id, Participation.attendance, Participation.notice
)
_TAKEN = sa.select(Occupancy.resource_id, Occupancy.starts_at, Occupancy.ends_at, Occupancy.hold_id)


def seen(house: House, numbers: Mapping[int, int], now: int) -> Seen:
    """What the database holds; `numbers` are the model's, by the key of the appointment."""
    session = db.session()
    session.rollback()
    lines = execute(session, _HISTORY).all()
    order = {line.id: place for place, line in enumerate(lines)}
    holds = {row.id: row for row in execute(session, _HOLDS) if minute_of(row.expires_at) > now}
    found = Seen(
        visits=_visits(session, house, numbers),
        holds={row.uid: _hold(house, row) for row in holds.values()},
        taken=_taken(session, house, {None, *holds}),
        history=[(numbers[line.appointment_id], line.action, line.reason) for line in lines],
        told={(order[line], house.name(who), change, notice) for line, who, change, notice in execute(session, _TOLD)},
        feeds=Counter({name: version for name, version in execute(session, _FEEDS)}),
    )
    session.rollback()
    return found


def _hold(house: House, row: sa.Row[Any]) -> SeenHold:
    return SeenHold(
        kind=named(house.kinds, row.type_id),
        start=minute_of(row.starts_at),
        end=minute_of(row.ends_at),
        room=house.name(row.room_id) if row.room_id else None,
        agent=named(house.agents, row.agent_id) if row.agent_id else NOBODY,
        since=minute_of(row.created_at),
        until=minute_of(row.expires_at),
    )


def _visits(session: Session, house: House, numbers: Mapping[int, int]) -> dict[int, Visit]:
    who: dict[int, set[str]] = defaultdict(set)
    for key, professional in execute(session, _WHO):
        who[key].add(house.name(professional))
    steps: dict[int, dict[str, str]] = defaultdict(dict)
    notices: dict[int, dict[str, int]] = defaultdict(dict)
    for key, usager, step, notice in execute(session, _PARTS):
        steps[key][house.name(usager)], notices[key][house.name(usager)] = step, notice
    rows = execute(session, _VISITS).all()
    series = sorted({row.series_id for row in rows if row.series_id})
    return {
        numbers[row.id]: Visit(
            kind=named(house.kinds, row.type_id),
            start=minute_of(row.starts_at),
            end=minute_of(row.ends_at),
            who=frozenset(who[row.id]),
            steps=steps[row.id],
            notices=notices[row.id],
            seats=row.capacity,
            series=series.index(row.series_id) if row.series_id else None,
            room=house.name(row.room_id) if row.room_id else None,
            pinned=row.room_pinned,
            version=row.version,
            sequence=row.sequence,
            cancelled_by=row.cancelled_by,
        )
        for row in rows
    }


def _taken(session: Session, house: House, causes: Collection[int | None]) -> list[tuple[str, int]]:
    """Each cell as often as it is taken by an appointment or one of those holds, sorted."""
    rows = [row for row in execute(session, _TAKEN) if row.hold_id in causes]
    zero = int(MIDNIGHT.timestamp())
    cells = ((key, range((first - zero) // 60, (last - zero) // 60, building.CELL)) for key, first, last, _ in rows)
    return sorted((house.name(key), cell) for key, span in cells for cell in span)


def _store(session: Session) -> House:
    services = {code: Service(code=code, name=code, confidentiality="open") for code in ("social", "sante")}
    professions = {code: Profession(code=code, name=code) for code in sorted(set(building.PROFESSIONS.values()))}
    site = _site()
    session.add_all([site, *services.values(), *professions.values()])
    session.flush()
    keys = {name: new_resource(session, "professional") for name in building.PROFESSIONS}
    keys |= {name: new_resource(session, "room") for name in building.ROOMS}
    keys |= {name: new_resource(session, "usager") for name in building.NAMESPACES}
    session.add_all(_professional(name, keys[name], services, professions) for name in building.PROFESSIONS)
    session.add_all(_room(name, keys[name], site.id, services) for name in building.ROOMS)
    session.add_all(_usager(name, keys[name], services) for name in building.NAMESPACES)
    kinds = {name: _kind(name, services, professions) for name in building.KINDS}
    agents = {name: Agent(login=name, name=name.capitalize(), created_at=NOW) for name in building.AGENTS}
    session.add_all([*kinds.values(), *agents.values()])
    session.flush()
    for who, start, end in building.OPENINGS:
        day = MONDAY + timedelta(days=start // building.DAY)
        session.add(one_day(keys[who], site.id, day, start % building.DAY, end % building.DAY))
    return House(site.id, keys, {name: kind.id for name, kind in kinds.items()}, {n: a.id for n, a in agents.items()})


def _site() -> Site:
    hours = [
        SiteHours(weekday=_day(start).isoweekday(), opens=start % building.DAY, closes=end % building.DAY)
        for start, end in building.HOURS
    ]
    address = {"address": "4 rue Teddy Riner", "phone": "+33199001234", "email": "accueil@pole-social.example"}
    return Site(code="site", name="Pôle social", public_name="Pôle social", zone="Europe/Paris", hours=hours, **address)


def _day(minute: int) -> date:
    return MONDAY + timedelta(days=minute // building.DAY)


def _professional(
    name: str, key: int, services: Mapping[str, Service], professions: Mapping[str, Profession]
) -> Professional:
    return Professional(
        id=key,
        code=name,
        last_name=name,
        first_name="Claude",
        profession=professions[building.PROFESSIONS[name]],
        services=[services[code] for code in sorted(building.SERVICES[name])],
    )


def _room(name: str, key: int, site: int, services: Mapping[str, Service]) -> Room:
    facts = building.ROOMS[name]
    return Room(
        id=key,
        site_id=site,
        code=name,
        name=name,
        kind=facts.kind,
        floor=0,
        capacity=facts.places,
        features=frozenset({"step_free"} if facts.step_free else ()),
        reserved_for=services.get(facts.kept_for or ""),
    )


def _usager(name: str, key: int, services: Mapping[str, Service]) -> Usager:
    namespace = services.get(building.NAMESPACES[name] or "")
    return Usager(
        id=key,
        last_name=name.capitalize(),
        first_name="Sacha",
        email=None if name == "nguyen" else f"{name}@exemple.example",
        contact="none" if name == "kone" else "normal",
        service_id=namespace.id if namespace else None,
        step_free=name in building.CANNOT_CLIMB,
        created_at=NOW,
    )


def _kind(name: str, services: Mapping[str, Service], professions: Mapping[str, Profession]) -> AppointmentType:
    kind = building.KINDS[name]
    return AppointmentType(
        code=name,
        name=name,
        service_id=services[kind.service].id,
        mode="in_person" if kind.rooms else "phone",
        duration=kind.minutes,
        step=kind.step,
        buffer_before=kind.before,
        buffer_after=kind.after,
        room_kinds=kind.rooms,
        features=frozenset(),
        capacity=kind.seats,
        desk_lead_time=kind.notice,
        professions=[professions[code] for code in sorted(kind.professions)],
    )
