"""Who takes part in one appointment, how they attend; exchanging two appointments; taking a cancellation back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from booking import labels, reservations
from booking.cli import acting, usagers, values, waiting
from booking.cli.acting import changing
from booking.cli.speaking import command
from booking.cli.usagers import ID_DIGITS_MAX, Who
from booking.db import db
from booking.reservations import reading
from booking.reservations.commands import Join, Leave, RecordAttendance, Restore, Swap
from booking.reservations.state import NOTED, Attendance, CancelledBy, Reason
from booking.slots import lookups

USAGER = values.Whole(1, 10**ID_DIGITS_MAX - 1)


@command("join")
@click.argument("uid", metavar="UID")
@click.option("--usager", metavar="QUI", help="Numéro d’usager, ou « NOM Prénom » : retrouvé, sinon créé.")
@click.option("--email", metavar="ADRESSE", help="Adresse électronique de la personne à créer.")
@click.option("--phone", metavar="NUMÉRO", help="Téléphone de la personne à créer.")
@click.option("--new", "always_new", is_flag=True, help="Crée la personne même si une autre porte ce nom.")
@changing
@click.pass_context
def join(ctx: click.Context, /, as_json: bool, **given: Any) -> None:
    """Ajoute une personne à un rendez-vous. Elle seule en est avertie.

    Un service confidentiel reçoit par code : sans --usager un code est créé, et aucun nom n’est accepté.

    Clés JSON : uid, start, end, room, status, sequence.
    """
    session = db.session()
    kind = lookups.type_of(session, reading.find(session, given["uid"]).type_id)
    if given["usager"] is None and not kind.confidential:
        raise click.MissingParameter(ctx=ctx, param=values.param(ctx, "usager"))
    key, act = acting.key(given["key"]), acting.act(given["reason"])
    who = Who(given["usager"], given["email"], given["phone"], given["always_new"])

    def joined(served: datetime | None) -> reservations.Outcome:
        whom = usagers.meant(session, kind, who, act.now, served)
        return reservations.join(Join(key, given["uid"], whom), act)

    acting.answer(session, acting.once(session, key, joined), "Personne ajoutée.", as_json)


@command("leave")
@click.argument("uid", metavar="UID")
@click.option("--usager", type=USAGER, required=True, help="Numéro de la personne qui ne viendra pas.")
@click.option("--by", type=values.OneOf(("usager", "service")), required=True, help="Qui l’a décidé.")
@changing
def leave(uid: str, usager: int, by: CancelledBy, reason: Reason | None, key: str | None, as_json: bool) -> None:
    """Retire une personne d’un rendez-vous que les autres gardent. Elle seule en est avertie.

    Clés JSON : uid, start, end, room, status, sequence.
    """
    outcome = reservations.leave(Leave(acting.key(key), uid, usager, by), acting.act(reason))
    acting.answer(db.session(), outcome, "Personne retirée.", as_json)
    waiting.tell_proposed(as_json)


@command("swap")
@click.argument("uid", metavar="UID")
@click.argument("other_uid", metavar="UID")
@changing
def swap(uid: str, other_uid: str, reason: Reason | None, key: str | None, as_json: bool) -> None:
    """Échange les créneaux de deux rendez-vous : heure, professionnels, salle. Les deux, ou aucun.

    Chacun garde ses personnes, son motif et sa durée. Clés JSON, du premier : uid, start, end, room, status, sequence.
    """
    outcome = reservations.swap(Swap(acting.key(key), uid, other_uid), acting.act(reason))
    acting.answer(db.session(), outcome, "Rendez-vous échangés. Le premier :", as_json)


@command("restore")
@click.argument("uid", metavar="UID")
@changing
def restore(uid: str, reason: Reason | None, key: str | None, as_json: bool) -> None:
    """Rétablit un rendez-vous annulé, si son heure est encore libre.

    Clés JSON : uid, start, end, room, status, sequence.
    """
    outcome = reservations.restore(Restore(acting.key(key), uid), acting.act(reason))
    acting.answer(db.session(), outcome, "Rendez-vous rétabli.", as_json)


@command("attendance")
@click.argument("uid", metavar="UID")
@click.option("--usager", type=USAGER, required=True, help="Numéro de la personne.")
@click.option(
    "--step",
    metavar="CODE",
    type=values.OneOf(NOTED),
    required=True,
    help=f"Son suivi : {acting.said(NOTED, labels.ATTENDANCE)}",
)
@changing
def attendance(uid: str, usager: int, step: Attendance, reason: Reason | None, key: str | None, as_json: bool) -> None:
    """Note le suivi d’une personne. Noter une autre étape défait la précédente.

    Clés JSON : uid, start, end, room, status, sequence.
    """
    noted = RecordAttendance(acting.key(key), uid, usager, step)
    outcome = reservations.record_attendance(noted, acting.act(reason))
    acting.answer(db.session(), outcome, "Suivi noté.", as_json)
