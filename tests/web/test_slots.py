"""Looking for a slot."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from booking import messages, reservations
from booking.db import db
from booking.people.models import Professional
from booking.reservations.commands import Act, Book
from booking.slots.grid import Grid
from booking.web import offers
from booking.web.offers import FirstDays, first_days
from tests.builders import NOW, Cast, absence, block, paris, set_on, store
from tests.slots.asking import finding
from tests.web.browsing import Browser, Element, Page

MONDAY = "/creneaux?motif=entretien&du=2026-11-23&au=2026-11-23"


def slots(page: Page) -> list[Element]:
    return [each for each in page.tree.all("button") if each["class"] == "slot"]


def choose(browser: Browser, page: Page, slot: Element, **typed: str) -> Page:
    """Press the button of a slot."""
    form = page.form("/rendez-vous/nouveau/retenir")
    values = {each["name"]: each["value"] for each in form.all("input")} | typed
    return browser.post(slot["formaction"], values, values.pop("csrf_token"))


def test_before_a_type_is_chosen_nothing_is_looked_for(amina: Browser) -> None:
    page = amina.get("/creneaux")
    assert page.status == 200
    assert slots(page) == []
    assert "Aucun créneau" not in page.text


def test_the_period_is_two_weeks_from_today(amina: Browser) -> None:
    tree = amina.get("/creneaux").tree
    assert (tree.one("input", id="du")["value"], tree.one("input", id="au")["value"]) == ("2026-11-22", "2026-12-06")


def test_what_is_free_comes_by_day_and_professional(amina: Browser) -> None:
    page = amina.get("/creneaux?motif=entretien&du=2026-11-23&au=2026-11-24")
    days = [section.one("h2").text for section in page.tree.all("section", **{"class": "offered"})]
    assert days == ["Lundi 23 novembre 2026", "Mardi 24 novembre 2026"]
    assert [each.text for each in page.tree.all("dt")] == ["M. Diop", "Mme Roux", "Mme Roux"]
    assert len(slots(page)) == 6 + 12 + 12


def test_a_slot_leads_to_its_booking(amina: Browser) -> None:
    page = amina.get(MONDAY)
    first = slots(page)[0]
    slot = "motif=entretien&debut=2026-11-23T08:00Z&professionnel=diop"
    assert first["formaction"] == f"/rendez-vous/nouveau/retenir?{slot}"
    assert first.text == "9h00 le lundi 23 novembre 2026 avec M. Diop , salle B1"
    assert choose(amina, page, first).address.startswith(f"/rendez-vous/nouveau?{slot}&retenu=")


TWO_WEEKS = "/creneaux?motif=entretien&du=2026-11-23&au=2026-12-06"


def days_of(page: Page) -> list[str]:
    return [section.one("h2").text for section in page.tree.all("section", **{"class": "offered"})]


def test_a_page_holds_whole_days_and_leads_to_those_that_follow(amina: Browser) -> None:
    """As many days as hold 100 slots; page after page, each day is shown once."""
    every = amina.get(TWO_WEEKS.replace("2026-12-06", "2026-12-02") + "&professionnel=roux")
    assert (len(days_of(every)), [each for each in every.tree.all("a") if "Suite" in each.text]) == (8, [])

    first = amina.get(TWO_WEEKS)
    [link] = [each for each in first.tree.all("a") if each.text.startswith("Suite, à partir du ")]
    assert link.text == "Suite, à partir du jeudi 3 décembre 2026"
    assert link["href"] == "/creneaux?du=2026-12-03&au=2026-12-06&motif=entretien"
    second = amina.get(link["href"])
    assert len(slots(first)) >= 100 > len(slots(first)) - 12, "the last day is the one that makes a hundred"
    assert days_of(first) + days_of(second) == list(dict.fromkeys(days_of(first) + days_of(second)))
    assert len(days_of(first)) + len(days_of(second)) == 10
    assert [each for each in second.tree.all("a") if "Suite" in each.text] == []


@pytest.mark.parametrize(("count", "shown"), [(101, 101), (300, 300), (301, 300)])
def test_a_day_is_shown_whole_unless_it_has_more_than_300(count: int, shown: int) -> None:
    """Three professionals every five minutes of a Monday; one of them on the Wednesday as well."""
    from_nine, wednesday = Grid(int(paris("2026-11-23 09:00").timestamp()), 1000), 2 * 288
    third, more = divmod(count, 3)
    of_each = {who: [*range(third + (who <= more))] for who in (1, 2, 3)}
    of_each[1].append(wednesday)
    found = finding(of_each, from_nine)
    expected = FirstDays(found.slots(shown), cut=count > shown, following=date(2026, 11, 25))
    assert (len(expected.slots), len(found)) == (shown, count + 1)
    assert first_days(found, ZoneInfo("Europe/Paris")) == expected


def test_what_a_day_has_too_many_of_to_show_is_said(amina: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offers, "ENOUGH", 5)
    monkeypatch.setattr(offers, "MOST", 10)
    page = amina.get(MONDAY)
    assert len(slots(page)) == 10
    assert "Seuls les 10 premiers créneaux de ce jour sont montrés : choisissez un professionnel." in page.text


def test_one_professional_only(amina: Browser) -> None:
    page = amina.get(f"{MONDAY}&professionnel=diop")
    assert {each.text for each in page.tree.all("dt")} == {"M. Diop"}


def test_what_needs_no_room_proposes_none(amina: Browser) -> None:
    page = amina.get("/creneaux?motif=appel&du=2026-11-23&au=2026-11-23")
    assert slots(page)
    assert "salle" not in slots(page)[0].text


def why(page: Page) -> Element:
    return page.tree.one("section", **{"aria-labelledby": "pourquoi"})


def test_nothing_free_says_why_and_what_would_be(amina: Browser) -> None:
    page = amina.get("/creneaux?motif=entretien&du=2026-11-28&au=2026-11-29")
    assert page.status == 200
    said = why(page)
    assert said.one("h2").text == "Aucun créneau libre"
    assert "Aucun des 2 professionnels possibles ne reçoit sur cette période." in said.text
    later = amina.get(said.one("li").one("a")["href"])
    assert "du=2026-11-30&au=2026-12-06" in later.address
    assert "lundi 30 novembre 2026" in slots(later)[0].text


def test_little_free_says_what_would_give_more(amina: Browser, cast: Cast) -> None:
    """M. Diop is asked for, who has one half-hour left; Mme Roux receives as well."""
    store(block(cast.diop, "2026-11-23 09:00", "2026-11-23 11:00"))
    store(block(cast.diop, "2026-11-23 11:20", "2026-11-23 11:30"))
    page = amina.get(f"{MONDAY}&professionnel=diop&usager={cast.diallo}")
    assert why(page).one("h2").text == "Pourquoi si peu de créneaux"
    assert [each.text.partition(" :")[0] for each in why(page).all("li")] == [
        "Avec un autre professionnel",
        "En 15 minutes au lieu de 30",
        "La semaine suivante",
    ]
    others = amina.get(why(page).all("li")[0].one("a")["href"])
    assert "Mme Roux" in others.text
    assert f"usager={cast.diallo}" in others.address
    assert not why(page).all("li")[1].all("a"), "this page cannot ask for it"


def test_a_time_between_two_slots_is_booked_hors_plage(amina: Browser, cast: Cast) -> None:
    store(
        block(cast.roux, "2026-11-24 09:00", "2026-11-24 09:10"),
        block(cast.roux, "2026-11-24 09:40", "2026-11-24 17:00"),
    )
    page = amina.get("/creneaux?motif=entretien&professionnel=roux&du=2026-11-24&au=2026-11-24")
    form = amina.get(why(page).all("li")[0].one("a")["href"])
    assert "Mardi 24 novembre 2026 à 9h10, avec Mme Roux" in form.text
    assert "hors plage" in form.text.lower()


def test_when_there_is_enough_nothing_is_explained(amina: Browser) -> None:
    assert not amina.get(MONDAY).tree.all("section", **{"aria-labelledby": "pourquoi"})


def test_for_somebody_the_last_type_is_chosen_and_their_own_time_is_not_free(amina: Browser, cast: Cast) -> None:
    book = Book("key-already", cast.entretien, paris("2026-11-23 09:00"), cast.roux, cast.diallo)
    reservations.book(book, Act(now=NOW, origin="cli", tell=messages.file))
    db.session.remove()
    page = amina.get(f"/creneaux?usager={cast.diallo}&du=2026-11-23&au=2026-11-23")
    assert "Pour DIALLO Amadou" in page.text
    assert page.tree.one("option", value="entretien").attributes.keys() >= {"selected"}
    assert len(slots(page)) == 17 - 1, "neither Mme Roux nor M. Diop sees him at 9h00"
    assert all(each["formaction"].endswith(f"&usager={cast.diallo}") for each in slots(page))


@pytest.mark.parametrize("number", ["999", "0", "-1", "99999999999999999999", "x"])
def test_for_somebody_unknown(amina: Browser, number: str) -> None:
    assert amina.get(f"/creneaux?usager={number}").status == 404


def test_somebody_known_by_a_code_answers_like_nobody(amina: Browser, cast: Cast) -> None:
    book = Book("key-visitor", cast.depistage, paris("2026-11-23 09:00"), cast.petit, None)
    reservations.book(book, Act(now=NOW, origin="cli", tell=messages.file))
    visitor = cast.kone + 1
    db.session.remove()
    assert {amina.get(f"/creneaux?usager={number}").status for number in range(visitor, visitor + 4)} == {404}


REFUSED = [
    ("motif=", "motif", "Remplissez ce champ."),
    ("motif=inconnu", "motif", "Choisissez une valeur de la liste."),
    ("motif=entretien&professionnel=inconnu", "professionnel", "Choisissez une valeur de la liste."),
    ("motif=entretien&langue=xx", "langue", "Choisissez une valeur de la liste."),
    ("motif=entretien&du=2027-02-29", "du", "Indiquez une date qui existe"),
    ("motif=entretien&au=32/01/2027", "au", "Indiquez une date qui existe"),
    ("motif=entretien&du=", "du", "Remplissez ce champ."),
    ("motif=entretien&du=2026-12-02&au=2026-12-01", "au", "La fin doit venir après le début."),
    ("motif=entretien&du=2026-12-02&au=2027-12-01", "au", "91 jours au plus"),
    ("motif=entretien&du=0001-01-01&au=0001-01-02", "du", "Indiquez une date qui existe"),
    ("motif=entretien&du=9999-12-31&au=9999-12-31", "du", "Indiquez une date qui existe"),
    ("motif=entretien&du=%00", "du", "Retirez les caractères invisibles"),
    ("motif=entretien&du=123456789012345", "du", "sécurité sociale"),
]


@pytest.mark.parametrize(("query", "field", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_search_that_makes_no_sense(amina: Browser, query: str, field: str, words: str) -> None:
    page = amina.get(f"/creneaux?{query}")
    assert page.status == 422
    assert words in page.errors()[field]
    assert slots(page) == []


def shown(browser: Browser, change: Element) -> int:
    """How many slots there are where a change leads."""
    return len(slots(browser.get(change.one("a")["href"])))


def test_another_professional_speaks_the_language_too(amina: Browser, cast: Cast) -> None:
    """Or it is said that they do not; and each address finds what it says, without the language when need be."""
    set_on(Professional, cast.roux, languages=frozenset({"ar"}))
    said = why(amina.get(f"{MONDAY}&professionnel=diop&langue=ar"))
    assert "Le professionnel demandé ne parle pas cette langue (arabe), ou ne reçoit pas pour ce motif." in said.text
    another, without = said.all("li")
    assert another.text.startswith("Avec un autre professionnel : 12 créneaux, le premier lundi 23 novembre 2026")
    assert "Avec quelqu’un qui ne parle pas cette langue (arabe) : 6 créneaux" in without.text
    assert (shown(amina, another), shown(amina, without)) == (12, 12 + 6)


def test_nobody_else_speaks_it(amina: Browser, cast: Cast) -> None:
    set_on(Professional, cast.roux, languages=frozenset({"ar"}))
    store(absence(cast.roux, "2026-11-22 00:00", "2027-12-12 00:00"))
    (without,) = why(amina.get(f"{MONDAY}&langue=ar")).all("li")
    assert "Avec quelqu’un qui ne parle pas cette langue (arabe) : 6 créneaux" in without.text
    assert shown(amina, without) == 6


def test_what_comes_later_is_as_much_as_is_said(amina: Browser, cast: Cast) -> None:
    """Seven days are those that the page shows, whatever the hour of the first slot."""
    store(block(cast.diop, "2026-11-23 09:00", "2026-11-23 11:00"))
    (later,) = why(amina.get("/creneaux?motif=entretien&professionnel=diop&du=2026-11-22&au=2026-11-22")).all("li")
    assert later.text.startswith("La semaine suivante : 2 créneaux en sept jours, le premier lundi 23 novembre 2026")
    assert shown(amina, later) == 2


@pytest.mark.parametrize("word", ["endpoint=x", "_anchor=x", "_scheme=javascript", "_method=POST", "_external=1"])
def test_words_of_our_own_making_of_addresses_are_nobody_else_s(amina: Browser, word: str) -> None:
    said = why(amina.get(f"/creneaux?motif=entretien&professionnel=diop&du=2026-11-24&au=2026-11-24&{word}"))
    assert {each["href"].partition("?")[0] for each in said.all("a")} == {"/creneaux", "/liste-d-attente/nouvelle"}
