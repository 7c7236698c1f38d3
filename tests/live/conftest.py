"""What faults need: a line to PostgreSQL that can be cut, and a way in beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from booking.config import Settings
from tests.live.proxy import Proxy


@pytest.fixture
def proxy(settings: Settings) -> Iterator[Proxy]:
    """The line."""
    line = Proxy(settings.database_url)
    line.start()
    with closing(line):
        yield line


@pytest.fixture
def beside(settings: Settings) -> Iterator[psycopg.Connection]:
    """Somebody else who is connected to the same PostgreSQL, whatever happens to the line."""
    url = settings.database_url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection
