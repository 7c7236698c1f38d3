"""Nobody rewrites what happened and who was told, whoever writes, and we notice when somebody could."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from flask import Flask
from sqlalchemy import exc
from sqlalchemy.orm import Session

from booking import config, schema
from booking.db import in_transaction
from booking.reservations import append_only, doctor
from booking.reservations.models import Appointment, History, Told
from tests.builders import NOW, Cast, paris, rows_of, store
from tests.cli.running import run as command

Tamper = Callable[[sa.Connection], object]

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"])
on_postgresql = pytest.mark.parametrize("engine_name", ["postgresql"])

KEY = 7  # of the appointment, and of the change that told somebody
OTHER = 8  # the change that told nobody


@pytest.fixture
def written(cast: Cast) -> None:
    """A booking that Mr Diallo was told, and a change that nobody was told."""
    span = {"starts_at": paris("2026-11-23 09:00"), "ends_at": paris("2026-11-23 09:15")}
    kind = {"site_id": cast.site, "type_id": cast.appel, "mode": "phone", "buffer_before": 0, "buffer_after": 0}
    store(Appointment(id=KEY, uid="a7", created_at=NOW, updated_at=NOW, **kind, **span))
    done = {"appointment_id": KEY, "at": NOW, "origin": "web", "before": {}, "after": {}}
    store(History(id=KEY, action="booked", **done), History(id=OTHER, action="attendance", **done))
    store(Told(history_id=KEY, usager_id=cast.diallo, change="booked", notice=0))


def problems() -> list[str]:
    """What `append_only.problems` says, in a transaction that may write."""
    return in_transaction(lambda session: append_only.problems(session.connection()))


def tamper(change: Tamper) -> None:
    in_transaction(lambda session: change(session.connection()) and None)


def run(statement: str) -> None:
    """Write as somebody who knows nothing of our rules."""
    tamper(lambda connection: connection.exec_driver_sql(statement))


def kept(session: Session) -> list[object]:
    """Every row of both tables, from a fresh snapshot."""
    session.rollback()
    return [row for table in append_only.KEYS for row in session.execute(sa.text(f"SELECT * FROM {table}"))]  # noqa: S608 (our own names)


# ------------------------------------------------------------------ nothing is rewritten

REFUSED = {
    "update of one": "UPDATE history SET origin = 'cli' WHERE id = 7",
    "update that changes nothing": "UPDATE history SET at = at",
    "update of what was told": "UPDATE told SET notice = 9",
    "delete of one": "DELETE FROM history WHERE id = 8",
    "delete of all": "DELETE FROM history",
    "delete of what was told": "DELETE FROM told",
    "upsert": "INSERT INTO history (id, appointment_id, at, origin, action, before, after)"
    " SELECT id, appointment_id, at, 'cli', action, before, after FROM history WHERE id = 7"
    " ON CONFLICT (id) DO UPDATE SET origin = 'cli'",
    "upsert of what was told": "INSERT INTO told (history_id, usager_id, change, notice)"
    " SELECT history_id, usager_id, change, 9 FROM told WHERE notice = 0"
    " ON CONFLICT (history_id, usager_id) DO UPDATE SET notice = 9",
}
REFUSED_BY_SQLITE = {
    "update or replace": "UPDATE OR REPLACE history SET id = 8 WHERE id = 7",
    "update or ignore": "UPDATE OR IGNORE told SET notice = 9",
    "replace": "REPLACE INTO history (id, appointment_id, at, origin, action, before, after)"
    " SELECT id, appointment_id, at, 'cli', action, before, after FROM history WHERE id = 8",
    "replace of what was told": "REPLACE INTO told SELECT history_id, usager_id, change, 9 FROM told",
}
REFUSED_BY_POSTGRESQL = {
    "truncate": "TRUNCATE history, told",
    "truncate of what was told": "TRUNCATE told",
    "truncate of what they hang on": "TRUNCATE appointment CASCADE",
    "merge": "MERGE INTO told USING usager ON usager.id = told.usager_id WHEN MATCHED THEN DELETE",
    "update of nothing": "UPDATE history SET at = at WHERE false",
}


def refuses(session: Session, statement: str) -> None:
    before = kept(session)
    assert len(before) == 3
    with pytest.raises(exc.IntegrityError, match=append_only.NAME):
        run(statement)
    assert kept(session) == before


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED)
def test_no_statement_rewrites(session: Session, statement: str) -> None:
    refuses(session, statement)


@on_sqlite
@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("statement", REFUSED_BY_SQLITE.values(), ids=REFUSED_BY_SQLITE)
def test_no_form_of_sqlites_writes_gets_round_it(session: Session, statement: str) -> None:
    refuses(session, statement)


@on_sqlite
@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("statement", REFUSED_BY_SQLITE.values(), ids=REFUSED_BY_SQLITE)
def test_another_program_gets_round_it_no_better(session: Session, settings: config.Settings, statement: str) -> None:
    """It asks SQLite neither for foreign keys nor for recursive triggers: its REPLACE deletes without a trigger."""
    before = kept(session)
    session.rollback()
    other = sqlite3.connect(settings.instance / "booking.sqlite")
    with pytest.raises(sqlite3.IntegrityError, match=append_only.NAME):
        other.execute(statement)
    other.close()
    assert kept(session) == before


@on_postgresql
@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("statement", REFUSED_BY_POSTGRESQL.values(), ids=REFUSED_BY_POSTGRESQL)
def test_no_form_of_postgresqls_writes_gets_round_it(session: Session, statement: str) -> None:
    refuses(session, statement)


@pytest.mark.usefixtures("written")
def test_one_may_always_add(cast: Cast, session: Session) -> None:
    done = {"appointment_id": KEY, "at": NOW, "origin": "web", "before": {}, "after": {}}
    store(History(action="moved", **done), History(action="cancelled", **done))
    store(Told(history_id=KEY, usager_id=cast.kone, change="booked", notice=0))
    assert len(kept(session)) == 6


# ------------------------------------------------------------------ we look


def test_after_the_migrations_nothing_is_wrong(cast: Cast) -> None:
    assert problems() == []


@pytest.mark.usefixtures("written")
def test_nor_with_something_to_rewrite(cast: Cast) -> None:
    assert problems() == []


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("standing", [True, False], ids=["they stand", "they are gone"])
def test_looking_leaves_nothing_behind(repaired: None, session: Session, standing: bool) -> None:
    if not standing:
        tamper(append_only.uninstall)
    counts, rows = rows_of(session, schema.metadata), kept(session)
    problems()
    assert rows_of(session, schema.metadata) == counts
    assert kept(session) == rows


@on_sqlite
def test_looking_puts_off_no_later_check_of_a_foreign_key(cast: Cast) -> None:
    def look(session: Session) -> object:
        append_only.problems(session.connection())
        return session.execute(sa.text("PRAGMA defer_foreign_keys")).scalar()

    assert in_transaction(look) == 0


# ------------------------------------------------------------------ they are missed

ACCEPTED = [f"accepts:{table}:{verb}" for table in append_only.KEYS for verb in ("update", "delete")]
TRIGGERS = [
    (engine, table, verb) for engine, verbs in append_only.VERBS.items() for table in append_only.KEYS for verb in verbs
]


@pytest.fixture
def repaired(cast: Cast) -> Iterator[None]:
    """PostgreSQL's database serves other tests: its triggers are put back."""
    yield
    tamper(append_only.install)


