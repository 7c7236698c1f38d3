"""An absence or a closure: what it hits, then storing it with what becomes of each appointment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking import french
from booking.cli import acting, answers, values
from booking.cli.speaking import Function, SpeakingGroup, as_json, command, described_by
from booking.db import db
from booking.messages import calls, fate
from booking.messages.calls import Person
from booking.people.models import Professional
from booking.reservations import impact as engine
from booking.reservations import store
from booking.reservations.displacing import Decision, Displace, Moved, Otherwise
from booking.reservations.displacing import displace as carry_out
from booking.reservations.impact import Absent, Cause, Closed, Hit
from booking.reservations.models import Command
from booking.rooms.models import Room
from booking.slots import lookups


class Pair(click.ParamType[tuple[str, str]]):
    """An appointment and something about it: « UID=VALEUR »."""

    name = "pair"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Cut it in two; fails without the sign."""
        uid, sign, text = str(value).partition("=")
        if not (uid and sign and text):
            self.fail("écrivez UID=VALEUR.", param, ctx)
        return uid, text


def _of_somebody(function: Function) -> Function:
    option = click.option("--professional", metavar="CODE", required=True, help="Le professionnel absent.")
    return option(_period(function))


def _of_a_place(function: Function) -> Function:
    option = click.option("--room", metavar="CODE", help="La salle fermée ; sans cette option, tout le site.")
    return option(_period(function))


def _period(function: Function) -> Function:
    start = click.option("--start", metavar="QUAND", required=True, help=f"Le début. {acting.START_HELP}")
    end = click.option("--to", "end", metavar="QUAND", required=True, help="La fin, de la même façon.")
    return start(end(as_json(function)))


_deciding = described_by(
    click.option("--move", type=Pair(), metavar="UID=QUAND", multiple=True, help="Déplace ; répétable."),
    click.option("--colleague", type=Pair(), metavar="UID=CODE", multiple=True, help="Confie à un collègue."),
    click.option("--to-room", type=Pair(), metavar="UID=CODE", multiple=True, help="Change de salle."),
    click.option("--cancel", metavar="UID", multiple=True, help="Annule, par le service ; répétable."),
    click.option("--cancel-all", is_flag=True, help="Annule tous ceux dont rien d’autre n’est dit."),
    click.option("--leave", metavar="UID", multiple=True, help="Laisse tel quel ; répétable."),
    click.option("--leave-all", is_flag=True, help="Laisse tels quels tous ceux dont rien d’autre n’est dit."),
    acting.repeatable,
)


# ------------------------------------------------------------------ what it hits


@click.group("impact", cls=SpeakingGroup)
def impact() -> None:
    """Les rendez-vous qu’une absence ou une fermeture toucherait."""


@command("absence")
@_of_somebody
@click.pass_context
def absence(ctx: click.Context, /, as_json: bool, **given: Any) -> None:
    """Montre ce qu’une absence toucherait, et où chaque rendez-vous pourrait aller. Rien n’est enregistré.

    Clés JSON : liste de uid, version, start, end, room, professionals, usagers (usager, silence), destinations
    (start, professionals, room).
    """
    _show(db.session(), _absent(ctx, given), as_json)


@command("closure")
@_of_a_place
@click.pass_context
def closure(ctx: click.Context, /, as_json: bool, **given: Any) -> None:
    """Montre ce que la fermeture du site, ou d’une salle, toucherait. Rien n’est enregistré.

    Clés JSON : celles de « impact absence ».
    """
    _show(db.session(), _closed(ctx, given, ""), as_json)


def _absent(ctx: click.Context, given: dict[str, Any]) -> Absent:
    session = db.session()
    zone = lookups.zone(session)
    who = lookups.professional(session, given["professional"]).id
    start, end = (values.instant(ctx, name, given[name], zone) for name in ("start", "end"))
    return Absent(who, start, end)


def _closed(ctx: click.Context, given: dict[str, Any], label: str) -> Closed:
    session = db.session()
    site = lookups.site(session)
    room_id = lookups.room(session, given["room"]).id if given["room"] else None
    start, end = (values.instant(ctx, name, given[name], site.zone) for name in ("start", "end"))
    return Closed(site.id, room_id, start, end, label)


class _Words:
    """Codes and hours, as programs and people read them."""

    def __init__(self, session: Session) -> None:
        self.zone = lookups.zone(session)
        self.people = {key: code for key, code in session.execute(sa.select(Professional.id, Professional.code))}
        self.rooms = {key: code for key, code in session.execute(sa.select(Room.id, Room.code))}

    def codes(self, ids: frozenset[int]) -> list[str]:
        """The professionals' codes."""
        return sorted(self.people[key] for key in ids)


def _show(session: Session, cause: Cause, as_json: bool) -> None:
    hits = engine.of(session, cause, acting.act())
    people = calls.reach(session, [hit.uid for hit in hits])
    words = _Words(session)
    lines = [f"Rendez-vous touchés : {len(hits)}."]
    lines += [line for hit in hits for line in _lines(hit, people[hit.uid], words)]
    answers.write(as_json, [_object(hit, people[hit.uid], words) for hit in hits], lines)


