"""The page of one appointment: what it is, what was sent, what happened, and the forms that change it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from flask import get_flashed_messages, render_template
from sqlalchemy.orm import Session

from booking import clock, french
from booking.db import db
from booking.errors import AppointmentClosed, SeriesRefused, SlotUnavailable, StaleVersion
from booking.people.directory import fold
from booking.reservations import moving, reading
from booking.reservations.models import Appointment
from booking.reservations.state import State
from booking.rooms import inventory
from booking.slots import availability, configuration
from booking.slots.availability import Slot
from booking.web import history, lists, story
from booking.web.acting import act
from booking.web.change_forms import (
    SCOPES,
    AttendanceForm,
    CancelForm,
    KindForm,
    LeaveForm,
    MoveForm,
    PeopleForm,
    RestoreForm,
    RoomForm,
    SwapForm,
    shown,
)
from booking.web.forms import Form
from booking.web.offers import offers
from booking.web.proposed import proposed_sentences

PROPOSED_FOR = timedelta(days=14)
MOST_PROPOSED = 24


@dataclass(frozen=True)
class Refused:
    """What went wrong with one of the page's forms; `since` is what somebody else did meanwhile."""

    status: int
    form: Form | None = None
    refusal: SlotUnavailable | SeriesRefused | StaleVersion | AppointmentClosed | None = None
    since: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class InSeries:
    """Which one of its series an appointment is, and all of them by start."""

    number: int
    all: Sequence[Appointment]


def found(uid: str) -> Appointment:
    """The appointment of the address. Raises NotFound."""
    return reading.find(db.session(), uid)


def page(appointment: Appointment, refused: Refused | None = None) -> str:
    """The page, with what was refused if something was."""
    session = db.session()
    state, now = reading.state(appointment), clock.now()
    can = story.possibilities(state, now)
    refusal = refused.refusal if refused else None
    alternatives = refusal.alternatives if isinstance(refusal, SlotUnavailable) else []
    return render_template(
        "reception/appointment.html",
        each=appointment,
        who=story.who(appointment),
        taken=len(state.present),
        in_series=_in_series(session, appointment),
        scopes=SCOPES,
        confidential=appointment.type.service.confidential,
        messages=story.messages(session, appointment),
        events=history.events(session, appointment),
        done=[
            story.done(session, appointment, str(code)) for code in get_flashed_messages(category_filter=("message",))
        ],
        given_on=proposed_sentences(session),
        refusal=refusal,
        since=refused.since if refused else [],
        wrong=refused.form if refused and refused.form else None,
        forms_of=_forms(session, appointment, refused.form if refused else None),
        swappable=_swappable(session, appointment) if can.move else [],
        alternatives=offers(session, alternatives),
        proposed=offers(session, alternatives or _proposed(session, state, now) if can.move else []),
        can=can,
    )


def _forms(session: Session, appointment: Appointment, refused: Form | None) -> dict[str, Any]:
    """Every form of the page by its name: the one that was refused as it was sent, new ones otherwise."""
    version = appointment.version
    made: dict[str, Form] = {
        "move": with_professionals(session, shown(MoveForm, version)),
        "room": with_rooms(session, shown(RoomForm, version), appointment),
        "people": with_colleagues(session, shown(PeopleForm, version, professionals=_codes(appointment)), appointment),
        "kind": with_types(session, shown(KindForm, version, duration=_minutes(appointment)), appointment),
        "swap": shown(SwapForm, version),
        "cancel": shown(CancelForm, version),
        "restore": shown(RestoreForm, version),
        "leave": shown(LeaveForm, version),
        "attendance": shown(AttendanceForm, version),
    }
    return {name: refused if type(refused) is type(form) else form for name, form in made.items()}


def _codes(appointment: Appointment) -> list[str]:
    return [each.code for each in appointment.professionals]


def _minutes(appointment: Appointment) -> int:
    return (appointment.ends_at - appointment.starts_at) // timedelta(minutes=1)


def with_professionals(session: Session, form: MoveForm) -> MoveForm:
    """Fill in whom a move may choose."""
    form.professional.groups = lists.professional_groups(session)
    return form


def with_rooms(session: Session, form: RoomForm, appointment: Appointment, *, sent: bool = False) -> RoomForm:
    """Fill in the rooms but the one that it keeps; of a form that was sent, all: sent again, it asked for its own."""
    rooms = inventory.rooms(session, appointment.site_id)
    kept = appointment.room_id if appointment.room_pinned and not sent else None
    shown = [room for room in rooms if room.id != kept]
    form.room.groups = {"": [(room.code, f"{room.code} · {room.name}") for room in shown]}
    return form


def with_colleagues(session: Session, form: PeopleForm, appointment: Appointment) -> PeopleForm:
    """Fill in those of the service, and whoever takes part already."""
    known = configuration.read(session).professionals  # after the appointment: whoever takes part is known
    colleagues = lists.colleagues(session, appointment.type.service_id)
    among = {each.id for each in appointment.professionals} | {each.id for each in colleagues}
    ordered = sorted((known[each] for each in among), key=lambda each: (fold(each.full_name), each.code))
    form.professionals.choices = {each.code: f"{each.name} ({each.profession})" for each in ordered}
    return form


def with_types(session: Session, form: KindForm, appointment: Appointment, *, sent: bool = False) -> KindForm:
    """Fill in the other types of the same service; of a form that was sent, all."""
    among = [each for each in lists.types(session) if each.service_id == appointment.type.service_id]
    form.type.groups = {"": [(each.code, each.name) for each in among if sent or each.id != appointment.type_id]}
    return form


def _in_series(session: Session, appointment: Appointment) -> InSeries | None:
    if appointment.series_id is None:
        return None
    together = reading.of_series(session, appointment.series_id)
    return InSeries(together.index(appointment) + 1, together)


def _swappable(session: Session, appointment: Appointment) -> list[tuple[str, str]]:
    """The appointments of the same service on the same day that nobody has come to yet: value and words."""
    zone = appointment.site.zone_info
    same_day = reading.of_day(session, appointment.site_id, appointment.starts_at.astimezone(zone).date(), zone)
    return [
        (f"{each.uid}.{each.version}", f"{french.hour(each.starts_at, zone)} · {_who(each)}")
        for each in same_day
        if each.id != appointment.id and each.type.service_id == appointment.type.service_id and not story.begun(each)
    ]


def _who(appointment: Appointment) -> str:
    return (
        f"{', '.join(story.who(appointment))} avec {french.listed([each.name for each in appointment.professionals])}"
    )


def _proposed(session: Session, state: State, now: datetime) -> list[Slot]:
    """Where it could go as it is, with the same people: the next free slots, two weeks from now or from its day."""
    question = moving.same_again(session, state, act())
    question = replace(question, notice=availability.notice(question.kind, now))
    first = max(now, state.starts_at - timedelta(days=1))
    free = availability.slots_between(session, question, first, first + PROPOSED_FOR)
    starts = {slot.start: slot for slot in free if slot.start != state.starts_at}  # whoever leads, it is one slot
    return list(starts.values())[:MOST_PROPOSED]
