"""Amina at her screen, on the Sunday before the first openings of our stories."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy.orm import Session

from booking import create_app, jobs
from booking.config import Settings
from booking.db import db
from booking.notify import mailbox
from tests.builders import NOW, Cast
from tests.web.browsing import Browser
from tests.web.pages import Place, an_appointment, opening_of

SECONDS = int(NOW.timestamp())


@pytest.fixture(params=["sqlite"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """The screens write only through the engine, which has its own tests on both databases."""
    name: str = request.param
    return name


@pytest.fixture
def now() -> Iterator[time_machine.Coordinates]:
    """The hands of the clock, at NOW until a test moves them."""
    with time_machine.travel(NOW, tick=False) as hands:
        yield hands


@pytest.fixture
def elsewhere(settings: Settings) -> Iterator[Callable[..., Flask]]:
    """Makes the same site over the same data with some settings changed."""
    made: list[Flask] = []

    def make(**changed: Any) -> Flask:
        made.append(create_app(dataclasses.replace(settings, **changed)))
        return made[-1]

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def visitor(app: Flask, cast: Cast, now: time_machine.Coordinates) -> Browser:
    """Somebody who has not signed in."""
    db.session.remove()
    return Browser(app.test_client())


@pytest.fixture
def amina(visitor: Browser, cast: Cast) -> Browser:
    """Amina, signed in a moment ago."""
    visitor.sign_in_again(cast.amina)
    return visitor


@pytest.fixture
def place(app: Flask, cast: Cast, now: time_machine.Coordinates) -> Place:
    """One appointment, confirmed by a mail that lies in the local mailbox."""
    uid = an_appointment(cast)
    settings: Settings = app.extensions["booking"]
    jobs.deliver(settings, NOW)
    (mail,) = mailbox.newest(settings.mailbox)
    db.session.remove()
    return Place(cast, uid, mail.name, opening_of(cast.roux))


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """For looking at what is stored; closed at the end, for a test may have let go of its context's session."""
    found = db.session()
    yield found
    found.close()