def _object(hit: Hit, people: Sequence[Person], words: _Words) -> dict[str, Any]:
    return {
        "uid": hit.uid,
        "version": hit.version,
        "start": answers.iso(hit.start, words.zone),
        "end": answers.iso(hit.end, words.zone),
        "room": words.rooms.get(hit.room_id or 0),
        "professionals": words.codes(hit.professional_ids),
        "usagers": [{"usager": each.usager_id, "silence": each.silence} for each in people],
        "destinations": [
            {
                "start": answers.iso(each.start, words.zone),
                "professionals": words.codes(each.professional_ids or hit.professional_ids),
                "room": words.rooms.get(each.room_id or 0),
            }
            for each in hit.destinations
        ],
    }


def _lines(hit: Hit, people: Sequence[Person], words: _Words) -> Iterator[str]:
    yield f"{hit.uid}  {french.moment(hit.start, words.zone)}  {words.rooms.get(hit.room_id or 0, '')}".rstrip()
    for each in people:
        told = f"à appeler, {fate.REASONS[each.silence]}" if each.silence else "joignable par courriel"
        yield f"    {each.who} : {told}"
    for destination in hit.destinations:
        who = french.listed(words.codes(destination.professional_ids or hit.professional_ids))
        room = f", salle {words.rooms[destination.room_id]}" if destination.room_id else ""
        yield f"    possible : {french.moment(destination.start, words.zone)}, {who}{room}"


# ------------------------------------------------------------------ storing it


@click.group("displace", cls=SpeakingGroup)
def displace() -> None:
    """Enregistre une absence ou une fermeture, et ce que deviennent les rendez-vous touchés : tout, ou rien."""


@command("absence")
@_of_somebody
@_deciding
@click.pass_context
def displace_absence(ctx: click.Context, /, as_json: bool, **given: Any) -> None:
    """Enregistre une absence. Chaque rendez-vous touché doit avoir sa décision ; « impact absence » les montre.

    Clés JSON : liste de uid, start, end, room, status, sequence.
    """
    _carry_out(ctx, _absent(ctx, given), given, "Absence enregistrée", as_json)


@command("closure")
@_of_a_place
@click.option("--label", metavar="TEXTE", required=True, help="Pourquoi, en quelques mots.")
@_deciding
@click.pass_context
def displace_closure(ctx: click.Context, /, as_json: bool, **given: Any) -> None:
    """Enregistre une fermeture. Chaque rendez-vous touché doit avoir sa décision ; « impact closure » les montre.

    Clés JSON : liste de uid, start, end, room, status, sequence.
    """
    _carry_out(ctx, _closed(ctx, given, given["label"]), given, "Fermeture enregistrée", as_json)


def _carry_out(ctx: click.Context, cause: Cause, given: dict[str, Any], done: str, as_json: bool) -> None:
    if given["cancel_all"] and given["leave_all"]:
        raise click.BadParameter("ne va pas avec --cancel-all.", ctx, values.param(ctx, "leave_all"))
    session = db.session()
    act, key = acting.act(), acting.key(given["key"])
    decisions = _decisions(session, ctx, cause, given, _concerned(session, key, cause))
    outcomes = carry_out(Displace(key, cause, tuple(decisions)), act)
    zone = lookups.zone(session)
    lines = [f"{done}. Rendez-vous traités : {len(outcomes)}."]
    lines += [f"{each.uid}  {french.moment(each.start, zone)}  {each.room or ''}".rstrip() for each in outcomes]
    answers.write(as_json, [answers.outcome_object(each, zone) for each in outcomes], lines)


def _concerned(session: Session, key: str, cause: Cause) -> list[str]:
    """The appointments hit now or, when the key has served, those that were hit then."""
    served = session.get(Command, key)
    if served is not None:
        return [each["uid"] for each in served.answer.get("all", ())]
    return [state.uid for state in engine.hits(session, cause, acting.act().now)]


def _decisions(
    session: Session, ctx: click.Context, cause: Cause, given: dict[str, Any], hit: Sequence[str]
) -> Iterator[Decision]:
    """What was said of each appointment, then what is said of all the others."""
    named = [Decision(uid, None, to) for uid, to in _moves(session, ctx, cause, given).items()]
    named += [Decision(uid, None, "cancelled") for uid in given["cancel"]]
    named += [Decision(uid, None, "left_alone") for uid in given["leave"]]
    yield from named
    if given["cancel_all"] or given["leave_all"]:
        already = {each.uid for each in named}
        rest: Otherwise = "cancelled" if given["cancel_all"] else "left_alone"
        yield from (Decision(uid, None, rest) for uid in hit if uid not in already)


def _moves(session: Session, ctx: click.Context, cause: Cause, given: dict[str, Any]) -> dict[str, Moved]:
    """Where each goes: several options may speak of one appointment."""
    zone = lookups.zone(session)
    found: dict[str, Moved] = {}
    for uid, text in given["move"]:
        found[uid] = Moved(values.instant(ctx, "move", text, zone))
    for uid, code in given["colleague"]:
        people = _taken_over(session, uid, cause, lookups.professional(session, code).id)
        found[uid] = replace(found.get(uid, Moved()), professional_ids=people)
    for uid, code in given["to_room"]:
        found[uid] = replace(found.get(uid, Moved()), room_id=lookups.room(session, code).id)
    return found


def _taken_over(session: Session, uid: str, cause: Cause, colleague: int) -> frozenset[int]:
    """Who receives once a colleague takes the place of the one who is absent or, for a closure, of everybody."""
    if isinstance(cause, Closed):
        return frozenset({colleague})
    return store.read(session, uid).professional_ids - {cause.professional_id} | {colleague}


impact.add_command(absence)
impact.add_command(closure)
displace.add_command(displace_absence)
displace.add_command(displace_closure)
