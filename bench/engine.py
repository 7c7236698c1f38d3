"""Booking through the engine, one after the other, messages filed."""

from __future__ import annotations

import sqlite3
from itertools import islice
from pathlib import Path

from bench.measure import Result, per_second
from bench.workload import NOW, WEEKS, Workload, instant
from booking import messages, reservations
from booking.db import db
from booking.reservations.commands import Act, Book
from booking.slots.availability import Search, find_slots

N = 400


def commands(workload: Workload, count: int, prefix: str) -> list[Book]:
    """Bookings that can all be granted: each professional's slots in turn, usagers who are free then."""
    search = Search(workload.type_id, instant(0), instant(WEEKS), frozenset(workload.professionals))
    slots = find_slots(db.session(), search, NOW)
    db.session.rollback()
    usagers = dict(zip(workload.professionals, workload.usagers, strict=False))
    return [
        Book(f"{prefix}-{n}", workload.type_id, slot.start, slot.professional_id, usagers[slot.professional_id])
        for n, slot in enumerate(islice(slots, count))
    ]


def measure(engine: str, workload: Workload, folder: Path) -> Result:
    """Bookings a second; the floor is a bare INSERT committed in SQLite."""
    act = Act(now=NOW, origin="demo", tell=messages.file)
    todo = commands(workload, N + 20, "bench-engine")
    for command in todo[:20]:
        reservations.book(command, act)
    n, rate = per_second(lambda: sum(bool(reservations.book(command, act)) for command in todo[20:]))
    return Result("book.engine", engine, n, rate, "per_second", _bare_insert(folder))


def _bare_insert(folder: Path) -> float:
    connection = sqlite3.connect(folder / "floor.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS t (a INTEGER, b INTEGER)")

    def work() -> int:
        for n in range(N):
            connection.execute("INSERT INTO t VALUES (?, ?)", (n, n))
        return N

    _, rate = per_second(work)
    connection.close()
    return rate
