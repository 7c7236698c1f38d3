"""The demonstration: what a visitor finds, that it is the same each time, and that the doctor approves of it."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from booking import create_app, demo, messages
from booking.access.credentials import agent_by_login
from booking.config import Settings
from booking.db import db
from booking.demo.staff import INTERPRETERS, LANGUAGES, STAFF
from booking.errors import NotFound
from booking.notify.models import OutboxMessage
from booking.people.models import Profession, Professional, Service, Usager
from booking.reservations.doctor import examine
from booking.reservations.models import Appointment, History, Participation
from booking.rooms import inventory
from booking.rooms.models import Site
from booking.slots import configuration, hours, schedule
from booking.slots.grid import Grid
from booking.slots.models import Absence, AppointmentType, Closure, Occupancy, Opening, Period
from tests.starting import settings_in

T = TypeVar("T")
TODAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Flask]:
    """The whole demonstration of one Wednesday, loaded once for all that is said of it."""
    folder = tmp_path_factory.mktemp("demo")
    shutil.copy(sqlite_template, folder / "booking.sqlite")
    app = create_app(settings_in(folder))
    with app.app_context():
        inventory.load_site(inventory.first_site())
        demo.load(42, NOW)
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def told(loaded: Flask) -> Session:
    """A session on the whole demonstration."""
    return db.session()


def count(session: Session, *conditions: sa.ColumnElement[bool], of: type[object] = Appointment) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(of).where(*conditions)) or 0


# ------------------------------------------------------------------ the people and the house


def test_every_profession_in_every_service(told: Session) -> None:
    people = told.scalars(sa.select(Professional)).all()
    assert len(people) == 42
    assert {one.profession.code for one in people} == set(told.scalars(sa.select(Profession.code)))
    assert {service.code for one in people for service in one.services} == set(told.scalars(sa.select(Service.code)))


def test_types_of_every_mode_and_service(told: Session) -> None:
    types = told.scalars(sa.select(AppointmentType)).all()
    assert 20 <= len(types) <= 25
    assert {one.mode for one in types} == {"in_person", "phone", "video", "home"}
    assert {one.service.code for one in types} == set(told.scalars(sa.select(Service.code)))
    assert {kind for one in types for kind in one.room_kinds} == {
        "bureau",
        "cabinet",
        "parents_enfants",
        "espace_numerique",
    }


def test_every_type_is_booked(told: Session) -> None:
    booked = Counter(told.scalars(sa.select(Appointment.type_id)))
    assert min(booked[key] for key in told.scalars(sa.select(AppointmentType.id))) >= 20


def test_sessions_are_empty_half_full_and_full(told: Session) -> None:
    seats = sa.select(Appointment.capacity, sa.func.count(Participation.usager_id)).outerjoin(Participation)
    sessions = seats.where(Appointment.capacity.is_not(None)).group_by(Appointment.id)
    assert {(capacity, taken) for capacity, taken in told.execute(sessions)} == {(5, taken) for taken in range(6)}


def test_six_hundred_fictional_usagers(told: Session) -> None:
    people = told.scalars(sa.select(Usager).where(Usager.code.is_(None))).all()
    assert len(people) == len({one.name for one in people}) == 600
    assert {one.phone[:8] for one in people if one.phone} == {"+3363998"}
    assert {one.email.rsplit("@", 1)[1] for one in people if one.email} == {"exemple.example"}
    assert {one.language for one in people} == {"fr", "en", "es", "pt", "ar"}
    assert {one.contact for one in people} == {"normal", "discreet", "none"}
    assert 0 < sum(one.step_free for one in people) < 60


def test_some_speak_another_language_and_some_of_them_need_an_interpreter(told: Session) -> None:
    people = told.scalars(sa.select(Usager).where(Usager.code.is_(None))).all()
    assert len([one for one in people if one.spoken_language]) == 30
    assert len([one for one in people if one.interpreter_needed]) == 15
    spoken = {language for one in told.scalars(sa.select(Professional)) for language in one.languages}
    asked = {one.spoken_language for one in people if one.spoken_language}
    assert 0 < len(asked & spoken) < len(asked), "some find nobody who speaks theirs"
    assert set(LANGUAGES) <= {member.last_name for member in (*STAFF, *INTERPRETERS)}


def test_two_of_their_languages_are_interpreted(told: Session) -> None:
    needed = set(told.scalars(sa.select(Usager.spoken_language).where(Usager.interpreter_needed)))
    known = configuration.read(told)
    assert {code: len(known.interpreting(code)) for code in needed if known.interpreting(code)} == {"ar": 1, "fsl": 1}
    assert len(needed) == 5, "of the others, the search says that nobody interprets them"


def test_openings_absences_and_closures(told: Session) -> None:
    openings = Counter(told.scalars(sa.select(Opening.professional_id)))
    assert len(openings) == 42
    assert min(openings.values()) >= 2
    assert count(told, Opening.on_call, of=Opening) == 3
    assert count(told, of=Period) == 1
    assert count(told, of=Absence) == 10
    assert sorted(told.scalars(sa.select(Closure.room_id.is_(None)))) == [False, True], "one room, and the whole site"


def test_reception_signs_in_by_link_only(told: Session) -> None:
    assert agent_by_login(told, "accueil").password_hash is None


# ------------------------------------------------------------------ the appointments


def receiving_and_booked(session: Session, first: date, last: date) -> tuple[int, int]:
    """Cells of 5 minutes, from the first day to the last excluded: in which somebody receives, and is taken."""
    everybody = list(session.scalars(sa.select(Professional.id)))
    site_id = session.scalars(sa.select(Site.id)).one()
    grid = Grid.over(hours.instant(first, 0, PARIS), hours.instant(last, 0, PARIS))
    known = configuration.read(session)
    site = known.sites[site_id]
    closures, _ = schedule.read_closures(session, {site_id}, grid)
    opened = grid.paint(site.open_spans(first, last)) & ~grid.paint(closures.get(site_id, ()))
    away = schedule.read_absences(session, everybody, grid)
    taken = schedule.read_occupancies(session, everybody, grid)
    receiving = booked = 0
    for (_, who), rules in known.openings_of(everybody, first, last).items():
        spans = [span for rule in rules for span in hours.occurrences(rule, first, last, PARIS)]
        receiving += (grid.paint(spans) & opened & ~grid.paint(away.get(who, ()))).bit_count()
        booked += grid.paint(taken.get(who, ())).bit_count()
    return receiving, booked


@pytest.mark.parametrize("week", range(-2, 4))
def test_about_sixty_percent_of_each_week_is_booked(told: Session, week: int) -> None:
    first = TODAY + timedelta(weeks=week)
    receiving, booked = receiving_and_booked(told, first, first + timedelta(weeks=1))
    assert receiving > 4000, "more than 330 hours"
    assert 0.5 < booked / receiving < 0.7


def test_over_the_six_weeks_sixty_percent(told: Session) -> None:
    receiving, booked = receiving_and_booked(told, TODAY - timedelta(weeks=2), TODAY + timedelta(weeks=4))
    assert 0.57 < booked / receiving < 0.63


def test_attendance_is_known_of_what_is_over_and_of_nothing_else(told: Session) -> None:
    query = sa.select(Participation.attendance).join(Appointment).where(Appointment.cancelled_at.is_(None))
    over = Counter(told.scalars(query.where(Appointment.ends_at <= NOW)))
    assert set(over) == {"seen", "no_show"}
    assert 0.05 < over["no_show"] / over.total() < 0.2
    assert set(told.scalars(query.where(Appointment.ends_at > NOW))) == {"expected"}


def test_some_were_moved_and_some_cancelled(told: Session) -> None:
    every = count(told)
    actions = Counter(told.scalars(sa.select(History.action)))
    assert actions["booked"] == every
    assert 0.01 < actions["moved"] / every < 0.1
    assert 0.01 < actions["cancelled"] / every < 0.1
    assert set(told.scalars(sa.select(Appointment.cancelled_by).distinct())) == {None, "usager", "service"}


def test_nothing_happens_after_now_nor_out_of_desk_hours(told: Session) -> None:
    acts = told.scalars(sa.select(History.at).where(History.action != "attendance")).all()
    local = [at.astimezone(PARIS) for at in acts]
    assert max(acts) < NOW
    assert {at.weekday() for at in local} == {0, 1, 2, 3, 4}
    assert {at.hour for at in local} == set(range(9, 17))
    assert set(told.scalars(sa.select(History.origin))) == {"demo"}


def test_everything_was_booked_before_it_began(told: Session) -> None:
    assert count(told, Appointment.created_at >= Appointment.starts_at) == 0


# ------------------------------------------------------------------ what a visitor sees at first


def test_the_mailbox_starts_empty_and_nothing_waits_that_was_due(loaded: Flask, told: Session) -> None:
    settings: Settings = loaded.extensions["booking"]
    assert not settings.mailbox.exists()
    assert count(told, OutboxMessage.state == "waiting", OutboxMessage.due_at <= NOW, of=OutboxMessage) == 0
    waiting = told.scalars(sa.select(OutboxMessage.kind).where(OutboxMessage.state == "waiting")).all()
    assert set(waiting) == {"reminder"}
    assert set(told.scalars(sa.select(OutboxMessage.state).distinct())) == {"waiting", "sent", "withheld", "discarded"}


def test_messages_went_within_the_hour(told: Session) -> None:
    sent = told.execute(
        sa.select(OutboxMessage.due_at, OutboxMessage.sent_at).where(OutboxMessage.state == "sent")
    ).all()
    delays = [sent_at - due_at for due_at, sent_at in sent]
    assert len(delays) > 1000
    assert timedelta(0) <= min(delays)
    assert max(delays) <= timedelta(hours=1)


def test_confidential_appointments_have_no_name(told: Session) -> None:
    query = (
        sa.select(Usager.code, Usager.last_name)
        .join(Participation)
        .join(Appointment)
        .join(AppointmentType)
        .join(Service)
        .where(Service.confidentiality == "confidential")
    )
    rows = told.execute(query).all()
    assert len(rows) > 200
    assert all(code and last_name is None for code, last_name in rows)


def test_the_doctor_approves(told: Session) -> None:
    assert examine([lambda session: messages.audit(session, NOW)]) == []


def test_a_loaded_database_is_not_empty(told: Session) -> None:
    assert demo.is_empty(told) is False


# ------------------------------------------------------------------ the same seed, the same day

LITTLE = 0.04


def story(session: Session) -> list[str]:
    """Everything that is stored, but for what must not be guessed: uids, codes, Message-IDs."""
    queries = (
        sa.select(Professional.code, Professional.feed_version).order_by(Professional.id),
        sa.select(Usager.id, Usager.last_name, Usager.first_name, Usager.birth_date, Usager.email, Usager.phone),
        sa.select(Opening.professional_id, Opening.weekdays, Opening.starts, Opening.ends).order_by(Opening.id),
        sa.select(Absence.professional_id, Absence.starts_at, Absence.ends_at).order_by(Absence.id),
        sa.select(Appointment.type_id, Appointment.room_id, Appointment.starts_at, Appointment.sequence),
        sa.select(History.appointment_id, History.at, History.action).order_by(History.id),
        sa.select(Occupancy.resource_id, Occupancy.starts_at, Occupancy.ends_at),
        sa.select(OutboxMessage.kind, OutboxMessage.person_id, OutboxMessage.state, OutboxMessage.sent_at),
    )
    return [repr(tuple(row)) for query in queries for row in sorted(session.execute(query).all(), key=repr)]


def told_by(app: Flask, seed: int, now: datetime, ask: Callable[[Session], list[T]]) -> list[T]:
    """What a little demonstration in an empty database answers, once the doctor approves of it."""
    db.session.remove()
    inventory.load_site(inventory.first_site())
    demo.load(seed, now, LITTLE)
    assert examine([lambda session: messages.audit(session, now)]) == []
    found = ask(db.session())
    db.session.remove()
    return found


def in_a_new_database(
    folder: Path, template: Path, seed: int, now: datetime, ask: Callable[[Session], list[T]]
) -> list[T]:
    shutil.copy(template, folder / "booking.sqlite")
    app = create_app(settings_in(folder))
    with app.app_context():
        found = told_by(app, seed, now, ask)
        db.engine.dispose()
    return found


@pytest.fixture(scope="module")
def seed_42(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> list[str]:
    """What seed 42 tells of that Wednesday."""
    return in_a_new_database(tmp_path_factory.mktemp("little"), sqlite_template, 42, NOW, story)


def test_the_same_seed_tells_the_same_story_on_both_databases(app: Flask, seed_42: list[str]) -> None:
    assert told_by(app, 42, NOW, story) == seed_42


def test_another_seed_tells_another_story(tmp_path: Path, sqlite_template: Path, seed_42: list[str]) -> None:
    other = in_a_new_database(tmp_path, sqlite_template, 43, NOW, story)
    assert other != seed_42
    assert 0.8 < len(other) / len(seed_42) < 1.25, "as long a story"


def test_people_come_at_the_same_hours_when_the_clocks_have_changed(tmp_path: Path, sqlite_template: Path) -> None:
    def starts(session: Session) -> list[datetime]:
        return [start.astimezone(PARIS) for start in session.scalars(sa.select(Appointment.starts_at))]

    found = in_a_new_database(tmp_path, sqlite_template, 42, datetime(2027, 3, 24, 7, 0, tzinfo=UTC), starts)
    winter = {start.hour for start in found if start.date() < date(2027, 3, 28)}
    summer = {start.hour for start in found if start.date() > date(2027, 3, 28)}
    assert {min(winter), min(summer)} <= {8, 9}
    assert {max(winter), max(summer)} <= {16, 17}
    assert date(2027, 3, 29) not in {start.date() for start in found}, "Easter Monday"


def test_without_a_site_nothing_is_loaded(app: Flask) -> None:
    with pytest.raises(NotFound):
        demo.load(42, NOW)
    assert demo.is_empty(db.session())
