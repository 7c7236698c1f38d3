"""Repeating week after week: which occurrences can be given, and which of them are wanted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from booking.db import db
from booking.errors import Invalid
from booking.reservations import series
from booking.web.acting import act
from booking.web.chosen import Chosen, address, asked_for, chosen, incomplete
from booking.web.forms import Query, Ruled, number, required
from booking.web.policy import signed_in

FIELDS = {"count": "fois", "every": "toutes"}
USUAL_COUNT = "6"

bp = Blueprint("series", __name__, url_prefix="/rendez-vous/nouveau")


class RepeatForm(Query):
    """How often, and every how many weeks."""

    fois = Ruled("Combien de rendez-vous", required(number), type="number")
    toutes = Ruled("Toutes les combien de semaines", required(number), type="number")


@dataclass(frozen=True)
class Occurrence:
    """One of the weeks: its local day, the rule that forbids it or None, whether it is ticked."""

    start: datetime
    day: str
    rule: str | None
    ticked: bool


@bp.get("/serie")
@signed_in
def preview() -> str | Response | tuple[str, int]:
    """The occurrences, to tick; then on to the booking of those that are ticked."""
    if elsewhere := incomplete():
        return elsewhere
    session = db.session()
    slot = chosen(session)
    form = RepeatForm(_with_defaults())
    if request.args.get("suite"):
        if slot.starts:
            return redirect(url_for("booking.new", **address(suite=None)))
        form.refuse_whole("Cochez au moins une date.")
    found = _occurrences(session, slot, form) if form.validate() else []
    kept = address(fois=None, toutes=None, date=None, suite=None)
    page = render_template("reception/series.html", slot=slot, form=form, occurrences=found, here=kept)
    return (page, 422) if form.has_errors else page


def _with_defaults() -> MultiDict[str, str]:
    given = request.args.copy()
    given.setdefault("fois", USUAL_COUNT)
    given.setdefault("toutes", "1")
    return given


def _occurrences(session: Session, slot: Chosen, form: RepeatForm) -> list[Occurrence]:
    """The weeks as things are now; none when their number makes no sense, which the form then says."""
    zone = slot.site.zone
    try:
        starts = series.weekly(slot.start, zone, form.fois.data, form.toutes.data)
    except Invalid as refusal:
        form.refuse(Invalid(FIELDS[refusal.field], refusal.rule, **refusal.facts))
        return []
    rules = _rules(session, slot, starts)
    days = {start: start.astimezone(zone).date().isoformat() for start in starts}
    return [
        Occurrence(start, days[start], rules[start], rules[start] is None and (not slot.starts or start in slot.starts))
        for start in starts
    ]


def _rules(session: Session, slot: Chosen, starts: tuple[datetime, ...]) -> dict[datetime, str | None]:
    """What stands in the way of each; what is kept for this very booking does not."""
    person = None if slot.confidential else asked_for(session)
    acting = act()
    rules = series.foreseen(session, slot.series("", person.id if person else None, starts), acting)
    return rules | ({slot.start: None} if slot.kept_until(session, acting.now) else {})
