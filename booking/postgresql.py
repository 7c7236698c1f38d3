"""PostgreSQL as pages need it: bounded waits, and a pool that asks only connections that have rested if they live."""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event, exc

OPTIONS = "-c lock_timeout=4000 -c statement_timeout=30000 -c timezone=UTC"
# A server that a cut cable took away is noticed within a minute, also by whoever waits for its answer.
KEEPALIVES = {"keepalives_idle": 20, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 50_000}
# psycopg prepares what a connection asks for the second time, and keeps that many; a booking is twenty statements, and
# all screens and commands a few hundred, always the same (docs/decisions/0008).
PREPARED_AFTER, PREPARED_MAX = 1, 500
RETRIED = {"40001", "40P01", "55P03"}  # serialization failure, deadlock, lock time-out
READ_ONLY = "25006"  # a standby, after a failover
RESTED = 1.0  # seconds in the pool; a page that meets a restart within it is refused once, its command tried again


def options(url: str) -> dict[str, Any]:
    """What create_engine is given for that database. What the URL says is kept: a tenant's search_path, for one."""
    given = sa.make_url(url).query.get("options", "")
    asked = {"options": f"{OPTIONS} {given}".strip(), "connect_timeout": 5, "prepare_threshold": PREPARED_AFTER}
    return {"connect_args": {**asked, **KEEPALIVES}}


def prepare(engine: sa.Engine) -> None:
    """Let the pool throw away what a server that went away has left in it.

    SQLAlchemy's own check asks at each checkout: three times for a page that books, each as long as a statement.
    """

    def wake(connection: Any, record: Any, _proxy: object) -> None:
        since = record.info.get("since")
        if since is not None and time.monotonic() - since > RESTED and not _alive(engine.dialect, connection):
            raise exc.InvalidatePoolError

    event.listen(engine, "connect", _prepare_many)
    event.listen(engine, "checkin", _rest)
    event.listen(engine, "checkout", wake)


def _prepare_many(connection: Any, _record: object) -> None:
    connection.prepared_max = PREPARED_MAX


def _rest(_connection: object, record: Any) -> None:
    record.info["since"] = time.monotonic()


def _alive(dialect: sa.Dialect, connection: Any) -> bool:
    try:
        return dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error:
        return False
