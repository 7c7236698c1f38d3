"""Moving, cancelling and recording attendance: changes of one appointment, its row locked first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import db, in_transaction
from booking.errors import AppointmentClosed, Invalid, NotFound, SlotTaken, SlotUnavailable, StaleVersion
from booking.people.models import Professional
from booking.reservations import asking, store
from booking.reservations.commands import Act, Cancel, Move, Outcome, RecordAttendance
from booking.reservations.models import Action, Appointment
from booking.reservations.rooming import take_room
from booking.resources import lock
from booking.slots import availability, schedule
from booking.slots.availability import Verdict
from booking.slots.generator import Notice
from booking.slots.grid import to_cells
from booking.slots.offers import Question

OVER = frozenset({"seen", "no_show"})
NOTED = frozenset({"expected", "arrived", "in_progress", "seen", "no_show"})


@dataclass(frozen=True)
class Place:
    """Where an appointment takes place; without a room by phone, by video or at home."""

    site_id: int
    room_id: int | None


def move(command: Move, act: Act) -> Outcome:
    """Move an appointment to another time, professional or room; its duration and its type stay.

    The room it has is kept when it is free; usagers are told only when the time or the site changes. Raises what
    `book` raises, StaleVersion when it changed since it was read, AppointmentClosed when it is cancelled or already
    took place.
    """
    if command.start is not None:
        asking.check_start(command.start)
    try:
        return in_transaction(lambda session: _move(session, command, act))
    except SlotUnavailable as refusal:
        session = db.session()
        appointment = _read(session, command.uid)
        wanted = {command.professional_id} if command.professional_id else store.ids(appointment.professionals)
        start = command.start or appointment.starts_at
        question = _question(session, appointment, wanted, None, act, start)
        raise asking.with_alternatives(session, refusal, question, start, act.now) from None


def cancel(command: Cancel, act: Act) -> Outcome:
    """Cancel an appointment, by the usager (« excused ») or by the service (« revoked »), and give its time back.

    Raises NotFound, StaleVersion, and AppointmentClosed when it is cancelled already or took place.
    """
    return in_transaction(lambda session: _cancel(session, command, act))


def record_attendance(command: RecordAttendance, act: Act) -> Outcome:
    """Record how an usager attends; any step may be undone by recording another.

    Raises NotFound, StaleVersion, AppointmentClosed when it is cancelled, and Invalid for a step that `cancel`
    records, or an absence noted before the appointment begins.
    """
    return in_transaction(lambda session: _record_attendance(session, command, act))


def _move(session: Session, command: Move, act: Act) -> Outcome:
    appointment = _locked(session, command.uid)
    if (done := store.replayed(session, command)) is not None:
        return done
    _check_version(appointment, command.version)
    staying = store.ids(appointment.professionals)
    wanted = {command.professional_id} if command.professional_id is not None else staying
    # In UTC: adding a duration to a wall time is an hour wrong where the clocks change.
    start = (command.start or appointment.starts_at).astimezone(UTC)
    same_time = start == appointment.starts_at and wanted == staying
    _check_movable(appointment, same_time)
    _lock_people(session, appointment, wanted - staying)
    question = _question(session, appointment, wanted, command.room_id, act, start)
    place = _place(session, appointment, question, start, same_time=same_time)
    return _apply(session, command, act, appointment, start, wanted, place)


def _apply(
    session: Session,
    command: Move,
    act: Act,
    appointment: Appointment,
    start: datetime,
    professional_ids: Collection[int],
    place: Place,
) -> Outcome:
    before, staying = store.facts(appointment), store.ids(appointment.professionals)
    told = (start, place.site_id) != (appointment.starts_at, appointment.site_id)
    other_room = place.room_id != appointment.room_id
    appointment.ends_at = start + (appointment.ends_at - appointment.starts_at)
    appointment.starts_at = start
    appointment.site_id, appointment.room_id = place.site_id, place.room_id
    appointment.professionals = asking.professionals(session, sorted(professional_ids))
    appointment.sequence += told or other_room
    appointment.notice += told
    _changed(session, appointment, act)
    session.refresh(appointment, ["room"])
    store.occupy(session, appointment)
    action: Action = "moved" if told or staying != set(professional_ids) else "room_changed"
    store.record(session, appointment, action, before, act, told=told)
    store.touch_feeds(session, staying | set(professional_ids))
    if told:
        act.tell(session, appointment.id, "moved", act.now)
    return store.answer(session, command, appointment, act)


def _cancel(session: Session, command: Cancel, act: Act) -> Outcome:
    appointment = _locked(session, command.uid)
    if (done := store.replayed(session, command)) is not None:
        return done
    _check_version(appointment, command.version)
    if appointment.cancelled_at or _attendances(appointment) & (NOTED - {"expected"}):
        raise AppointmentClosed
    _lock_people(session, appointment)
    before = store.facts(appointment)
    appointment.cancelled_at, appointment.cancelled_by = act.now, command.by
    for participation in appointment.participations:
        participation.attendance = "excused" if command.by == "usager" else "revoked"
    appointment.sequence += 1
    appointment.notice += 1
    _changed(session, appointment, act)
    store.release(session, appointment.id)
    store.record(session, appointment, "cancelled", before, act, told=True)
    store.touch_feeds(session, store.ids(appointment.professionals))
    act.tell(session, appointment.id, "cancelled", act.now)
    return store.answer(session, command, appointment, act)


def _record_attendance(session: Session, command: RecordAttendance, act: Act) -> Outcome:
    appointment = _locked(session, command.uid)
    if (done := store.replayed(session, command)) is not None:
        return done
    _check_version(appointment, command.version)
    if appointment.cancelled_at:
        raise AppointmentClosed
    if command.attendance not in NOTED:
        raise Invalid("attendance", "unsupported")
    if command.attendance == "no_show" and act.now < appointment.starts_at:
        raise Invalid("attendance", "too_early")
    found = [p for p in appointment.participations if p.usager_id == command.usager_id]
    if not found:
        raise NotFound("usager")
    before = store.facts(appointment)
    found[0].attendance = command.attendance
    appointment.version += 1  # but not updated_at: feeds render that, and no feed shows attendance
    store.record(session, appointment, "attendance", before, act, told=False)
    return store.answer(session, command, appointment, act)


def _read(session: Session, uid: str, *, locking: bool = False) -> Appointment:
    asking.check_uid(uid)
    query = sa.select(Appointment).where(Appointment.uid == uid).execution_options(populate_existing=True)
    if locking:
        query = query.with_for_update(key_share=True)
    appointment = session.execute(query).scalar()
    if appointment is None:
        raise NotFound("appointment")
    return appointment


def _locked(session: Session, uid: str) -> Appointment:
    """The appointment, its row locked: changes of one appointment come one after the other."""
    return _read(session, uid, locking=True)


def _lock_people(session: Session, appointment: Appointment, joining: Collection[int] = ()) -> None:
    for professional_id in joining:
        asking.must_exist(session, Professional, professional_id, "professional")
    usagers = {participation.usager_id for participation in appointment.participations}
    lock(session, store.ids(appointment.professionals) | usagers | set(joining))


def _check_version(appointment: Appointment, expected: int | None) -> None:
    if expected is not None and expected != appointment.version:
        raise StaleVersion(expected, appointment.version)


def _check_movable(appointment: Appointment, same_time: bool) -> None:
    """Somebody who has arrived can still be given another room, not another time."""
    attendances = _attendances(appointment)
    if appointment.cancelled_at or attendances & OVER or (not same_time and attendances != {"expected"}):
        raise AppointmentClosed


def _attendances(appointment: Appointment) -> set[str]:
    return {participation.attendance for participation in appointment.participations}


def _changed(session: Session, appointment: Appointment, act: Act) -> None:
    """Something that feeds render has changed; the version goes up with it."""
    appointment.version += 1
    appointment.updated_at = act.now
    session.flush()


def _question(
    session: Session,
    appointment: Appointment,
    professional_ids: Collection[int],
    room_id: int | None,
    act: Act,
    start: datetime,
) -> Question:
    """Ask for the appointment's own duration and buffers, as if it were not there."""
    kind = schedule.read_type(session, appointment.type_id, even_retired=True)
    minutes = (appointment.ends_at - appointment.starts_at) // timedelta(minutes=1)
    demand = replace(
        kind.demand,
        duration=to_cells(minutes),
        before=to_cells(appointment.buffer_before),
        after=to_cells(appointment.buffer_after),
    )
    usager_ids = [participation.usager_id for participation in appointment.participations]
    question = Question(
        kind=replace(kind, demand=demand, need=kind.need if appointment.room_id else None),
        professional_ids=sorted(professional_ids),
        notice=availability.notice(kind, act.now),
        usager_id=usager_ids[0],
        room_id=room_id,
        step_free=schedule.step_free_needed(session, usager_ids),
        ignoring=appointment.id,
    )
    if start == appointment.starts_at:  # it may have begun: only its room or its professional changes
        question = replace(question, notice=Notice(now=0, desk=0))
    return question


