"""Booking: one transaction that creates the appointment, takes what it needs and files its messages."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import db, execute, in_transaction
from booking.errors import Invalid, NotFound, SlotUnavailable
from booking.people.directory import NewUsager, create_usager, create_visitor
from booking.people.models import Service, Usager
from booking.reservations import answering, asking, store
from booking.reservations.commands import Act, Book, Outcome
from booking.reservations.rooming import take_room
from booking.reservations.state import State
from booking.resources import lock_people
from booking.slots import availability, schedule
from booking.slots.grid import CELL
from booking.slots.offers import Question
from booking.slots.schedule import TypeFacts


@dataclass(frozen=True)
class Guest:
    """The usager of a booking, and what they need of the room."""

    id: int
    step_free: bool


_USAGER = sa.select(Usager.service_id, Usager.step_free).where(Usager.id == sa.bindparam("key"))


def book(command: Book, act: Act) -> Outcome:
    """Book an appointment and file its messages.

    Raises SlotTaken or SlotUnavailable with the nearest alternatives, NotFound for an unknown type, professional,
    usager or room, Invalid for values that cannot be accepted, KeyReused and DatabaseUnavailable. Nothing is written
    then, the new usager included.
    """
    asking.check_start(command.start)
    try:
        return in_transaction(lambda session: _book(session, command, act))
    except SlotUnavailable as refusal:
        session = db.session()
        question = _asked_again(session, command, act)
        raise asking.with_alternatives(session, refusal, question, command.start, act.now) from None


def _book(session: Session, command: Book, act: Act) -> Outcome:
    lock_people(session, [command.professional_id], [command.usager] if isinstance(command.usager, int) else [])
    if (done := answering.replayed(session, command)) is not None:
        return done
    kind = schedule.read_type(session, command.type_id)
    guest = _guest(session, kind, command.usager, act)
    question = _question(kind, command, act, guest.id, step_free=guest.step_free)
    asking.check_qualified(session, question)
    asking.check_room(session, question)
    state = store.create(session, _placed(session, command, question, guest.id, act), act)
    outcome = answering.answer(session, command, state, act)
    act.tell(session, state.id, "booked", act.now)
    return outcome


def _question(kind: TypeFacts, command: Book, act: Act, usager_id: int | None, *, step_free: bool) -> Question:
    return Question(
        kind=kind,
        professional_ids=[command.professional_id],
        notice=availability.notice(kind, act.now),
        usager_ids=() if usager_id is None else (usager_id,),
        room_id=command.room_id,
        step_free=step_free,
    )


def _asked_again(session: Session, command: Book, act: Act) -> Question:
    """The question after the rollback: an usager who was being created is no longer there, but their needs are."""
    kind = schedule.read_type(session, command.type_id)
    if isinstance(command.usager, int):
        guest = _known(session, kind, command.usager)
        return _question(kind, command, act, guest.id, step_free=guest.step_free)
    needed = command.usager.step_free if isinstance(command.usager, NewUsager) else False
    return _question(kind, command, act, None, step_free=needed)


def _guest(session: Session, kind: TypeFacts, wanted: int | NewUsager | None, act: Act) -> Guest:
    """The usager found, or created in the namespace where the service books."""
    if wanted is None:
        if not kind.confidential:
            raise Invalid("usager", "required")
        return Guest(create_visitor(session, session.get_one(Service, kind.service_id), act.now), step_free=False)
    if isinstance(wanted, int):
        return _known(session, kind, wanted)
    if kind.confidential:
        raise Invalid("usager", "anonymous")
    if wanted.service_id not in (None, kind.service_id):
        raise Invalid("usager", "other_service")
    return Guest(create_usager(session, wanted, act.now), wanted.step_free)


def _known(session: Session, kind: TypeFacts, usager_id: int) -> Guest:
    """Check the namespace. Somebody of another service's namespace is hidden: they answer like an unknown one."""
    namespace, step_free = execute(session, _USAGER, key=usager_id).one()
    if namespace not in (None, kind.service_id):
        raise NotFound("usager")
    if kind.confidential and namespace is None:
        raise Invalid("usager", "anonymous")
    return Guest(usager_id, step_free)


def _placed(session: Session, command: Book, question: Question, usager_id: int, act: Act) -> State:
    """The appointment as it will be stored, its room taken under lock. Raises SlotTaken and SlotUnavailable."""
    verdict = asking.granted(session, question, command.start)
    kind = question.kind
    start = schedule.moment(int(command.start.timestamp()))
    state = State(
        uid=secrets.token_hex(16),
        site_id=verdict.site_id,
        type_id=kind.id,
        mode=kind.mode,
        room_id=None,
        starts_at=start,
        ends_at=start + timedelta(minutes=kind.duration),
        buffer_before=kind.demand.before * CELL // 60,
        buffer_after=kind.demand.after * CELL // 60,
        created_at=act.now,
        updated_at=act.now,
        professional_ids=frozenset(question.professional_ids),
        attendance={usager_id: "expected"},
    )
    if question.need is None:
        return state
    room_id = take_room(session, verdict.room_ids, state.with_buffers(start), kind.service_id)
    return replace(state, room_id=room_id)
