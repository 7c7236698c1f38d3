"""The DDL that gives the configuration a new revision whoever writes, and the proof that it is in place.

Every change of what slots.configuration reads replaces the revision by one that was never seen: not the next number,
which a transaction rolled back would leave to somebody else's change. A batch alter on SQLite drops the triggers of the
table that it rebuilds, so migrations call `install` after one.
"""

from __future__ import annotations

import sqlalchemy as sa

NAME = "new_revision"
# What is read of each table; None is all of it. A professional's feed version changes with every booking.
READ: dict[str, tuple[str, ...] | None] = {
    "service": None,
    "appointment_type": None,
    "appointment_type_profession": None,
    "profession": ("id", "name", "interprets"),
    "professional": ("id", "code", "civility", "first_name", "last_name", "profession_id", "retired_at", "languages"),
    "professional_service": None,
    "opening": None,
    "opening_exception": None,
    "period": None,
    "site": None,
    "site_hours": None,
    "room": None,
}
_RENEW = "UPDATE configuration SET revision = {unseen}"
_UNSEEN = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "replace(gen_random_uuid()::text, '-', '')"}
# With the schema of its own table, whatever that of who writes: another tenant's, or none, as pg_restore has.
_FUNCTION = (
    f"CREATE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT"
    " AS $$ BEGIN {renew}; RETURN NULL; END $$"
)
# Of each of ours on a table of this schema, in force and whose function renews: the columns that it watches.
_CATALOG = """
SELECT tgname, relname, ARRAY(
    SELECT attname::text FROM pg_attribute WHERE attrelid = tgrelid AND attnum = ANY (tgattr::int2[])
) FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid
WHERE tgfoid = to_regproc('new_revision') AND tgenabled IN ('O', 'A') AND pg_table_is_visible(tgrelid)
AND prosrc LIKE %(renew)s"""
_POSTGRESQL = "AFTER INSERT OR {update} OR DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {call}()"


def install(connection: sa.Connection) -> None:
    """Create the triggers and the first revision. Migrations call this after anything that could have dropped some."""
    uninstall(connection)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_FUNCTION.format(renew=_renew(connection)))
    for _, statement in _triggers(connection).values():
        connection.exec_driver_sql(statement)
    start(connection)


def start(connection: sa.Connection) -> None:
    """Give the table its one row, with a revision that was never seen."""
    connection.exec_driver_sql("DELETE FROM configuration")
    connection.exec_driver_sql("INSERT INTO configuration (id, revision) VALUES (1, '')")
    connection.exec_driver_sql(_renew(connection))


def uninstall(connection: sa.Connection) -> None:
    """Drop the triggers: for a downgrade, and for the tests that show what happens without them."""
    on_postgresql = connection.dialect.name == "postgresql"
    for name, (table, _) in _triggers(connection).items():
        drop = f"DROP TRIGGER IF EXISTS {name}"
        connection.exec_driver_sql(f"{drop} ON {table}" if on_postgresql else drop)
    if on_postgresql:
        connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {NAME}()")


def problems(connection: sa.Connection) -> list[str]:
    """What is wrong, as codes: « missing:<trigger> » from the catalog, « missing:revision » for the row itself."""
    found = [f"missing:{name}" for name in sorted(_triggers(connection).keys() - _in_force(connection))]
    rows = connection.exec_driver_sql("SELECT COUNT(*) FROM configuration").scalar_one()
    return found if rows == 1 else [*found, "missing:revision"]


def _renew(connection: sa.Connection) -> str:
    return _RENEW.format(unseen=_UNSEEN[connection.dialect.name])


def _read(connection: sa.Connection) -> dict[str, tuple[str, ...] | None]:
    """READ without the tables and columns that the schema does not have yet, while its revisions are being made."""
    inspector = sa.inspect(connection)

    def standing(table: str, columns: tuple[str, ...]) -> tuple[str, ...]:
        there = {column["name"] for column in inspector.get_columns(table)}
        return tuple(column for column in columns if column in there)

    return {
        table: columns and standing(table, columns) for table, columns in READ.items() if inspector.has_table(table)
    }


def _triggers(connection: sa.Connection) -> dict[str, tuple[str, str]]:
    """By the name of each trigger, its table and the statement that creates it."""
    made = {}
    for table, columns in _read(connection).items():
        update = f"UPDATE OF {', '.join(columns)}" if columns else "UPDATE"
        if connection.dialect.name == "postgresql":
            name = f"{table}_{NAME}"
            made[name] = (table, f"CREATE TRIGGER {name} {_POSTGRESQL.format(update=update, table=table, call=NAME)}")
            continue
        for event in ("INSERT", update, "DELETE"):
            name = f"{table}_{NAME}_{event.split()[0].lower()}"
            body = f"CREATE TRIGGER {name} AFTER {event} ON {table} BEGIN {_renew(connection)}; END"
            made[name] = (table, body)
    return made


def _in_force(connection: sa.Connection) -> set[str]:
    """The triggers of ours in the catalog that still say what they are to do."""
    if connection.dialect.name == "postgresql":
        found = connection.exec_driver_sql(_CATALOG, {"renew": f"%{_renew(connection)}%"})
        watched = _read(connection)
        return {name for name, table, columns in found if set(columns) == set(watched.get(table) or ())}
    written = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
    expected = _triggers(connection)
    return {name for name, sql in written if name in expected and sql == expected[name][1]}
