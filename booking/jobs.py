"""The worker: what has to happen without anybody asking. APScheduler is only its clock.

Each job is a plain function of `now`, which the command line runs once and tests call. A job claims its work
in the database, so a second worker is harmless, and a job that fails is tried again at its next tick.
"""

from __future__ import annotations

import logging
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apscheduler.schedulers.blocking import BlockingScheduler
from flask import Flask

from booking import clock, messages, notify, reservations
from booking.access import credentials
from booking.config import Settings
from booking.reservations import holding
from booking.slots import days

log = logging.getLogger(__name__)

DELIVER_EVERY = timedelta(seconds=5)
PROPOSE_EVERY = timedelta(minutes=1)
REFRESH_EVERY = timedelta(minutes=1)
RECONCILE_EVERY = timedelta(hours=1)
PRUNE_EVERY = timedelta(days=1)

Job = Callable[[datetime], object]


def deliver(
    settings: Settings, now: datetime, limit: int = 100, stopped: Callable[[], bool] = lambda: False
) -> notify.Report:
    """Send at most `limit` messages that are due, by SMTP or into the local mailbox."""
    send = notify.sender(settings.smtp, settings.mailbox)
    return notify.deliver_due(now, compose=messages.compose, send=send, limit=limit, stopped=stopped)


def refresh(_now: datetime) -> int:
    """Write anew when professionals and rooms are taken, on the days that have changed; return how many changes."""
    return days.refresh()


def reconcile(now: datetime) -> int:
    """File the messages that are missing; return how many."""
    filed = messages.reconcile(now)
    if filed:
        log.warning("%d missing messages were filed", filed)
    return filed


def propose(now: datetime) -> int:
    """Propose what is free to those who wait, and give back what was not answered in time; return how many."""
    return len(reservations.propose(now))


def prune(now: datetime) -> int:
    """Forget what is too old to be kept; return how many rows."""
    return messages.prune(now) + credentials.prune(now) + holding.purge(now)


def run_worker(app: Flask) -> None:
    """Run every job at its hour until SIGTERM or SIGINT; return once the work in hand is finished."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    settings: Settings = app.extensions["booking"]
    stopping = threading.Event()
    scheduler = BlockingScheduler(timezone=UTC)
    for job, every in (
        (lambda now: deliver(settings, now, stopped=stopping.is_set), DELIVER_EVERY),
        (propose, PROPOSE_EVERY),
        (refresh, REFRESH_EVERY),
        (reconcile, RECONCILE_EVERY),
        (prune, PRUNE_EVERY),
    ):
        _schedule(scheduler, app, job, every)
    with _stopped_by_signals(scheduler, stopping):
        log.info("worker started")
        scheduler.start()
    log.info("worker stopped")


def tick(app: Flask, job: Job) -> None:
    """Run a job once; the worker goes on whatever happens.

    What it raises is logged without its text, which could name people.
    """
    try:
        with app.app_context():
            job(clock.now())
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        log.error("a job failed: %s at %s:%s", type(error).__name__, Path(frame.filename).name, frame.lineno)


def _schedule(scheduler: BlockingScheduler, app: Flask, job: Job, every: timedelta) -> None:
    """At the start and then at each interval; late ticks are merged, and none overtakes itself."""
    scheduler.add_job(
        tick,
        "interval",
        args=(app, job),
        seconds=every.total_seconds(),
        next_run_time=clock.now(),
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )


@contextmanager
def _stopped_by_signals(scheduler: BlockingScheduler, stopping: threading.Event) -> Iterator[None]:
    def stop(_number: int, _frame: object) -> None:
        # In a thread: the signal may have interrupted the scheduler with one of its locks in hand.
        if not stopping.is_set():
            stopping.set()
            threading.Thread(target=scheduler.shutdown).start()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
