"""What happened to an appointment: who did what, when and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking import clock, french, labels
from booking.people.models import Agent, Professional
from booking.reservations import reading
from booking.reservations.models import Appointment, History
from booking.rooms.models import Room
from booking.slots import configuration
from booking.web import wording

Named = TypeVar("Named", Agent, Professional)
Facts = dict[str, Any]


@dataclass(frozen=True)
class Event:
    """A line of the history."""

    at: datetime
    what: str
    by: str
    detail: str
    why: str


def events(session: Session, appointment: Appointment) -> list[Event]:
    """Who did what and when, the oldest first."""
    rows = reading.history(session, appointment.id)
    names = _Names(session, rows, appointment)
    return [
        Event(
            row.at,
            wording.ACTIONS[row.action],
            names.author(row),
            names.detail(row),
            labels.REASONS[row.reason] if row.reason else "",
        )
        for row in rows
    ]


def since(session: Session, appointment: Appointment, version: int) -> list[str]:
    """What changed after that version: « déplacé par Amina à 10h04 ». Version 1 is the row that books."""
    rows = reading.history(session, appointment.id)
    names = _Names(session, rows, appointment)
    return [
        f"{labels.ACTIONS[row.action]} {names.signature(row)} {names.at(row.at)}" for row in rows[max(version, 0) :]
    ]


class _Names:
    """The names behind the ids that a history holds, read once."""

    def __init__(self, session: Session, rows: Iterable[History], appointment: Appointment) -> None:
        facts = [each for row in rows for each in (row.before, row.after)]
        self.zone = appointment.site.zone_info
        self.types = configuration.read(session).types
        self.agents = _names(session, Agent, {row.agent_id for row in rows if row.agent_id})
        self.rooms = _codes_of(session, {each["room"] for each in facts if each.get("room")})
        people = {key for each in facts for key in each.get("professionals", ())}
        self.professionals = _names(session, Professional, people)
        self.usagers = {str(each.usager_id): wording.called(each.usager) for each in appointment.participations}

    def author(self, row: History) -> str:
        """The agent, or where it came from."""
        return self.agents.get(row.agent_id or 0, wording.ORIGINS[row.origin])

    def signature(self, row: History) -> str:
        """« par Amina », « en ligne de commande »."""
        name = self.agents.get(row.agent_id or 0)
        return f"par {name}" if name else labels.ORIGINS[row.origin]

    def at(self, instant: datetime) -> str:
        """« à 10h04 », with its day unless that is today."""
        if instant.astimezone(self.zone).date() == clock.now().astimezone(self.zone).date():
            return f"à {french.hour(instant, self.zone)}"
        return f"le {french.moment(instant, self.zone)}"

    def detail(self, row: History) -> str:
        """What changed, from what to what."""
        match row.action:
            case "booked" | "restored":
                return self._when(row.after)
            case "cancelled":
                return wording.CANCELLED_BY.get(row.after.get("cancelled_by", ""), "")
            case "joined":
                return ", ".join(name for name, _ in self._followed(row))
            case "left" | "attendance":
                return ", ".join(self._steps(row))
            case _:
                return " ; ".join(self._changes(row.before, row.after))

    def _followed(self, row: History) -> Iterator[tuple[str, str]]:
        """Whose attendance changed, and to what."""
        before = row.before.get("attendance", {})
        for key, step in row.after["attendance"].items():
            if before.get(key) != step:
                yield self.usagers.get(key, "?"), wording.ATTENDANCE[step]

    def _steps(self, row: History) -> Iterator[str]:
        alone = len(self.usagers) == 1
        for name, step in self._followed(row):
            yield step if alone else f"{name}, {step}"

    def _changes(self, before: Facts, after: Facts) -> Iterator[str]:
        if before["start"] != after["start"]:
            yield f"{self._when(before)} → {self._when(after)}"
        if (was := _minutes(before)) != (now := _minutes(after)):
            yield f"{was} → {now} minutes"
        if "type" in before and before["type"] != after["type"]:
            yield f"{self._type(before)} → {self._type(after)}"
        if before["professionals"] != after["professionals"]:
            yield f"{self._who(before)} → {self._who(after)}"
        if before["room"] != after["room"]:
            yield f"salle {self._room(before)} → {self._room(after)}"
        if after.get("pinned") and not before.get("pinned"):
            yield "salle fixée"

    def _when(self, facts: Facts) -> str:
        return french.moment(datetime.fromisoformat(facts["start"]), self.zone)

    def _who(self, facts: Facts) -> str:
        return ", ".join(self.professionals.get(key, "?") for key in facts["professionals"])

    def _type(self, facts: Facts) -> str:
        known = self.types[facts["type"]]
        return "Occupé" if known.confidential else known.name

    def _room(self, facts: Facts) -> str:
        return self.rooms.get(facts["room"], "?") if facts["room"] else "aucune"


def _minutes(facts: Facts) -> int:
    start, end = (datetime.fromisoformat(facts[name]) for name in ("start", "end"))
    return int((end - start).total_seconds()) // 60


def _names(session: Session, model: type[Named], keys: set[int]) -> dict[int, str]:
    return {row.id: row.name for row in session.scalars(sa.select(model).where(model.id.in_(keys)))}


def _codes_of(session: Session, keys: set[int]) -> dict[int, str]:
    rows = session.execute(sa.select(Room.id, Room.code).where(Room.id.in_(keys)))
    return {key: code for key, code in rows}
