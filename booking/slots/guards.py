"""The DDL that makes an overlap impossible whoever writes, and the proof that it is in place.

Migrations install it. They can also lose it silently: on SQLite a batch alter rebuilds the table and drops its
triggers, and on PostgreSQL `compare_metadata` does not see an EXCLUDE constraint. So `problems` reads the catalog
and then tries to break the rule, with an INSERT and an UPDATE that are rolled back.
"""

from __future__ import annotations

import sqlalchemy as sa

from booking.db import accepts

GUARD = "occupancy_no_overlap"
DAY = 86400

_POSTGRESQL = (
    "CREATE EXTENSION IF NOT EXISTS btree_gist",
    f"ALTER TABLE occupancy ADD CONSTRAINT {GUARD} EXCLUDE USING gist "
    "(resource_id WITH =, int8range(starts_at, ends_at) WITH &&)",
)

# Integers are checked too: SQLite would store 300.5 or 'abc' in an INTEGER column, and neither overlaps anything.
_SQLITE = """
CREATE TRIGGER {guard}_{verb} BEFORE {event} ON occupancy
WHEN typeof(NEW.starts_at) <> 'integer' OR typeof(NEW.ends_at) <> 'integer' OR EXISTS (
    SELECT 1 FROM occupancy AS other
    WHERE other.resource_id = NEW.resource_id {others}
      AND other.starts_at < NEW.ends_at AND other.starts_at > NEW.starts_at - {day} AND other.ends_at > NEW.starts_at)
BEGIN SELECT RAISE(ABORT, '{guard}'); END
"""

_EVENTS = {
    "insert": ("INSERT", ""),
    "update": ("UPDATE", "AND other.id <> OLD.id"),
}


def install(connection: sa.Connection) -> None:
    """Create the guard. Migrations call this after anything that could have dropped it."""
    if connection.dialect.name == "postgresql":
        for statement in _POSTGRESQL:
            connection.exec_driver_sql(statement)
        return
    for verb, (event, others) in _EVENTS.items():
        connection.exec_driver_sql(_SQLITE.format(guard=GUARD, verb=verb, event=event, others=others, day=DAY))


def uninstall(connection: sa.Connection) -> None:
    """Drop the guard: for a downgrade, and for the tests that show what happens without it."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"ALTER TABLE occupancy DROP CONSTRAINT IF EXISTS {GUARD}")
        return
    for verb in _EVENTS:
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {GUARD}_{verb}")


def problems(connection: sa.Connection) -> list[str]:
    """What is wrong with the guard, as codes; empty when it stands and refuses.

    Codes: « missing:<name> » from the catalog, « accepts:insert » and « accepts:update » from the attempts. The
    connection must be able to write, and is left as it was.
    """
    return [f"missing:{name}" for name in sorted(_expected(connection) - _present(connection))] + _attempts(connection)


def _expected(connection: sa.Connection) -> set[str]:
    if connection.dialect.name == "postgresql":
        return {GUARD}
    return {f"{GUARD}_{verb}" for verb in _EVENTS}


def _present(connection: sa.Connection) -> set[str]:
    """The guards in the catalog that are on our table and in force."""
    if connection.dialect.name == "postgresql":
        query = (
            "SELECT conname FROM pg_constraint WHERE conrelid = to_regclass('occupancy')"
            " AND contype = 'x' AND convalidated AND NOT condeferrable"
        )
    else:
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'occupancy'"
    return set(connection.exec_driver_sql(query).scalars())


def _attempts(connection: sa.Connection) -> list[str]:
    """Try to overlap a resource made for that and rolled back; say which statements were accepted."""
    accepted = []
    with connection.begin_nested() as probe:
        resource_id = connection.execute(
            sa.text("INSERT INTO resource (kind) VALUES ('room') RETURNING id")
        ).scalar_one()
        _insert(connection, resource_id, 0, 600)
        _insert(connection, resource_id, 600, 1200)
        if accepts(connection, lambda: _insert(connection, resource_id, 300, 900), GUARD):
            accepted.append("accepts:insert")
        update = sa.text("UPDATE occupancy SET starts_at = 300 WHERE resource_id = :id AND starts_at = 600")
        if accepts(connection, lambda: connection.execute(update, {"id": resource_id}), GUARD):
            accepted.append("accepts:update")
        probe.rollback()
    return accepted


def _insert(connection: sa.Connection, resource_id: int, starts_at: int, ends_at: int) -> None:
    statement = sa.text(
        "INSERT INTO occupancy (resource_id, starts_at, ends_at, block)"
        " VALUES (:resource_id, :starts_at, :ends_at, 'guard')"
    )
    connection.execute(statement, {"resource_id": resource_id, "starts_at": starts_at, "ends_at": ends_at})
