"""The cast of our stories, and the rooms they meet in.

Amina works at reception. Mme Roux is a social worker and Dr Lenoir a doctor; Mme Petit is a midwife of the Centre de
santé sexuelle. M. Diallo and Mme Koné are usagers. NOW is a Sunday: the first opening is on the next day at 9h00.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import Base, in_transaction
from booking.people.directory import fold
from booking.people.models import Agent, Profession, Professional, Service, Usager
from booking.reservations.commands import Act, Tell
from booking.resources import new_resource
from booking.rooms.models import Room, Site, SiteHours
from booking.slots.models import Absence, AppointmentType, Closure, Occupancy, Opening

T = TypeVar("T")
PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MONDAY = date(2026, 11, 23)


def count(session: Session, what: type[object] | sa.Table) -> int:
    """How many are stored, as who reads now sees it."""
    session.rollback()
    return session.scalar(sa.select(sa.func.count()).select_from(what)) or 0


def paris(text: str) -> datetime:
    """The instant of a wall time in Paris, « 2026-11-23 09:00 »."""
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


@dataclass(frozen=True)
class Cast:
    """The ids of what `build_cast` stored."""

    site: int
    action_sociale: int  # open
    pmi: int  # compartmented
    sante_sexuelle: int  # confidential
    roux: int  # social worker, action sociale, receives Monday to Friday 9h00–12h00 and 14h00–17h00
    diop: int  # social worker, action sociale, receives on Mondays 9h00–12h00
    lenoir: int  # doctor of the PMI, receives Monday to Friday 9h00–12h00
    petit: int  # midwife, santé sexuelle, receives Monday to Friday 9h00–12h00
    b1: int  # interview office
    b2: int  # interview office, step-free
    c1: int  # medical cabinet
    c4: int  # medical cabinet reserved for santé sexuelle
    en1: int  # a PC of the digital space
    entretien: int  # 30 minutes in an interview office, social workers
    consultation: int  # 30 minutes in a cabinet with a couch, 5 + 10 minutes of buffers, doctors
    depistage: int  # 20 minutes in a cabinet, confidential, midwives
    appel: int  # 15 minutes by phone, social workers
    diallo: int  # has a mail address
    kone: int  # is not to be written to
    amina: int  # agent


def build_cast() -> Cast:
    """Store the cast in the database of the current application."""
    return in_transaction(_build)


def _build(session: Session) -> Cast:
    add = _Adder(session)
    site, services, professions = add.site(), _services(add), _professions(add)
    return Cast(
        site=site,
        **{code.replace("-", "_"): service.id for code, service in services.items()},
        **_professionals(add, site, services, professions),
        **_rooms(add, site, services["sante-sexuelle"]),
        **_types(add, services, professions),
        diallo=add.usager("Diallo", "Amadou", email="amadou.diallo@exemple.example", phone="+33639981234"),
        kone=add.usager("Koné", "Aminata", contact="none"),
        amina=add.row(Agent(login="amina", name="Amina", created_at=NOW)).id,
    )


def _services(add: _Adder) -> dict[str, Service]:
    rows = (
        ("action-sociale", "Action sociale et insertion", "open"),
        ("pmi", "Protection maternelle et infantile", "compartmented"),
        ("sante-sexuelle", "Centre de santé sexuelle", "confidential"),
    )
    return {code: add.row(Service(code=code, name=name, confidentiality=level)) for code, name, level in rows}


def _professions(add: _Adder) -> dict[str, Profession]:
    rows = (("assistant-social", "Assistant social"), ("medecin", "Médecin"), ("sage-femme", "Sage-femme"))
    return {code: add.row(Profession(code=code, name=name)) for code, name in rows}


def _professionals(
    add: _Adder, site: int, services: dict[str, Service], professions: dict[str, Profession]
) -> dict[str, int]:
    worker = professions["assistant-social"], services["action-sociale"]
    people = {
        "roux": add.professional("roux", "Mme", "Roux", *worker),
        "diop": add.professional("diop", "M.", "Diop", *worker),
        "lenoir": add.professional("lenoir", "Dr", "Lenoir", professions["medecin"], services["pmi"]),
        "petit": add.professional("petit", "Mme", "Petit", professions["sage-femme"], services["sante-sexuelle"]),
    }
    week = frozenset("12345")
    for who, days, starts, ends in (
        ("roux", week, 540, 720),
        ("roux", week, 840, 1020),
        ("diop", frozenset("1"), 540, 720),
        ("lenoir", week, 540, 720),
        ("petit", week, 540, 720),
    ):
        add.opening(people[who], site, days, starts, ends)
    return people


def _rooms(add: _Adder, site: int, sexual: Service) -> dict[str, int]:
    return {
        "b1": add.room(site, "B1", "bureau", set()),
        "b2": add.room(site, "B2", "bureau", {"step_free"}),
        "c1": add.room(site, "C1", "cabinet", {"sink", "examination_couch"}),
        "c4": add.room(site, "C4", "cabinet", {"sink", "examination_couch"}, sexual.id),
        "en1": add.room(site, "EN1", "espace_numerique", {"computer"}),
    }


def _types(add: _Adder, services: dict[str, Service], professions: dict[str, Profession]) -> dict[str, int]:
    social, worker = services["action-sociale"], professions["assistant-social"]
    pmi, doctor = services["pmi"], professions["medecin"]
    sexual, midwife = services["sante-sexuelle"], professions["sage-femme"]
    return {
        "entretien": add.type("entretien", social, worker, 30, {"bureau"}),
        "consultation": add.type("consultation", pmi, doctor, 30, {"cabinet"}, {"examination_couch"}, (5, 10)),
        "depistage": add.type("depistage", sexual, midwife, 20, {"cabinet"}),
        "appel": add.type("appel", social, worker, 15, set(), mode="phone"),
    }


class _Adder:
    def __init__(self, session: Session) -> None:
        self.session = session

    def row(self, row: T) -> T:
        self.session.add(row)
        self.session.flush()
        return row

    def site(self) -> int:
        hours = [SiteHours(weekday=day, opens=510, closes=1050) for day in range(1, 6)]
        return self.row(
            Site(
                code="asnieres",
                name="Pôle social départemental d’Asnières-sur-Seine",
                public_name="Pôle social départemental",
                address="4 rue Teddy Riner, Asnières-sur-Seine",
                directions="Tram T1 « Les Courtilles »",
                phone="+33199001234",
                email="accueil@pole-social.example",
                zone="Europe/Paris",
                hours=hours,
            )
        ).id

    def professional(self, code: str, civility: str, name: str, profession: Profession, service: Service) -> int:
        key = new_resource(self.session, "professional")
        self.row(
            Professional(
                id=key,
                code=code,
                civility=civility,
                last_name=name,
                first_name="Claude",
                profession_id=profession.id,
                services=[service],
            )
        )
        return key

    def opening(self, professional: int, site: int, weekdays: frozenset[str], starts: int, ends: int) -> None:
        self.row(
            Opening(
                professional_id=professional,
                site_id=site,
                weekdays=weekdays,
                first_day=date(2026, 1, 1),
                last_day=date(2027, 12, 31),
                starts=starts,
                ends=ends,
            )
        )

    def room(self, site: int, code: str, kind: str, features: set[str], reserved_for: int | None = None) -> int:
        key = new_resource(self.session, "room")
        self.row(
            Room(
                id=key,
                site_id=site,
                code=code,
                name=f"Salle {code}",
                kind=kind,
                floor=0,
                capacity=4,
                features=frozenset(features),
                reserved_for_id=reserved_for,
                position=key,
            )
        )
        return key

    def type(
        self,
        code: str,
        service: Service,
        profession: Profession,
        duration: int,
        kinds: set[str],
        features: set[str] | None = None,
        buffers: tuple[int, int] = (0, 0),
        mode: str = "in_person",
    ) -> int:
        return self.row(
            AppointmentType(
                code=code,
                name=code.capitalize(),
                service_id=service.id,
                mode=mode,
                duration=duration,
                step=duration,
                buffer_before=buffers[0],
                buffer_after=buffers[1],
                room_kinds=frozenset(kinds),
                features=frozenset(features or ()),
                professions=[profession],
            )
        ).id

    def usager(self, last: str, first: str, **more: str) -> int:
        key = new_resource(self.session, "usager")
        self.row(
            Usager(
                id=key,
                last_name=last,
                first_name=first,
                search_key=" " + fold(f"{last} {first}"),
                created_at=NOW,
                **more,
            )
        )
        return key


def act(now: datetime = NOW, *, tell: Tell = lambda *_: None, agent_id: int | None = None) -> Act:
    """Something done from a screen; nobody is told unless `tell` says so."""
    return Act(now=now, origin="web", tell=tell, agent_id=agent_id)


def rows_of(session: Session, metadata: sa.MetaData) -> dict[str, int]:
    """How many rows each table has, from a fresh snapshot."""
    session.rollback()
    count = sa.func.count()
    return {
        table.name: session.execute(sa.select(count).select_from(table)).scalar_one()
        for table in metadata.sorted_tables
    }


def add_usagers(count: int) -> list[int]:
    """So many more usagers, each with a mail address."""

    def work(session: Session) -> list[int]:
        add = _Adder(session)
        return [add.usager(f"Martin{n}", "Sacha", email=f"sacha.martin{n}@exemple.example") for n in range(count)]

    return in_transaction(work)


def add_rooms(cast: Cast, count: int) -> list[int]:
    """So many more interview offices."""
    return in_transaction(
        lambda session: [_Adder(session).room(cast.site, f"B{n + 10}", "bureau", set()) for n in range(count)]
    )


def add_professionals(cast: Cast, count: int) -> list[int]:
    """So many more social workers, who receive from Monday to Friday, 9h00–12h00 and 14h00–17h00."""

    def work(session: Session) -> list[int]:
        add = _Adder(session)
        service = session.get_one(Service, cast.action_sociale)
        profession = session.get_one(Professional, cast.roux).profession
        found = []
        for n in range(count):
            found.append(add.professional(f"as{n}", "Mme", f"Durand{n}", profession, service))
            add.opening(found[-1], cast.site, frozenset("12345"), 540, 720)
            add.opening(found[-1], cast.site, frozenset("12345"), 840, 1020)
        return found

    return in_transaction(work)


def add_interpreter(cast: Cast, code: str, *languages: str) -> int:
    """An interpreter of the PMI, « Mme Amari » for « amari », who receives from Monday to Friday, 9h00–12h00."""

    def work(session: Session) -> int:
        add = _Adder(session)
        profession = session.scalar(sa.select(Profession).where(Profession.interprets))
        if profession is None:
            profession = add.row(Profession(code="interprete", name="Interprète", interprets=True))
        key = add.professional(code, "Mme", code.capitalize(), profession, session.get_one(Service, cast.pmi))
        session.get_one(Professional, key).languages = frozenset(languages)
        add.opening(key, cast.site, frozenset("12345"), 540, 720)
        return key

    return in_transaction(work)


def store(*rows: Base) -> None:
    """Store these rows."""
    in_transaction(lambda session: session.add_all(rows))


def absence(professional: int, start: str, end: str) -> Absence:
    """An absence between two wall times in Paris."""
    span = {"starts_at": paris(start), "ends_at": paris(end)}
    return Absence(uid=f"{professional} {start}", professional_id=professional, created_at=NOW, **span)


def closure(site: int, start: str, end: str, room: int | None = None) -> Closure:
    """A closure of the site, or of one room, between two wall times in Paris."""
    return Closure(site_id=site, room_id=room, starts_at=paris(start), ends_at=paris(end), label="Travaux")


def block(resource: int, start: str, end: str) -> Occupancy:
    """A resource taken between two wall times in Paris."""
    span = [int(paris(text).timestamp()) for text in (start, end)]
    return Occupancy(resource_id=resource, starts_at=span[0], ends_at=span[1], block="test")


def one_day(professional: int, site: int, day: date, starts: int, ends: int) -> Opening:
    """An opening on one date, from and to minutes after midnight."""
    days = {"first_day": day, "last_day": day}
    return Opening(professional_id=professional, site_id=site, weekdays=None, starts=starts, ends=ends, **days)


def set_on(model: type[Base], key: int, **values: object) -> None:
    """Change one row."""
    change = sa.update(model).where(sa.inspect(model).primary_key[0] == key).values(**values)
    in_transaction(lambda session: session.execute(change).close())
