"""The private calendar feeds of professionals."""

from __future__ import annotations

from typing import Any

import click
from flask import current_app

import booking.feeds as calendar_feeds
from booking import clock, french, labels
from booking.cli import answers, values
from booking.cli.speaking import SpeakingGroup, as_json, command
from booking.config import Settings
from booking.db import LARGEST_KEY, db
from booking.feeds.models import FeedToken, Wording
from booking.slots import lookups


@click.group("feed", cls=SpeakingGroup)
def feed() -> None:
    """Les liens d’abonnement des professionnels à leur agenda."""


@command("issue")
@click.argument("professional", metavar="CODE")
@click.option("--label", metavar="TEXTE", default="Ligne de commande", help="À quoi sert ce lien : « téléphone »…")
@click.option("--wording", type=values.OneOf(tuple(labels.WORDINGS)), default="occupe", help="Ce que l’agenda montre.")
@as_json
def issue(professional: str, label: str, wording: Wording, as_json: bool) -> None:
    """Crée un lien d’abonnement pour un professionnel. Il est écrit une seule fois : gardez-le secret.

    Clés JSON : professional, label, wording, url.
    """
    session = db.session()
    professional_id = lookups.professional(session, professional).id
    token = calendar_feeds.issue(professional_id, label, wording, clock.now())
    settings: Settings = current_app.extensions["booking"]
    url = f"{settings.public_url}/agenda/{token}.ics"
    value = {"professional": professional, "label": label, "wording": wording, "url": url}
    answers.write(as_json, value, [f"Lien d’abonnement de {professional} (secret, montré une seule fois) :", url])


@command("revoke")
@click.argument("number", metavar="NUMÉRO", type=values.Whole(1, LARGEST_KEY))
@as_json
def revoke(number: int, as_json: bool) -> None:
    """Retire un lien d’abonnement ; « feed list » donne son numéro.

    Clés JSON : id, revoked.
    """
    calendar_feeds.revoke(number, clock.now())
    answers.write(as_json, {"id": number, "revoked": True}, ["Lien retiré : l’agenda abonné se videra."])


@command("list")
@click.argument("professional", metavar="CODE")
@as_json
def listing(professional: str, as_json: bool) -> None:
    """Les liens d’abonnement d’un professionnel, sans leur secret.

    Clés JSON : id, label, wording, created_at, last_used_at, revoked.
    """
    session = db.session()
    zone = lookups.zone(session)
    found = calendar_feeds.tokens(session, lookups.professional(session, professional).id)

    def as_object(one: FeedToken) -> dict[str, Any]:
        return {
            "id": one.id,
            "label": one.label,
            "wording": one.wording,
            "created_at": answers.iso(one.created_at, zone),
            "last_used_at": answers.iso(one.last_used_at, zone) if one.last_used_at else None,
            "revoked": one.revoked_at is not None,
        }

    def as_row(one: FeedToken) -> tuple[str, ...]:
        used = f"lu le {french.moment(one.last_used_at, zone)}" if one.last_used_at else "jamais lu"
        return str(one.id), one.label, labels.WORDINGS[one.wording], used, "retiré" if one.revoked_at else ""

    lines = answers.table(map(as_row, found)) or ["Aucun lien d’abonnement."]
    answers.write(as_json, [as_object(one) for one in found], lines)


feed.add_command(issue)
feed.add_command(revoke)
feed.add_command(listing)
