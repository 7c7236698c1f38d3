"""Booking and searching when there is a long past: what a million appointments cost beside ten thousand."""

from __future__ import annotations

import time
from statistics import median

from bench import engine, past
from bench.measure import Result, milliseconds
from bench.workload import NOW, Workload, instant
from booking import messages, reservations
from booking.db import db, finish_reading
from booking.reservations.commands import Act
from booking.slots.availability import Search, find_slots

SIZES = {"1e4": 10_000, "1e6": 1_000_000}
BOOKINGS, SEARCHES = 200, 60


def measure(name: str, workload: Workload, size: str) -> list[Result]:
    """The median of a search over 4 weeks and of a booking, once so many appointments are past."""
    past.fill(workload, SIZES[size])
    return [
        Result(f"grow.slots.{size}", name, SEARCHES, _search(workload), "ms"),
        Result(f"grow.book.{size}", name, BOOKINGS, _book(workload), "ms"),
    ]


def _search(workload: Workload) -> float:
    search = Search(workload.type_id, instant(0), instant(4), frozenset(workload.professionals[:1]))

    def work() -> None:
        find_slots(db.session(), search, NOW)
        finish_reading(db.session())

    return milliseconds(work, SEARCHES)


def _book(workload: Workload) -> float:
    act = Act(now=NOW, origin="demo", tell=messages.file)
    took = []
    for command in engine.commands(workload, BOOKINGS, "grow"):
        start = time.perf_counter()
        reservations.book(command, act)
        took.append((time.perf_counter() - start) * 1000)
    return round(median(took), 3)