def _place(
    session: Session, appointment: Appointment, question: Question, start: datetime, *, same_time: bool
) -> Place:
    """Check the new time, and take a room where the professional receives then, the present one first if it is free."""
    asking.check_room(session, question)
    if same_time:
        verdict = _rooms_only(session, appointment, question, start)
    else:
        asking.check_qualified(session, question)
        verdict = asking.granted(session, question, start)
    if question.need is None:
        return Place(verdict.site_id, None)
    candidates = sorted(verdict.room_ids, key=lambda room_id: room_id != appointment.room_id)
    before, after = timedelta(minutes=appointment.buffer_before), timedelta(minutes=appointment.buffer_after)
    end = start + (appointment.ends_at - appointment.starts_at)
    span = (int((start - before).timestamp()), int((end + after).timestamp()))
    room_id = take_room(session, candidates, span, question.kind.service_id, appointment.id)
    return Place(verdict.site_id, room_id)


def _rooms_only(session: Session, appointment: Appointment, question: Question, start: datetime) -> Verdict:
    """The free rooms at the time the appointment has; its professional's openings may have changed since."""
    if question.room_id in (None, appointment.room_id):
        raise Invalid("start" if question.room_id is None else "room", "unchanged")
    verdict = availability.decide(session, question, start)
    if verdict.site_id != appointment.site_id or not verdict.room_ids:
        raise SlotTaken("no_room")
    return verdict
