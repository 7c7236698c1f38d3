"""A search that swaps what it found: what changes, what does not, where one goes on, and what happens when it fails."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Live, Tabs
from tests.browser.test_accessibility import NARROW, WIDE, violations
from tests.browser.test_main_job import sign_in

pytestmark = pytest.mark.browser

MONDAY = "motif=entretien&professionnel=&avec=&du=2026-11-23&au=2026-11-23"
FIRST = "Lundi 23 novembre 2026 à 9h00 avec Mme Roux"


@pytest.fixture
def page(live: Live, tab: Tabs) -> Page:
    """Amina on the page of the search, which bears a mark that only another page would lose."""
    page = tab(viewport=WIDE)
    sign_in(page, live)
    page.goto(f"{live.url}/creneaux")
    mark(page)
    return page


def mark(page: Page) -> None:
    page.evaluate("document.body.dataset.mark = 'here'")


def same_page(page: Page) -> bool:
    return bool(page.evaluate("document.body.dataset.mark === 'here'"))


def search(page: Page, motif: str = "entretien", day: str = "2026-11-23") -> None:
    page.get_by_label("Motif").select_option(motif)
    page.get_by_label("Du", exact=True).fill(day)
    page.get_by_label("Au", exact=True).fill(day)
    page.get_by_label("Au", exact=True).press("Enter")


def test_what_was_found_changes_and_the_page_stays(live: Live, page: Page) -> None:
    search(page)
    expect(page.get_by_role("button", name=FIRST)).to_be_focused()
    expect(page).to_have_url(f"{live.url}/creneaux?{MONDAY}")
    expect(page.get_by_role("heading", name="Lundi 23 novembre 2026")).to_be_visible()
    search(page, day="2026-11-28")
    expect(page.get_by_role("heading", name="Aucun créneau libre")).to_be_visible()
    expect(page.get_by_role("heading", name="Lundi 23 novembre 2026")).to_have_count(0)
    expect(page.get_by_label("Motif")).to_have_value("entretien")
    assert same_page(page)
    page.reload()
    expect(page.get_by_role("heading", name="Aucun créneau libre")).to_be_visible()


def test_the_way_back_shows_what_was_found_before(live: Live, page: Page) -> None:
    search(page)
    expect(page.get_by_role("button", name=FIRST)).to_be_focused()
    search(page, day="2026-11-24")
    expect(page.get_by_role("button", name="Mardi 24 novembre 2026 à 9h00 avec Mme Roux")).to_be_focused()
    page.go_back()
    expect(page).to_have_url(f"{live.url}/creneaux?{MONDAY}")
    expect(page.get_by_role("heading", name="Lundi 23 novembre 2026")).to_be_visible()
    expect(page.get_by_label("Du", exact=True)).to_have_value("2026-11-23")
    page.go_forward()
    expect(page.get_by_role("heading", name="Mardi 24 novembre 2026")).to_be_visible()


def test_a_slot_that_was_swapped_in_is_booked_as_any_other(page: Page) -> None:
    search(page)
    expect(page.get_by_role("button", name=FIRST)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".aloud")).to_contain_text("Lundi 23 novembre 2026 à 9h00, avec Mme Roux")


def test_what_is_refused_is_a_page_with_its_errors(live: Live, page: Page) -> None:
    search(page, motif="")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page).to_have_title("Erreur : Chercher un créneau · Rendez-vous du pôle social")
    assert not same_page(page)


def test_what_is_corrected_is_a_page_without_errors(page: Page) -> None:
    search(page, motif="")
    expect(page.get_by_role("alert")).to_be_focused()
    search(page)
    expect(page.get_by_role("heading", name="Lundi 23 novembre 2026")).to_be_visible()
    expect(page).to_have_title("Chercher un créneau · Rendez-vous du pôle social")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_of_several_searches_the_last_one_counts(live: Live, page: Page) -> None:
    """On a slow line: what is shown is what the form says."""
    held: list[Route] = []
    page.route("**/creneaux?**", lambda route: held.append(route))
    for day in ("2026-11-23", "2026-11-24", "2026-11-25"):
        search(page, day=day)
    page.wait_for_timeout(200)
    for route in held:
        route.continue_()
    expect(page.get_by_role("heading", name="Mercredi 25 novembre 2026")).to_be_visible()
    expect(page.get_by_label("Du", exact=True)).to_have_value("2026-11-25")
    assert "du=2026-11-25" in page.url
    assert same_page(page)


def test_the_same_search_twice_is_one_step_of_the_way_back(live: Live, page: Page) -> None:
    for _ in range(2):
        search(page)
        expect(page.get_by_role("button", name=FIRST)).to_be_focused()
        expect(page).to_have_url(f"{live.url}/creneaux?{MONDAY}")
    page.go_back()
    expect(page).to_have_url(f"{live.url}/creneaux")


def test_whoever_was_signed_out_meanwhile_signs_in_on_a_page(live: Live, page: Page) -> None:
    page.context.clear_cookies()
    search(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Connexion")
    assert not same_page(page)


def test_what_cannot_be_fetched_is_asked_for_as_a_page(live: Live, page: Page) -> None:
    def cut(route: Route) -> None:
        route.abort() if "hx-request" in route.request.headers else route.continue_()

    page.route("**/creneaux**", cut)
    search(page)
    expect(page.get_by_role("heading", name="Lundi 23 novembre 2026")).to_be_visible()
    assert not same_page(page)


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing_in_what_was_swapped_in(page: Page, viewport: dict[str, int]) -> None:
    page.set_viewport_size(viewport)  # type: ignore[arg-type]  # playwright's own dictionary
    search(page)
    expect(page.get_by_role("button", name=FIRST)).to_be_focused()
    assert violations(page) == []
    search(page, day="2026-11-28")
    expect(page.get_by_role("heading", name="Aucun créneau libre")).to_be_visible()
    assert violations(page) == []
