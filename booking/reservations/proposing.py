"""Proposing what is free to those who wait: the first who came, the first slot that suits, kept until they are reached.

It looks at what is free now, not at what freed it: a cancellation, a move, an absence taken back and a new opening are
found alike, and nothing is lost when a process dies.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.orm import Session

from booking.db import db, end_reads, execute, finish_reading, in_transaction, is_unavailable
from booking.errors import (
    AppointmentClosed,
    DatabaseUnavailable,
    Invalid,
    NotFound,
    SessionFull,
    SlotUnavailable,
    TooManyHolds,
)
from booking.reservations import booking, guests, holding, joining, moving, store
from booking.reservations.commands import Act, Book, Join
from booking.reservations.free import Candidate, Free, Wanting, wanting
from booking.reservations.holds import counted, expire, give_back, keep
from booking.reservations.models import Appointment, Proposal, Waiting
from booking.reservations.state import State
from booking.reservations.ways import making_way
from booking.reservations.wishes import kept_until
from booking.resources import lock_people
from booking.slots import configuration, lookups, schedule
from booking.slots.grid import Grid, Span
from booking.slots.models import Hold, Occupancy

OF_THE_LIST = holding.OF_A_SITE // 2  # the desk keeps the other half
TRIES = 5  # for one who waits, at a time: what is found free may be gone when its turn comes
SEATS = 60  # of sessions: one that does not suit is found again each time, and must not hide those after it
SEARCHES = 200  # at a time; one search serves all who wait for the same type and professional
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Proposed:
    """What was proposed to whom. Its uid is that of the hold; a seat has no professional of its own."""

    uid: str
    waiting_uid: str
    usager_id: int
    start: datetime
    expires_at: datetime


def propose(now: datetime, searches: int = SEARCHES) -> list[Proposed]:
    """Propose to everybody who waits, first come first served, the first slot that suits and was not proposed to them.

    Each is a transaction of its own. Nothing is proposed beyond half of the slots that a site may keep, nor found
    beyond so many searches: what is left waits for the next time. Raises DatabaseUnavailable.
    """
    try:
        return _propose(now, searches)
    except exc.DBAPIError as error:
        if not is_unavailable(error):
            raise
        end_reads(error)
        raise DatabaseUnavailable from error


def _propose(now: datetime, searches: int) -> list[Proposed]:
    if not _anybody():
        return []
    lapse(now)
    found: list[Proposed] = []
    free = Free(db.session(), wanting(db.session()), now, searches)
    for entry in free.entries:
        try:
            proposed = _first_that_suits(free, entry, now)
        except TooManyHolds:
            break
        if proposed is not None:
            found.append(proposed)
    return found


def lapse(now: datetime) -> None:
    """Give back what was not answered in time or can no longer be given, and end the waits that are over.

    Use case.
    """
    in_transaction(lambda session: _lapse(session, now))


_ANYBODY = sa.select(Waiting.id).where(Waiting.ended_at.is_(None)).limit(1)
_OF_CHANGED_SESSION = (
    sa.select(Proposal.uid)
    .join(Appointment, Appointment.id == Proposal.appointment_id)
    .join(Waiting, Waiting.id == Proposal.waiting_id)
    .where(
        Proposal.state == "pending",
        sa.or_(
            Appointment.cancelled_at.is_not(None),
            Appointment.starts_at != Proposal.starts_at,
            Appointment.type_id != Waiting.type_id,
        ),
    )
)
# Slots, and when they take their professional and their room. Seats have none: a session stands until somebody decides.
_KEPT = (
    sa.select(
        Proposal.uid, Proposal.professional_id, Hold.site_id, Hold.room_id, Occupancy.starts_at, Occupancy.ends_at
    )
    .join(Hold, Hold.uid == Proposal.uid)
    .join(Occupancy, sa.and_(Occupancy.hold_id == Hold.id, Occupancy.resource_id == Proposal.professional_id))
    .where(Proposal.state == "pending")
)
_PENDING = sa.exists().where(Proposal.waiting_id == Waiting.id, Proposal.state == "pending")
_BEGUN = sa.exists().where(Appointment.id == Waiting.appointment_id, Appointment.starts_at <= sa.bindparam("now"))
_PAST = sa.and_(Waiting.appointment_id.is_(None), Waiting.last_day < sa.bindparam("today"))
_EXPIRE = (
    sa.update(Waiting)
    .where(Waiting.ended_at.is_(None), ~_PENDING, sa.or_(_PAST, _BEGUN))
    .values(ended_at=sa.bindparam("now"), outcome="expired")
)
_STILL = sa.select(Waiting.id).where(Waiting.id == sa.bindparam("key"), Waiting.ended_at.is_(None), ~_PENDING)
_NEW = sa.insert(Proposal)


def _anybody() -> bool:
    session = db.session()
    finish_reading(session)  # a screen may have read before somebody else wrote
    return execute(session, _ANYBODY).first() is not None


def _lapse(session: Session, now: datetime) -> None:
    expire(session, now)
    changed = execute(session, _OF_CHANGED_SESSION).scalars().all()
    for uid in sorted({*changed, *_hindered(session)}):
        give_back(session, uid, "lapsed")
    execute(session, _EXPIRE, now=now, today=now.astimezone(lookups.zone(session)).date())


def _hindered(session: Session) -> list[str]:
    """The slots, buffers included, whose professional is absent by now or whose place is closed."""
    kept = execute(session, _KEPT).all()
    if not kept:
        return []
    grid = Grid.over(min(one.starts_at for one in kept), max(one.ends_at for one in kept))
    absences = schedule.read_absences(session, {one.professional_id for one in kept}, grid)
    sites, rooms = schedule.read_closures(session, {one.site_id for one in kept}, grid)

    def in_the_way(one: sa.Row[Any]) -> Iterator[Span]:
        yield from absences.get(one.professional_id, ())
        yield from sites.get(one.site_id, ())
        yield from rooms.get(one.room_id, ())

    return [one.uid for one in kept if any(a < one.ends_at and one.starts_at < b for a, b in in_the_way(one))]


def _first_that_suits(free: Free, entry: Wanting, now: datetime) -> Proposed | None:
    """Try what seems free, under the locks of a booking. Raises TooManyHolds."""
    for candidate in free.suiting(entry, SEATS if entry.collective else TRIES):
        try:
            return keep_for(entry, candidate, now)
        except SlotUnavailable:
            if candidate.session_uid is None:  # somebody was quicker; a seat that does not suit them may suit others
                free.forget(candidate)
        except (SessionFull, AppointmentClosed):
            free.forget(candidate)  # somebody was quicker, or it is not what it was
        except (NotFound, Invalid):
            return None  # it is this usager, or this type, that is not what it was
    return None


def keep_for(entry: Wanting, candidate: Candidate, now: datetime) -> Proposed | None:
    """Use case: keep it for them, unless something else was proposed to them meanwhile. Raises what `book` raises."""
    act = Act(now=now, origin="cli", tell=_nobody)
    if candidate.session_uid is None:
        who = candidate.professional_id
        command = Book(secrets.token_hex(16), entry.type_id, candidate.start, who, entry.usager_id)
        return making_way(lambda session, act: _slot(session, entry, command, act), act)
    seat = Join(secrets.token_hex(16), candidate.session_uid, entry.usager_id)
    return in_transaction(lambda session: _seat(session, entry, seat, candidate.start, act))


def _slot(session: Session, entry: Wanting, command: Book, act: Act) -> Proposed | None:
    booking.lock(session, command, act)
    expire(session, act.now)
    if not _still_waits(session, entry):
        return None
    state = booking.place(session, command, act, create=False)
    until = _until(session, state, act.now)
    keep(session, state, command, act, until)
    return _proposed(session, entry, state, until, act.now, professional_id=command.professional_id)


def _seat(session: Session, entry: Wanting, command: Join, start: datetime, act: Act) -> Proposed | None:
    before = store.locked(session, command.uid)
    lock_people(session, (), {entry.usager_id})
    expire(session, act.now)
    if not _still_waits(session, entry):
        return None
    _check_seat(session, before, entry, start, act)
    # Of the session, the usager alone: it has its professionals and its room already.
    state = replace(
        before,
        uid=secrets.token_hex(16),
        room_id=None,
        professional_ids=frozenset(),
        attendance={entry.usager_id: "expected"},
    )
    until = _until(session, state, act.now)
    keep(session, state, command, act, until, seat_in=before.id)
    return _proposed(session, entry, state, until, act.now, appointment_id=before.id)


def _check_seat(session: Session, before: State, entry: Wanting, start: datetime, act: Act) -> None:
    """Refuse a seat that they could not take, as `join` would. Its room is looked for again when they do."""
    who = entry.usager_id
    if before.cancelled_at or before.over or who in before.present:
        raise AppointmentClosed
    if (before.type_id, before.starts_at) != (entry.type_id, start):
        raise AppointmentClosed
    guests.find(session, configuration.read(session).type(before.type_id, even_retired=True), who)
    joining.check_seats(session, before, act.now)
    guests.check_free(session, who, int(before.starts_at.timestamp()), int(before.ends_at.timestamp()))
    moving.room_for_all(session, replace(before, attendance={**before.attendance, who: "expected"}), act)


def _still_waits(session: Session, entry: Wanting) -> bool:
    """Whether the entry stands and nothing is proposed to it; its usager is locked."""
    return execute(session, _STILL, key=entry.id).first() is not None


def _until(session: Session, state: State, now: datetime) -> datetime:
    """Until when it is kept, by the hours and the closures of its site."""
    first, last = int(now.timestamp()), int(state.starts_at.timestamp())
    grid = Grid.over(first, last)
    closed, _ = schedule.read_closures(session, [state.site_id], grid)
    site = configuration.read(session).sites.get(state.site_id)  # None: its hours were taken away since
    opened = site.open_spans(now.date() - DAY, state.starts_at.date() + DAY) if site else []
    return schedule.moment(kept_until(first, last, sorted(opened), closed.get(state.site_id, ())))


def _proposed(session: Session, entry: Wanting, state: State, until: datetime, now: datetime, **what: int) -> Proposed:
    """Store it. Raises TooManyHolds when those who wait, or the site, keep too much already."""
    facts = {"professional_id": None, "appointment_id": None, **what}
    times = {"starts_at": state.starts_at, "proposed_at": now, "expires_at": until}
    execute(session, _NEW, uid=state.uid, waiting_id=entry.id, state="pending", **facts, **times)
    counts = counted(session, state.site_id, None)
    if counts.of_list > OF_THE_LIST or counts.of_site > holding.OF_A_SITE:
        raise TooManyHolds(OF_THE_LIST)
    return Proposed(state.uid, entry.uid, entry.usager_id, state.starts_at, until)


def _nobody(*_: object) -> None:
    """Nobody is told by a mail of what is proposed: reception calls them."""
