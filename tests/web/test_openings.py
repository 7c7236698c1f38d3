"""Openings that recur, their exceptions, the periods of the site, and changes from a date on, on the screens."""

from __future__ import annotations

import re
from datetime import date

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.orm import Session

from booking.people.models import Professional
from booking.slots.models import Opening, OpeningException, Period
from tests.builders import NOW, Cast, count, paris, set_on
from tests.web.browsing import Browser, Element, Page
from tests.web.test_booking import NEW, page_with_people

HERE = "/professionnels/diop"
TUESDAYS: dict[str, str | list[str]] = {"s-weekdays": "2", "s-hours": "9h-11h", "s-first_day": "2026-11-24"}


def add(browser: Browser, **more: str | list[str]) -> Page:
    """M. Diop's Tuesday mornings."""
    typed = {**TUESDAYS, **{f"s-{name}": value for name, value in more.items()}}
    return browser.send(browser.get(HERE), f"{HERE}/plages", **typed)


def said(page: Page) -> str:
    (found,) = page.tree.all("p", role="status")
    return found.text


def action(page: Page, ending: str) -> str:
    """Where the last form of that kind leads."""
    return [each["action"] for each in page.tree.all("form") if re.search(ending, each["action"])][-1]


def entries(page: Page) -> list[Element]:
    (section,) = [each for each in page.tree.all("section") if each["aria-labelledby"] == "plages"]
    return section.all("strong")


def slots(browser: Browser, day: str) -> str:
    return browser.get(f"/creneaux?motif=entretien&professionnel=diop&du={day}&au={day}").text


def test_morning_and_afternoon_in_one_form(amina: Browser) -> None:
    done = add(amina, hours="9h-11h et 14h-16h")
    assert said(done) == "Plage d’ouverture ajoutée."
    assert [each.text for each in entries(done)] == [
        "Chaque lundi de 9h00 à 12h00",
        "Chaque mardi de 9h00 à 11h00",
        "Chaque mardi de 14h00 à 16h00",
    ]
    assert "14h30" in slots(amina, "2026-12-01")


ADDED = [
    ({"every": "2"}, "Mardi, une semaine sur 2 de 9h00 à 11h00 depuis le 24/11/2026"),
    ({"ranks": ["1", "-1"]}, "1er et dernier mardi du mois de 9h00 à 11h00"),
    ({"periods": "except"}, "sauf pendant les périodes du site"),
    ({"on_call": "on"}, "permanence : sans rendez-vous seulement"),
]


@pytest.mark.parametrize(("more", "expected"), ADDED, ids=[row[1] for row in ADDED])
def test_what_was_added_is_said(amina: Browser, more: dict[str, str | list[str]], expected: str) -> None:
    done = add(amina, **more)
    assert expected in done.text
    assert "Prochaine fois : mardi 24 novembre 2026" in done.text


def test_a_permanence_is_not_searched_but_used_at_once(
    amina: Browser, cast: Cast, now: time_machine.Coordinates
) -> None:
    add(amina, on_call="on")
    assert "9h30" not in slots(amina, "2026-11-24")
    who = f"professionnel=diop&usager={cast.diallo}"
    page = amina.get(f"{NEW}?motif=entretien&debut=2026-11-24T09:30&{who}")
    assert "ou seulement sans rendez-vous" in amina.send(page_with_people(page), NEW).text
    now.move_to(paris("2026-11-24 09:32"))
    amina.sign_in_again(cast.amina)
    page = amina.get(f"{NEW}?motif=entretien&regle=maintenant&{who}")
    assert "une permanence convient" in page.text
    assert "mardi 24 novembre 2026 à 9h30" in amina.send(page_with_people(page), NEW).text


def test_where_two_meet_is_said_beside_both(amina: Browser) -> None:
    add(amina, every="2")
    done = add(amina, ranks="1")
    assert done.text.count("Cette plage en recouvre une autre, d’abord le mardi 5 janvier 2027.") == 2


