"""One more person for an appointment: found, created or given a code, as when booking."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from booking import reservations
from booking.db import db
from booking.errors import AppointmentClosed, Invalid, SessionFull, SlotUnavailable, StaleVersion
from booking.people.models import Usager
from booking.reservations.commands import Join
from booking.reservations.models import Appointment
from booking.web import history, story, whom
from booking.web.acting import act
from booking.web.appointment_page import found
from booking.web.chosen import asked_for
from booking.web.policy import signed_in

bp = Blueprint("joining", __name__, url_prefix="/rendez-vous/<uid>/personnes")


@bp.get("")
@signed_in
def new(uid: str) -> str:
    """Who is to join: the search, then whom it found."""
    appointment = found(uid)
    confidential = appointment.type.service.confidential
    person = None if confidential else asked_for(db.session())
    return page(appointment, whom.first_form(confidential, person), person)


@bp.post("")
@signed_in
def add(uid: str) -> Response | tuple[str, int]:
    """Add them; what is refused comes back with all that was typed."""
    session, appointment = db.session(), found(uid)
    form = whom.sent_form(appointment.type.service.confidential)
    if not form.validate():
        return page(appointment, form), 422
    try:
        if similar := whom.similar_to(session, form):
            return page(appointment, form, similar=similar), 422
        reservations.join(Join(form.key.data, uid, form.whom(), _version()), act())
    except Invalid as refusal:
        form.refuse(refusal)
        return page(found(uid), form, whom.person_of(session, form)), 422
    except (SlotUnavailable, SessionFull, StaleVersion, AppointmentClosed) as refusal:
        return page(found(uid), form, whom.person_of(session, form), refusal=refusal), 409
    flash("joined")
    return redirect(url_for("appointments.show", uid=uid, _anchor="titre"))


def _version() -> int | None:
    """The version that the page showed: whoever joins was told its hour."""
    return request.args.get("version", type=int)


def page(
    appointment: Appointment,
    form: whom.AnyForm,
    person: Usager | None = None,
    *,
    similar: list[Usager] | None = None,
    refusal: SlotUnavailable | SessionFull | StaleVersion | AppointmentClosed | None = None,
) -> str:
    """The page, whatever has happened so far."""
    session = db.session()
    return render_template(
        "reception/join.html",
        each=appointment,
        who=story.who(appointment),
        confidential=appointment.type.service.confidential,
        sought=whom.sought(session, form, person, similar),
        refusal=refusal,
        since=history.since(session, appointment, refusal.expected) if isinstance(refusal, StaleVersion) else [],
        address=url_for("joining.add", uid=appointment.uid, version=appointment.version),
    )
