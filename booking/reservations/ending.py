"""Cancelling, taking a cancellation back, and recording attendance."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from booking.db import db
from booking.errors import AppointmentClosed, Invalid, NotFound, SlotUnavailable
from booking.reservations import asking, moving, store
from booking.reservations.changing import Changed, carried_out, carry_out
from booking.reservations.commands import Act, Cancel, Outcome, RecordAttendance, Restore
from booking.reservations.state import NOTED, Attendance, State
from booking.reservations.ways import making_way
from booking.resources import lock_people


def cancel(command: Cancel, act: Act) -> Outcome:
    """Cancel an appointment, by the usager (« excused ») or by the service (« revoked »), and give its time back.

    Raises NotFound, StaleVersion, and AppointmentClosed when it is cancelled already or took place.
    """
    return carry_out(command, act, lambda session, before: cancelled(session, before, command, act))


def restore(command: Restore, act: Act) -> Outcome:
    """Take a cancellation back: the same time, professionals and usagers, the same room when it is still free.

    Raises SlotTaken or SlotUnavailable with alternatives when the time cannot be given any more, NotFound,
    StaleVersion, and Invalid when it is not cancelled.
    """
    try:
        return making_way(lambda session, act: _restored(session, command, act), act, key=command.key)
    except SlotUnavailable as refusal:
        session = db.session()
        before = store.read(session, command.uid)
        question = moving.same_again(session, before, act)
        raise asking.with_alternatives(session, refusal, question, before.starts_at, act.now) from None


def record_attendance(command: RecordAttendance, act: Act) -> Outcome:
    """Record how an usager attends; any step may be undone by recording another.

    Raises NotFound, StaleVersion, AppointmentClosed when it is cancelled or they have left it, and Invalid for a step
    that `cancel` records, or one that the hour does not allow yet.
    """
    return carry_out(command, act, lambda _, before: _record_attendance(before, command, act))


def cancelled(session: Session, before: State, command: Cancel, act: Act) -> Changed:
    """What cancelling makes of an appointment, its people locked. Raises AppointmentClosed."""
    if before.cancelled_at or before.begun:
        raise AppointmentClosed
    lock_people(session, before.professional_ids, before.attendance)
    step: Attendance = "excused" if command.by == "usager" else "revoked"
    after = before.changed(
        act.now,
        cancelled_at=act.now,
        cancelled_by=command.by,
        attendance={**before.attendance, **dict.fromkeys(before.present, step)},
        sequence=before.sequence + 1,
        notices=before.noticed(before.present),
    )
    return Changed(after, "cancelled", told="cancelled")


def _restored(session: Session, command: Restore, act: Act) -> Outcome:
    return carried_out(session, command, act, lambda session, before: _restore(session, before, act))


def _restore(session: Session, before: State, act: Act) -> Changed:
    if before.cancelled_at is None:
        raise Invalid("uid", "not_cancelled")
    lock_people(session, before.professional_ids, before.attendance)
    attendance = store.attendance_before_cancelling(session, before.id)
    standing = before.changed(act.now, cancelled_at=None, cancelled_by=None, attendance=attendance)
    room_id = moving.place_again(session, standing, act)
    notices = before.noticed(standing.present)
    after = replace(standing.in_room(room_id), sequence=before.sequence + 1, notices=notices)
    return Changed(after, "restored", told="booked")


def _record_attendance(before: State, command: RecordAttendance, act: Act) -> Changed:
    if before.cancelled_at:
        raise AppointmentClosed
    if command.attendance not in NOTED:
        raise Invalid("attendance", "unsupported")
    if command.usager_id not in before.attendance:
        raise NotFound("usager")
    if command.usager_id not in before.present:
        raise AppointmentClosed
    if (untimely := before.timely(command.attendance, act.now)) is not None:
        raise Invalid("attendance", untimely)
    return Changed(before.attended(command.usager_id, command.attendance), "attendance")
