"""A database that cannot write: nothing half-written, the same sentence everywhere, and the same form works later."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask

from booking import create_app
from booking.config import Settings
from booking.db import db
from booking.errors import DatabaseUnavailable
from booking.reservations import Book, book, doctor
from tests.builders import NOW, PARIS, Cast, act
from tests.cli.running import done, refused
from tests.live.faults import FAULTS, Fault, Place
from tests.starting import settings_in
from tests.web.browsing import Browser

SENTENCE = "La base de données ne répond pas. Rien n’a été enregistré : réessayez dans un instant."


@pytest.fixture(params=FAULTS, ids=[f"{engine}, {name}" for engine, name, _ in FAULTS])
def row(request: pytest.FixtureRequest) -> tuple[str, str, Fault]:
    """One fault."""
    found: tuple[str, str, Fault] = request.param
    return found


@pytest.fixture
def engine_name(row: tuple[str, str, Fault]) -> str:
    """The database that the fault is about."""
    return row[0]


@pytest.fixture
def now() -> Iterator[None]:
    """The hands of the clock stand at NOW."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def app(settings: Settings, engine_name: str, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The application; that of PostgreSQL is at the other end of the line, and waits less for locks."""
    if engine_name == "postgresql":
        impatient = f"{request.getfixturevalue('proxy').url}&options=-clock_timeout%3D250"
        settings = settings_in(settings.instance, impatient)
    app = create_app(settings)
    app.config["TESTING"] = True
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def place(cast: Cast, settings: Settings, request: pytest.FixtureRequest) -> Place:
    """Where it happens."""
    return Place(cast, settings, request)


Row = tuple[str, str, Fault]


def added(place: Place, before: dict[str, int]) -> dict[str, int]:
    """What each table has more."""
    return {name: now - before[name] for name, now in place.rows().items() if now != before[name]}


def test_the_engine_writes_nothing_and_the_same_command_succeeds_later(app: Flask, place: Place, row: Row) -> None:
    with row[2](place) as booking:
        before = place.rows()
        for _ in range(2):
            with pytest.raises(DatabaseUnavailable) as refusal:
                book(booking, act())
            assert (refusal.value.key, refusal.value.unsure) == (booking.key, False)
        assert added(place, before) == {}
    assert [book(booking, act()).replayed for _ in range(2)] == [False, True]
    assert added(place, before)["appointment"] == 1
    assert doctor.examine() == []


def test_the_page_says_503_and_the_same_form_succeeds_later(app: Flask, place: Place, row: Row, now: None) -> None:
    db.session.remove()
    amina = Browser(app.test_client())
    amina.sign_in_again(place.cast.amina)
    token = amina.token()
    with row[2](place) as booking:
        before = place.rows()
        db.session.remove()
        answer = amina.post(path_of(booking), form_of(booking), token)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert SENTENCE in answer.text
        assert added(place, before) == {}
    page = amina.post(path_of(booking), form_of(booking), token)
    assert (page.status, added(place, before)["appointment"]) == (200, 1)


def test_the_command_says_so_and_the_same_line_succeeds_later(app: Flask, place: Place, row: Row, now: None) -> None:
    with row[2](place) as booking:
        before = place.rows()
        assert refused(app, *line_of(booking)).startswith(SENTENCE)
        assert added(place, before) == {}
    done(app, *line_of(booking))
    done(app, *line_of(booking))
    assert added(place, before)["appointment"] == 1


class TestSentAgain:
    """Whoever is refused has in hand what makes the second try the same as the first."""

    @pytest.fixture(params=[row for row in FAULTS if row[1] in ("read-only", "standby")], ids=lambda row: row[1])
    def row(self, request: pytest.FixtureRequest) -> Row:
        """A fault of each database that lets pages be read."""
        found: Row = request.param
        return found

    def test_the_page_has_the_form_as_it_was_sent(self, app: Flask, place: Place, row: Row, now: None) -> None:
        db.session.remove()
        amina = Browser(app.test_client())
        amina.sign_in_again(place.cast.amina)
        before = place.rows()
        with row[2](place) as booking:
            page = amina.post(path_of(booking), form_of(booking))
        again = amina.send(page, "")
        assert (again.status, added(place, before)["appointment"]) == (200, 1)

    def test_the_command_says_the_key_that_it_had_made(self, app: Flask, place: Place, row: Row, now: None) -> None:
        before = place.rows()
        with row[2](place) as booking:
            line = line_of(booking)[:-2]
            said = refused(app, *line)
        key = said.split("--key ")[1].strip()
        for _ in range(2):
            done(app, *line, "--key", key)
        assert added(place, before)["appointment"] == 1


def path_of(booking: Book) -> str:
    return f"/rendez-vous/nouveau?motif=entretien&debut={wall(booking)}&professionnel=roux"


def form_of(booking: Book) -> dict[str, str]:
    return {"key": booking.key, "usager": str(booking.usager)}


def line_of(booking: Book) -> list[str]:
    when = ["--start", wall(booking), "--professional", "roux", "--usager", str(booking.usager)]
    return ["book", "entretien", *when, "--key", booking.key]


def wall(booking: Book) -> str:
    return f"{booking.start.astimezone(PARIS):%Y-%m-%dT%H:%M}"
