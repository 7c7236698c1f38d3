"""Looking for a person, before anybody is created."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session

from booking import clock
from booking.db import db
from booking.people.directory import search_usagers
from booking.people.models import Usager
from booking.reservations import reading
from booking.reservations.models import Appointment
from booking.web.forms import Query, Ruled, line
from booking.web.policy import signed_in

MOST_FOUND = 20
SEARCH_MAX = 120

bp = Blueprint("usagers", __name__)


class SearchForm(Query):
    """Names, the last digits of a phone, or a mail address."""

    q = Ruled("Nom, téléphone ou courriel", line(SEARCH_MAX), type="search")


@dataclass(frozen=True)
class Found:
    """Somebody found, and what comes next for them in the open part of the building."""

    usager: Usager
    coming: list[Appointment]


@bp.get("/usagers")
@signed_in
def index() -> str | tuple[str, int]:
    """Who matches, best first, with their next appointments."""
    form = SearchForm(request.args)
    right = form.validate()
    people = search_usagers(db.session(), form.q.data, MOST_FOUND) if right and form.q.data else []
    page = render_template("reception/usagers.html", form=form, people=[_found(db.session(), each) for each in people])
    return page if right else (page, 422)


def _found(session: Session, usager: Usager) -> Found:
    now = clock.now()
    coming = [
        each
        for each in reversed(reading.of_usager(session, usager.id))
        if each.cancelled_at is None and each.ends_at > now
    ]
    return Found(usager, coming[:3])
