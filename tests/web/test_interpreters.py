"""Looking for whoever leads and an interpreter at once: by default for somebody who needs one, and booked as found."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking import messages, reservations
from booking.db import db
from booking.people.models import Usager
from booking.reservations import reading
from booking.reservations.commands import Act, Book
from booking.slots.models import Occupancy
from tests.builders import NOW, Cast, add_interpreter, block, paris, set_on, store
from tests.web.browsing import Browser, Element, Page

ALL = "/creneaux?motif=entretien"
NINE = paris("2026-11-23 09:00")


@pytest.fixture
def amari(cast: Cast) -> int:
    """Mme Amari interprets from Arabic, in the mornings; M. Diallo needs somebody who does."""
    set_on(Usager, cast.diallo, spoken_language="ar", interpreter_needed=True)
    return add_interpreter(cast, "amari", "ar")


def slots(page: Page) -> list[Element]:
    return [each for each in page.tree.all("button") if each["class"] in ("slot", "slot suggestion")]


def chosen_language(page: Page) -> list[str]:
    options = page.tree.one("select", name="interprete").all("option")
    return [each.text for each in options if "selected" in each.attributes]


def follow(amina: Browser, page: Page, text: str) -> Page:
    (link,) = [each for each in page.tree.all("a") if each.text == text]
    return amina.get(link["href"])


def test_who_needs_an_interpreter_is_offered_slots_with_one(amina: Browser, cast: Cast, amari: int) -> None:
    page = amina.get(f"{ALL}&usager={cast.diallo}")
    assert chosen_language(page) == ["Arabe"]
    assert "Recherche avec un interprète en arabe, dont DIALLO Amadou a besoin." in page.text
    assert slots(page)
    assert all("interprète Mme Amari" in each.text for each in slots(page))
    assert slots(page)[0].text == "Lundi 23 novembre 2026 à 9h00 avec Mme Roux, interprète Mme Amari, salle B1"
    assert all("avec=amari" in each["formaction"] for each in slots(page))


def test_or_without_and_back(amina: Browser, cast: Cast, amari: int) -> None:
    with_one = amina.get(f"{ALL}&usager={cast.diallo}")
    without = follow(amina, with_one, "Chercher sans interprète")
    assert chosen_language(without) == []
    assert "Recherche sans l’interprète en arabe dont DIALLO Amadou a besoin." in without.text
    assert len(slots(without)) > len(slots(with_one)), "in the afternoons too"
    assert not any("interprète" in each.text or "avec=" in each["formaction"] for each in slots(without))
    assert len(slots(follow(amina, without, "Chercher avec un interprète"))) == len(slots(with_one))


@pytest.mark.parametrize("wanted", ["ar", ""])
def test_other_days_keep_what_was_asked(amina: Browser, cast: Cast, amari: int, wanted: str) -> None:
    page = follow(amina, amina.get(f"{ALL}&usager={cast.diallo}&interprete={wanted}"), "Semaine prochaine")
    assert chosen_language(page) == (["Arabe"] if wanted else [])


def test_choosing_a_slot_keeps_and_books_both(amina: Browser, cast: Cast, amari: int, session: Session) -> None:
    page = amina.get(f"{ALL}&usager={cast.diallo}")
    form = page.form("/rendez-vous/nouveau/retenir")
    values = {each["name"]: each["value"] for each in form.all("input")}
    kept = amina.post(slots(page)[0]["formaction"], values, values.pop("csrf_token"))
    assert "Lundi 23 novembre 2026 à 9h00, avec Mme Roux et Mme Amari, 30 minutes" in kept.text
    held = sa.select(Occupancy.resource_id).where(Occupancy.hold_id.is_not(None))
    assert set(session.scalars(held)) >= {cast.roux, amari}
    booked = amina.send(kept, "/rendez-vous/nouveau")
    assert "Rendez-vous confirmé" in booked.text
    session.rollback()
    (appointment,) = reading.of_usager(session, cast.diallo)
    assert (appointment.starts_at, {one.id for one in appointment.professionals}) == (NINE, {cast.roux, amari})


def test_for_somebody_else_one_may_be_asked_for(amina: Browser, cast: Cast, amari: int) -> None:
    page = amina.get(f"{ALL}&usager={cast.kone}")
    assert chosen_language(page) == []
    assert "Recherche" not in page.text
    assert [each.text for each in page.tree.one("select", name="interprete").all("option")] == [
        "Sans interprète",
        "Arabe",
    ]
    assert all("interprète Mme Amari" in each.text for each in slots(amina.get(f"{ALL}&interprete=ar")))


def test_where_nobody_interprets_nothing_is_asked(amina: Browser, cast: Cast) -> None:
    assert amina.get(ALL).tree.all("select", name="interprete") == []
    assert amina.get(f"{ALL}&interprete=ar").status == 422, "nobody's language"


def test_nobody_who_interprets_is_said_with_a_way_on(amina: Browser, cast: Cast, amari: int) -> None:
    set_on(Usager, cast.diallo, spoken_language="ta")
    page = amina.get(f"{ALL}&usager={cast.diallo}&professionnel=diop")
    assert slots(page) == []
    assert chosen_language(page) == ["Tamoul"]
    assert "demandent un interprète en tamoul, et le site n’en a pas" in page.text
    (sentence,) = [each for each in page.tree.all("li") if each.text.startswith("Sans interprète")]
    without = amina.get(sentence.one("a")["href"])
    assert slots(without)
    assert chosen_language(without) == []


def test_outside_of_the_lattice_the_interpreter_is_named_too(amina: Browser, cast: Cast, amari: int) -> None:
    tuesday = "2026-11-24"
    store(
        block(cast.roux, f"{tuesday} 09:00", f"{tuesday} 11:20"),
        block(cast.roux, f"{tuesday} 11:50", f"{tuesday} 17:00"),
    )
    page = amina.get(f"{ALL}&usager={cast.diallo}&professionnel=roux&du={tuesday}&au={tuesday}")
    (sentence,) = [each for each in page.tree.all("li") if "hors plage" in each.text]
    new = amina.get(sentence.one("a")["href"])
    assert "à 11h20, avec Mme Roux et Mme Amari" in new.text


def test_what_somebody_came_for_last_is_offered_with_one(amina: Browser, cast: Cast, amari: int) -> None:
    book = Book("key-already", cast.entretien, NINE, cast.diop, cast.diallo)
    reservations.book(book, Act(now=NOW, origin="cli", tell=messages.file))
    db.session.remove()
    page = amina.get("/usagers?q=diallo")
    assert all("interprète Mme Amari" in each.text for each in slots(page))
    assert len(slots(page)) == 5


def test_an_interpreter_can_be_added_by_hand_in_any_service(amina: Browser, cast: Cast, amari: int) -> None:
    page = amina.get("/rendez-vous/nouveau?motif=entretien&debut=2026-11-23T09:00&professionnel=roux")
    beside = {each["value"] for each in page.tree.all("input", name="avec")}
    assert beside == {"diop", "amari"}, "of the service, or an interpreter"
