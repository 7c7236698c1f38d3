"""The waiting list: who waits, what is proposed to them, and noting that somebody waits."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from booking import french, reservations
from booking.db import db
from booking.errors import AppointmentClosed, Invalid, NotFound, SessionFull, SlotUnavailable
from booking.refusals import sentence
from booking.reservations import proposals
from booking.reservations import waiting as engine
from booking.reservations.commands import Book
from booking.reservations.models import Proposal, Waiting
from booking.web import lists, wording
from booking.web.acting import act
from booking.web.done import just_done
from booking.web.forms import Acting, Press
from booking.web.policy import signed_in
from booking.web.proposed import propose_now, proposed_sentences
from booking.web.wishing import in_words

DONE = {
    "noted": "Demande notée. Le créneau qui conviendra sera proposé ici.",
    "withdrawn": "Demande retirée.",
    "declined": "Proposition refusée : la demande reste dans la liste, et le créneau va à la personne suivante.",
}

bp = Blueprint("waiting", __name__, url_prefix="/liste-d-attente")


@dataclass(frozen=True)
class Row:
    """An entry as the list shows it."""

    entry: Waiting
    who: str
    what: str
    wished: str
    pending: Proposal | None
    booking: str | None  # the page that books what is proposed; None where one press is enough


@bp.get("")
@signed_in
def index() -> str:
    """Who waits, first come first, and what is proposed to them."""
    return page()


def page(refusal: str | None = None) -> str:
    """The list, with what was refused if something was."""
    session = db.session()
    rows = [_row(each) for each in engine.standing(session)]
    return render_template(
        "reception/waiting.html",
        proposed=[row for row in rows if row.pending is not None],
        others=[row for row in rows if row.pending is None],
        done=[*just_done(DONE), *proposed_sentences(session)],
        refusal=refusal,
        accepting=Acting(formdata=None),
    )


@bp.post("/<uid>/retirer")
@signed_in
def withdraw(uid: str) -> Response:
    """They no longer wait."""
    if Press().validate():
        engine.withdraw(uid, act())
        flash("withdrawn")
        propose_now()
    return redirect(url_for("waiting.index", _anchor="titre"))


@bp.post("/propositions/<uid>/refuser")
@signed_in
def decline(uid: str) -> Response:
    """It does not suit: the next one's turn."""
    if Press().validate():
        engine.decline(uid)
        flash("declined")
        propose_now()
    return redirect(url_for("waiting.index", _anchor="titre"))


@bp.post("/propositions/<uid>/reserver")
@signed_in
def accept(uid: str) -> Response | tuple[str, int]:
    """Book what was proposed, in one press."""
    form = Acting()
    if not form.validate():
        raise Invalid("key", "unsupported")
    command = proposals.answer_to(db.session(), form.key.data, uid)
    try:
        outcome = reservations.book(command, act()) if isinstance(command, Book) else reservations.join(command, act())
    except (SlotUnavailable, SessionFull, AppointmentClosed, NotFound, Invalid) as refusal:
        return page(sentence(refusal)), 409
    flash("booked" if isinstance(command, Book) else "joined")
    return redirect(url_for("appointments.show", uid=outcome.uid, _anchor="titre"))


def _row(entry: Waiting) -> Row:
    confidential = entry.type.service.confidential
    pending = entry.pending
    return Row(
        entry,
        wording.called(entry.usager),
        "Rendez-vous" if confidential else entry.type.name,
        wished(entry),
        pending,
        None if pending is None or pending.professional is None or confidential else _booking(entry, pending),
    )


def _booking(entry: Waiting, pending: Proposal) -> str:
    """The page that reads the slot aloud and books it, its hold and its usager known."""
    return url_for(
        "booking.new",
        motif=entry.type.code,
        debut=wording.in_address(pending.starts_at),
        professionnel=pending.professional.code if pending.professional else None,
        retenu=pending.uid,
        usager=entry.usager_id,
    )


def wished(entry: Waiting) -> str:
    """What would suit, in words."""
    if entry.appointment is not None:
        return f"une place dans la séance du {french.moment(entry.appointment.starts_at, lists.zone())}"
    professional = entry.professional.name if entry.professional else None
    return in_words(entry.wishes, professional)
