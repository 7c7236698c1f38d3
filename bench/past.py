"""Years of past appointments, written by the database itself: what a site has after long use."""

from __future__ import annotations

from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bench.workload import FIRST_DAY, OPENS, PARIS, Workload
from booking.db import db, in_transaction
from booking.slots import hours

PER_DAY = 18  # half-hours of a professional, all taken
CHUNK = 20_000

# The appointments of a chunk, numbered from 0: half an hour after half an hour, then the day before.
_PAST = """
WITH RECURSIVE numbered(n) AS (SELECT CAST(:first AS integer) UNION ALL SELECT n + 1 FROM numbered WHERE n + 1 < :last),
past AS (
    SELECT n + 1 AS id, n % :people AS person,
        :morning - (n / :people / :per_day + 1) * 86400 + (n / :people % :per_day) * 1800 AS starts_at
    FROM numbered
)
"""

_ROWS = {
    "appointment": """
        (id, uid, site_id, type_id, mode, room_id, starts_at, ends_at, buffer_before, buffer_after, sequence, version,
         created_at, updated_at)
        SELECT id, {uid}, :site, :type, 'in_person', :first_room + person, {start}, {end}, 0, 0, 0, 1, {start}, {start}
        FROM past""",
    "appointment_professional": """
        (appointment_id, professional_id) SELECT id, :first_professional + person FROM past""",
    "participation": """
        (appointment_id, usager_id, attendance, notice) SELECT id, :first_usager + person, 'seen', 0 FROM past""",
    "occupancy": """
        (resource_id, starts_at, ends_at, appointment_id)
        SELECT first_key + person, starts_at, starts_at + 1800, id
        FROM past CROSS JOIN (
            SELECT :first_room AS first_key UNION ALL SELECT :first_professional UNION ALL SELECT :first_usager
        ) AS taken""",
    "history": """
        (id, appointment_id, at, origin, action, before, after)
        SELECT id, id, {start}, 'demo', 'booked', '{{}}', '{{}}' FROM past""",
    "told": """
        (history_id, usager_id, change, notice) SELECT id, :first_usager + person, 'booked', 0 FROM past""",
    "command": """
        (key, fingerprint, appointment_id, answer, at) SELECT {uid}, {uid}, id, '{{}}', {start} FROM past""",
    "outbox_message": """
        (kind, about, person_id, notice, dedupe_key, message_id, state, due_at, attempts, sent_at, created_at)
        SELECT 'confirmation', {uid}, :first_usager + person, 0, {uid}, {uid}, 'sent', {start}, 1, {start}, {start}
        FROM past""",
}

_WORDS = {
    "sqlite": {
        "uid": "printf('past%012d', id)",
        "start": "datetime(starts_at, 'unixepoch') || '.000000'",
        "end": "datetime(starts_at + 1800, 'unixepoch') || '.000000'",
    },
    "postgresql": {
        "uid": "'past' || lpad(id::text, 12, '0')",
        "start": "to_timestamp(starts_at)",
        "end": "to_timestamp(starts_at + 1800)",
    },
}


def fill(workload: Workload, count: int) -> None:
    """Store so many past appointments: each professional's days are full, back from the first of the workload."""
    parameters = {
        "people": len(workload.professionals),
        "per_day": PER_DAY,
        "morning": hours.instant(FIRST_DAY, OPENS, PARIS),
        "site": 1,
        "type": workload.type_id,
        "first_professional": min(workload.professionals),
        "first_room": min(workload.rooms),
        "first_usager": min(workload.usagers),
    }
    for first in range(0, count, CHUNK):
        chunk = parameters | {"first": first, "last": min(first + CHUNK, count)}
        in_transaction(partial(_write, parameters=chunk))
    in_transaction(_settle)


def _write(session: Session, parameters: dict[str, int]) -> None:
    words = _WORDS[db.engine.dialect.name]
    if db.engine.dialect.name == "postgresql":  # its foreign keys are checked row by row, which takes minutes
        session.execute(sa.text("SET LOCAL session_replication_role = replica"))
    for table, rows in _ROWS.items():
        named = {name: value for name, value in parameters.items() if f":{name}" in _PAST + rows}
        session.execute(sa.text(f"{_PAST} INSERT INTO {table} {rows.format(**words)}"), named)


def _settle(session: Session) -> None:
    """What a database has done by itself in years: statistics and, on PostgreSQL, the keys that come next."""
    if db.engine.dialect.name == "postgresql":
        for table in ("appointment", "history"):
            last = sa.select(sa.func.max(sa.column("id"))).select_from(sa.table(table)).scalar_subquery()
            session.execute(sa.select(sa.func.setval(f"{table}_id_seq", last)))
    session.execute(sa.text("ANALYZE"))
