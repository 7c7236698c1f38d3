"""What is proposed to somebody who waits, inside the transaction of the command that answers it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import execute
from booking.errors import NotFound
from booking.reservations.commands import Act, Book, Join
from booking.reservations.holds import give_back
from booking.reservations.models import Appointment, Proposal, Waiting
from booking.reservations.state import State
from booking.reservations.store import check_uid

_READ = sa.select(
    Proposal.uid,
    Proposal.waiting_id,
    Proposal.professional_id,
    Proposal.appointment_id,
    Proposal.starts_at,
    Proposal.state,
    Waiting.type_id,
    Waiting.usager_id,
    Waiting.ended_at,
    Appointment.uid.label("session_uid"),
).select_from(sa.join(Proposal, Waiting).outerjoin(Appointment, Appointment.id == Proposal.appointment_id))
_BY_UID = _READ.where(Proposal.uid == sa.bindparam("uid"))
_OF_SEAT = _READ.where(
    Proposal.appointment_id == sa.bindparam("appointment"),
    Waiting.usager_id == sa.bindparam("usager"),
    Proposal.state == "pending",
)
_SINCE = sa.select(Proposal.uid).where(
    Proposal.waiting_id == sa.bindparam("waiting"), Proposal.uid != sa.bindparam("but"), Proposal.state == "pending"
)
_BOOKED = sa.update(Proposal).where(Proposal.uid == sa.bindparam("which")).values(state="booked")
_END = (
    sa.update(Waiting)
    .where(Waiting.id == sa.bindparam("which"), Waiting.ended_at.is_(None))
    .values(outcome="booked", ended_at=sa.bindparam("now"), booked_id=sa.bindparam("appointment"))
)


def answer_to(session: Session, key: str, uid: str) -> Book | Join:
    """The command that books what was proposed; when it is no longer kept, that is simply tried.

    Raises NotFound for an unknown proposal, and one that was declined.
    """
    row = _read(session, uid)
    if row is None or row.state == "declined":
        raise NotFound("proposal")
    if row.session_uid is not None:
        return Join(key, row.session_uid, row.usager_id, hold=uid)
    return Book(key, row.type_id, row.starts_at, row.professional_id, row.usager_id, hold=uid)


def seat(session: Session, uid: str | None, usager_id: int, before: State) -> str | None:
    """The proposal that keeps a seat of this session: the one named, or what is proposed to the usager who joins.

    Raises NotFound for one of another session, or of an hour or a type that this one no longer has.
    """
    if uid is None:
        known = {"appointment": before.id, "usager": usager_id}
        return None if before.capacity is None else execute(session, _OF_SEAT, **known).scalar()
    row = _read(session, uid)
    if row is None or (row.appointment_id, row.starts_at, row.type_id) != (before.id, before.starts_at, before.type_id):
        raise NotFound("proposal")
    return uid


def because(session: Session, uid: str | None, act: Act, present: Collection[int]) -> Act:
    """The same act, its reason the waiting list when who waited gets what was proposed, and no other is given."""
    row = _read(session, uid) if uid is not None and act.reason is None else None
    return act if row is None or row.usager_id not in present else replace(act, reason="waiting_list")


def booked(session: Session, uid: str | None, state: State, now: datetime) -> None:
    """End the wait of whoever was proposed this and now takes part; somebody else's booking ends nothing.

    When it had lapsed, something else may be proposed to them by now: nobody waits for that any more.
    """
    row = _read(session, uid) if uid is not None else None
    if row is None or row.ended_at is not None or row.usager_id not in state.present or row.type_id != state.type_id:
        return
    for other in execute(session, _SINCE, waiting=row.waiting_id, but=uid).scalars().all():
        give_back(session, other, "lapsed")
    execute(session, _BOOKED, which=uid)
    execute(session, _END, which=row.waiting_id, now=now, appointment=state.id)


def _read(session: Session, uid: str) -> sa.Row[Any] | None:
    check_uid(uid, "proposal")
    return execute(session, _BY_UID, uid=uid).first()
