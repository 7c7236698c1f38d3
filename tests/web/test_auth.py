"""Getting in, staying in, getting out."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from booking.access import credentials, passwords
from booking.db import db, in_transaction
from booking.people.models import Agent
from booking.web.auth import is_own_path
from tests.builders import NOW, Cast
from tests.web.browsing import Browser, Page

PASSWORD = "quatre grues cendrées"


def link(cast: Cast) -> str:
    return "/lien/" + credentials.issue_link(cast.amina, NOW)


def choose(browser: Browser, address: str, password: str = PASSWORD, again: str | None = None) -> Page:
    page = browser.get(address)
    return browser.send(page, "", password=password, again=password if again is None else again)


def sign_in(browser: Browser, password: str = PASSWORD, login: str = "amina", address: str = "/connexion") -> Page:
    return browser.send(browser.get(address), "/connexion", login=login, password=password)


def signed_in(browser: Browser) -> bool:
    return browser.open("/salles").status_code == 200


@pytest.fixture
def with_password(visitor: Browser, cast: Cast) -> Browser:
    """Somebody at the sign-in page; Amina's password is PASSWORD."""
    credentials.use_link(credentials.issue_link(cast.amina, NOW), PASSWORD, NOW)
    db.session.remove()
    return visitor


# ------------------------------------------------------------------ the one-time link


def test_a_link_lets_in_and_a_password_is_chosen_at_once(visitor: Browser, cast: Cast) -> None:
    page = choose(visitor, link(cast))
    assert page.status == 200
    assert "Se déconnecter" in page.text
    visitor.post("/deconnexion", {})
    assert "Amina" in sign_in(visitor).text


def test_looking_at_a_link_lets_nobody_in_and_uses_nothing(visitor: Browser, cast: Cast) -> None:
    address = link(cast)
    for _ in range(2):
        assert "Bonjour Amina" in visitor.get(address).text
    assert not signed_in(visitor)
    assert choose(visitor, address).status == 200


@pytest.mark.parametrize(
    ("password", "again", "field", "sentence"),
    [
        ("", "", "password", "Remplissez ce champ."),
        ("court", "court", "password", "au moins 12 caractères"),
        ("motdepasse2026", "motdepasse2026", "password", "peu courant"),
        ("x" * 300, "x" * 300, "password", "256 caractères au plus"),
        ("x" * 1025, "x" * 1025, "password", "1024 caractères au plus"),
        (PASSWORD, "autre chose encore", "again", "Les deux saisies diffèrent"),
        (PASSWORD, "", "again", "Remplissez ce champ."),
    ],
    ids=["empty", "short", "common", "long", "enormous", "different", "once"],
)
def test_a_password_that_is_refused(
    visitor: Browser, cast: Cast, password: str, again: str, field: str, sentence: str
) -> None:
    address = link(cast)
    page = choose(visitor, address, password, again)
    assert page.status == 422
    assert sentence in page.errors()[field]
    assert not password or password not in page.source, "it is never shown again"
    assert not signed_in(visitor)
    assert choose(visitor, address).status == 200, "the link still works"


def test_a_link_that_has_served_answers_like_an_unknown_one(visitor: Browser, cast: Cast, app: Flask) -> None:
    address = link(cast)
    choose(visitor, address)
    other = Browser(app.test_client())
    used, unknown = other.get(address), other.get("/lien/unknown")
    assert (used.status, unknown.status) == (404, 404)
    assert used.text == unknown.text


def test_two_people_cannot_use_one_link(visitor: Browser, cast: Cast, app: Flask) -> None:
    address = link(cast)
    other = Browser(app.test_client())
    page = other.get(address)
    choose(visitor, address)
    assert other.send(page, "", password="une autre phrase longue", again="une autre phrase longue").status == 404
    assert not signed_in(other)


# ------------------------------------------------------------------ the password


@pytest.mark.parametrize("login", ["amina", "nobody", "  AMINA  "])
def test_a_wrong_password_and_an_unknown_account_answer_alike(with_password: Browser, login: str) -> None:
    page = sign_in(with_password, "faux mot de passe", login)
    assert page.status == 422
    (alert,) = page.tree.all(role="alert")
    assert alert.text.endswith("Identifiant ou mot de passe inconnu : vérifiez-les, ou demandez un nouveau lien.")
    assert "faux mot" not in page.source


@pytest.mark.parametrize("login", ["amina", "nobody"])
def test_both_cost_one_argon2(with_password: Browser, monkeypatch: pytest.MonkeyPatch, login: str) -> None:
    """Counted rather than timed: the work is the verification, and a clock would be noisy."""
    verified: list[str | None] = []
    real = passwords.verify
    monkeypatch.setattr(passwords, "verify", lambda stored, typed: verified.append(stored) or real(stored, typed))
    sign_in(with_password, "faux mot de passe", login)
    assert len(verified) == 1


