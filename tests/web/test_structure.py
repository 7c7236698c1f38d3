"""What every page must be for somebody who does not see it, or does not use a mouse (WCAG 2.2, RGAA 4)."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.web.browsing import Browser, Element, Page
from tests.web.pages import ADDRESSES, SLOT, Place

FIELDS = ("input", "select", "textarea")
NEW = "/rendez-vous/nouveau?motif=entretien&professionnel=roux"
FIRST_ROOM = "/rendez-vous/nouveau?motif=depistage&debut=2026-11-23T09:00&professionnel=petit"
# The same pages in other states: with a refusal, empty, confidential.
STATES = {
    "day, closed": "/?jour=2026-11-22",
    "day, impossible": "/?jour=2027-02-29",
    "slots, refused": "/creneaux?motif=",
    "slots, none": "/creneaux?motif=entretien&du=2026-11-28&au=2026-11-29",
    "book, nobody yet": SLOT,
    "book, nobody found": f"{SLOT}&q=zzz",
    "book, confidential": FIRST_ROOM,
    "book, with a colleague": f"{SLOT}&avec=diop&q=zzz",
    "book, now": f"{NEW}&regle=maintenant",
    "book, hors plage": f"{NEW}&debut=2026-11-23T12:30&regle=hors-plage",
    "book, no longer held": f"{SLOT}&retenu=0123456789abcdef",
    "book, a series": f"{SLOT}&fois=3&toutes=1&date=2026-11-23&date=2026-12-07",
    "series, refused": f"{SLOT.replace('/nouveau?', '/nouveau/serie?')}&fois=99&toutes=1",
    "slots, of one": "/creneaux?motif=entretien&professionnel=roux&du=2026-11-23&au=2026-11-24",
    "wishes, nothing yet": "/liste-d-attente/nouvelle",
    "wishes, refused": "/liste-d-attente/nouvelle?suite=1&motif=&du=x&de=x&jours=9",
    "wishes, confidential": "/liste-d-attente/nouvelle?suite=1&motif=depistage",
    "usagers, nobody": "/usagers?q=zzz",
    "usagers, refused": "/usagers?q=%00",
    "not found": "/rien",
}


@pytest.fixture
def every_page(visitor: Browser, amina: Browser, place: Place) -> list[Page]:
    pages = [amina.get(make(place)) for name, make in ADDRESSES.items() if name != "auth.connexion"]
    pages += [amina.get(address) for address in STATES.values()]
    amina.client.delete_cookie("booking")
    return [*pages, amina.get("/connexion")]


def visible(fields: list[Element]) -> list[Element]:
    return [each for each in fields if each["type"] != "hidden" and each["aria-hidden"] != "true"]


def test_every_page_is_well_made(every_page: list[Page]) -> None:
    assert len(every_page) == len(ADDRESSES) + len(STATES)
    for page in every_page:
        check_frame(page)
        check_ids(page)
        check_fields(page)
        check_headings(page)


def check_frame(page: Page) -> None:
    tree = page.tree
    assert tree.one("html")["lang"] == "fr", page.address
    assert len(tree.all("h1")) == 1, page.address
    first_link = tree.all("a")[0]
    assert (first_link["href"], first_link.text) == ("#contenu", "Aller au contenu"), page.address
    assert tree.one("main")["id"] == "contenu", page.address
    assert page.source.startswith("<!doctype html>"), page.address


def check_ids(page: Page) -> None:
    """Each id is there once, and whatever refers to one finds it."""
    ids = [each["id"] for each in page.tree.all() if each["id"]]
    assert sorted(ids) == sorted(set(ids)), page.address
    for each in page.tree.all():
        for name in ("aria-labelledby", "aria-describedby", "for"):
            assert set(each[name].split()) <= set(ids), (page.address, each)
        if each["href"].startswith("#"):
            assert each["href"][1:] in ids, (page.address, each)


def check_fields(page: Page) -> None:
    """Every field has a label with words; every button says what it does."""
    labels = {label["for"]: label.text for label in page.tree.all("label")}
    for tag in FIELDS:
        for each in visible(page.tree.all(tag)):
            assert labels.get(each["id"]), (page.address, each)
    for tag in ("button", "a", "summary"):
        for each in page.tree.all(tag):
            assert each.text, (page.address, each)
    for form in page.tree.all("form"):
        assert form.all("button"), (page.address, form)


def check_headings(page: Page) -> None:
    """No level is skipped."""
    levels = [int(each.tag[1]) for each in page.tree.all() if each.tag in ("h1", "h2", "h3", "h4")]
    for before, after in pairwise(levels):
        assert after <= before + 1, (page.address, levels)


def test_no_two_pages_have_one_title(every_page: list[Page]) -> None:
    titles = [page.title for page in every_page if page.status == 200]
    of_states = {
        "Chercher un créneau",
        "Réserver un créneau",
        "Chercher une personne",
        "Noter une demande : pour qui ?",
    }
    once = [title for title in titles if title.partition(" · ")[0] not in of_states]
    assert sorted(once) == sorted(set(once))


def test_a_refused_page_says_so_first(every_page: list[Page]) -> None:
    refused = [page for page in every_page if page.status == 422]
    assert len(refused) == 5
    for page in refused:
        assert page.title.startswith("Erreur : "), page.address
        assert page.errors(), page.address


def test_the_summary_of_errors_leads_to_the_field(amina: Browser) -> None:
    page = amina.get("/creneaux?motif=")
    (alert,) = page.tree.all(role="alert")
    (link,) = alert.all("a")
    assert (link["href"], link.text) == ("#motif", "Motif")
    assert page.errors() == {"motif": "Erreur : Remplissez ce champ."}


def test_the_page_one_is_on_is_marked(amina: Browser) -> None:
    marked = amina.get("/salles").tree.all(**{"aria-current": "page"})
    assert [each.text for each in marked] == ["Salles"]
