"""The waiting list: noting who waits for what, proposing what is free, and answering for them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click
from sqlalchemy.orm import Session

from booking import clock, french, labels, reservations
from booking.cli import acting, answers, usagers, values
from booking.cli.speaking import Misuse, SpeakingGroup, as_json, command
from booking.cli.usagers import Who
from booking.db import db
from booking.errors import DatabaseUnavailable
from booking.reservations import proposals, reading
from booking.reservations import waiting as engine
from booking.reservations.commands import Book
from booking.reservations.models import Proposal, Waiting
from booking.reservations.waiting import Entered, Wait, WaitForSession
from booking.reservations.wishes import Wishes
from booking.slots import hours, lookups
from booking.slots.facts import TypeFacts

_HOUR = re.compile(r"([01]?\d|2[0-4])[:hH]([0-5]\d)", re.ASCII)
OF_A_TYPE = ("professional", "first_day", "last_day", "weekdays", "starts", "ends")


class Hour(click.ParamType[int]):
    """An hour of the day, 9:30 or 9h30, as minutes since midnight."""

    name = "hour"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """As help shows it."""
        return "HEURE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read an hour; fails on one that does not exist."""
        found = _HOUR.fullmatch(value)
        minute = 60 * int(found[1]) + int(found[2]) if found else -1
        if not 0 <= minute <= hours.DAY_MINUTES:
            self.fail("indiquez une heure, par exemple 9h30.", param, ctx)
        return minute


@click.group("waiting", cls=SpeakingGroup)
def waiting() -> None:
    """La liste d’attente : qui attend quoi, et ce qui leur est proposé."""


@command("add")
@click.argument("type_code", metavar="[TYPE]", required=False)
@click.option("--session", "session_uid", metavar="UID", help="Une séance collective, au lieu d’un motif.")
@click.option("--usager", metavar="QUI", help="Numéro d’usager, ou « NOM Prénom » : retrouvé, sinon créé.")
@click.option("--email", metavar="ADRESSE", help="Adresse électronique de la personne à créer.")
@click.option("--phone", metavar="NUMÉRO", help="Téléphone de la personne à créer.")
@click.option("--new", "always_new", is_flag=True, help="Crée la personne même si une autre porte ce nom.")
@click.option("--professional", metavar="CODE", help="Avec ce professionnel ; sinon, n’importe lequel.")
@click.option("--from", "first_day", type=values.Day(), help="Le premier jour qui convient ; sinon, aujourd’hui.")
@click.option("--to", "last_day", type=values.Day(), help="Le dernier jour qui convient. Obligatoire avec un motif.")
@click.option(
    "--weekday", "weekdays", type=values.Whole(1, 7), multiple=True, help="1 (lundi) à 7 ; répétable ; sinon, tous."
)
@click.option("--after", "starts", type=Hour(), help="À partir de cette heure.")
@click.option("--before", "ends", type=Hour(), help="Avant cette heure.")
@acting.repeatable
@as_json
@click.pass_context
def add(ctx: click.Context, /, as_json: bool, **given: Any) -> None:
    """Note qu’une personne attend un motif, ou une place dans une séance.

    Un service confidentiel reçoit par code : sans --usager un code est créé, et aucun nom n’est accepté.

    Clés JSON : uid, usager, type, professional, session, from, to, weekdays, after, before, since, proposal.
    """
    _check(ctx, given)
    session = db.session()
    key, act = acting.key(given["key"]), acting.act()
    kind = _type(session, given)
    if given["usager"] is None and not kind.confidential:
        raise click.MissingParameter(ctx=ctx, param=values.param(ctx, "usager"))
    who = Who(given["usager"], given["email"], given["phone"], given["always_new"])
    whom = usagers.meant(session, kind, who, act.now, engine.served_at(session, key))
    entered = engine.wait(_request(session, given, key, whom, act.now), act)
    _write(session, entered, as_json)


def _check(ctx: click.Context, given: dict[str, Any]) -> None:
    """A type with its days, or a session: not both, and not neither. Raises Misuse and MissingParameter."""
    if (given["type_code"] is None) == (given["session_uid"] is None):
        raise Misuse("TYPE ou --session : indiquez l’un des deux.", ctx)
    if given["session_uid"] is not None and any(given[name] not in (None, ()) for name in OF_A_TYPE):
        raise Misuse("--session : une séance a déjà son professionnel, son jour et son heure.", ctx)
    if given["type_code"] is not None and given["last_day"] is None:
        raise click.MissingParameter(ctx=ctx, param=values.param(ctx, "last_day"))


def _type(session: Session, given: dict[str, Any]) -> TypeFacts:
    if given["session_uid"] is not None:
        return lookups.type_of(session, reading.find(session, given["session_uid"]).type_id)
    return lookups.appointment_type(session, given["type_code"])


def _request(session: Session, given: dict[str, Any], key: str, whom: Any, now: datetime) -> Wait | WaitForSession:
    if given["session_uid"] is not None:
        return WaitForSession(key, given["session_uid"], whom)
    wishes = Wishes(
        given["first_day"] or now.astimezone(lookups.zone(session)).date(),
        given["last_day"],
        frozenset(given["weekdays"]),
        given["starts"] or 0,
        hours.DAY_MINUTES if given["ends"] is None else given["ends"],
    )
    led_by = lookups.professional(session, given["professional"]).id if given["professional"] else None
    return Wait(key, lookups.appointment_type(session, given["type_code"]).id, whom, wishes, led_by)


