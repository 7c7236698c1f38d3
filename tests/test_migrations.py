"""The migrations make the schema that the models describe, lose nothing, and keep the guards."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from booking import create_app, schema
from booking.db import db, in_transaction
from booking.reservations import Book, book, doctor
from booking.slots import guards
from tests.builders import act, build_cast, paris, rows_of
from tests.conftest import settings_in

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


def guard_problems() -> list[str]:
    return in_transaction(lambda session: guards.problems(session.connection()))


def tables(engine: sa.Engine) -> set[str]:
    return set(sa.inspect(engine).get_table_names()) - {"alembic_version"}


def test_there_is_one_line_of_revisions() -> None:
    assert len(SCRIPTS.get_heads()) == len(SCRIPTS.get_bases()) == 1


def test_the_guards_stand_after_every_revision_upwards_and_downwards(engine: sa.Engine) -> None:
    for revision in REVISIONS:
        schema.upgrade(engine, revision)
        assert guard_problems() == [], revision
    for revision in reversed(REVISIONS[:-1]):
        schema.downgrade(engine, revision)
        assert guard_problems() == [], revision


def test_the_migrations_make_what_the_models_describe(engine: sa.Engine) -> None:
    schema.upgrade(engine)
    with engine.connect() as connection:
        assert schema.at_head(connection)
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, schema.metadata) == []


def test_every_constraint_of_the_models_is_in_the_database(engine: sa.Engine) -> None:
    """What the comparison does not look at: the CHECK constraints, by their names."""
    schema.upgrade(engine)
    inspector = sa.inspect(engine)
    for table in schema.metadata.sorted_tables:
        described = {str(c.name) for c in table.constraints if isinstance(c, sa.CheckConstraint)}
        stored = {check["name"] for check in inspector.get_check_constraints(table.name)}
        assert stored == described, table.name


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
    assert guard_problems() == []


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
    assert rows_of(db.session(), schema.metadata) == before
    assert doctor.examine() == []
