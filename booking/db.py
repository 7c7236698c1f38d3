"""The database: declarative base, column types, and the one way to write, `in_transaction`."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event, exc
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session, registry
from sqlalchemy.pool import ConnectionPoolEntry

from booking import postgresql, sqlite
from booking.errors import DatabaseUnavailable

T = TypeVar("T")

ATTEMPTS = 4
PAUSE, PAUSE_WHEN_LOST = 0.02, 0.4  # seconds at most after the first try, twice as long after each other one
RUNNING = "booking_running"  # the connection of the transaction that in_transaction runs
WROTE = "booking_wrote"  # whether the session has written: outside of in_transaction, that is forgotten
POOL = {"pool_size": 20, "pool_use_lifo": True}  # the connection used last knows what is asked, and its pages are warm
LARGEST_KEY = 2**31 - 1  # of an integer key; PostgreSQL refuses to compare with more

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware instant, stored in UTC. A naive one is a bug and is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class CodeSet(sa.types.TypeDecorator[frozenset[str]]):
    """A small set of codes, stored sorted and separated by spaces."""

    impl = sa.String(400)
    cache_ok = True

    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> str | None:
        return None if value is None else " ".join(sorted(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> frozenset[str] | None:
        return None if value is None else frozenset(value.split())


class Base(DeclarativeBase):
    """What every model inherits; the type map and the naming convention live on its registry."""

    registry = registry(
        metadata=sa.MetaData(naming_convention=NAMES),
        type_annotation_map={datetime: UtcDateTime, frozenset[str]: CodeSet},
    )


db = SQLAlchemy(model_class=Base, add_models_to_shell=False)


@event.listens_for(db.session, "after_flush")
def _note_flush(session: Session, _context: object) -> None:
    session.info[WROTE] = True


@event.listens_for(db.session, "do_orm_execute")
def _note_statement(state: ORMExecuteState) -> None:
    if not state.is_select:
        state.session.info[WROTE] = True


def engine_options(url: str) -> dict[str, Any]:
    """The options that Flask-SQLAlchemy gives to create_engine for that database."""
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": sqlite.BUSY_SECONDS, "check_same_thread": False}, **POOL}
    return {**postgresql.options(url), **POOL}


def prepare(engine: sa.Engine) -> None:
    """Set up an engine just made."""
    {"sqlite": sqlite, "postgresql": postgresql}[engine.dialect.name].prepare(engine)


def end_reads(_error: BaseException | None = None) -> None:
    """End what a request has read. Its answer stands, also when the server has gone away since its last read."""
    if not db.session.registry.has():
        return
    try:
        finish_reading(db.session())
    except exc.DBAPIError as error:
        if not is_unavailable(error):
            raise
        db.session.registry.clear()  # there is nothing left to end


def finish_reading(session: Session) -> None:
    """End what the session has read; what is pending, or written, is forgotten. The next read sees what others wrote.

    By COMMIT when there is nothing to forget: at each ROLLBACK psycopg throws its prepared statements away, and
    PostgreSQL plans the next page's anew (a third of the time of a booking over HTTP).
    """
    if session.info.pop(WROTE, False) or session.new or session.dirty or session.deleted:
        session.rollback()
        return
    try:
        session.commit()
    except exc.PendingRollbackError:
        session.rollback()  # a read has failed, and whoever read was told
    except exc.DBAPIError:
        session.rollback()
        raise


@contextmanager
def relaxed() -> Iterator[None]:
    """Do not wait for the disk at each commit: for a load that could be done again, such as the demonstration.

    Whatever else holds stays true; should the machine stop meanwhile, the last commits may be lost.
    """
    db.session.rollback()  # gives back a connection on which something was read
    event.listen(db.engine, "checkout", _relax)
    try:
        yield
    finally:
        event.remove(db.engine, "checkout", _relax)
        db.session.rollback()
        db.engine.dispose()  # closes the connections that no longer wait


def _relax(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    if "relaxed" in record.info:
        return
    on_sqlite = isinstance(connection, sqlite3.Connection)
    connection.execute("PRAGMA synchronous=OFF" if on_sqlite else "SET SESSION synchronous_commit = off")
    connection.commit()
    record.info["relaxed"] = True


def in_transaction(work: Callable[[Session], T], *, key: str | None = None) -> T:
    """Run a use case as one transaction and commit it; the only place that commits.

    `work` receives the session and may run several times: at most 4, on deadlock, serialization failure, lock
    time-out, and when the server is lost. It returns plain values, for a commit expires every object it loaded.

    `key` says that `work` begins by looking for what was already answered under that key. Only then is it tried again
    when the server was lost between COMMIT and its answer: without a key that could act twice.

    Raises DatabaseUnavailable, with the key, when the database stays locked, is full, or cannot be reached; and
    RuntimeError when changes made outside of a transaction are pending, or inside of another: the inner one would undo
    what the outer wrote.
    """
    session = _idle()
    unsure = False
    for attempt in range(ATTEMPTS):
        pause = PAUSE
        try:
            finish_reading(session)  # a snapshot still open would make BEGIN IMMEDIATE, or the check, see the past
            with sqlite.turn(db.engine):
                return _once(session, work)
        except _Unanswered as error:
            if key is None:
                raise DatabaseUnavailable(unsure=True) from error
            unsure, pause = True, PAUSE_WHEN_LOST
        except exc.DBAPIError as error:
            if _lost(error):
                pause = PAUSE_WHEN_LOST
            elif not _passing(error):
                raise _translated(error, key, unsure) from error
        except sqlite.TurnTimeout:
            pass
        if attempt + 1 < ATTEMPTS:
            time.sleep(random.uniform(pause / 4, pause) * 2**attempt)  # noqa: S311 (jitter, not a secret)
    raise DatabaseUnavailable(key, unsure)


def _idle() -> Session:
    """The session of the context, in no transaction and with nothing pending. Raises RuntimeError."""
    session = db.session()
    if session.info.get(RUNNING):
        raise RuntimeError("a transaction inside of another")
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("changes are pending outside of in_transaction")
    return session


def _once(session: Session, work: Callable[[Session], T]) -> T:
    try:
        session.info[RUNNING] = session.connection(execution_options={sqlite.WRITES: True})
        result = work(session)
        session.flush()
        _commit(session)
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info[RUNNING] = None
        session.info.pop(WROTE, None)
    return result


class _Unanswered(Exception):
    """COMMIT was sent and the connection broke: it was carried out, or not."""


def _commit(session: Session) -> None:
    try:
        session.commit()
    except exc.DBAPIError as error:
        if error.connection_invalidated:
            raise _Unanswered from error
        raise


def _passing(error: exc.DBAPIError) -> bool:
    """Whether another try of the whole transaction may succeed."""
    code = getattr(error.orig, "sqlstate", None)
    return code in postgresql.RETRIED or sqlite.is_busy(error.orig)


def _lost(error: exc.DBAPIError) -> bool:
    """Whether the server is gone: the connection broke before COMMIT, or none could be made."""
    unreached = error.statement is None and getattr(error.orig, "sqlstate", "") is None
    return error.connection_invalidated or unreached


def _translated(error: exc.DBAPIError, key: str | None, unsure: bool) -> Exception:
    """An out-of-reach database is a refusal with a sentence; any other database error stays a bug."""
    return DatabaseUnavailable(key, unsure) if is_unavailable(error) else error


def execute(session: Session, statement: sa.Executable, /, **parameters: Any) -> sa.CursorResult[*tuple[Any, ...]]:
    """Execute a statement that was built once, with its parameters, on the session's connection.

    Building a statement and passing it through the ORM costs five times what executing it does (185 µs and 36 µs,
    measured), so the paths of every booking use this. It flushes nothing: the caller has flushed what it must see.
    """
    if isinstance(statement, sa.UpdateBase):
        session.info[WROTE] = True
    connection: sa.Connection = session.info.get(RUNNING) or session.connection()
    return connection.execute(statement, parameters)


def is_unavailable(error: exc.DBAPIError) -> bool:
    """Whether the error says that the database is locked, full, read-only, gone or not answering."""
    read_only = getattr(error.orig, "sqlstate", None) == postgresql.READ_ONLY
    return read_only or isinstance(error, exc.OperationalError | exc.InterfaceError)


def accepts(connection: sa.Connection, attempt: Callable[[], object], constraint: str) -> bool:
    """Whether that named constraint or guard lets the attempt through, which is rolled back.

    An attempt that something else refuses proves nothing about it, and counts as let through.
    """
    with connection.begin_nested() as savepoint:
        try:
            attempt()
        except exc.IntegrityError as error:
            savepoint.rollback()
            return not violated(error, constraint)
        savepoint.rollback()
        return True


def violated(error: exc.IntegrityError, constraint: str) -> bool:
    """Whether that named constraint, index or guard refused the statement."""
    diagnostics = getattr(error.orig, "diag", None)
    named: str | None = getattr(diagnostics, "constraint_name", None)
    return named == constraint if named else constraint in str(error.orig)
