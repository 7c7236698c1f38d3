"""Keeping a slot for a few minutes while it is being booked."""

from __future__ import annotations

import click

from booking import french, reservations
from booking.cli import acting, answers, values
from booking.cli.speaking import as_json, command
from booking.db import db
from booking.reservations import Held
from booking.reservations.commands import Book
from booking.slots import lookups


@command("hold")
@click.argument("type_code", metavar="TYPE")
@click.option("--start", metavar="QUAND", required=True, help=acting.START_HELP)
@click.option("--professional", metavar="CODE", required=True, help="Le professionnel.")
@acting.repeatable
@as_json
@click.pass_context
def hold(ctx: click.Context, type_code: str, start: str, professional: str, key: str | None, as_json: bool) -> None:
    """Retient un créneau 5 minutes : « book --hold UID » le réserve.

    Clés JSON : uid, start, end, room, expires_at.
    """
    session = db.session()
    kind, who = lookups.appointment_type(session, type_code), lookups.professional(session, professional)
    at = values.instant(ctx, "start", start, lookups.zone(session))
    _write(reservations.hold(Book(acting.key(key), kind.id, at, who.id, None), acting.act()), as_json)


@command("renew")
@click.argument("uid", metavar="UID")
@as_json
def renew(uid: str, as_json: bool) -> None:
    """Retient un créneau 5 minutes de plus, 30 en tout.

    Clés JSON : uid, start, end, room, expires_at.
    """
    _write(reservations.renew(uid, acting.act()), as_json)


@command("release")
@click.argument("uid", metavar="UID")
@as_json
def release(uid: str, as_json: bool) -> None:
    """Libère un créneau retenu.

    Clés JSON : released.
    """
    reservations.release(uid, acting.act())
    answers.write(as_json, {"released": uid}, ["Créneau libéré."])


def _write(held: Held, as_json: bool) -> None:
    zone = lookups.zone(db.session())
    value = {
        "uid": held.uid,
        "start": answers.iso(held.start, zone),
        "end": answers.iso(held.end, zone),
        "room": held.room,
        "expires_at": answers.iso(held.expires_at, zone),
    }
    until = french.hour(held.expires_at, zone)
    answers.write(as_json, value, [f"Créneau retenu jusqu’à {until} : {french.moment(held.start, zone)}.", held.uid])
