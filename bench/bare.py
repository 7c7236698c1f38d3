"""The floor of a booking over HTTP: a bare Flask route that inserts one row in SQLite."""

from __future__ import annotations

import os
import sqlite3
import threading

from flask import Flask

app = Flask(__name__)
_local = threading.local()


def _connection() -> sqlite3.Connection:
    if not hasattr(_local, "connection"):
        _local.connection = sqlite3.connect(os.environ["BENCH_FLOOR"], isolation_level=None, timeout=30)
        _local.connection.execute("PRAGMA journal_mode=WAL")
        _local.connection.execute("PRAGMA synchronous=FULL")
        _local.connection.execute("CREATE TABLE IF NOT EXISTS t (a INTEGER, b INTEGER)")
    connection: sqlite3.Connection = _local.connection
    return connection


@app.get("/sante")
def health() -> str:
    """It runs."""
    return "ok"


@app.post("/")
def insert() -> tuple[str, int]:
    """One row, committed."""
    _connection().execute("INSERT INTO t VALUES (1, 2)")
    return "", 302
