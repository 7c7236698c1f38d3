"""The one way to write: whole or not at all, tried again when that helps, and a clear refusal when it does not."""

from __future__ import annotations

import ast
import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from booking import config, create_app, postgresql, reservations, sqlite
from booking.db import (
    ATTEMPTS,
    UtcDateTime,
    accepts,
    db,
    engine_options,
    execute,
    finish_reading,
    in_transaction,
    relaxed,
)
from booking.errors import DatabaseUnavailable, NotFound
from booking.people.models import Agent, Profession
from booking.resources import Resource, lock, new_resource
from tests.builders import PARIS

# How each database names a constraint when it refuses.
NAMED = {"sqlite": {}, "postgresql": {"profession.code": "uq_profession_code"}}


def professions(session: Session) -> list[str]:
    """Their codes, from a fresh snapshot."""
    session.rollback()
    return list(session.scalars(sa.select(Profession.code)))


def test_it_commits_what_the_work_did_and_returns_its_value(app: Flask, session: Session) -> None:
    def work(inside: Session) -> str:
        inside.add(Profession(code="a", name="A"))
        return "done"

    assert in_transaction(work) == "done"
    assert professions(session) == ["a"]


def test_an_error_leaves_nothing(app: Flask, session: Session) -> None:
    def work(inside: Session) -> None:
        inside.add(Profession(code="a", name="A"))
        inside.flush()
        raise KeyError

    with pytest.raises(KeyError):
        in_transaction(work)
    assert professions(session) == []


def test_changes_pending_outside_are_refused(app: Flask, session: Session) -> None:
    session.add(Profession(code="a", name="A"))
    with pytest.raises(RuntimeError):
        in_transaction(lambda _: None)


def test_it_sees_what_was_committed_since_the_session_last_read(app: Flask, session: Session) -> None:
    assert list(session.scalars(sa.select(Profession))) == []

    def elsewhere() -> None:
        with app.app_context():
            in_transaction(lambda inside: inside.add(Profession(code="a", name="A")))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert in_transaction(lambda inside: list(inside.scalars(sa.select(Profession.code)))) == ["a"]


PASSING = [
    (psycopg.errors.DeadlockDetected("x"), "deadlock"),
    (psycopg.errors.SerializationFailure("x"), "serialization failure"),
    (psycopg.errors.LockNotAvailable("x"), "lock time-out"),
]


@pytest.mark.parametrize("error", [row[0] for row in PASSING], ids=[row[1] for row in PASSING])
def test_what_may_pass_is_tried_again_whole(app: Flask, session: Session, error: Exception) -> None:
    tries = []

    def work(inside: Session) -> None:
        tries.append(1)
        inside.add(Profession(code=f"try-{len(tries)}", name="A"))
        inside.flush()
        if len(tries) < ATTEMPTS:
            raise sa.exc.OperationalError("statement", {}, error)

    in_transaction(work)
    assert professions(session) == [f"try-{ATTEMPTS}"]


def test_after_four_tries_it_is_unavailable(app: Flask, session: Session) -> None:
    tries = []

    def work(inside: Session) -> None:
        tries.append(1)
        raise sa.exc.OperationalError("statement", {}, psycopg.errors.DeadlockDetected("x"))

    with pytest.raises(DatabaseUnavailable):
        in_transaction(work)
    assert len(tries) == ATTEMPTS


def test_every_use_case_that_has_a_key_says_so() -> None:
    """Then it is tried again even when nobody knows whether it was committed; the key makes it act once."""
    runners, keyed = ("in_transaction", "making_way"), 0
    for path in Path(reservations.__file__).parent.glob("*.py"):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef) and any(each.arg == "command" for each in function.args.args):
                for call in ast.walk(function):
                    if isinstance(call, ast.Call) and getattr(call.func, "id", "") in runners:
                        assert "key=command.key" in ast.unparse(call), f"{path.name}, {function.name}"
                        keyed += 1
    assert keyed >= 7


def test_a_bug_is_not_tried_again(app: Flask) -> None:
    tries = []

    def work(session: Session) -> None:
        tries.append(1)
        session.execute(sa.text("INSERT INTO profession (code) VALUES ('a')"))

    with pytest.raises(sa.exc.IntegrityError):
        in_transaction(work)
    assert len(tries) == 1


