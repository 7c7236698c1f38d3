"""Databases that stop working for a while: full, read-only, on a disk that fails, kept by somebody, or gone.

Each fault is a context; what it yields is a booking that cannot be made meanwhile.
"""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from booking.config import Settings
from booking.db import db
from booking.errors import DatabaseUnavailable
from booking.reservations import Book, book
from booking.schema import metadata
from tests.builders import Cast, act, paris, rows_of
from tests.live.proxy import Proxy

MONDAY = paris("2026-11-23 09:00")
A_DAY, DAYS = 6, 20  # so many of Mme Roux's slots a day, before any public holiday


@dataclass(frozen=True)
class Place:
    """What a fault is made of."""

    cast: Cast
    settings: Settings
    request: pytest.FixtureRequest

    @property
    def proxy(self) -> Proxy:
        """The line to PostgreSQL."""
        line: Proxy = self.request.getfixturevalue("proxy")
        return line

    @property
    def beside(self) -> psycopg.Connection:
        """Somebody else on PostgreSQL."""
        connection: psycopg.Connection = self.request.getfixturevalue("beside")
        return connection

    def rows(self) -> dict[str, int]:
        """How many rows each table has, seen from outside of the application and of its fault."""
        engine = sa.create_engine(self.settings.database_url, poolclass=sa.NullPool)
        with Session(engine) as session:
            return rows_of(session, metadata)

    def booking(self, slot: int = 0) -> Book:
        """M. Diallo in one of Mme Roux's slots, counted from Monday on, under a key of its own."""
        day, half_hour = divmod(slot, A_DAY)
        start = MONDAY + timedelta(days=day + 2 * (day // 5), minutes=30 * half_hour)
        return Book(f"form-{slot:03}", self.cast.entretien, start, self.cast.roux, self.cast.diallo)


Fault = Callable[[Place], AbstractContextManager[Book]]


@contextmanager
def each_connection(*pragmas: str) -> Iterator[None]:
    """Set every SQLite connection up otherwise, then close those that were."""

    def obey(connection: Any, _record: Any, _proxy: Any) -> None:
        for pragma in pragmas:
            connection.execute(pragma)

    db.session.remove()
    event.listen(db.engine, "checkout", obey)
    try:
        yield
    finally:
        event.remove(db.engine, "checkout", obey)
        db.session.remove()
        db.engine.dispose()


@contextmanager
def full(place: Place) -> Iterator[Book]:
    """No page can be added to the file: bookings fit into the pages it has, until one does not."""
    pages = db.session.execute(sa.text("PRAGMA page_count")).scalar_one()
    with each_connection(f"PRAGMA max_page_count={pages}"):
        yield next(booking for booking in map(place.booking, range(A_DAY * DAYS)) if not fits(booking))


def fits(booking: Book) -> bool:
    try:
        return not book(booking, act()).replayed
    except DatabaseUnavailable:
        return False


@contextmanager
def failing_disk(place: Place) -> Iterator[Book]:
    """No write to any file succeeds: the limit of this process makes the kernel refuse them, and SQLite sees it."""
    rows_of(db.session(), metadata)  # the application has been reading: the first who does so writes beside the file
    db.session.rollback()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        yield place.booking()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@contextmanager
def read_only(place: Place) -> Iterator[Book]:
    with each_connection("PRAGMA query_only=ON"):
        yield place.booking()


@contextmanager
def kept_by_a_writer(place: Place) -> Iterator[Book]:
    """Somebody began to write, outside of our queue, and does not end."""
    other = sqlite3.connect(place.settings.instance / "booking.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with each_connection("PRAGMA busy_timeout=10"):
            yield place.booking()
    finally:
        other.close()


@contextmanager
def unplugged(place: Place) -> Iterator[Book]:
    with place.proxy.unplugged():
        yield place.booking()


@contextmanager
def locked(place: Place) -> Iterator[Book]:
    """Somebody locked Mme Roux and does not end."""
    with place.beside.transaction():
        place.beside.execute("SELECT 1 FROM resource WHERE id = %s FOR UPDATE", [place.cast.roux])
        yield place.booking()


@contextmanager
def standby(place: Place) -> Iterator[Book]:
    """After a failover the server that answers only reads."""
    place.beside.execute("ALTER ROLE CURRENT_USER SET default_transaction_read_only = on")
    try:
        db.session.remove()
        db.engine.dispose()
        yield place.booking()
    finally:
        place.beside.execute("ALTER ROLE CURRENT_USER RESET default_transaction_read_only")
        db.session.remove()
        db.engine.dispose()


FAULTS: list[tuple[str, str, Fault]] = [
    ("sqlite", "full", full),
    ("sqlite", "failing disk", failing_disk),
    ("sqlite", "read-only", read_only),
    ("sqlite", "kept by a writer", kept_by_a_writer),
    ("postgresql", "unplugged", unplugged),
    ("postgresql", "locked", locked),
    ("postgresql", "standby", standby),
]
