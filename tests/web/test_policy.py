"""Every route says who may open it, and every change asks for a token."""

from __future__ import annotations

import pytest
from flask import Flask, abort
from werkzeug.routing import Rule

from booking.web.policy import policy_of
from tests.builders import Cast
from tests.web.browsing import Browser
from tests.web.pages import ADDRESSES, NOT_PAGES, Place, an_appointment

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
PUBLIC = {
    "auth.connexion": "nobody is signed in there",
    "auth.sign_in": "nobody is signed in there",
    "auth.link": "the secret in the address is what lets in",
    "auth.use_link": "the secret in the address is what lets in",
    "feed.calendar": "calendar clients do not sign in: the secret is in the address",
    "health.health": "says « ok » and nothing else",
    "static": "style sheets",
}


def rules(app: Flask) -> list[Rule]:
    return list(app.url_map.iter_rules())


def address(app: Flask, rule: Rule) -> str:
    """The rule's address with something in the place of each part."""
    values = dict.fromkeys(rule.arguments, "1")
    adapter = app.url_map.bind("localhost")
    return adapter.build(rule.endpoint, values, method=next(iter(rule.methods or ())), force_external=False)


def test_every_route_has_a_policy(app: Flask) -> None:
    without = [rule.endpoint for rule in rules(app) if policy_of(app.view_functions[rule.endpoint]) is None]
    assert without == []


def test_what_is_public_is_public_for_a_reason(app: Flask) -> None:
    found = {rule.endpoint for rule in rules(app) if policy_of(app.view_functions[rule.endpoint]) == "public"}
    assert found == set(PUBLIC)


def test_every_page_is_known_to_the_tests(app: Flask) -> None:
    """The structural tests and axe walk these lists."""
    readable = {rule.endpoint for rule in rules(app) if "GET" in (rule.methods or ())}
    assert readable == set(ADDRESSES) | set(NOT_PAGES)


def test_whoever_is_not_signed_in_is_asked_to(app: Flask, visitor: Browser) -> None:
    for rule in rules(app):
        if rule.endpoint in PUBLIC:
            continue
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
            answer = visitor.open(address(app, rule), method)
            assert answer.status_code == 302, rule
            assert answer.headers["Location"].startswith("/connexion"), rule


def test_every_change_needs_a_token(app: Flask, amina: Browser) -> None:
    unsafe = [(rule, method) for rule in rules(app) for method in (rule.methods or set()) & UNSAFE]
    assert len(unsafe) >= 12
    for rule, method in unsafe:
        answer = amina.open(address(app, rule), method)
        assert answer.status_code == 400, rule
        assert "restée ouverte trop longtemps" in answer.text, rule


def test_a_token_of_another_session_is_refused(amina: Browser, app: Flask) -> None:
    other = Browser(app.test_client())
    token = other.get("/connexion").tree.one("input", name="csrf_token")["value"]
    assert amina.open("/deconnexion", "POST", data={"csrf_token": token}).status_code == 400
    assert amina.open("/").status_code == 200, "still signed in"


def test_a_route_without_a_policy_is_refused_to_everybody(app: Flask, cast: Cast) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.add_url_rule("/forgotten", "forgotten", lambda: abort(418))
    assert Browser(app.test_client()).open("/forgotten").status_code == 500


def test_every_address_of_the_lists_opens(amina: Browser, cast: Cast, place: Place) -> None:
    for endpoint, make in (ADDRESSES | NOT_PAGES).items():
        if endpoint != "auth.connexion":
            assert amina.open(make(place)).status_code == 200, endpoint


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_what_no_form_sends_is_refused(amina: Browser, cast: Cast, method: str) -> None:
    answer = amina.open(f"/rendez-vous/{an_appointment(cast)}", method)
    assert answer.status_code in (400, 405)
