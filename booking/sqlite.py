"""SQLite as several threads and processes need it: WAL, our own BEGIN, and a queue in front of writers.

pysqlite begins transactions late and lets a read become a write, which fails at once with « database is locked ».
So the driver's own handling is off, a transaction that will write says BEGIN IMMEDIATE, and writers wait their turn
on a lock of this process and then on a file lock: SQLite's busy handler alone is unfair (5 s at worst, measured).
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

BUSY_SECONDS = 2.0
TURN_SECONDS = 4.0
WRITES = "booking_writes"
PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",
    "PRAGMA recursive_triggers=ON",
)

_turns: dict[str, threading.Lock] = {}


class TurnTimeout(Exception):
    """The other writers did not finish in time, or the lock that they queue on is out of reach."""


def prepare(engine: sa.Engine) -> None:
    """Install the PRAGMAs and our BEGIN on an engine; a second call changes nothing."""
    if not event.contains(engine, "connect", _on_connect):
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", _on_begin)


def _on_connect(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(pragma)


def _on_begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def is_busy(error: BaseException | None) -> bool:
    """Whether SQLite refused because another connection holds the lock."""
    code = getattr(error, "sqlite_errorcode", 0) or 0
    return isinstance(error, sqlite3.OperationalError) and code & 0xFF in (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
    )


@contextmanager
def turn(engine: sa.Engine) -> Iterator[None]:
    """Wait for the right to write, at most 4 s; on PostgreSQL, or in memory, there is nothing to wait for.

    Raises TurnTimeout.
    """
    path = engine.url.database
    if engine.dialect.name != "sqlite" or not path or path == ":memory:":
        yield
        return
    deadline = time.monotonic() + TURN_SECONDS
    lock = _turns.setdefault(path, threading.Lock())
    if not lock.acquire(timeout=TURN_SECONDS):
        raise TurnTimeout
    try:
        with _file_lock(f"{path}.lock", deadline):
            yield
    finally:
        lock.release()


@contextmanager
def _file_lock(path: str, deadline: float) -> Iterator[None]:
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:  # the folder is gone, or read-only: so is the database
        raise TurnTimeout from error
    try:
        _acquire(fd, deadline)
        yield
    finally:
        os.close(fd)


def _acquire(fd: int, deadline: float) -> None:
    """Take the file lock. A plain flock would wait for ever behind a stopped process, so this one polls."""
    pause = 0.0005
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise TurnTimeout from None
        time.sleep(pause)
        pause = min(pause * 1.5, 0.005)
