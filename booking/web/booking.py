"""Booking: the sentence to read aloud, then whom it is for; one confirmation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from booking import clock, french
from booking.db import db
from booking.errors import Invalid, SlotUnavailable
from booking.people.models import Professional, Usager
from booking.reservations import book
from booking.reservations.commands import Book, Waiver
from booking.reservations.models import Command
from booking.rooms.models import Site
from booking.slots import lookups
from booking.slots.models import AppointmentType
from booking.web import lists, whom, wording
from booking.web.acting import act
from booking.web.forms import moment, required
from booking.web.offers import offers
from booking.web.policy import signed_in
from booking.web.slots import asked_for
from booking.web.whom import AnyForm

# What the address says of the rules that are set aside.
WAIVERS: dict[str, Waiver] = {"maintenant": "walk_in", "hors-plage": "hors_plage"}

bp = Blueprint("booking", __name__)


# ------------------------------------------------------------------ what is asked


@dataclass(frozen=True)
class Chosen:
    """The slot that the address names, who takes part beside its professional, and the rules that are set aside."""

    site: Site
    type: AppointmentType
    start: datetime
    professional: Professional
    colleagues: tuple[Professional, ...]
    waiver: Waiver | None

    @property
    def aloud(self) -> str:
        """The sentence that reception reads to the usager."""
        when = french.moment(self.start, self.site.zone_info)
        where = self.site.address if self.type.mode == "in_person" else wording.MODES[self.type.mode]
        who = french.listed([each.name for each in (self.professional, *self.colleagues)])
        return f"{when[0].upper()}{when[1:]}, avec {who}, {self.type.duration} minutes, {where}."

    @property
    def confidential(self) -> bool:
        """Whether nobody's name may be asked."""
        return self.type.service.confidential

    def command(self, form: AnyForm) -> Book:
        """What the engine is asked for."""
        return Book(
            form.key.data,
            self.type.id,
            self.start,
            self.professional.id,
            form.whom(),
            colleague_ids=frozenset(each.id for each in self.colleagues),
            waived=frozenset({self.waiver} if self.waiver else ()),
        )


def chosen(session: Session) -> Chosen:
    """Read the address. Raises NotFound for what does not exist, Invalid and ImpossibleTime for the hour."""
    site = lookups.site(session)
    waiver = _waiver()
    leads = lookups.professional(session, request.args.get("professionnel", ""))
    beside = [lookups.professional(session, code) for code in dict.fromkeys(request.args.getlist("avec"))]
    return Chosen(
        site,
        lookups.appointment_type(session, request.args.get("motif", "")),
        clock.rounded_down(clock.now()) if waiver == "walk_in" else _start(site),
        leads,
        tuple(each for each in beside if each is not leads),
        waiver,
    )


def _start(site: Site) -> datetime:
    return required(moment(lambda: site.zone_info))("debut", request.args.get("debut", ""))


def _waiver() -> Waiver | None:
    text = request.args.get("regle", "")
    if text and text not in WAIVERS:
        raise Invalid("regle", "unknown")
    return WAIVERS.get(text)


# ------------------------------------------------------------------ the pages


@bp.get("/rendez-vous/nouveau")
@signed_in
def new() -> str | Response:
    """Whom the slot is for; without a slot, back to looking for one."""
    start = () if request.args.get("regle") == "maintenant" else ("debut",)
    if not all(request.args.get(name) for name in ("motif", "professionnel", *start)):
        known: dict[str, Any] = {name: request.args.get(name) for name in ("motif", "professionnel", "usager")}
        return redirect(url_for("slots.search", **known))
    session = db.session()
    slot = chosen(session)
    person = None if slot.confidential else asked_for(session)
    return page(session, slot, whom.first_form(slot.confidential, person), person)


@bp.post("/rendez-vous/nouveau")
@signed_in
def create() -> Response | tuple[str, int]:
    """Book; what is refused comes back with all that was typed."""
    session = db.session()
    slot = chosen(session)
    form = whom.sent_form(slot.confidential)
    person = whom.person_of(session, form)
    similar: list[Usager] = []
    if form.validate():
        try:
            similar = whom.similar_to(session, form)
            if not similar:
                return _book(session, slot, form)
        except Invalid as refusal:
            form.refuse(refusal)
        except SlotUnavailable as refusal:
            return page(session, slot, form, person, refusal=refusal), 409
    return page(session, slot, form, person, similar=similar), 422


def _book(session: Session, slot: Chosen, form: AnyForm) -> Response:
    served = session.get(Command, form.key.data)
    if served is not None and slot.waiver == "walk_in":
        slot = replace(slot, start=clock.rounded_down(served.at))  # sent again, « now » is when it was first sent
    outcome = book(slot.command(form), act())
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
    return render_template(
        "reception/book.html",
        slot=slot,
        sought=whom.sought(session, form, person, similar),
        refusal=refusal,
        alternatives=offers(session, refusal.alternatives) if refusal else [],
        address=url_for("booking.create", **_slot_args()),
        slot_args=_slot_args(),
        beside=[each for each in lists.colleagues(session, slot.type) if each is not slot.professional],
        waiver=request.args.get("regle", ""),
    )


def _slot_args() -> dict[str, Any]:
    """What of the address names the slot; the rest is about the person."""
    names = ("motif", "debut", "professionnel", "avec", "regle")
    return {name: found for name in names if (found := list(filter(None, request.args.getlist(name))))}
