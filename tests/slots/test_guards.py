"""The database refuses an overlap whoever writes, and we notice when it no longer does."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import exc
from sqlalchemy.orm import Session

from booking import schema
from booking.db import in_transaction
from booking.reservations import doctor
from booking.slots import guards
from booking.slots.models import Occupancy
from tests.builders import Cast, block, rows_of, store

NINE = "2026-11-23 09:00"
Tamper = Callable[[sa.Connection], object]

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"])


def problems() -> list[str]:
    """What `guards.problems` says, in a transaction that may write."""
    return in_transaction(lambda session: guards.problems(session.connection()))


def tamper(change: Tamper) -> None:
    in_transaction(lambda session: change(session.connection()) and None)


def run(statement: str, **values: object) -> None:
    """Write as somebody who knows nothing of our rules."""
    in_transaction(lambda session: session.execute(sa.text(statement), values) and None)


# ------------------------------------------------------------------ they stand


def test_after_the_migrations_nothing_is_wrong(cast: Cast, session: Session) -> None:
    assert problems() == []
    assert doctor.examine() == []


def test_looking_leaves_nothing_behind(cast: Cast, session: Session) -> None:
    before = rows_of(session, schema.metadata)
    problems()
    assert rows_of(session, schema.metadata) == before


INSERT = "INSERT INTO occupancy (resource_id, starts_at, ends_at, block) VALUES (:who, :start, :end, 'x')"
OVERLAPS = [
    (0, 1800, "the same span"),
    (-300, 300, "over its start"),
    (1500, 2100, "over its end"),
    (600, 900, "within"),
    (-300, 2100, "around"),
    (-84000, 300, "a day that ends within"),
]


@pytest.mark.parametrize(("start", "end", "because"), OVERLAPS, ids=[row[2] for row in OVERLAPS])
def test_an_overlap_is_refused(cast: Cast, start: int, end: int, because: str) -> None:
    taken = block(cast.b1, NINE, "2026-11-23 09:30")
    nine = taken.starts_at
    store(taken)
    with pytest.raises(exc.IntegrityError, match=guards.GUARD):
        run(INSERT, who=cast.b1, start=nine + start, end=nine + end)
    run(INSERT, who=cast.b2, start=nine + start, end=nine + end)  # another room may
    with pytest.raises(exc.IntegrityError, match=guards.GUARD):
        run("UPDATE occupancy SET resource_id = :to WHERE resource_id = :who", who=cast.b2, to=cast.b1)


def test_spans_may_touch(cast: Cast, session: Session) -> None:
    taken = block(cast.b1, NINE, "2026-11-23 09:30")
    nine = taken.starts_at
    store(taken)
    run(INSERT, who=cast.b1, start=nine - 1800, end=nine)
    run(INSERT, who=cast.b1, start=nine + 1800, end=nine + 3600)
    run("UPDATE occupancy SET ends_at = ends_at - 300 WHERE starts_at = :nine", nine=nine)  # one may shrink
    spans = session.execute(sa.select(Occupancy.starts_at, Occupancy.ends_at).order_by(Occupancy.starts_at)).all()
    assert spans == [(nine - 1800, nine), (nine, nine + 1500), (nine + 1800, nine + 3600)]


MALFORMED = [
    (300, 300, "it lasts nothing"),
    (600, 300, "it ends before it starts"),
    (1, 301, "off the 5-minute grid"),
    (0, 86700, "longer than a day"),
    (None, 300, "no start"),
    (0, None, "no end"),
]


@pytest.mark.parametrize(("start", "end", "because"), MALFORMED, ids=[row[2] for row in MALFORMED])
def test_a_span_that_makes_no_sense_is_refused(cast: Cast, start: int | None, end: int | None, because: str) -> None:
    with pytest.raises(exc.IntegrityError):
        run(INSERT, who=cast.b1, start=start, end=end)


@on_sqlite
@pytest.mark.parametrize("start", [300.5, 0.5, "soon", "300.5", b"300"], ids=repr)
def test_sqlite_stores_nothing_but_integers(cast: Cast, start: object) -> None:
    """SQLite keeps what it cannot convert, and compares it with nothing: it would overlap nothing."""
    with pytest.raises(exc.IntegrityError):
        run(INSERT, who=cast.b1, start=start, end=600)
    run(INSERT, who=cast.b1, start=0, end=600)
    with pytest.raises(exc.IntegrityError):
        run("UPDATE occupancy SET starts_at = :start", start=start)


REPLACING = {
    "insert or replace, that row": "INSERT OR REPLACE INTO occupancy (id, resource_id, starts_at, ends_at, block)"
    " VALUES (:id, :who, 300, 900, 'x')",
    "insert or replace, another": "INSERT OR REPLACE INTO occupancy (id, resource_id, starts_at, ends_at, block)"
    " VALUES (99, :who, 300, 900, 'x')",
    "insert or ignore": "INSERT OR IGNORE INTO occupancy (id, resource_id, starts_at, ends_at, block)"
    " VALUES (99, :who, 300, 900, 'x')",
    "update or replace": "UPDATE OR REPLACE occupancy SET starts_at = 300 WHERE starts_at = 1200",
    "upsert": "INSERT INTO occupancy (id, resource_id, starts_at, ends_at, block)"
    " VALUES (:id, :who, 600, 900, 'x') ON CONFLICT (id) DO UPDATE SET starts_at = 900, ends_at = 1500",
}


@on_sqlite
@pytest.mark.parametrize("statement", REPLACING.values(), ids=REPLACING)
def test_no_form_of_sqlites_writes_gets_round_the_guard(cast: Cast, session: Session, statement: str) -> None:
    run(INSERT, who=cast.b1, start=0, end=600)
    run(INSERT, who=cast.b1, start=1200, end=1800)
    before = session.execute(sa.text("SELECT * FROM occupancy")).all()
    session.rollback()
    first = before[0].id
    with pytest.raises(exc.IntegrityError):
        run(statement, who=cast.b1, id=first)
    assert session.execute(sa.text("SELECT * FROM occupancy")).all() == before


# ------------------------------------------------------------------ they are missed


@pytest.fixture
def repaired(cast: Cast) -> Iterator[None]:
    """PostgreSQL's database serves other tests: its guard is put back."""
    yield
    tamper(lambda connection: (guards.uninstall(connection), guards.install(connection)))


