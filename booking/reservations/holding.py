"""Holds: a slot kept for a few minutes while it is being booked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import db, execute, in_transaction
from booking.errors import Invalid, KeyReused, NotFound, SlotUnavailable, TooManyHolds
from booking.reservations import asking, booking, guests
from booking.reservations.answering import check_key
from booking.reservations.commands import Act, Book, fingerprint
from booking.reservations.holds import counted, expire, give_back, keep
from booking.reservations.models import Proposal
from booking.reservations.store import check_uid
from booking.reservations.ways import making_way
from booking.rooms.models import Room
from booking.slots.models import Hold

LASTS = timedelta(minutes=5)
LONGEST = timedelta(minutes=30)  # however often it is renewed
OF_AN_AGENT, OF_A_SITE = 3, 20


@dataclass(frozen=True)
class Held:
    """A hold. `room` is a code; `replayed` says that the key had already been used."""

    uid: str
    start: datetime
    end: datetime
    room: str | None
    expires_at: datetime
    replayed: bool = False


_PROPOSED = sa.exists().where(Proposal.uid == Hold.uid).label("proposed")
_COLUMNS = (Hold.uid, Hold.starts_at, Hold.ends_at, Room.code, Hold.expires_at, Hold.fingerprint, Hold.created_at)
_READ = sa.select(*_COLUMNS).select_from(Hold).outerjoin(Room, Room.id == Hold.room_id)
_BY_KEY = _READ.where(Hold.key == sa.bindparam("key"))
_ALIVE = _READ.where(Hold.uid == sa.bindparam("uid"), Hold.expires_at > sa.bindparam("now"))
_BY_UID = _ALIVE.add_columns(_PROPOSED).with_for_update(of=Hold)
_RENEW = sa.update(Hold).where(Hold.uid == sa.bindparam("which")).values(expires_at=sa.bindparam("until"))
_FOLLOW = sa.update(Proposal).where(Proposal.uid == sa.bindparam("which")).values(expires_at=sa.bindparam("until"))


def hold(command: Book, act: Act) -> Held:
    """Keep what a booking would take, for 5 minutes; nobody is created and nobody is told.

    Booking with `hold` set to its uid takes its place. Raises what `book` raises, and TooManyHolds when the agent, or
    the site, keeps too many slots already.
    """
    asking.check_start(command.start)
    guests.check_number(booking.whom(command))
    try:
        return making_way(lambda session, act: _hold(session, command, act), act, key=command.key)
    except SlotUnavailable as refusal:
        raise booking.with_alternatives(db.session(), refusal, command, act) from None


def renew(uid: str, act: Act) -> Held:
    """Keep it for 5 minutes from now, 30 in all; asked twice at once, it is the same.

    What is proposed to somebody who waits is never kept beyond its start. Raises NotFound once it has expired, Invalid
    once it is kept for as long as may be.
    """

    def work(session: Session) -> Held:
        row = _alive(session, uid, act.now)
        last = min(row.created_at + LONGEST, row.starts_at) if row.proposed else row.created_at + LONGEST
        if row.expires_at >= last:
            raise Invalid("hold", "too_long_held")
        until = min(max(act.now + LASTS, row.expires_at), last)  # two clocks may differ a little
        execute(session, _RENEW, which=uid, until=until)
        execute(session, _FOLLOW, which=uid, until=until)  # the waiting list says until when
        return replace(_held(row), expires_at=until)

    return in_transaction(work)


def release(uid: str, act: Act) -> None:
    """Give a slot back before its time. Raises NotFound once it has expired."""

    def work(session: Session) -> None:
        _alive(session, uid, act.now)
        give_back(session, uid)

    in_transaction(work)


def purge(now: datetime) -> int:
    """Use case: forget the holds that have expired; return how many."""
    return in_transaction(lambda session: expire(session, now))


def _hold(session: Session, command: Book, act: Act) -> Held:
    booking.lock(session, command, act)
    check_key(command.key)
    expire(session, act.now)
    row = execute(session, _BY_KEY, key=command.key).first()
    if row is not None:
        if row.fingerprint != fingerprint(command):
            raise KeyReused
        return replace(_held(row), replayed=True)
    state = booking.place(session, command, act, create=False)
    keep(session, state, command, act, act.now + LASTS)
    _check_limits(session, state.site_id, act.agent_id)
    return _held(execute(session, _BY_KEY, key=command.key).one())


def _check_limits(session: Session, site_id: int, agent_id: int | None) -> None:
    """Count with the new one."""
    counts = counted(session, site_id, agent_id)
    if counts.of_agent > OF_AN_AGENT:
        raise TooManyHolds(OF_AN_AGENT)
    if counts.of_site > OF_A_SITE:
        raise TooManyHolds(OF_A_SITE)


def _alive(session: Session, uid: str, now: datetime) -> sa.Row[Any]:
    check_uid(uid, "hold")
    row = execute(session, _BY_UID, uid=uid, now=now).first()
    if row is None:
        raise NotFound("hold")
    return row


def _held(row: sa.Row[Any]) -> Held:
    return Held(row.uid, row.starts_at, row.ends_at, row.code, row.expires_at)
