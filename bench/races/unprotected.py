"""The product with its protections taken away, in a process of the bench: to show that the checker can fail.

Locks are stripped from the SQL on its way out and the queue of SQLite's writers is gone, with our BEGIN: SQLAlchemy as
it ships. The guard is dropped from the database by whoever starts the run.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from booking import sqlite
from booking.reservations import asking
from booking.slots.availability import Verdict

LONGEST_PAUSE = 0.1
_LOCK = re.compile(r"\s+FOR (NO KEY )?UPDATE( OF \w+)?( SKIP LOCKED)?")


def strip() -> None:
    """Take them away. Before the application is made."""
    sqlite.prepare = _as_it_ships
    sqlite.turn = _at_once
    asking.granted = _slowed(asking.granted)
    event.listen(sa.Engine, "before_cursor_execute", _without_locks, retval=True)


def _as_it_ships(engine: sa.Engine) -> None:
    """Leave transactions to the driver, which begins them at the first write."""


@contextmanager
def _at_once(engine: sa.Engine) -> Iterator[None]:
    """Nobody waits for their turn."""
    yield


def _without_locks(
    _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
) -> tuple[str, Any]:
    return _LOCK.sub("", statement), parameters


def _slowed(check: Callable[..., Verdict]) -> Callable[..., Verdict]:
    """The same check, then a moment passes before anything is written, as on a slow machine."""

    def checked(*arguments: Any) -> Verdict:
        verdict = check(*arguments)
        time.sleep(random.uniform(0, LONGEST_PAUSE))
        return verdict

    return checked
