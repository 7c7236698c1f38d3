"""What every answer carries, and which requests are not even read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask, request
from werkzeug.test import TestResponse

from booking.config import Settings
from booking.web.security import MAX_BODY_BYTES, trusted_hosts
from tests.builders import Cast
from tests.web.browsing import Browser

EVERYWHERE = ["/", "/connexion", "/rien", "/sante", "/static/app.css", "/agenda/unknown.ics"]
POLICY = (
    "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self';"
    " object-src 'none'"
)


@pytest.fixture
def public(elsewhere: Callable[..., Flask], cast: Cast) -> Browser:
    """The same site, reached over TLS through a proxy."""
    return Browser(elsewhere(public_url="https://rdv.exemple.fr").test_client())


def through_proxy(public: Browser, address: str, **more: object) -> TestResponse:
    headers = {"Host": "rdv.exemple.fr", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}
    return public.open(address, headers=headers, **more)


@pytest.mark.parametrize("address", EVERYWHERE)
def test_on_every_answer(visitor: Browser, address: str) -> None:
    headers = visitor.open(address).headers
    assert headers["Content-Security-Policy"] == POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] in ("same-origin", "no-referrer")
    assert "Strict-Transport-Security" not in headers, "there is no TLS here"


@pytest.mark.parametrize("address", ["/", "/salles", "/usagers?q=dia", "/rien", "/?jour=2027-02-29"])
def test_the_back_button_shows_nothing_after_signing_out(amina: Browser, address: str) -> None:
    assert amina.open(address).headers["Cache-Control"] == "no-store"


def test_a_named_version_of_a_static_file_is_kept_for_ever(visitor: Browser) -> None:
    sheet = visitor.get("/connexion").tree.all("link", rel="stylesheet")[-1]["href"]
    answer = visitor.open(sheet)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Set-Cookie" not in answer.headers
    assert "immutable" not in visitor.open(sheet.partition("?")[0]).headers["Cache-Control"]


def test_over_tls_hsts_and_secure_cookies(public: Browser) -> None:
    answer = through_proxy(public, "/connexion")
    assert answer.status_code == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-booking=")
    for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert word in cookie
    assert "Domain" not in cookie


def test_without_tls_the_cookie_works_all_the_same(visitor: Browser) -> None:
    cookie = visitor.open("/connexion").headers["Set-Cookie"]
    assert cookie.startswith("booking=")
    assert "Secure" not in cookie
    for word in ("HttpOnly", "SameSite=Lax"):
        assert word in cookie


@pytest.mark.parametrize("host", ["evil.example", "rdv.exemple.fr.evil.example", "127.0.0.1", ""])
def test_another_host_is_refused(public: Browser, host: str) -> None:
    answer = public.open("/connexion", headers={"Host": host})
    assert answer.status_code == 400
    assert "evil" not in answer.text


def test_on_one_s_own_machine_all_its_names_are_trusted(settings: Settings) -> None:
    assert set(trusted_hosts(settings)) == {"127.0.0.1", "localhost", "::1"}


def test_a_forwarded_address_is_not_believed_without_a_proxy(visitor: Browser, app: Flask) -> None:
    seen: list[str | None] = []
    app.before_request_funcs.setdefault(None, []).append(lambda: seen.append(_remote_address()))
    visitor.open("/sante", headers={"X-Forwarded-For": "192.0.2.7"})
    assert seen == ["127.0.0.1"]


def _remote_address() -> str | None:
    return request.remote_addr


def test_an_enormous_body_is_not_read(amina: Browser) -> None:
    answer = amina.open("/deconnexion", "POST", data={"filler": "x" * (MAX_BODY_BYTES + 1)})
    assert answer.status_code == 413
    assert "Envoi trop gros" in answer.text
