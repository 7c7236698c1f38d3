"""The same appointment week after week: booking it, then moving or cancelling one, from one on, or all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, get_args

import click
from sqlalchemy.orm import Session

from booking import french
from booking.cli import acting, answers, usagers, values
from booking.cli.acting import changing
from booking.cli.speaking import SpeakingGroup, command
from booking.cli.usagers import Who
from booking.db import db
from booking.reservations import Outcome
from booking.reservations import series as engine
from booking.reservations.commands import Book
from booking.reservations.series import BookSeries, CancelSeries, MoveSeries, Scope
from booking.reservations.state import CancelledBy, Reason
from booking.slots import lookups

SCOPES = {"one": "celui-ci", "following": "celui-ci et les suivants", "all": "toute la série"}
_scope = click.option(
    "--scope",
    type=values.OneOf(get_args(Scope)),
    required=True,
    help=f"Ce qui change : {acting.said(get_args(Scope), SCOPES)}",
)


@click.group("series", cls=SpeakingGroup)
def series() -> None:
    """Les rendez-vous qui reviennent chaque semaine."""


@command("book")
@click.argument("type_code", metavar="TYPE")
@click.option("--start", metavar="QUAND", required=True, help=f"Le premier. {acting.START_HELP}")
@click.option("--count", type=values.Whole(1, engine.MOST), required=True, help="Combien de rendez-vous.")
@click.option("--every", type=values.Whole(1, engine.MOST), default=1, help="Toutes les combien de semaines : 1 sinon.")
@click.option("--without", metavar="JOUR", type=values.Day(), multiple=True, help="Un jour à sauter ; répétable.")
@click.option("--professional", metavar="CODE", required=True, help="Le professionnel.")
@click.option("--usager", metavar="QUI", help="Numéro d’usager, ou « NOM Prénom » : retrouvé, sinon créé.")
@click.option("--room", metavar="CODE", help="La salle ; sans cette option, elle est choisie pour chacun.")
@changing
@click.pass_context
def book(ctx: click.Context, /, as_json: bool, **given: Any) -> None:
    """Réserve chaque semaine à la même heure : tous les rendez-vous, ou aucun.

    Quand des dates sont refusées, elles sont dites : sautez-les avec --without.

    Clés JSON : liste de uid, start, end, room, status, sequence.
    """
    session = db.session()
    zone = lookups.zone(session)
    kind = lookups.appointment_type(session, given["type_code"])
    if given["usager"] is None and not kind.confidential:
        raise click.MissingParameter(ctx=ctx, param=values.param(ctx, "usager"))
    key, act = acting.key(given["key"]), acting.act(given["reason"])
    first = values.instant(ctx, "start", given["start"], zone)
    weeks = engine.weekly(first, zone, given["count"], given["every"])
    starts = tuple(start for start in weeks if start.astimezone(zone).date() not in given["without"])

    def booked(served: datetime | None) -> tuple[Outcome, ...]:
        whom = usagers.meant(session, kind, Who(given["usager"]), act.now, served)
        who = lookups.professional(session, given["professional"]).id
        room_id = lookups.room(session, given["room"]).id if given["room"] else None
        return engine.book_series(BookSeries(key, Book("", kind.id, first, who, whom, room_id), starts), act)

    _answer(session, acting.once(session, key, booked), "réservés", as_json)


@command("move")
@click.argument("uid", metavar="UID")
@click.option("--start", metavar="QUAND", required=True, help=f"La nouvelle heure de celui-ci. {acting.START_HELP}")
@_scope
@changing
@click.pass_context
def move(
    ctx: click.Context, uid: str, start: str, scope: Scope, reason: Reason | None, key: str | None, as_json: bool
) -> None:
    """Déplace un rendez-vous d’une série, et les autres d’autant : tous, ou aucun.

    Clés JSON : liste de uid, start, end, room, status, sequence.
    """
    session = db.session()
    to = values.instant(ctx, "start", start, lookups.zone(session))
    outcomes = engine.move_series(MoveSeries(acting.key(key), uid, scope, to), acting.act(reason))
    _answer(session, outcomes, "déplacés", as_json)


@command("cancel")
@click.argument("uid", metavar="UID")
@click.option("--by", type=values.OneOf(("usager", "service")), required=True, help="Qui annule.")
@_scope
@changing
def cancel(uid: str, by: CancelledBy, scope: Scope, reason: Reason | None, key: str | None, as_json: bool) -> None:
    """Annule un rendez-vous d’une série, ou plusieurs ; ceux qui ont eu lieu restent.

    Clés JSON : liste de uid, start, end, room, status, sequence.
    """
    outcomes = engine.cancel_series(CancelSeries(acting.key(key), uid, scope, by), acting.act(reason))
    _answer(db.session(), outcomes, "annulés", as_json)


def _answer(session: Session, outcomes: Sequence[Outcome], done: str, as_json: bool) -> None:
    zone = lookups.zone(session)
    lines = [f"Rendez-vous {done} : {len(outcomes)}."]
    lines += [f"{one.uid}  {french.moment(one.start, zone)}  {one.room or ''}".rstrip() for one in outcomes]
    answers.write(as_json, [answers.outcome_object(one, zone) for one in outcomes], lines)


for _command in (book, move, cancel):
    series.add_command(_command)
