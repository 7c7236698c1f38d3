"""Looking for a person, before anybody is created."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session, selectinload

from booking import clock
from booking.db import db
from booking.people.directory import SEARCH_MAX, search_usagers
from booking.people.models import Usager
from booking.reservations.models import Appointment, Participation
from booking.slots import configuration
from booking.web import slots
from booking.web.forms import Acting, Query, Ruled, line
from booking.web.policy import signed_in

MOST_FOUND = 20
MOST_COMING = 3

bp = Blueprint("usagers", __name__)


class SearchForm(Query):
    """Names, the last digits of a phone, or a mail address."""

    q = Ruled("Nom, téléphone ou courriel", line(SEARCH_MAX), type="search")


@bp.get("/usagers")
@signed_in
def index() -> str | tuple[str, int]:
    """Who matches, best first, with their next appointments; of one person alone, also what to propose to them."""
    form, session = SearchForm(request.args), db.session()
    right = form.validate()
    people = search_usagers(session, form.q.data, MOST_FOUND) if right and form.q.data else []
    coming = _coming(session, people)
    page = render_template(
        "reception/usagers.html",
        form=form,
        people=people,
        coming=coming,
        professionals=configuration.read(session).professionals,
        again=slots.for_last_type(session, people[0]) if len(people) == 1 else None,
        choosing=Acting(formdata=None),
    )
    return page if right else (page, 422)


def _coming(session: Session, people: Sequence[Usager]) -> dict[int, list[Appointment]]:
    """The next appointments of each person, three at most, in one reading for all."""
    query = (
        sa.select(Participation.usager_id, Appointment)
        .join(Participation, Participation.appointment_id == Appointment.id)
        .where(
            Participation.usager_id.in_([each.id for each in people]),
            Appointment.cancelled_at.is_(None),
            Appointment.ends_at > clock.now(),
        )
        .options(selectinload(Appointment.professionals))
        .order_by(Appointment.starts_at)
    )
    found: dict[int, list[Appointment]] = {each.id: [] for each in people}
    for usager_id, appointment in session.execute(query):
        found[usager_id].append(appointment)
    return {key: appointments[:MOST_COMING] for key, appointments in found.items()}
