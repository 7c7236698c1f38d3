"""What is arranged beforehand: read whole, kept while it stands, and never after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from itertools import groupby

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from booking.db import db
from booking.errors import NotFound
from booking.people.models import Profession, Professional, Service
from booking.rooms.fitting import Need
from booking.rooms.models import Room, SiteHours
from booking.slots import configuration, revisions
from booking.slots.generator import Demand
from booking.slots.models import AppointmentType
from tests.builders import MONDAY, NOW, Cast, block, one_day, paris, set_on, store
from tests.slots.asking import add_site

CHRISTMAS = date(2026, 12, 25)  # a Friday


def span(start: str, end: str) -> tuple[int, int]:
    return int(paris(start).timestamp()), int(paris(end).timestamp())


OPENINGS = [
    (date(2026, 11, 16), date(2026, 11, 22), False, "it ended yesterday"),
    (date(2026, 11, 16), MONDAY, True, "its last day"),
    (MONDAY, MONDAY, True, "that one day"),
    (MONDAY, None, True, "without end"),
    (date(2026, 11, 24), None, False, "it begins tomorrow"),
]


@pytest.mark.parametrize(("first", "last", "touches", "because"), OPENINGS, ids=[row[3] for row in OPENINGS])
def test_openings(cast: Cast, session: Session, first: date, last: date | None, touches: bool, because: str) -> None:
    weekly = one_day(cast.diop, cast.site, first, 840, 900)
    weekly.weekdays, weekly.last_day = frozenset("12345"), last
    store(weekly)
    (rules,) = configuration.read(session).openings_of([cast.diop], MONDAY, MONDAY).values()
    assert (840 in {rule.starts for rule in rules}) is touches, because


# ------------------------------------------------------------------ types, people, places


def test_types_and_people_come_as_a_french_reader_sorts_them(cast: Cast, session: Session) -> None:
    """By service then name, by profession then name; an accent does not send a name to the end of its list."""
    doctor = session.get_one(Professional, cast.lenoir).profession_id
    set_on(Profession, doctor, name="Écoute")
    set_on(Professional, cast.diop, last_name="Évrard")
    set_on(AppointmentType, cast.appel, name="Échange")
    set_on(AppointmentType, cast.entretien, name="Rencontre")
    found = configuration.read(session)
    assert [(each.profession, each.full_name) for each in found.professionals.values()] == [
        ("Assistant social", "Évrard Claude"),
        ("Assistant social", "Roux Claude"),
        ("Écoute", "Lenoir Claude"),
        ("Sage-femme", "Petit Claude"),
    ]
    assert [each.id for each in found.types.values()] == [cast.appel, cast.entretien, cast.depistage, cast.consultation]


def test_two_names_that_differ_by_an_accent_are_two_lists(cast: Cast, session: Session) -> None:
    """Each in one piece: what is grouped by name would lose the rest."""
    set_on(Service, cast.action_sociale, name="Écoute")
    set_on(Service, cast.pmi, name="Ecoute")
    set_on(AppointmentType, cast.appel, name="Appel")
    set_on(AppointmentType, cast.consultation, name="Bilan")
    set_on(AppointmentType, cast.entretien, name="Conseil")
    found = [each.service for each in configuration.read(session).types.values()]
    assert [name for name, _ in groupby(found)] == ["Centre de santé sexuelle", "Ecoute", "Écoute"]


def test_a_type_in_cells_and_what_it_asks_of_a_room(cast: Cast, session: Session) -> None:
    kind = configuration.read(session).type(cast.consultation)
    assert kind.demand == Demand(duration=6, step=6, before=1, after=2)
    assert kind.need == Need(frozenset({"cabinet"}), frozenset({"examination_couch"}), cast.pmi)
    assert (kind.mode, kind.duration, kind.confidential, len(kind.professions)) == ("in_person", 30, False, 1)
    assert configuration.read(session).type(cast.appel).need is None, "by phone"
    assert configuration.read(session).type(cast.depistage).confidential


@pytest.mark.parametrize("key", [0, -1, 999, 2**31, 2**63])
def test_an_unknown_type(cast: Cast, session: Session, key: int) -> None:
    with pytest.raises(NotFound):
        configuration.read(session).type(key)


def test_a_retired_type_is_read_for_what_is_booked_already(cast: Cast, session: Session) -> None:
    set_on(AppointmentType, cast.entretien, retired_at=NOW)
    with pytest.raises(NotFound):
        configuration.read(session).type(cast.entretien)
    assert configuration.read(session).type(cast.entretien, even_retired=True).id == cast.entretien


def test_a_type_that_nobody_does(cast: Cast, session: Session) -> None:
    kind = replace(configuration.read(session).type(cast.entretien), professions=frozenset())
    assert configuration.read(session).qualified(kind) == []


def test_who_does_a_type(cast: Cast, session: Session) -> None:
    kind = configuration.read(session).type(cast.entretien)
    assert configuration.read(session).qualified(kind) == [cast.roux, cast.diop]
    assert configuration.read(session).qualified(kind, {cast.diop, cast.lenoir}) == [cast.diop], "a doctor does not"
    elsewhere = replace(kind, service_id=cast.pmi)
    assert configuration.read(session).qualified(elsewhere) == [], "the right profession in another service"
    set_on(Professional, cast.diop, retired_at=NOW)
    assert configuration.read(session).qualified(kind) == [cast.roux], "retired"


def test_who_may_take_part_beside_the_lead(cast: Cast, session: Session) -> None:
    everybody = [cast.lenoir, cast.roux, cast.diop, cast.petit, cast.b1, cast.diallo]
    assert configuration.read(session).joining(cast.action_sociale, everybody) == [cast.roux, cast.diop]
    assert configuration.read(session).joining(cast.pmi, everybody) == [cast.lenoir], "a doctor in his service"
    assert configuration.read(session).joining(cast.action_sociale, []) == []
    midwife = sa.select(Professional.profession_id).where(Professional.id == cast.petit).scalar_subquery()
    set_on(Professional, cast.roux, profession_id=midwife)
    assert configuration.read(session).joining(cast.action_sociale, everybody) == [cast.roux, cast.diop], (
        "any profession"
    )
    set_on(Professional, cast.diop, retired_at=NOW)
    assert configuration.read(session).joining(cast.action_sociale, everybody) == [cast.roux], "retired"


def test_who_speaks_a_language(cast: Cast, session: Session) -> None:
    before = configuration.read(session)
    assert before.speaking("wo") == []
    session.rollback()
    set_on(Professional, cast.roux, languages=frozenset({"wo", "ar"}))
    set_on(Professional, cast.diop, languages=frozenset({"wo"}))
    known = configuration.read(session)
    assert known.speaking("wo") == [cast.roux, cast.diop], "a change is seen at once"
    assert known.speaking("wo", [cast.diop, cast.lenoir]) == [cast.diop]
    assert known.speaking("ar") == [cast.roux]


def test_sites_come_in_the_order_asked_for(cast: Cast, session: Session) -> None:
    other = add_site(cast)
    assert list(configuration.read(session).sites_of([other, cast.site])) == [other, cast.site]
    assert list(configuration.read(session).sites_of([cast.site, other])) == [cast.site, other]


def test_the_rooms_in_use(cast: Cast, session: Session) -> None:
    set_on(Room, cast.b1, retired_at=NOW)
    codes = {room.code: room.reserved_for_id for room in configuration.read(session).rooms_of([cast.site])}
    assert codes == {"B2": None, "C1": None, "C4": cast.sante_sexuelle, "EN1": None}
    assert configuration.read(session).rooms_of([cast.site + 1]) == []


def test_the_hours_of_a_site_leave_out_week_ends_and_holidays(cast: Cast, session: Session) -> None:
    site = configuration.read(session).sites_of([cast.site])[cast.site]
    week = date(2026, 12, 21), date(2026, 12, 27)
    expected = [span(f"2026-12-{day} 08:30", f"2026-12-{day} 17:30") for day in (21, 22, 23, 24)]
    assert sorted(site.open_spans(*week)) == expected
    open_at_christmas = replace(site, closed_on_public_holidays=False)
    assert len(open_at_christmas.open_spans(*week)) == 5


def test_a_site_without_hours_is_not_open(cast: Cast, session: Session) -> None:
    session.execute(sa.delete(SiteHours))
    assert configuration.read(session).sites_of([cast.site]) == {}


# ------------------------------------------------------------------ how long it is kept


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is sent to the database meanwhile."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def test_it_is_read_once_while_nothing_changes(cast: Cast, session: Session) -> None:
    first = configuration.read(session)
    store(block(cast.b1, "2026-11-23 09:00", "2026-11-23 09:30"))
    set_on(Professional, cast.roux, feed_version=7)
    session.rollback()
    with statements() as seen:
        assert configuration.read(session) is first, "neither bookings nor versions of feeds are of it"
    assert len([one for one in seen if one.startswith("SELECT")]) == 1


SUMMER = "SELECT id, 'Été', '2027-07-03', '2027-08-31' FROM site"
CHANGES = [
    ("service", "UPDATE service SET confidentiality = 'confidential' WHERE code = 'pmi'"),
    ("appointment_type", "UPDATE appointment_type SET duration = 45 WHERE code = 'entretien'"),
    ("appointment_type_profession", "DELETE FROM appointment_type_profession"),
    ("profession", "UPDATE profession SET interprets = true WHERE code = 'medecin'"),
    ("profession", "UPDATE profession SET name = 'Médecine' WHERE code = 'medecin'"),
    ("professional", "UPDATE professional SET retired_at = '2026-11-20 00:00:00+00' WHERE code = 'roux'"),
    ("professional_service", "DELETE FROM professional_service"),
    ("opening", "UPDATE opening SET ends = ends - 5"),
    ("opening_exception", "INSERT INTO opening_exception (opening_id, day) SELECT id, '2026-11-23' FROM opening"),
    ("period", f"INSERT INTO period (site_id, name, first_day, last_day) {SUMMER}"),
    ("site", "UPDATE site SET zone = 'Indian/Reunion'"),
    ("site_hours", "DELETE FROM site_hours WHERE weekday = 1"),
    ("room", "UPDATE room SET capacity = 1"),
]


def test_each_table_is_tried() -> None:
    assert {table for table, _ in CHANGES} == revisions.READ.keys()


def set_elsewhere(*statements: str) -> None:
    """In a transaction of another program."""
    with db.engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@pytest.mark.parametrize("change", [pytest.param(change, id=table) for table, change in CHANGES])
def test_whatever_program_changes_it_is_seen_at_once(cast: Cast, session: Session, change: str) -> None:
    set_elsewhere("UPDATE opening SET periods = 'only'")  # a period alone changes nothing
    before = configuration.read(session)
    session.rollback()
    set_elsewhere(change)
    assert configuration.read(session) != before


def revision_in(session: Session) -> str:
    return str(session.execute(sa.text("SELECT revision FROM configuration")).scalar_one())


def test_what_a_transaction_changed_and_took_back_is_kept_for_nobody(cast: Cast, session: Session) -> None:
    """A number that counts would be given again, to another change."""
    before = configuration.read(session)
    for duration in (60, 90):
        session.execute(sa.update(AppointmentType).values(duration=duration))
        assert configuration.read(session).type(cast.entretien).duration == duration, "it sees its own change"
        session.rollback()
    assert configuration.read(session) == before
    set_on(AppointmentType, cast.entretien, duration=45)
    assert configuration.read(session).type(cast.entretien).duration == 45


def test_without_a_revision_it_is_read_each_time(cast: Cast, session: Session) -> None:
    expected = configuration.read(session)
    session.execute(sa.text("DELETE FROM configuration"))
    found = configuration.read(session)
    assert found == expected
    assert configuration.read(session) is not found


def test_all_that_is_read_is_watched() -> None:
    """What a statement of the module names, and no trigger renews, would stand in memory for ever."""
    for name, statement in vars(configuration).items():
        if isinstance(statement, sa.Select) and name != "_REVISION":
            for column in sa.sql.visitors.iterate(statement):
                if isinstance(column, sa.Column):
                    watched = revisions.READ[column.table.name]
                    assert watched is None or column.name in watched, (name, column)


# ------------------------------------------------------------------ the triggers


def problems(session: Session) -> list[str]:
    return revisions.problems(session.connection())


def test_they_are_in_place_and_can_be_installed_again(cast: Cast, session: Session) -> None:
    assert problems(session) == []
    old = revision_in(session)
    revisions.install(session.connection())
    assert problems(session) == []
    assert revision_in(session) != old


def test_what_is_missing_is_named(cast: Cast, session: Session) -> None:
    on_sqlite = session.connection().dialect.name == "sqlite"
    session.connection().exec_driver_sql(
        "DROP TRIGGER room_new_revision_update" if on_sqlite else "ALTER TABLE room DISABLE TRIGGER room_new_revision"
    )
    lost = "room_new_revision_update" if on_sqlite else "room_new_revision"
    assert problems(session) == [f"missing:{lost}"]
    session.execute(sa.text("DELETE FROM configuration"))
    assert problems(session) == [f"missing:{lost}", "missing:revision"]
    session.rollback()
    assert problems(session) == []


def test_taken_away_they_are_all_missing(cast: Cast, session: Session) -> None:
    revisions.uninstall(session.connection())
    each = 3 if session.connection().dialect.name == "sqlite" else 1
    assert len(problems(session)) == each * len(revisions.READ)


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_one_that_does_nothing_counts_as_missing(cast: Cast, session: Session) -> None:
    connection = session.connection()
    connection.exec_driver_sql("DROP TRIGGER room_new_revision_insert")
    connection.exec_driver_sql("CREATE TRIGGER room_new_revision_insert AFTER INSERT ON room BEGIN SELECT 1; END")
    assert problems(session) == ["missing:room_new_revision_insert"]


WEAKENED = {
    "one that watches fewer columns": (
        "DROP TRIGGER professional_new_revision ON professional",
        "CREATE TRIGGER professional_new_revision AFTER INSERT OR UPDATE OF id, code OR DELETE OR TRUNCATE"
        " ON professional FOR EACH STATEMENT EXECUTE FUNCTION new_revision()",
    ),
    "one of another schema": (
        "DROP TRIGGER professional_new_revision ON professional",
        "CREATE SCHEMA other",
        "CREATE TABLE other.professional (LIKE professional)",
        "CREATE TRIGGER professional_new_revision AFTER INSERT OR"
        " UPDATE OF id, code, civility, first_name, last_name, profession_id, retired_at, languages OR DELETE"
        " OR TRUNCATE ON other.professional FOR EACH STATEMENT EXECUTE FUNCTION new_revision()",
    ),
}
EMPTIED = "CREATE OR REPLACE FUNCTION new_revision() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$"


@pytest.mark.parametrize("engine_name", ["postgresql"])
class TestPostgresql:
    """Where triggers call a function, of a schema."""

    @pytest.mark.parametrize("statements", WEAKENED.values(), ids=WEAKENED.keys())
    def test_one_that_watches_less_counts_as_missing(
        self, cast: Cast, session: Session, statements: tuple[str, ...]
    ) -> None:
        for statement in statements:
            session.connection().exec_driver_sql(statement)
        assert problems(session) == ["missing:professional_new_revision"]

    def test_with_a_function_that_does_nothing_they_are_all_missing(self, cast: Cast, session: Session) -> None:
        session.connection().exec_driver_sql(EMPTIED)
        assert len(problems(session)) == len(revisions.READ)

    @pytest.mark.parametrize(
        "path",
        [
            pytest.param("other, public", id="whoever writes has another tenant's tables first"),
            pytest.param("''", id="no schema, as when a dump is restored"),
        ],
    )
    def test_the_revision_of_its_own_schema_is_renewed(self, cast: Cast, session: Session, path: str) -> None:
        before = configuration.read(session)
        session.rollback()
        set_elsewhere(
            "CREATE SCHEMA other",
            "CREATE TABLE other.configuration (LIKE configuration)",
            f"SET LOCAL search_path = {path}",
            "UPDATE public.site SET address = 'ailleurs'",
            "DROP SCHEMA other CASCADE",
        )
        assert configuration.read(session).here().address == "ailleurs" != before.here().address

    def test_what_changes_while_it_is_read_is_not_kept_under_the_older_revision(
        self, cast: Cast, session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A backup of the older state, restored, comes with the older revision."""
        load, revision = configuration._load, revision_in(session)
        session.rollback()

        def load_late(session: Session) -> configuration.Configuration:
            monkeypatch.undo()
            set_elsewhere("UPDATE site SET address = 'après'")
            return load(session)

        monkeypatch.setattr(configuration, "_load", load_late)
        assert configuration.read(session).here().address == "après"
        session.rollback()
        set_elsewhere(
            "SET LOCAL session_replication_role = replica",
            "UPDATE site SET address = 'avant'",
            f"UPDATE configuration SET revision = '{revision}'",  # noqa: S608
        )
        assert configuration.read(session).here().address == "avant"
