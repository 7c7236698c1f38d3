"""Booking: the sentence to read aloud, then whom it is for; one confirmation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from booking import clock, french
from booking.db import db
from booking.errors import Invalid, SlotUnavailable
from booking.people import fields
from booking.people.directory import SEARCH_MAX, NewUsager, cleaned, search_usagers, similar_usagers
from booking.people.models import Professional, Usager
from booking.reservations import book, reading
from booking.reservations.commands import Book
from booking.rooms.models import Site
from booking.slots import lookups
from booking.slots.models import AppointmentType
from booking.web import lists, wording
from booking.web.acting import act
from booking.web.forms import Acting, Choice, Flag, Ruled, day, moment, number, required
from booking.web.offers import offers
from booking.web.policy import signed_in
from booking.web.slots import asked_for

MOST_FOUND = 20

bp = Blueprint("booking", __name__)


# ------------------------------------------------------------------ what is asked


@dataclass(frozen=True)
class Chosen:
    """The slot that the address names."""

    site: Site
    type: AppointmentType
    start: datetime
    professional: Professional

    @property
    def aloud(self) -> str:
        """The sentence that reception reads to the usager."""
        when = french.moment(self.start, self.site.zone_info)
        where = self.site.address if self.type.mode == "in_person" else wording.MODES[self.type.mode]
        return f"{when[0].upper()}{when[1:]}, avec {self.professional.name}, {self.type.duration} minutes, {where}."

    @property
    def confidential(self) -> bool:
        """Whether nobody's name may be asked."""
        return self.type.service.confidential


class ForKnown(Acting):
    """For somebody found."""

    usager = Ruled("Personne", required(number))

    def whom(self) -> int:
        """What the command takes."""
        return int(self.usager.data)


class ForVisitor(Acting):
    """For somebody who gives no name: the service is confidential."""

    def whom(self) -> None:
        """What the command takes."""


class ForNew(Acting):
    """For somebody to create. The names of the fields are those of the command."""

    last_name = Ruled("Nom", required(fields.person_name), autocomplete="off")
    first_name = Ruled("Prénom", fields.person_name, autocomplete="off")
    birth_date = Ruled("Date de naissance", day, type="date", autocomplete="off")
    phone = Ruled("Téléphone", fields.phone, type="tel", autocomplete="off")
    email = Ruled("Courriel", fields.mail, type="email", autocomplete="off")
    contact = Choice("Messages", wording.CONTACT.items(), default="normal")
    language = Choice("Langue", wording.LANGUAGES.items(), default="fr")
    step_free = Flag("Accès de plain-pied nécessaire")
    distinct = Flag("Ce n’est aucune de ces personnes : créer une nouvelle fiche")

    def whom(self) -> NewUsager:
        """What the command takes."""
        return NewUsager(
            last_name=self.last_name.data,
            first_name=self.first_name.data,
            birth_date=self.birth_date.data,
            phone=self.phone.data,
            email=self.email.data,
            contact=self.contact.data,
            language=self.language.data,
            step_free=self.step_free.data,
        )


AnyForm = ForKnown | ForVisitor | ForNew


def chosen(session: Session) -> Chosen:
    """Read the address. Raises NotFound for what does not exist, Invalid and ImpossibleTime for the hour."""
    site = lookups.site(session)
    start = required(moment(lambda: site.zone_info))("debut", request.args.get("debut", ""))
    return Chosen(
        site,
        lookups.appointment_type(session, request.args.get("motif", "")),
        start,
        lookups.professional(session, request.args.get("professionnel", "")),
    )


# ------------------------------------------------------------------ the pages


@bp.get("/rendez-vous/nouveau")
@signed_in
def new() -> str | Response:
    """Whom the slot is for; without a slot, back to looking for one."""
    if not all(request.args.get(name) for name in ("motif", "debut", "professionnel")):
        known: dict[str, Any] = {name: request.args.get(name) for name in ("motif", "professionnel", "usager")}
        return redirect(url_for("slots.search", **known))
    session = db.session()
    slot = chosen(session)
    person = None if slot.confidential else asked_for(session)
    return page(session, slot, _first_form(slot, person), person)


@bp.post("/rendez-vous/nouveau")
@signed_in
def create() -> Response | tuple[str, int]:
    """Book; what is refused comes back with all that was typed."""
    session = db.session()
    slot = chosen(session)
    form = _sent_form(slot)
    person = lists.usager(session, form.usager.data) if isinstance(form, ForKnown) and form.validate() else None
    similar: list[Usager] = []
    if form.validate():
        try:
            similar = _similar(session, form)
            if not similar:
                return _book(slot, form)
        except Invalid as refusal:
            form.refuse(refusal)
        except SlotUnavailable as refusal:
            return page(session, slot, form, person, refusal=refusal), 409
    return page(session, slot, form, person, similar=similar), 422


def _first_form(slot: Chosen, person: Usager | None) -> AnyForm:
    if slot.confidential:
        return ForVisitor()
    if person is not None:
        return ForKnown(data={"usager": person.id})
    return ForNew(data=_prefilled(request.args.get("q", "")))


def _sent_form(slot: Chosen) -> AnyForm:
    if slot.confidential:
        return ForVisitor()
    return ForNew() if request.form.get("pour") == "nouveau" else ForKnown()


def _prefilled(searched: str) -> dict[str, str]:
    """What was searched for is not typed twice."""
    text = searched.strip()[:SEARCH_MAX]
    if "@" in text:
        return {"email": text}
    if any(character.isdigit() for character in text):
        return {"phone": text}
    return {"last_name": text}


def _similar(session: Session, form: AnyForm) -> list[Usager]:
    """Who may already be the person to create, unless reception has looked and says not.

    A form sent twice is booked again to get its answer: the person that it created the first time is no duplicate.
    """
    if not isinstance(form, ForNew) or form.distinct.data or reading.key_has_served(session, form.key.data):
        return []
    return similar_usagers(session, cleaned(form.whom(), clock.now()))


def _book(slot: Chosen, form: AnyForm) -> Response:
    command = Book(form.key.data, slot.type.id, slot.start, slot.professional.id, form.whom())
    outcome = book(command, act())
    flash("booked")
    return redirect(url_for("appointments.show", uid=outcome.uid, _anchor="titre"))


def page(
    session: Session,
    slot: Chosen,
    form: AnyForm,
    person: Usager | None = None,
    *,
    similar: list[Usager] | None = None,
    refusal: SlotUnavailable | None = None,
) -> str:
    """The page that books, whatever has happened so far."""
    searched = request.args.get("q")
    found = search_usagers(session, searched, MOST_FOUND) if searched else []
    return render_template(
        "reception/book.html",
        slot=slot,
        form=form,
        kind=type(form).__name__,
        person=person,
        searched=searched,
        found=found,
        similar=similar or [],
        refusal=refusal,
        alternatives=offers(session, refusal.alternatives) if refusal else [],
        known_form=ForKnown(formdata=None),
        address=url_for("booking.create", **_slot_args()),
        slot_args=_slot_args(),
    )


def _slot_args() -> dict[str, Any]:
    return {name: request.args[name] for name in ("motif", "debut", "professionnel")}
