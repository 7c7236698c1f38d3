"""Booking, as Amina does it with somebody on the phone."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from booking import messages, reservations
from booking.db import db
from booking.people.models import Usager
from booking.reservations.commands import Act, Book
from booking.reservations.models import Appointment, History
from tests.builders import NOW, Cast, paris
from tests.web.browsing import Browser, Element, Page
from tests.web.pages import SLOT

ACT = Act(now=NOW, origin="cli", tell=messages.file)
NEW = "/rendez-vous/nouveau"
CONFIDENTIAL = f"{NEW}?motif=depistage&debut=2026-11-23T09:00&professionnel=petit"


def somebody_else_takes_it(cast: Cast) -> None:
    command = Book("key-other-clerk", cast.entretien, paris("2026-11-23 09:30"), cast.roux, cast.kone)
    reservations.book(command, ACT)
    db.session.remove()


def appointments(session: Session) -> int:
    session.rollback()
    return session.scalar(sa.select(sa.func.count(Appointment.id))) or 0


def status(page: Page) -> str:
    (found,) = page.tree.all(role="status")
    return found.text


def new_person(page: Page) -> Element:
    """The form that creates somebody: the last one of the page."""
    return [form for form in page.tree.all("form") if form.all("input", name="last_name")][-1]


def create(browser: Browser, page: Page, **typed: str) -> Page:
    """Fill in and send the form that creates somebody."""
    form = new_person(page)
    values: dict[str, str | list[str]] = {
        each["name"]: each["value"] for each in form.all("input") if each["type"] not in ("checkbox",)
    }
    values |= {"contact": "normal", "language": "fr", **typed}
    return browser.post(form["action"], values, str(values.pop("csrf_token")))


# ------------------------------------------------------------------ the main job


def test_the_sentence_to_read_aloud(amina: Browser) -> None:
    said = amina.get(SLOT).tree.one("p", **{"class": "aloud"}).text
    assert said == "Lundi 23 novembre 2026 à 9h30, avec Mme Roux, 30 minutes, 4 rue Teddy Riner, Asnières-sur-Seine."


def test_by_phone_the_sentence_names_no_place(amina: Browser) -> None:
    page = amina.get(f"{NEW}?motif=appel&debut=2026-11-23T09:30&professionnel=roux")
    assert page.tree.one("p", **{"class": "aloud"}).text.endswith("avec Mme Roux, 15 minutes, par téléphone.")


def test_for_somebody_found_by_name(amina: Browser, cast: Cast, session: Session) -> None:
    page = amina.send(amina.get(SLOT), NEW, q="dia ama")
    assert "DIALLO Amadou 06 ·· ·· ·· 34 · a…@…".replace("06", "· 06") in page.text.replace("  ", " ")
    done = amina.send(page_with_people(page), NEW, usager=str(cast.diallo))
    assert done.title.startswith("Rendez-vous du lundi 23 novembre 2026 à 9h30")
    assert status(done) == "Rendez-vous confirmé, courriel en cours d’envoi à a…@…"
    assert appointments(session) == 1
    (row,) = session.scalars(sa.select(History))
    assert (row.agent_id, row.origin) == (cast.amina, "web")


def page_with_people(page: Page) -> Page:
    """The same page with the form of the people found in front: `send` takes the first of an address."""
    forms = [form for form in page.tree.all("form") if form.all("input", name="usager")]
    return Page(page.status, page.address, page.headers, page.source, Element("body", children=list(forms)))


def test_for_somebody_known_from_the_start(amina: Browser, cast: Cast) -> None:
    page = amina.get(f"{SLOT}&usager={cast.kone}")
    assert "Pour KONÉ Aminata" in page.text
    done = amina.send(page_with_people(page), NEW)
    assert status(done) == "Rendez-vous confirmé. Aucun courriel : la personne ne veut pas qu’on lui écrive."


def test_for_somebody_new(amina: Browser, session: Session) -> None:
    page = amina.get(f"{SLOT}&q=Traoré")
    assert "Personne ne correspond" in page.text
    assert new_person(page).one("input", name="last_name")["value"] == "Traoré", "nothing is typed twice"
    done = create(amina, page, first_name="Awa", phone="06 39 98 00 11", step_free="on", birth_date="1990-05-04")
    assert "TRAORÉ Awa" in done.text
    assert status(done).endswith("Aucun courriel : la personne n’a pas d’adresse électronique.")
    usager = session.scalars(sa.select(Usager).where(Usager.last_name == "Traoré")).one()
    assert (usager.phone, usager.step_free, str(usager.birth_date)) == ("+33639980011", True, "1990-05-04")
    assert "B2 · Salle B2" in done.text, "she was given the step-free office"


def test_for_somebody_who_speaks_another_language(amina: Browser, session: Session) -> None:
    page = amina.get(f"{SLOT}&q=Traoré")
    assert page.tree.one("option", value="snk").text == "soninké"
    refused = create(amina, page, interpreter_needed="on")
    assert refused.status == 422
    assert refused.errors() == {"spoken_language": "Erreur : Remplissez ce champ."}
    done = create(amina, page, spoken_language="snk", interpreter_needed="on")
    assert "Langue parlée : soninké" in done.text
    assert "Interprète nécessaire" in done.text
    again = amina.get(f"{SLOT}&q=Traoré")
    assert "langue : soninké · interprète nécessaire" in again.text, "whoever books next is told"


@pytest.mark.parametrize(
    ("searched", "field"), [("traore@exemple.example", "email"), ("06 39 98 77 66", "phone"), ("Traoré", "last_name")]
)
def test_what_was_searched_for_is_already_in_its_field(amina: Browser, searched: str, field: str) -> None:
    form = new_person(amina.get(f"{SLOT}&q={quote(searched)}"))
    assert form.one("input", name=field)["value"] == searched


def test_a_confidential_service_asks_for_nothing_and_gives_a_code(amina: Browser, session: Session) -> None:
    page = amina.get(f"{CONFIDENTIAL}&q=dia&usager=1")
    assert "ne demandez ni nom" in page.text
    form = page.form(NEW)
    assert [each["type"] for each in form.all("input")] == ["hidden", "hidden"]
    assert "DIALLO" not in page.text
    done = amina.send(page, NEW)
    code = re.search(r"Code à donner à la personne : ([2-9A-Z]{4}-[2-9A-Z]{4})\.", status(done))
    assert code
    assert "Aucun courriel : ce service n’écrit à personne." in status(done)
    (usager,) = session.scalars(sa.select(Usager).where(Usager.code.is_not(None)))
    assert usager.code == code[1]


def test_a_name_sent_to_a_confidential_service_is_not_kept(amina: Browser, session: Session) -> None:
    token = amina.token()
    done = amina.post(CONFIDENTIAL, {"key": "key-confidential", "pour": "nouveau", "last_name": "Martin"}, token)
    assert done.status == 200
    assert session.scalars(sa.select(Usager).where(Usager.last_name == "Martin")).all() == []


# ------------------------------------------------------------------ the same person twice


def test_somebody_who_may_be_known_already_is_shown_first(amina: Browser, cast: Cast, session: Session) -> None:
    page = create(amina, amina.get(f"{SLOT}&q=Dialo"), first_name="Amadou", phone="06 39 98 12 34")
    assert page.status == 422
    assert "Cette personne existe peut-être déjà" in page.text
    assert appointments(session) == 0
    assert new_person(page).one("input", name="phone")["value"] == "06 39 98 12 34"
    done = amina.send(page_with_people(page), NEW)
    assert "DIALLO Amadou" in done.text
    assert session.scalar(sa.select(sa.func.count(Usager.id))) == 2


def test_and_may_be_somebody_else_all_the_same(amina: Browser, cast: Cast, session: Session) -> None:
    page = create(amina, amina.get(f"{SLOT}&q=Diallo"), first_name="Fatou", phone="06 39 98 12 34")
    done = create(amina, page, distinct="on")
    assert "DIALLO Fatou" in done.text, "couples share a phone"
    assert session.scalar(sa.select(sa.func.count(Usager.id))) == 3


# ------------------------------------------------------------------ refusals


def test_a_slot_just_taken_is_refused_with_others(amina: Browser, cast: Cast, session: Session) -> None:
    page = amina.get(f"{SLOT}&usager={cast.diallo}")
    somebody_else_takes_it(cast)
    refused = amina.send(page_with_people(page), NEW)
    assert refused.status == 409
    assert refused.title.startswith("Erreur : ")
    assert "Ce créneau vient d’être pris" in refused.text
    others = [each for each in refused.tree.all("a") if each["class"] == "slot"]
    assert len(others) == 5
    assert all(f"&usager={cast.diallo}" in each["href"] for each in others), "the person is kept"
    assert appointments(session) == 1
    done = amina.send(page_with_people(amina.get(others[0]["href"])), NEW)
    assert "Rendez-vous confirmé" in status(done)


def test_and_what_was_typed_is_kept(amina: Browser, cast: Cast, session: Session) -> None:
    page = amina.get(f"{SLOT}&q=Traoré")
    somebody_else_takes_it(cast)
    refused = create(amina, page, first_name="Awa")
    assert refused.status == 409
    form = new_person(refused)
    assert form.one("input", name="first_name")["value"] == "Awa"
    others = [each for each in form.all("button") if each["class"] == "slot"]
    assert len(others) == 5
    assert session.scalars(sa.select(Usager).where(Usager.last_name == "Traoré")).all() == [], "nothing was written"
    form.attributes["action"] = others[0]["formaction"]
    assert "Rendez-vous confirmé" in status(create(amina, refused))


def test_the_same_form_sent_twice_books_once(amina: Browser, cast: Cast, session: Session) -> None:
    page = page_with_people(amina.get(f"{SLOT}&usager={cast.diallo}"))
    first, second = amina.send(page, NEW), amina.send(page, NEW)
    assert first.address == second.address
    assert appointments(session) == 1


def test_the_form_of_a_new_person_sent_twice_books_once(amina: Browser, session: Session) -> None:
    page = amina.get(f"{SLOT}&q=traore")
    typed = {"last_name": "Traoré", "first_name": "Awa", "phone": "06 39 98 55 55"}
    first, second = create(amina, page, **typed), create(amina, page, **typed)
    assert first.address == second.address, "the person created the first time is no duplicate"
    assert appointments(session) == 1
    assert len(session.scalars(sa.select(Usager).where(Usager.last_name == "Traoré")).all()) == 1


def test_one_key_is_not_for_two_requests(amina: Browser, cast: Cast) -> None:
    page = page_with_people(amina.get(f"{SLOT}&usager={cast.diallo}"))
    amina.send(page, NEW)
    again = amina.send(page, NEW, usager=str(cast.kone))
    assert again.status == 409
    assert "déjà servi" in again.text


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"{NEW}?motif=inconnu&debut=2026-11-23T09:30&professionnel=roux", 404),
        (f"{NEW}?motif=entretien&debut=2026-11-23T09:30&professionnel=inconnu", 404),
        (f"{NEW}?motif=entretien&debut=2026-11-23T09:30&professionnel=%00", 404),
        (f"{NEW}?motif=entretien&debut=hier&professionnel=roux", 422),
        (f"{NEW}?motif=entretien&debut=2027-02-29T09:30&professionnel=roux", 422),
        (f"{NEW}?motif=entretien&debut=2027-03-28T02:30&professionnel=roux", 422),
        (f"{NEW}?motif=entretien&debut=99999-01-01T09:30&professionnel=roux", 422),
        (f"{SLOT}&usager=999", 404),
    ],
)
def test_an_address_that_makes_no_sense(amina: Browser, address: str, status: int) -> None:
    assert amina.get(address).status == status


@pytest.mark.parametrize("missing", ["motif", "debut", "professionnel"])
def test_without_a_slot_one_looks_for_it(amina: Browser, missing: str) -> None:
    parts = [part for part in SLOT.partition("?")[2].split("&") if not part.startswith(missing)]
    assert amina.get(f"{NEW}?{'&'.join(parts)}").address.startswith("/creneaux")


@pytest.mark.parametrize(
    ("debut", "words"),
    [
        ("2026-11-20T09:30", "Ce créneau a déjà commencé."),
        ("2026-11-23T09:31", "n’est pas un début de créneau"),
        ("2026-11-23T09:35", "n’est pas un début de créneau"),
        ("2026-11-23T13:00", "ne reçoit pas à ce moment-là"),
        ("2026-11-28T10:00", "Le site est fermé"),
    ],
    ids=["past", "off the grid", "between two slots", "lunch", "a Saturday"],
)
def test_a_start_that_cannot_be_given(amina: Browser, cast: Cast, session: Session, debut: str, words: str) -> None:
    page = amina.get(f"{NEW}?motif=entretien&debut={debut}&professionnel=roux&usager={cast.diallo}")
    refused = amina.send(page_with_people(page), NEW)
    assert refused.status in (409, 422)
    assert words in refused.text
    assert appointments(session) == 0


def test_a_professional_who_does_not_do_that_type(amina: Browser, cast: Cast, app: Flask) -> None:
    page = amina.get(f"{NEW}?motif=entretien&debut=2026-11-23T09:30&professionnel=lenoir&usager={cast.diallo}")
    refused = amina.send(page_with_people(page), NEW)
    assert refused.status == 409
    assert "ne reçoit pas pour ce motif" in refused.text
