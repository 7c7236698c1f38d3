"""Each failure is a French page that says what to do next, and nothing of what went wrong inside."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask, abort
from sqlalchemy import exc

from booking.config import Settings
from booking.errors import AppointmentClosed, BookingError, DatabaseUnavailable, Invalid, NotFound, StaleVersion
from booking.web.policy import public
from tests.web.browsing import Browser, Page, read

SECRET = "secret detail"


def failing(app: Flask, failure: Exception | int) -> Page:
    """The page of a view that fails like that."""

    @public
    def view() -> None:
        if isinstance(failure, int):
            abort(failure)
        raise failure

    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.add_url_rule("/fails", "fails", view)
    return read("/fails", Browser(app.test_client()).open("/fails"))


FAILURES = [
    (400, 400, "Demande incomprise"),
    (403, 403, "Accès refusé"),
    (404, 404, "Page introuvable"),
    (405, 405, "Action impossible ici"),
    (413, 413, "Envoi trop gros"),
    (418, 418, "Demande incomprise"),
    (500, 500, "Erreur du logiciel"),
    (502, 502, "Erreur du logiciel"),
    (ZeroDivisionError(SECRET), 500, "Erreur du logiciel"),
    (NotFound("usager"), 404, "Cette personne n’existe pas"),
    (Invalid("x", "not_a_time"), 422, "Indiquez une date et une heure qui existent"),
    (StaleVersion(1, 2), 409, "relisez-le, puis recommencez"),
    (AppointmentClosed(), 409, "annulé ou terminé"),
    (DatabaseUnavailable(), 503, "Rien n’a été enregistré : réessayez"),
    (exc.OperationalError(SECRET, None, Exception(SECRET)), 503, "Rien n’a été enregistré : réessayez"),
    (exc.InterfaceError(SECRET, None, Exception(SECRET)), 503, "Rien n’a été enregistré : réessayez"),
    (exc.TimeoutError(SECRET), 503, "Rien n’a été enregistré : réessayez"),
    (exc.IntegrityError(SECRET, None, Exception(SECRET)), 500, "Erreur du logiciel"),
]


@pytest.mark.parametrize(("failure", "status", "words"), FAILURES, ids=[f"{row[0]!r:.40}" for row in FAILURES])
def test_a_failure(app: Flask, failure: Exception | int, status: int, words: str) -> None:
    page = failing(app, failure)
    assert page.status == status
    assert words in page.text
    assert f"Erreur {status}" in page.text or status in (418, 502)
    assert SECRET not in page.source
    assert page.tree.one("html")["lang"] == "fr"
    assert [link.text for link in page.tree.one("main").all("a")][-1] == "Revenir à la journée"
    assert page.headers["Cache-Control"] == "no-store"


def test_every_refusal_of_the_product_has_a_page(app: Flask) -> None:
    """`failing` is the proof for each; this is the proof that none is missing from the table."""
    shown = {type(failure) for failure, *_ in FAILURES if isinstance(failure, BookingError)}
    assert {NotFound, Invalid, StaleVersion, AppointmentClosed, DatabaseUnavailable} <= shown


def test_what_is_unavailable_may_be_tried_again(app: Flask) -> None:
    assert failing(app, DatabaseUnavailable()).headers["Retry-After"] == "5"


def test_a_method_that_is_not_allowed_names_those_that_are(amina: Browser) -> None:
    answer = amina.open("/sante", "POST", data={"csrf_token": amina.token()})
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_a_page_left_open_too_long(amina: Browser) -> None:
    answer = amina.open("/deconnexion", "POST", data={"csrf_token": "yesterday's"})
    assert answer.status_code == 400
    assert "restée ouverte trop longtemps" in answer.text


@pytest.mark.parametrize("address", ["/rien", "/rendez-vous/inconnu", "/professionnels/inconnu", "/%00"])
def test_a_hidden_thing_answers_like_an_unknown_one(amina: Browser, address: str) -> None:
    assert amina.open(address).status_code == 404


@pytest.fixture
def gone(amina: Browser, settings: Settings) -> Browser:
    """Amina, whose database has lost its tables: what a read meets when the file is gone."""
    engine = sa.create_engine(settings.database_url)
    with engine.begin() as connection:
        for table in ("sign_in_link", "agent", "site_hours", "feed_token"):
            connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO gone_{table}")
    engine.dispose()
    return amina


@pytest.mark.parametrize("address", ["/", "/creneaux", "/lien/x", "/usagers?q=dia"])
def test_without_its_database_every_page_is_a_503(gone: Browser, address: str) -> None:
    answer = gone.open(address)
    assert answer.status_code == 503
    assert "réessayez dans un instant" in answer.text


def test_a_calendar_client_is_never_given_a_page(gone: Browser) -> None:
    """Some empty the calendar when they read HTML."""
    answer = gone.open("/agenda/x.ics")
    assert (answer.status_code, answer.data) == (503, b"")
