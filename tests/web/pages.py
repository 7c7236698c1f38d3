"""Every page that a browser can open, by its endpoint. A route that is missing here fails a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from booking import feeds, messages, reservations
from booking.access import credentials
from booking.db import db
from booking.reservations.commands import Act, Book
from booking.slots.models import Opening
from tests.builders import NOW, Cast, paris


@dataclass(frozen=True)
class Place:
    """What addresses are made of: the cast, one appointment and its mail, an opening."""

    cast: Cast
    uid: str
    mail: str
    opening: int  # of Mme Roux


ADDRESSES: dict[str, Callable[[Place], str]] = {
    "day.day": lambda _: "/?jour=2026-11-23",
    "slots.search": lambda _: "/creneaux?motif=entretien&du=2026-11-23&au=2026-11-24",
    "booking.new": lambda p: f"{SLOT}&q=dia",
    "series.preview": lambda _: SLOT.replace("/nouveau?", "/nouveau/serie?"),
    "appointments.show": lambda p: f"/rendez-vous/{p.uid}",
    "joining.new": lambda p: f"/rendez-vous/{p.uid}/personnes?q=dia",
    "waiting.index": lambda _: "/liste-d-attente",
    "wishing.new": lambda _: "/liste-d-attente/nouvelle?suite=1&motif=entretien&q=dia",
    "usagers.index": lambda _: "/usagers?q=dia",
    "rooms.index": lambda _: "/salles",
    "professionals.index": lambda _: "/professionnels",
    "professionals.show": lambda _: "/professionnels/roux",
    "openings.show": lambda p: f"/professionnels/roux/plages/{p.opening}/changer",
    "periods.index": lambda _: "/periodes",
    "impact.absence": lambda _: f"/professionnels/roux/absences/nouvelle?{MORNING}",
    "impact.closure": lambda _: f"/fermetures/nouvelle?salle=B1&libelle=Travaux&{MORNING}",
    "closures.index": lambda _: "/fermetures",
    "calls.index": lambda _: "/a-appeler",
    "mailbox.index": lambda _: "/boite-aux-lettres",
    "mailbox.show": lambda p: f"/boite-aux-lettres/{p.mail}",
    "auth.connexion": lambda _: "/connexion",
    "auth.link": lambda p: "/lien/" + credentials.issue_link(p.cast.amina, NOW),
}
# Opened by programs, not by people.
NOT_PAGES: dict[str, Callable[[Place], str]] = {
    "feed.calendar": lambda p: f"/agenda/{feeds.issue(p.cast.roux, 'Outlook', 'complet', NOW)}.ics",
    "health.health": lambda _: "/sante",
    "static": lambda _: "/static/app.css",
}
MORNING = "debut=2026-11-23T09:00&fin=2026-11-23T12:00"
SLOT = "/rendez-vous/nouveau?motif=entretien&debut=2026-11-23T09:30&professionnel=roux"


def opening_of(professional_id: int) -> int:
    """An opening of theirs, of every week."""
    query = sa.select(sa.func.min(Opening.id)).where(Opening.professional_id == professional_id)
    return db.session.scalars(query).one()


def an_appointment(cast: Cast) -> str:
    """M. Diallo sees Mme Roux on Monday at 9h00; returns the uid."""
    command = Book("tests-key-1", cast.entretien, paris("2026-11-23 09:00"), cast.roux, cast.diallo)
    return reservations.book(command, Act(now=NOW, origin="web", tell=messages.file, agent_id=cast.amina)).uid
