"""Collective sessions: opened for nobody yet, found while they have seats, joined one by one."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from booking import messages, reservations
from booking.db import db
from booking.people.models import Usager
from booking.reservations import doctor, reading
from booking.reservations.commands import Act, Book, Join
from booking.slots.models import AppointmentType
from booking.web import story
from tests.builders import NOW, Cast, add_usagers, paris, set_on
from tests.reservations.racing import race
from tests.web.browsing import Browser, Element, Page
from tests.web.pages import SLOT
from tests.web.test_booking import NEW, appointments, page_with_people
from tests.web.test_series import SERIES, go_on, only
from tests.web.test_structure import check_fields, check_frame, check_headings, check_ids
from tests.web.test_together import done_with

ACT = Act(now=NOW, origin="cli", tell=messages.file)
MONDAY = "/creneaux?motif=entretien&du=2026-11-23&au=2026-11-23"
SEATS = 3


@pytest.fixture
def workshop(cast: Cast, amina: Browser) -> str:
    """A session of 3 seats with Mme Roux, on Monday at 9h00."""
    set_on(AppointmentType, cast.entretien, capacity=SEATS)
    uid = reservations.book(Book("key-open", cast.entretien, paris("2026-11-23 09:00"), cast.roux, None), ACT).uid
    db.session.remove()
    return uid


def fill(uid: str, seats: int) -> list[int]:
    people = add_usagers(seats)
    for usager in people:
        reservations.join(Join(f"key-join-{usager}", uid, usager), ACT)
    db.session.remove()
    return people


def listed(page: Page) -> list[str]:
    """The sessions that a search lists."""
    found = page.tree.all("section", **{"aria-labelledby": "seances"})
    return [each.text for section in found for each in section.all("li")]


def opening(page: Page) -> Page:
    """The page with the form that opens a session for nobody yet."""
    return only(page, next(each for each in page.tree.all("form") if each.all("input", name="pour", value="personne")))


def facts(page: Page) -> dict[str, Element]:
    return {each.all("dt")[0].text: each.all("dd")[0] for each in page.tree.one("dl").all("div")}


# ------------------------------------------------------------------ opening


def test_it_is_opened_for_nobody_yet(amina: Browser, cast: Cast) -> None:
    set_on(AppointmentType, cast.entretien, capacity=SEATS)
    shown = amina.get(SLOT)
    assert "Ouvrir une séance de 3 places" in shown.text
    for check in (check_frame, check_ids, check_fields, check_headings):
        check(shown)
    done = amina.send(opening(shown), NEW)
    assert done.tree.one("h1").text == "Séance collective, 0 sur 3"
    assert facts(done)["Places"].text == "0 prise sur 3"
    assert doctor.examine() == []


def test_or_with_somebody(amina: Browser, cast: Cast) -> None:
    set_on(AppointmentType, cast.entretien, capacity=SEATS)
    done = amina.send(page_with_people(amina.get(f"{SLOT}&usager={cast.diallo}")), NEW)
    assert facts(done)["Places"].text == "1 prise sur 3"


def test_week_after_week(amina: Browser, cast: Cast, session: Session) -> None:
    set_on(AppointmentType, cast.entretien, capacity=SEATS)
    preview = amina.get(f"{SERIES}{SLOT.partition(NEW)[2]}&fois=3&toutes=1")
    shown = go_on(amina, preview, "2026-11-23", "2026-11-30")
    assert "Ouvrir des séances de 3 places" in shown.text
    assert "1 sur 2" in amina.send(opening(shown), NEW).text
    assert appointments(session) == 2


def test_what_is_no_session_is_for_somebody(amina: Browser, session: Session) -> None:
    page = amina.get(SLOT)
    assert not page.tree.all("input", name="pour", value="personne")
    refused = amina.post(SLOT, {"key": "key-for-nobody", "pour": "personne"})
    assert refused.status == 422
    assert "Remplissez ce champ." in refused.text
    assert appointments(session) == 0


def test_when_its_time_is_taken_others_are_proposed(amina: Browser, cast: Cast) -> None:
    set_on(AppointmentType, cast.entretien, capacity=SEATS)
    page = opening(amina.get(SLOT))
    reservations.book(Book("key-meanwhile", cast.entretien, paris("2026-11-23 09:30"), cast.roux, None), ACT)
    refused = amina.send(page, NEW)
    assert refused.status == 409
    assert [each for each in refused.tree.all("a") if each["class"] == "slot"]


def test_of_a_confidential_service_it_gives_no_code_yet(amina: Browser, cast: Cast, session: Session) -> None:
    set_on(AppointmentType, cast.depistage, capacity=SEATS)
    page = amina.get(f"{NEW}?motif=depistage&debut=2026-11-23T09:00&professionnel=petit")
    assert "et obtenir un code" not in page.text
    done = amina.send(opening(page), NEW)
    assert "Code à donner" not in done.text
    assert session.scalar(sa.select(sa.func.count(Usager.id)).where(Usager.code.is_not(None))) == 0


# ------------------------------------------------------------------ finding


def test_those_with_seats_stand_above_the_free_slots(amina: Browser, workshop: str) -> None:
    fill(workshop, 1)
    page = amina.get(MONDAY)
    (said,) = listed(page)
    assert said.startswith("Lundi 23 novembre 2026 à 9h00 avec Mme Roux, salle B1 : 2 places libres sur 3")
    headings = [each.text for each in page.tree.all("h2")]
    assert headings == ["Séances qui ont encore des places", "Lundi 23 novembre 2026"]
    for check in (check_frame, check_ids, check_fields, check_headings):
        check(page)


def test_a_full_one_is_not_listed(amina: Browser, workshop: str) -> None:
    fill(workshop, SEATS)
    assert listed(amina.get(MONDAY)) == []


SEARCHES = [
    ("&professionnel=roux", 1),
    ("&professionnel=diop", 0),
    ("&avec=roux", 1),
    ("&professionnel=roux&avec=diop", 0),
    ("&du=2026-11-24&au=2026-11-27", 0),
]


@pytest.mark.parametrize(
    ("more", "count"), SEARCHES, ids=["hers", "somebody else's", "with her", "with him too", "another day"]
)
def test_only_those_that_are_looked_for(amina: Browser, workshop: str, more: str, count: int) -> None:
    base = "/creneaux?motif=entretien" if "du=" in more else MONDAY
    assert len(listed(amina.get(base + more))) == count


def test_a_type_for_one_person_lists_none(amina: Browser, cast: Cast) -> None:
    assert listed(amina.get(MONDAY)) == []


# ------------------------------------------------------------------ joining


def test_whoever_was_searched_for_joins_in_one_press(amina: Browser, workshop: str, cast: Cast) -> None:
    search = amina.get(f"{MONDAY}&usager={cast.diallo}")
    (link,) = search.tree.one("section", **{"aria-labelledby": "seances"}).all("a")
    page = amina.get(link["href"])
    assert "Pour DIALLO Amadou" in page.text
    for check in (check_frame, check_ids, check_fields, check_headings):
        check(page)
    done = amina.send(page_with_people(page), f"/rendez-vous/{workshop}/personnes")
    assert done_with(done) == "Personne ajoutée, courriel en cours d’envoi à a…@…"
    assert facts(done)["Places"].text == "1 prise sur 3"


def test_whoever_goes_by_a_code_is_not_named(amina: Browser, cast: Cast) -> None:
    set_on(AppointmentType, cast.depistage, capacity=SEATS)
    command = Book("key-confidential", cast.depistage, paris("2026-11-23 09:00"), cast.petit, None)
    uid = reservations.book(command, ACT).uid
    db.session.remove()
    page = amina.get(f"/rendez-vous/{uid}/personnes?usager={cast.diallo}")
    assert "DIALLO" not in page.text
    assert "Code à donner" in amina.send(page, f"/rendez-vous/{uid}/personnes").text


def test_the_last_seat_goes_once(amina: Browser, workshop: str, cast: Cast, session: Session) -> None:
    page = page_with_people(amina.get(f"/rendez-vous/{workshop}/personnes?usager={cast.diallo}"))
    fill(workshop, SEATS)
    stale = amina.send(page, f"/rendez-vous/{workshop}/personnes")
    assert stale.status == 409
    fresh = page_with_people(amina.get(f"/rendez-vous/{workshop}/personnes?usager={cast.diallo}"))
    refused = amina.send(fresh, f"/rendez-vous/{workshop}/personnes")
    assert refused.status == 409
    assert "Cette séance est complète (3 places)" in refused.text
    assert "Pour DIALLO Amadou" in refused.text


def test_a_full_session_says_so_and_offers_no_seat(amina: Browser, workshop: str) -> None:
    fill(workshop, SEATS)
    page = amina.get(f"/rendez-vous/{workshop}")
    assert facts(page)["Places"].text.startswith("3 prises sur 3 : complet")
    assert "Ajouter une personne" not in page.text


@pytest.mark.parametrize("engine_name", ["postgresql"])  # on SQLite a page reads one instant
def test_who_is_added_while_the_page_is_read_does_not_break_it(app: Flask, workshop: str) -> None:
    fill(workshop, 1)
    (late,) = add_usagers(1)
    db.session.remove()
    page = db.session()
    read = reading.find(page, workshop)
    assert len(read.participations) == 1
    race(app, [lambda: reservations.join(Join("key-late", workshop, late), ACT)])
    assert story.done(page, read, "joined") == "Personne ajoutée."


def test_no_room_is_offered_that_has_not_the_seats(amina: Browser, cast: Cast) -> None:
    """The offices hold four: a session of three and who leads it, and no session of eight."""
    for seats, offered in ((SEATS, 18), (8, 0)):
        set_on(AppointmentType, cast.entretien, capacity=seats)
        page = amina.get(MONDAY)
        assert len([each for each in page.tree.all("button") if each["class"] == "slot"]) == offered
    assert "aucun n’a de salle libre pour 9 personnes" in page.text
