"""The professionals: when they receive, when they do not, and the links to their calendars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, TypeVar

import sqlalchemy as sa
from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from booking import clock, feeds
from booking.config import Settings
from booking.db import LARGEST_KEY, db
from booking.errors import ImpossibleTime, Invalid, NotFound
from booking.feeds.models import FeedToken
from booking.people import staff
from booking.people.models import Professional
from booking.reservations import reading
from booking.reservations.impact import Absent
from booking.slots import lookups, openings, planning
from booking.slots.models import Absence, Opening
from booking.slots.openings import Standing
from booking.web import impact, lists, planning_forms
from booking.web.done import just_done
from booking.web.forms import Form, Press
from booking.web.planning_forms import (
    AbsenceForm,
    DatedForm,
    EndForm,
    FeedForm,
    LanguagesForm,
    OpeningForm,
    SkipForm,
    WeeklyForm,
)
from booking.web.policy import signed_in

DONE = {
    "opening_added": "Plage d’ouverture ajoutée.",
    "opening_ended": "Plage d’ouverture terminée.",
    "opening_removed": "Plage d’ouverture retirée.",
    "opening_changed": "Plage d’ouverture changée ; ce qui précède reste tel quel.",
    "opening_skipped": "C’est noté : cette plage n’aura pas lieu ce jour-là. Les rendez-vous déjà pris restent.",
    "opening_unskipped": "C’est noté : cette plage aura lieu ce jour-là.",
    "absence_added": "Absence ajoutée.",
    "absence_displaced": "Absence ajoutée ; vos décisions sont faites. « À appeler » dit qui prévenir.",
    "absence_removed": "Absence retirée.",
    "languages_set": "Langues enregistrées.",
    "feed_revoked": "Lien retiré : l’agenda abonné se videra.",
}

bp = Blueprint("professionals", __name__, url_prefix="/professionnels")
Owned = TypeVar("Owned", Opening, Absence, FeedToken)
KEY = f"<int(max={LARGEST_KEY}):key>"


@dataclass(frozen=True)
class Secret:
    """The address of a new feed, shown this once."""

    https: str
    webcal: str


# ------------------------------------------------------------------ the pages


@bp.get("")
@signed_in
def index() -> str:
    """Everybody who receives, by profession."""
    people = lists.professionals(db.session())
    groups = [(name, list(group)) for name, group in groupby(people, key=lambda each: each.profession.name)]
    return render_template("admin/professionals.html", groups=groups)


@bp.get("/<code>")
@signed_in
def show(code: str) -> str:
    """One professional."""
    return page(code)


def page(code: str, wrong: Form | None = None, about: int | None = None, secret: Secret | None = None) -> str:
    """The page, with the form that was refused if one was (`about`: for which opening), or a new secret."""
    session = db.session()
    professional = lists.professional(session, code)
    today = lists.today()
    found = openings.standing(session, professional.id, today)
    return render_template(
        "admin/professional.html",
        professional=professional,
        openings=found,
        absences=_absences(session, professional, clock.now()),
        impacted=reading.during_absences(session, professional.id),
        links=feeds.tokens(session, professional.id),
        weekly=_form(WeeklyForm, wrong),
        dated=_form(DatedForm, wrong),
        absence=_form(AbsenceForm, wrong),
        link=_form(FeedForm, wrong),
        languages=_form(LanguagesForm, wrong),
        endings=_of_each(found, EndForm, planning_forms.ending, wrong, about),
        skippings=_of_each(found, SkipForm, planning_forms.skipping, wrong, about),
        wrong=wrong,
        secret=secret,
        done=just_done(DONE),
    )


def _form(kind: type[Form], wrong: Form | None) -> Any:
    """The form that was refused, as it was sent; a new one otherwise."""
    return wrong if type(wrong) is kind else planning_forms.new(kind, formdata=None)


def _of_each(
    found: Sequence[Standing], kind: type[Form], make: Callable[..., Form], wrong: Form | None, about: int | None
) -> dict[int, Form]:
    """A form of that kind for each opening: the one that was refused, as it was sent; new ones otherwise."""
    keys = [each.opening.id for each in found]
    return {key: wrong if wrong and key == about and type(wrong) is kind else make(key, formdata=None) for key in keys}


def _absences(session: Session, professional: Professional, now: datetime) -> list[Absence]:
    query = sa.select(Absence).where(Absence.professional_id == professional.id, Absence.ends_at > now)
    return list(session.scalars(query.order_by(Absence.starts_at)))


def owned(code: str, model: type[Owned], key: int, what: str) -> int:
    """The key, when that thing is this professional's. Raises NotFound."""
    professional = lookups.professional(db.session(), code)
    row = db.session().get(model, key)
    if row is None or row.professional_id != professional.id:
        raise NotFound(what)
    return key


