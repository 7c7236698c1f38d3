"""The bench measures what was agreed, under the names that were agreed."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from bench import report, workload
from bench.measure import Result, milliseconds, per_second
from booking.db import db
from booking.slots.availability import Search, find_slots, first_slots

NAMES = [
    "slots.1w",
    "slots.4w",
    "slots.13w",
    "slots.first",
    "slots.first_full6",
    "slots.96x4w",
    "slots.96x4w.p95",
    "slots.96x13w.memory",
    "book.engine",
    "book.http.1",
    "book.http.1.p99",
    "book.http.16",
    "book.http.16.p99",
    "grow.slots.1e4",
    "grow.slots.1e6",
    "grow.book.1e4",
    "grow.book.1e6",
    "feed.5000.cold",
    "feed.5000.warm",
    "page.day",
    "page.slots",
    "page.slots.p95",
    "page.slots.none",
    "page.slots.none.p95",
]
WITH_A_FLOOR = {name for name in NAMES if name.startswith(("slots", "book")) and not name.startswith("slots.96")}
RATES = {name for name in NAMES if name.startswith("book") and not name.endswith("p99")}
UNITS = {**dict.fromkeys(RATES, "per_second"), "slots.96x13w.memory": "MB"}
COMMITTED = json.loads(report.FILE.read_text(encoding="utf-8"))


# ------------------------------------------------------------------ the file


def test_each_figure_is_there_once_for_each_database() -> None:
    found = Counter((each["name"], each["engine"]) for each in COMMITTED)
    assert found == {(name, engine): 1 for name in NAMES for engine in ("sqlite", "postgresql")}


@pytest.mark.parametrize("figure", COMMITTED, ids=lambda each: f"{each['name']} {each['engine']}")
def test_a_figure_says_what_it_is(figure: dict[str, object]) -> None:
    fields = {"name", "engine", "n", "median", "unit"}
    has_floor = figure["name"] in WITH_A_FLOOR
    assert set(figure) == (fields | {"floor", "ratio"} if has_floor else fields)
    assert figure["unit"] == UNITS.get(str(figure["name"]), "ms")
    assert all(number > 0 for number in figure.values() if isinstance(number, int | float))


def test_a_floor_gives_a_ratio() -> None:
    assert Result("a", "sqlite", 3, 12.0, "ms", 4.0).as_json()["ratio"] == 3.0
    assert set(Result("a", "sqlite", 3, 12.0, "ms").as_json()) == {"name", "engine", "n", "median", "unit"}


def test_the_table_has_a_line_a_figure() -> None:
    lines = report.table([Result("slots.1w", "sqlite", 40, 2.5, "ms", 0.5)]).splitlines()
    assert lines[-1].split() == ["slots.1w", "sqlite", "40", "2.50", "ms", "0.50", "5.00"]


def test_timing_counts_what_it_says() -> None:
    calls: list[int] = []
    assert milliseconds(lambda: calls.append(1), n=5, warm=2) >= 0
    assert len(calls) == 7, "the first two warm up"
    assert per_second(lambda: 3)[0] == 3


# ------------------------------------------------------------------ the workload


def test_13_weeks_of_weekdays_from_8h30_to_17h30() -> None:
    spans = list(workload.half_hours())
    assert len(spans) == 13 * 5 * 18
    first = datetime(2026, 11, 30, 7, 30, tzinfo=UTC)
    assert spans[0] == (int(first.timestamp()), int((first + timedelta(minutes=30)).timestamp()))
    assert datetime.fromtimestamp(spans[-1][1], UTC) == datetime(2027, 2, 26, 16, 30, tzinfo=UTC)


# Python keeps the sequence of random() for a seed (« Notes on Reproducibility » of its library reference).
PINNED = [
    ("professionals", workload.PROFESSIONALS, 42, 5564),
    ("rooms", workload.ROOMS, 43, 11877),
]


@pytest.mark.parametrize(("what", "count", "seed", "cells"), PINNED, ids=[row[0] for row in PINNED])
def test_the_same_half_hours_are_taken_on_every_machine(what: str, count: int, seed: int, cells: int) -> None:
    resources = range(1, count + 1)
    rows = workload.taken(resources, seed)
    assert rows == workload.taken(resources, seed)
    assert len(rows) == cells, what
    assert {row["block"] for row in rows} == {"bench"}


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_what_is_searched_is_there_to_be_found(app: Flask) -> None:
    stored = workload.store()
    period = workload.instant(0), workload.instant(workload.WEEKS)
    of_one = Search(stored.type_id, *period, frozenset(stored.professionals[:1]))
    of_all = Search(stored.type_id, *period, frozenset(stored.professionals))
    found = find_slots(db.session(), of_one, workload.NOW)
    assert 0.35 < len(found) / (13 * 5 * 18) < 0.45, "what is not taken, a room being nearly always free"
    assert first_slots(db.session(), of_all, workload.NOW, 1)[0].start < workload.instant(1)
    workload.fill_first_weeks(stored)
    db.session.rollback()
    first = first_slots(db.session(), of_all, workload.NOW, 1)[0].start
    assert workload.instant(workload.FULL_WEEKS) <= first < workload.instant(workload.FULL_WEEKS + 1)
