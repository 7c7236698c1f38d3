"""Reading and writing appointments as states, with all that goes with them. Runs inside a command's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.orm import Session

from booking.db import execute, violated
from booking.errors import NotFound, SlotTaken
from booking.people.models import Professional
from booking.reservations.commands import Act
from booking.reservations.models import Appointment, History, Participation, Told, appointment_professional
from booking.reservations.state import Action, Attendance, Change, Span, State
from booking.slots.guards import GUARD
from booking.slots.models import Occupancy, seated

BATCH = 500

_APPOINTMENT = Appointment.__table__
_COLUMNS = tuple(_APPOINTMENT.c)
_ROW = tuple(column.name for column in _COLUMNS if column.name != "id")
_KEY: sa.BindParameter[Any] = sa.bindparam("appointment")
_KEYS: sa.BindParameter[Any] = sa.bindparam("keys", expanding=True)

_BY_UID = sa.select(*_COLUMNS).where(Appointment.uid == sa.bindparam("uid"))
_LOCKED = _BY_UID.with_for_update(key_share=True)
_BY_KEYS = sa.select(*_COLUMNS).where(Appointment.id.in_(_KEYS)).order_by(Appointment.starts_at, Appointment.id)
_NEXT = sa.select(*_COLUMNS).where(Appointment.id > sa.bindparam("after")).order_by(Appointment.id).limit(BATCH)
_PROFESSIONALS = sa.select(appointment_professional).where(appointment_professional.c.appointment_id.in_(_KEYS))
_PARTICIPATIONS = sa.select(
    Participation.appointment_id, Participation.usager_id, Participation.attendance, Participation.notice
).where(Participation.appointment_id.in_(_KEYS))

_NEW = sa.insert(Appointment).returning(Appointment.id)
_CHANGE = sa.update(Appointment).where(Appointment.id == _KEY)
_JOIN = sa.insert(appointment_professional)
_LEAVE = sa.delete(appointment_professional).where(appointment_professional.c.appointment_id == _KEY)
_EXPECT = sa.insert(Participation)
_ATTEND = (
    sa.update(Participation)
    .where(Participation.appointment_id == _KEY, Participation.usager_id == sa.bindparam("usager"))
    .values(attendance=sa.bindparam("step"), notice=sa.bindparam("count"))
)
_OCCUPY = sa.insert(Occupancy)
_RELEASE = sa.delete(Occupancy).where(Occupancy.appointment_id.in_(sa.bindparam("appointments", expanding=True)))
_SIT = sa.insert(seated)
_STAND = sa.delete(seated).where(seated.c.appointment_id == _KEY)
_LOCK_ROWS = (
    sa.select(Appointment.id)
    .where(Appointment.uid.in_(sa.bindparam("uids", expanding=True)))
    .order_by(Appointment.uid)
    .with_for_update(key_share=True)
)
_LAST_CANCELLING = (
    sa.select(History.before)
    .where(History.appointment_id == _KEY, History.action == "cancelled")
    .order_by(History.id.desc())
    .limit(1)
)
_NEW_HISTORY = sa.insert(History).returning(History.id)
_TELL = sa.insert(Told)
_TOUCH = sa.update(Professional).where(Professional.id.in_(_KEYS)).values(feed_version=Professional.feed_version + 1)


def check_uid(uid: str, what: str = "appointment") -> None:
    """Raise NotFound for what cannot be a uid: PostgreSQL refuses to compare with some of it."""
    if not (uid.isascii() and uid.isalnum()):
        raise NotFound(what)


def read(session: Session, uid: str) -> State:
    """The appointment with that uid. Raises NotFound."""
    return _one(session, _BY_UID, uid)


def locked(session: Session, uid: str) -> State:
    """The appointment, its row locked: changes of one appointment come one after the other. Raises NotFound."""
    return _one(session, _LOCKED, uid)


def lock_rows(session: Session, uids: Collection[str]) -> None:
    """Lock the rows of several appointments, by uid, so that no two commands wait for each other."""
    if uids:
        execute(session, _LOCK_ROWS, uids=list(uids))


def several(session: Session, ids: Collection[int]) -> list[State]:
    """The appointments with those keys, by start."""
    return _states(session, execute(session, _BY_KEYS, keys=list(ids)).all())


def every(session: Session) -> Iterator[State]:
    """All appointments by id, read a batch at a time."""
    rows = execute(session, _NEXT, after=0).all()
    while rows:
        yield from _states(session, rows)
        rows = execute(session, _NEXT, after=rows[-1].id).all()


def create(session: Session, new: State, act: Act) -> State:
    """Store a new appointment with what it takes, its history, whom it tells and the versions of its feeds.

    Raises SlotTaken when the database refuses an overlap, whatever let it come so far.
    """
    state = replace(new, id=execute(session, _NEW, **_row(new)).scalar_one())
    _insert(session, _JOIN, ({"appointment_id": state.id, "professional_id": key} for key in state.professional_ids))
    _insert(session, _EXPECT, (_participation(state, key) for key in state.attendance))
    occupy(session, state.taken(), appointment_id=state.id)
    _seat(session, state)
    history_id = _record(session, state, "booked", {}, act)
    _insert(session, _TELL, _told(history_id, state, state.attendance, "booked"))
    execute(session, _TOUCH, keys=list(state.professional_ids))
    return state


def change(
    session: Session, before: State, after: State, action: Action, act: Act, told: Change | None = None
) -> frozenset[int]:
    """Store what a command made of an appointment, with all that follows from it. `before` was read under its lock.

    Returns the usagers whose notice rose: they are told of the change `told`. Raises SlotTaken as `create` does.
    """
    execute(session, _CHANGE, appointment=before.id, **_row(after))
    if before.professional_ids != after.professional_ids:
        execute(session, _LEAVE, appointment=before.id)
        _insert(session, _JOIN, ({"appointment_id": before.id, "professional_id": p} for p in after.professional_ids))
    _write_participations(session, before, after)
    if before.taken() != after.taken():
        # A DELETE of all, then an INSERT of all: an appointment that moves by 5 minutes overlaps its own old rows.
        release(session, [before.id])
        occupy(session, after.taken(), appointment_id=after.id)
    if before.seat != after.seat:
        execute(session, _STAND, appointment=before.id)
        _seat(session, after)
    history_id = _record(session, after, action, before.facts(), act)
    people = frozenset(key for key, notice in after.notices.items() if before.notices.get(key) != notice)
    if told is not None:
        _insert(session, _TELL, _told(history_id, after, people, told))
    if action != "attendance":
        execute(session, _TOUCH, keys=list(before.professional_ids | after.professional_ids))
    return people


def occupy(session: Session, taken: Mapping[int, Span], **cause: int) -> None:
    """Take resources for an appointment (`appointment_id`) or a hold (`hold_id`).

    Raises SlotTaken when the database refuses an overlap.
    """
    rows = [{"resource_id": key, "starts_at": start, "ends_at": end, **cause} for key, (start, end) in taken.items()]
    try:
        _insert(session, _OCCUPY, rows)
    except exc.IntegrityError as error:
        if violated(error, GUARD):
            raise SlotTaken("professional_busy") from error
        raise


def release(session: Session, appointment_ids: Collection[int]) -> None:
    """Give back all that several appointments take, so that each may take what another had."""
    execute(session, _RELEASE, appointments=list(appointment_ids))


def attendance_before_cancelling(session: Session, appointment_id: int) -> dict[int, Attendance]:
    """How its usagers stood when it was last cancelled: some may have left before."""
    facts = execute(session, _LAST_CANCELLING, appointment=appointment_id).scalar_one()
    return {int(usager_id): step for usager_id, step in facts["attendance"].items()}


def _write_participations(session: Session, before: State, after: State) -> None:
    _insert(session, _EXPECT, (_participation(after, key) for key in after.attendance if key not in before.attendance))
    for key in before.attendance:
        if (before.attendance[key], before.notices[key]) != (after.attendance[key], after.notices[key]):
            values = {"step": after.attendance[key], "count": after.notices[key]}
            execute(session, _ATTEND, appointment=before.id, usager=key, **values)


def _seat(session: Session, state: State) -> None:
    if (seat := state.seat) is not None:
        type_id, persons, starts_at = seat
        _insert(
            session,
            _SIT,
            [{"appointment_id": state.id, "type_id": type_id, "persons": persons, "starts_at": starts_at}],
        )


def _participation(state: State, usager_id: int) -> dict[str, Any]:
    return {
        "appointment_id": state.id,
        "usager_id": usager_id,
        "attendance": state.attendance[usager_id],
        "notice": state.notices[usager_id],
    }


def _told(history_id: int, state: State, usager_ids: Iterable[int], told: Change) -> list[dict[str, Any]]:
    return [
        {"history_id": history_id, "usager_id": key, "change": told, "notice": state.notices[key]}
        for key in sorted(usager_ids)
    ]


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
    notices: dict[int, dict[int, int]] = defaultdict(dict)
    for key, professional_id in execute(session, _PROFESSIONALS, keys=keys):
        professionals[key].add(professional_id)
    for key, usager_id, step, notice in execute(session, _PARTICIPATIONS, keys=keys):
        attendance[key][usager_id] = step
        notices[key][usager_id] = notice
    return [
        State(
            **row._mapping,
            professional_ids=frozenset(professionals[row.id]),
            attendance=attendance[row.id],
            notices=notices[row.id],
        )
        for row in rows
    ]


def _row(state: State) -> dict[str, Any]:
    values = vars(state)
    return {name: values[name] for name in _ROW}


def _insert(session: Session, statement: sa.Insert, rows: Iterable[dict[str, Any]]) -> None:
    if found := list(rows):
        session.connection().execute(statement, found)


def _record(session: Session, after: State, action: Action, before: dict[str, Any], act: Act) -> int:
    written = execute(
        session,
        _NEW_HISTORY,
        appointment_id=after.id,
        at=act.now,
        agent_id=act.agent_id,
        origin=act.origin,
        action=action,
        reason=act.reason,
        before=before,
        after=after.facts(),
    )
    return int(written.scalar_one())
