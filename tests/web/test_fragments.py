"""The part of a page that a search swaps: the same view, the same words, and nothing else."""

from __future__ import annotations

import pytest

from booking.web import fragments
from tests.builders import Cast
from tests.web.browsing import Browser, Page, read

SWAPPING = {fragments.HEADER: "true"}
SEARCH = "/creneaux?motif=entretien&du=2026-11-23&au=2026-11-24"
FOUND = [
    (SEARCH, "slots and what to say first"),
    ("/creneaux?motif=entretien&du=2026-11-28&au=2026-11-29", "nothing, and why"),
    ("/creneaux?motif=entretien&professionnel=roux&du=2026-11-23&au=2026-11-23", "what one professional alone has"),
    ("/creneaux", "what is shown before a type is chosen"),
]


def part(browser: Browser, address: str) -> Page:
    return read(address, browser.open(address, headers=SWAPPING))


@pytest.mark.parametrize("address", [row[0] for row in FOUND], ids=[row[1] for row in FOUND])
def test_a_part_says_what_its_page_says_under_the_form(amina: Browser, address: str) -> None:
    whole, alone = amina.get(address).tree.one(id="trouve"), part(amina, address)
    assert alone.status == 200
    assert alone.tree.text == whole.text
    assert [each["formaction"] for each in alone.tree.all("button")] == [
        each["formaction"] for each in whole.all("button")
    ]
    assert alone.tree.all("html") + alone.tree.all("select") == []
    assert "HX-Redirect" not in alone.headers


@pytest.mark.parametrize(
    ("address", "first"),
    [
        (SEARCH, "Lundi 23 novembre 2026 à 9h00 avec Mme Roux"),
        ("/creneaux?motif=entretien&du=2026-11-28&au=2026-11-29", "Aucun créneau libre"),
    ],
)
def test_whoever_swaps_goes_on_from_the_first_thing_it_says(amina: Browser, address: str, first: str) -> None:
    [focused] = [each for each in part(amina, address).tree.all() if "autofocus" in each.attributes]
    assert focused.text.startswith(first)


def test_a_page_keeps_the_focus_where_it_was(amina: Browser) -> None:
    assert [each for each in amina.get(SEARCH).tree.all() if "autofocus" in each.attributes] == []


@pytest.mark.parametrize(
    ("address", "status", "because"),
    [
        ("/creneaux?motif=", 422, "its errors stand beside the fields, which are not in the part"),
        ("/creneaux?motif=inconnu", 422, "likewise"),
        ("/creneaux?motif=entretien&usager=999999", 404, "a page says so"),
        ("/salles", 200, "no part of it is ever swapped"),
        ("/rien", 404, "there is no such page"),
    ],
)
def test_what_is_no_part_is_opened_as_a_page(amina: Browser, address: str, status: int, because: str) -> None:
    answer = amina.open(address, headers=SWAPPING)
    assert answer.status_code == status, because
    assert answer.headers["HX-Redirect"] == address


@pytest.mark.parametrize(
    ("address", "sent_to"),
    [
        ("/creneaux?motif=%E2%82%AC%C3%A9", "/creneaux?motif=%E2%82%AC%C3%A9"),
        ("/creneaux?motif=%0D%0AX:1", "/creneaux?motif=%0D%0AX:1"),
        ("//ailleurs.example/creneaux", "/ailleurs.example/creneaux"),
        ("/salles", "/salles"),
    ],
)
def test_only_an_address_of_ours_is_opened(amina: Browser, address: str, sent_to: str) -> None:
    path, _, query = address.partition("?")
    answer = amina.open("/", headers=SWAPPING, environ_overrides={"PATH_INFO": path, "QUERY_STRING": query})
    assert answer.headers["HX-Redirect"] == sent_to


def test_an_unknown_host_is_refused_as_ever(visitor: Browser) -> None:
    answer = visitor.open(SEARCH, headers={**SWAPPING, "Host": "ailleurs.example"})
    assert (answer.status_code, answer.mimetype) == (400, "text/plain")


@pytest.mark.parametrize(
    ("current", "replaced"),
    [
        (f"http://localhost{SEARCH}", SEARCH),
        ("http://localhost/creneaux", None),
        ("", None),
    ],
)
def test_the_same_search_twice_is_one_step_of_the_way_back(amina: Browser, current: str, replaced: str | None) -> None:
    answer = amina.open(SEARCH, headers={**SWAPPING, "HX-Current-URL": current})
    assert answer.headers.get("HX-Replace-Url") == replaced


def test_after_a_refusal_the_next_search_is_a_page(amina: Browser) -> None:
    """The errors stand above the part: a part alone would leave them there."""
    refused, right = (amina.get(address).form("/creneaux") for address in ("/creneaux?motif=", SEARCH))
    assert (refused["hx-get"], right["hx-get"]) == ("", "/creneaux")


def test_nobody_signs_in_inside_a_part(visitor: Browser) -> None:
    sent_to = visitor.open(SEARCH, headers=SWAPPING).headers["Location"]
    answer = visitor.open(sent_to, headers=SWAPPING)
    assert answer.headers["HX-Redirect"].endswith(sent_to)


def test_what_is_sent_is_never_sent_again_as_a_page(amina: Browser, cast: Cast) -> None:
    answer = amina.open("/creneaux", "POST", headers=SWAPPING)
    assert answer.status_code in (400, 405)
    assert "HX-Redirect" not in answer.headers


@pytest.mark.parametrize("address", [SEARCH, "/salles"])
def test_an_ordinary_page_sends_nobody_anywhere(amina: Browser, address: str) -> None:
    assert "HX-Redirect" not in amina.open(address).headers
