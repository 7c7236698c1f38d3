"""The local mailbox, for an installation without a mail server."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from booking.config import Smtp
from tests.builders import Cast
from tests.web.browsing import Browser
from tests.web.conftest import SECONDS
from tests.web.pages import Place


def test_empty(amina: Browser) -> None:
    assert "Aucun courriel pour l’instant" in amina.get("/boite-aux-lettres").text


def test_the_mails_are_listed(amina: Browser, place: Place) -> None:
    page = amina.get("/boite-aux-lettres")
    assert "Rendez-vous du lundi 23 novembre à 9h00 à amadou.diallo@exemple.example" in page.text
    (link,) = [each for each in page.tree.one("main").all("a")]
    assert link["href"] == f"/boite-aux-lettres/{place.mail}"


def test_a_mail_shows_its_text_and_never_runs_its_html(amina: Browser, place: Place) -> None:
    page = amina.get(f"/boite-aux-lettres/{place.mail}")
    text, source = (each.text for each in page.tree.all("pre"))
    assert "4 rue Teddy Riner" in text
    assert source.startswith("<!"), "the source is text"
    parts = [each.text for each in page.tree.all("ul")[-1].all("li")]
    assert parts == ["text/plain", "text/html", "text/calendar", "application/ics · invite.ics"]


@pytest.mark.parametrize("name", ["inconnu", "..%2fbooking", "%00", "x" * 300])
def test_no_other_file_can_be_read(amina: Browser, place: Place, name: str) -> None:
    assert amina.get(f"/boite-aux-lettres/{name}").status == 404


def test_with_a_mail_server_there_is_no_mailbox(elsewhere: Callable[..., Flask], cast: Cast, amina: Browser) -> None:
    app = elsewhere(smtp=Smtp("127.0.0.1", 2525, None, None, False))
    browser = Browser(app.test_client())
    with browser.client.session_transaction() as session:
        session.update(_user_id=f"{cast.amina}.0", begun=SECONDS, seen=SECONDS)
    assert browser.get("/boite-aux-lettres").status == 404
    assert browser.get("/boite-aux-lettres/x").status == 404
    assert "Courriels" not in browser.get("/").text
