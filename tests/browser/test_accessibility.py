"""What a machine can check of WCAG 2.2 AA on every page, wide and narrow. A machine finds half of it."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from booking.notify import mailbox
from tests.browser.conftest import Live, Tabs
from tests.browser.test_main_job import sign_in
from tests.web.pages import ADDRESSES, Place, an_appointment, opening_of
from tests.web.test_structure import STATES

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 320, "height": 640}

pytestmark = pytest.mark.browser


@pytest.fixture
def addresses(live: Live) -> dict[str, str]:
    """Every page of the site, with something in it."""
    with live.app.app_context():
        uid, opening = an_appointment(live.cast), opening_of(live.cast.roux)
    live.deliver()
    (mail,) = mailbox.newest(live.settings.mailbox)
    place = Place(live.cast, uid, mail.name, opening)
    known = {name: make(place) for name, make in ADDRESSES.items() if not name.startswith("auth.")}
    return {name: live.url + address for name, address in (known | STATES).items()}


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing(live: Live, tab: Tabs, addresses: dict[str, str], viewport: dict[str, int]) -> None:
    page = tab(viewport=viewport)
    for start in (f"{live.url}/connexion", live.link()):
        page.goto(start)
        assert violations(page) == [], start
    sign_in(page, live)
    for name, address in addresses.items():
        page.goto(address)
        open_everything(page)
        assert violations(page) == [], name


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{each['id']}: {node['html']:.200}" for each in found for node in each["nodes"]]


def open_everything(page: Page) -> None:
    """Fold nothing away: what is hidden is not checked."""
    page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true })")


def test_at_320_pixels_nothing_runs_out_of_the_page(live: Live, tab: Tabs, addresses: dict[str, str]) -> None:
    page = tab(viewport=NARROW)
    sign_in(page, live)
    for name, address in addresses.items():
        page.goto(address)
        open_everything(page)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= NARROW["width"], f"{name} is {width} pixels wide"


def test_the_first_tab_skips_the_bar(live: Live, tab: Tabs) -> None:
    page = tab(viewport=WIDE)
    sign_in(page, live)
    page.goto(f"{live.url}/salles")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_after_a_refusal_the_summary_has_the_focus(live: Live, tab: Tabs) -> None:
    page = tab(viewport=WIDE)
    sign_in(page, live)
    page.goto(f"{live.url}/creneaux?motif=")
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_role("alert").get_by_role("link", name="Motif").press("Enter")
    expect(page.get_by_label("Motif")).to_be_focused()


def test_the_focus_is_always_seen(live: Live, tab: Tabs) -> None:
    page = tab(viewport=WIDE)
    sign_in(page, live)
    page.goto(f"{live.url}/professionnels/roux")
    seen = 0
    while seen < 60:
        page.keyboard.press("Tab")
        tag = page.evaluate("document.activeElement.outerHTML.slice(0, 120)")
        if tag.startswith("<body"):
            break  # after the last one
        seen += 1
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none", tag
    assert seen > 15
