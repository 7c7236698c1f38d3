"""Moving, cancelling and recording attendance: changes of one appointment, its row locked first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from booking.db import db, in_transaction
from booking.errors import AppointmentClosed, Invalid, NotFound, SlotTaken, SlotUnavailable, StaleVersion
from booking.reservations import answering, asking, store
from booking.reservations.commands import Act, Cancel, Move, Outcome, RecordAttendance
from booking.reservations.models import Action
from booking.reservations.rooming import take_room
from booking.reservations.state import NOTED, OVER, Attendance, State
from booking.resources import lock_people
from booking.slots import availability, schedule
from booking.slots.availability import Verdict
from booking.slots.generator import Notice
from booking.slots.grid import to_cells
from booking.slots.offers import Question


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
        before = store.read(session, command.uid)
        start = command.start or before.starts_at
        question = _question(session, before, _wanted(command, before), None, act, start)
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
    before = store.locked(session, command.uid)
    if (done := answering.replayed(session, command)) is not None:
        return done
    _check_version(before, command.version)
    wanted = _wanted(command, before)
    # In UTC: adding a duration to a wall time is an hour wrong where the clocks change.
    start = (command.start or before.starts_at).astimezone(UTC)
    same_time = start == before.starts_at and wanted == before.professional_ids
    _check_movable(before, same_time)
    lock_people(session, before.professional_ids | wanted, before.attendance)
    question = _question(session, before, wanted, command.room_id, act, start)
    place = _place(session, before, question, start, same_time=same_time)
    after = _moved(before, start, wanted, place, act)
    told = after.notice != before.notice
    action: Action = "moved" if told or before.professional_ids != wanted else "room_changed"
    store.change(session, before, after, action, act)
    if told:
        act.tell(session, after.id, "moved", act.now)
    return answering.answer(session, command, after, act)


def _moved(before: State, start: datetime, professional_ids: frozenset[int], place: Place, act: Act) -> State:
    told = (start, place.site_id) != (before.starts_at, before.site_id)
    return before.changed(
        act.now,
        starts_at=start,
        ends_at=start + before.length,
        site_id=place.site_id,
        room_id=place.room_id,
        professional_ids=professional_ids,
        sequence=before.sequence + (told or place.room_id != before.room_id),
        notice=before.notice + told,
    )


def _wanted(command: Move, before: State) -> frozenset[int]:
    return before.professional_ids if command.professional_id is None else frozenset({command.professional_id})


def _cancel(session: Session, command: Cancel, act: Act) -> Outcome:
    before = store.locked(session, command.uid)
    if (done := answering.replayed(session, command)) is not None:
        return done
    _check_version(before, command.version)
    if before.cancelled_at or set(before.attendance.values()) & (set(NOTED) - {"expected"}):
        raise AppointmentClosed
    lock_people(session, before.professional_ids, before.attendance)
    step: Attendance = "excused" if command.by == "usager" else "revoked"
    after = before.changed(
        act.now,
        cancelled_at=act.now,
        cancelled_by=command.by,
        attendance=dict.fromkeys(before.attendance, step),
        sequence=before.sequence + 1,
        notice=before.notice + 1,
    )
    store.change(session, before, after, "cancelled", act)
    act.tell(session, after.id, "cancelled", act.now)
    return answering.answer(session, command, after, act)


def _record_attendance(session: Session, command: RecordAttendance, act: Act) -> Outcome:
    before = store.locked(session, command.uid)
    if (done := answering.replayed(session, command)) is not None:
        return done
    _check_version(before, command.version)
    if before.cancelled_at:
        raise AppointmentClosed
    if command.attendance not in NOTED:
        raise Invalid("attendance", "unsupported")
    if command.attendance == "no_show" and act.now < before.starts_at:
        raise Invalid("attendance", "too_early")
    if command.usager_id not in before.attendance:
        raise NotFound("usager")
    after = before.attended(command.usager_id, command.attendance)
    store.change(session, before, after, "attendance", act)
    return answering.answer(session, command, after, act)


def _check_version(before: State, expected: int | None) -> None:
    if expected is not None and expected != before.version:
        raise StaleVersion(expected, before.version)


def _check_movable(before: State, same_time: bool) -> None:
    """Somebody who has arrived can still be given another room, not another time."""
    attendances = set(before.attendance.values())
    if before.cancelled_at or attendances & OVER or (not same_time and attendances != {"expected"}):
        raise AppointmentClosed


def _question(
    session: Session,
    before: State,
    professional_ids: Collection[int],
    room_id: int | None,
    act: Act,
    start: datetime,
) -> Question:
    """Ask for the appointment's own duration and buffers, as if it were not there."""
    kind = schedule.read_type(session, before.type_id, even_retired=True)
    demand = replace(
        kind.demand,
        duration=to_cells(before.length // timedelta(minutes=1)),
        before=to_cells(before.buffer_before),
        after=to_cells(before.buffer_after),
    )
    question = Question(
        kind=replace(kind, demand=demand, need=kind.need if before.room_id else None),
        professional_ids=sorted(professional_ids),
        notice=availability.notice(kind, act.now),
        usager_ids=before.attendance,
        room_id=room_id,
        step_free=schedule.step_free_needed(session, before.attendance),
        ignoring=(before.id,),
    )
    if start == before.starts_at:  # it may have begun: only its room or its professional changes
        question = replace(question, notice=Notice(now=0, desk=0))
    return question


def _place(session: Session, before: State, question: Question, start: datetime, *, same_time: bool) -> Place:
    """Check the new time, and take a room where the professional receives then, the present one first if it is free."""
    asking.check_room(session, question)
    if same_time:
        verdict = _rooms_only(session, before, question, start)
    else:
        asking.check_qualified(session, question)
        verdict = asking.granted(session, question, start)
    if question.need is None:
        return Place(verdict.site_id, None)
    candidates = sorted(verdict.room_ids, key=lambda room_id: room_id != before.room_id)
    room_id = take_room(session, candidates, before.with_buffers(start), question.kind.service_id, (before.id,))
    return Place(verdict.site_id, room_id)


def _rooms_only(session: Session, before: State, question: Question, start: datetime) -> Verdict:
    """The free rooms at the time the appointment has; its professional's openings may have changed since."""
    if question.room_id in (None, before.room_id):
        raise Invalid("start" if question.room_id is None else "room", "unchanged")
    verdict = availability.decide(session, question, start)
    if verdict.site_id != before.site_id or not verdict.room_ids:
        raise SlotTaken("no_room")
    return verdict
