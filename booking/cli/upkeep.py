"""Setting up, filling with the demonstration, proving that all is right, and the background process."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path

import click
from flask import current_app
from sqlalchemy.orm import Session

import booking.demo as demonstration
from booking import clock, jobs, messages, schema
from booking.cli import answers, values
from booking.cli.speaking import as_json, command
from booking.db import db
from booking.reservations import ways
from booking.reservations.doctor import Problem, examine
from booking.rooms import inventory
from booking.slots import lookups

MORNING = timedelta(hours=8)
LATELY = timedelta(days=30)
NOT_EMPTY = "La base contient déjà des données : rien n’a été chargé."
PROBLEMS = {
    "guard": "La base n’empêche plus les chevauchements",
    "configuration": "La base ne signale plus que la configuration a changé",
    "append_only": "La base n’empêche plus de réécrire l’histoire",
    "overlap": "Deux occupations se chevauchent",
    "occupancy": "Ce qui est pris n’est pas ce que prend le rendez-vous",
    "taken_day": "Ce que les recherches lisent n’est pas ce qui est pris",
    "seated": "Ce rendez-vous pourrait changer de salle à tort, ou ne le pourrait plus",
    "history": "L’histoire ne mène pas au rendez-vous tel qu’il est",
    "seats": "Plus de participants que de places",
    "hold": "Un créneau retenu ne tient rien",
    "proposal": "Une proposition et son créneau retenu ne vont pas ensemble",
    "reserved_room": "Salle réservée à un autre service",
    "other_site": "Salle d’un autre site",
    "namespace": "Une personne d’un autre service prend part au rendez-vous",
    "message": "Les messages ne sont pas ceux qui sont dus",
    "schema": "Le schéma n’est pas à jour",
}
WORDS = {
    "accepts": "accepte",
    "and": "et",
    "appointment": "rendez-vous",
    "hold": "créneau retenu",
    "in": "en salle",
    "missing": "manque",
    "no appointment": "rendez-vous inconnu",
    "occupancy": "occupation",
    "proposal": "proposition",
    "resource": "ressource",
    "unexpected": "en trop",
    "unjustified": "sans raison",
}
ENGLISH = re.compile(rf"\b({'|'.join(sorted(WORDS, key=len, reverse=True))})\b(:?)")


@command("init")
@click.option("--site", "file", metavar="FICHIER", help="Un autre site que le premier : un fichier TOML.")
@as_json
@click.pass_context
def init(ctx: click.Context, file: str | None, as_json: bool) -> None:
    """Crée ou met à jour le schéma, et charge le site ; peut être répétée.

    Un fichier fautif n’est pas chargé du tout : chaque faute est dite avec sa ligne et son champ.
    """
    text = inventory.first_site() if file is None else _read(ctx, file)
    schema.upgrade(db.engine)
    inventory.load_site(text)
    answers.write(as_json, {"initialised": True}, ["La base est prête."])


def _read(ctx: click.Context, file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise click.BadParameter("ce fichier n’est pas un texte en UTF-8.", ctx, values.param(ctx, "file")) from error
    except (OSError, ValueError) as error:
        raise click.BadParameter("ce fichier ne peut pas être lu.", ctx, values.param(ctx, "file")) from error


@command("demo")
@click.option("--seed", type=values.Whole(0, 2**31 - 1), default=42, help="Graine du hasard : 42 sans cette option.")
@click.option("--today", type=values.Day(), help="Le jour pris pour aujourd’hui, à 8h00 ; sinon, maintenant.")
@click.option("--if-empty", is_flag=True, help="Ne fait rien, sans erreur, quand il y a déjà des données.")
@as_json
def demo(seed: int, today: date | None, if_empty: bool, as_json: bool) -> None:
    """Charge des données fictives : 40 professionnels, 600 usagers, six semaines de rendez-vous.

    Même graine et même jour, mêmes données. Les messages déjà dus sont notés envoyés sans l’être : la boîte aux
    lettres commence vide. L’agent de démonstration est « accueil » : « agent link accueil » donne un lien.

    Clés JSON : loaded, professionals, types, usagers, appointments.
    """
    session = db.session()
    if not demonstration.is_empty(session):
        if not if_empty:
            raise answers.Refusal("not_empty", NOT_EMPTY, as_json)
        return answers.write(as_json, {"loaded": False}, [NOT_EMPTY])
    zone = lookups.zone(session)
    now = values.midnight(today, zone) + MORNING if today else clock.now()
    if not as_json:
        click.echo("Chargement de la démonstration…")  # it takes some seconds
    loaded = demonstration.load(seed, now)
    line = (
        f"Démonstration chargée : {loaded.professionals} professionnels, {loaded.types} motifs,"
        f" {loaded.usagers} usagers, {loaded.appointments} rendez-vous."
    )
    return answers.write(as_json, {"loaded": True, **asdict(loaded)}, [line])


@command("doctor")
@as_json
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Prouve sur les données que tout est juste : gardes, occupations, messages, schéma. Sort avec 1 sinon.

    Dit aussi, sans --json, combien de demandes ont été refusées depuis 30 jours sans avoir tout essayé pour libérer
    une salle.

    Clés JSON : liste de check, about, message.
    """
    problems = list(_problems(clock.now()))
    found = [{"check": one.check, "about": one.about, "message": _sentence(one)} for one in problems]
    said = [_sentence(one) for one in problems] or ["Tout est en ordre."]
    answers.write(as_json, found, [*said, *([] if problems else _given_up(clock.now()))])
    ctx.exit(1 if problems else 0)


def _given_up(now: datetime) -> Iterator[str]:
    count = ways.given_up_since(db.session(), now - LATELY)
    if count:
        plural = "s" if count > 1 else ""
        yield f"Depuis 30 jours, {count} demande{plural} refusée{plural} faute de temps pour libérer une salle."


def _problems(now: datetime) -> Iterator[Problem]:
    """Another schema than this code's makes every other question meaningless."""
    with db.engine.connect() as connection:
        up_to_date = schema.at_head(connection)
    if not up_to_date:
        yield Problem("schema", "lancez « flask --app wsgi init »")
        return

    def due_messages(session: Session) -> Iterator[Problem]:
        return messages.audit(session, now)

    yield from examine([due_messages])


def _sentence(problem: Problem) -> str:
    about = ENGLISH.sub(lambda found: WORDS[found[1]] + found[2].replace(":", " "), problem.about)
    return f"{PROBLEMS[problem.check]} : {about}."


@command("worker")
def worker() -> None:
    """Le processus d’arrière-plan : envoie, rappelle, range. Ctrl-C pour l’arrêter."""
    jobs.run_worker(current_app._get_current_object())  # type: ignore[attr-defined]  # of the proxy
