"""Looking for a person."""

from __future__ import annotations

import pytest

from booking import messages, reservations
from booking.db import db
from booking.people.models import Usager
from booking.reservations.commands import Act, Book
from booking.slots.models import AppointmentType
from tests.builders import NOW, Cast, paris, set_on
from tests.web.browsing import Browser
from tests.web.test_suggestions import suggestions

ACT = Act(now=NOW, origin="cli", tell=messages.file)


@pytest.mark.parametrize("searched", ["dia", "AMADOU dia", "1234", "06 39 98 12 34", "amadou.diallo%40"])
def test_somebody_is_found(amina: Browser, searched: str) -> None:
    page = amina.get(f"/usagers?q={searched}")
    assert [each.text for each in page.tree.one("main").all("h2")] == ["DIALLO Amadou"]
    assert "06 ·· ·· ·· 34 · a…@…" in page.text
    assert "06 39 98" not in page.tree.one("ul", **{"class": "people"}).text


def test_their_next_appointment_is_there(amina: Browser, cast: Cast) -> None:
    book = Book("key-next-one", cast.entretien, paris("2026-11-23 09:30"), cast.roux, cast.diallo)
    reservations.book(book, ACT)
    db.session.remove()
    assert "Lundi 23 novembre 2026 à 9h30 avec Mme Roux" in amina.get("/usagers?q=dia").text


def test_and_the_way_to_another_one(amina: Browser, cast: Cast) -> None:
    page = amina.get("/usagers?q=dia")
    (link,) = [each for each in page.tree.one("main").all("a") if each.text.startswith("Nouveau rendez-vous")]
    assert link["href"] == f"/creneaux?usager={cast.diallo}"


def test_nobody_says_what_to_do(amina: Browser) -> None:
    assert "elle se crée en réservant" in amina.get("/usagers?q=zzz").text


def test_whoever_has_only_a_code_is_not_found(amina: Browser, cast: Cast) -> None:
    reservations.book(Book("key-visitor", cast.depistage, paris("2026-11-23 09:00"), cast.petit, None), ACT)
    db.session.remove()
    for searched in ("visiteur", "2", "B", "-"):
        assert "Visiteur" not in amina.get(f"/usagers?q={searched}").tree.one("main").text


@pytest.mark.parametrize(
    ("searched", "words"),
    [
        ("%00", "caractères invisibles"),
        ("a" * 121, "120 caractères au plus"),
        ("2 84 05 92 012 034 55", "sécurité sociale"),
    ],
    ids=["control character", "too long", "social security number"],
)
def test_a_search_that_is_refused(amina: Browser, searched: str, words: str) -> None:
    page = amina.get(f"/usagers?q={searched}")
    assert page.status == 422
    assert words in page.errors()["q"]


def test_what_is_known_to_find_the_right_professional(amina: Browser, cast: Cast) -> None:
    set_on(Usager, cast.diallo, referent_id=cast.diop, spoken_language="snk", interpreter_needed=True)
    assert "Référent : M. Diop · Langue : soninké · interprète nécessaire" in amina.get("/usagers?q=dia").text
    set_on(Usager, cast.kone, spoken_language="wo")
    text = amina.get("/usagers?q=kon").text
    assert "Langue : wolof" in text
    assert "Référent" not in text


def test_of_one_person_alone_the_next_slots_are_there_at_once(amina: Browser, cast: Cast) -> None:
    assert suggestions(amina.get("/usagers?q=dia")) == [], "he never came: for which type?"
    reservations.book(Book("key-next-one", cast.entretien, paris("2026-11-23 09:00"), cast.roux, cast.diallo), ACT)
    db.session.remove()
    page = amina.get("/usagers?q=dia")
    assert page.tree.one("h2", id="suggestions").text == "À proposer d’abord : Entretien"
    assert suggestions(page)[0].text == "Lundi 23 novembre 2026 à 9h30 avec Mme Roux, salle B1"
    assert suggestions(page)[0]["formaction"].endswith(f"&usager={cast.diallo}")


@pytest.mark.parametrize("retired", [{"capacity": 3}, {"retired_at": NOW}], ids=["collective", "retired"])
def test_what_nobody_books_a_slot_for_is_not_put_forward(
    amina: Browser, cast: Cast, retired: dict[str, object]
) -> None:
    reservations.book(Book("key-next-one", cast.entretien, paris("2026-11-23 09:00"), cast.roux, cast.diallo), ACT)
    set_on(AppointmentType, cast.entretien, **retired)
    assert suggestions(amina.get("/usagers?q=dia")) == []


def test_of_several_people_none_is_preferred(amina: Browser, cast: Cast) -> None:
    for number, who in enumerate((cast.diallo, cast.kone)):
        set_on(Usager, who, search_key=" zoe")
        start = paris(f"2026-11-23 09:{30 * number:02}")
        reservations.book(Book(f"key-of-{who}", cast.entretien, start, cast.roux, who), ACT)
    db.session.remove()
    page = amina.get("/usagers?q=zoe")
    assert (len(page.tree.all("h2")), suggestions(page)) == (2, [])