@pytest.mark.usefixtures("repaired")
def test_without_them_the_catalog_and_the_attempts_say_so(engine_name: str) -> None:
    tamper(append_only.uninstall)
    missing = sorted(f"missing:{table}_append_only_{verb}" for engine, table, verb in TRIGGERS if engine == engine_name)
    assert problems() == missing + ACCEPTED
    assert {problem.check for problem in doctor.examine()} == {"append_only"}
    tamper(append_only.install)
    assert problems() == []


@pytest.mark.usefixtures("repaired")
def test_the_command_says_it_in_french(app: Flask, engine_name: str) -> None:
    run("DROP TRIGGER told_append_only_delete" + {"sqlite": "", "postgresql": " ON told"}[engine_name])
    said = command(app, "doctor")
    assert (said.exit_code, said.stdout.splitlines()) == (
        1,
        [
            "La base n’empêche plus de réécrire l’histoire : manque told_append_only_delete.",
            "La base n’empêche plus de réécrire l’histoire : accepte told:delete.",
        ],
    )


@pytest.mark.usefixtures("repaired")
@pytest.mark.parametrize(("engine_name", "table", "verb"), TRIGGERS, ids=["-".join(row) for row in TRIGGERS])
def test_one_that_is_dropped_is_noticed(table: str, verb: str, engine_name: str) -> None:
    drop = f"DROP TRIGGER {table}_append_only_{verb}"
    run(drop if engine_name == "sqlite" else f"{drop} ON {table}")
    expected = [f"missing:{table}_append_only_{verb}", f"accepts:{table}:{verb}"]
    # REPLACE and TRUNCATE are not tried; the catalog speaks for them.
    assert problems() == expected[: 2 if verb in ("update", "delete") else 1]
    assert [problem.about for problem in doctor.examine() if problem.check == "append_only"] == problems()


