"""Looking for slots: all that are free, the few to say first, and why there are few."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click
from sqlalchemy.orm import Session

from booking import clock, explanations, labels
from booking.cli import answers, values
from booking.cli.changes import USAGER
from booking.cli.speaking import Misuse, as_json, command, described_by
from booking.db import db
from booking.errors import Invalid
from booking.explanations import Said
from booking.people import directory
from booking.people.models import Usager
from booking.slots import explaining, lookups
from booking.slots.availability import Search, find_slots
from booking.slots.explaining import Explanation
from booking.slots.facts import Slot, TypeFacts
from booking.slots.suggesting import Person, suggest

MOST_SUGGESTED = 50
NOTHING = ["Aucun créneau libre sur cette période."]


# What is asked of every search.
_searching = described_by(
    click.argument("type_code", metavar="TYPE"),
    click.option("--from", "first_day", type=values.Day(), required=True, help="Premier jour cherché."),
    click.option("--to", "last_day", type=values.Day(), required=True, help="Dernier jour cherché, compris."),
    click.option("--professional", "professionals", metavar="CODE", multiple=True, help="L’un de ceux-là ; répétable."),
    click.option(
        "--with", "colleagues", metavar="CODE", multiple=True, help="Avec ce collègue, libre lui aussi ; répétable."
    ),
    click.option(
        "--language",
        metavar="CODE",
        type=values.OneOf(tuple(labels.SPOKEN)),
        help="Ceux qui parlent cette langue : code ISO 639, ou fsl pour la langue des signes.",
    ),
    click.option(
        "--interpreter",
        metavar="CODE",
        type=values.OneOf(tuple(labels.SPOKEN)),
        help="Avec un interprète de cette langue, libre lui aussi : book le prend par --with.",
    ),
    click.option(
        "--usager", type=USAGER, help="Numéro de la personne : quand elle est libre, et ce dont elle a besoin."
    ),
)


@command("slots")
@_searching
@click.option("--limit", type=values.Whole(1, 10_000), help="Nombre de créneaux au plus.")
@click.option(
    "--suggest",
    type=values.Whole(1, MOST_SUGGESTED),
    help="Seulement ceux à proposer d’abord, ce nombre au plus, avec les raisons de leur rang.",
)
@as_json
@click.pass_context
def slots(ctx: click.Context, /, as_json: bool, **given: Any) -> None:
    """Les créneaux libres d'un motif, chacun avec son professionnel et sa salle.

    13 semaines au plus. Clés JSON : start, end (ISO 8601 avec décalage), professional, room (codes), interpreter (code,
    ou null) ; avec --suggest, reasons aussi : referent, speaks ou team, puis soonest, first, other_day, other_half_day
    ou next.
    """
    if given["limit"] is not None and given["suggest"] is not None:
        raise Misuse("--limit ou --suggest : choisissez l’un des deux.", ctx)
    session = db.session()
    search, usager = _asked(ctx, session, given)
    if given["suggest"] is None:
        _list(find_slots(session, search, clock.now(), limit=given["limit"]), as_json)
    else:
        _suggest(session, search, usager, given["suggest"], as_json)


@command("explain")
@_searching
@as_json
@click.pass_context
def explain(ctx: click.Context, /, as_json: bool, **given: Any) -> None:
    """Explique pourquoi il y a peu de créneaux, ou aucun, et ce qui en donnerait.

    13 semaines au plus. Clés JSON : summary, starts (débuts que tiennent les plages), offered, causes (combien chaque
    règle en retire), nothing (pourquoi il n'y a aucun début, ou null), relaxations (change, count, first, sentence),
    walk_ins (permanences où venir sans rendez-vous : count, professional, start et end de la première, sentence ; ou
    null).
    """
    session = db.session()
    search, _ = _asked(ctx, session, given)
    zone = lookups.zone(session)
    found = explaining.explain(session, search, clock.now())
    said = explanations.said(found, zone)
    what_helps = ["Ce qui en donnerait d’autres :" if found.offered else "Ce qui en donnerait :"]
    what_helps += [f"- {sentence}" for sentence in said.relaxations]
    lines = [said.summary, *([said.walk_ins] if said.walk_ins else [])]
    lines += what_helps if said.relaxations else [explanations.NOTHING_HELPS]
    answers.write(as_json, _explanation_object(found, said, zone), lines)


def _asked(ctx: click.Context, session: Session, given: dict[str, Any]) -> tuple[Search, Usager | None]:
    if given["last_day"] < given["first_day"]:
        raise click.BadParameter("la fin doit venir après le début.", ctx, values.param(ctx, "last_day"))
    kind = lookups.appointment_type(session, given["type_code"])
    usager = _usager(session, kind, given["usager"])
    return _search(session, kind, usager, given), usager


def _usager(session: Session, kind: TypeFacts, number: int | None) -> Usager | None:
    if number is None:
        return None
    if kind.confidential:  # it receives by code: nobody's other appointments are looked at
        raise Invalid("usager", "anonymous")
    return directory.usager(session, number)


def _search(session: Session, kind: TypeFacts, usager: Usager | None, given: dict[str, Any]) -> Search:
    zone, colleagues = lookups.zone(session), lookups.professional_ids(session, given["colleagues"])
    return Search(
        type_id=kind.id,
        start=values.midnight(given["first_day"], zone),
        end=values.midnight(given["last_day"] + timedelta(days=1), zone),
        professional_ids=lookups.professional_ids(session, given["professionals"]) or None,
        usager_ids=frozenset({usager.id} if usager else ()),
        colleague_ids=colleagues,
        persons=2 + len(colleagues),
        language=given["language"],
        interpreter=given["interpreter"],
    )


def _list(found: list[Slot], as_json: bool) -> None:
    zone = lookups.zone(db.session())
    answers.write(as_json, answers.slot_objects(found, zone), answers.slot_lines(found, zone) or NOTHING)


def _suggest(session: Session, search: Search, usager: Usager | None, wanted: int, as_json: bool) -> None:
    found = suggest(session, search, Person.of(usager), clock.now(), wanted)
    zone, offered = lookups.zone(session), [each.slot for each in found]
    objects = answers.slot_objects(offered, zone)
    value = [each | {"reasons": list(one.reasons)} for each, one in zip(objects, found, strict=True)]
    rows = answers.slot_rows(offered, zone)
    said = [", ".join(labels.SUGGESTED[code] for code in one.reasons) for one in found]
    lines = answers.table((*row, why) for row, why in zip(rows, said, strict=True))
    answers.write(as_json, value, lines or NOTHING)


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
        "walk_ins": _walk_ins_object(found, said, zone),
    }


def _walk_ins_object(found: Explanation, said: Said, zone: ZoneInfo) -> dict[str, Any] | None:
    there = found.walk_ins
    if there is None:
        return None
    return {
        "count": there.count,
        "professional": found.question.configuration.professionals[there.professional_id].code,
        "start": answers.iso(there.start, zone),
        "end": answers.iso(there.end, zone),
        "sentence": said.walk_ins,
    }
