"""The usagers whom no message reaches: who is to be called, and who was."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import click

from booking import clock, french
from booking.cli import answers, values
from booking.cli.speaking import SpeakingGroup, as_json, command
from booking.db import LARGEST_KEY, db
from booking.messages import calls as use_cases
from booking.messages import fate
from booking.messages.calls import Call
from booking.slots import lookups

MESSAGE = values.Whole(1, LARGEST_KEY)


@click.group("calls", cls=SpeakingGroup)
def calls() -> None:
    """Les personnes à appeler : aucun message ne les atteint."""


@command("list")
@click.option("--called", is_flag=True, help="Celles qui ont été appelées depuis hier.")
@as_json
def listing(called: bool, as_json: bool) -> None:
    """Les personnes à appeler au sujet d’un rendez-vous à venir qui a changé, le plus proche d’abord.

    Clés JSON : message, kind, uid, who, phone, reason, was, start, called_at, called_by.
    """
    session = db.session()
    zone = lookups.zone(session)
    read = use_cases.called if called else use_cases.to_call
    found = read(session, clock.now())
    lines = answers.table(_row(one, zone) for one in found) if found else ["Personne à appeler."]
    answers.write(as_json, [_object(one, zone) for one in found], lines)


@command("done")
@click.argument("message", metavar="NUMÉRO", type=MESSAGE)
@as_json
def done(message: int, as_json: bool) -> None:
    """Note que la personne a été appelée. NUMÉRO est celui de « calls list ».

    Clés JSON : called.
    """
    use_cases.note_call(message, None, clock.now())
    answers.write(as_json, {"called": message}, ["Appel noté."])


@command("undo")
@click.argument("message", metavar="NUMÉRO", type=MESSAGE)
@as_json
def undo(message: int, as_json: bool) -> None:
    """Note que la personne n’a pas été appelée, finalement.

    Clés JSON : to_call.
    """
    use_cases.take_back(message)
    answers.write(as_json, {"to_call": message}, ["La personne est de nouveau à appeler."])


def _object(one: Call, zone: ZoneInfo) -> dict[str, Any]:
    instants = {name: getattr(one, name) for name in ("was", "start", "called_at")}
    return vars(one) | {name: answers.iso(at, zone) if at else None for name, at in instants.items()}


def _row(one: Call, zone: ZoneInfo) -> tuple[str, ...]:
    what = f"{fate.KINDS[one.kind]} : {french.moment(one.start, zone)}"
    return str(one.message), one.who, french.phone(one.phone) or "sans numéro", what, fate.REASONS[one.reason]


for _command in (listing, done, undo):
    calls.add_command(_command)
