"""The waiting list: who waits for what, until it is proposed to them and booked."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.orm import Session, joinedload, selectinload

from booking import french
from booking.db import in_transaction
from booking.errors import AppointmentClosed, Invalid, KeyReused, NotFound
from booking.reservations import guests, store
from booking.reservations.answering import check_key
from booking.reservations.commands import Act, Whom, fingerprint
from booking.reservations.holds import give_back
from booking.reservations.models import Proposal, Waiting
from booking.reservations.state import State
from booking.reservations.wishes import Wishes
from booking.resources import lock_people
from booking.slots import configuration, lookups
from booking.slots.facts import TypeFacts
from booking.slots.hours import DAY_MINUTES
from booking.slots.models import AppointmentType

MOST = 20  # of one usager
FARTHEST = timedelta(days=366)
GRID_MINUTES = 5


@dataclass(frozen=True)
class Wait:
    """Wait for a type, on those days and at those hours, with that professional or any.

    `wishes` are on the wall of the site. `usager` None creates a visitor with a code, which is what confidential
    services require. `key` is made by the client: sent twice, it is noted once.
    """

    key: str
    type_id: int
    usager: Whom
    wishes: Wishes
    professional_id: int | None = None


@dataclass(frozen=True)
class WaitForSession:
    """Wait for a seat in that session."""

    key: str
    uid: str
    usager: Whom


@dataclass(frozen=True)
class Entered:
    """A standing entry of the list. `replayed` says that the key had already been used."""

    uid: str
    usager_id: int
    replayed: bool = False


@dataclass(frozen=True)
class _Wanted:
    """What is waited for, whoever waits; `present` take part in it already."""

    kind: TypeFacts
    wishes: Wishes
    professional_id: int | None = None
    appointment_id: int | None = None
    present: Collection[int] = ()


class _KeyTaken(Exception):
    """The same form, sent at the same time, was noted first: its answer can be found now."""


def wait(command: Wait | WaitForSession, act: Act) -> Entered:
    """Note that an usager waits; the usager is found or created.

    Raises Invalid for wishes that nothing could meet, for what they wait for already and for too much of it, NotFound,
    AppointmentClosed for a session that is cancelled or has begun, KeyReused and DatabaseUnavailable.
    """
    work = partial(_wait, command=command, act=act)
    try:
        return in_transaction(work, key=command.key)
    except _KeyTaken:
        return in_transaction(work, key=command.key)


def withdraw(uid: str, act: Act) -> None:
    """Take an entry off the list, and give back what is proposed; again changes nothing.

    Raises NotFound for an unknown entry, and one that ended otherwise.
    """

    def work(session: Session) -> None:
        store.check_uid(uid, "waiting")
        usager_id = session.scalar(sa.select(Waiting.usager_id).where(Waiting.uid == uid))
        if usager_id is None:
            raise NotFound("waiting")
        lock_people(session, (), {usager_id})  # nothing is proposed to them meanwhile
        _withdraw(session, uid, act.now)

    in_transaction(work)


def decline(uid: str) -> None:
    """Note that what was proposed does not suit: it goes to the next, and this entry waits for something else.

    Again changes nothing. Raises NotFound for an unknown proposal, and one that was booked.
    """

    def work(session: Session) -> None:
        store.check_uid(uid, "proposal")
        give_back(session, uid)
        if session.scalar(sa.select(Proposal.state).where(Proposal.uid == uid)) in (None, "booked"):
            raise NotFound("proposal")

    in_transaction(work)


def standing(session: Session) -> Sequence[Waiting]:
    """The entries that stand, first come first, with what screens show of them."""
    query = sa.select(Waiting).where(Waiting.ended_at.is_(None)).order_by(Waiting.created_at, Waiting.id)
    return session.scalars(query.options(*_WHOLE)).all()


def find(session: Session, uid: str) -> Waiting:
    """The entry with that uid, standing or not. Raises NotFound."""
    store.check_uid(uid, "waiting")
    found = session.scalars(sa.select(Waiting).where(Waiting.uid == uid).options(*_WHOLE)).first()
    if found is None:
        raise NotFound("waiting")
    return found


def served_at(session: Session, key: str) -> datetime | None:
    """When a demand with that key was noted, None if it was not; sent again, it gets the same answer."""
    return session.scalar(sa.select(Waiting.created_at).where(Waiting.key == key))


def of_proposals(session: Session, uids: Collection[str]) -> Sequence[Proposal]:
    """Those proposals that are still pending, with whom they are made to, by start."""
    query = sa.select(Proposal).where(Proposal.uid.in_(uids), Proposal.state == "pending").order_by(Proposal.starts_at)
    return session.scalars(query.options(joinedload(Proposal.waiting).joinedload(Waiting.usager))).all()


_WHOLE = (
    joinedload(Waiting.usager),
    joinedload(Waiting.type).joinedload(AppointmentType.service),
    joinedload(Waiting.professional),
    joinedload(Waiting.appointment),
    selectinload(Waiting.proposals).joinedload(Proposal.professional),
)


def _wait(session: Session, command: Wait | WaitForSession, act: Act) -> Entered:
    led_by = getattr(command, "professional_id", None)
    lock_people(session, () if led_by is None else {led_by}, guests.known((command.usager,)))
    if (done := _replayed(session, command)) is not None:
        return done
    wanted = _asked(session, command, act.now) if isinstance(command, Wait) else _session(session, command, act.now)
    (guest,) = guests.receive(session, replace(wanted.kind, capacity=None), (command.usager,), act)
    _check_others(session, guest.id, wanted)
    uid = secrets.token_hex(16)
    session.add(_row(wanted, uid=uid, key=command.key, fingerprint=fingerprint(command), usager_id=guest.id, act=act))
    try:
        session.flush()
    except exc.IntegrityError as error:  # somebody new has no lock to wait for
        raise _KeyTaken from error
    return Entered(uid, guest.id)


def _replayed(session: Session, command: Wait | WaitForSession) -> Entered | None:
    check_key(command.key)
    row = session.scalars(sa.select(Waiting).where(Waiting.key == command.key)).first()
    if row is None:
        return None
    if row.fingerprint != fingerprint(command):
        raise KeyReused
    return Entered(row.uid, row.usager_id, replayed=True)


def _asked(session: Session, command: Wait, now: datetime) -> _Wanted:
    known = configuration.read(session)
    kind = known.type(command.type_id)
    _check_wishes(command.wishes, now.astimezone(lookups.zone(session)).date())
    led_by = command.professional_id
    if led_by is not None and not known.qualified(kind, [led_by]):
        raise Invalid("professional_id", "not_qualified")
    return _Wanted(kind, command.wishes, led_by)


def _session(session: Session, command: WaitForSession, now: datetime) -> _Wanted:
    """That session and no other: its own day stands for the wishes, which are not looked at."""
    state = store.read(session, command.uid)
    _check_session(state, now)
    kind = configuration.read(session).type(state.type_id, even_retired=True)
    day = state.starts_at.astimezone(lookups.zone(session)).date()
    return _Wanted(kind, Wishes(day, day), appointment_id=state.id, present=state.present)


def _check_session(state: State, now: datetime) -> None:
    if state.capacity is None:
        raise Invalid("uid", "not_a_session")
    if state.cancelled_at or state.starts_at <= now:
        raise AppointmentClosed


def _check_wishes(wishes: Wishes, today: date) -> None:
    last = today + FARTHEST
    if wishes.last_day < wishes.first_day:
        raise Invalid("last_day", "end_before_start")
    if wishes.last_day < today:
        raise Invalid("last_day", "past")
    for field, day in (("first_day", wishes.first_day), ("last_day", wishes.last_day)):
        if not today - FARTHEST <= day <= last:
            limits = {"minimum": french.short_day(today), "maximum": french.short_day(last)}
            raise Invalid(field, "out_of_range", **limits)
    if not wishes.weekdays <= frozenset(range(1, 8)):
        raise Invalid("weekdays", "unknown")
    _check_minutes(wishes)
    if not _has_a_day(wishes, today):
        raise Invalid("weekdays", "no_such_day")


def _check_minutes(wishes: Wishes) -> None:
    for field, minute in (("starts", wishes.starts), ("ends", wishes.ends)):
        if not 0 <= minute <= DAY_MINUTES:
            limits = {"minimum": french.wall_hour(0), "maximum": french.wall_hour(DAY_MINUTES)}
            raise Invalid(field, "out_of_range", **limits)
        if minute % GRID_MINUTES:
            raise Invalid(field, "not_on_grid")
    if wishes.starts >= wishes.ends:
        raise Invalid("ends", "end_before_start")


def _has_a_day(wishes: Wishes, today: date) -> bool:
    """Whether one of the weekdays comes between the days."""
    first = max(wishes.first_day, today)
    days = (first + timedelta(days=n) for n in range(min(7, (wishes.last_day - first).days + 1)))
    return not wishes.weekdays or any(day.isoweekday() in wishes.weekdays for day in days)


def _check_others(session: Session, usager_id: int, wanted: _Wanted) -> None:
    """Refuse what the usager has or waits for already, and more than anybody may wait for; they are locked."""
    if usager_id in wanted.present:
        raise Invalid("usager", "already")
    others = session.scalars(sa.select(Waiting).where(Waiting.usager_id == usager_id, Waiting.ended_at.is_(None))).all()
    if any(_same(one, wanted) for one in others):
        raise Invalid("usager", "waits_already")
    if len(others) >= MOST:
        raise Invalid("usager", "waits_for_too_much", maximum=MOST)


def _same(one: Waiting, wanted: _Wanted) -> bool:
    """Whether they are one demand; of a session that has moved, whatever its day is by now."""
    what = (wanted.kind.id, wanted.professional_id, wanted.appointment_id)
    if (one.type_id, one.professional_id, one.appointment_id) != what:
        return False
    return wanted.appointment_id is not None or one.wishes == wanted.wishes


def _row(wanted: _Wanted, *, uid: str, key: str, fingerprint: str, usager_id: int, act: Act) -> Waiting:
    wishes = wanted.wishes
    return Waiting(
        uid=uid,
        key=key,
        fingerprint=fingerprint,
        usager_id=usager_id,
        type_id=wanted.kind.id,
        professional_id=wanted.professional_id,
        appointment_id=wanted.appointment_id,
        weekdays=frozenset(map(str, wishes.weekdays)),
        starts=wishes.starts,
        ends=wishes.ends,
        first_day=wishes.first_day,
        last_day=wishes.last_day,
        agent_id=act.agent_id,
        created_at=act.now,
    )


def _withdraw(session: Session, uid: str, now: datetime) -> None:
    row = session.scalars(sa.select(Waiting).where(Waiting.uid == uid)).one()
    if row.outcome == "withdrawn":
        return
    if row.ended_at is not None:
        raise NotFound("waiting")
    row.ended_at, row.outcome = now, "withdrawn"
    if row.pending is not None:
        give_back(session, row.pending.uid)
