"""When the site, or one of its rooms, is closed. Public holidays are computed and not listed here."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from booking import clock
from booking.db import LARGEST_KEY, db
from booking.errors import ImpossibleTime, Invalid
from booking.reservations.impact import Closed
from booking.slots import lookups, planning
from booking.web import impact, lists
from booking.web.done import just_done
from booking.web.forms import Form, Press
from booking.web.planning_forms import ClosureForm
from booking.web.policy import signed_in

DONE = {
    "closure_added": "Fermeture ajoutée.",
    "closure_displaced": "Fermeture ajoutée ; vos décisions sont faites. « À appeler » dit qui prévenir.",
    "closure_removed": "Fermeture retirée.",
}

bp = Blueprint("closures", __name__, url_prefix="/fermetures")


@bp.get("")
@signed_in
def index() -> str:
    """The closures that are not over, and the form that adds one."""
    return _page(_form(db.session(), formdata=None))


@bp.post("")
@signed_in
def add() -> Response | tuple[str, int]:
    """Close the site or a room; when appointments stand in the way, show them first."""
    session = db.session()
    form = _form(session)
    if form.validate():
        try:
            return _added(session, form)
        except (Invalid, ImpossibleTime) as refusal:
            form.refuse(refusal)
    return _page(form), 422


@bp.post(f"/<int(max={LARGEST_KEY}):key>/retirer")
@signed_in
def remove(key: int) -> Response | tuple[str, int]:
    """Be open after all."""
    form = Press()
    if not form.validate():
        return _page(_form(db.session(), formdata=None)), 422
    planning.remove_closure(key)
    flash("closure_removed")
    return redirect(url_for("closures.index", _anchor="titre"))


def _added(session: Session, form: ClosureForm) -> Response:
    room = lookups.room(session, form.room.data) if form.room.data else None
    label, start, end = form.label.data, form.start.data, form.end.data
    cause = Closed(lookups.site(session).id, room.id if room else None, start, end, label)
    if not impact.at_once(form.key.data, cause):
        return redirect(impact.address_of_closure(form.room.data, start, end, label))
    flash("closure_added")
    return redirect(url_for("closures.index", _anchor="titre"))


def _form(session: Session, **more: Any) -> ClosureForm:
    form = ClosureForm(**more)
    form.room.groups = {"": [(room.code, f"{room.code} · {room.name}") for room in lists.rooms(session)]}
    return form


def _page(form: Form) -> str:
    session = db.session()
    return render_template(
        "admin/closures.html",
        form=form,
        closures=planning.closures(session, lookups.site(session).id, clock.now()),
        done=just_done(DONE),
    )