def carry_out(
    code: str, form: Form, change: Callable[[Professional], object], done: str, about: int | None = None
) -> Response | tuple[str, int]:
    """Do it and say so; or show the page again with what was refused beside its field."""
    professional = lists.professional(db.session(), code)
    if form.validate():
        try:
            change(professional)
        except (Invalid, ImpossibleTime) as refusal:
            form.refuse(refusal)
        else:
            return _done(code, done)
    return page(code, form, about), 422


def _done(code: str, done: str) -> Response:
    flash(done)
    return redirect(url_for("professionals.show", code=code, _anchor="titre"))


# ------------------------------------------------------------------ openings


@bp.post("/<code>/plages")
@signed_in
def add_weekly(code: str) -> Response | tuple[str, int]:
    """Receive every week."""
    return _add_opening(code, planning_forms.new(WeeklyForm))


@bp.post("/<code>/plages/date")
@signed_in
def add_dated(code: str) -> Response | tuple[str, int]:
    """Receive on one date."""
    return _add_opening(code, planning_forms.new(DatedForm))


def _add_opening(code: str, form: OpeningForm) -> Response | tuple[str, int]:
    site_id = lookups.site(db.session()).id

    def change(professional: Professional) -> object:
        return planning.add_openings(form.new(professional.id, site_id), clock.now())

    return carry_out(code, form, change, "opening_added")


@bp.post(f"/<code>/plages/{KEY}/terminer")
@signed_in
def end_opening(code: str, key: int) -> Response | tuple[str, int]:
    """Make a day the last one of an opening."""
    owned(code, Opening, key, "opening")
    form = planning_forms.ending(key)
    return carry_out(code, form, lambda _: planning.end_opening(key, form.last_day.data), "opening_ended", about=key)


@bp.post(f"/<code>/plages/{KEY}/retirer")
@signed_in
def remove_opening(code: str, key: int) -> Response | tuple[str, int]:
    """Remove an opening as if it had never been."""
    owned(code, Opening, key, "opening")
    return carry_out(code, Press(), lambda _: planning.remove_opening(key), "opening_removed")


# ------------------------------------------------------------------ absences


@bp.post("/<code>/absences")
@signed_in
def add_absence(code: str) -> Response | tuple[str, int]:
    """Be away; when appointments stand in the way, show them first."""
    professional = lookups.professional(db.session(), code)
    form = planning_forms.new(AbsenceForm)
    if form.validate():
        start, end = form.start.data, form.end.data
        try:
            stored = impact.at_once(form.key.data, Absent(professional.id, start, end))
        except (Invalid, ImpossibleTime) as refusal:
            form.refuse(refusal)
        else:
            return _done(code, "absence_added") if stored else redirect(impact.address_of_absence(code, start, end))
    return page(code, form), 422


@bp.post(f"/<code>/absences/{KEY}/retirer")
@signed_in
def remove_absence(code: str, key: int) -> Response | tuple[str, int]:
    """Be there after all."""
    owned(code, Absence, key, "absence")
    return carry_out(code, Press(), lambda _: planning.remove_absence(key), "absence_removed")


# ------------------------------------------------------------------ languages


@bp.post("/<code>/langues")
@signed_in
def set_languages(code: str) -> Response | tuple[str, int]:
    """Say what they speak beside French."""
    form = planning_forms.new(LanguagesForm)
    return carry_out(code, form, lambda each: staff.set_languages(each.id, form.languages.data), "languages_set")


# ------------------------------------------------------------------ calendar links


@bp.post("/<code>/agenda")
@signed_in
def issue_feed(code: str) -> str | Response | tuple[str, int]:
    """Make a link; its secret is in this answer and nowhere else, so there is no redirect."""
    professional = lookups.professional(db.session(), code)
    form = planning_forms.new(FeedForm)
    if not form.validate():
        return page(code, form), 422
    try:
        token = feeds.issue(professional.id, form.label.data, form.wording.data, clock.now())
    except Invalid as refusal:
        form.refuse(refusal)
        return page(code, form), 422
    return page(code, secret=_secret(token))


def _secret(token: str) -> Secret:
    """The addresses, from the configured public one: never from what the request calls us."""
    settings: Settings = current_app.extensions["booking"]
    address = settings.public_url + url_for("feed.calendar", token=token)
    return Secret(address, "webcal://" + address.partition("://")[2])


@bp.post(f"/<code>/agenda/{KEY}/retirer")
@signed_in
def revoke_feed(code: str, key: int) -> Response | tuple[str, int]:
    """End a link."""
    owned(code, FeedToken, key, "feed")
    return carry_out(code, Press(), lambda _: feeds.revoke(key, clock.now()), "feed_revoked")
