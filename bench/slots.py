"""Searching: all slots of one professional over 1, 4 and 13 weeks, the first one of eight, and all of ninety-six."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

import sqlalchemy as sa
from sqlalchemy import Connection

from bench.measure import Result, durations, milliseconds, p95, peak_megabytes
from bench.workload import FULL_WEEKS, NOW, WEEKS, Workload, fill_first_weeks, half_hours, instant
from booking.db import db, finish_reading
from booking.slots import days
from booking.slots.availability import Search, find_slots, first_slots
from booking.slots.grid import Grid, indexes, runs

N = 40
PERIODS = {"slots.1w": 1, "slots.4w": 4, "slots.13w": WEEKS}


def measure(engine: str, workload: Workload) -> list[Result]:
    """Every figure of the slot workload; the last one changes the data, so it comes last."""
    days.refresh()
    results = [_all_of_one(engine, workload, name, weeks) for name, weeks in PERIODS.items()]
    results.append(_first(engine, workload, "slots.first", weeks_read=1))
    fill_first_weeks(workload)
    days.refresh()  # as the worker does each minute
    results.append(_first(engine, workload, "slots.first_full6", weeks_read=FULL_WEEKS + 1))
    return results


def measure_many(engine: str, workload: Workload) -> list[Result]:
    """Every slot of every professional over 4 weeks, and the memory that 13 weeks take."""
    days.refresh()

    def search(weeks: int) -> Callable[[], object]:
        wanted = Search(workload.type_id, instant(0), instant(weeks), frozenset(workload.professionals))
        return _fresh(lambda: find_slots(db.session(), wanted, NOW))

    waits = durations(search(4), N)
    return [
        Result("slots.96x4w", engine, N, round(median(waits), 3), "ms"),
        Result("slots.96x4w.p95", engine, N, p95(waits), "ms"),
        Result("slots.96x13w.memory", engine, 1, peak_megabytes(search(WEEKS)), "MB"),
    ]


def _all_of_one(engine: str, workload: Workload, name: str, weeks: int) -> Result:
    one = frozenset(workload.professionals[:1])
    search = Search(workload.type_id, instant(0), instant(weeks), one)
    ours = milliseconds(_fresh(lambda: find_slots(db.session(), search, NOW)), N)
    return Result(name, engine, N, ours, "ms", milliseconds(_fresh(_bare(workload.professionals[:1], weeks)), N))


def _first(engine: str, workload: Workload, name: str, weeks_read: int) -> Result:
    search = Search(workload.type_id, instant(0), instant(WEEKS), frozenset(workload.professionals))
    ours = milliseconds(_fresh(lambda: first_slots(db.session(), search, NOW, 1)), N)
    return Result(name, engine, N, ours, "ms", milliseconds(_fresh(_bare(workload.professionals, weeks_read)), N))


def _fresh(work: Callable[[], object]) -> Callable[[], object]:
    """Each run reads from a snapshot of its own, which ends as that of a request does."""

    def run() -> None:
        work()
        finish_reading(db.session())

    return run


_SELECT = sa.text(
    "SELECT resource_id, starts_at, ends_at FROM occupancy"
    " WHERE resource_id = :key AND starts_at >= :start AND starts_at < :end"
)


def _bare(professionals: tuple[int, ...], weeks: int) -> Callable[[], object]:
    """The floor: a bare SELECT and bit masks of the professionals alone; no rooms, types, openings or absences."""
    start, end = int(instant(0).timestamp()), int(instant(weeks).timestamp())
    grid = Grid.over(start, end)
    opened = grid.paint(span for span in half_hours() if span[1] <= end)
    lattice = grid.comb((grid.cell(first), grid.cell(first), 1) for first, _ in half_hours() if first < end)

    def work() -> list[int]:
        connection: Connection = db.session().connection()
        found: list[int] = []
        for key in professionals:
            rows = connection.execute(_SELECT, {"key": key, "start": start, "end": end})
            busy = grid.paint((starts_at, ends_at) for _, starts_at, ends_at in rows)
            found += indexes(runs(opened & ~busy, 6) & lattice)
        return found

    return work
