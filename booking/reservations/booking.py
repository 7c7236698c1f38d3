"""Booking: one transaction that creates the appointment, takes what it needs and files its messages."""

from __future__ import annotations

import secrets
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import db, in_transaction
from booking.errors import Invalid, NotFound, SlotUnavailable
from booking.people.directory import NewUsager, create_usager, create_visitor
from booking.people.models import Professional, Service, Usager
from booking.reservations import asking, store
from booking.reservations.commands import Act, Book, Outcome
from booking.reservations.models import Appointment, Participation
from booking.reservations.rooming import take_room
from booking.resources import lock
from booking.slots import availability, schedule
from booking.slots.grid import CELL
from booking.slots.offers import Question
from booking.slots.schedule import TypeFacts


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
    _lock_people(session, command)
    if (done := store.replayed(session, command)) is not None:
        return done
    kind = schedule.read_type(session, command.type_id)
    usager_id = _usager(session, kind, command.usager, act)
    question = _question(session, kind, command, usager_id, act)
    asking.check_qualified(session, question)
    asking.check_room(session, question)
    appointment = _create(session, command, question, usager_id, act)
    store.occupy(session, appointment)
    store.record(session, appointment, "booked", {}, act, told=True)
    store.touch_feeds(session, [command.professional_id])
    outcome = store.answer(session, command, appointment, act)
    act.tell(session, appointment.id, "booked", act.now)
    return outcome


def _question(session: Session, kind: TypeFacts, command: Book, usager_id: int | None, act: Act) -> Question:
    return Question(
        kind=kind,
        professional_ids=[command.professional_id],
        notice=availability.notice(kind, act.now),
        usager_id=usager_id,
        room_id=command.room_id,
        step_free=usager_id is not None and schedule.step_free_needed(session, [usager_id]),
    )


def _asked_again(session: Session, command: Book, act: Act) -> Question:
    """The question after the rollback: an usager who was being created is no longer there, but their needs are."""
    kind = schedule.read_type(session, command.type_id)
    if isinstance(command.usager, NewUsager):
        return replace(_question(session, kind, command, None, act), step_free=command.usager.step_free)
    return _question(session, kind, command, command.usager, act)


def _lock_people(session: Session, command: Book) -> None:
    asking.must_exist(session, Professional, command.professional_id, "professional")
    people = [command.professional_id]
    if isinstance(command.usager, int):
        asking.must_exist(session, Usager, command.usager, "usager")
        people.append(command.usager)
    lock(session, people)


def _usager(session: Session, kind: TypeFacts, wanted: int | NewUsager | None, act: Act) -> int:
    """The id of the usager found, or created in the namespace where the service books."""
    if wanted is None:
        if not kind.confidential:
            raise Invalid("usager", "required")
        return create_visitor(session, session.get_one(Service, kind.service_id), act.now)
    if isinstance(wanted, int):
        return _known_usager(session, kind, wanted)
    if kind.confidential:
        raise Invalid("usager", "anonymous")
    if wanted.service_id not in (None, kind.service_id):
        raise Invalid("usager", "other_service")
    return create_usager(session, wanted, act.now)


def _known_usager(session: Session, kind: TypeFacts, usager_id: int) -> int:
    """Check the namespace. Somebody of another service's namespace is hidden: they answer like an unknown one."""
    namespace = session.execute(sa.select(Usager.service_id).where(Usager.id == usager_id)).scalar_one()
    if namespace not in (None, kind.service_id):
        raise NotFound("usager")
    if kind.confidential and namespace is None:
        raise Invalid("usager", "anonymous")
    return usager_id


def _create(session: Session, command: Book, question: Question, usager_id: int, act: Act) -> Appointment:
    verdict = asking.granted(session, question, command.start)
    kind, demand = question.kind, question.kind.demand
    start = int(command.start.timestamp())
    span = (start - demand.before * CELL, start + (demand.duration + demand.after) * CELL)
    room_id = take_room(session, verdict.room_ids, span, kind.service_id) if question.need else None
    appointment = Appointment(
        uid=secrets.token_hex(16),
        site_id=verdict.site_id,
        type_id=kind.id,
        mode=kind.mode,
        room_id=room_id,
        starts_at=schedule.moment(start),
        ends_at=schedule.moment(start + demand.duration * CELL),
        buffer_before=demand.before * CELL // 60,
        buffer_after=demand.after * CELL // 60,
        sequence=0,
        notice=0,
        version=1,
        created_at=act.now,
        updated_at=act.now,
        professionals=asking.professionals(session, [command.professional_id]),
        participations=[Participation(usager_id=usager_id, attendance="expected")],
    )
    session.add(appointment)
    session.flush()
    return appointment
