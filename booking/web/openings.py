"""What changes in an opening that stands: from a date on, on a page of its own; or on one date."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from booking import clock
from booking.db import db
from booking.errors import Invalid, NotFound
from booking.slots import revising, wording
from booking.slots.models import Opening, OpeningException
from booking.web import lists, planning_forms
from booking.web.forms import Press
from booking.web.planning_forms import WeeklyForm
from booking.web.policy import signed_in
from booking.web.professionals import KEY, carry_out, owned

bp = Blueprint("openings", __name__, url_prefix="/professionnels")


@bp.get(f"/<code>/plages/{KEY}/changer")
@signed_in
def show(code: str, key: int) -> str:
    """The opening as it stands, to be changed from a date on."""
    opening = _recurring(code, key)
    today = lists.today()
    return _page(code, opening, planning_forms.changing(opening, max(today, opening.first_day)))


@bp.post(f"/<code>/plages/{KEY}/changer")
@signed_in
def change(code: str, key: int) -> Response | tuple[str, int]:
    """Change an opening from a date on."""
    opening = _recurring(code, key)
    form = planning_forms.new(WeeklyForm)
    if form.validate():
        try:
            revising.change_opening(key, form.new(opening.professional_id, opening.site_id), clock.now())
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash("opening_changed")
            return redirect(url_for("professionals.show", code=code, _anchor="titre"))
    return _page(code, _recurring(code, key), form), 422


@bp.post(f"/<code>/plages/{KEY}/exceptions")
@signed_in
def skip(code: str, key: int) -> Response | tuple[str, int]:
    """Leave out one date of an opening."""
    owned(code, Opening, key, "opening")
    form = planning_forms.skipping(key)
    done = "opening_skipped"
    return carry_out(code, form, lambda _: revising.add_exception(key, form.day.data, clock.now()), done, about=key)


@bp.post(f"/<code>/plages/exceptions/{KEY}/retirer")
@signed_in
def unskip(code: str, key: int) -> Response | tuple[str, int]:
    """Let an opening take place after all."""
    query = sa.select(OpeningException.opening_id).where(OpeningException.id == key)
    owned(code, Opening, db.session.scalar(query) or 0, "exception")
    return carry_out(code, Press(), lambda _: revising.remove_exception(key), "opening_unskipped")


def _recurring(code: str, key: int) -> Opening:
    """An opening of that professional that has more than one date. Raises NotFound."""
    opening = db.session.get(Opening, owned(code, Opening, key, "opening"))
    if opening is None or opening.weekdays is None:
        raise NotFound("opening")
    return opening


def _page(code: str, opening: Opening, form: WeeklyForm) -> str:
    return render_template(
        "admin/opening.html",
        professional=lists.professional(db.session(), code),
        opening=opening,
        said=wording.whole(opening),
        form=form,
    )
