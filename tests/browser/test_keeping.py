"""A slot that is kept, repeated and shared, in a real browser without JavaScript, and nothing for axe to find."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from booking.slots.models import AppointmentType
from tests.browser.conftest import Live, Tabs
from tests.browser.test_accessibility import NARROW, WIDE, open_everything, violations
from tests.browser.test_main_job import sign_in
from tests.builders import set_on

pytestmark = pytest.mark.browser

MONDAY = "/creneaux?motif=entretien&du=2026-11-23&au=2026-11-23"


def check(page: Page) -> None:
    """What axe finds, and whether anything runs out of the page."""
    open_everything(page)
    assert violations(page) == [], page.url
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.evaluate("window.innerWidth"), page.url


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_kept_then_repeated(live: Live, tab: Tabs, viewport: dict[str, int]) -> None:
    page = tab(viewport=viewport)
    sign_in(page, live)
    page.goto(f"{live.url}{MONDAY}&usager={live.cast.diallo}")
    page.get_by_role("button", name="9h30 le lundi 23 novembre 2026 avec Mme Roux").click()
    expect(page.get_by_text("Créneau retenu jusqu’à 13h05")).to_be_visible()
    expect(page.get_by_role("button", name="Confirmer le rendez-vous")).to_be_focused()
    check(page)
    page.get_by_role("button", name="Voir les dates").click()
    check(page)
    page.get_by_label("Lundi 30 novembre 2026 à 9h30").uncheck()
    page.get_by_role("button", name="Continuer avec ces dates").click()
    check(page)
    page.get_by_role("button", name="Confirmer la série").click()
    expect(page.get_by_text("1 sur 5", exact=False).first).to_be_visible()
    check(page)


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_family_and_a_session(live: Live, tab: Tabs, viewport: dict[str, int]) -> None:
    with live.app.app_context():
        set_on(AppointmentType, live.cast.entretien, capacity=3)
    page = tab(viewport=viewport)
    sign_in(page, live)
    page.goto(f"{live.url}{MONDAY}&usager={live.cast.diallo}")
    page.get_by_role("button", name="9h00 le lundi 23 novembre 2026 avec Mme Roux").click()
    page.get_by_role("link", name="Ajouter une autre personne").click()
    check(page)
    page.get_by_label("Nom, téléphone ou courriel", exact=True).fill("kon")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Ouvrir la séance", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Séance collective, 2 sur 3")
    check(page)
    page.goto(live.url + MONDAY)
    expect(page.get_by_text("1 place libre sur 3")).to_be_visible()
    check(page)


def test_what_is_kept_is_listed_above_the_search(live: Live, tab: Tabs) -> None:
    page = tab(java_script_enabled=False)
    sign_in(page, live)
    page.goto(live.url + MONDAY)
    page.get_by_role("button", name="9h00 le lundi 23 novembre 2026 avec M. Diop").press("Enter")
    page.go_back()
    expect(page.get_by_role("heading", name="Créneaux que vous retenez")).to_be_visible()
    page.get_by_role("button", name="Libérer").press("Enter")
    expect(page.get_by_role("status")).to_have_text("Créneau libéré.")
