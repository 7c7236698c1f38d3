"""What the commands that change something share: their options, who acts, and their answer."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar, get_args

import click
from sqlalchemy.orm import Session

from booking import clock, labels, messages
from booking.cli import answers, pages, values
from booking.cli.speaking import as_json
from booking.errors import KeyReused
from booking.people import fields
from booking.reservations import reading
from booking.reservations.commands import Act, Outcome
from booking.reservations.models import Command
from booking.reservations.state import Reason

KEY_MAX = 64
START_HELP = "2026-11-24T14:30 à l’heure du site, ou avec décalage : 2026-11-24T14:30+01:00."
Function = TypeVar("Function", bound=Callable[..., None])
Answer = TypeVar("Answer")


def said(codes: tuple[str, ...], words: Mapping[str, str]) -> str:
    """« arrived (arrivé), seen (vu). »: what an option takes, for its help."""
    return ", ".join(f"{code} ({words[code]})" for code in codes) + "."


_reason = click.option(
    "--reason",
    metavar="CODE",
    type=values.OneOf(get_args(Reason)),
    help=f"La raison, que l’histoire garde : {said(get_args(Reason), labels.REASONS)}",
)
repeatable = click.option("--key", metavar="CLÉ", help="Répétée avec la même clé, la demande n’agit qu’une fois.")


def changing(function: Function) -> Function:
    """Add --reason, --key and --json."""
    return _reason(repeatable(as_json(function)))


def act(reason: Reason | None = None) -> Act:
    """What every command of the engine takes."""
    return Act(now=clock.now(), origin="cli", tell=messages.file, reason=reason)


def key(given: str | None) -> str:
    """The key of the demand, made here when none is given. Raises Invalid."""
    return secrets.token_hex(16) if given is None else fields.clean_line("key", given, KEY_MAX, required=True)


def once(session: Session, key: str, carry_out: Callable[[datetime | None], Answer]) -> Answer:
    """Carry out a demand that speaks of names, or of now. It is given when it was first carried out, None if never.

    A key that has served is first tried as things were then: whoever it created is known by that name now.
    """
    served = session.get(Command, key)
    if served is not None:
        with contextlib.suppress(KeyReused):
            return carry_out(served.at)
    return carry_out(None)


def answer(session: Session, outcome: Outcome, done: str, as_json: bool) -> None:
    """Answer with the appointment as it stands now."""
    found = reading.find(session, outcome.uid)
    lines = [done, *pages.appointment(session, found)]
    value: dict[str, Any] = answers.outcome_object(outcome, found.site.zone_info)
    answers.write(as_json, value, lines)
