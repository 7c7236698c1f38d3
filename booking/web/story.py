"""What the page of an appointment tells: its messages, what just happened, what may be done now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.messages import fate
from booking.notify import outbox
from booking.notify.models import OutboxMessage
from booking.people.models import Usager
from booking.reservations import reading
from booking.reservations.models import Appointment, Participation, Told
from booking.reservations.state import LEFT, Attendance, State
from booking.web import wording

MESSAGES = {"booked": "confirmation", "moved": "moved", "cancelled": "cancelled"}
DONE = {
    "booked": "Rendez-vous confirmé",
    "series_booked": "Rendez-vous de la série confirmés",
    "series_moved": "Rendez-vous de la série déplacés",
    "series_cancelled": "Rendez-vous de la série annulés",
    "moved": "Rendez-vous déplacé",
    "swapped": "Rendez-vous échangés",
    "changed": "Rendez-vous modifié",
    "cancelled": "Rendez-vous annulé",
    "restored": "Rendez-vous rétabli",
    "room_changed": "Salle changée",
    "joined": "Personne ajoutée",
    "left": "Personne retirée",
    "attendance": "Suivi noté",
}
# Of a series, this one may be the only one that did not change.
TELLING = DONE.keys() - {"changed", "room_changed", "attendance", "series_moved", "series_cancelled"}
GOING = {
    "waiting": "courriel en cours d’envoi",
    "sending": "courriel en cours d’envoi",
    "sent": "courriel envoyé",
}
# What the buttons say, in the order in which it happens.
STEPS: dict[Attendance, str] = {
    "arrived": "Arrivé",
    "in_progress": "En entretien",
    "seen": "Vu",
    "no_show": "Absent",
    "expected": "Remettre à venir",
}


@dataclass(frozen=True)
class Letter:
    """A message and what became of it."""

    kind: str
    fate: str
    state: str


@dataclass(frozen=True)
class Possibilities:
    """Which changes the page offers. `steps` are the buttons of each usager: code and words."""

    move: bool
    adjust: bool
    change_room: bool
    join: bool
    cancel: bool
    restore: bool
    leave: frozenset[int]
    steps: Mapping[int, list[tuple[str, str]]]
    too_soon: bool


def possibilities(state: State, now: datetime) -> Possibilities:
    """What the engine would accept, so that nothing is offered in vain; the engine decides all the same."""
    standing = state.cancelled_at is None
    seats_left = state.capacity is None or len(state.present) < state.capacity
    several = standing and (state.capacity is not None or len(state.present) > 1)
    return Possibilities(
        move=standing and not state.begun,
        adjust=standing and not state.over,
        change_room=standing and state.room_id is not None and not state.over,
        join=standing and not state.over and state.ends_at > now and seats_left,
        cancel=standing and not state.begun,
        restore=not standing and state.starts_at >= now,
        leave=frozenset(key for key in state.present if several and state.attendance[key] == "expected"),
        steps={key: _steps(state, key, now) for key in state.present} if standing else {},
        too_soon=standing and state.timely("arrived", now) == "too_early",
    )


def taking_part(appointment: Appointment) -> list[Participation]:
    """Those who have not left; all of them once it is cancelled."""
    everybody = appointment.participations
    return [each for each in everybody if appointment.cancelled_at or each.attendance not in LEFT]


def who(appointment: Appointment) -> list[str]:
    """How reception calls those who take part; of a session, how many of its seats are taken."""
    if appointment.capacity is not None:
        return [f"Séance collective, {len(taking_part(appointment))} sur {appointment.capacity}"]
    return [wording.called(each.usager) for each in taking_part(appointment)]


def begun(appointment: Appointment) -> bool:
    """Whether somebody has arrived, or it is over."""
    return any(each.attendance not in LEFT | {"expected"} for each in appointment.participations)


def _steps(state: State, usager_id: int, now: datetime) -> list[tuple[str, str]]:
    present = state.attendance[usager_id]
    return [(code, text) for code, text in STEPS.items() if code != present and not state.timely(code, now)]


# ------------------------------------------------------------------ messages


def messages(session: Session, appointment: Appointment) -> list[Letter]:
    """Every message about it, in order, and its fate in French; to whom, where several take part."""
    zone = appointment.site.zone_info
    names = {each.usager_id: wording.called(each.usager) for each in appointment.participations}
    return [
        Letter(_kind(each, names), fate.fate(each, zone), each.state)
        for each in outbox.messages_about(session, appointment.uid)
    ]


def _kind(message: OutboxMessage, names: Mapping[int, str]) -> str:
    kind = fate.kind(message)
    return kind if len(names) == 1 else f"{kind} à {names.get(message.person_id, '?')}"


def done(session: Session, appointment: Appointment, code: str) -> str:
    """What just happened, in a sentence, with the fate of the messages that say so to those who are told."""
    said = DONE.get(code, "")
    usagers = {each.usager_id: each.usager for each in appointment.participations}
    # On PostgreSQL somebody may have joined since these were read: that is told by whoever added them.
    told = [row for row in _last_told(session, appointment) if row.usager_id in usagers] if code in TELLING else []
    if not told:
        return f"{said}."
    sent = {(each.kind, each.person_id, each.notice): each for each in outbox.messages_about(session, appointment.uid)}
    mailed = [(usagers[row.usager_id], sent.get((MESSAGES[row.change], row.usager_id, row.notice))) for row in told]
    text = _to_one(said, *mailed[0]) if len(mailed) == 1 else _to_several(said, mailed)
    return " ".join([text, *_codes(usagers[row.usager_id] for row in told if row.change == "booked")])


def _last_told(session: Session, appointment: Appointment) -> Sequence[Told]:
    """Whom the last change told, in the order of their numbers."""
    last = reading.history(session, appointment.id)[-1]
    return session.scalars(sa.select(Told).where(Told.history_id == last.id).order_by(Told.usager_id)).all()


def _to_one(said: str, usager: Usager, message: OutboxMessage | None) -> str:
    way = _way(usager, message)
    return f"{said}, {way}" if way else f"{said}. Aucun courriel : {_why_not(message)}."


def _to_several(said: str, mailed: Iterable[tuple[Usager, OutboxMessage | None]]) -> str:
    each = [
        f"{wording.called(usager)} : {_way(usager, message) or f'aucun courriel, {_why_not(message)}'}"
        for usager, message in mailed
    ]
    return f"{said}. {' ; '.join(each)}"


def _way(usager: Usager, message: OutboxMessage | None) -> str:
    """« courriel en cours d’envoi à a…@… », or nothing when none goes out."""
    if message is None or not usager.email or message.state not in GOING:
        return ""
    return f"{GOING[message.state]} à {wording.masked(usager.email)}"


def _why_not(message: OutboxMessage | None) -> str:
    reason = message.reason if message else None
    return fate.REASONS.get(reason or "", "il n’a pas pu partir")


def _codes(usagers: Iterable[Usager]) -> Iterable[str]:
    for usager in usagers:
        if usager.code:
            yield f"Code à donner à la personne : {usager.code}."
