"""Keeping the slot that was chosen for a few minutes, while whom it is for is being asked."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import replace

from flask import Blueprint, flash, redirect, url_for
from werkzeug.wrappers import Response

from booking import reservations
from booking.db import db
from booking.errors import Invalid, NotFound, SlotUnavailable, TooManyHolds
from booking.people.models import Usager
from booking.refusals import sentence
from booking.reservations.commands import Book
from booking.web import booking, whom
from booking.web.acting import act
from booking.web.chosen import Chosen, address, asked_for, chosen, held_uid, incomplete, searching
from booking.web.forms import Acting
from booking.web.policy import signed_in

BOOKED_ALL_THE_SAME = "Celui-ci n’est pas retenu, mais vous pouvez le réserver."

bp = Blueprint("holding", __name__, url_prefix="/rendez-vous/nouveau")


@bp.post("/retenir")
@signed_in
def hold() -> Response | tuple[str, int]:
    """Keep the slot that was chosen, give back the one chosen before, and ask whom it is for."""
    if elsewhere := incomplete():
        return elsewhere
    session, form = db.session(), Acting()
    if not form.validate():
        raise Invalid("key", "unsupported")
    slot = chosen(session)
    person = None if slot.confidential else asked_for(session)
    command = _command(slot, form.key.data, person)
    _give_back(slot.hold)
    try:
        uid = reservations.hold(command, act()).uid
    except TooManyHolds as refusal:
        flash(f"{sentence(refusal)} {BOOKED_ALL_THE_SAME}", "hold")
        uid = None
    except SlotUnavailable as refusal:
        first = whom.first_form(slot.confidential, person)
        return booking.page(session, replace(slot, hold=None), first, person, refusal=refusal), 409
    return redirect(url_for("booking.new", **address(retenu=uid)))


@bp.post("/garder")
@signed_in
def keep() -> Response:
    """Keep it for 5 more minutes; the page says what became of it."""
    try:
        with suppress(NotFound):  # it has expired, which the page says
            reservations.renew(held_uid() or "", act())
    except Invalid as refusal:
        flash(sentence(refusal), "hold")
    return redirect(url_for("booking.new", **address()))


@bp.post("/rendre")
@signed_in
def release() -> Response:
    """Give it back, and look for another."""
    _give_back(held_uid())
    flash("Créneau libéré.", "hold")
    return searching()


def _command(slot: Chosen, key: str, person: Usager | None) -> Book:
    """What would be booked. The key is of the page and the slot: two slots of one page are two demands."""
    who = [each.id for each in (slot.professional, *slot.colleagues)]
    mixed = hashlib.sha256(f"{key} {slot.type.id} {slot.start} {who}".encode()).hexdigest()
    return replace(slot.command(mixed, person.id if person else None), hold=None)


def _give_back(uid: str | None) -> None:
    if uid is None:
        return
    with suppress(NotFound):  # once it has expired, nothing is left to give back
        reservations.release(uid, act())
