"""Series: appointments booked together, week after week, then changed one, from one on, or all.

Each occurrence is an appointment of its own, with its own history and messages. Rooms are taken one after the other,
so two series may wait for each other: the database notices, and `in_transaction` tries again.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import execute, in_transaction
from booking.errors import AppointmentClosed, Invalid, SeriesRefused, SlotUnavailable
from booking.reservations import answering, asking, booking, changing, ending, guests, moving, proposals, store
from booking.reservations.commands import Act, Book, Cancel, Move, Outcome, Way
from booking.reservations.holds import expire, give_back
from booking.reservations.models import Appointment, Series
from booking.reservations.state import CancelledBy, State
from booking.reservations.ways import Others, making_way
from booking.resources import lock_people
from booking.rooms.models import Site
from booking.slots import availability, configuration, schedule

MOST = 53  # a year of weeks

Scope = Literal["one", "following", "all"]


@dataclass(frozen=True)
class BookSeries:
    """Book the same at each of the starts; `first.start` is not looked at."""

    key: str
    first: Book
    starts: tuple[datetime, ...]


@dataclass(frozen=True)
class CancelSeries:
    """Cancel an appointment of a series, with those that follow it or with all; those that took place stay."""

    key: str
    uid: str
    scope: Scope
    by: CancelledBy
    version: int | None = None


@dataclass(frozen=True)
class MoveSeries:
    """Move an appointment of a series to `start`, and the others of the scope by as many days and hours."""

    key: str
    uid: str
    scope: Scope
    start: datetime
    version: int | None = None


def weekly(start: datetime, zone: ZoneInfo, count: int, every: int = 1) -> tuple[datetime, ...]:
    """So many starts, `every` so many weeks at the same wall time. Raises Invalid on « count » and « every »."""
    for field, number in (("count", count), ("every", every)):
        if not 1 <= number <= MOST:
            raise Invalid(field, "out_of_range", minimum=1, maximum=MOST)
    wall = start.astimezone(zone)
    return tuple(_later(wall, timedelta(weeks=every * n)) for n in range(count))


def foreseen(session: Session, command: BookSeries, act: Act) -> dict[datetime, str | None]:
    """What stands in the way of each start as things are now: its rule, None where nothing does. Only looks.

    Raises SlotUnavailable when these professionals cannot do that type at all, and what `book_series` raises for the
    rest.
    """
    _check_starts(command.starts)
    question = booking.ask(session, command.first, act)
    asking.check_qualified(question)
    return {start: availability.decide(session, question, start).rule for start in sorted(command.starts)}


def book_series(command: BookSeries, act: Act) -> tuple[Outcome, ...]:
    """Book every start, or none: raises SeriesRefused with the rule of each that cannot be given, to be left out.

    Raises what `book` raises for the rest, and Invalid for a start that comes twice, none, or more than 53.
    """
    _check_starts(command.starts)
    guests.check_number(booking.whom(command.first))
    return making_way(lambda session, act: _book(session, command, act), act, key=command.key)


def cancel_series(command: CancelSeries, act: Act) -> tuple[Outcome, ...]:
    """Cancel what the scope covers and still stands. Raises NotFound, StaleVersion and AppointmentClosed when none."""
    return in_transaction(lambda session: _cancel(session, command, act), key=command.key)


def move_series(command: MoveSeries, act: Act) -> tuple[Outcome, ...]:
    """Move what the scope covers and still stands, all or none: raises SeriesRefused with the rule of each that cannot.

    Raises NotFound, StaleVersion, and AppointmentClosed when nothing of it can be moved any more.
    """
    asking.check_start(command.start)
    return making_way(lambda session, act: _move(session, command, act), act, key=command.key)


_NEW = sa.insert(Series).returning(Series.id)
_UIDS = (
    sa.select(Appointment.uid)
    .where(Appointment.series_id == sa.bindparam("series"), Appointment.starts_at >= sa.bindparam("since"))
    .order_by(Appointment.id)
)
_ZONE = sa.select(Site.zone).where(Site.id == sa.bindparam("site"))


def _book(session: Session, command: BookSeries, act: Act) -> tuple[Outcome, ...]:
    booking.lock(session, command.first, act)
    if (done := answering.all_replayed(session, command)) is not None:
        return done
    expire(session, act.now)
    if command.first.hold is not None:
        give_back(session, command.first.hold)
    kind = configuration.read(session).type(command.first.type_id)
    keys = [guest.id for guest in guests.receive(session, kind, booking.whom(command.first), act)]
    first = replace(command.first, usager=keys[0] if keys else None, family=tuple(keys[1:]))
    act = proposals.because(session, first.hold, asking.saying_why(act, first.waived), keys)
    series_id = execute(session, _NEW, uid=secrets.token_hex(16), created_at=act.now).scalar_one()
    states, refused, needed = list[State](), {}, set[str]()
    for start in sorted(command.starts):
        try:
            staying = _staying(act, states)
            place = booking.place(session, replace(first, start=start), staying, create=False)
        except SlotUnavailable as refusal:
            refused[start] = refusal.rule
        except Others as others:
            needed |= others.uids
        else:
            states.append(store.create(session, replace(place, series_id=series_id), act))
    if needed:  # before anything is refused: who waits for a room is not in the way of those after them yet
        raise Others(needed)
    if refused:
        raise SeriesRefused(refused)
    proposals.booked(session, first.hold, states[0], act.now)
    for state in states:
        act.tell(session, state.id, "booked", state.present, act.now)
    return answering.answer_all(session, command, states, act)


def _cancel(session: Session, command: CancelSeries, act: Act) -> tuple[Outcome, ...]:
    states = _locked(session, command.uid, command.scope, act)
    if (done := answering.all_replayed(session, command)) is not None:
        return done
    _check_version(states, command.uid, command.version)
    standing = _changeable(states)
    after = []
    for before in standing:
        changed = ending.cancelled(session, before, Cancel(command.key, before.uid, command.by), act)
        changing.write(session, before, changed, act)
        after.append(changed.after)
    return answering.answer_all(session, command, after, act)


def _move(session: Session, command: MoveSeries, act: Act) -> tuple[Outcome, ...]:
    states = _locked(session, command.uid, command.scope, act)
    if (done := answering.all_replayed(session, command)) is not None:
        return done
    _check_version(states, command.uid, command.version)
    expire(session, act.now)
    act = _staying(act, states)
    standing = _changeable(states)
    this = next(state for state in states if state.uid == command.uid)
    zone = ZoneInfo(execute(session, _ZONE, site=this.site_id).scalar_one())
    shift = command.start.astimezone(zone).replace(tzinfo=None) - this.starts_at.astimezone(zone).replace(tzinfo=None)
    people = {key for state in standing for key in state.professional_ids}
    lock_people(session, people, {key for state in standing for key in state.attendance})
    store.release(session, [state.id for state in standing])
    after, refused, needed = [], {}, set[str]()
    for before in standing:
        # The one that is named goes where it is said, also to the second of two hours that the wall shows alike.
        here = before.uid == command.uid
        start = command.start if here else _later(before.starts_at.astimezone(zone), shift)
        try:
            changed = moving.moved(session, before, Move(command.key, before.uid, start), act)
        except SlotUnavailable as refusal:
            refused[start] = refusal.rule
        except Others as others:
            needed |= others.uids
        else:
            changing.write(session, before, changed, act)
            after.append(changed.after)
    if needed:  # before anything is refused: who waits for a room is not in the way of those after them yet
        raise Others(needed)
    if refused:
        raise SeriesRefused(refused)
    return answering.answer_all(session, command, after, act)


def _staying(act: Act, states: Sequence[State]) -> Act:
    """The same act, by which none of its own appointments makes way for another."""
    way = act.way or Way()
    return replace(act, way=replace(way, staying=frozenset(state.id for state in states)))


def _locked(session: Session, uid: str, scope: Scope, act: Act) -> list[State]:
    """The appointments of the scope by id; their rows are locked by uid, as by every command of several."""
    uids = _covered(session, store.read(session, uid), scope)
    if act.movers:
        store.lock_rows(session, {*uids, *act.movers})
    states = {each: store.locked(session, each) for each in sorted(uids)}
    return [states[each] for each in uids]


def _covered(session: Session, this: State, scope: Scope) -> Sequence[str]:
    if scope == "one" or this.series_id is None:
        return [this.uid]
    since = this.starts_at if scope == "following" else schedule.EPOCH
    return execute(session, _UIDS, series=this.series_id, since=since).scalars().all()


def _changeable(states: Sequence[State]) -> list[State]:
    found = [state for state in states if not state.cancelled_at and not state.begun]
    if not found:
        raise AppointmentClosed
    return found


def _check_version(states: Sequence[State], uid: str, expected: int | None) -> None:
    for state in states:
        if state.uid == uid:
            changing.check_version(state, expected)


def _check_starts(starts: Sequence[datetime]) -> None:
    if not 1 <= len(starts) <= MOST:
        raise Invalid("count", "out_of_range", minimum=1, maximum=MOST)
    if len(set(starts)) != len(starts):
        raise Invalid("start", "twice")
    for start in starts:
        asking.check_start(start)


def _later(wall: datetime, shift: timedelta) -> datetime:
    """So much later on the wall; an hour that the clocks skip is the one that they show instead."""
    return (wall.replace(tzinfo=None) + shift).replace(tzinfo=wall.tzinfo).astimezone(UTC)