GONE = {
    "sqlite": ["missing:occupancy_no_overlap_insert", "missing:occupancy_no_overlap_update"],
    "postgresql": ["missing:occupancy_no_overlap"],
}


@pytest.mark.usefixtures("repaired")
def test_without_the_guards_the_catalog_and_the_attempts_say_so(cast: Cast, engine_name: str) -> None:
    tamper(guards.uninstall)
    assert problems() == [*GONE[engine_name], "accepts:insert", "accepts:update"]
    run(INSERT, who=cast.b1, start=0, end=600)
    run(INSERT, who=cast.b1, start=300, end=900)
    found = {problem.check for problem in doctor.examine()}
    assert found == {"guard", "overlap"}
    run("DELETE FROM occupancy")


@pytest.mark.usefixtures("repaired")
def test_put_back_they_stand_again(cast: Cast) -> None:
    tamper(guards.uninstall)
    tamper(guards.install)
    assert problems() == []


@on_sqlite
@pytest.mark.parametrize("verb", ["insert", "update"])
def test_half_a_guard_is_noticed(cast: Cast, verb: str) -> None:
    tamper(lambda connection: connection.exec_driver_sql(f"DROP TRIGGER {guards.GUARD}_{verb}"))
    assert problems() == [f"missing:{guards.GUARD}_{verb}", f"accepts:{verb}"]


@on_sqlite
def test_a_guard_of_that_name_that_guards_nothing_is_noticed(cast: Cast) -> None:
    def hollow(connection: sa.Connection) -> None:
        guards.uninstall(connection)
        for verb in ("insert", "update"):
            trigger = f"CREATE TRIGGER {guards.GUARD}_{verb} BEFORE {verb} ON occupancy BEGIN SELECT 1; END"
            connection.exec_driver_sql(trigger)

    tamper(hollow)
    assert problems() == ["accepts:insert", "accepts:update"]


@on_sqlite
def test_a_batch_alter_drops_the_triggers_and_is_noticed(cast: Cast, session: Session) -> None:
    """Alembic rebuilds a table of SQLite to change a constraint; its triggers go with the old one, without a word."""
    run(INSERT, who=cast.b1, start=0, end=600)

    def migrate(connection: sa.Connection) -> None:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("occupancy", recreate="always") as batch:
            batch.add_column(sa.Column("note", sa.String(20)))

    tamper(migrate)
    assert session.execute(sa.text("SELECT note FROM occupancy")).all() == [(None,)], "the data is there"
    session.rollback()
    expected = [*GONE["sqlite"], "accepts:insert", "accepts:update"]
    assert problems() == expected
    assert [problem.about for problem in doctor.examine() if problem.check == "guard"] == expected
    tamper(guards.install)
    assert problems() == []
