"""Amina gets in by a one-time link, then by her password; whoever guesses waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from booking.access import credentials
from booking.access.credentials import TooManyAttempts, WrongCredentials
from booking.access.models import SignInFailure, SignInLink
from booking.db import in_transaction
from booking.errors import Invalid, NotFound
from booking.people.models import Agent
from tests.builders import NOW, Cast

KEY = "a secret of the application"
PASSWORD = "quatre grues cendrées"
HERE, THERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def amina(cast: Cast) -> int:
    """Amina, who has chosen her password."""
    return credentials.use_link(credentials.issue_link(cast.amina, NOW), PASSWORD, NOW)


def attempt(password: str, login: str = "amina", address: str = HERE, at: float = 0) -> int:
    """Sign in, `at` seconds after NOW."""
    return credentials.sign_in(login, password, address, NOW + timedelta(seconds=at), KEY)


def fail(times: int, login: str = "amina", address: str = HERE) -> None:
    for _ in range(times):
        with pytest.raises(WrongCredentials):
            attempt("wrong", login, address)


def agent(session: Session, agent_id: int) -> Agent:
    return session.get_one(Agent, agent_id, populate_existing=True)


# ------------------------------------------------------------------ agents


def test_an_agent_has_no_password_at_first(app: Flask, session: Session) -> None:
    created = agent(session, credentials.create_agent("jean.petit", " Jean Petit ", NOW))
    assert (created.login, created.name, created.password_hash) == ("jean.petit", "Jean Petit", None)


@pytest.mark.parametrize(
    ("login", "name", "field", "rule"),
    [
        ("", "Jean", "login", "unsupported"),
        ("Jean Petit", "Jean", "login", "unsupported"),
        ("jean\n", "Jean", "login", "unsupported"),
        ("j" * 81, "Jean", "login", "unsupported"),
        ("jean", "  ", "name", "required"),
        ("jean", "Jean\x00", "name", "control_characters"),
        ("jean", "J" * 121, "name", "too_long"),
        ("jean", "1 84 12 76 451 089 46", "name", "nir"),
        ("184127645108946", "Jean", "login", "unsupported"),
    ],
    ids=["empty", "a space", "a line end", "too long", "no name", "control character", "long name", "NIR", "NIR login"],
)
def test_an_agent_that_cannot_be(app: Flask, session: Session, login: str, name: str, field: str, rule: str) -> None:
    with pytest.raises(Invalid) as refusal:
        credentials.create_agent(login, name, NOW)
    assert (refusal.value.field, refusal.value.rule) == (field, rule)
    assert session.scalar(sa.select(sa.func.count(Agent.id))) == 0


def test_two_agents_do_not_share_a_login(cast: Cast) -> None:
    with pytest.raises(Invalid) as refusal:
        credentials.create_agent("amina", "Une autre", NOW)
    assert (refusal.value.field, refusal.value.rule) == ("login", "in_use")


# ------------------------------------------------------------------ the one-time link


def test_the_secret_of_a_link_is_not_stored(cast: Cast, session: Session) -> None:
    token = credentials.issue_link(cast.amina, NOW)
    assert len(token) >= 43, "256 bits"
    assert token not in session.scalars(sa.select(SignInLink.token_hash)).all()


def test_looking_at_a_link_does_not_use_it(cast: Cast, session: Session) -> None:
    token = credentials.issue_link(cast.amina, NOW)
    for _ in range(2):
        assert credentials.agent_of_link(session, token, NOW).id == cast.amina
    assert credentials.use_link(token, PASSWORD, NOW) == cast.amina


def spent(agent_id: int) -> str:
    token = credentials.issue_link(agent_id, NOW)
    credentials.use_link(token, PASSWORD, NOW)
    return token


def replaced(agent_id: int) -> str:
    token = credentials.issue_link(agent_id, NOW)
    credentials.issue_link(agent_id, NOW)
    return token


def expired(agent_id: int) -> str:
    return credentials.issue_link(agent_id, NOW - timedelta(hours=24))


def of_somebody_who_left(agent_id: int) -> str:
    token = credentials.issue_link(agent_id, NOW)
    disable(agent_id)
    return token


def disable(agent_id: int) -> None:
    leaves = sa.update(Agent).where(Agent.id == agent_id).values(disabled_at=NOW)
    in_transaction(lambda session: session.execute(leaves) and None)


@pytest.mark.parametrize("dead", [spent, replaced, expired, of_somebody_who_left, lambda _: "unknown"])
def test_a_link_that_no_longer_works(cast: Cast, session: Session, dead: Callable[[int], str]) -> None:
    token = dead(cast.amina)
    before = agent(session, cast.amina).password_hash
    with pytest.raises(NotFound):
        credentials.agent_of_link(session, token, NOW)
    with pytest.raises(NotFound):
        credentials.use_link(token, "une autre phrase longue", NOW)
    assert agent(session, cast.amina).password_hash == before


def test_a_weak_password_does_not_spend_the_link(cast: Cast) -> None:
    token = credentials.issue_link(cast.amina, NOW)
    with pytest.raises(Invalid):
        credentials.use_link(token, "motdepasse123", NOW)
    assert credentials.use_link(token, PASSWORD, NOW) == cast.amina


@pytest.mark.parametrize("leave", [True, False], ids=["disabled", "unknown"])
def test_no_link_for_nobody(cast: Cast, leave: bool) -> None:
    if leave:
        disable(cast.amina)
    with pytest.raises(NotFound):
        credentials.issue_link(cast.amina if leave else 999, NOW)


def test_a_new_password_ends_the_sessions_opened_before(amina: int, session: Session) -> None:
    version = agent(session, amina).auth_version
    assert credentials.agent_in_session(session, amina, version) is not None
    credentials.use_link(credentials.issue_link(amina, NOW), "une autre phrase longue", NOW)
    assert credentials.agent_in_session(session, amina, version) is None
    assert credentials.agent_in_session(session, amina, version + 1) is not None


def test_a_disabled_agent_has_no_session(amina: int, session: Session) -> None:
    disable(amina)
    assert credentials.agent_in_session(session, amina, 1) is None


# ------------------------------------------------------------------ the password


def test_signing_in(amina: int) -> None:
    assert attempt(PASSWORD) == amina
    assert attempt(PASSWORD, login=" Amina ") == amina


@pytest.mark.parametrize("login", ["amina", "nobody"])
def test_known_or_not_the_answer_is_the_same(amina: int, login: str) -> None:
    fail(5, login)
    with pytest.raises(TooManyAttempts) as refusal:
        attempt("wrong", login)
    assert refusal.value.wait == timedelta(seconds=1)


def test_without_a_password_nothing_opens(cast: Cast) -> None:
    with pytest.raises(WrongCredentials):
        attempt("")


def test_a_disabled_account_answers_like_a_wrong_password(amina: int) -> None:
    disable(amina)
    with pytest.raises(WrongCredentials):
        attempt(PASSWORD)


def test_whoever_must_wait_is_not_heard_even_with_the_password(amina: int) -> None:
    fail(6 - 1)
    with pytest.raises(TooManyAttempts):
        attempt(PASSWORD)
    assert attempt(PASSWORD, at=1) == amina


def test_the_delay_of_an_account_follows_it_to_another_address(amina: int) -> None:
    fail(5, address=HERE)
    with pytest.raises(TooManyAttempts):
        attempt(PASSWORD, address=THERE)


def test_the_delay_of_an_address_holds_for_every_account(amina: int) -> None:
    for number in range(30):
        fail(1, login=f"guess{number}")
    with pytest.raises(TooManyAttempts):
        attempt(PASSWORD)
    assert attempt(PASSWORD, address=THERE) == amina


def test_a_success_forgives_the_account_and_not_the_address(amina: int, session: Session) -> None:
    fail(4)
    attempt(PASSWORD)
    assert session.scalars(sa.select(SignInFailure.failures)).all() == [4]
    fail(5, address=THERE)


def test_a_day_later_failures_are_forgotten(amina: int) -> None:
    fail(5)
    tomorrow = timedelta(days=1, seconds=1).total_seconds()
    with pytest.raises(WrongCredentials):
        attempt("wrong", at=tomorrow)
    assert attempt(PASSWORD, at=tomorrow) == amina


def test_old_links_and_old_failures_are_forgotten(app: Flask, session: Session) -> None:
    amina = credentials.create_agent("amina", "Amina", NOW)
    credentials.issue_link(amina, NOW)
    with pytest.raises(credentials.WrongCredentials):
        credentials.sign_in("nobody", "x" * 12, "192.0.2.1", NOW, "key")
    assert credentials.prune(NOW + timedelta(hours=23)) == 0
    assert credentials.prune(NOW + timedelta(hours=25)) == 3, "a link, an account and an address"
    assert credentials.prune(NOW + timedelta(hours=25)) == 0
