"""Giving an appointment its room: a free one, or one that others leave. Runs inside a command's transaction.

The rows of those who make way are locked before anything else (docs/decisions/0004). So a command that learns whom it
needs gives everything back, and begins again with their rows locked.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import execute, in_transaction
from booking.errors import DatabaseUnavailable, SlotTaken
from booking.reservations import asking, changing, store
from booking.reservations.changing import Changed
from booking.reservations.commands import Act, Way
from booking.reservations.models import GivenUp
from booking.reservations.rooming import take_room
from booking.reservations.state import State
from booking.resources import lock
from booking.slots import configuration
from booking.slots.availability import Verdict
from booking.slots.offers import Question

T = TypeVar("T")
# Whoever begins again was preceded by somebody else: so many may want the same at once, and all be given it.
TRIES = 16

log = logging.getLogger(__name__)


class Others(Exception):
    """Whom a command needs to make way is not locked, or no longer stands as it did: begin again, with these locked."""

    def __init__(self, uids: Collection[str]) -> None:
        super().__init__(f"{len(uids)} appointments")
        self.uids = frozenset(uids)


def making_way(work: Callable[[Session, Act], T], act: Act, *, key: str | None = None) -> T:
    """Run a use case that may give other appointments another room, as `in_transaction` runs it.

    `work` gets the act with its `way`, and begins by locking the rows that it names. Raises SlotTaken when it still
    needs others after 16 times: they are being changed all the time.
    """
    locked: frozenset[str] = frozenset()
    for _ in range(TRIES):
        try:
            return in_transaction(_with_way(work, replace(act, way=Way(locked))), key=key)
        except Others as needed:
            locked |= needed.uids
        except SlotTaken as refusal:
            if refusal.exhausted:
                _note_given_up(act.now)
            raise
    raise SlotTaken("no_room")


def given_up_since(session: Session, since: datetime) -> int:
    """How many demands were refused since then before every way to free a room was looked at."""
    return int(execute(session, _GIVEN_UP, since=since).scalar_one())


_GIVEN_UP = sa.select(sa.func.count()).select_from(GivenUp).where(GivenUp.at >= sa.bindparam("since"))


def _note_given_up(now: datetime) -> None:
    """Count the refusal, of which nothing else is written; it stands also when this cannot be."""
    log.warning("no room found within the steps that may be spent")
    with suppress(DatabaseUnavailable):
        in_transaction(lambda session: session.add(GivenUp(at=now)))


def _with_way(work: Callable[[Session, Act], T], act: Act) -> Callable[[Session], T]:
    return lambda session: work(session, act)


def room_for(
    session: Session, question: Question, state: State, verdict: Verdict, act: Act, preferred: int | None = None
) -> int | None:
    """Lock and return the room for an appointment at its start; None when it needs none.

    The preferred one if it is free, else the first that is, else the one that others leave; they have left it then.
    Raises SlotTaken when there is none, and Others.
    """
    if question.need is None:
        return None
    if verdict.plan is None:
        candidates = sorted(verdict.room_ids, key=lambda room_id: room_id != preferred)
        span = state.with_buffers(state.starts_at)
        try:
            return take_room(session, candidates, span, question.kind.service_id, question.ignoring)
        except SlotTaken:
            if question.direct or question.room_id is not None:
                raise
            verdict = asking.granted(session, question, state.starts_at)
    return _left_by_others(session, question, state, verdict, act)


def _left_by_others(session: Session, question: Question, state: State, verdict: Verdict, act: Act) -> int:
    """Carry the plan of a verdict out under the locks of all that it touches, if it is still the plan then."""
    rooms = dict(verdict.plan.moves if verdict.plan else ())
    movers = store.several(session, rooms)
    uids = {mover.uid for mover in movers}
    if verdict.plan is None or not uids <= act.movers:
        raise Others(uids)
    lock(session, {*verdict.room_ids, *rooms.values(), *(mover.room_id or 0 for mover in movers)})
    now = asking.granted(session, question, state.starts_at)
    if now != verdict or configuration.read(session) != question.configuration:
        raise Others(uids)
    store.release(session, rooms)
    for mover in movers:
        after = mover.changed(act.now, sequence=mover.sequence + 1).in_room(rooms[mover.id])
        changing.write(session, mover, Changed(after, "room_changed"), replace(act, reason="room_needed"))
    return verdict.room_ids[0]
