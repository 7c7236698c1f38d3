"""The periods of the site, school holidays above all."""

from __future__ import annotations

from datetime import date

import click

from booking import clock, french
from booking.cli import answers, values
from booking.cli.speaking import SpeakingGroup, as_json, command
from booking.db import LARGEST_KEY, db
from booking.slots import lookups, periods


@click.group("periods", cls=SpeakingGroup)
def group() -> None:
    """Les périodes du site, par exemple les vacances scolaires."""


@command("list")
@as_json
def list_(as_json: bool) -> None:
    """Montre les périodes qui ne sont pas finies.

    Clés JSON : liste de id, name, from, to.
    """
    session = db.session()
    site = lookups.site(session)
    found = periods.standing(session, site.id, clock.now().astimezone(site.zone).date())
    objects = [
        {"id": one.id, "name": one.name, "from": one.first_day.isoformat(), "to": one.last_day.isoformat()}
        for one in found
    ]
    rows = [(str(one.id), one.name, french.short_day(one.first_day), french.short_day(one.last_day)) for one in found]
    answers.write(as_json, objects, answers.table(rows) or ["Aucune période à venir."])


@command("add")
@click.argument("name", metavar="NOM")
@click.option("--from", "first_day", type=values.Day(), required=True, help="Le premier jour.")
@click.option("--to", "last_day", type=values.Day(), required=True, help="Le dernier jour, compris.")
@as_json
def add(name: str, first_day: date, last_day: date, as_json: bool) -> None:
    """Ajoute une période : des plages n’ont lieu que pendant les périodes, d’autres sauf pendant.

    Clés JSON : id.
    """
    key = periods.add_period(lookups.site(db.session()).id, name, first_day, last_day, clock.now())
    answers.write(as_json, {"id": key}, [f"Période ajoutée : {key}."])


@command("remove")
@click.argument("number", metavar="NUMÉRO", type=values.Whole(1, LARGEST_KEY))
@as_json
def remove(number: int, as_json: bool) -> None:
    """Retire une période.

    Clés JSON : removed.
    """
    periods.remove_period(number)
    answers.write(as_json, {"removed": number}, ["Période retirée."])


for each_command in (list_, add, remove):
    group.add_command(each_command)
