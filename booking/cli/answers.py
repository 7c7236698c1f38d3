"""What commands write: French for people, JSON for programs, and refusals for both."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import IO, Any

import click
import sqlalchemy as sa
from sqlalchemy import exc

from booking import french, refusals, schema
from booking.cli.usagers import Namesakes
from booking.db import db, is_unavailable
from booking.errors import (
    BookingError,
    DatabaseUnavailable,
    Invalid,
    NotDisplaced,
    NotFound,
    SeriesRefused,
    SlotUnavailable,
)
from booking.people.models import Professional
from booking.reservations.commands import Outcome
from booking.reservations.models import Appointment
from booking.rooms.models import Room
from booking.rooms.sitefile import SiteFileInvalid
from booking.slots import lookups
from booking.slots.availability import Slot

NOT_INITIALISED = "La base n’est pas prête : lancez d’abord « flask --app wsgi init »."
# What an option is called when a refusal speaks of a field of the command behind it.
OPTIONS = {
    "attendance": "--step",
    "end": "--to",
    "ends": "--before",
    "every": "--every",
    "first_day": "--from",
    "first_name": "--usager",
    "from": "--from",
    "hours": "--hours",
    "label": "--label",
    "last_day": "--to",
    "last_name": "--usager",
    "login": "IDENTIFIANT",
    "name": "--name",
    "opening": "NUMÉRO",
    "other": "UID",
    "periods": "--periods",
    "professional_id": "--professional",
    "ranks": "--rank",
    "room_id": "--room",
    "starts": "--after",
    "type_id": "TYPE",
    "uid": "UID",
    "weekdays": "--weekday",
}


Parts = Mapping[str, str]


class Refusal(click.ClickException):
    """A refused command: exit code 1, a sentence on the error output or, with --json, an object on the output.

    `parts` are the rules by date or by uid, of what was asked for at once and is refused in part.
    """

    exit_code = 1

    def __init__(
        self, code: str, message: str, as_json: bool, alternatives: Sequence[Slot] = (), parts: Parts | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.as_json, self.parts = code, as_json, parts
        zone = lookups.zone(db.session()) if alternatives else None
        self.objects = slot_objects(alternatives, zone) if zone else []
        self.lines = slot_lines(alternatives, zone) if zone else []

    def show(self, file: IO[Any] | None = None) -> None:
        """Write it, once; click calls this."""
        if self.as_json:
            value = {"error": self.code, "message": self.message, "alternatives": self.objects}
            return write_json(value if self.parts is None else value | {"refused": self.parts})
        for line in (self.message, *self.lines):
            click.echo(line, file=file, err=True)


def refusal(error: BookingError, as_json: bool) -> Refusal:
    """What a refusal of the product becomes here."""
    alternatives = error.alternatives if isinstance(error, SlotUnavailable) else ()
    return Refusal(_code(error), _message(error), as_json, alternatives, _parts(error))


def _parts(error: BookingError) -> Parts | None:
    match error:
        case SeriesRefused(refused=starts):
            zone = lookups.zone(db.session())
            return {iso(start, zone): rule for start, rule in starts.items()}
        case NotDisplaced(refused=uids):
            return uids
    return None


def database_refusal(error: exc.DBAPIError | DatabaseUnavailable, as_json: bool) -> Exception:
    """The refusal to answer instead of an error of the database: no schema yet, or out of reach.

    Any other error stays what it is: a bug.
    """
    unavailable = error if isinstance(error, DatabaseUnavailable) else DatabaseUnavailable()
    try:
        db.session.rollback()
        with db.engine.connect() as connection:
            ready = schema.at_head(connection)
    except exc.DBAPIError:
        return refusal(unavailable, as_json)
    if not ready:
        return Refusal("not_initialised", NOT_INITIALISED, as_json)
    if isinstance(error, exc.DBAPIError) and not is_unavailable(error):
        return error
    return refusal(unavailable, as_json)


def write(as_json: bool, value: Any, lines: Iterable[str]) -> None:
    """Write the answer of a command: `value` as JSON, or the lines."""
    if as_json:
        return write_json(value)
    for line in lines:
        click.echo(line)


def write_json(value: Any) -> None:
    """Write JSON in UTF-8, whatever the encoding of the terminal."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2).encode())


