"""Racing commands against each other: real threads, real connections, one start."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa
from flask import Flask

from booking.db import db
from booking.errors import BookingError
from booking.slots.models import Occupancy

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
