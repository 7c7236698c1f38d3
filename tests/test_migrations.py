"""The migrations make the schema that the models describe, lose nothing, and keep the guards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from booking import create_app, schema
from booking.db import db, in_transaction
from booking.reservations import Book, append_only, book, doctor
from booking.slots import days, guards, revisions
from tests.at_0001 import AT_0001, DIALLO, FAMILY, KONE, NOON, ROUX, Rows, at_0002, change, facts, without
from tests.builders import act, build_cast, paris, rows_of
from tests.starting import settings_in

SCRIPTS = ScriptDirectory.from_config(schema.config())
REVISIONS = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]
DATABASE = "migrations"  # of PostgreSQL, which no other test uses


@pytest.fixture
def engine(engine_name: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    """A database without any table, as the application connects to it, within its context."""
    url = empty_database(request.getfixturevalue("postgres_url")) if engine_name == "postgresql" else None
    app = create_app(settings_in(tmp_path, url))
    with app.app_context():
        yield db.engine
        db.session.remove()
        db.engine.dispose()


def empty_database(beside: str) -> str:
    """The address of a new database on the server of that one."""
    address = sa.make_url(beside).set(drivername="postgresql+psycopg")
    server = sa.create_engine(address, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.exec_driver_sql(f"CREATE DATABASE {DATABASE}")
    server.dispose()
    return address.set(drivername="postgresql", database=DATABASE).render_as_string(hide_password=False)


def guard_problems(revision: str) -> list[str]:
    """What is wrong with the guards that stand from that revision on."""
    since = {"0001": guards, "0002": append_only, "0007": revisions, "0009": days}
    kept = [each for first, each in since.items() if first <= revision]
    return in_transaction(lambda session: [code for each in kept for code in each.problems(session.connection())])


def tables(engine: sa.Engine) -> set[str]:
    return set(sa.inspect(engine).get_table_names()) - {"alembic_version"}


def test_there_is_one_line_of_revisions() -> None:
    assert len(SCRIPTS.get_heads()) == len(SCRIPTS.get_bases()) == 1


def test_the_guards_stand_after_every_revision_upwards_and_downwards(engine: sa.Engine) -> None:
    for revision in REVISIONS:
        schema.upgrade(engine, revision)
        assert guard_problems(revision) == [], revision
    for revision in reversed(REVISIONS[:-1]):
        schema.downgrade(engine, revision)
        assert guard_problems(revision) == [], revision


def test_the_migrations_make_what_the_models_describe(engine: sa.Engine) -> None:
    schema.upgrade(engine)
    with engine.connect() as connection:
        assert schema.at_head(connection)
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, schema.metadata) == []


def test_every_constraint_of_the_models_is_in_the_database(engine: sa.Engine) -> None:
    """What the comparison does not look at: the CHECK constraints, by their names and the codes that they allow."""
    schema.upgrade(engine)
    inspector = sa.inspect(engine)
    for table in schema.metadata.sorted_tables:
        checks = [each for each in table.constraints if isinstance(each, sa.CheckConstraint)]
        described = {str(each.name): codes(str(each.sqltext)) for each in checks}
        stored = {each["name"]: codes(each["sqltext"]) for each in inspector.get_check_constraints(table.name)}
        assert stored == described, table.name


def codes(condition: str) -> set[str]:
    """The literals of a condition; each database writes the rest in its own way."""
    return set(re.findall(r"'([^']*)'", condition))


def test_the_migrations_and_create_all_make_the_same_columns(engine: sa.Engine) -> None:
    schema.upgrade(engine)
    inspector = sa.inspect(engine)
    assert tables(engine) == set(schema.metadata.tables)
    for table in schema.metadata.sorted_tables:
        stored = {column["name"]: column["nullable"] for column in inspector.get_columns(table.name)}
        assert stored == {column.name: column.nullable for column in table.columns}, table.name


def test_down_to_nothing_and_up_again(engine: sa.Engine) -> None:
    schema.upgrade(engine)
    schema.downgrade(engine, "base")
    assert tables(engine) == set()
    schema.upgrade(engine)
    assert guard_problems(REVISIONS[-1]) == []


def test_an_upgrade_keeps_every_row(engine: sa.Engine) -> None:
    """Sent again by `init` at each start, it changes nothing; a step down and up keeps what both sides know."""
    schema.upgrade(engine)
    cast = build_cast()
    book(Book("k", cast.entretien, paris("2026-11-23 09:00"), cast.roux, cast.diallo), act())
    before = rows_of(db.session(), schema.metadata)
    db.session.remove()
    schema.upgrade(engine)
    for newer, older in pairwise(reversed(REVISIONS)):
        schema.downgrade(engine, older)
        schema.upgrade(engine, newer)
    schema.upgrade(engine)
    assert rows_of(db.session(), schema.metadata) == before
    assert doctor.examine() == []


# ------------------------------------------------------------------ 0002: who was told, and why


def reflected(engine: sa.Engine) -> sa.MetaData:
    """The tables as they are in the database now, whatever the models say."""
    found = sa.MetaData()
    found.reflect(engine)
    return found


def insert(engine: sa.Engine, rows: Rows) -> None:
    found = reflected(engine)
    with engine.begin() as connection:
        for table in found.sorted_tables:
            for row in rows.get(table.name, []):
                connection.execute(sa.insert(table).values(row))


def snapshot(engine: sa.Engine) -> Rows:
    """Every row of every table, by its key."""
    tables = [table for table in reflected(engine).sorted_tables if table.name != "alembic_version"]
    with engine.connect() as connection:
        return {
            table.name: [
                dict(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key)).mappings()
            ]
            for table in tables
        }


@pytest.fixture
def before(engine: sa.Engine) -> Rows:
    """A database at 0001, with what people did there."""
    schema.upgrade(engine, "0001")
    insert(engine, AT_0001)
    rows = snapshot(engine)
    assert {name: len(rows[name]) for name in AT_0001} == {name: len(AT_0001[name]) for name in AT_0001}
    return rows


def test_0002_says_of_each_person_what_0001_said_of_all(engine: sa.Engine, before: Rows) -> None:
    schema.upgrade(engine, "0002")
    assert snapshot(engine) == at_0002(before)
    schema.upgrade(engine)
    assert doctor.examine() == []


def test_back_to_0001_and_up_again_nothing_is_lost(engine: sa.Engine, before: Rows) -> None:
    schema.upgrade(engine, "0002")
    schema.downgrade(engine, "0001")
    assert snapshot(engine) == before
    schema.upgrade(engine, "0002")
    assert snapshot(engine) == at_0002(before)


LATER = [
    ("restored", {DIALLO: "booked"}, "booked", "booked"),
    ("changed", {DIALLO: "moved"}, "moved", "moved"),
    ("changed", {}, "moved", None),
    ("joined", {KONE: "booked"}, "attendance", "booked"),
    ("left", {KONE: "cancelled"}, "attendance", "booked"),
    ("left", {}, "attendance", None),
]


@pytest.mark.usefixtures("before")
@pytest.mark.parametrize(("action", "told", "older", "again"), LATER, ids=[f"{row[0]}-{len(row[1])}" for row in LATER])
def test_what_0001_has_no_word_for_goes_back_as_the_nearest(
    engine: sa.Engine, action: str, told: dict[int, str], older: str, again: str | None
) -> None:
    """The counts stay: nobody is written to under a number that was already used."""
    schema.upgrade(engine, "0002")
    row = change(11, FAMILY, action, None, facts(NOON, "expected", DIALLO, KONE)) | {"reason": "mistake"}
    more = [{"history_id": 11, "usager_id": key, "change": what, "notice": 3} for key, what in told.items()]
    insert(engine, {"history": without("notice", [row]), "told": more})
    schema.downgrade(engine, "0001")
    rows = snapshot(engine)
    assert (rows["history"][-1]["action"], rows["history"][-1]["notice"]) == (older, 3 if told else None)
    assert rows["appointment"][-1]["notice"] == (3 if told else 2)
    schema.upgrade(engine, "0002")
    rows = snapshot(engine)
    expected = {(DIALLO, again), (KONE, again)} if told else set()
    assert {(row["usager_id"], row["change"]) for row in rows["told"] if row["history_id"] == 11} == expected
    assert {row["notice"] for row in rows["participation"] if row["appointment_id"] == FAMILY} == {3 if told else 2}


# ------------------------------------------------------------------ 0010: openings that recur


def an_opening(key: int, weekdays: str | None, **more: object) -> dict[str, object]:
    """One of Mme Roux's."""
    days = {"first_day": date(2026, 11, 23), "last_day": date(2026, 11, 23) if weekdays is None else None}
    hours = {"starts": 540 + 60 * key, "ends": 600 + 60 * key}
    return {"id": key, "professional_id": ROUX, "site_id": 1, "weekdays": weekdays, **days, **hours, **more}


