"""How agents get in: one-time links, passwords, and what a session must still match."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.orm import Session

from booking import links
from booking.access import delays, passwords
from booking.access.models import SignInLink
from booking.db import db, execute, finish_reading, in_transaction, violated
from booking.errors import BookingError, Invalid, NotFound
from booking.people import fields
from booking.people.models import Agent

LINK_LASTS = timedelta(hours=24)
LOGIN_MAXIMUM = 80
NAME_MAXIMUM = 120
_LOGIN = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*", re.ASCII)
# Every request of somebody who has signed in asks it.
_IN_SESSION = sa.select(Agent.name).where(
    Agent.id == sa.bindparam("id"), Agent.auth_version == sa.bindparam("version"), Agent.disabled_at.is_(None)
)


class WrongCredentials(BookingError):
    """No enabled account has this login and this password; which of the two is wrong is not said."""


class TooManyAttempts(BookingError):
    """The account or the address must wait before it is heard again."""

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait
        super().__init__(f"wait {wait}")


def create_agent(login: str, name: str, now: datetime) -> int:
    """Create somebody who signs in, without a password; returns the agent's id. Raises Invalid."""
    if not _LOGIN.fullmatch(login) or len(login) > LOGIN_MAXIMUM or fields.has_nir(login):
        raise Invalid("login", "unsupported")
    cleaned = fields.clean_line("name", name, NAME_MAXIMUM, required=True)
    return in_transaction(lambda session: _create_agent(session, login, cleaned, now))


def _create_agent(session: Session, login: str, name: str, now: datetime) -> int:
    agent = Agent(login=login, name=name, created_at=now)
    session.add(agent)
    try:
        session.flush()
    except exc.IntegrityError as error:
        if violated(error, "uq_agent_login") or violated(error, "agent.login"):
            raise Invalid("login", "in_use") from error
        raise
    return agent.id


def agent_by_login(session: Session, login: str) -> Agent:
    """The enabled agent of that login. Raises NotFound."""
    agent = _enabled(session, Agent.login == login)
    if agent is None:
        raise NotFound("agent")
    return agent


def agent_in_session(session: Session, agent_id: int, auth_version: int) -> str | None:
    """The name of the agent that a session was opened for; None when disabled, or the password changed since."""
    name: str | None = execute(session, _IN_SESSION, id=agent_id, version=auth_version).scalar()
    return name


def _enabled(session: Session, condition: sa.ColumnElement[bool]) -> Agent | None:
    return session.scalar(sa.select(Agent).where(condition, Agent.disabled_at.is_(None)))


# ------------------------------------------------------------------ the one-time link


def issue_link(agent_id: int, now: datetime) -> str:
    """Make a link that lets the agent in once within 24 hours; earlier ones stop working. Returns its secret.

    Raises NotFound.
    """
    token = links.new_secret()
    in_transaction(lambda session: _issue_link(session, agent_id, token, now))
    return token


def _issue_link(session: Session, agent_id: int, token: str, now: datetime) -> None:
    if _enabled(session, Agent.id == agent_id) is None:
        raise NotFound("agent")
    session.execute(sa.delete(SignInLink).where(SignInLink.agent_id == agent_id))
    session.add(
        SignInLink(agent_id=agent_id, token_hash=links.hashed(token), created_at=now, expires_at=now + LINK_LASTS)
    )


def agent_of_link(session: Session, token: str, now: datetime) -> Agent:
    """The agent whom an unused, unexpired link is for. Raises NotFound."""
    agent = _enabled(session, Agent.id.in_(sa.select(SignInLink.agent_id).where(_usable(token, now))))
    if agent is None:
        raise NotFound("link")
    return agent


def use_link(token: str, password: str, now: datetime) -> int:
    """Spend the link: the agent gets that password, and sessions opened before end. Returns the agent's id.

    Raises NotFound for a link that is unknown, used or expired, and Invalid for a weak password.
    """
    login = agent_of_link(db.session(), token, now).login
    passwords.check_strength(password, login)
    hashed = passwords.hash_password(password)  # slow on purpose, so not while the database is locked
    return in_transaction(lambda session: _use_link(session, token, hashed, now))


def _use_link(session: Session, token: str, hashed: str, now: datetime) -> int:
    agent = agent_of_link(session, token, now)
    spent = session.execute(sa.update(SignInLink).where(_usable(token, now)).values(used_at=now))
    if spent.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE gives a CursorResult
        raise NotFound("link")
    agent.password_hash = hashed
    agent.auth_version += 1
    return agent.id


def _usable(token: str, now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(
        SignInLink.token_hash == links.hashed(token), SignInLink.used_at.is_(None), SignInLink.expires_at > now
    )


def prune(now: datetime) -> int:
    """Use case: forget links that have expired and failures that no longer count; return how many."""

    def work(session: Session) -> int:
        expired = sa.delete(SignInLink).where(SignInLink.expires_at <= now).returning(SignInLink.id)
        return len(session.execute(expired).all()) + delays.prune(session, now)

    return in_transaction(work)


# ------------------------------------------------------------------ the password


def sign_in(login: str, password: str, address: str, now: datetime, key: str) -> int:
    """Check a login and a password; returns the agent's id. `key` is the application's secret.

    An unknown account answers like a wrong password, as slowly. Raises WrongCredentials and TooManyAttempts.
    """
    login = login.strip().casefold()
    account, place = delays.subjects(login, address, key)
    wait = in_transaction(lambda session: delays.count_attempt(session, (account, place), now))
    if wait:
        raise TooManyAttempts(wait)
    agent = _enabled(db.session(), Agent.login == login)
    agent_id, stored = (agent.id, agent.password_hash) if agent else (0, None)
    finish_reading(db.session())  # verifying is slow: nothing stays open meanwhile
    if not passwords.verify(stored, password):
        raise WrongCredentials
    in_transaction(lambda session: delays.forgive(session, account, place))
    return agent_id
