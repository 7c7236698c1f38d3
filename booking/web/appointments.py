"""One appointment, and everything that may be changed about it: each change is one form of its page."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, url_for
from werkzeug.wrappers import Response

from booking import reservations
from booking.db import db
from booking.errors import AppointmentClosed, ImpossibleTime, Invalid, SeriesRefused, SlotUnavailable, StaleVersion
from booking.reservations import reading, series
from booking.reservations.commands import Cancel, Leave, Move, Outcome, RecordAttendance, Restore, Swap
from booking.reservations.series import CancelSeries, MoveSeries
from booking.slots import lookups
from booking.web import history
from booking.web.acting import act
from booking.web.appointment_page import (
    Refused,
    found,
    page,
    with_colleagues,
    with_professionals,
    with_rooms,
    with_types,
)
from booking.web.change_forms import (
    AttendanceForm,
    CancelForm,
    KindForm,
    LeaveForm,
    MoveForm,
    PeopleForm,
    RestoreForm,
    RoomForm,
    SwapForm,
)
from booking.web.forms import Changing
from booking.web.policy import signed_in
from booking.web.proposed import propose_now

bp = Blueprint("appointments", __name__, url_prefix="/rendez-vous/<uid>")


@bp.get("")
@signed_in
def show(uid: str) -> str:
    """Everything about one appointment."""
    return page(found(uid))


@bp.post("/deplacer")
@signed_in
def move(uid: str) -> Response | tuple[str, int]:
    """Move it: the same appointment at another time, one message."""
    form = with_professionals(db.session(), MoveForm())
    if _with_others(form):
        return _carry_out(uid, form, lambda: _moved_with_others(uid, form), "series_moved")

    def change() -> Outcome:
        who = _ids([form.professional.data]) if form.professional.data else None
        command = Move(form.key.data, uid, form.start.data, who, version=form.version.data)
        return reservations.move(command, act(form.reason.data))

    return _carry_out(uid, form, change)


@bp.post("/salle")
@signed_in
def change_room(uid: str) -> Response | tuple[str, int]:
    """Give it another room; nobody is told, for usagers report to reception."""
    form = with_rooms(db.session(), RoomForm(), found(uid), sent=True)

    def change() -> Outcome:
        room = lookups.room(db.session(), form.room.data)
        return reservations.move(Move(form.key.data, uid, room_id=room.id, version=form.version.data), act())

    return _carry_out(uid, form, change)


@bp.post("/professionnels")
@signed_in
def change_professionals(uid: str) -> Response | tuple[str, int]:
    """Say all the professionals who take part."""
    form = with_colleagues(db.session(), PeopleForm(), found(uid))

    def change() -> Outcome:
        command = Move(form.key.data, uid, professional_ids=_ids(form.professionals.data), version=form.version.data)
        return reservations.move(command, act(form.reason.data))

    return _carry_out(uid, form, change)


@bp.post("/motif")
@signed_in
def change_kind(uid: str) -> Response | tuple[str, int]:
    """Give it another type, another duration, or both."""
    form = with_types(db.session(), KindForm(), found(uid), sent=True)

    def change() -> Outcome:
        code = form.type.data
        kind = lookups.appointment_type(db.session(), code).id if code else None
        command = Move(form.key.data, uid, type_id=kind, duration=form.duration.data, version=form.version.data)
        return reservations.move(command, act(form.reason.data))

    return _carry_out(uid, form, change)


@bp.post("/echanger")
@signed_in
def swap(uid: str) -> Response | tuple[str, int]:
    """Exchange its slot with another appointment's: both, or neither."""
    form = SwapForm()

    def change() -> Outcome:
        other_uid, other_version = form.other.data
        return reservations.swap(Swap(form.key.data, uid, other_uid, form.version.data, other_version), act())

    return _carry_out(uid, form, change, "swapped")


@bp.post("/annuler")
@signed_in
def cancel(uid: str) -> Response | tuple[str, int]:
    """Cancel it."""
    form = CancelForm()
    if _with_others(form):
        return _carry_out(uid, form, lambda: _cancelled_with_others(uid, form), "series_cancelled")

    def change() -> Outcome:
        command = Cancel(form.key.data, uid, form.by.data, form.version.data)
        return reservations.cancel(command, act(form.reason.data))

    return _carry_out(uid, form, change)


@bp.post("/retablir")
@signed_in
def restore(uid: str) -> Response | tuple[str, int]:
    """Take its cancellation back."""
    form = RestoreForm()

    def change() -> Outcome:
        return reservations.restore(Restore(form.key.data, uid, form.version.data), act(form.reason.data))

    return _carry_out(uid, form, change)


@bp.post("/retirer")
@signed_in
def leave(uid: str) -> Response | tuple[str, int]:
    """Take somebody out; the others keep it."""
    form = LeaveForm()

    def change() -> Outcome:
        return reservations.leave(Leave(form.key.data, uid, form.usager.data, form.by.data, form.version.data), act())

    return _carry_out(uid, form, change)


@bp.post("/suivi")
@signed_in
def attend(uid: str) -> Response | tuple[str, int]:
    """Note how somebody attends; another press undoes it."""
    form = AttendanceForm()

    def change() -> Outcome:
        command = RecordAttendance(form.key.data, uid, form.usager.data, form.attendance.data, form.version.data)
        return reservations.record_attendance(command, act())

    return _carry_out(uid, form, change)


def _with_others(form: MoveForm | CancelForm) -> bool:
    """Whether it is about more of its series than this one."""
    return form.scope.data not in (None, "one")


def _moved_with_others(uid: str, form: MoveForm) -> Outcome:
    """Each of the scope goes as far as this one does, with the professionals that it has."""
    if form.professional.data:
        raise Invalid("professional", "not_expected")
    command = MoveSeries(form.key.data, uid, form.scope.data, form.start.data, form.version.data)
    return series.move_series(command, act(form.reason.data))[0]


def _cancelled_with_others(uid: str, form: CancelForm) -> Outcome:
    command = CancelSeries(form.key.data, uid, form.scope.data, form.by.data, form.version.data)
    return series.cancel_series(command, act(form.reason.data))[0]


def _ids(codes: list[str]) -> frozenset[int]:
    return frozenset(lookups.professional(db.session(), code).id for code in codes)


def _carry_out(
    uid: str, form: Changing, change: Callable[[], Outcome], done: str | None = None
) -> Response | tuple[str, int]:
    """Do it and say so, as the history calls it; or show the page again with what was refused, where it was."""
    found(uid)
    if not form.validate():
        return _again(uid, Refused(422, form))
    try:
        outcome = change()
    except (Invalid, ImpossibleTime) as refusal:
        form.refuse(refusal)
        return _again(uid, Refused(422, form))
    except StaleVersion as refusal:
        since = history.since(db.session(), found(uid), form.version.data)
        return _again(uid, Refused(409, refusal=refusal, since=since))
    except (SlotUnavailable, SeriesRefused, AppointmentClosed) as refusal:
        return _again(uid, Refused(409, refusal=refusal))
    flash(done or reading.history(db.session(), outcome.appointment_id)[-1].action)
    propose_now()
    return redirect(url_for("appointments.show", uid=uid, _anchor="titre"))


def _again(uid: str, refused: Refused) -> tuple[str, int]:
    return page(found(uid), refused), refused.status
