"""The day: what is where, and what anybody walking past may read."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from booking import messages, reservations
from booking.db import db
from booking.reservations.commands import Act, Book, Cancel
from booking.web.day import Hours
from tests.builders import NOW, Cast, closure, paris, store
from tests.web.browsing import Browser, Element, Page

ACT = Act(now=NOW, origin="cli", tell=messages.file)
MONDAY = "/?jour=2026-11-23"


@pytest.fixture
def booked(cast: Cast, now: time_machine.Coordinates) -> dict[str, str]:
    """One appointment of each kind on Monday, by name: its uid."""
    commands = {
        "entretien": Book("key-entretien", cast.entretien, paris("2026-11-23 09:00"), cast.roux, cast.diallo),
        "consultation": Book("key-consultation", cast.consultation, paris("2026-11-23 10:00"), cast.lenoir, cast.kone),
        "depistage": Book("key-depistage", cast.depistage, paris("2026-11-23 09:20"), cast.petit, None),
        "appel": Book("key-appel", cast.appel, paris("2026-11-23 11:00"), cast.roux, cast.kone),
    }
    uids = {name: reservations.book(command, ACT).uid for name, command in commands.items()}
    db.session.remove()
    return uids


def card(page: Page, uid: str) -> Element:
    (found,) = [each for each in page.tree.all("li") if each.all("a", href=f"/rendez-vous/{uid}")]
    return found


def test_each_appointment_has_its_place(amina: Browser, booked: dict[str, str]) -> None:
    page = amina.get(MONDAY)
    first = card(page, booked["entretien"])
    # 9h00 is 30 minutes after 8h30: row 6 of five minutes; half an hour is 6 rows; B1 is the first room.
    assert first["class"].split() == ["column-1", "row-6", "rows-6"]
    assert first.text == "9h00–9h30 salle B1 DIALLO Amadou Entretien Mme Roux"
    assert card(page, booked["consultation"])["class"].split() == ["column-3", "row-18", "rows-6"]
    assert "4 rendez-vous" in page.text


def test_closures_are_said(amina: Browser, cast: Cast) -> None:
    store(closure(cast.site, "2026-11-23 12:00", "2026-11-23 14:00", cast.b1))
    store(closure(cast.site, "2026-11-24 08:00", "2026-11-25 08:00"))
    said = [each.text for each in amina.get(MONDAY).tree.all("p", role="status")]
    assert [text.partition(" : ")[0] for text in said] == ["Salle B1 fermée le lundi 23 novembre 2026 de 12h00 à 14h00"]
    (said,) = amina.get("/?jour=2026-11-24").tree.all("p", role="status")
    assert said.text.startswith("Site fermé du mardi 24 novembre 2026 à 8h00 au mercredi 25 novembre 2026 à 8h00")


def test_the_columns_are_the_rooms_in_their_order(amina: Browser, booked: dict[str, str]) -> None:
    (heads,) = amina.get(MONDAY).tree.all("div", **{"class": "day-rooms"})
    assert [each.text for each in heads.all("span")] == ["B1", "B2", "C1", "C4", "EN1"]


def test_a_confidential_appointment_shows_its_code_and_nothing_else(amina: Browser, booked: dict[str, str]) -> None:
    shown = card(amina.get(MONDAY), booked["depistage"])
    assert "confidential" in shown["class"]
    hour, room, code, about = shown.text.split()[0], *shown.text.split()[2:]
    assert (hour, room, about) == ("9h20–9h40", "C4", "Occupé")
    assert len(code) == 9
    assert "Petit" not in amina.get(MONDAY).text
    assert "Depistage" not in amina.get(MONDAY).text


def test_what_needs_no_room_is_listed_apart(amina: Browser, booked: dict[str, str]) -> None:
    shown = card(amina.get(MONDAY), booked["appel"])
    assert shown.text == "11h00 KONÉ Aminata Appel, par téléphone, avec Mme Roux"


def test_a_cancelled_appointment_is_gone(amina: Browser, booked: dict[str, str]) -> None:
    reservations.cancel(Cancel("key-cancel", booked["entretien"], "usager"), ACT)
    db.session.remove()
    assert "DIALLO" not in amina.get(MONDAY).text


def test_who_has_arrived_is_said_in_words(
    amina: Browser, booked: dict[str, str], now: time_machine.Coordinates, cast: Cast
) -> None:
    now.move_to(paris("2026-11-23 08:50"))
    amina.sign_in_again(cast.amina)
    page = amina.get(f"/rendez-vous/{booked['entretien']}")
    amina.send(page, f"/rendez-vous/{booked['entretien']}/suivi", attendance="arrived")
    assert "arrivé" in card(amina.get(MONDAY), booked["entretien"]).text


def test_the_appointments_come_in_the_order_of_the_day(amina: Browser, booked: dict[str, str]) -> None:
    (grid,) = [each for each in amina.get(MONDAY).tree.all("ol") if each["class"].startswith("day-grid")]
    assert [each.text.partition("–")[0] for each in grid.all("li")] == ["9h00", "9h20", "10h00"]


@pytest.mark.parametrize(
    ("day", "previous", "following"),
    [
        ("2026-11-24", "2026-11-23", "2026-11-25"),
        ("2026-11-23", "2026-11-20", "2026-11-24"),
        ("2026-11-27", "2026-11-26", "2026-11-30"),
        ("2026-11-29", "2026-11-27", "2026-11-30"),
    ],
    ids=["a Tuesday", "a Monday: back to Friday", "a Friday: on to Monday", "a Sunday"],
)
def test_previous_and_next_are_days_of_work(amina: Browser, day: str, previous: str, following: str) -> None:
    tree = amina.get(f"/?jour={day}").tree
    assert tree.one("a", rel="prev")["href"] == f"/?jour={previous}"
    assert tree.one("a", rel="next")["href"] == f"/?jour={following}"


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-11-22", "Le site est fermé ce jour-là."),
        ("2026-12-25", "Jour férié : Noël."),
        ("24/11/2026", "Mardi 24 novembre 2026"),
        ("", "Dimanche 22 novembre 2026"),
    ],
    ids=["a Sunday", "a public holiday", "as French people type it", "nothing: today"],
)
def test_any_day_can_be_shown(amina: Browser, day: str, words: str) -> None:
    page = amina.get(f"/?jour={day}")
    assert page.status == 200
    assert words in page.text


@pytest.mark.parametrize("day", ["2027-02-29", "demain", "0001-01-01", "9999-12-31", "%00", "2026-11-23" * 9])
def test_a_day_that_cannot_be_shown(amina: Browser, day: str) -> None:
    page = amina.get(f"/?jour={day}")
    assert page.status == 422
    assert "jour" in page.errors()


def test_the_rows_of_the_usual_hours() -> None:
    hours = Hours(510, 1050)
    assert (hours.cells, hours.marks[0], hours.marks[-1]) == (108, (6, "9h00"), (102, "17h00"))


def test_what_begins_before_the_doors_open_stays_on_the_grid() -> None:
    hours = Hours(510, 1050)
    assert (hours.cell(0), hours.cell(510), hours.cell(1050), hours.cell(1440)) == (0, 0, 108, 108)


def test_a_page_of_a_full_day_asks_few_questions(amina: Browser, booked: dict[str, str], app: Flask) -> None:
    """However many appointments there are, the number of queries stays."""
    queries: list[str] = []
    with app.app_context():
        sa.event.listen(db.engine, "before_cursor_execute", lambda *args: queries.append(args[2]))
        amina.get(MONDAY)
        many = len(queries)
        queries.clear()
        amina.get(f"/?jour={date(2026, 11, 24)}")
    assert many - len(queries) <= 4
    assert many <= 15
