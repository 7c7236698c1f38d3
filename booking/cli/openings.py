"""When professionals receive: every so many weeks, by rank in the month, on one date; with exceptions and periods."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking import clock, french, labels
from booking.cli import answers, values
from booking.cli.speaking import Function, SpeakingGroup, as_json, command, described_by
from booking.db import LARGEST_KEY, db
from booking.errors import Invalid, NotFound
from booking.slots import lookups, openings, planned, planning, revising, wording
from booking.slots.hours import MOST_WEEKS
from booking.slots.models import Opening, OpeningException
from booking.slots.openings import NewOpening, Standing

RANKS = {"1": 1, "2": 2, "3": 3, "4": 4, "last": -1}
TOGETHER = {"starts": "hours", "ends": "hours"}  # what the command takes as one text
NUMBER = click.argument("number", metavar="NUMÉRO", type=values.Whole(1, LARGEST_KEY))
DAY = click.argument("day", metavar="JOUR", type=values.Day())


@click.group("openings", cls=SpeakingGroup)
def group() -> None:
    """Les plages d’ouverture d’un professionnel."""


def _described(*, hours_required: bool) -> Callable[[Function], Function]:
    """The options that say when an opening takes place."""
    return described_by(
        click.option("--from", "first_day", type=values.Day(), required=True, help="Le premier jour."),
        click.option("--to", "last_day", type=values.Day(), help="Le dernier jour, compris ; sinon, sans fin."),
        click.option("--hours", metavar="HEURES", required=hours_required, help="Par exemple « 9h-12h et 14h-17h »."),
        click.option(
            "--weekday", "weekdays", type=values.Whole(1, 7), multiple=True, help="1 (lundi) à 7 ; répétable."
        ),
        click.option("--every", type=values.Whole(1, MOST_WEEKS), help="Une semaine sur tant ; sinon, chaque semaine."),
        click.option("--rank", "ranks", type=values.OneOf(tuple(RANKS)), multiple=True, help="Rang dans le mois."),
        click.option(
            "--periods",
            type=values.OneOf(("only", "except", "always")),
            help="Seulement pendant les périodes du site, ou sauf pendant.",
        ),
        click.option("--on-call/--by-appointment", default=None, help="Permanence, sans rendez-vous ; ou non."),
    )


@command("list")
@click.argument("professional", metavar="CODE")
@as_json
def list_(professional: str, as_json: bool) -> None:
    """Montre les plages d’un professionnel qui ne sont pas finies.

    Clés JSON : liste de id, weekdays, from, to, starts, ends, every, ranks, periods, on_call, exceptions, next, meets.
    """
    session = db.session()
    found = _standing(session, lookups.professional(session, professional).id)
    lines = [line for each in found for line in _lines(each)]
    answers.write(as_json, [_object(each) for each in found], lines or ["Aucune plage à venir."])


@command("add")
@click.argument("professional", metavar="CODE")
@_described(hours_required=True)
@as_json
def add(professional: str, as_json: bool, **given: Any) -> None:
    """Ajoute une plage, ou plusieurs le même jour : toutes, ou aucune. Sans --weekday, elle n’a qu’une date.

    Clés JSON : celles de « openings list ».
    """
    session = db.session()
    new = NewOpening(
        lookups.professional(session, professional).id,
        lookups.site(session).id,
        frozenset(given["weekdays"]) or None,
        given["first_day"],
        given["last_day"],
        0,
        0,
        every=given["every"] or 1,
        ranks=_ranks(given["ranks"]),
        periods=None if given["periods"] == "always" else given["periods"],
        on_call=bool(given["on_call"]),
    )
    with _hours_in_one():
        keys = planning.add_openings(new.at(planned.blocks(given["hours"])), clock.now())
    _show(new.professional_id, keys, as_json)


@command("change")
@NUMBER
@_described(hours_required=False)
@as_json
def change(number: int, as_json: bool, **given: Any) -> None:
    """Change une plage à partir du jour --from ; ce qui n’est pas dit ne change pas, le passé non plus.

    Clés JSON : celles de « openings list ».
    """
    old = _find(db.session(), number)
    blocks = planned.blocks(given["hours"]) if given["hours"] is not None else [(old.starts, old.ends)]
    new = _changed(old, given)
    with _hours_in_one():
        keys = revising.change_opening(number, new.at(blocks), clock.now())
    _show(new.professional_id, keys, as_json)


def _changed(old: Opening, given: dict[str, Any]) -> NewOpening:
    rule = openings.rule_of(old)
    recurs_anew = given["every"] is not None or given["ranks"]
    periods = old.periods if given["periods"] is None else given["periods"]
    return NewOpening(
        old.professional_id,
        old.site_id,
        frozenset(given["weekdays"]) or rule.weekdays,
        given["first_day"],
        given["last_day"] or old.last_day,
        old.starts,
        old.ends,
        every=(given["every"] or 1) if recurs_anew else old.every,
        ranks=_ranks(given["ranks"]) if recurs_anew else rule.ranks,
        periods=None if periods == "always" else periods,
        on_call=old.on_call if given["on_call"] is None else given["on_call"],
    )


@command("end")
@NUMBER
@click.option("--to", "last_day", type=values.Day(), required=True, help="Le dernier jour, compris.")
@as_json
def end(number: int, last_day: date, as_json: bool) -> None:
    """Termine une plage. Les rendez-vous pris restent.

    Clés JSON : id, to.
    """
    planning.end_opening(number, last_day)
    answers.write(as_json, {"id": number, "to": last_day.isoformat()}, ["Plage d’ouverture terminée."])


@command("remove")
@NUMBER
@as_json
def remove(number: int, as_json: bool) -> None:
    """Retire une plage, comme si elle n’avait jamais été. Les rendez-vous pris restent.

    Clés JSON : removed.
    """
    planning.remove_opening(number)
    answers.write(as_json, {"removed": number}, ["Plage d’ouverture retirée."])


@command("skip")
@NUMBER
@DAY
@as_json
def skip(number: int, day: date, as_json: bool) -> None:
    """Note qu’une plage n’a pas lieu un de ses jours. Les rendez-vous pris restent.

    Clés JSON : id, day, skipped.
    """
    revising.add_exception(number, day, clock.now())
    _say_skipped(number, day, True, f"Cette plage n’aura pas lieu le {french.long_day(day)}.", as_json)


@command("unskip")
@NUMBER
@DAY
@as_json
def unskip(number: int, day: date, as_json: bool) -> None:
    """Note qu’une plage aura lieu ce jour-là, finalement.

    Clés JSON : id, day, skipped.
    """
    query = sa.select(OpeningException.id).where(OpeningException.opening_id == number, OpeningException.day == day)
    revising.remove_exception(db.session().scalar(query) or 0)
    _say_skipped(number, day, False, f"Cette plage aura lieu le {french.long_day(day)}.", as_json)


def _say_skipped(number: int, day: date, skipped: bool, line: str, as_json: bool) -> None:
    answers.write(as_json, {"id": number, "day": day.isoformat(), "skipped": skipped}, [line])


# ------------------------------------------------------------------ what is read and written


def _ranks(given: Sequence[str]) -> frozenset[int]:
    return frozenset(RANKS[text] for text in given)


@contextmanager
def _hours_in_one() -> Iterator[None]:
    """A refusal of a start or an end is one of --hours."""
    try:
        yield
    except Invalid as refusal:
        field = TOGETHER.get(refusal.field, refusal.field)
        raise Invalid(field, refusal.rule, **refusal.facts) from refusal


def _find(session: Session, number: int) -> Opening:
    found = session.get(Opening, number)
    if found is None:
        raise NotFound("opening")
    return found


def _standing(session: Session, professional_id: int) -> list[Standing]:
    today = clock.now().astimezone(lookups.zone(session)).date()
    return openings.standing(session, professional_id, today)


def _show(professional_id: int, keys: Sequence[int], as_json: bool) -> None:
    found = [each for each in _standing(db.session(), professional_id) if each.opening.id in keys]
    answers.write(as_json, [_object(each) for each in found], [line for each in found for line in _lines(each)])


def _object(each: Standing) -> dict[str, Any]:
    opening = each.opening
    rule = openings.rule_of(opening)
    return {
        "id": opening.id,
        "weekdays": sorted(rule.weekdays or ()),
        "from": opening.first_day.isoformat(),
        "to": _iso(opening.last_day),
        "starts": french.wall_hour(opening.starts),
        "ends": french.wall_hour(opening.ends),
        "every": opening.every,
        "ranks": [text for text, rank in RANKS.items() if rank in rule.ranks],
        "periods": opening.periods,
        "on_call": opening.on_call,
        "exceptions": [one.day.isoformat() for one in each.exceptions],
        "next": _iso(each.next_day),
        "meets": _iso(each.meets),
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _lines(each: Standing) -> Iterator[str]:
    opening = each.opening
    yield f"{opening.id}  {wording.whole(opening)}"
    yield from (f"    {labels.title(note)}." for note in wording.notes(opening))
    if each.exceptions:
        yield f"    N’a pas lieu : {', '.join(french.short_day(one.day) for one in each.exceptions)}."
    if each.meets:
        yield f"    Attention : recouvre une autre plage, d’abord le {french.long_day(each.meets)}."
    yield f"    Prochaine fois : {french.long_day(each.next_day) if each.next_day else 'aucune'}."


for each_command in (list_, add, change, end, remove, skip, unskip):
    group.add_command(each_command)
