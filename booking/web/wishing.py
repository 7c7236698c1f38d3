"""Noting that somebody waits: what would suit, then whom it is for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from booking import french
from booking.db import db
from booking.errors import AppointmentClosed, Invalid
from booking.people.models import Usager
from booking.refusals import sentence
from booking.reservations import reading
from booking.reservations import waiting as engine
from booking.reservations.commands import Whom
from booking.reservations.waiting import Wait, WaitForSession
from booking.reservations.wishes import Wishes
from booking.slots import hours, lookups
from booking.slots.facts import TypeFacts
from booking.web import lists, whom, wording
from booking.web.acting import act
from booking.web.chosen import asked_for
from booking.web.forms import Choice, Query, Ruled, Several, day_of_work, minute, required
from booking.web.policy import signed_in
from booking.web.proposed import propose_now

USUAL_PERIOD = timedelta(days=28)
# The words of the address, and the fields of the command that they stand for.
FIELDS = {"last_day": "au", "first_day": "du", "weekdays": "jours", "starts": "de", "ends": "a"}
FIELDS |= {"professional_id": "professionnel", "type_id": "motif"}

bp = Blueprint("wishing", __name__, url_prefix="/liste-d-attente/nouvelle")


class WishesForm(Query):
    """What would suit; in the address, as long as nothing is noted."""

    motif = Choice("Motif")
    professionnel = Choice("Professionnel", optional=True)
    du = Ruled("Du", required(day_of_work), type="date")
    au = Ruled("Au", required(day_of_work), type="date")
    jours = Several("Jours", wording.WEEKDAYS.items(), optional=True)
    de = Ruled("À partir de", minute, type="time")
    a = Ruled("Avant", minute, type="time")

    def wishes(self) -> Wishes:
        """What the command takes."""
        days = frozenset(map(int, self.jours.data or ()))
        ends = hours.DAY_MINUTES if self.a.data is None else self.a.data
        return Wishes(self.du.data, self.au.data, days, self.de.data or 0, ends)


def in_words(wishes: Wishes, professional: str | None) -> str:
    """« du 23/11/2026 au 27/11/2026, lundi et mardi, entre 9h00 et 12h00, avec Mme Claude Roux »."""
    parts = [f"du {french.short_day(wishes.first_day)} au {french.short_day(wishes.last_day)}"]
    if wishes.weekdays:
        parts.append(wording.weekdays(map(str, wishes.weekdays)))
    if (wishes.starts, wishes.ends) != (0, hours.DAY_MINUTES):
        parts.append(f"entre {french.wall_hour(wishes.starts)} et {french.wall_hour(wishes.ends)}")
    parts.append(f"avec {professional}" if professional else "avec n’importe quel professionnel")
    return ", ".join(parts)


@dataclass(frozen=True)
class Wanted:
    """What the address asks for: a type with its wishes, or a seat in a session."""

    type: TypeFacts
    said: str
    ask: Callable[[str, Whom], Wait | WaitForSession]  # what the engine is asked for: with a key, for somebody
    form: WishesForm | None = None

    @property
    def confidential(self) -> bool:
        """Whether nobody's name may be asked."""
        return self.type.confidential


@bp.get("")
@signed_in
def new() -> str | tuple[str, int]:
    """What would suit, then whom it is for."""
    session = db.session()
    wanted = _wanted(session)
    if isinstance(wanted, WishesForm):
        return _wishes_page(wanted)
    person = None if wanted.confidential else asked_for(session)
    return _whom_page(session, wanted, whom.first_form(wanted.confidential, person), person)


@bp.post("")
@signed_in
def add() -> Response | str | tuple[str, int]:
    """Note it; what is refused comes back with all that was typed."""
    session = db.session()
    wanted = _wanted(session)
    if isinstance(wanted, WishesForm):
        return _wishes_page(wanted)
    form = whom.sent_form(wanted.confidential)
    similar: list[Usager] = []
    if form.validate():
        try:
            similar = [] if engine.served_at(session, form.key.data) else whom.similar_to(session, form)
            if not similar:
                return _note(wanted, form)
        except Invalid as refusal:
            if wanted.form is not None and FIELDS.get(refusal.field) is not None:
                wanted.form.refuse(Invalid(FIELDS[refusal.field], refusal.rule, **refusal.facts))
                return _wishes_page(wanted.form)
            form.refuse(refusal)
        except AppointmentClosed as refusal:
            form.refuse_whole(sentence(refusal))
    return _whom_page(session, wanted, form, whom.person_of(session, form), similar), 422


def _note(wanted: Wanted, form: whom.AnyForm) -> Response:
    engine.wait(wanted.ask(form.key.data, form.whom()), act())
    flash("noted")
    propose_now()
    return redirect(url_for("waiting.index", _anchor="titre"))


def _wanted(session: Session) -> Wanted | WishesForm:
    """What the address asks for, or the form to be filled in or corrected. Raises NotFound."""
    if uid := request.args.get("seance"):
        found = reading.find(session, uid)
        said = f"Une place dans la séance du {french.moment(found.starts_at, lists.zone())}"
        kind = lookups.type_of(session, found.type_id)
        return Wanted(kind, said, lambda key, usager: WaitForSession(key, found.uid, usager))
    form = WishesForm(_with_defaults())
    form.motif.groups = lists.type_groups(session)
    form.professionnel.groups = lists.professional_groups(session)
    if "suite" not in request.args:
        return form
    if not form.validate():
        return form
    kind, wishes = lookups.appointment_type(session, form.motif.data), form.wishes()
    professional = lookups.professional(session, form.professionnel.data) if form.professionnel.data else None
    led_by, name = (professional.id, professional.name) if professional else (None, None)
    said = f"{kind.name}, {in_words(wishes, name)}"
    return Wanted(kind, said, lambda key, usager: Wait(key, kind.id, usager, wishes, led_by), form)


def _with_defaults() -> Any:
    """The address's own values, completed: four weeks from today."""
    today = lists.today()
    given = request.args.copy()
    given.setdefault("du", today.isoformat())
    given.setdefault("au", (today + USUAL_PERIOD).isoformat())
    return given


def _wishes_page(form: WishesForm) -> str | tuple[str, int]:
    usager = None if request.args.get("usager") is None else asked_for(db.session())
    answer = render_template("reception/wishes.html", form=form, usager=usager)
    return (answer, 422) if form.has_errors else answer


def _whom_page(
    session: Session,
    wanted: Wanted,
    form: whom.AnyForm,
    person: Usager | None = None,
    similar: list[Usager] | None = None,
) -> str:
    kept: dict[str, Any] = {name: found for name, found in request.args.lists() if name not in ("q", "usager")}
    return render_template(
        "reception/wait.html",
        wanted=wanted,
        sought=whom.sought(session, form, person, similar),
        kept=kept,
        address=url_for("wishing.add", **kept),
        change=None if wanted.form is None else url_for("wishing.new", **_changing()),
    )


def _changing() -> dict[str, Any]:
    """The address of the same wishes, to be changed."""
    return {name: found for name, found in request.args.to_dict(flat=False).items() if name not in ("suite", "q")}
