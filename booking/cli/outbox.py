"""The messages to send: what is waiting, what became of the others, and sending now."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, get_args
from zoneinfo import ZoneInfo

import click
from flask import current_app

from booking import clock, jobs
from booking.cli import answers, values
from booking.cli.speaking import SpeakingGroup, as_json, command
from booking.db import db
from booking.messages import fate
from booking.notify.models import OutboxMessage, State
from booking.notify.outbox import newest
from booking.slots import lookups


@click.group("outbox", cls=SpeakingGroup)
def outbox() -> None:
    """Les messages à envoyer."""


@command("list")
@click.option("--state", type=values.OneOf(get_args(State)), help="Cet état seulement.")
@click.option("--limit", type=values.Whole(1, 10_000), default=100, help="Nombre au plus : 100 sans cette option.")
@as_json
def listing(state: State | None, limit: int, as_json: bool) -> None:
    """Les derniers messages, du plus récent au plus ancien, avec ce qu’ils sont devenus.

    Clés JSON : id, kind, about (uid du rendez-vous), person, state, reason, due_at, attempts, sent_at.
    """
    session = db.session()
    zone = lookups.zone(session)
    found = newest(session, state, limit)
    lines = answers.table(_row(one, zone) for one in found) or ["Aucun message."]
    answers.write(as_json, [_object(one, zone) for one in found], lines)


@command("deliver")
@as_json
def deliver(as_json: bool) -> None:
    """Envoie maintenant les messages dont l’heure est venue.

    Clés JSON : sent, failed, waiting, discarded.
    """
    report = jobs.deliver(current_app.extensions["booking"], clock.now())
    lines = [
        f"{report.sent} envoyé(s), {report.failed} en échec, {report.waiting} à réessayer,"
        f" {report.discarded} abandonné(s)."
    ]
    answers.write(as_json, asdict(report), lines)


def _object(one: OutboxMessage, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "about": one.about,
        "person": one.person_id,
        "state": one.state,
        "reason": one.reason,
        "due_at": answers.iso(one.due_at, zone),
        "attempts": one.attempts,
        "sent_at": answers.iso(one.sent_at, zone) if one.sent_at else None,
    }


def _row(one: OutboxMessage, zone: ZoneInfo) -> tuple[str, ...]:
    return str(one.id), fate.kind(one), one.about, f"usager n° {one.person_id}", fate.fate(one, zone)


outbox.add_command(listing)
outbox.add_command(deliver)
