"""« The same as last time, next week »: a known usager on the phone, every key counted, without JavaScript."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from booking import messages, reservations
from booking.reservations.commands import Act, Book
from tests.browser.conftest import Live, Tabs
from tests.browser.test_accessibility import NARROW, RULES, WIDE
from tests.browser.test_main_job import sign_in
from tests.builders import NOW, paris

pytestmark = pytest.mark.browser

MOST_KEYS, MOST_PAGES = 20, 3  # searching, choosing, confirming; of the first two, htmx will make one


class Keys:
    """A keyboard that counts, and the pages that it leads to."""

    def __init__(self, page: Page) -> None:
        self.page, self.pressed, self.pages = page, 0, 0
        page.on("response", self._count)

    def _count(self, response: object) -> None:
        request = response.request  # type: ignore[attr-defined]  # playwright's
        self.pages += request.is_navigation_request() and response.status == 200  # type: ignore[attr-defined]

    def press(self, key: str, times: int = 1) -> None:
        for _ in range(times):
            self.page.keyboard.press(key)
        self.pressed += times

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.pressed += len(text)


@pytest.fixture
def came_before(live: Live) -> None:
    """M. Diallo has seen Mme Roux already."""
    with live.app.app_context():
        book = Book("key-before", live.cast.entretien, paris("2026-11-23 09:00"), live.cast.roux, live.cast.diallo)
        reservations.book(book, Act(now=NOW, origin="web", tell=messages.file))


def search(page: Page) -> Keys:
    page.get_by_role("searchbox").focus()  # a shortcut will: one key
    keys = Keys(page)
    keys.pressed += 1
    keys.type("dia")
    keys.press("Enter")
    expect(page.get_by_role("link", name="Nouveau rendez-vous pour DIALLO Amadou")).to_be_focused()
    return keys


@pytest.mark.usefixtures("came_before")
def test_the_first_of_what_is_put_forward(live: Live, tab: Tabs) -> None:
    page = tab(java_script_enabled=False)
    sign_in(page, live)
    keys = search(page)
    keys.press("Tab")
    expect(page.get_by_role("button", name="Lundi 23 novembre 2026 à 9h30 avec Mme Roux")).to_be_focused()
    keys.press("Enter")
    expect(page.get_by_role("button", name="Confirmer le rendez-vous")).to_be_focused()
    keys.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Rendez-vous confirmé, courriel en cours d’envoi à a…@…")
    assert keys.pressed <= 8 <= MOST_KEYS
    assert keys.pages <= MOST_PAGES


@pytest.mark.usefixtures("came_before")
def test_the_third_of_next_week(live: Live, tab: Tabs) -> None:
    page = tab(java_script_enabled=False)
    sign_in(page, live)
    keys = search(page)
    keys.press("Enter")
    expect(page.get_by_role("button", name="Lundi 23 novembre 2026 à 9h30 avec Mme Roux")).to_be_focused()
    keys.press("Shift+Tab", 2)  # « Dans 2 semaines », « Semaine prochaine »
    expect(page.get_by_role("link", name="Semaine prochaine")).to_be_focused()
    keys.press("Enter")
    expect(page.get_by_role("button", name="Lundi 23 novembre 2026 à 9h30 avec Mme Roux")).to_be_focused()
    keys.press("Tab", 2)
    expect(page.get_by_role("button", name="Mercredi 25 novembre 2026 à 9h00 avec Mme Roux")).to_be_focused()
    keys.press("Enter")
    expect(page.get_by_role("button", name="Confirmer le rendez-vous")).to_be_focused()
    keys.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Rendez-vous confirmé, courriel en cours d’envoi à a…@…")
    assert keys.pressed <= 15 <= MOST_KEYS


@pytest.mark.usefixtures("came_before")
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing_in_what_is_put_forward(live: Live, tab: Tabs, viewport: dict[str, int]) -> None:
    page = tab(viewport=viewport)
    sign_in(page, live)
    for path in (f"/creneaux?usager={live.cast.diallo}", "/usagers?q=dia"):
        page.goto(live.url + path)
        expect(page.get_by_role("heading", name="À proposer d’abord")).to_be_visible()
        found = Axe().run(page, options=RULES).response["violations"]
        assert [each["id"] for each in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
