"""What the page of an appointment tells: its messages, its history, what just happened, what may be done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking import french
from booking.messages import fate
from booking.notify import outbox
from booking.notify.models import OutboxMessage
from booking.people.models import Agent, Professional
from booking.reservations import reading
from booking.reservations.models import Appointment, History
from booking.reservations.state import OVER
from booking.rooms.models import Room
from booking.web import wording

TOLD = {"booked": "confirmation", "moved": "moved", "cancelled": "cancelled"}
DONE = {
    "booked": "Rendez-vous confirmé",
    "moved": "Rendez-vous déplacé",
    "cancelled": "Rendez-vous annulé",
    "room_changed": "Salle changée",
    "attendance": "Suivi noté",
}
Named = TypeVar("Named", Agent, Professional)


@dataclass(frozen=True)
class Told:
    """A message and what became of it."""

    kind: str
    fate: str
    state: str


@dataclass(frozen=True)
class Event:
    """A line of the history."""

    at: datetime
    what: str
    by: str
    detail: str


@dataclass(frozen=True)
class Possibilities:
    """Which changes the page offers."""

    move: bool
    change_room: bool
    cancel: bool
    attend: bool
    no_show: bool


def possibilities(appointment: Appointment, now: datetime) -> Possibilities:
    """What the engine would accept, so that nothing is offered in vain; the engine decides all the same."""
    attendances = {participation.attendance for participation in appointment.participations}
    standing = appointment.cancelled_at is None
    return Possibilities(
        move=standing and attendances == {"expected"},
        change_room=standing and appointment.room_id is not None and not attendances & OVER,
        cancel=standing and attendances == {"expected"},
        attend=standing,
        no_show=standing and now >= appointment.starts_at,
    )


# ------------------------------------------------------------------ messages


def messages(session: Session, appointment: Appointment) -> list[Told]:
    """Every message about it, in order, and its fate in French."""
    zone = appointment.site.zone_info
    return [
        Told(fate.kind(each), fate.fate(each, zone), each.state)
        for each in outbox.messages_about(session, appointment.uid)
    ]


def done(session: Session, appointment: Appointment, code: str) -> str:
    """What just happened, in a sentence, with the fate of the message that says so to the usager."""
    said = DONE.get(code, "")
    if code not in TOLD:
        return f"{said}."
    latest = [each for each in outbox.messages_about(session, appointment.uid) if each.kind == TOLD[code]]
    return " ".join([said + _mailing(appointment, latest[-1] if latest else None), *_codes(appointment, code)])


def _mailing(appointment: Appointment, message: OutboxMessage | None) -> str:
    if message is None:
        return "."
    usager = appointment.participations[0].usager
    if message.state in ("waiting", "sending") and usager.email:
        return f", courriel en cours d’envoi à {wording.masked(usager.email)}"
    if message.state == "sent" and usager.email:
        return f", courriel envoyé à {wording.masked(usager.email)}"
    return f". Aucun courriel : {fate.REASONS.get(message.reason or '', 'il n’a pas pu partir')}."


def _codes(appointment: Appointment, code: str) -> Iterable[str]:
    if code == "booked":
        for participation in appointment.participations:
            if participation.usager.code:
                yield f"Code à donner à la personne : {participation.usager.code}."


# ------------------------------------------------------------------ history


def events(session: Session, appointment: Appointment) -> list[Event]:
    """Who did what and when, the oldest first."""
    rows = reading.history(session, appointment.id)
    names = _Names(session, rows, appointment)
    return [Event(row.at, wording.ACTIONS[row.action], names.author(row), names.detail(row)) for row in rows]


class _Names:
    """The names behind the ids that a history holds, read once."""

    def __init__(self, session: Session, rows: Iterable[History], appointment: Appointment) -> None:
        facts = [each for row in rows for each in (row.before, row.after)]
        self.zone = appointment.site.zone_info
        self.agents = _names(session, Agent, {row.agent_id for row in rows if row.agent_id})
        self.rooms = _codes_of(session, {each["room"] for each in facts if each.get("room")})
        people = {key for each in facts for key in each.get("professionals", ())}
        self.professionals = _names(session, Professional, people)

    def author(self, row: History) -> str:
        """The agent, or where it came from."""
        return self.agents.get(row.agent_id or 0, wording.ORIGINS[row.origin])

    def detail(self, row: History) -> str:
        """What changed, from what to what."""
        match row.action:
            case "booked":
                return self._when(row.after)
            case "cancelled":
                return wording.CANCELLED_BY.get(row.after.get("cancelled_by", ""), "")
            case "attendance":
                return ", ".join(wording.ATTENDANCE[code] for code in row.after["attendance"].values())
            case _:
                return " ; ".join(self._changes(row.before, row.after))

    def _changes(self, before: dict[str, Any], after: dict[str, Any]) -> Iterable[str]:
        if before["start"] != after["start"]:
            yield f"{self._when(before)} → {self._when(after)}"
        if before["professionals"] != after["professionals"]:
            yield f"{self._who(before)} → {self._who(after)}"
        if before["room"] != after["room"]:
            yield f"salle {self.rooms.get(before['room'], '?')} → {self.rooms.get(after['room'], '?')}"

    def _when(self, facts: dict[str, Any]) -> str:
        return french.moment(datetime.fromisoformat(facts["start"]), self.zone)

    def _who(self, facts: dict[str, Any]) -> str:
        return ", ".join(self.professionals.get(key, "?") for key in facts["professionals"])


def _names(session: Session, model: type[Named], keys: set[int]) -> dict[int, str]:
    return {row.id: row.name for row in session.scalars(sa.select(model).where(model.id.in_(keys)))}


def _codes_of(session: Session, keys: set[int]) -> dict[int, str]:
    rows = session.execute(sa.select(Room.id, Room.code).where(Room.id.in_(keys)))
    return {key: code for key, code in rows}
