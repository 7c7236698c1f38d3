"""Racing commands against each other: real threads, real connections, one start."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from booking.db import db, in_transaction
from booking.errors import BookingError
from booking.resources import lock
from booking.slots.models import Occupancy

T = TypeVar("T")
Command = Callable[[], object]


def race(app: Flask, commands: Sequence[Command]) -> Counter[str]:
    """Run all the commands at once, each with its own context and connection; count the outcomes.

    « ok », or the class of the refusal. Anything else than a refusal is raised.
    """
    gate = threading.Barrier(len(commands))

    def one(command: Command) -> str:
        with app.app_context():
            gate.wait()
            try:
                command()
            except BookingError as refusal:
                return type(refusal).__name__
            return "ok"

    with ThreadPoolExecutor(len(commands)) as pool:
        return Counter(pool.map(one, commands))


@contextmanager
def locked_by_another(
    app: Flask, resources: Sequence[int], until: Callable[[], bool], then: Callable[[Session], object]
) -> Iterator[None]:
    """Another transaction has locked these resources; it does something once `until` is true, and commits."""
    with meanwhile(app, lambda session: lock(session, resources), until, lambda session, _: then(session)):
        yield


@contextmanager
def meanwhile(
    app: Flask,
    first: Callable[[Session], T],
    until: Callable[[], bool],
    then: Callable[[Session, T], object],
) -> Iterator[None]:
    """Another transaction does something first, and the rest, of what it got, once `until` is true; then it commits."""
    holding, over = threading.Event(), threading.Event()

    def work(session: Session) -> None:
        got = first(session)
        holding.set()
        while not (until() or over.is_set()):
            threading.Event().wait(0.01)
        then(session, got)

    def run() -> None:
        with app.app_context():
            in_transaction(work)

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(run)
        assert holding.wait(10)
        try:
            yield
        finally:
            over.set()
    done.result()


def somebody_waits() -> bool:
    """Whether a transaction of this database waits for a lock."""
    query = sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    with db.engine.connect() as connection:
        return bool(connection.execute(query).scalar())


def overlaps() -> int:
    """How many pairs of occupancies overlap on one resource."""
    one, other = sa.orm.aliased(Occupancy), sa.orm.aliased(Occupancy)
    query = (
        sa.select(sa.func.count())
        .select_from(one)
        .join(
            other,
            sa.and_(
                one.resource_id == other.resource_id,
                one.id < other.id,
                one.starts_at < other.ends_at,
                other.starts_at < one.ends_at,
            ),
        )
    )
    db.session.rollback()
    return db.session.execute(query).scalar_one()