def test_a_date_is_left_out_and_comes_back(amina: Browser, session: Session) -> None:
    page = add(amina)
    skip = action(page, "/exceptions$")
    key = skip.split("/")[-2]
    done = amina.send(page, skip, **{f"sans{key}-day": "2026-12-01"})
    assert said(done) == "C’est noté : cette plage n’aura pas lieu ce jour-là. Les rendez-vous déjà pris restent."
    assert "N’a pas lieu le mardi 1er décembre 2026" in done.text
    assert "9h30" not in slots(amina, "2026-12-01")
    back = amina.send(done, action(done, r"/exceptions/\d+/retirer$"))
    assert said(back) == "C’est noté : cette plage aura lieu ce jour-là."
    assert "9h30" in slots(amina, "2026-12-01")
    assert count(session, OpeningException) == 0


def test_a_date_that_is_none_of_its_days_is_refused_beside_its_field(amina: Browser, session: Session) -> None:
    page = add(amina)
    skip = action(page, "/exceptions$")
    field = f"sans{skip.split('/')[-2]}-day"
    refused = amina.send(page, skip, **{field: "2026-12-02"})
    assert refused.status == 422
    assert "n’a pas lieu ce jour-là" in refused.errors()[field]
    assert count(session, OpeningException) == 0


def test_an_exception_that_cannot_come_back_says_why(amina: Browser) -> None:
    page = add(amina)
    skip = action(page, "/exceptions$")
    done = amina.send(page, skip, **{f"sans{skip.split('/')[-2]}-day": "2026-12-01"})
    dated = {"d-first_day": "2026-12-01", "d-hours": "10h-12h"}
    done = amina.send(done, f"{HERE}/plages/date", **dated)
    refused = amina.send(done, action(done, r"/exceptions/\d+/retirer$"))
    assert refused.status == 422
    assert "en recouvre une autre" in refused.text


def test_a_change_from_a_date_on(amina: Browser, session: Session) -> None:
    """The form is filled in as the opening stands; what passed before stays."""
    add(amina, every="2", last_day="2026-12-31")
    key = session.scalars(sa.select(Opening.id).order_by(Opening.id.desc())).first()
    session.rollback()
    page = amina.get(f"{HERE}/plages/{key}/changer")
    filled = {each["name"]: each["value"] for each in page.form(f"{HERE}/plages/{key}/changer").all("input")}
    assert (filled["s-hours"], filled["s-every"], filled["s-first_day"]) == ("9h00-11h00", "2", "2026-11-24")
    changes = {"s-first_day": "2026-12-01", "s-hours": "10h-12h et 14h-15h"}
    done = amina.send(page, f"{HERE}/plages/{key}/changer", **changes)
    assert said(done) == "Plage d’ouverture changée ; ce qui précède reste tel quel."
    assert "Mardi, une semaine sur 2 de 9h00 à 11h00 depuis le 24/11/2026, jusqu’au 30/11/2026" in done.text
    assert "de 14h00 à 15h00 depuis le 07/12/2026, jusqu’au 31/12/2026" in done.text
    assert "10h30" in slots(amina, "2026-12-08")
    assert "10h30" not in slots(amina, "2026-12-01")


def test_a_refused_change_changes_nothing(amina: Browser, session: Session) -> None:
    add(amina)
    key = session.scalars(sa.select(Opening.id).order_by(Opening.id.desc())).first()
    session.rollback()
    page = amina.get(f"{HERE}/plages/{key}/changer")
    refused = amina.send(page, f"{HERE}/plages/{key}/changer", **{"s-hours": "9h-9h"})
    assert (refused.status, refused.title.startswith("Erreur : ")) == (422, True)
    assert "La fin doit venir après le début." in refused.errors()["s-hours"]
    assert count(session, Opening) == 6


def test_the_openings_of_who_is_retired_end_and_do_not_change(amina: Browser, cast: Cast, session: Session) -> None:
    page = add(amina)
    skip = action(page, "/exceptions$")
    key = skip.split("/")[-2]
    left_out = amina.send(page, skip, **{f"sans{key}-day": "2026-12-01"})
    form = amina.get(f"{HERE}/plages/{key}/changer")
    set_on(Professional, cast.diop, retired_at=NOW)
    retired = amina.get(HERE)
    assert "changer" not in retired.source
    assert "Aura lieu" not in retired.text
    sentence = "Ce professionnel ne reçoit plus : terminez cette plage, ou retirez-la."
    for page, address in ((form, form.address), (left_out, action(left_out, r"/exceptions/\d+/retirer$"))):
        refused = amina.send(page, address)
        assert (refused.status, sentence in refused.text) == (422, True)


