"""Looking for a slot: a type, perhaps a professional, a period; what is free, by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, get_flashed_messages, render_template, request
from sqlalchemy.orm import Session

from booking import clock
from booking.db import db
from booking.errors import Invalid, SlotUnavailable
from booking.people.models import Usager
from booking.reservations import reading
from booking.reservations.models import Appointment
from booking.slots import hours, lookups, suggesting
from booking.slots.availability import LONGEST_SEARCH, Search
from booking.slots.facts import ProfessionalFacts, TypeFacts
from booking.slots.ranking import Suggestion
from booking.slots.suggesting import Person
from booking.web import auth, fragments, lists
from booking.web.chips import chips
from booking.web.chosen import asked_for, held_uid
from booking.web.explained import Little, explained
from booking.web.forms import Acting, Choice, Query, Ruled, day_of_work, number, required
from booking.web.offers import NO_DAYS, FirstDays, PutForward, by_day, first_days, with_suggestions
from booking.web.policy import signed_in

FEW = 3  # below, what there is calls for an explanation
USUAL_PERIOD = timedelta(days=14)

bp = Blueprint("slots", __name__)


@dataclass(frozen=True)
class Found:
    """What a search finds: free slots, those to say first and, of a collective type, sessions with their free seats.

    Who takes part in each beside its professional. When that is little, why, and what would find more.
    """

    slots: FirstDays = NO_DAYS
    beside: Sequence[ProfessionalFacts] = ()
    suggestions: Sequence[Suggestion] = ()
    sessions: Sequence[tuple[Appointment, int]] = ()
    little: Little | None = None


class SearchForm(Query):
    """What is looked for; `usager` is whom it is for, when that is known already."""

    motif = Choice("Motif")
    professionnel = Choice("Professionnel", optional=True)
    avec = Choice("Avec aussi", optional=True)
    langue = Choice("Langue", optional=True)
    interprete = Choice("Interprète", optional=True)
    du = Ruled("Du", required(day_of_work), type="date")
    au = Ruled("Au", required(day_of_work), type="date")
    usager = Ruled("Personne", number, type="hidden")


@bp.get("/creneaux")
@signed_in
def search() -> str | tuple[str, int] | Response:
    """The search, and what it finds once there is a type; that alone, when the page that asks has the search."""
    session = db.session()
    person = asked_for(session)
    form = SearchForm(_with_defaults(session, person))
    form.motif.groups = lists.type_groups(session)
    form.professionnel.groups = lists.professional_groups(session)
    form.avec.groups = form.professionnel.groups
    form.langue.groups = {"": lists.languages(session)}
    form.interprete.groups = {"": lists.interpreted(session, _interpreter_for(person))}
    asked = "motif" in request.args or form.motif.data is not None
    found = _find(session, form, person) if asked and form.validate() else Found()
    offers, suggestions = with_suggestions(session, found.slots.slots, found.suggestions)
    facts = {
        "form": form,
        "choosing": Acting(formdata=None),
        "usager": person,
        "beside": found.beside,
        "interpreter": _interpreter_for(person),
        "held": held_uid(),
        "kept": reading.kept_by(session, auth.agent_id() or 0, clock.now()),
        "sessions": found.sessions,
        "chips": chips(lists.today()),
        "suggestions": suggestions,
        "days": by_day(offers),
        "little": found.little,
        "shown": found.slots,
        "swapped": fragments.wanted(),
    }
    if fragments.wanted() and not form.has_errors:
        return fragments.part("reception/found.html", **facts)
    page = render_template("reception/slots.html", notes=get_flashed_messages(category_filter=("hold",)), **facts)
    return (page, 422) if form.has_errors else page


def _with_defaults(session: Session, person: Usager | None) -> Any:
    """The address's own values, completed: two weeks from today, what this person came for last and needs."""
    given = request.args.copy()
    for name, day in zip(("du", "au"), _usual_period(), strict=True):
        given.setdefault(name, day.isoformat())
    if person is not None:
        given.setdefault("motif", _last_type(session, person))
        given.setdefault("interprete", _interpreter_for(person) or "")
    return given


