"""Accounts of those who sign in; nobody ever gets a password made by somebody else."""

from __future__ import annotations

import click
from flask import current_app

from booking import clock
from booking.access import credentials
from booking.cli import answers
from booking.cli.speaking import SpeakingGroup, as_json, command
from booking.config import Settings
from booking.db import db
from booking.errors import NotFound
from booking.people import fields


@click.group("agent", cls=SpeakingGroup)
def agent() -> None:
    """Les comptes des agents, et leurs liens de connexion."""


@command("create")
@click.argument("login", metavar="IDENTIFIANT")
@click.option("--name", metavar="NOM", required=True, help="Le nom montré à l’écran.")
@as_json
def create(login: str, name: str, as_json: bool) -> None:
    """Crée un compte sans mot de passe et écrit un lien, valable une fois, pour en choisir un.

    Clés JSON : login, link.
    """
    credentials.create_agent(login, name, clock.now())
    _write_link(login, as_json)


@command("link")
@click.argument("login", metavar="IDENTIFIANT")
@as_json
def link(login: str, as_json: bool) -> None:
    """Écrit un nouveau lien de connexion, valable une fois ; les précédents cessent de marcher.

    Clés JSON : login, link.
    """
    if fields.has_control_characters(login):
        raise NotFound("agent")
    _write_link(login, as_json)


def _write_link(login: str, as_json: bool) -> None:
    agent_id = credentials.agent_by_login(db.session(), login).id
    settings: Settings = current_app.extensions["booking"]
    address = f"{settings.public_url}/lien/{credentials.issue_link(agent_id, clock.now())}"
    hours = int(credentials.LINK_LASTS.total_seconds() // 3600)
    lines = [f"Lien de connexion de « {login} », valable une fois, pendant {hours} heures :", address]
    answers.write(as_json, {"login": login, "link": address}, lines)


agent.add_command(create)
agent.add_command(link)