DISABLED = [(table, verb) for engine, table, verb in TRIGGERS if engine == "postgresql"]


@on_postgresql
@pytest.mark.usefixtures("repaired")
@pytest.mark.parametrize(("table", "verb"), DISABLED, ids=["-".join(row) for row in DISABLED])
def test_one_that_is_disabled_is_noticed(table: str, verb: str) -> None:
    name = f"{table}_append_only_{verb}"
    run(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
    assert problems()[0] == f"missing:{name}"
    run(f"ALTER TABLE {table} ENABLE TRIGGER {name}")
    assert problems() == []


def hollow(connection: sa.Connection) -> None:
    """Leave every trigger its name, and take away what it does."""
    if connection.dialect.name == "postgresql":
        body = "RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$"
        connection.exec_driver_sql(f"CREATE OR REPLACE FUNCTION append_only() {body}")
        return
    append_only.uninstall(connection)
    for table in append_only.KEYS:
        for verb, event in (("update", "UPDATE"), ("delete", "DELETE"), ("replace", "INSERT")):
            name = f"{table}_append_only_{verb}"
            connection.exec_driver_sql(f"CREATE TRIGGER {name} BEFORE {event} ON {table} BEGIN SELECT 1; END")


@pytest.mark.usefixtures("repaired")
def test_triggers_of_those_names_that_refuse_nothing_are_noticed() -> None:
    tamper(hollow)
    assert problems() == ACCEPTED


def rebuild(table: str) -> None:
    """Add a column as Alembic does on SQLite when it must: it copies the rows and drops the old table."""

    def migrate(connection: sa.Connection) -> None:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table(table, recreate="always") as batch:
            batch.add_column(sa.Column("note", sa.String(20)))

    tamper(migrate)


@on_sqlite
@pytest.mark.parametrize("table", append_only.KEYS)
def test_a_batch_alter_drops_the_triggers_and_is_noticed(cast: Cast, table: str) -> None:
    rebuild(table)
    missing = [f"missing:{table}_append_only_{verb}" for verb in ("delete", "replace", "update")]
    expected = [*missing, f"accepts:{table}:update", f"accepts:{table}:delete"]
    assert problems() == expected
    assert [problem.about for problem in doctor.examine() if problem.check == "append_only"] == expected
    tamper(append_only.install)
    assert problems() == []


@on_sqlite
@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("table", append_only.KEYS)
def test_a_column_more_or_less_leaves_them(cast: Cast, table: str) -> None:
    def migrate(connection: sa.Connection) -> None:
        operations = Operations(MigrationContext.configure(connection))
        operations.add_column(table, sa.Column("note", sa.String(20)))
        operations.drop_column(table, "note")

    tamper(migrate)
    assert problems() == []


@on_sqlite
@pytest.mark.usefixtures("written")
def test_a_batch_alter_of_the_history_fails_while_somebody_was_told(session: Session) -> None:
    """SQLite drops no table that rows refer to: a migration that must rebuild it does so before, or without, `told`."""
    before = kept(session)
    with pytest.raises(exc.IntegrityError, match="FOREIGN KEY"):
        rebuild("history")
    assert kept(session) == before
    assert problems() == []
