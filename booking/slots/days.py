"""When each professional and each room is taken, day by day, as bits: what a search reads instead of every occupancy.

Derived, and never trusted blindly: whoever writes an occupancy, triggers note the days that it touches, and a search
reads the occupancies of the days noted. `refresh` then writes the bits of those days anew. So a booking pays for a
note, not for the bits, and a search is right at once. A decision reads occupancies alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import execute, in_transaction
from booking.resources import Resource
from booking.slots import schedule
from booking.slots.grid import CELL, Grid, Mask, Span
from booking.slots.models import Hold, Occupancy, changed_day, taken_day

DAY = 86400
CELLS, BYTES = DAY // CELL, DAY // CELL // 8
EPOCH = date(1970, 1, 1).toordinal()  # of day 0
NAME = "changed_day"
AT_ONCE = 2000

_NOTE = """INSERT INTO changed_day (resource_id, day) SELECT resource.id, touched.day FROM resource,
(SELECT {row}.starts_at / 86400 AS day UNION SELECT ({row}.ends_at - 1) / 86400) AS touched
WHERE resource.id = {row}.resource_id AND resource.kind <> 'usager'"""
_FUNCTION = (
    f"CREATE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$ BEGIN"
    f" IF TG_OP <> 'INSERT' THEN {_NOTE.format(row='OLD')}; END IF;"
    f" IF TG_OP <> 'DELETE' THEN {_NOTE.format(row='NEW')}; END IF; RETURN NULL; END $$"
)
_ROWS = {"insert": ("NEW",), "update": ("OLD", "NEW"), "delete": ("OLD",)}


# ------------------------------------------------------------------ the triggers


def install(connection: sa.Connection) -> None:
    """Create the triggers. Migrations call this after anything that could have dropped some."""
    uninstall(connection)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_FUNCTION)
    for statement in _triggers(connection).values():
        connection.exec_driver_sql(statement)


def uninstall(connection: sa.Connection) -> None:
    """Drop the triggers: for a downgrade, and for the tests that show what happens without them."""
    on_postgresql = connection.dialect.name == "postgresql"
    for name in _triggers(connection):
        drop = f"DROP TRIGGER IF EXISTS {name}"
        connection.exec_driver_sql(f"{drop} ON occupancy" if on_postgresql else drop)
    if on_postgresql:
        connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {NAME}()")


def problems(connection: sa.Connection) -> list[str]:
    """The triggers that are missing or no longer say what they are to do, as codes: « missing:<trigger> »."""
    return [f"missing:{name}" for name in sorted(_triggers(connection).keys() - _in_force(connection))]


def _triggers(connection: sa.Connection) -> dict[str, str]:
    if connection.dialect.name == "postgresql":
        event = "AFTER INSERT OR UPDATE OR DELETE ON occupancy FOR EACH ROW"
        return {f"occupancy_{NAME}": f"CREATE TRIGGER occupancy_{NAME} {event} EXECUTE FUNCTION {NAME}()"}
    made = {}
    for verb, rows in _ROWS.items():
        notes = "; ".join(_NOTE.format(row=row) for row in rows)
        name = f"occupancy_{NAME}_{verb}"
        made[name] = f"CREATE TRIGGER {name} AFTER {verb.upper()} ON occupancy BEGIN {notes}; END"
    return made


def _in_force(connection: sa.Connection) -> set[str]:
    if connection.dialect.name == "postgresql":
        query = (
            "SELECT tgname FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid WHERE tgtype = 29"
            " AND tgrelid = to_regclass('occupancy') AND tgfoid = to_regproc('changed_day') AND tgenabled IN ('O', 'A')"
            " AND strpos(prosrc, %(old)s) > 0 AND strpos(prosrc, %(new)s) > 0"
        )
        written = {row.lower(): _NOTE.format(row=row) for row in ("OLD", "NEW")}
        return set(connection.exec_driver_sql(query, written).scalars())
    found = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
    expected = _triggers(connection)
    return {name for name, sql in found if expected.get(name) == sql}


# ------------------------------------------------------------------ reading

_KEYS: sa.BindParameter[int] = sa.bindparam("keys", expanding=True)
_FIRST: sa.BindParameter[int] = sa.bindparam("first", type_=sa.Integer)
_LAST: sa.BindParameter[int] = sa.bindparam("last", type_=sa.Integer)
_SPANS = sa.select(Occupancy.resource_id, Occupancy.starts_at, Occupancy.ends_at).where(
    Occupancy.resource_id.in_(_KEYS)
)


def _touched_by(cause: sa.ColumnElement[bool]) -> Iterator[sa.Select[int, int, None]]:
    """The days of what has that cause, of whatever resource, without bits: the first day of each and the last."""
    for instant in (Occupancy.starts_at, Occupancy.ends_at - 1):
        yield sa.select(Occupancy.resource_id, instant // DAY, sa.null()).where(cause)


_EXPIRED = sa.select(Hold.id).where(Hold.expires_at <= sa.bindparam("asked_at"))
# The bits of each day; then, without bits, the days whose occupancies must be read: those noted, and those on which
# something is set aside. That is found by its cause: by resource, every occupancy would be looked at.
_DAYS = sa.union_all(
    sa.select(taken_day.c.resource_id, taken_day.c.day, taken_day.c.cells).where(
        taken_day.c.resource_id.in_(_KEYS), taken_day.c.day.between(_FIRST, _LAST)
    ),
    sa.select(changed_day.c.resource_id, changed_day.c.day, sa.null()).where(
        changed_day.c.resource_id.in_(_KEYS), changed_day.c.day.between(_FIRST, _LAST)
    ),
    *_touched_by(Occupancy.appointment_id.in_(sa.bindparam("ignoring", expanding=True))),
    *_touched_by(Occupancy.hold_id.in_(_EXPIRED)),
)


def read_taken(
    session: Session, resource_ids: Collection[int], grid: Grid, ignoring: Collection[int] = (), asked_at: int = 0
) -> dict[int, Mask]:
    """When professionals and rooms are taken over the grid: what `schedule.read_occupancies` says, in cells.

    One read, of a row a resource a day however many appointments; one more when days have changed since `refresh`.
    """
    first, last = grid.origin // DAY, (grid.end - 1) // DAY
    keys, about = set(resource_ids), {"ignoring": list(ignoring), "asked_at": schedule.moment(asked_at)}
    rows = execute(session, _DAYS, keys=list(keys), first=first, last=last, **about).all()
    changed = {(key, day) for key, day, cells in rows if cells is None and key in keys and first <= day <= last}
    lines: dict[int, bytearray] = defaultdict(lambda: bytearray((last - first + 1) * BYTES))
    for key, day, cells in rows:
        if cells is not None and (key, day) not in changed:
            lines[key][(day - first) * BYTES : (day - first + 1) * BYTES] = cells
    skip = (grid.origin - first * DAY) // CELL
    masks = {key: int.from_bytes(line, "little") >> skip & grid.full for key, line in lines.items()}
    for key, spans in _read_changed(session, changed, grid, ignoring, asked_at).items():
        masks[key] = masks.get(key, 0) | grid.paint(spans)  # those of other days stand in their bits as well
    return masks


def _read_changed(
    session: Session, changed: Collection[tuple[int, int]], grid: Grid, ignoring: Collection[int], asked_at: int
) -> Mapping[int, list[Span]]:
    if not changed:
        return {}
    days = [day for _, day in changed]
    within = Grid.over(max(grid.origin, min(days) * DAY), min(grid.end, (max(days) + 1) * DAY))
    return schedule.read_occupancies(session, {key for key, _ in changed}, within, ignoring, asked_at)


# ------------------------------------------------------------------ proof

_EVERY = sa.select(Occupancy.resource_id, Occupancy.starts_at, Occupancy.ends_at).join(
    Resource, sa.and_(Resource.id == Occupancy.resource_id, Resource.kind != "usager")
)


def wrong(session: Session) -> list[tuple[int, int]]:
    """The (resource, day) whose bits are not what is taken, and that are not noted as changed."""
    noted = {tuple(row) for row in session.execute(sa.select(changed_day.c.resource_id, changed_day.c.day))}
    written = {(row.resource_id, row.day): row.cells for row in session.execute(sa.select(taken_day))}
    taken = bits_of((key, start, end) for key, start, end in session.execute(_EVERY))
    every = written.keys() | taken.keys()
    return sorted(key for key in every - noted if written.get(key) != taken.get(key))


# ------------------------------------------------------------------ writing anew

_CHANGED = sa.select(changed_day.c.id, changed_day.c.resource_id, changed_day.c.day).order_by(changed_day.c.id)
_OLDEST = _CHANGED.limit(sa.bindparam("most"))
_SEEN = sa.delete(changed_day).where(changed_day.c.id.in_(sa.bindparam("ids", expanding=True)))
_FORGET = sa.delete(taken_day).where(
    taken_day.c.resource_id == sa.bindparam("key"), taken_day.c.day == sa.bindparam("on")
)
_NEW = sa.insert(taken_day)
_OF_DAYS = _SPANS.where(
    Occupancy.starts_at > sa.bindparam("start", type_=sa.BigInteger) - schedule.LONGEST,
    Occupancy.starts_at < sa.bindparam("end", type_=sa.BigInteger),
)


def refresh(at_once: int = AT_ONCE) -> int:
    """Use case: write anew the bits of the days noted so far, and return how many notes there were.

    In transactions of so many notes `at_once`, so that no booking waits for long; what is booked during the last of
    them is for the next time. Raises DatabaseUnavailable.
    """
    seen = [in_transaction(lambda session: _refresh(session, at_once))]
    while seen[-1] == at_once:
        seen.append(in_transaction(lambda session: _refresh(session, at_once)))
    return sum(seen)


def _refresh(session: Session, most: int) -> int:
    if session.connection().dialect.name == "postgresql":
        # Of two at once, the one that read first could write last.
        session.execute(sa.text("LOCK TABLE taken_day IN SHARE ROW EXCLUSIVE MODE"))
    notes = execute(session, _OLDEST, most=most).all()
    if not notes:
        return 0
    execute(session, _SEEN, ids=[note.id for note in notes])
    days = {(note.resource_id, note.day) for note in notes}
    session.connection().execute(_FORGET, [{"key": key, "on": day} for key, day in sorted(days)])
    bits = bits_of(_touched(session, days))
    if new := [{"resource_id": key, "day": day, "cells": bits[key, day]} for key, day in sorted(days & bits.keys())]:
        session.connection().execute(_NEW, new)
    return len(notes)


def _touched(session: Session, days: Collection[tuple[int, int]]) -> Iterable[tuple[int, int, int]]:
    first, last = (limit(day for _, day in days) for limit in (min, max))
    keys = sorted({key for key, _ in days})
    found = execute(session, _OF_DAYS, keys=keys, start=first * DAY, end=(last + 1) * DAY)
    return ((key, start, end) for key, start, end in found)


def bits_of(taken: Iterable[tuple[int, int, int]]) -> dict[tuple[int, int], bytes]:
    """By resource and UTC day, the bits of what is taken: (resource, start, end) in seconds UTC."""
    spans: dict[tuple[int, int], list[Span]] = defaultdict(list)
    for key, start, end in taken:
        for day in _days(start, end):
            spans[key, day].append((start, end))
    return {
        (key, day): Grid(day * DAY, CELLS).paint(those).to_bytes(BYTES, "little") for (key, day), those in spans.items()
    }


def _days(start: int, end: int) -> Iterator[int]:
    yield from range(start // DAY, (end - 1) // DAY + 1)
