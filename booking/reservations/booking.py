"""Booking: one transaction that creates the appointment, takes what it needs and files its messages."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.orm import Session

from booking.db import db
from booking.errors import SlotUnavailable
from booking.reservations import answering, asking, guests, proposals, store
from booking.reservations.commands import Act, Book, Outcome, Whom
from booking.reservations.guests import Guest
from booking.reservations.holds import expire, give_back
from booking.reservations.state import State
from booking.reservations.ways import making_way, room_for
from booking.resources import lock_people
from booking.slots import availability, configuration, schedule
from booking.slots.configuration import Configuration
from booking.slots.facts import TypeFacts
from booking.slots.grid import CELL
from booking.slots.offers import Question


def book(command: Book, act: Act) -> Outcome:
    """Book an appointment and file its messages.

    Raises SlotTaken or SlotUnavailable with the nearest alternatives, NotFound for an unknown type, professional,
    usager or room, Invalid for values that cannot be accepted, KeyReused and DatabaseUnavailable. Nothing is written
    then, the new usagers included.
    """
    asking.check_start(command.start)
    guests.check_number(whom(command))
    try:
        return making_way(lambda session, act: _book(session, command, act), act, key=command.key)
    except SlotUnavailable as refusal:
        raise with_alternatives(db.session(), refusal, command, act) from None


def _book(session: Session, command: Book, act: Act) -> Outcome:
    lock(session, command, act)
    if (done := answering.replayed(session, command)) is not None:
        return done
    expire(session, act.now)
    if command.hold is not None:
        give_back(session, command.hold)
    placed = place(session, command, act, create=True)
    act = proposals.because(session, command.hold, asking.saying_why(act, command.waived), placed.present)
    state = store.create(session, placed, act)
    proposals.booked(session, command.hold, state, act.now)
    outcome = answering.answer(session, command, state, act)
    act.tell(session, state.id, "booked", state.present, act.now)
    return outcome


def whom(command: Book) -> tuple[Whom, ...]:
    """Everybody who is to be received."""
    return (command.usager, *command.family)


def lock(session: Session, command: Book, act: Act) -> None:
    """Lock who may make way, then whoever takes part and is known. Raises NotFound."""
    store.lock_rows(session, act.movers)
    lock_people(session, {command.professional_id, *command.colleague_ids}, guests.known(whom(command)))


def with_alternatives(session: Session, refusal: SlotUnavailable, command: Book, act: Act) -> SlotUnavailable:
    """The refusal of a booking with the nearest slots; whoever was being created is no longer there."""
    return asking.with_alternatives(session, refusal, ask(session, command, act), command.start, act.now)


def ask(session: Session, command: Book, act: Act) -> Question:
    """What a booking asks of the slot rules; nobody is created. Raises NotFound and Invalid."""
    known = configuration.read(session)
    kind = known.type(command.type_id)
    return _question(known, kind, command, guests.needs(session, kind, whom(command)), act)


def _question(known: Configuration, kind: TypeFacts, command: Book, received: Sequence[Guest], act: Act) -> Question:
    colleagues = command.colleague_ids - {command.professional_id}
    question = Question(
        configuration=known,
        kind=kind,
        professional_ids=[command.professional_id],
        colleague_ids=colleagues,
        notice=availability.notice(kind, act.now),
        usager_ids=[guest.id for guest in received if guest.id],
        room_id=command.room_id,
        step_free=any(guest.step_free for guest in received),
        persons=1 + len(colleagues) + (kind.capacity or len(received)),
        asked_at=int(act.now.timestamp()),
        staying=act.staying,
    )
    return asking.waive(question, command.waived, command.start, act.now)


def place(session: Session, command: Book, act: Act, *, create: bool) -> State:
    """The appointment as it will be stored, its room taken under lock, its new usagers created when it says so.

    Raises what `book` raises, and ways.Others.
    """
    known = configuration.read(session)
    kind = known.type(command.type_id)
    receive = guests.receive if create else guests.needs
    received = receive(session, kind, whom(command), act)
    guests.check_seats(kind.capacity, len(received))
    question = _question(known, kind, command, received, act)
    asking.check_qualified(question)
    asking.check_room(session, question)
    verdict = asking.granted(session, question, command.start)
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
        capacity=kind.capacity,
        created_at=act.now,
        updated_at=act.now,
        professional_ids=frozenset({command.professional_id, *command.colleague_ids}),
        attendance={guest.id: "expected" for guest in received},
        notices={guest.id: 0 for guest in received},
    )
    room_id = room_for(session, question, state, verdict, act)
    return state.in_room(room_id, named=command.room_id is not None)
