"""The DDL that lets nobody rewrite what happened and who was told, and the proof that it is in place.

As with the guard against overlaps, a batch alter on SQLite loses it silently. So `problems` reads the catalog and then
tries to rewrite, which is rolled back.
"""

from __future__ import annotations

import sqlalchemy as sa

from booking.db import accepts

NAME = "append_only"
KEYS = {"history": ("id",), "told": ("history_id", "usager_id")}
VERBS = {"sqlite": ("update", "delete", "replace"), "postgresql": ("update", "delete", "truncate")}

# SQLite replaces a row without a word to the trigger on DELETE, unless the program that writes set recursive_triggers.
_REPLACE = "INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} AS old WHERE {same})"
_RAISE = f"BEGIN SELECT RAISE(ABORT, '{NAME}'); END"

# PostgreSQL's triggers are on the statement, so that even one that finds no row is refused.
_FUNCTION = f"""
CREATE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{NAME}' USING ERRCODE = 'integrity_constraint_violation'; END $$
"""
_CALL = f"FOR EACH STATEMENT EXECUTE FUNCTION {NAME}()"

# Of an appointment, an usager and a key that do not exist. SQLite's triggers see rows, so there the attempts need one.
_PROBE = (
    "INSERT INTO history (id, appointment_id, at, origin, action, before, after)"
    " VALUES (0, 0, '2000-01-01 00:00:00', 'doctor', 'booked', '{}', '{}')",
    "INSERT INTO told (history_id, usager_id, change, notice) VALUES (0, 0, 'booked', 0)",
)
# TRUNCATE is not tried: it would wait for everybody who reads. Its trigger calls the function that the others prove.
_ATTEMPTS = {
    "accepts:history:update": "UPDATE history SET at = at WHERE id = 0",
    "accepts:history:delete": "DELETE FROM history WHERE id = 0",
    "accepts:told:update": "UPDATE told SET notice = notice WHERE history_id = 0",
    "accepts:told:delete": "DELETE FROM told WHERE history_id = 0",
}


def install(connection: sa.Connection) -> None:
    """Create the triggers. Migrations call this after anything that could have dropped some of them."""
    uninstall(connection)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_FUNCTION)
    for table, verb in _pairs(connection):
        begin = f"CREATE TRIGGER {_name(table, verb)} BEFORE"
        connection.exec_driver_sql(f"{begin} {_event(connection, table, verb)}")


def uninstall(connection: sa.Connection) -> None:
    """Drop the triggers: for a downgrade, and for the tests that show what happens without them."""
    on_postgresql = connection.dialect.name == "postgresql"
    for table, verb in _pairs(connection):
        drop = f"DROP TRIGGER IF EXISTS {_name(table, verb)}"
        connection.exec_driver_sql(f"{drop} ON {table}" if on_postgresql else drop)
    if on_postgresql:
        connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {NAME}()")


def problems(connection: sa.Connection) -> list[str]:
    """What is wrong with the triggers, as codes; empty when they stand and refuse.

    Codes: « missing:<trigger> » from the catalog, « accepts:<table>:<verb> » from the attempts. The connection must be
    able to write, and is left as it was.
    """
    expected = {_name(table, verb) for table, verb in _pairs(connection)}
    return [f"missing:{name}" for name in sorted(expected - _present(connection))] + _attempts(connection)


def _pairs(connection: sa.Connection) -> list[tuple[str, str]]:
    return [(table, verb) for table in KEYS for verb in VERBS[connection.dialect.name]]


def _name(table: str, verb: str) -> str:
    return f"{table}_{NAME}_{verb}"


def _event(connection: sa.Connection, table: str, verb: str) -> str:
    """What follows BEFORE in the trigger's definition."""
    if connection.dialect.name == "postgresql":
        return f"{verb.upper()} ON {table} {_CALL}"
    if verb == "replace":
        same = " AND ".join(f"old.{column} = NEW.{column}" for column in KEYS[table])
        return f"{_REPLACE.format(table=table, same=same)} {_RAISE}"
    return f"{verb.upper()} ON {table} {_RAISE}"


def _present(connection: sa.Connection) -> set[str]:
    """The triggers in the catalog that are on our tables and in force."""
    if connection.dialect.name == "postgresql":
        query = (
            "SELECT tgname FROM pg_trigger WHERE tgrelid IN (to_regclass('history'), to_regclass('told'))"
            " AND tgenabled IN ('O', 'A') AND tgfoid = to_regproc('append_only')"
        )
    else:
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('history', 'told')"
    return set(connection.exec_driver_sql(query).scalars())


def _attempts(connection: sa.Connection) -> list[str]:
    """Try to rewrite what is made for that and rolled back; say what was accepted."""
    on_sqlite = connection.dialect.name == "sqlite"
    if on_sqlite:  # until the end of the transaction, which the probe does not see
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    with connection.begin_nested() as probe:
        for statement in _PROBE if on_sqlite else ():
            connection.exec_driver_sql(statement)
        accepted = [code for code, statement in _ATTEMPTS.items() if _accepted(connection, statement)]
        probe.rollback()
    if on_sqlite:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = OFF")
    return accepted


def _accepted(connection: sa.Connection, statement: str) -> bool:
    return accepts(connection, lambda: connection.exec_driver_sql(statement), NAME)
