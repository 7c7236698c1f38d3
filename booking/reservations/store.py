"""Reading and writing appointments as states, with all that goes with them. Runs inside a command's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.orm import Session

from booking.db import execute, violated
from booking.errors import NotFound, SlotTaken
from booking.people.models import Professional
from booking.reservations.commands import Act
from booking.reservations.models import Action, Appointment, History, Participation, appointment_professional
from booking.reservations.state import Attendance, State
from booking.slots.guards import GUARD
from booking.slots.models import Occupancy

BATCH = 500

_APPOINTMENT = Appointment.__table__
_COLUMNS = tuple(_APPOINTMENT.c)
_ROW = tuple(column.name for column in _COLUMNS if column.name != "id")
_KEY: sa.BindParameter[Any] = sa.bindparam("appointment")
_KEYS: sa.BindParameter[Any] = sa.bindparam("keys", expanding=True)

_BY_UID = sa.select(*_COLUMNS).where(Appointment.uid == sa.bindparam("uid"))
_LOCKED = _BY_UID.with_for_update(key_share=True)
_NEXT = sa.select(*_COLUMNS).where(Appointment.id > sa.bindparam("after")).order_by(Appointment.id).limit(BATCH)
_PROFESSIONALS = sa.select(appointment_professional).where(appointment_professional.c.appointment_id.in_(_KEYS))
_ATTENDANCES = sa.select(Participation.appointment_id, Participation.usager_id, Participation.attendance).where(
    Participation.appointment_id.in_(_KEYS)
)

_NEW = sa.insert(Appointment).returning(Appointment.id)
_CHANGE = sa.update(Appointment).where(Appointment.id == _KEY)
_JOIN = sa.insert(appointment_professional)
_LEAVE = sa.delete(appointment_professional).where(appointment_professional.c.appointment_id == _KEY)
_EXPECT = sa.insert(Participation)
_ATTEND = (
    sa.update(Participation)
    .where(Participation.appointment_id == _KEY, Participation.usager_id == sa.bindparam("usager"))
    .values(attendance=sa.bindparam("step"))
)
_OCCUPY = sa.insert(Occupancy)
_RELEASE = sa.delete(Occupancy).where(Occupancy.appointment_id == _KEY)
_NEW_HISTORY = sa.insert(History)
_TOUCH = sa.update(Professional).where(Professional.id.in_(_KEYS)).values(feed_version=Professional.feed_version + 1)


def check_uid(uid: str) -> None:
    """Raise NotFound for what cannot be a uid: PostgreSQL refuses to compare with some of it."""
    if not (uid.isascii() and uid.isalnum()):
        raise NotFound("appointment")


def read(session: Session, uid: str) -> State:
    """The appointment with that uid. Raises NotFound."""
    return _one(session, _BY_UID, uid)


def locked(session: Session, uid: str) -> State:
    """The appointment, its row locked: changes of one appointment come one after the other. Raises NotFound."""
    return _one(session, _LOCKED, uid)


def every(session: Session) -> Iterator[State]:
    """All appointments by id, read a batch at a time."""
    rows = execute(session, _NEXT, after=0).all()
    while rows:
        yield from _states(session, rows)
        rows = execute(session, _NEXT, after=rows[-1].id).all()


def create(session: Session, new: State, act: Act) -> State:
    """Store a new appointment with what it takes, its history and the versions of its feeds.

    Raises SlotTaken when the database refuses an overlap, whatever let it come so far.
    """
    stored = execute(session, _NEW, **_row(new)).scalar_one()
    _insert(session, _JOIN, ({"appointment_id": stored, "professional_id": key} for key in new.professional_ids))
    steps = new.attendance.items()
    _insert(session, _EXPECT, ({"appointment_id": stored, "usager_id": u, "attendance": s} for u, s in steps))
    state = replace(new, id=stored)
    _occupy(session, state)
    _record(session, state, "booked", {}, act, told=True)
    execute(session, _TOUCH, keys=list(state.professional_ids))
    return state


def change(session: Session, before: State, after: State, action: Action, act: Act) -> None:
    """Store what a command made of an appointment, with all that follows from it. `before` was read under its lock.

    Usagers are told of it when its notice rose. Raises SlotTaken as `create` does.
    """
    execute(session, _CHANGE, appointment=before.id, **_row(after))
    if before.professional_ids != after.professional_ids:
        execute(session, _LEAVE, appointment=before.id)
        _insert(session, _JOIN, ({"appointment_id": before.id, "professional_id": p} for p in after.professional_ids))
    for usager_id, step in after.attendance.items():
        if before.attendance[usager_id] != step:
            execute(session, _ATTEND, appointment=before.id, usager=usager_id, step=step)
    if before.taken() != after.taken():
        # A DELETE of all, then an INSERT of all: an appointment that moves by 5 minutes overlaps its own old rows.
        execute(session, _RELEASE, appointment=before.id)
        _occupy(session, after)
    _record(session, after, action, before.facts(), act, told=after.notice != before.notice)
    if action != "attendance":
        execute(session, _TOUCH, keys=list(before.professional_ids | after.professional_ids))


def _one(session: Session, query: sa.Select[Any], uid: str) -> State:
    check_uid(uid)
    row = execute(session, query, uid=uid).first()
    if row is None:
        raise NotFound("appointment")
    return _states(session, [row])[0]


def _states(session: Session, rows: Sequence[sa.Row[Any]]) -> list[State]:
    keys = [row.id for row in rows]
    professionals: dict[int, set[int]] = defaultdict(set)
    attendance: dict[int, dict[int, Attendance]] = defaultdict(dict)
    for key, professional_id in execute(session, _PROFESSIONALS, keys=keys):
        professionals[key].add(professional_id)
    for key, usager_id, step in execute(session, _ATTENDANCES, keys=keys):
        attendance[key][usager_id] = step
    return [
        State(**row._mapping, professional_ids=frozenset(professionals[row.id]), attendance=attendance[row.id])
        for row in rows
    ]


def _row(state: State) -> dict[str, Any]:
    values = vars(state)
    return {name: values[name] for name in _ROW}


def _insert(session: Session, statement: sa.Insert, rows: Iterable[dict[str, Any]]) -> None:
    if found := list(rows):
        session.connection().execute(statement, found)


def _occupy(session: Session, state: State) -> None:
    rows = [
        {"resource_id": key, "starts_at": start, "ends_at": end, "appointment_id": state.id}
        for key, (start, end) in state.taken().items()
    ]
    try:
        _insert(session, _OCCUPY, rows)
    except exc.IntegrityError as error:
        if violated(error, GUARD):
            raise SlotTaken("professional_busy") from error
        raise


def _record(session: Session, after: State, action: Action, before: dict[str, Any], act: Act, *, told: bool) -> None:
    execute(
        session,
        _NEW_HISTORY,
        appointment_id=after.id,
        at=act.now,
        agent_id=act.agent_id,
        origin=act.origin,
        action=action,
        notice=after.notice if told else None,
        before=before,
        after=after.facts(),
    )
