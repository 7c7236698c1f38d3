"""Whom no mail could tell of a change: called, and noted with one press."""

from __future__ import annotations

import pytest

from booking import messages, reservations
from booking.people.models import Usager
from booking.reservations.commands import Act, Book, Cancel, Move
from tests.builders import NOW, Cast, paris, set_on
from tests.web.browsing import Browser, Page


def acting(cast: Cast) -> Act:
    return Act(now=NOW, origin="web", tell=messages.file, agent_id=cast.amina)


@pytest.fixture
def nine(cast: Cast, visitor: Browser) -> str:
    """Mme Koné, who is not to be written to, with Mme Roux at 9h00."""
    command = Book("nine", cast.entretien, paris("2026-11-23 09:00"), cast.roux, cast.kone)
    return reservations.book(command, acting(cast)).uid


def press(amina: Browser, page: Page, end: str) -> Page:
    (form,) = [each for each in page.tree.all("form") if each["action"].endswith(end)]
    return amina.send(page, form["action"])


def test_whom_no_mail_reaches_is_called_and_it_is_noted(amina: Browser, cast: Cast, nine: str) -> None:
    set_on(Usager, cast.kone, phone="+33639980102")
    reached = reservations.book(
        Book("ten", cast.entretien, paris("2026-11-23 10:00"), cast.roux, cast.diallo), acting(cast)
    )
    for uid in (nine, reached.uid):
        reservations.cancel(Cancel(f"cancel-{uid}", uid, "service"), acting(cast))
    page = amina.get("/a-appeler")
    assert "1 appel" in page.text
    assert "KONÉ Aminata 06 39 98 01 02" in page.text
    assert "Annulé : lundi 23 novembre 2026 à 9h00" in page.text
    assert "DIALLO" not in page.text
    noted = press(amina, page, "/fait")
    assert "Appel noté." in noted.text
    assert "Personne à appeler" in noted.text
    assert "dimanche 22 novembre 2026 à 13h00, Amina" in noted.text
    assert "personne appelée le dimanche 22 novembre 2026 à 13h00" in amina.get(f"/rendez-vous/{nine}").text
    assert "1 appel" in press(amina, noted, "/reprendre").text


def test_a_move_says_from_when_to_when(amina: Browser, cast: Cast, nine: str) -> None:
    reservations.move(Move("m", nine, paris("2026-11-23 14:00")), acting(cast))
    said = "Déplacé du lundi 23 novembre 2026 à 9h00 au lundi 23 novembre 2026 à 14h00"
    assert said in amina.get("/a-appeler").text


def test_an_unknown_message(amina: Browser) -> None:
    assert amina.post("/a-appeler/999/fait", {}).status == 404
