"""When professionals receive, when they do not, and the links to their calendars."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking import messages, reservations
from booking.db import db
from booking.people.models import Professional
from booking.reservations.commands import Act, Book
from booking.slots.models import Absence, Opening
from tests.builders import NOW, Cast, count, paris
from tests.web.browsing import Browser, Page

HERE = "/professionnels/diop"
WEEKLY = {"s-hours": "14h-17h", "s-first_day": "2026-11-24", "s-last_day": "2026-12-31"}
DATED = {"d-first_day": "2026-11-28", "d-hours": "9h-12h"}
ABSENCE = {"a-start": "2026-11-23T09:00", "a-end": "2026-11-23T10:00"}


def send(browser: Browser, action: str, **typed: str | list[str]) -> Page:
    return browser.send(browser.get(HERE), HERE + action, **typed)


def said(page: Page) -> str:
    (found,) = page.tree.all("p", role="status")
    return found.text


def test_everybody_by_profession(amina: Browser) -> None:
    page = amina.get("/professionnels")
    assert [each.text for each in page.tree.all("h2")] == ["Assistant social · 2", "Médecin · 1", "Sage-femme · 1"]
    assert "Roux Claude Action sociale et insertion" in page.text


def test_when_somebody_receives(amina: Browser) -> None:
    assert "Chaque lundi de 9h00 à 12h00 depuis le 01/01/2026, jusqu’au 31/12/2027" in amina.get(HERE).text


def test_what_somebody_speaks(amina: Browser, session: Session) -> None:
    assert "Français seulement." in amina.get(HERE).text
    done = send(amina, "/langues", **{"p-languages": ["wo", "ar"]})
    assert said(done) == "Langues enregistrées."
    assert "Arabe et wolof" in done.text
    ticked = [each["value"] for each in done.tree.all("input", name="p-languages") if "checked" in each.attributes]
    assert ticked == ["ar", "wo"]
    diop = sa.select(Professional.languages).where(Professional.code == "diop")
    assert session.scalar(diop) == {"ar", "wo"}
    assert "Français seulement." in send(amina, "/langues", **{"p-languages": []}).text


def test_a_language_that_nobody_knows(amina: Browser) -> None:
    refused = send(amina, "/langues", **{"p-languages": ["wo", "xx"]})
    assert refused.status == 422
    assert "Choisissez une valeur de la liste." in refused.text


# ------------------------------------------------------------------ openings


def test_a_weekly_opening(amina: Browser) -> None:
    done = send(amina, "/plages", **WEEKLY, **{"s-weekdays": ["2", "4"]})
    assert said(done) == "Plage d’ouverture ajoutée."
    assert "Chaque mardi et jeudi de 14h00 à 17h00 depuis le 24/11/2026, jusqu’au 31/12/2026" in done.text
    slots = amina.get("/creneaux?motif=entretien&professionnel=diop&du=2026-11-24&au=2026-11-24")
    assert "14h00" in slots.text


def test_a_weekly_opening_without_end(amina: Browser) -> None:
    done = send(amina, "/plages", **{**WEEKLY, "s-last_day": "", "s-weekdays": "2"})
    assert "Chaque mardi de 14h00 à 17h00 depuis le 24/11/2026 " in done.text + " "


def test_an_opening_on_one_date(amina: Browser) -> None:
    assert "Le samedi 28 novembre 2026 de 9h00 à 12h00" in send(amina, "/plages/date", **DATED).text


def test_an_opening_ends(amina: Browser) -> None:
    page = amina.get(HERE)
    (form,) = [each for each in page.tree.all("form") if each["action"].endswith("/terminer")]
    field = form.all("input", type="date")[0]["name"]
    done = amina.send(page, form["action"], **{field: "2026-12-07"})
    assert said(done) == "Plage d’ouverture terminée."
    assert "jusqu’au 07/12/2026" in done.text


def test_an_opening_cannot_be_made_longer_that_way(amina: Browser) -> None:
    page = amina.get(HERE)
    (form,) = [each for each in page.tree.all("form") if each["action"].endswith("/terminer")]
    field = form.all("input", type="date")[0]["name"]
    refused = amina.send(page, form["action"], **{field: "2029-12-07"})
    assert refused.status == 422
    assert "Choisissez une valeur entre" in refused.errors()[field]


def test_an_opening_is_removed(amina: Browser, session: Session) -> None:
    page = amina.get(HERE)
    before = count(session, Opening)
    (form,) = [each for each in page.tree.all("form") if re.search(r"/plages/\d+/retirer$", each["action"])]
    assert said(amina.send(page, form["action"])) == "Plage d’ouverture retirée."
    assert count(session, Opening) == before - 1


# ------------------------------------------------------------------ absences


def test_an_absence_lists_what_was_left_alone(amina: Browser, cast: Cast) -> None:
    command = Book("key-impacted", cast.entretien, paris("2026-11-23 09:30"), cast.diop, cast.diallo)
    uid = reservations.book(command, Act(now=NOW, origin="cli", tell=messages.file)).uid
    db.session.remove()
    shown = send(amina, "/absences", **ABSENCE)
    done = amina.send(shown, HERE + "/absences/nouvelle", **{f"sort-{uid}": "1.left_alone"})
    assert said(done) == "Absence ajoutée ; vos décisions sont faites. « À appeler » dit qui prévenir."
    assert "À déplacer ou à annuler" in done.text
    assert "Lundi 23 novembre 2026 à 9h30 : DIALLO Amadou" in done.text
    assert "Du lundi 23 novembre 2026 à 9h00 au lundi 23 novembre 2026 à 10h00" in done.text


def test_an_absence_is_removed(amina: Browser, session: Session) -> None:
    page = send(amina, "/absences", **ABSENCE)
    (form,) = [each for each in page.tree.all("form") if re.search(r"/absences/\d+/retirer$", each["action"])]
    assert said(amina.send(page, form["action"])) == "Absence retirée."
    assert count(session, Absence) == 0


# ------------------------------------------------------------------ calendar links


def issue(browser: Browser) -> Page:
    return send(browser, "/agenda", **{"l-label": "Outlook du bureau", "l-wording": "initiales"})


def test_the_secret_is_shown_once(amina: Browser) -> None:
    page = issue(amina)
    https, webcal = (each.text for each in page.tree.all("code"))
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/agenda/[\w-]{43}\.ics", https)
    assert webcal == https.replace("http://", "webcal://")
    again = amina.get(HERE)
    assert https.rpartition("/")[2] not in again.source
    assert "Outlook du bureau Initiales et salle" in again.text


def test_the_link_opens_the_calendar_for_whoever_has_it(amina: Browser) -> None:
    address = issue(amina).tree.all("code")[0].text.removeprefix("http://127.0.0.1:8000")
    amina.client.delete_cookie("booking")
    answer = amina.open(address)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers["Vary"]
    assert amina.open(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    head = amina.open(address, "HEAD")
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == str(len(answer.data))


def test_a_link_is_revoked(amina: Browser) -> None:
    page = issue(amina)
    address = page.tree.all("code")[0].text.removeprefix("http://127.0.0.1:8000")
    (form,) = [each for each in page.tree.all("form") if re.search(r"/agenda/\d+/retirer$", each["action"])]
    done = amina.send(page, form["action"])
    assert said(done).startswith("Lien retiré")
    assert "retiré le dimanche 22 novembre 2026" in done.text
    assert "VEVENT" not in amina.open(address).text


@pytest.mark.parametrize("token", ["unknown", "%00", "%F0%9F%A6%8A", "x" * 500])
def test_an_unknown_link(visitor: Browser, token: str) -> None:
    answer = visitor.open(f"/agenda/{token}.ics")
    assert (answer.status_code, answer.data) == (404, b"")


# ------------------------------------------------------------------ whose thing it is


@pytest.mark.parametrize("thing", ["plages/{}/retirer", "plages/{}/terminer"])
def test_another_professional_s_opening_is_unknown_here(
    amina: Browser, cast: Cast, session: Session, thing: str
) -> None:
    of_roux = session.scalars(sa.select(Opening.id).where(Opening.professional_id == cast.roux)).first()
    address = f"{HERE}/{thing.format(of_roux)}"
    assert amina.post(address, {f"fin{of_roux}-last_day": "2026-12-07"}).status == 404
    assert count(session, Opening) == 5


@pytest.mark.parametrize("key", ["999", "0", "99999999999999999999", "x", "-1"])
@pytest.mark.parametrize("thing", ["plages/{}/retirer", "absences/{}/retirer", "agenda/{}/retirer"])
def test_an_unknown_thing(amina: Browser, thing: str, key: str) -> None:
    assert amina.post(f"{HERE}/{thing.format(key)}", {}).status == 404
