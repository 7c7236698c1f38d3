"""The worker: its jobs by hand, its manners as a process."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import exc
from sqlalchemy.orm import Session

from booking import clock, config, jobs, messages, notify
from booking.notify import mailbox
from booking.notify.outbox import LEASE
from booking.reservations import Book, book
from booking.slots import availability
from booking.slots.availability import Search
from booking.slots.models import Opening
from tests.builders import NOW, Cast
from tests.messages.stories import act, booked, rows
from tests.notify.postman import Postman, on_duty

PATIENCE_SECONDS = 60
WORKER = "from booking import create_app, jobs; jobs.run_worker(create_app())"


@pytest.fixture
def postman() -> Iterator[Postman]:
    """A real mail server."""
    with on_duty() as postman:
        yield postman


def test_without_a_mail_server_mails_wait_in_the_mailbox(
    app: Flask, settings: config.Settings, session: Session, cast: Cast
) -> None:
    booked(cast)
    assert jobs.deliver(settings, NOW) == notify.Report(sent=1)
    (stored,) = mailbox.newest(settings.mailbox)
    assert stored.mail["Message-ID"] == rows(session)[0].message_id
    assert [row.state for row in rows(session)] == ["sent", "waiting"]


def test_a_reminder_goes_out_when_its_day_has_come(settings: config.Settings, session: Session, cast: Cast) -> None:
    booked(cast)
    reminder_due = rows(session)[1].due_at
    assert jobs.deliver(settings, reminder_due) == notify.Report(sent=2)


def test_reconciling_says_what_was_missing(session: Session, cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    booked(cast)
    assert jobs.reconcile(NOW) == 0
    for row in rows(session):
        session.delete(row)
    session.commit()
    assert jobs.reconcile(NOW) == 2
    assert "2 missing messages were filed" in caplog.text


def test_nothing_recent_is_pruned(session: Session, cast: Cast) -> None:
    booked(cast)
    assert jobs.prune(NOW) == 0


def test_a_failing_job_is_logged_without_values_and_the_worker_goes_on(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    def lose_the_database(now: datetime) -> None:
        raise exc.OperationalError("select", {"email": "amadou.diallo@exemple.example"}, Exception("gone"))

    ran: list[datetime] = []
    jobs.tick(app, lose_the_database)
    jobs.tick(app, ran.append)
    (record,) = (record for record in caplog.records if record.levelno == logging.ERROR)
    assert record.getMessage().startswith("a job failed: OperationalError at test_jobs.py:")
    assert "diallo" not in caplog.text
    assert len(ran) == 1
    assert ran[0].tzinfo is not None


def booked_soon(session: Session, cast: Cast, count: int) -> None:
    """A process lives by the real clock, so these are the next appointments that can be had."""
    session.execute(sa.update(Opening).values(last_day=None))
    session.commit()
    now = clock.now()
    search = Search(cast.entretien, now + timedelta(days=4), now + timedelta(days=30), frozenset({cast.roux}))
    for number, slot in enumerate(availability.first_slots(session, search, now, limit=count)):
        book(Book(f"soon-{number}", cast.entretien, slot.start, cast.roux, cast.diallo), act(now))


@contextmanager
def worker(settings: config.Settings, **more: str) -> Iterator[subprocess.Popen[str]]:
    """The worker in a process of its own, its log to be read; killed when it takes too long."""
    own = {"BOOKING_INSTANCE": str(settings.instance), "BOOKING_DATABASE_URL": settings.database_url}
    command = [sys.executable, "-c", WORKER]
    with subprocess.Popen(command, env=os.environ | own | more, stderr=subprocess.PIPE, text=True) as process:
        out_of_patience = threading.Timer(PATIENCE_SECONDS, process.kill)
        out_of_patience.start()
        yield process
        process.wait()
        out_of_patience.cancel()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_the_worker_delivers_and_stops_when_asked(
    settings: config.Settings, session: Session, cast: Cast, number: signal.Signals
) -> None:
    booked_soon(session, cast, 1)
    log = []
    with worker(settings) as process:
        for line in process.stderr or ():
            log.append(line)
            if "sent" in line:
                process.send_signal(number)
    assert process.returncode == 0
    assert "worker stopped" in log[-1]
    assert len(mailbox.newest(settings.mailbox)) == 1


def test_a_worker_killed_while_it_delivers_loses_nothing(
    settings: config.Settings, session: Session, cast: Cast, postman: Postman
) -> None:
    """It dies when the third mail is with the server and the server has not yet said so."""
    booked_soon(session, cast, 6)
    with worker(settings, BOOKING_SMTP_URL=f"smtp://127.0.0.1:{postman.port}") as process:
        postman.at_arrival = lambda count: process.kill() if count == 3 else None
        for _ in process.stderr or ():
            pass
    assert process.returncode == -signal.SIGKILL
    assert len(postman.ids) == 3
    session.rollback()
    now = clock.now() + LEASE + timedelta(minutes=1)
    assert list(messages.audit(session, now)) == []
    assert jobs.deliver(replace(settings, smtp=postman.address), now) == notify.Report(sent=4)
    confirmations = [row for row in rows(session) if row.kind == "confirmation"]
    assert {row.state for row in confirmations} == {"sent"}
    assert set(postman.ids) == {row.message_id for row in confirmations}
    assert [count for _, count in Counter(postman.ids).most_common()] == [2, 1, 1, 1, 1, 1]