def test_after_five_failures_one_waits_and_says_so(with_password: Browser, now: time_machine.Coordinates) -> None:
    for _ in range(5):
        assert sign_in(with_password, "faux").status == 422
    page = sign_in(with_password)
    assert page.status == 429
    assert "attendez 1 seconde, puis" in page.text
    now.shift(timedelta(seconds=1))
    assert sign_in(with_password).status == 200
    assert signed_in(with_password)


@pytest.mark.parametrize(
    ("login", "password", "field"),
    [("", "x", "login"), ("amina", "", "password"), ("a\x00b", "x", "login"), ("a" * 81, "x", "login")],
    ids=["no login", "no password", "control character", "too long"],
)
def test_what_no_account_can_be(with_password: Browser, login: str, password: str, field: str) -> None:
    page = sign_in(with_password, password, login)
    assert page.status == 422
    assert set(page.errors()) == {field}


# ------------------------------------------------------------------ the session


def test_signing_in_changes_the_session(with_password: Browser) -> None:
    page = with_password.get("/connexion")
    token = page.tree.one("input", name="csrf_token")["value"]
    before = with_password.client.get_cookie("booking")
    sign_in(with_password)
    after = with_password.client.get_cookie("booking")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    assert with_password.open("/deconnexion", "POST", data={"csrf_token": token}).status_code == 400


@pytest.mark.parametrize(
    ("minutes", "every", "still"),
    [
        (29, 29, True),
        (30, 30, False),
        (9 * 60 + 59, 20, True),
        (10 * 60, 20, False),
    ],
    ids=["idle 29 minutes", "idle 30 minutes", "busy for 9 h 59", "busy for 10 hours"],
)
def test_how_long_a_session_lasts(
    amina: Browser, now: time_machine.Coordinates, minutes: int, every: int, still: bool
) -> None:
    for elapsed in range(every, minutes, every):
        now.move_to(NOW + timedelta(minutes=elapsed))
        assert signed_in(amina), f"after {elapsed} minutes"
    now.move_to(NOW + timedelta(minutes=minutes))
    assert signed_in(amina) is still


def test_a_new_password_ends_every_other_session(amina: Browser, cast: Cast) -> None:
    assert signed_in(amina)
    credentials.use_link(credentials.issue_link(cast.amina, NOW), PASSWORD, NOW)
    assert not signed_in(amina)


def test_an_agent_who_left_is_out_at_once(amina: Browser, cast: Cast) -> None:
    leaves = sa.update(Agent).where(Agent.id == cast.amina).values(disabled_at=NOW)
    in_transaction(lambda session: session.execute(leaves) and None)
    assert not signed_in(amina)


def test_signing_out(amina: Browser) -> None:
    page = amina.post("/deconnexion", {})
    assert page.title.startswith("Connexion")
    assert not signed_in(amina)


def test_a_forged_session_opens_nothing(app: Flask, visitor: Browser) -> None:
    visitor.client.set_cookie("booking", "eyJfdXNlcl9pZCI6IjEuMCJ9.forged.signature")
    assert not signed_in(visitor)


def test_the_session_holds_no_name(amina: Browser) -> None:
    amina.get("/salles")
    with amina.client.session_transaction() as session:
        assert set(session) <= {"_user_id", "_fresh", "begun", "seen", "csrf_token"}
        assert not re.search("amina", str(dict(session)), re.IGNORECASE)


# ------------------------------------------------------------------ where one goes next


def test_one_comes_back_to_the_page_asked_for(with_password: Browser) -> None:
    asked = with_password.get("/professionnels/roux")
    assert asked.title.startswith("Connexion")
    assert sign_in(with_password, address=asked.address).title.startswith("Claude Roux")


def test_whoever_is_signed_in_need_not_sign_in(amina: Browser) -> None:
    assert amina.get("/connexion?next=/salles").title.startswith("Salles")


OWN = ["/", "/salles", "/?jour=2026-11-23", "/usagers?q=dia", "/creneaux?motif=entretien&du=2026-11-23"]
NOT_OWN = [
    "",
    "salles",
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/%5Cevil.example",
    "/%09/evil.example",
    "/%2F/evil.example",
    "/%252F/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    " //evil.example",
    "javascript:alert(1)",
    "/\u2028/evil.example",
]


@pytest.mark.parametrize("wanted", OWN)
def test_a_path_of_this_site(wanted: str) -> None:
    assert is_own_path(wanted)


@pytest.mark.parametrize("wanted", NOT_OWN, ids=ascii)
def test_anything_else_is_ignored(amina: Browser, wanted: str) -> None:
    assert not is_own_path(wanted)
    answer = amina.open("/connexion", query_string={"next": wanted})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