@command("list")
@as_json
def list_(as_json: bool) -> None:
    """Montre qui attend, dans l’ordre d’arrivée, et ce qui leur est proposé.

    Clés JSON : liste de uid, usager, type, professional, session, from, to, weekdays, after, before, since, proposal.
    """
    session = db.session()
    found = engine.standing(session)
    lines = [line for one in found for line in _lines(one, lookups.zone(session))]
    answers.write(as_json, [_object(session, one) for one in found], lines or ["Personne n’attend."])


@command("withdraw")
@click.argument("uid", metavar="UID")
@as_json
def withdraw(uid: str, as_json: bool) -> None:
    """Retire une demande de la liste ; ce qui lui était proposé est libéré.

    Clés JSON : withdrawn.
    """
    engine.withdraw(uid, acting.act())
    answers.write(as_json, {"withdrawn": uid}, ["Demande retirée de la liste d’attente."])


@command("propose")
@as_json
def propose(as_json: bool) -> None:
    """Propose ce qui est libre à ceux qui attendent.

    Le processus d’arrière-plan le fait chaque minute.

    Clés JSON : liste de uid, start, expires_at, waiting, usager.
    """
    zone = lookups.zone(db.session())
    made = reservations.propose(clock.now())
    found = [
        {
            "uid": one.uid,
            "start": answers.iso(one.start, zone),
            "expires_at": answers.iso(one.expires_at, zone),
            "waiting": one.waiting_uid,
            "usager": one.usager_id,
        }
        for one in made
    ]
    answers.write(as_json, found, _said(made, zone) or ["Rien de nouveau à proposer."])


@command("decline")
@click.argument("uid", metavar="PROPOSITION")
@as_json
def decline(uid: str, as_json: bool) -> None:
    """Note qu’une proposition ne convient pas : elle va à la personne suivante.

    Clés JSON : declined.
    """
    engine.decline(uid)
    answers.write(as_json, {"declined": uid}, ["Proposition refusée : la demande reste dans la liste."])


@command("accept")
@click.argument("uid", metavar="PROPOSITION")
@acting.repeatable
@as_json
def accept(uid: str, key: str | None, as_json: bool) -> None:
    """Réserve ce qui était proposé ; la demande quitte la liste.

    Clés JSON : uid, start, end, room, status, sequence.
    """
    session, act = db.session(), acting.act()
    answer = proposals.answer_to(session, acting.key(key), uid)
    outcome = reservations.book(answer, act) if isinstance(answer, Book) else reservations.join(answer, act)
    acting.answer(session, outcome, "Rendez-vous réservé.", as_json)


def tell_proposed(as_json: bool) -> None:
    """Propose what a command has freed, and say so to the person at the command line; or the worker does it."""
    try:
        made = reservations.propose(clock.now())
    except DatabaseUnavailable:
        return  # what was asked is done, and said
    if not as_json:
        for line in _said(made, lookups.zone(db.session())):
            click.echo(line)


def _said(made: list[reservations.Proposed], zone: ZoneInfo) -> list[str]:
    return [
        f"Créneau proposé à l’usager n° {one.usager_id}, retenu jusqu’au {french.moment(one.expires_at, zone)} :"
        f" {french.moment(one.start, zone)}. {one.uid}"
        for one in made
    ]


def _write(session: Session, entered: Entered, as_json: bool) -> None:
    found = engine.find(session, entered.uid)
    lines = ["Demande notée dans la liste d’attente.", *_lines(found, lookups.zone(session))]
    answers.write(as_json, _object(session, found), lines)


def _object(session: Session, one: Waiting) -> dict[str, Any]:
    zone = lookups.zone(session)
    return {
        "uid": one.uid,
        "usager": one.usager_id,
        "type": one.type.code,
        "professional": one.professional.code if one.professional else None,
        "session": one.appointment.uid if one.appointment else None,
        "from": one.first_day.isoformat(),
        "to": one.last_day.isoformat(),
        "weekdays": sorted(one.wishes.weekdays),
        "after": french.wall_hour(one.starts),
        "before": french.wall_hour(one.ends),
        "since": answers.iso(one.created_at, zone),
        "proposal": _proposal(one.pending, zone) if one.pending else None,
    }


def _proposal(one: Proposal, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "uid": one.uid,
        "start": answers.iso(one.starts_at, zone),
        "professional": one.professional.code if one.professional else None,
        "expires_at": answers.iso(one.expires_at, zone),
    }


def _lines(one: Waiting, zone: ZoneInfo) -> list[str]:
    who = f"{one.usager.name} (n° {one.usager_id})"
    lines = [f"{one.uid}  {who}, {one.type.name}, {wished(one, zone)}"]
    if one.pending is not None:
        start, until = one.pending.starts_at, one.pending.expires_at
        lines.append(
            f"  proposé : {french.moment(start, zone)}, retenu jusqu’au {french.moment(until, zone)}. {one.pending.uid}"
        )
    return lines


def wished(one: Waiting, zone: ZoneInfo) -> str:
    """What would suit, « du 23/11/2026 au 27/11/2026, lundi, de 9h00 à 12h00, avec Mme Claude Roux »."""
    if one.appointment is not None:
        return f"séance du {french.moment(one.appointment.starts_at, zone)}"
    parts = [f"du {french.short_day(one.first_day)} au {french.short_day(one.last_day)}"]
    if one.weekdays:
        parts.append(french.listed([labels.WEEKDAYS[day] for day in sorted(one.weekdays)]))
    if (one.starts, one.ends) != (0, hours.DAY_MINUTES):
        parts.append(f"de {french.wall_hour(one.starts)} à {french.wall_hour(one.ends)}")
    if one.professional is not None:
        parts.append(f"avec {one.professional.name}")
    return ", ".join(parts)


for _command in (add, list_, withdraw, propose, decline, accept):
    waiting.add_command(_command)
