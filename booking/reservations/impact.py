"""Which appointments an absence or a closure hits, and where each could go. Nothing here writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import UtcDateTime, execute
from booking.errors import Invalid
from booking.reservations import asking, moving, store
from booking.reservations.commands import Act
from booking.reservations.models import Appointment
from booking.reservations.state import State
from booking.slots import availability, schedule
from booking.slots.availability import Slot
from booking.slots.generator import Notice
from booking.slots.grid import Span
from booking.slots.models import Occupancy
from booking.slots.offers import Question, Supposed
from booking.slots.planned import check_span
from booking.slots.schedule import LONGEST

MOST = 500  # appointments that one absence or closure may hit: all are locked and written in one transaction
WITH_DESTINATIONS = 60  # the first of them get destinations: each is a search over several weeks
AT_ONCE, OF_THEIRS, IN_ALL = 3, 3, 6


@dataclass(frozen=True)
class Absent:
    """An absence that is to be stored."""

    professional_id: int
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Closed:
    """A closure that is to be stored: of a site or, with a room, of that room alone."""

    site_id: int
    room_id: int | None
    start: datetime
    end: datetime
    label: str


Cause = Absent | Closed


@dataclass(frozen=True)
class Destination:
    """Where an appointment could go; None keeps its professionals, or lets the engine choose the room."""

    start: datetime
    professional_ids: frozenset[int] | None = None
    room_id: int | None = None


@dataclass(frozen=True)
class Hit:
    """An appointment in the way, at one version, with who takes part and where it could go, the best first."""

    uid: str
    version: int
    start: datetime
    end: datetime
    professional_ids: frozenset[int]
    usager_ids: frozenset[int]
    room_id: int | None
    destinations: tuple[Destination, ...]


def of(session: Session, cause: Cause, act: Act) -> list[Hit]:
    """What an absence or a closure hits, by start; the first 60 with destinations.

    Their first ones together want nobody twice at a time; the rooms that the engine chooses may still run out.
    Whatever way people meet: while a site is closed the rules give no slot there, not even by phone or at home, for
    those who would call are away. Raises Invalid for a period that makes no sense and, « too_many_hits », for more
    than 500 appointments.
    """
    check_span(cause.start, cause.end, act.now)
    earmarked = Earmarked()
    found = []
    for rank, state in enumerate(hits(session, cause, act.now)):
        destinations = _destinations(session, cause, state, earmarked, act) if rank < WITH_DESTINATIONS else ()
        earmarked.keep(state, destinations[:1])
        found.append(_hit(state, destinations))
    return found


_KEY: sa.BindParameter[Any] = sa.bindparam("key")
_IN_THE_WAY = (
    sa.select(Appointment.id)
    .distinct()
    .join(Occupancy, Occupancy.appointment_id == Appointment.id)
    .where(
        Occupancy.starts_at > sa.bindparam("start") - LONGEST,
        Occupancy.starts_at < sa.bindparam("end"),
        Occupancy.ends_at > sa.bindparam("start"),
        Appointment.ends_at > sa.bindparam("now", type_=UtcDateTime),
    )
    .limit(MOST + 1)
)
_OF_RESOURCE = _IN_THE_WAY.where(Occupancy.resource_id == _KEY)
_OF_SITE = _IN_THE_WAY.where(Appointment.site_id == _KEY)


def hits(session: Session, cause: Cause, now: datetime) -> list[State]:
    """The appointments that stand, are not over and take, buffers included, what will not be there; by start.

    Raises Invalid, « too_many_hits », for more than 500.
    """
    start, end = _span(cause)
    supposed = _supposed(cause)
    query = _OF_SITE if supposed.kind == "site" else _OF_RESOURCE
    keys = execute(session, query, key=supposed.key, start=start, end=end, now=now).scalars().all()
    if len(keys) > MOST:
        raise Invalid("end", "too_many_hits", maximum=MOST)
    return [state for state in store.several(session, keys) if not state.over]


def _span(cause: Cause) -> Span:
    return int(cause.start.timestamp()), int(cause.end.timestamp())


def _supposed(cause: Cause) -> Supposed:
    if isinstance(cause, Absent):
        return Supposed("absence", cause.professional_id, _span(cause))
    if cause.room_id is None:
        return Supposed("site", cause.site_id, _span(cause))
    return Supposed("room", cause.room_id, _span(cause))


def _hit(state: State, destinations: tuple[Destination, ...]) -> Hit:
    return Hit(
        uid=state.uid,
        version=state.version,
        start=state.starts_at,
        end=state.ends_at,
        professional_ids=state.professional_ids,
        usager_ids=state.present,
        room_id=state.room_id,
        destinations=destinations,
    )


# ------------------------------------------------------------------ where it could go


class Earmarked:
    """What the first destinations would take, so that those that follow propose something else."""

    def __init__(self) -> None:
        self._taken: dict[int, list[Span]] = defaultdict(list)

    def keep(self, state: State, destinations: Sequence[Destination]) -> None:
        """Keep what these would take."""
        for destination in destinations:
            for key, span in _taken_at(state, destination):
                self._taken[key].append(span)

    def leaves(self, state: State, destination: Destination) -> bool:
        """Whether nothing of it is kept."""
        return not any(
            first < end and start < last
            for key, (first, last) in _taken_at(state, destination)
            for start, end in self._taken[key]
        )


def _taken_at(state: State, destination: Destination) -> Iterable[tuple[int, Span]]:
    """What it would take there, and when; of rooms, the one that it names."""
    people = destination.professional_ids or state.professional_ids
    start, end = destination.start, destination.start + state.length
    there = replace(state, starts_at=start, ends_at=end, professional_ids=people, room_id=destination.room_id)
    return there.taken().items()


def _destinations(
    session: Session, cause: Cause, state: State, earmarked: Earmarked, act: Act
) -> tuple[Destination, ...]:
    """At the same time first, which disturbs nobody; at other times unless somebody has arrived."""
    question = replace(moving.same_again(session, state, act), supposed=_supposed(cause), direct=True)
    if isinstance(cause, Closed) and cause.room_id is not None:
        elsewhere = [each for each in _in_another_room(session, question, state) if earmarked.leaves(state, each)]
        if elsewhere:
            return tuple(elsewhere)
    question = _whoever_can(session, question, state, cause)
    found = [each for each in _found(session, question, state, act.now) if earmarked.leaves(state, each)]
    at_once = [each for each in found if each.start == state.starts_at and each.professional_ids][:AT_ONCE]
    if isinstance(cause, Absent):
        at_once += _without(session, question, state, cause.professional_id)
    return (*at_once, *([] if state.begun else _nearest(found, state)))


def _in_another_room(session: Session, question: Question, state: State) -> Iterator[Destination]:
    """The rooms free at the same time, as the engine decides a change of room, its preferred one first."""
    at_any_time = replace(question, notice=Notice(now=0, desk=0))
    verdict = availability.decide(session, at_any_time, state.starts_at)
    if verdict.site_id == state.site_id:
        yield from (Destination(state.starts_at, room_id=room_id) for room_id in verdict.room_ids[:AT_ONCE])


def _whoever_can(session: Session, question: Question, state: State, cause: Cause) -> Question:
    """The same for whoever does the type, in the place of the one who receives alone, or of the one who is absent."""
    qualified = question.configuration.qualified(question.kind)
    replaced = state.professional_ids
    if len(replaced) > 1:
        replaced = replaced & {cause.professional_id} & set(qualified) if isinstance(cause, Absent) else frozenset()
    if not replaced:
        return question
    others = state.professional_ids - replaced
    return replace(question, professional_ids=[who for who in qualified if who not in others], colleague_ids=others)


def _found(session: Session, question: Question, state: State, now: datetime) -> list[Destination]:
    """What is free around its start and at it, even when it has begun; each start with the same people once."""
    own = state.starts_at
    before = int(own.timestamp()) - 1
    bound = availability.notice(question.kind, now)
    question = replace(question, notice=Notice(min(bound.now, before), min(bound.desk, before)))
    first, last = max(now, own - asking.BEFORE), max(now, own) + asking.AFTER
    slots = availability.slots_between(session, question, min(first, own), last)
    earliest = schedule.moment(max(bound.now + 1, bound.desk))  # what a move to another time must respect
    return list(
        dict.fromkeys(_going_to(each, question, state) for each in slots if each.start == own or each.start >= earliest)
    )


def _going_to(slot: Slot, question: Question, state: State) -> Destination:
    people = frozenset({slot.professional_id, *question.colleague_ids})
    return Destination(slot.start, None if people == state.professional_ids else people)


def _without(session: Session, question: Question, state: State, absent: int) -> list[Destination]:
    """The others receive alone, when one of them does the type."""
    others = state.professional_ids - {absent}
    able = bool(others) and question.configuration.qualified(question.kind, others)
    return [Destination(state.starts_at, others)] if able else []


def _nearest(found: Sequence[Destination], state: State) -> list[Destination]:
    """Of the other starts, the nearest with the same people, then with others: later ones before earlier ones.

    Whoever cannot be reached in time still comes at the old hour: too early, and not for nothing.
    """
    own = state.starts_at
    others = [each for each in found if each.start != own]
    others.sort(key=lambda each: (each.start < own, abs(each.start - own)))
    theirs = [each for each in others if each.professional_ids is None][:OF_THEIRS]
    return theirs + [each for each in others if each.professional_ids is not None][: IN_ALL - len(theirs)]
