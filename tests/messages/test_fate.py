"""What became of a message, as reception reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest

from booking.messages import fate
from booking.messages.due import Reason
from booking.notify.models import MessageKind, OutboxMessage, State
from tests.builders import PARIS

AT = datetime(2026, 11, 23, 8, 2, tzinfo=UTC)


def message(state: str, reason: str | None = None, **more: datetime) -> OutboxMessage:
    return OutboxMessage(kind="reminder", state=state, reason=reason, due_at=AT, **more)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (message("waiting"), "à envoyer le lundi 23 novembre 2026 à 9h02"),
        (
            message("waiting", "unreachable"),
            "à envoyer le lundi 23 novembre 2026 à 9h02 (le serveur de courriel ne répond pas)",
        ),
        (message("sending"), "en cours d’envoi"),
        (message("sent", sent_at=AT), "envoyé le lundi 23 novembre 2026 à 9h02"),
        (message("failed", "refused"), "échec : à appeler (adresse refusée par le serveur de courriel)"),
        (
            message("withheld", "contact_none", called_at=AT),
            "non envoyé (la personne ne veut pas qu’on lui écrive), personne appelée le lundi 23 novembre 2026 à 9h02",
        ),
        (message("discarded", "moved"), "retiré (le rendez-vous a changé depuis)"),
        (message("withheld", "no_address"), "non envoyé (la personne n’a pas d’adresse électronique)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_fate_is_a_sentence(row: OutboxMessage, said: str) -> None:
    assert fate.fate(row, PARIS) == said
    assert fate.kind(row) == "Rappel"


def test_no_code_is_left_without_words() -> None:
    assert fate.KINDS.keys() == set(get_args(MessageKind))
    assert fate.STATES.keys() == set(get_args(State))
    from_delivery = {"gone", "refused", "unreachable", "template"}
    assert fate.REASONS.keys() == set(get_args(Reason)) | from_delivery
