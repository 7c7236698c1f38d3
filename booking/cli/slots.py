"""Looking for slots, and why there are few."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

import click
from sqlalchemy.orm import Session

from booking import clock, explanations
from booking.cli import answers, values
from booking.cli.speaking import as_json, command
from booking.db import db
from booking.explanations import Said
from booking.slots import explaining, lookups
from booking.slots.availability import Search, find_slots
from booking.slots.explaining import Explanation

NOTHING_FREE = "Aucun créneau libre sur cette période."


def _searching(function: Callable[..., None]) -> Callable[..., None]:
    """What is asked of every search."""
    options = (
        click.argument("type_code", metavar="TYPE"),
        click.option("--from", "first_day", type=values.Day(), required=True, help="Premier jour cherché."),
        click.option("--to", "last_day", type=values.Day(), required=True, help="Dernier jour cherché, compris."),
        click.option("--professional", metavar="CODE", help="Ce professionnel seulement."),
    )
    return reduce(lambda decorated, option: option(decorated), reversed(options), function)


def _search(ctx: click.Context, session: Session, zone: ZoneInfo, given: dict[str, Any]) -> Search:
    if given["last_day"] < given["first_day"]:
        raise click.BadParameter("la fin doit venir après le début.", ctx, values.param(ctx, "last_day"))
    only = given["professional"]
    return Search(
        type_id=lookups.appointment_type(session, given["type_code"]).id,
        start=values.midnight(given["first_day"], zone),
        end=values.midnight(given["last_day"] + timedelta(days=1), zone),
        professional_ids=frozenset({lookups.professional(session, only).id}) if only else None,
    )


@command("slots")
@_searching
@click.option("--limit", type=values.Whole(1, 10_000), help="Nombre de créneaux au plus.")
@as_json
@click.pass_context
def slots(ctx: click.Context, /, limit: int | None, as_json: bool, **given: Any) -> None:
    """Les créneaux libres d'un motif, chacun avec son professionnel et sa salle.

    13 semaines au plus. Clés JSON : start, end (ISO 8601 avec décalage), professional, room (codes).
    """
    session = db.session()
    zone = lookups.zone(session)
    found = find_slots(session, _search(ctx, session, zone, given), clock.now(), limit=limit)
    lines = answers.slot_lines(found, zone) or [NOTHING_FREE]
    answers.write(as_json, answers.slot_objects(found, zone), lines)


@command("explain")
@_searching
@as_json
@click.pass_context
def explain(ctx: click.Context, /, as_json: bool, **given: Any) -> None:
    """Explique pourquoi il y a peu de créneaux, ou aucun, et ce qui en donnerait.

    13 semaines au plus. Clés JSON : summary, starts (débuts que tiennent les plages), offered, causes (combien chaque
    règle en retire), nothing (pourquoi il n'y a aucun début, ou null), relaxations (change, count, first, sentence).
    """
    session = db.session()
    zone = lookups.zone(session)
    found = explaining.explain(session, _search(ctx, session, zone, given), clock.now())
    said = explanations.said(found, zone)
    what_helps = ["Ce qui en donnerait d’autres :" if found.offered else "Ce qui en donnerait :"]
    what_helps += [f"- {sentence}" for sentence in said.relaxations]
    lines = [said.summary, *(what_helps if said.relaxations else [explanations.NOTHING_HELPS])]
    answers.write(as_json, _explanation_object(found, said, zone), lines)


def _explanation_object(found: Explanation, said: Said, zone: ZoneInfo) -> dict[str, Any]:
    firsts = answers.slot_objects([each.first for each in found.relaxations], zone)
    changes = zip(found.relaxations, firsts, said.relaxations, strict=True)
    return {
        "summary": said.summary,
        "starts": found.starts,
        "offered": found.offered,
        "causes": found.causes,
        "nothing": found.nothing,
        "relaxations": [
            {"change": each.kind, "count": each.count, "first": first, "sentence": sentence}
            for each, first, sentence in changes
        ],
    }
