"""What passes by itself on PostgreSQL: the engine tries the whole command again, and nobody has to know."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from booking import create_app
from booking.config import Settings
from booking.db import db
from booking.reservations import Act, Book, Outcome, book, doctor
from booking.schema import metadata
from booking.web import policy
from tests.builders import NOW, Cast, paris, rows_of
from tests.starting import settings_in

NINE = paris("2026-11-23 09:00")
PID = sa.text("SELECT pg_backend_pid()")
LOCK = "SELECT 1 FROM resource WHERE id = {} FOR UPDATE"


@pytest.fixture
def engine_name() -> str:
    """SQLite has one writer at a time: tests/test_db.py has what befalls it."""
    return "postgresql"


@dataclass
class Story:
    """M. Diallo is booked with Mme Roux at 9h00. Something `happens` at the end of each try, before it commits."""

    cast: Cast
    happens: Callable[[Session, int], object] = lambda _session, _attempt: None
    tries: int = 0

    def tell(self, session: Session, *_facts: Any) -> None:
        """Called inside of the transaction, once everything is written."""
        self.tries += 1
        self.happens(session, self.tries)

    def book(self) -> Outcome:
        """Book."""
        command = Book("k", self.cast.entretien, NINE, self.cast.roux, self.cast.diallo)
        return book(command, Act(now=NOW, origin="web", tell=self.tell))


@pytest.fixture
def story(cast: Cast) -> Story:
    """What is to be booked."""
    return Story(cast)


@pytest.fixture
def aside() -> Iterator[ThreadPoolExecutor]:
    """Somebody who acts at the same time."""
    with ThreadPoolExecutor(1) as pool:
        yield pool


def is_booked_once(session: Session) -> bool:
    rows = rows_of(session, metadata)
    return (rows["appointment"], rows["history"], rows["command"]) == (1, 1, 1) and doctor.examine() == []


@contextmanager
def elsewhere(settings: Settings, option: str) -> Iterator[Session]:
    """The same site over the same data, its connections set up with one more option; its session."""
    mark = "&" if "?" in settings.database_url else "?"
    url = f"{settings.database_url}{mark}options={option.replace('=', '%3D')}"
    with create_app(settings_in(settings.instance, url)).app_context():
        yield db.session()
        db.session.remove()
        db.engine.dispose()


def test_a_deadlock(
    app: Flask, session: Session, story: Story, beside: psycopg.Connection, aside: ThreadPoolExecutor
) -> None:
    """Somebody has the digital space and wants Mme Roux; the engine has her, and is made to want the space.

    PostgreSQL breaks the circle at whoever looks for it first, and the other is more patient.
    """
    has_the_space = threading.Event()

    def other() -> None:
        with beside.transaction():
            beside.execute("SET LOCAL deadlock_timeout = '30s'")
            beside.execute(LOCK.format(story.cast.en1))
            has_the_space.set()
            beside.execute(LOCK.format(story.cast.roux))

    def want(inside: Session, attempt: int) -> None:
        if attempt == 1:
            others.append(aside.submit(other))
            assert has_the_space.wait(timeout=10)
            inside.execute(sa.text(LOCK.format(story.cast.en1)))

    others: list[Future[None]] = []
    story.happens = want
    story.book()
    others[0].result()
    assert story.tries == 2
    assert is_booked_once(session)


def test_a_serialization_failure(app: Flask, settings: Settings, story: Story, beside: psycopg.Connection) -> None:
    """Where a transaction sees one moment only, somebody changes what this one is about to lock."""

    def change(inside: Session, attempt: int) -> None:
        if attempt == 1:
            beside.execute("UPDATE usager SET email = 'autre@exemple.example' WHERE id = %s", [story.cast.diallo])
        inside.execute(sa.text("SELECT email FROM usager FOR UPDATE"))

    story.happens = change
    with elsewhere(settings, "-cdefault_transaction_isolation=serializable") as session:
        story.book()
        assert story.tries == 2
        assert is_booked_once(session)


def test_a_lock_that_is_given_back_in_time(
    app: Flask, settings: Settings, story: Story, beside: psycopg.Connection
) -> None:
    """Somebody keeps the digital space for longer than one try waits, and less than four."""
    kept = ExitStack()

    def want(inside: Session, attempt: int) -> None:
        if attempt == 1:
            kept.enter_context(beside.transaction())
            beside.execute(LOCK.format(story.cast.en1))
        else:
            kept.close()
        inside.execute(sa.text(LOCK.format(story.cast.en1)))

    story.happens = want
    with elsewhere(settings, "-clock_timeout=100") as session:
        story.book()
        assert story.tries == 2
        assert is_booked_once(session)


def end_itself(inside: Session, attempt: int) -> None:
    if attempt == 1:
        inside.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))


def test_a_server_process_that_is_ended_in_the_middle(app: Flask, session: Session, story: Story) -> None:
    story.happens = end_itself
    story.book()
    assert story.tries == 2
    assert is_booked_once(session)


def test_server_processes_that_are_ended_between_two_clicks(
    app: Flask, session: Session, story: Story, beside: psycopg.Connection
) -> None:
    """As a restart of PostgreSQL does; nobody notices."""
    session.rollback()
    beside.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    story.book()
    assert story.tries == 1
    assert is_booked_once(session)


def test_a_server_process_that_is_ended_once_something_was_read(
    app: Flask, session: Session, story: Story, beside: psycopg.Connection
) -> None:
    """A screen reads before it commands: what it read is given up, and the command has a connection of its own."""
    beside.execute("SELECT pg_terminate_backend(%s, 5000)", [session.scalar(PID)])
    story.book()
    assert story.tries == 1
    assert is_booked_once(session)


def test_an_answer_is_given_although_its_reads_cannot_be_ended(settings: Settings, beside: psycopg.Connection) -> None:
    """The server dies after the last read of a page: nothing of it was at stake."""
    app = create_app(settings)

    def page() -> str:
        beside.execute("SELECT pg_terminate_backend(%s, 5000)", [db.session.scalar(PID)])
        return "page"

    app.add_url_rule("/page", view_func=policy.public(page))
    browser = app.test_client()
    assert [browser.get(path).status_code for path in ("/page", "/sante", "/page")] == [200, 200, 200]
    with app.app_context():
        db.engine.dispose()