def test_a_date_alone_is_not_changed_but_removed(amina: Browser, session: Session) -> None:
    done = amina.send(amina.get(HERE), f"{HERE}/plages/date", **{"d-first_day": "2026-11-26", "d-hours": "9h-10h"})
    key = session.scalars(sa.select(Opening.id).order_by(Opening.id.desc())).first()
    assert f"/plages/{key}/changer" not in done.source
    assert amina.get(f"{HERE}/plages/{key}/changer").status == 404


@pytest.mark.parametrize("key", ["999", "0", "99999999999999999999", "x"])
def test_an_unknown_thing(amina: Browser, key: str) -> None:
    assert amina.get(f"{HERE}/plages/{key}/changer").status == 404
    for thing in (f"plages/{key}/exceptions", f"plages/exceptions/{key}/retirer"):
        assert amina.post(f"{HERE}/{thing}", {}).status == 404


def test_what_is_of_another_professional_is_unknown_here(amina: Browser, cast: Cast, session: Session) -> None:
    of_roux = session.scalars(sa.select(Opening.id).where(Opening.professional_id == cast.roux)).first()
    session.rollback()
    assert amina.get(f"{HERE}/plages/{of_roux}/changer").status == 404
    day = {f"sans{of_roux}-day": "2026-11-24"}
    assert amina.post(f"/professionnels/roux/plages/{of_roux}/exceptions", day).status == 200
    exception = session.scalar(sa.select(OpeningException.id))
    session.rollback()
    assert amina.post(f"{HERE}/plages/exceptions/{exception}/retirer", {}).status == 404
    assert count(session, OpeningException) == 1


def test_periods(amina: Browser, session: Session) -> None:
    page = amina.get("/periodes")
    noel = {"name": "Vacances de Noël", "first_day": "2026-12-19", "last_day": "2027-01-03"}
    done = amina.send(page, "/periodes", **noel)
    assert said(done) == "Période ajoutée."
    assert "Du samedi 19 décembre 2026 au dimanche 3 janvier 2027, compris" in done.text
    add(amina, periods="only")
    assert "9h30" in slots(amina, "2026-12-22")
    assert "9h30" not in slots(amina, "2026-12-15")
    again = amina.send(done, "/periodes", **noel)
    assert (again.status, count(session, Period)) == (422, 1)
    assert said(amina.send(done, action(done, r"/periodes/\d+/retirer$"))) == "Période retirée."
    assert count(session, Period) == 0


def test_the_token_is_asked_before_a_period_goes(amina: Browser, session: Session) -> None:
    done = amina.send(amina.get("/periodes"), "/periodes", name="Noël", first_day="2026-12-19", last_day="2027-01-03")
    assert amina.post(action(done, r"/periodes/\d+/retirer$"), {}, token="wrong").status == 400
    assert count(session, Period) == 1


@pytest.mark.parametrize("day", ["9999-12-28", "9700-01-05", "2037-12-01"])
def test_no_date_is_left_out_so_far_away_that_the_page_could_not_be_shown(amina: Browser, day: str) -> None:
    """Found by typing a year of four nines: every page of that professional failed from then on."""
    page = add(amina, weekdays=str(date.fromisoformat(day).isoweekday()), hours="18h-20h")
    where = action(page, r"/exceptions$")
    refused = amina.send(page, where, **{f"sans{where.split('/')[-2]}-day": day})
    assert refused.status == 422
    assert amina.get(HERE).status == 200


def test_an_opening_that_ends_with_the_calendar_is_compared(amina: Browser) -> None:
    page = add(amina, weekdays="5", hours="18h-20h")
    where = action(page, r"/terminer$")
    amina.send(page, where, **{f"fin{where.split('/')[-2]}-last_day": "9999-12-31"})
    assert add(amina, weekdays="5", hours="19h-20h", ranks="-1").status == 422