def _interpreter_for(person: Usager | None) -> str | None:
    """The language from which somebody must interpret for this person."""
    return person.spoken_language if person and person.interpreter_needed else None


def _usual_period() -> tuple[date, date]:
    return lists.today(), lists.today() + USUAL_PERIOD


def for_last_type(session: Session, person: Usager) -> tuple[TypeFacts, list[PutForward]] | None:
    """What somebody came for last, and what the search says first of it; None when that has no slots of one's own."""
    code = _last_type(session, person)
    kind = lookups.appointment_type(session, code) if code else None
    if kind is None or kind.capacity or kind.confidential:
        return None
    start, end = period(*_usual_period(), lists.zone())
    search = Search(kind.id, start, end, usager_ids=frozenset({person.id}), interpreter=_interpreter_for(person))
    until = start + LONGEST_SEARCH
    _, found = suggesting.find_and_suggest(session, search, Person.of(person), clock.now(), until)
    return kind, with_suggestions(session, (), found)[1]


def _last_type(session: Session, person: Usager) -> str:
    visits = sorted(reading.of_usager(session, person.id), key=lambda each: each.starts_at)
    kept = [each.type for each in visits if each.type.retired_at is None]
    return kept[-1].code if kept else ""


def _find(session: Session, form: SearchForm, person: Usager | None) -> Found:
    kind, now = lookups.appointment_type(session, form.motif.data), clock.now()
    # A confidential service receives by code: nobody's other appointments are looked at.
    named = person if person is not None and not kind.confidential else None
    try:
        wanted = _wanted(session, form, kind, named)
        # Whoever says no days hears of the referent, and of the first slots, even after the days that are shown.
        further = (form.du.data, form.au.data) == _usual_period() and not kind.capacity
        until = wanted.start + LONGEST_SEARCH if further else wanted.end
        found, suggestions = suggesting.find_and_suggest(session, wanted, Person.of(named), now, until)
    except SlotUnavailable as refusal:
        form.refuse(Invalid("avec", refusal.rule))
        return Found()
    except Invalid as refusal:
        form.refuse(Invalid("au" if refusal.field == "to" else refusal.field, refusal.rule, **refusal.facts))
        return Found()
    sessions = _sessions(session, kind, wanted, now)
    few = len(found) + len(sessions) < FEW
    little = explained(session, wanted, now, lists.zone()) if few else None
    beside = [lists.known(session).professionals[who] for who in wanted.colleague_ids]
    return Found(first_days(found, lists.zone()), beside, () if kind.capacity else suggestions, sessions, little)


def _sessions(session: Session, kind: TypeFacts, wanted: Search, now: datetime) -> Sequence[tuple[Appointment, int]]:
    if not kind.capacity:
        return ()
    together = wanted.colleague_ids | (wanted.professional_ids or frozenset())
    return reading.with_seats(session, kind.id, wanted.start, wanted.end, now, together)


def _wanted(session: Session, form: SearchForm, kind: TypeFacts, named: Usager | None) -> Search:
    start, end = period(form.du.data, form.au.data, lists.zone())
    leads, beside = (lookups.professional_ids(session, filter(None, [f.data])) for f in (form.professionnel, form.avec))
    if leads & beside:
        raise Invalid("avec", "twice")
    return Search(
        kind.id,
        start,
        end,
        leads or None,
        usager_ids=frozenset({named.id} if named else ()),
        colleague_ids=beside,
        persons=2 + len(beside),
        step_free=bool(named and named.step_free),
        language=form.langue.data,
        interpreter=form.interprete.data,
    )


def period(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants from the beginning of one day to the end of another. Raises Invalid when that is no period."""
    if last < first:
        raise Invalid("au", "end_before_start")
    return midnight(first, zone), midnight(last + timedelta(days=1), zone)


def midnight(first: date, zone: ZoneInfo) -> datetime:
    """The instant at which a day begins."""
    return datetime.fromtimestamp(hours.instant(first, 0, zone), zone)
