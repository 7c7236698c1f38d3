"""Booking, showing, moving and cancelling one appointment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click
from sqlalchemy.orm import Session

from booking import clock, reservations
from booking.cli import acting, answers, pages, usagers, values, waiting
from booking.cli.acting import changing
from booking.cli.speaking import Misuse, as_json, command
from booking.cli.usagers import Who
from booking.db import db
from booking.reservations import reading
from booking.reservations.commands import Book, Cancel, Move, Waiver
from booking.reservations.moving import CELL_MINUTES, LONGEST_MINUTES
from booking.reservations.state import CancelledBy, Reason
from booking.slots import lookups
from booking.slots.facts import TypeFacts


@command("book")
@click.argument("type_code", metavar="TYPE")
@click.option("--start", metavar="QUAND", help=f"{acting.START_HELP} Obligatoire, sauf avec --walk-in.")
@click.option("--professional", metavar="CODE", required=True, help="Le professionnel qui mène l’entretien.")
@click.option("--with", "colleagues", metavar="CODE", multiple=True, help="Un collègue qui y participe ; répétable.")
@click.option("--usager", metavar="QUI", help="Numéro d’usager, ou « NOM Prénom » : retrouvé, sinon créé.")
@click.option("--and", "family", metavar="QUI", multiple=True, help="Quelqu’un qui vient avec l’usager ; répétable.")
@click.option("--email", metavar="ADRESSE", help="Adresse électronique de l’usager à créer.")
@click.option("--phone", metavar="NUMÉRO", help="Téléphone de l’usager à créer.")
@click.option("--new", "always_new", is_flag=True, help="Crée les personnes même si d’autres portent leur nom.")
@click.option("--room", metavar="CODE", help="La salle ; sans cette option, elle est choisie.")
@click.option("--walk-in", "walk_in", is_flag=True, help="La personne est là : reçue maintenant, sans créneau.")
@click.option("--hold", metavar="UID", help="Le créneau retenu que ce rendez-vous remplace.")
@click.option("--hors-plage", "hors_plage", is_flag=True, help="Même si le professionnel ne reçoit pas à cette heure.")
@changing
@click.pass_context
def book(ctx: click.Context, /, as_json: bool, **given: Any) -> None:
    """Réserve un rendez-vous.

    Un service confidentiel reçoit par code : sans --usager un code est créé, et aucun nom n’est accepté ; --and ""
    crée alors un code de plus.

    Clés JSON : uid, start, end, room, status, sequence.
    """
    if given["start"] is None and not given["walk_in"]:
        raise click.MissingParameter(ctx=ctx, param=values.param(ctx, "start"))
    session = db.session()
    kind = lookups.appointment_type(session, given["type_code"])
    if given["usager"] is None and not kind.confidential and kind.capacity is None:
        raise click.MissingParameter(ctx=ctx, param=values.param(ctx, "usager"))
    key, act = acting.key(given["key"]), acting.act(given["reason"])

    def booked(served: datetime | None) -> reservations.Outcome:
        return reservations.book(_request(ctx, session, kind, key, given, act.now, served), act)

    acting.answer(session, acting.once(session, key, booked), "Rendez-vous réservé.", as_json)


def _request(
    ctx: click.Context,
    session: Session,
    kind: TypeFacts,
    key: str,
    given: dict[str, Any],
    now: datetime,
    served: datetime | None,
) -> Book:
    """What is asked for. `served` is when this key first served, None if it has not."""
    zone = lookups.zone(session)
    start = given["start"]
    main = Who(given["usager"], given["email"], given["phone"], given["always_new"])
    others = [Who.beside(text, given["always_new"]) for text in given["family"]]
    # A session is opened for nobody yet; usagers join it.
    named = others if main.text is None and kind.capacity is not None else [main, *others]
    whom = [usagers.meant(session, kind, who, now, served) for who in named]
    return Book(
        key=key,
        type_id=kind.id,
        start=values.instant(ctx, "start", start, zone) if start is not None else clock.rounded_down(served or now),
        professional_id=lookups.professional(session, given["professional"]).id,
        usager=whom[0] if whom else None,
        room_id=_room_id(session, given["room"]),
        family=tuple(whom[1:]),
        colleague_ids=lookups.professional_ids(session, given["colleagues"]),
        waived=_waived(given["walk_in"], given["hors_plage"]),
        hold=given["hold"],
    )


def _waived(walk_in: bool, hors_plage: bool) -> frozenset[Waiver]:
    asked: dict[Waiver, bool] = {"walk_in": walk_in, "hors_plage": hors_plage}
    return frozenset(waiver for waiver, wanted in asked.items() if wanted)


@command("show")
@click.argument("uid", metavar="UID")
@as_json
def show(uid: str, as_json: bool) -> None:
    """Montre un rendez-vous : quand, où, avec qui, ses messages et son histoire.

    Clés JSON : uid, start, end, room, status, sequence, professionals, usagers.
    """
    session = db.session()
    found = reading.find(session, uid)
    zone = found.site.zone_info
    answers.write(as_json, answers.whole_appointment(found, zone), pages.appointment(session, found))


@command("move")
@click.argument("uid", metavar="UID")
@click.option("--start", metavar="QUAND", help=acting.START_HELP)
@click.option(
    "--professional",
    "professionals",
    metavar="CODE",
    multiple=True,
    help="Un professionnel ; répétable : ceux qui sont nommés remplacent tous les autres.",
)
@click.option("--room", metavar="CODE", help="Une autre salle.")
@click.option("--type", "type_code", metavar="TYPE", help="Un autre motif ; la durée reste la même.")
@click.option(
    "--duration", type=values.Whole(CELL_MINUTES, LONGEST_MINUTES), help="Une autre durée, en minutes : multiple de 5."
)
@changing
@click.pass_context
def move(ctx: click.Context, /, as_json: bool, **given: Any) -> None:
    """Déplace un rendez-vous, ou change ses professionnels, sa salle, son motif ou sa durée. Son histoire reste.

    Clés JSON : uid, start, end, room, status, sequence.
    """
    if not any(given[name] for name in ("start", "professionals", "room", "type_code", "duration")):
        raise Misuse("--start, --professional, --room, --type ou --duration : indiquez ce qui change.", ctx)
    session = db.session()
    start, type_code = given["start"], given["type_code"]
    request = Move(
        key=acting.key(given["key"]),
        uid=given["uid"],
        start=values.instant(ctx, "start", start, lookups.zone(session)) if start else None,
        professional_ids=lookups.professional_ids(session, given["professionals"]) or None,
        room_id=_room_id(session, given["room"]),
        type_id=lookups.appointment_type(session, type_code).id if type_code else None,
        duration=given["duration"],
    )
    done = "Rendez-vous déplacé." if start else "Rendez-vous modifié."
    acting.answer(session, reservations.move(request, acting.act(given["reason"])), done, as_json)
    waiting.tell_proposed(as_json)


@command("cancel")
@click.argument("uid", metavar="UID")
@click.option("--by", type=values.OneOf(("usager", "service")), required=True, help="Qui annule.")
@changing
def cancel(uid: str, by: CancelledBy, reason: Reason | None, key: str | None, as_json: bool) -> None:
    """Annule un rendez-vous, et libère le créneau.

    Clés JSON : uid, start, end, room, status, sequence.
    """
    outcome = reservations.cancel(Cancel(acting.key(key), uid, by), acting.act(reason))
    acting.answer(db.session(), outcome, "Rendez-vous annulé.", as_json)
    waiting.tell_proposed(as_json)


def _room_id(session: Session, code: str | None) -> int | None:
    return lookups.room(session, code).id if code else None
