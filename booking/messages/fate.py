"""What became of a message, in French, for the appointment's page and for the list of messages."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from booking import french
from booking.notify.models import OutboxMessage

KINDS = {
    "confirmation": "Confirmation",
    "moved": "Avis de changement",
    "cancelled": "Avis d’annulation",
    "reminder": "Rappel",
}
STATES = {
    "waiting": "à envoyer",
    "sending": "en cours d’envoi",
    "sent": "envoyé",
    "failed": "échec : à appeler",
    "discarded": "retiré",
    "withheld": "non envoyé",
}
REASONS = {
    "confidential": "ce service n’écrit à personne",
    "contact_none": "la personne ne veut pas qu’on lui écrive",
    "no_address": "la personne n’a pas d’adresse électronique",
    "cancelled": "annulé depuis pour cette personne",
    "moved": "le rendez-vous a changé depuis",
    "past": "le rendez-vous a déjà commencé",
    "too_soon": "le rendez-vous est trop proche",
    "gone": "le rendez-vous ou la personne n’existe plus",
    "refused": "adresse refusée par le serveur de courriel",
    "unreachable": "le serveur de courriel ne répond pas",
    "template": "le texte n’a pas pu être écrit",
}


def kind(message: OutboxMessage) -> str:
    """« Confirmation », « Rappel »…"""
    return KINDS[message.kind]


def fate(message: OutboxMessage, zone: ZoneInfo) -> str:
    """« envoyé le lundi 23 novembre 2026 à 9h02 », « non envoyé (le rendez-vous est trop proche) »."""
    said = STATES[message.state]
    if message.sent_at:
        said = f"{said} le {french.moment(message.sent_at, zone)}"
    elif message.state == "waiting":
        said = f"{said} le {french.moment(message.due_at, zone)}"
    if message.reason:
        said = f"{said} ({REASONS[message.reason]})"
    return f"{said}, personne appelée le {french.moment(message.called_at, zone)}" if message.called_at else said
