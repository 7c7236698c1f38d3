"""The bits of days say what the occupancies say, whoever writes, refreshed or not."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from bench import past, workload
from booking import jobs
from booking.db import db, in_transaction
from booking.reservations import Book, book, cancel, doctor, hold
from booking.reservations.commands import Cancel
from booking.slots import days, schedule
from booking.slots.grid import CELL, Grid
from booking.slots.models import Occupancy, changed_day, taken_day
from tests.builders import NOW, Cast, act, count, paris
from tests.reservations.racing import race

MIDNIGHT = int(paris("2026-11-23 01:00").timestamp())  # of a UTC day
WEEK = Grid(MIDNIGHT - 3 * days.DAY, 7 * days.CELLS)


def expected(session: Session, keys: set[int], grid: Grid, **aside: object) -> dict[int, int]:
    """What the occupancies say."""
    spans = schedule.read_occupancies(session, keys, grid, **aside)  # type: ignore[arg-type]
    return {key: mask for key, those in spans.items() if (mask := grid.paint(those))}


def said(session: Session, keys: set[int], grid: Grid, **aside: object) -> dict[int, int]:
    """What the bits say."""
    masks = days.read_taken(session, keys, grid, **aside)  # type: ignore[arg-type]
    return {key: mask for key, mask in masks.items() if mask}


# ------------------------------------------------------------------ the same as the occupancies

CELLS = st.integers(-2 * days.CELLS, 3 * days.CELLS)
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.integers(0, 2), CELLS, st.integers(1, days.CELLS)),
        st.tuples(st.just("give back"), st.integers(0, 9)),
        st.tuples(st.just("shift"), st.integers(0, 9), st.integers(-300, 300)),
        st.tuples(st.just("refresh")),
    ),
    max_size=14,
)
GRIDS = st.builds(lambda first, cells: Grid(MIDNIGHT + first * CELL, cells), CELLS, st.integers(1, 4 * days.CELLS))


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(changes=CHANGES, grid=GRIDS)
def test_whatever_program_writes_the_bits_say_the_same(
    app: Flask, cast: Cast, changes: list[tuple[object, ...]], grid: Grid
) -> None:
    keys = [cast.roux, cast.b1, cast.diallo]
    in_transaction(lambda session: _empty(session))
    for what, *how in changes:
        if what == "refresh":
            days.refresh()
        else:
            in_transaction(lambda session, what=what, how=how: _change(session, keys, str(what), how))
    session = db.session()
    resources = {cast.roux, cast.b1}
    assert said(session, resources, grid) == expected(session, resources, grid)
    days.refresh()
    assert said(session, resources, grid) == expected(session, resources, grid)
    assert days.wrong(session) == []
    session.rollback()


def _empty(session: Session) -> None:
    for table in (Occupancy.__table__, taken_day, changed_day):
        session.execute(sa.delete(table))


def _change(session: Session, keys: list[int], what: str, how: list[int]) -> None:
    """Do it where nothing is in the way: two occupancies never overlap."""
    known = session.scalars(sa.select(Occupancy).order_by(Occupancy.id)).all()
    if what == "take":
        key, start = keys[how[0]], MIDNIGHT + how[1] * CELL
        wanted = (key, start, start + how[2] * CELL, None)
    elif not known:
        return
    else:
        one = known[how[0] % len(known)]
        if what == "give back":
            session.execute(sa.delete(Occupancy).where(Occupancy.id == one.id))
            return
        wanted = (one.resource_id, one.starts_at + how[1] * CELL, one.ends_at + how[1] * CELL, one.id)
    key, start, end, itself = wanted
    if any(
        each.resource_id == key and each.id != itself and each.starts_at < end and start < each.ends_at
        for each in known
    ):
        return
    values = {"resource_id": key, "starts_at": start, "ends_at": end}
    if itself is None:
        session.execute(sa.insert(Occupancy).values(**values, block="test"))
    else:
        session.execute(sa.update(Occupancy).where(Occupancy.id == itself).values(**values))


@pytest.mark.parametrize("refreshed", [False, True])
def test_an_appointment_that_moves_and_a_hold_that_has_expired_are_set_aside(
    cast: Cast, session: Session, refreshed: bool
) -> None:
    one = book(Book("b", cast.entretien, paris("2026-11-23 09:00"), cast.roux, cast.diallo), act())
    hold(Book("h", cast.entretien, paris("2026-11-23 10:00"), cast.roux, cast.kone), act())
    if refreshed:
        days.refresh()
    session.rollback()
    keys, late = {cast.roux, cast.b1, cast.b2}, int((NOW + timedelta(hours=1)).timestamp())
    for aside in ({}, {"ignoring": [one.appointment_id]}, {"asked_at": late}, {"ignoring": [99], "asked_at": 1}):
        assert said(session, keys, WEEK, **aside) == expected(session, keys, WEEK, **aside), aside
    both = {"ignoring": [one.appointment_id], "asked_at": late}
    assert said(session, keys, WEEK, **both) == {}


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_what_is_set_aside_is_found_by_its_cause_once_sqlite_has_counted(app: Flask) -> None:
    """What is held is rare: counted with the rest, it would be looked for in every occupancy (374 ms of a million)."""
    past.fill(workload.store(busy=False), 2000)  # which ends with ANALYZE
    read = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda _1, _2, sql, about, _3, _4: read.append((sql, about)))
    days.read_taken(db.session(), {1}, WEEK)
    [(sql, about)] = [(sql, about) for sql, about in read if "taken_day" in sql]
    plan = [row[-1] for row in db.session().connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", about)]
    assert [step for step in plan if step.startswith("SCAN occupancy")] == []
    assert len([step for step in plan if step.startswith("SEARCH occupancy USING INDEX")]) == 4
    db.session.rollback()


# ------------------------------------------------------------------ written anew


def test_the_worker_writes_the_days_that_changed(cast: Cast, session: Session) -> None:
    book(Book("b", cast.entretien, paris("2026-11-23 09:00"), cast.roux, cast.diallo), act())
    assert (count(session, taken_day), count(session, changed_day)) == (0, 2), "a professional and a room"
    assert (jobs.refresh(NOW), jobs.refresh(NOW)) == (2, 0)
    assert (count(session, taken_day), count(session, changed_day)) == (2, 0)


def test_many_changes_are_written_in_several_transactions(cast: Cast, session: Session) -> None:
    starts = [f"2026-11-{day} 09:00" for day in (23, 24, 25)]
    for start in starts:
        book(Book(start, cast.entretien, paris(start), cast.roux, cast.diallo), act())
    assert days.refresh(at_once=3) == 2 * len(starts)
    assert (count(session, taken_day), count(session, changed_day)) == (2 * len(starts), 0)
    assert days.wrong(session) == []


def test_a_day_that_is_free_again_is_forgotten(cast: Cast, session: Session) -> None:
    uid = book(Book("b", cast.entretien, paris("2026-11-23 09:00"), cast.roux, cast.diallo), act()).uid
    days.refresh()
    cancel(Cancel("c", uid, "usager"), act())
    days.refresh()
    assert (count(session, taken_day), count(session, changed_day)) == (0, 0)


def test_booked_while_it_is_written_anew(app: Flask, cast: Cast, session: Session) -> None:
    def booked(start: str, who: int) -> object:
        return book(Book(f"b{start}", cast.entretien, paris(start), cast.roux, who), act())

    starts = [f"2026-11-23 {hour:02}:{minute:02}" for hour in (9, 10, 11, 14) for minute in (0, 30)]
    commands = [lambda start=start: booked(start, cast.diallo) for start in starts]
    outcome = race(app, [*commands, *[days.refresh] * 8])
    assert outcome == {"ok": 16}
    assert days.wrong(session) == []
    session.rollback()
    days.refresh()
    assert said(session, {cast.roux}, WEEK) == expected(session, {cast.roux}, WEEK)
    assert doctor.examine() == []


# ------------------------------------------------------------------ the triggers


def test_they_are_in_place_and_can_be_installed_again(cast: Cast, session: Session) -> None:
    assert days.problems(session.connection()) == []
    days.install(session.connection())
    assert days.problems(session.connection()) == []
    days.uninstall(session.connection())
    assert len(days.problems(session.connection())) == (3 if session.connection().dialect.name == "sqlite" else 1)


WEAKENED = {
    "sqlite": (
        "DROP TRIGGER occupancy_changed_day_insert",
        "CREATE TRIGGER occupancy_changed_day_insert AFTER INSERT ON occupancy BEGIN SELECT 1; END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION changed_day() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
    ),
}


def test_one_that_does_nothing_counts_as_missing(cast: Cast, session: Session, engine_name: str) -> None:
    for statement in WEAKENED[engine_name]:
        session.connection().exec_driver_sql(statement)
    assert len(days.problems(session.connection())) == 1
