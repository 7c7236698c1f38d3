"""Booking: the sentence to read aloud, then whom it is for; one confirmation."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from flask import Blueprint, flash, get_flashed_messages, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from booking import clock
from booking.db import db
from booking.errors import Invalid, SeriesRefused, SessionFull, SlotUnavailable
from booking.people.models import Usager
from booking.reservations import book, waiting
from booking.reservations.models import Command
from booking.reservations.series import book_series
from booking.web import family, lists, whom
from booking.web.acting import act
from booking.web.chosen import Chosen, address, asked_for, chosen, incomplete, slot_args
from booking.web.forms import Acting
from booking.web.offers import offers
from booking.web.policy import signed_in
from booking.web.whom import AnyForm

Refusal = SlotUnavailable | SeriesRefused | SessionFull

bp = Blueprint("booking", __name__)


@bp.get("/rendez-vous/nouveau")
@signed_in
def new() -> str | Response:
    """Whom the slot is for; without a slot, back to looking for one."""
    if elsewhere := incomplete():
        return elsewhere
    session = db.session()
    slot = chosen(session)
    person = None if slot.confidential else asked_for(session)
    return page(session, slot, whom.first_form(slot.confidential, person), person)


@bp.post("/rendez-vous/nouveau")
@signed_in
def create() -> Response | tuple[str, int]:
    """Book; what is refused comes back with all that was typed."""
    session = db.session()
    slot = chosen(session)
    form = whom.sent_form(slot.confidential)
    similar: list[Usager] = []
    if form.validate():
        if family.goes_on() and (person := whom.person_of(session, form)):
            return redirect(family.another(slot.family, person))
        try:
            similar = whom.similar_to(session, form)
            if not similar:
                return _book(session, slot, form)
        except Invalid as refusal:
            form.refuse(refusal)
        except (SlotUnavailable, SeriesRefused, SessionFull) as refusal:
            return page(session, slot, form, whom.person_of(session, form), refusal=refusal), 409
    return page(session, slot, form, whom.person_of(session, form), similar=similar), 422


def _book(session: Session, slot: Chosen, form: AnyForm) -> Response:
    key, usager = form.key.data, form.whom()
    if slot.starts:
        uid = book_series(slot.series(key, usager, slot.starts), act())[0].uid
    else:
        uid = book(replace(slot.command(key, usager), start=_start(session, slot, key)), act()).uid
    flash("series_booked" if slot.starts else "booked")
    return redirect(url_for("appointments.show", uid=uid, _anchor="titre"))


def _start(session: Session, slot: Chosen, key: str) -> datetime:
    """Its start; sent again, « now » is when it was first sent."""
    served = session.get(Command, key) if slot.waiver == "walk_in" else None
    return clock.rounded_down(served.at) if served else slot.start


def page(
    session: Session,
    slot: Chosen,
    form: AnyForm,
    person: Usager | None = None,
    *,
    similar: list[Usager] | None = None,
    refusal: Refusal | None = None,
) -> str:
    """The page that books, whatever has happened so far."""
    return render_template(
        "reception/book.html",
        slot=slot,
        kept=slot.kept_until(session, clock.now()),
        proposal=next(iter(waiting.of_proposals(session, (slot.hold,) if slot.hold else ())), None),
        notes=get_flashed_messages(category_filter=("hold",)),
        sought=whom.sought(session, form, person, similar),
        opening=Acting(formdata=None),
        companions=family.companions(slot.family),
        alone=family.alone(slot.family),
        another=family.another(slot.family, person) if person else None,
        refusal=refusal,
        alternatives=offers(session, refusal.alternatives) if isinstance(refusal, SlotUnavailable) else [],
        address=url_for("booking.create", **slot_args()),
        here=address(),
        slot_args=slot_args(),
        beside=[each for each in lists.colleagues(session, slot.type.service_id) if each.id != slot.professional.id],
        waiver=request.args.get("regle", ""),
    )
