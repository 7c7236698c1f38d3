"""Usagers who join an appointment that stands, and usagers who leave it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from booking.errors import AppointmentClosed, Invalid, NotFound, SessionFull
from booking.reservations import guests, moving, proposals
from booking.reservations.changing import Changed, carry_out
from booking.reservations.commands import Act, Join, Leave, Outcome
from booking.reservations.holds import give_back, seats_held
from booking.reservations.state import State
from booking.resources import lock_people
from booking.slots import configuration


def join(command: Join, act: Act) -> Outcome:
    """Add an usager, found or created; the room becomes a larger one where it must. Only they are told.

    A seat that is kept for somebody who waits is theirs. Raises SessionFull when a session has no seat left, SlotTaken
    when they are busy then, SlotUnavailable when no room is large enough, Invalid when they take part already or there
    are too many, AppointmentClosed when it is cancelled or over, NotFound and StaleVersion.
    """
    return carry_out(command, act, lambda session, before: _join(session, before, command, act))


def leave(command: Leave, act: Act) -> Outcome:
    """Take an usager out: they called it off (« excused »), or the service did (« revoked »). Only they are told.

    Raises Invalid for the last one (cancel the appointment instead), AppointmentClosed when it is cancelled or they
    have arrived, NotFound and StaleVersion.
    """
    return carry_out(command, act, lambda session, before: _leave(session, before, command, act))


def _join(session: Session, before: State, command: Join, act: Act) -> Changed:
    if before.cancelled_at or before.over or before.ends_at <= act.now:
        raise AppointmentClosed
    whom = (command.usager,)
    lock_people(session, before.professional_ids, {*before.attendance, *guests.known(whom)})
    kind = configuration.read(session).type(before.type_id, even_retired=True)
    (guest,) = guests.receive(session, replace(kind, capacity=None), whom, act)
    if guest.id in before.present:
        raise Invalid("usager", "already")
    proposed = proposals.seat(session, command.hold, guest.id, before)
    if proposed is not None:
        give_back(session, proposed)
    check_seats(session, before, act.now)
    guests.check_free(session, guest.id, int(before.starts_at.timestamp()), int(before.ends_at.timestamp()))
    after = before.changed(
        act.now,
        attendance={**before.attendance, guest.id: "expected"},
        notices={**before.notices, guest.id: before.notices.get(guest.id, -1) + 1},
    )
    room_id = moving.room_for_all(session, after, act)
    proposals.booked(session, proposed, after, act.now)
    reason = proposals.because(session, proposed, act, {guest.id}).reason
    return Changed(replace(after.in_room(room_id), sequence=before.sequence + 1), "joined", "booked", reason)


def check_seats(session: Session, before: State, now: datetime) -> None:
    """Raise SessionFull, or Invalid for no session, unless somebody more can take part; its row is locked."""
    if before.capacity is not None and len(before.present) + seats_held(session, before.id, now) >= before.capacity:
        raise SessionFull(before.capacity)
    if before.capacity is None and len(before.present) >= guests.MOST:
        raise Invalid("usager", "too_many", maximum=guests.MOST)


def _leave(session: Session, before: State, command: Leave, act: Act) -> Changed:
    if command.usager_id not in before.attendance:
        raise NotFound("usager")
    if before.cancelled_at or before.attendance[command.usager_id] != "expected":
        raise AppointmentClosed
    if before.capacity is None and len(before.present) == 1:
        raise Invalid("usager", "last")
    lock_people(session, before.professional_ids, before.attendance)
    after = before.changed(
        act.now,
        attendance={**before.attendance, command.usager_id: "excused" if command.by == "usager" else "revoked"},
        notices=before.noticed({command.usager_id}),
        sequence=before.sequence + 1,
    )
    return Changed(after, "left", told="cancelled")
