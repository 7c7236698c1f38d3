"""One appointment: what it is, what was sent, what happened; move, cancel, attendance, another room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, get_flashed_messages, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from booking import clock, reservations
from booking.db import db
from booking.errors import AppointmentClosed, ImpossibleTime, Invalid, SlotUnavailable, StaleVersion
from booking.reservations import reading
from booking.reservations.commands import Cancel, Move, Outcome, RecordAttendance
from booking.reservations.models import Appointment
from booking.reservations.state import NOTED
from booking.slots import availability, lookups
from booking.slots.availability import Search, Slot
from booking.web import lists, story, wording
from booking.web.acting import act
from booking.web.forms import Changing, Choice, Form, Ruled, moment, number, required
from booking.web.offers import offers
from booking.web.policy import signed_in

PROPOSED_FOR = timedelta(days=14)
MOST_PROPOSED = 24

bp = Blueprint("appointments", __name__, url_prefix="/rendez-vous/<uid>")


# ------------------------------------------------------------------ what is asked


class MoveForm(Changing):
    """Another time, of those proposed or typed; perhaps another professional."""

    start = Ruled("Nouvelle date et heure", required(moment(lists.zone)), type="datetime-local")
    professional = Choice("Professionnel", optional=True)


class RoomForm(Changing):
    """Another room."""

    room = Choice("Salle")


class CancelForm(Changing):
    """By whom it is cancelled: the one question."""

    by = Choice("Qui annule ?", [("usager", "L’usager"), ("service", "Le service")])


class AttendanceForm(Changing):
    """How one person attends."""

    usager = Ruled("Personne", required(number), type="hidden")
    attendance = Choice("Suivi", [(code, wording.ATTENDANCE[code]) for code in NOTED])


@dataclass(frozen=True)
class Refused:
    """What went wrong with one of the page's forms."""

    status: int
    form: Form | None = None
    refusal: SlotUnavailable | StaleVersion | AppointmentClosed | None = None


# ------------------------------------------------------------------ the page


@bp.get("")
@signed_in
def show(uid: str) -> str:
    """Everything about one appointment."""
    return page(found(uid))


def found(uid: str) -> Appointment:
    """The appointment of the address. Raises NotFound."""
    return reading.find(db.session(), uid)


def page(appointment: Appointment, refused: Refused | None = None) -> str:
    """The page, with what was refused if something was."""
    session = db.session()
    forms = {kind: _form(kind, appointment, refused) for kind in (MoveForm, RoomForm, CancelForm)}
    refusal = refused.refusal if refused else None
    alternatives = refusal.alternatives if isinstance(refusal, SlotUnavailable) else []
    return render_template(
        "reception/appointment.html",
        each=appointment,
        confidential=appointment.type.service.confidential,
        messages=story.messages(session, appointment),
        events=story.events(session, appointment),
        done=[story.done(session, appointment, str(code)) for code in get_flashed_messages()],
        refused=refused,
        refusal=refusal,
        wrong=refused.form if refused and refused.form else None,
        move_form=_with_professionals(session, forms[MoveForm]),
        room_form=_with_rooms(session, forms[RoomForm], appointment),
        cancel_form=forms[CancelForm],
        attendance_form=_form(AttendanceForm, appointment, refused),
        proposed=offers(session, alternatives or _proposed(session, appointment)),
        can=story.possibilities(appointment, clock.now()),
    )


def _form(kind: type[Changing], appointment: Appointment, refused: Refused | None) -> Any:
    """The form that was refused, as it was sent; a new one otherwise."""
    if refused is not None and type(refused.form) is kind:
        return refused.form
    return kind(formdata=None, data={"version": appointment.version})


def _with_professionals(session: Session, form: MoveForm) -> MoveForm:
    form.professional.groups = lists.professional_groups(session)
    return form


def _with_rooms(session: Session, form: RoomForm, appointment: Appointment) -> RoomForm:
    others = [room for room in lists.rooms(session) if room.id != appointment.room_id]
    form.room.groups = {"": [(room.code, f"{room.code} · {room.name}") for room in others]}
    return form


def _proposed(session: Session, appointment: Appointment) -> list[Slot]:
    """The next free slots of the same type with the same professional, two weeks from now or from its day."""
    now = clock.now()
    if not story.possibilities(appointment, now).move or appointment.type.retired_at:
        return []
    people = frozenset(professional.id for professional in appointment.professionals)
    usagers = [participation.usager for participation in appointment.participations]
    search = Search(
        appointment.type_id,
        max(now, appointment.starts_at - timedelta(days=1)),
        max(now, appointment.starts_at - timedelta(days=1)) + PROPOSED_FOR,
        people,
        usager_ids=frozenset(usager.id for usager in usagers),
        step_free=any(usager.step_free for usager in usagers),
    )
    return availability.find_slots(session, search, now, limit=MOST_PROPOSED)


# ------------------------------------------------------------------ the changes


@bp.post("/deplacer")
@signed_in
def move(uid: str) -> Response | tuple[str, int]:
    """Move it: the same appointment at another time, one message."""
    form = _with_professionals(db.session(), MoveForm())

    def change() -> Outcome:
        code = form.professional.data
        who = lookups.professional(db.session(), code).id if code else None
        return reservations.move(Move(form.key.data, uid, form.start.data, who, None, form.version.data), act())

    return _carry_out(uid, form, change, "moved")


@bp.post("/salle")
@signed_in
def change_room(uid: str) -> Response | tuple[str, int]:
    """Give it another room; nobody is told, for usagers report to reception."""
    form = _with_rooms(db.session(), RoomForm(), found(uid))

    def change() -> Outcome:
        room = lookups.room(db.session(), form.room.data)
        return reservations.move(Move(form.key.data, uid, None, None, room.id, form.version.data), act())

    return _carry_out(uid, form, change, "room_changed")


@bp.post("/annuler")
@signed_in
def cancel(uid: str) -> Response | tuple[str, int]:
    """Cancel it."""
    form = CancelForm()

    def change() -> Outcome:
        return reservations.cancel(Cancel(form.key.data, uid, form.by.data, form.version.data), act())

    return _carry_out(uid, form, change, "cancelled")


@bp.post("/suivi")
@signed_in
def attend(uid: str) -> Response | tuple[str, int]:
    """Note how somebody attends; another press undoes it."""
    form = AttendanceForm()

    def change() -> Outcome:
        command = RecordAttendance(form.key.data, uid, form.usager.data, form.attendance.data, form.version.data)
        return reservations.record_attendance(command, act())

    return _carry_out(uid, form, change, "attendance")


def _carry_out(uid: str, form: Changing, change: Callable[[], Outcome], done: str) -> Response | tuple[str, int]:
    """Do it and say so; or show the page again with what was refused, where it was refused."""
    found(uid)
    if not form.validate():
        return _again(uid, Refused(422, form))
    try:
        change()
    except (Invalid, ImpossibleTime) as refusal:
        form.refuse(refusal)
        return _again(uid, Refused(422, form))
    except (SlotUnavailable, StaleVersion, AppointmentClosed) as refusal:
        return _again(uid, Refused(409, refusal=refusal))
    flash(done)
    return redirect(url_for("appointments.show", uid=uid, _anchor="titre"))


def _again(uid: str, refused: Refused) -> tuple[str, int]:
    return page(found(uid), refused), refused.status