@pytest.mark.usefixtures("before")
def test_0010_leaves_openings_as_they_were_and_0009_keeps_those_that_it_can_say(engine: sa.Engine) -> None:
    schema.upgrade(engine, "0009")
    insert(engine, {"opening": [an_opening(1, "1 3"), an_opening(2, None)]})
    old = snapshot(engine)["opening"]
    schema.upgrade(engine)
    as_ever = {"every": 1, "ranks": None, "periods": None, "on_call": False}
    assert snapshot(engine)["opening"] == [row | as_ever for row in old]
    more = [an_opening(3, "2", every=2), an_opening(4, "2", ranks="-1 1"), an_opening(5, "2", periods="only")]
    exceptions = [{"id": 1, "opening_id": 1, "day": date(2026, 11, 25)}, {"id": 2, "opening_id": 3, "day": NOON.date()}]
    insert(engine, {"opening": [*more, an_opening(6, "2", on_call=True)], "opening_exception": exceptions})
    schema.downgrade(engine, "0009")
    assert snapshot(engine)["opening"] == old
    schema.upgrade(engine)
    assert doctor.examine() == []


NONSENSE = [
    (an_opening(1, "2", every=0), "every"),
    (an_opening(1, "2", every=53), "every"),
    (an_opening(1, None, every=2), "every"),
    (an_opening(1, "2", every=2, ranks="1"), "ranks"),
    (an_opening(1, None, ranks="1"), "ranks"),
    (an_opening(1, "2", periods="often"), "periods"),
    (an_opening(1, None, periods="only"), "periods"),
]


@pytest.mark.usefixtures("before")
def test_the_database_refuses_openings_that_make_no_sense(engine: sa.Engine) -> None:
    schema.upgrade(engine)
    for row, name in NONSENSE:
        with pytest.raises(sa.exc.IntegrityError, match=f"ck_opening_{name}"):
            insert(engine, {"opening": [row]})
    assert snapshot(engine)["opening"] == []


SLOW_EXTENSIONS = """
CREATE FUNCTION dawdle() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1.2); END $$;
CREATE EVENT TRIGGER dawdle ON ddl_command_start WHEN TAG IN ('CREATE EXTENSION') EXECUTE FUNCTION dawdle();
ALTER DATABASE migrations SET statement_timeout = 1000;
"""


@pytest.mark.parametrize("engine_name", ["postgresql"])
def test_a_revision_may_take_longer_than_a_page(engine: sa.Engine) -> None:
    """A connection of the product cuts a statement short, after 30 seconds; here, after one."""
    with engine.begin() as connection:
        connection.exec_driver_sql(SLOW_EXTENSIONS)
    hurried = sa.create_engine(engine.url)
    with hurried.connect() as connection:
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "1s"
    schema.upgrade(hurried)
    hurried.dispose()
    assert "occupancy" in tables(engine)
