"""Every table, imported for its metadata, and the way to the newest schema. It belongs beside the edges."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from booking import resources as _resources
from booking.access import models as _access
from booking.db import Base
from booking.feeds import models as _feeds
from booking.notify import models as _notify
from booking.reservations import models as _reservations

__all__ = ["at_head", "config", "metadata", "upgrade"]

MODELS = (_access, _feeds, _notify, _reservations, _resources)  # these import all the others
metadata = Base.metadata


def config(connection: sa.Connection | None = None) -> Config:
    """Alembic's configuration: the scripts are in the package, the connection is given."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    settings.attributes["connection"] = connection
    return settings


def upgrade(engine: sa.Engine, revision: str = "head") -> None:
    """Bring the schema to that revision, in one transaction."""
    with _unhurried(engine) as connection:
        command.upgrade(config(connection), revision)


def downgrade(engine: sa.Engine, revision: str) -> None:
    """Take the schema back to that revision, in one transaction."""
    with _unhurried(engine) as connection:
        command.downgrade(config(connection), revision)


@contextmanager
def _unhurried(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction whose statements may last: what answers a page in time cuts short a revision of a large table."""
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        yield connection


def at_head(connection: sa.Connection) -> bool:
    """Whether the schema is the newest one this code knows."""
    heads = set(ScriptDirectory.from_config(config()).get_heads())
    return set(MigrationContext.configure(connection).get_current_heads()) == heads
