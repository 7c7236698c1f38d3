"""The periods of the site: school holidays and others, during which openings take place only, or do not."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from booking import clock
from booking.db import LARGEST_KEY, db
from booking.errors import Invalid
from booking.slots import lookups, periods
from booking.web import lists
from booking.web.done import just_done
from booking.web.forms import Form, Press
from booking.web.planning_forms import PeriodForm
from booking.web.policy import signed_in

DONE = {"period_added": "Période ajoutée.", "period_removed": "Période retirée."}

bp = Blueprint("periods", __name__, url_prefix="/periodes")


@bp.get("")
@signed_in
def index() -> str:
    """The periods that are not over, and the form that adds one."""
    return _page(PeriodForm(formdata=None))


@bp.post("")
@signed_in
def add() -> Response | tuple[str, int]:
    """Name some days of the site."""
    form = PeriodForm()
    if form.validate():
        name, first_day, last_day = form.name.data, form.first_day.data, form.last_day.data
        try:
            periods.add_period(lookups.site(db.session()).id, name, first_day, last_day, clock.now())
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            return _done("period_added")
    return _page(form), 422


@bp.post(f"/<int(max={LARGEST_KEY}):key>/retirer")
@signed_in
def remove(key: int) -> Response | tuple[str, int]:
    """Forget a period."""
    form = Press()
    if not form.validate():
        return _page(PeriodForm(formdata=None)), 422
    periods.remove_period(key)
    return _done("period_removed")


def _done(what: str) -> Response:
    flash(what)
    return redirect(url_for("periods.index", _anchor="titre"))


def _page(form: Form) -> str:
    session = db.session()
    site = lookups.site(session)
    found = periods.standing(session, site.id, lists.today())
    return render_template("admin/periods.html", form=form, periods=found, done=just_done(DONE))