def iso(instant: datetime, zone: tzinfo) -> str:
    """ISO 8601 with the offset of the zone, « 2026-11-24T14:30:00+01:00 »."""
    return instant.astimezone(zone).isoformat()


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines whose columns are aligned, two spaces between."""
    cells = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def appointment_object(one: Appointment, zone: tzinfo) -> dict[str, Any]:
    """An appointment for programs."""
    return _appointment_object(one, one.starts_at, one.ends_at, one.room.code if one.room else None, zone)


def whole_appointment(one: Appointment, zone: tzinfo) -> dict[str, Any]:
    """The same with who takes part: professionals by code, usagers by number."""
    usagers = [{"usager": each.usager_id, "attendance": each.attendance} for each in one.participations]
    professionals = [each.code for each in one.professionals]
    return appointment_object(one, zone) | {"professionals": professionals, "usagers": usagers}


def outcome_object(one: Outcome, zone: tzinfo) -> dict[str, Any]:
    """What stands after a command, for programs, as appointments are."""
    return _appointment_object(one, one.start, one.end, one.room, zone)


def _appointment_object(
    one: Appointment | Outcome, start: datetime, end: datetime, room: str | None, zone: tzinfo
) -> dict[str, Any]:
    return {
        "uid": one.uid,
        "start": iso(start, zone),
        "end": iso(end, zone),
        "room": room,
        "status": one.status,
        "sequence": one.sequence,
    }


def slot_objects(slots: Iterable[Slot], zone: tzinfo) -> list[dict[str, Any]]:
    """Slots for programs: start, end, professional (code), room and interpreter (codes, or null)."""
    offered = list(slots)
    professionals, rooms = _professionals(offered), _room_codes(offered)
    return [
        {
            "start": iso(slot.start, zone),
            "end": iso(slot.end, zone),
            "professional": professionals[slot.professional_id].code,
            "room": rooms.get(slot.room_id),
            "interpreter": professionals[slot.interpreter_id].code if slot.interpreter_id else None,
        }
        for slot in offered
    ]


def slot_lines(slots: Iterable[Slot], zone: tzinfo) -> list[str]:
    """Slots for people, one a line."""
    return table(slot_rows(slots, zone))


def slot_rows(slots: Iterable[Slot], zone: tzinfo) -> list[tuple[str, ...]]:
    """What each of these lines says: when, the code and name of who leads, the room or nothing, who interprets."""
    offered = list(slots)
    professionals, rooms = _professionals(offered), _room_codes(offered)
    rows: list[tuple[str, ...]] = []
    for slot in offered:
        who, beside = professionals[slot.professional_id], professionals.get(slot.interpreter_id or 0)
        interpreted = (f"interprète : {beside.code}",) if beside else ()
        rows.append((french.moment(slot.start, zone), who.code, who.name, rooms.get(slot.room_id) or "", *interpreted))
    return rows


def _professionals(slots: Sequence[Slot]) -> dict[int, Professional]:
    wanted = {key for slot in slots for key in (slot.professional_id, slot.interpreter_id) if key is not None}
    query = sa.select(Professional).where(Professional.id.in_(wanted))
    return {one.id: one for one in db.session.scalars(query)}


def _room_codes(slots: Sequence[Slot]) -> dict[int | None, str]:
    wanted = {slot.room_id for slot in slots if slot.room_id is not None}
    rooms = db.session.execute(sa.select(Room.id, Room.code).where(Room.id.in_(wanted)))
    return {key: code for key, code in rooms}


def _code(error: BookingError) -> str:
    match error:
        case Invalid(rule=rule) | SlotUnavailable(rule=rule):
            return rule
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()


def _message(error: BookingError) -> str:
    """The sentence, after the option it is about; a person at a command line has no link to check."""
    match error:
        case Invalid(field=field):
            return f"{OPTIONS.get(field, f'--{field}')} : {refusals.sentence(error)}"
        case Namesakes(ids=ids, option=option):
            known = ", ".join(map(str, ids))
            return f"--{option} : ce nom est connu ({known}). Donnez le numéro de la personne, ou --new pour une autre."
        case SiteFileInvalid():
            return f"Rien n’a été chargé.\n{error}"
        case DatabaseUnavailable(key=str(key)):
            return f"{refusals.sentence(error)}\nLa même demande, sans risque de doublon : --key {key}"
        case NotFound(what="site"):
            return NOT_INITIALISED
        case NotFound(what=what):
            return f"{refusals.THINGS.get(what, 'Cet élément')} n’existe pas : vérifiez ce que vous avez tapé."
    return refusals.sentence(error)
