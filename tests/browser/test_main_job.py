"""« An usager on the phone wants an appointment next week »: the whole job, without a mouse or JavaScript."""

from __future__ import annotations

import pytest
from icalendar import Calendar
from playwright.sync_api import Page, expect

from tests.browser.conftest import Live, Tabs
from tests.builders import paris

PASSWORD = "quatre grues cendrées"

pytestmark = pytest.mark.browser


def sign_in(page: Page, live: Live, link: str | None = None) -> None:
    page.goto(link or live.link())
    expect(page.get_by_label("Nouveau mot de passe")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{live.url}/")


def find_a_slot(page: Page) -> None:
    page.get_by_role("searchbox").fill("dia")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Nouveau rendez-vous pour DIALLO Amadou")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_label("Motif").focus()
    page.keyboard.type("Entretien")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Chercher").last.press("Enter")


def book(page: Page) -> None:
    page.get_by_role("button", name="9h30 le lundi 23 novembre 2026 avec Mme Roux").press("Enter")
    expect(page.locator(".aloud")).to_have_text(
        "Lundi 23 novembre 2026 à 9h30, avec Mme Roux, 30 minutes, 4 rue Teddy Riner, Asnières-sur-Seine."
    )
    expect(page.get_by_role("button", name="Confirmer le rendez-vous")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Rendez-vous confirmé, courriel en cours d’envoi à a…@…")


def read_the_mail(page: Page) -> None:
    page.get_by_role("link", name="Courriels").press("Enter")
    page.get_by_role("link", name="Rendez-vous du lundi 23 novembre à 9h30").press("Enter")
    expect(page.locator(".mail-text")).to_contain_text("9h30")
    expect(page.locator(".mail-text")).not_to_contain_text("Entretien")


def open_the_feed(page: Page, live: Live) -> Calendar:
    page.goto(f"{live.url}/professionnels/roux")
    page.get_by_text("Créer un lien d’abonnement").press("Enter")
    page.get_by_label("Pour quel appareil ?").fill("Outlook du bureau")
    page.keyboard.press("Enter")
    address = page.locator(".secret code").first.inner_text()
    answer = page.request.get(address)
    assert answer.ok
    return Calendar.from_ical(answer.body())


def test_from_the_link_to_the_calendar(live: Live, tab: Tabs) -> None:
    page = tab(java_script_enabled=False)
    sign_in(page, live)
    find_a_slot(page)
    book(page)
    page.goto(f"{live.url}/?jour=2026-11-23")
    expect(page.get_by_role("link", name="DIALLO Amadou")).to_be_visible()
    live.deliver()
    read_the_mail(page)
    (event,) = open_the_feed(page, live).walk("VEVENT")
    assert event["DTSTART"].dt == paris("2026-11-23 09:30")
    assert event["DTEND"].dt == paris("2026-11-23 10:00")


def test_the_link_serves_once(live: Live, tab: Tabs) -> None:
    link, first, second = live.link(), tab(), tab()
    sign_in(first, live, link)
    second.goto(link)
    expect(second.get_by_role("heading", level=1)).to_have_text("Page introuvable")
