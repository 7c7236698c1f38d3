"""Databases that tests start from: copied, because making the cast anew took longer than most tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from booking import config, create_app, schema
from booking.db import db
from booking.slots import revisions
from tests.builders import Cast, build_cast

Rows = Mapping[sa.Table, list[dict[str, Any]]]


@dataclass(frozen=True)
class Start:
    """A database with the cast in it: a file of SQLite to copy, or the rows of one of PostgreSQL."""

    cast: Cast
    file: Path | None = None
    rows: Rows | None = None


def settings_in(folder: Path, database_url: str | None = None) -> config.Settings:
    """Settings as they are read from the environment, for an instance in that folder."""
    environ = {"BOOKING_INSTANCE": str(folder)}
    if database_url:
        environ["BOOKING_DATABASE_URL"] = database_url
    return config.load(environ)


def made(folder: Path, make: Callable[[], Any], database_url: str | None = None) -> Any:
    """What `make` gives in an application of that folder, which lets go of its database."""
    app = create_app(settings_in(folder, database_url))
    with app.app_context():
        found = make()
        db.session.remove()
        db.engine.dispose()  # the last connection to close folds SQLite's WAL into its file
    return found


def with_cast(folder: Path, database_url: str | None = None) -> Start:
    """Store the cast in a database that has the newest schema and nothing else."""
    cast = made(folder, build_cast, database_url)
    if database_url is None:
        return Start(cast, file=folder / "booking.sqlite")
    engine = engine_of(database_url)
    with engine.connect() as connection:
        found = {table: _rows(connection, table) for table in schema.metadata.sorted_tables}
    engine.dispose()
    return Start(cast, rows={table: rows for table, rows in found.items() if rows})


def refill(url: str, rows: Rows | None = None) -> None:
    """Empty every table of a PostgreSQL database, start its keys again from 1, and store these rows."""
    engine = engine_of(url)
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
        for table, found in (rows or {}).items():
            connection.execute(table.insert(), found)
            if "id" in table.c:
                last = sa.select(sa.func.max(table.c.id)).scalar_subquery()
                connection.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(table.name, "id"), last)))
        revisions.start(connection)  # nor do the triggers that renew it see this
    engine.dispose()


def engine_of(url: str) -> sa.Engine:
    """An engine of the tests' own."""
    return sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))


def _rows(connection: sa.Connection, table: sa.Table) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(table.select()).mappings()]
