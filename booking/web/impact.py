"""An absence or a closure that hits appointments: what it hits, what could become of each, then one action."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from booking import french, labels
from booking.db import db
from booking.errors import ImpossibleTime, Invalid, NotDisplaced
from booking.messages import calls, fate
from booking.messages.calls import Person
from booking.people.models import Professional
from booking.refusals import sentence, why_not
from booking.reservations import impact
from booking.reservations.displacing import Displace, displace
from booking.reservations.impact import Absent, Cause, Closed, Destination, Hit
from booking.rooms.models import Room
from booking.slots import lookups
from booking.web import deciding, lists, wording
from booking.web.acting import act
from booking.web.deciding import DecidingForm
from booking.web.forms import moment, required
from booking.web.policy import signed_in

UNDECIDED = "Choisissez ce que devient ce rendez-vous."

bp = Blueprint("impact", __name__)


@dataclass(frozen=True)
class Asked:
    """The absence or the closure that the address describes, in words, and the page to go back to."""

    cause: Cause
    title: str
    said: str
    back: str
    back_text: str
    done: str


@dataclass(frozen=True)
class Row:
    """One appointment in the way, as the page shows it: what may become of it, in groups, and what is chosen."""

    hit: Hit
    people: Sequence[Person]
    professionals: str
    room: str | None
    choices: Mapping[str, Sequence[tuple[str, str]]]
    chosen: str | None
    problem: str | None


@dataclass(frozen=True)
class Refused:
    """Why the page is shown again: its status, and what is wrong with which appointment."""

    status: int
    problems: Mapping[str, str] = field(default_factory=dict)


def at_once(key: str, cause: Cause) -> bool:
    """Store an absence or a closure that hits nothing; false when it hits something, and nothing is stored."""
    try:
        displace(Displace(key, cause), act())
    except NotDisplaced:
        return False
    return True


def address_of_absence(code: str, start: datetime, end: datetime) -> str:
    """The page that shows what an absence hits."""
    return url_for("impact.absence", code=code, debut=wording.in_address(start), fin=wording.in_address(end))


def address_of_closure(room_code: str | None, start: datetime, end: datetime, label: str) -> str:
    """The page that shows what a closure hits."""
    return url_for(
        "impact.closure", salle=room_code, debut=wording.in_address(start), fin=wording.in_address(end), libelle=label
    )


# ------------------------------------------------------------------ the pages


@bp.get("/professionnels/<code>/absences/nouvelle")
@signed_in
def absence(code: str) -> str:
    """What an absence would hit."""
    return _page(_absence(code), DecidingForm(formdata=None))


@bp.post("/professionnels/<code>/absences/nouvelle")
@signed_in
def displace_absence(code: str) -> Response | tuple[str, int]:
    """Store the absence and carry out what was decided."""
    return _carry_out(_absence(code))


@bp.get("/fermetures/nouvelle")
@signed_in
def closure() -> str:
    """What a closure would hit."""
    return _page(_closure(), DecidingForm(formdata=None))


@bp.post("/fermetures/nouvelle")
@signed_in
def displace_closure() -> Response | tuple[str, int]:
    """Store the closure and carry out what was decided."""
    return _carry_out(_closure())


def _absence(code: str) -> Asked:
    professional = lists.professional(db.session(), code)
    cause = Absent(professional.id, _instant("debut"), _instant("fin"))
    return Asked(
        cause,
        f"Absence de {professional.name}",
        french.period(cause.start, cause.end, lists.zone()),
        url_for("professionals.show", code=code),
        f"{professional.first_name} {professional.last_name}",
        "absence_displaced",
    )


def _closure() -> Asked:
    session = db.session()
    room_code = request.args.get("salle")
    room = lookups.room(session, room_code) if room_code else None
    cause = Closed(
        lookups.site(session).id,
        room.id if room else None,
        _instant("debut"),
        _instant("fin"),
        request.args.get("libelle", ""),
    )
    where = f"de la salle {room.code}" if room else "du site"
    period = french.period(cause.start, cause.end, lists.zone())
    back = url_for("closures.index")
    return Asked(cause, f"Fermeture {where}", f"{period} : {cause.label}", back, "Fermetures", "closure_displaced")


def _instant(name: str) -> datetime:
    return required(moment(lists.zone))(name, request.args.get(name, ""))


def _carry_out(asked: Asked) -> Response | tuple[str, int]:
    """Do it and say so; or show what it hits now, with what was refused beside each appointment."""
    form = DecidingForm()
    if not form.validate():
        return _page(asked, form, Refused(422)), 422
    try:
        found = {each.uid: each.decision(form.rest.data) for each in deciding.sent(request.form)}
        if missing := {uid: UNDECIDED for uid, decision in found.items() if decision is None}:
            return _page(asked, form, Refused(422, missing)), 422
        decisions = tuple(decision for decision in found.values() if decision is not None)
        displace(Displace(form.key.data, asked.cause, decisions), act())
    except NotDisplaced as refusal:
        problems = {uid: why_not(code) for uid, code in refusal.refused.items()}
        return _page(asked, form, Refused(409, problems)), 409
    except (Invalid, ImpossibleTime) as refusal:
        form.refuse_whole(sentence(refusal))
        return _page(asked, form, Refused(422)), 422
    flash(asked.done)
    return redirect(asked.back + "#titre")


# ------------------------------------------------------------------ what they show


def _page(asked: Asked, form: DecidingForm, refused: Refused | None = None) -> str:
    session = db.session()
    hits = impact.of(session, asked.cause, act())
    return render_template(
        "admin/impact.html",
        asked=asked,
        form=form,
        refused=refused,
        rows=_rows(session, hits, refused),
        action=request.full_path,
        name=deciding.NAME,
        reasons=fate.REASONS,
    )


def _rows(session: Session, hits: Sequence[Hit], refused: Refused | None) -> list[Row]:
    words = _Words(session)
    people = calls.reach(session, [hit.uid for hit in hits])
    problems = refused.problems if refused else {}
    return [
        Row(
            hit,
            people.get(hit.uid, ()),
            words.professionals(hit.professional_ids),
            words.rooms.get(hit.room_id or 0),
            _choices(hit, words),
            request.form.get(deciding.NAME + hit.uid) or deciding.preselected(hit),
            problems.get(hit.uid),
        )
        for hit in hits
    ]


def _choices(hit: Hit, words: _Words) -> dict[str, list[tuple[str, str]]]:
    """What a list offers, by group; nothing decided comes first."""
    offered = [(each, (deciding.code(hit, each), words.going(hit, each))) for each in hit.destinations]
    groups = {
        "": [(deciding.undecided(hit), "À décider")],
        "À la même heure : personne n’est dérangé": [said for each, said in offered if each.start == hit.start],
        "À une autre heure": [said for each, said in offered if each.start != hit.start],
        "Autrement": list(deciding.others(hit)),
    }
    return {group: choices for group, choices in groups.items() if choices}


class _Words:
    """The names of the professionals and of the rooms, read once a page."""

    def __init__(self, session: Session) -> None:
        self.zone = lists.zone()
        self.people = {each.id: each.name for each in session.scalars(sa.select(Professional))}
        self.rooms = {key: code for key, code in session.execute(sa.select(Room.id, Room.code))}

    def professionals(self, ids: frozenset[int]) -> str:
        """« Dr Lenoir et Mme Roux »."""
        return french.listed(sorted(self.people[key] for key in ids))

    def going(self, hit: Hit, to: Destination) -> str:
        """« Salle B2 », « Avec M. Diop », « mardi 24 novembre 2026 à 9h00, avec Mme Roux »."""
        who = self.professionals(to.professional_ids or hit.professional_ids)
        if to.start != hit.start:
            return labels.title(f"{french.moment(to.start, self.zone)}, avec {who}")
        return f"Salle {self.rooms[to.room_id]}" if to.room_id else f"Avec {who}"
