"""Agents and their links, feeds, and the outbox."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from booking.access.credentials import agent_of_link
from booking.config import Settings
from booking.db import db
from booking.errors import NotFound
from booking.feeds import FeedRequest, respond
from booking.notify import mailbox
from tests.builders import NOW, Cast
from tests.cli.running import done, read, refused, refused_to_program


def token_in(link: str) -> str:
    head, token = link.rsplit("/", 1)
    assert head == "http://127.0.0.1:8000/lien"
    return token


@pytest.fixture
def booked(app: Flask, cast: Cast) -> dict[str, Any]:
    """M. Diallo, who has an address, sees Mme Roux on Thursday."""
    line = ["book", "entretien", "--professional", "roux", "--start", "2026-11-26T09:00", "--usager", cast.diallo]
    found: dict[str, Any] = read(app, *line)
    return found


# ------------------------------------------------------------------ agents


def test_a_new_agent_gets_a_link_and_no_password(app: Flask, cast: Cast) -> None:
    answer = read(app, "agent", "create", "bruno", "--name", "Bruno")
    assert answer["login"] == "bruno"
    agent = agent_of_link(db.session(), token_in(answer["link"]), NOW)
    assert (agent.login, agent.name, agent.password_hash) == ("bruno", "Bruno", None)


def test_a_fresh_link_ends_the_one_before(app: Flask, cast: Cast) -> None:
    first, second = (token_in(done(app, "agent", "link", "amina").splitlines()[1]) for _ in range(2))
    assert agent_of_link(db.session(), second, NOW).login == "amina"
    with pytest.raises(NotFound):
        agent_of_link(db.session(), first, NOW)


def test_a_link_is_said_to_last_a_day(app: Flask, cast: Cast) -> None:
    assert done(app, "agent", "link", "amina").startswith(
        "Lien de connexion de « amina », valable une fois, pendant 24 heures :\nhttp://127.0.0.1:8000/lien/"
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            ["create", "amina", "--name", "Amina"],
            "IDENTIFIANT : Cette valeur est déjà prise : choisissez-en une autre.",
        ),
        (["create", "Bruno !", "--name", "Bruno"], "IDENTIFIANT : Cette valeur n’est pas acceptée."),
        (["create", "b" * 81, "--name", "Bruno"], "IDENTIFIANT : Cette valeur n’est pas acceptée."),
        (["create", "bruno", "--name", " "], "--name : Remplissez ce champ."),
        (
            ["create", "bruno", "--name", "Bru\x07no"],
            "--name : Retirez les caractères invisibles : retapez ce champ au lieu de le coller.",
        ),
        (["link", "personne"], "Cet agent n’existe pas : vérifiez ce que vous avez tapé."),
        (["link", "a\0b"], "Cet agent n’existe pas : vérifiez ce que vous avez tapé."),
    ],
    ids=["taken", "not a login", "too long", "no name", "a bell in the name", "unknown", "NUL"],
)
def test_agents_that_cannot_be(app: Flask, cast: Cast, line: list[str], sentence: str) -> None:
    assert refused(app, "agent", *line) == f"{sentence}\n"


# ------------------------------------------------------------------ feeds


def issued(app: Flask, *more: str) -> str:
    """The secret of a new feed of Mme Roux."""
    url: str = read(app, "feed", "issue", "roux", *more)["url"]
    start, end = "http://127.0.0.1:8000/agenda/", ".ics"
    assert url.startswith(start)
    assert url.endswith(end)
    return url.removeprefix(start).removesuffix(end)


def test_a_feed_can_be_read_until_it_is_revoked(app: Flask, booked: dict[str, Any]) -> None:
    token = issued(app)
    body = respond(db.session(), token, FeedRequest("GET"), NOW).body
    assert body.count(b"BEGIN:VEVENT") == 1
    (listed,) = read(app, "feed", "list", "roux")
    assert read(app, "feed", "revoke", listed["id"]) == {"id": listed["id"], "revoked": True}
    assert respond(db.session(), token, FeedRequest("GET"), NOW).body.count(b"BEGIN:VEVENT") == 0


def test_feeds_are_listed_without_their_secret(app: Flask, cast: Cast) -> None:
    token = issued(app, "--label", "Téléphone", "--wording", "initiales")
    (listed,) = read(app, "feed", "list", "roux")
    assert {**listed, "id": 0} == {
        "id": 0,
        "label": "Téléphone",
        "wording": "initiales",
        "created_at": "2026-11-22T13:00:00+01:00",
        "last_used_at": None,
        "revoked": False,
    }
    page = done(app, "feed", "list", "roux")
    assert page == f"{listed['id']}  Téléphone  initiales et salle  jamais lu\n"
    assert token not in page


def test_a_professional_without_feeds(app: Flask, cast: Cast) -> None:
    assert done(app, "feed", "list", "roux") == "Aucun lien d’abonnement.\n"


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (["issue", "personne"], "not_found"),
        (["issue", "roux", "--label", "x" * 300], "too_long"),
        (["issue", "roux", "--label", "a\x1bb"], "control_characters"),
        (["list", "personne"], "not_found"),
        (["revoke", "999"], "not_found"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else value,
)
def test_feeds_that_cannot_be(app: Flask, cast: Cast, line: list[str], error: str) -> None:
    assert refused_to_program(app, "feed", *line)["error"] == error


# ------------------------------------------------------------------ outbox


def test_the_outbox_lists_the_newest_first(app: Flask, cast: Cast, booked: dict[str, Any]) -> None:
    reminder, confirmation = read(app, "outbox", "list")
    assert {**confirmation, "id": 0} == {
        "id": 0,
        "kind": "confirmation",
        "about": booked["uid"],
        "person": cast.diallo,
        "state": "waiting",
        "reason": None,
        "due_at": "2026-11-22T13:00:00+01:00",
        "attempts": 0,
        "sent_at": None,
    }
    assert (reminder["kind"], reminder["due_at"]) == ("reminder", "2026-11-24T09:00:00+01:00")
    assert len(read(app, "outbox", "list", "--limit", 1)) == 1


def test_the_outbox_delivers_what_is_due(app: Flask, cast: Cast, booked: dict[str, Any]) -> None:
    assert read(app, "outbox", "deliver") == {"sent": 1, "failed": 0, "waiting": 0, "discarded": 0}
    settings: Settings = app.extensions["booking"]
    (stored,) = mailbox.newest(settings.mailbox)
    assert stored.mail["To"] == "amadou.diallo@exemple.example"
    (sent,) = read(app, "outbox", "list", "--state", "sent")
    assert (sent["kind"], sent["sent_at"]) == ("confirmation", "2026-11-22T13:00:00+01:00")
    assert done(app, "outbox", "deliver").startswith("0 envoyé(s), 0 en échec")


def test_the_outbox_for_people(app: Flask, cast: Cast, booked: dict[str, Any]) -> None:
    lines = done(app, "outbox", "list").splitlines()
    assert (
        f"Rappel        {booked['uid']}  usager n° {cast.diallo}  à envoyer le mardi 24 novembre 2026 à 9h00"
        in lines[0]
    )
    assert done(app, "outbox", "list", "--state", "failed") == "Aucun message.\n"