@contextmanager
def exclusively(path: Path) -> Iterator[None]:
    """Somebody else holds the SQLite file and does not let go."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    yield
    other.execute("ROLLBACK")
    other.close()


@pytest.mark.parametrize("engine_name", ["sqlite"], scope="function")
class TestSqlite:
    """What is particular to SQLite."""

    def test_a_database_that_stays_locked_is_unavailable(
        self, app: Flask, session: Session, settings: config.Settings
    ) -> None:
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 10")
        with exclusively(settings.instance / "booking.sqlite"), pytest.raises(DatabaseUnavailable):
            in_transaction(lambda inside: inside.add(Profession(code="a", name="A")))
        assert professions(session) == []

    def test_writers_wait_their_turn_behind_the_file_lock(
        self, app: Flask, settings: config.Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqlite, "TURN_SECONDS", 0.05)
        holder = os.open(settings.instance / "booking.sqlite.lock", os.O_RDWR | os.O_CREAT)
        fcntl.flock(holder, fcntl.LOCK_EX)
        with pytest.raises(DatabaseUnavailable):
            in_transaction(lambda inside: None)
        os.close(holder)
        assert in_transaction(lambda inside: "free again") == "free again"

    def test_a_writer_that_hangs_does_not_hang_the_others(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sqlite, "TURN_SECONDS", 0.05)
        with sqlite.turn(db.engine), pytest.raises(DatabaseUnavailable):
            in_transaction(lambda inside: None)

    def test_the_pragmas_are_in_force(self, app: Flask, session: Session) -> None:
        values = [
            session.execute(sa.text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        ]
        assert values == ["wal", 2, 1, 1]

    def test_a_read_only_database_is_unavailable(self, app: Flask, session: Session) -> None:
        session.rollback()
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA query_only = ON")
        with pytest.raises(DatabaseUnavailable):
            in_transaction(lambda inside: inside.add(Profession(code="a", name="A")))


def test_a_database_that_is_gone_is_unavailable(tmp_path: Path) -> None:
    url = f"postgresql://nobody@/nothing?host={tmp_path}"
    app = create_app(config.load({"BOOKING_INSTANCE": str(tmp_path), "BOOKING_DATABASE_URL": url}))
    with app.app_context(), pytest.raises(DatabaseUnavailable):
        in_transaction(lambda inside: inside.add(Profession(code="a", name="A")))


def test_instants_come_back_aware_in_utc(app: Flask, session: Session) -> None:
    summer = datetime(2027, 7, 1, 9, tzinfo=PARIS)
    in_transaction(lambda inside: inside.add(Agent(login="a", name="A", created_at=summer)))
    read = session.scalars(sa.select(Agent.created_at)).one()
    assert (read, read.tzinfo) == (summer, UTC)


@pytest.mark.parametrize(
    ("code", "constraint", "accepted"),
    [
        pytest.param("b", "profession.code", True, id="nothing refuses it"),
        pytest.param("a", "profession.code", False, id="that one refuses it"),
        pytest.param("a", "occupancy_no_overlap", True, id="another one refuses it, which proves nothing"),
    ],
)
def test_what_a_constraint_accepts(session: Session, code: str, constraint: str, accepted: bool) -> None:
    session.add(Profession(code="a", name="A"))
    session.commit()
    connection = session.connection()
    named = NAMED[connection.dialect.name].get(constraint, constraint)
    attempt = sa.insert(Profession).values(code=code, name="B")
    assert accepts(connection, lambda: connection.execute(attempt), named) is accepted
    assert professions(session) == ["a"], "and nothing stays of it"


def test_naive_instants_are_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        UtcDateTime().process_bind_param(datetime(2027, 7, 1), sa.create_engine("sqlite://").dialect)  # noqa: DTZ001 (the bug)


def test_resources_are_locked_in_order_and_must_exist(app: Flask, session: Session) -> None:
    keys = in_transaction(lambda inside: [new_resource(inside, "room") for _ in range(3)])
    in_transaction(lambda inside: lock(inside, keys[::-1]))
    with pytest.raises(NotFound):
        in_transaction(lambda inside: lock(inside, [*keys, 999]))
    assert session.scalar(sa.select(sa.func.count()).select_from(Resource)) == 3


def test_a_transaction_inside_of_another_is_refused(app: Flask, session: Session) -> None:
    """The inner one would begin by undoing what the outer one wrote, and nobody would know."""

    def outer(inside: Session) -> None:
        inside.add(Profession(code="a", name="A"))
        inside.flush()
        in_transaction(lambda _: None)

    with pytest.raises(RuntimeError, match="inside of another"):
        in_transaction(outer)
    assert professions(session) == []
    assert in_transaction(lambda _: "usable again") == "usable again"


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_an_instance_folder_that_is_gone_is_unavailable(app: Flask, settings: config.Settings) -> None:
    settings.instance.rename(settings.instance.with_name("moved"))
    with pytest.raises(DatabaseUnavailable):
        in_transaction(lambda inside: inside.add(Profession(code="a", name="A")))


@pytest.mark.parametrize("engine_name", ["postgresql"])
class TestPostgresql:
    """What is particular to PostgreSQL."""

    def test_a_standby_that_only_reads_is_unavailable(self, app: Flask, session: Session) -> None:
        def work(inside: Session) -> None:
            inside.execute(sa.text("SET TRANSACTION READ ONLY"))
            inside.add(Profession(code="a", name="A"))

        with pytest.raises(DatabaseUnavailable):
            in_transaction(work)

    def test_a_server_that_a_cut_cable_took_away_is_noticed(self, app: Flask) -> None:
        """Without this, whoever waits for an answer waits for two hours."""
        with db.engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            given = driver.info.get_parameters()
        silent = int(given["keepalives_idle"]) + int(given["keepalives_interval"]) * int(given["keepalives_count"])
        assert max(silent, int(given["tcp_user_timeout"]) / 1000) <= 60

    def test_the_options_of_the_url_are_kept_beside_ours(self, app: Flask, settings: config.Settings) -> None:
        """A tenant is a schema, named by the search_path of its connections alone."""
        mark = "&" if "?" in settings.database_url else "?"
        url = f"{settings.database_url}{mark}options=-csearch_path%3Dtenant"
        engine = sa.create_engine(url, **engine_options(url))
        with engine.connect() as connection:
            shown = [connection.exec_driver_sql(f"SHOW {name}").scalar() for name in ("search_path", "lock_timeout")]
        engine.dispose()
        assert shown == ["tenant", "4s"]

    def test_a_connection_that_the_server_closed_while_it_rested_is_replaced(
        self, app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgresql, "RESTED", 0)
        pid = sa.text("SELECT pg_backend_pid()")
        with db.engine.connect() as killer:
            killer.execute(pid)
            ours = session.execute(pid).scalar_one()
            session.rollback()
            killer.execute(sa.text("SELECT pg_terminate_backend(:ours, 5000)"), {"ours": ours})
        assert session.execute(pid).scalar_one() != ours

    def test_a_read_that_lost_the_server_leaves_nothing_to_end(self, app: Flask, session: Session) -> None:
        """Whoever read was told; what comes next begins on another connection."""
        with pytest.raises(sa.exc.OperationalError):
            session.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))
        finish_reading(session)
        assert professions(session) == []

    def test_all_statements_of_the_product_stay_prepared(self, app: Flask, session: Session) -> None:
        for number in range(postgresql.PREPARED_MAX - 10):  # that many statements of its own, twice
            for _ in range(2):
                session.execute(sa.text(f"SELECT {number}"))
        names = sa.text("SELECT COUNT(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT %'")
        assert session.execute(names).scalar_one() >= postgresql.PREPARED_MAX - 10

    def test_reads_leave_the_statements_prepared(self, app: Flask) -> None:
        """Or PostgreSQL would plan those of each page anew."""
        for _ in range(3):
            professions(db.session())
            finish_reading(db.session())
        names = sa.text("SELECT COUNT(*) FROM pg_prepared_statements WHERE statement LIKE '%profession%'")
        assert db.session.execute(names).scalar_one() == 1


def waits_for_the_disk() -> bool:
    """What a transaction is told of its commit."""
    asked = {"sqlite": "PRAGMA synchronous", "postgresql": "SHOW synchronous_commit"}[db.engine.dialect.name]
    answer = in_transaction(lambda inside: inside.connection().exec_driver_sql(asked).scalar_one())
    return answer in (2, "on")


def test_a_load_that_could_be_done_again_does_not_wait_for_the_disk(app: Flask, session: Session) -> None:
    """A demonstration is 3,600 commits; whatever comes after it is as durable as ever, an error included."""
    assert waits_for_the_disk()

    def load() -> None:
        with relaxed():
            in_transaction(lambda inside: inside.add(Profession(code="a", name="A")))
            assert not waits_for_the_disk()
            raise KeyError

    with pytest.raises(KeyError):
        load()
    assert waits_for_the_disk()
    assert professions(session) == ["a"]


def test_the_connection_used_last_is_used_next(app: Flask) -> None:
    with db.engine.connect() as first, db.engine.connect() as second:
        used = {one.connection.dbapi_connection for one in (first, second)}
        second.close()
        last = first.connection.dbapi_connection
    with db.engine.connect() as next_one:
        assert len(used) == 2
        assert next_one.connection.dbapi_connection is last


def test_what_was_read_is_over_and_what_is_pending_forgotten(app: Flask, session: Session) -> None:
    assert professions(session) == []
    with app.app_context():
        in_transaction(lambda inside: inside.add(Profession(code="a", name="A")))
    session.add(Profession(code="b", name="B"))
    finish_reading(session)
    assert session.scalars(sa.select(Profession.code)).all() == ["a"]


def flush_by_a_query(session: Session) -> None:
    """What a view changes on an object that it read, and its next query sends."""
    session.scalars(sa.select(Profession)).one().name = "B"
    session.scalars(sa.select(Profession.code)).all()


STRAY: dict[str, Callable[[Session], object]] = {
    "an object, flushed by a query": flush_by_a_query,
    "a statement of the session": lambda session: session.execute(sa.update(Profession).values(name="B")),
    "a statement built once": lambda session: execute(session, sa.update(Profession).values(name="B")),
}


@pytest.mark.parametrize("write", STRAY.values(), ids=STRAY.keys())
def test_what_is_written_outside_of_a_transaction_is_forgotten(
    app: Flask, session: Session, write: Callable[[Session], object]
) -> None:
    in_transaction(lambda inside: inside.add(Profession(code="a", name="A")))
    write(session)
    finish_reading(session)
    assert session.scalars(sa.select(Profession.name)).all() == ["A"]
