"""Booking, showing, moving and cancelling one appointment."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import replace
from typing import Any

import click
from sqlalchemy.orm import Session

from booking import clock, messages, reservations
from booking.cli import answers, pages, usagers, values
from booking.cli.speaking import Misuse, as_json, command
from booking.cli.usagers import Who
from booking.db import db
from booking.errors import KeyReused
from booking.people import fields
from booking.people.models import Service
from booking.reservations import reading
from booking.reservations.commands import Act, Book, Cancel, Move, Outcome
from booking.reservations.state import CancelledBy
from booking.slots import lookups

KEY_MAX = 64
START_HELP = "2026-11-24T14:30 à l’heure du site, ou avec décalage : 2026-11-24T14:30+01:00."
repeatable = click.option("--key", metavar="CLÉ", help="Répétée avec la même clé, la demande n’agit qu’une fois.")


@command("book")
@click.argument("type_code", metavar="TYPE")
@click.option("--start", metavar="QUAND", required=True, help=START_HELP)
@click.option("--professional", metavar="CODE", required=True, help="Le professionnel.")
@click.option("--usager", metavar="QUI", help="Numéro d’usager, ou « NOM Prénom » : retrouvé, sinon créé.")
@click.option("--email", metavar="ADRESSE", help="Adresse électronique de la personne à créer.")
@click.option("--phone", metavar="NUMÉRO", help="Téléphone de la personne à créer.")
@click.option("--new", "always_new", is_flag=True, help="Crée la personne même si une autre porte ce nom.")
@click.option("--room", metavar="CODE", help="La salle ; sans cette option, elle est choisie.")
@repeatable
@as_json
@click.pass_context
def book(ctx: click.Context, /, as_json: bool, **given: Any) -> None:
    """Réserve un rendez-vous.

    Un service confidentiel reçoit par code : sans --usager un code est créé, et aucun nom n’est accepté.

    Clés JSON : uid, start, end, room, status, sequence.
    """
    session = db.session()
    kind = lookups.appointment_type(session, given["type_code"])
    if given["usager"] is None and not kind.service.confidential:
        raise click.MissingParameter(ctx=ctx, param=values.param(ctx, "usager"))
    request = Book(
        key=_key(given["key"]),
        type_id=kind.id,
        start=values.instant(ctx, "start", given["start"], lookups.zone(session)),
        professional_id=lookups.professional(session, given["professional"]).id,
        usager=None,
        room_id=_room_id(session, given["room"]),
    )
    who = Who(given["usager"], given["email"], given["phone"], given["always_new"])
    _answer(session, _booked(session, request, kind.service, who), "Rendez-vous réservé.", as_json)


def _booked(session: Session, request: Book, service: Service, who: Who) -> Outcome:
    """Book. A key that has served is first tried with a person to create: the one it created then is known now."""
    act = _act()
    if reading.key_has_served(session, request.key) and who.text and not (service.confidential or who.is_number):
        with contextlib.suppress(KeyReused):
            return reservations.book(replace(request, usager=usagers.to_create(who, act.now)), act)
    return reservations.book(replace(request, usager=usagers.meant(session, service, who, act.now)), act)


@command("show")
@click.argument("uid", metavar="UID")
@as_json
def show(uid: str, as_json: bool) -> None:
    """Montre un rendez-vous : quand, où, avec qui, ses messages et son histoire.

    Clés JSON : uid, start, end, room, status, sequence.
    """
    session = db.session()
    found = reading.find(session, uid)
    zone = found.site.zone_info
    answers.write(as_json, answers.appointment_object(found, zone), pages.appointment(session, found))


@command("move")
@click.argument("uid", metavar="UID")
@click.option("--start", metavar="QUAND", help=START_HELP)
@click.option("--professional", metavar="CODE", help="Un autre professionnel.")
@click.option("--room", metavar="CODE", help="Une autre salle.")
@repeatable
@as_json
@click.pass_context
def move(
    ctx: click.Context,
    uid: str,
    start: str | None,
    professional: str | None,
    room: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Déplace un rendez-vous : heure, professionnel ou salle. Sa durée et son histoire restent.

    Clés JSON : uid, start, end, room, status, sequence.
    """
    if not (start or professional or room):
        raise Misuse("--start, --professional ou --room : indiquez ce qui change.", ctx)
    session = db.session()
    request = Move(
        key=_key(key),
        uid=uid,
        start=values.instant(ctx, "start", start, lookups.zone(session)) if start else None,
        professional_id=lookups.professional(session, professional).id if professional else None,
        room_id=_room_id(session, room),
    )
    _answer(session, reservations.move(request, _act()), "Rendez-vous déplacé.", as_json)


@command("cancel")
@click.argument("uid", metavar="UID")
@click.option("--by", type=values.OneOf(("usager", "service")), required=True, help="Qui annule.")
@repeatable
@as_json
def cancel(uid: str, by: CancelledBy, key: str | None, as_json: bool) -> None:
    """Annule un rendez-vous, et libère le créneau.

    Clés JSON : uid, start, end, room, status, sequence.
    """
    request = Cancel(key=_key(key), uid=uid, by=by)
    _answer(db.session(), reservations.cancel(request, _act()), "Rendez-vous annulé.", as_json)


def _act() -> Act:
    return Act(now=clock.now(), origin="cli", tell=messages.file)


def _key(given: str | None) -> str:
    """The key of the demand, made here when none is given. Raises Invalid."""
    return secrets.token_hex(16) if given is None else fields.clean_line("key", given, KEY_MAX, required=True)


def _room_id(session: Session, code: str | None) -> int | None:
    return lookups.room(session, code).id if code else None


def _answer(session: Session, outcome: Outcome, done: str, as_json: bool) -> None:
    """Answer with the appointment as it stands now."""
    found = reading.find(session, outcome.uid)
    lines = [done, *pages.appointment(session, found)]
    answers.write(as_json, answers.outcome_object(outcome, found.site.zone_info), lines)
