"""Keeping the slot that was chosen, while Amina asks whom it is for."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.orm import Session

from booking import clock, messages, reservations
from booking.db import db
from booking.reservations import doctor
from booking.reservations.commands import Act, Book
from booking.reservations.models import Appointment
from booking.slots.models import Hold
from tests.builders import NOW, Cast, paris
from tests.web.browsing import Browser, Page
from tests.web.pages import SLOT
from tests.web.test_booking import NEW, appointments, page_with_people, somebody_else_takes_it
from tests.web.test_slots import MONDAY, choose, slots
from tests.web.test_structure import check_fields, check_frame, check_headings, check_ids

KEEP, RELEASE, HOLD = f"{NEW}/garder", f"{NEW}/rendre", f"{NEW}/retenir"


def kept(session: Session) -> list[Hold]:
    session.rollback()
    return list(session.scalars(sa.select(Hold).order_by(Hold.id)))


def chosen(browser: Browser, search: str = MONDAY, number: int = 1) -> Page:
    """The page after a slot was chosen; the second of the day is M. Diop's at 9h30, unless somebody has it."""
    page = browser.get(search)
    return choose(browser, page, slots(page)[number])


def test_the_slot_is_kept_and_the_page_says_until_when(amina: Browser, cast: Cast, session: Session) -> None:
    page = chosen(amina)
    (hold,) = kept(session)
    assert (hold.expires_at, hold.agent_id) == (NOW + timedelta(minutes=5), cast.amina)
    assert "Créneau retenu jusqu’à 13h05" in page.text
    for check in (check_frame, check_ids, check_fields, check_headings):
        check(page)


def test_nobody_else_is_offered_it(amina: Browser, cast: Cast) -> None:
    before = len(slots(amina.get(MONDAY)))
    chosen(amina)
    assert len(slots(amina.get(MONDAY))) == before - 1


def test_confirming_takes_its_place(amina: Browser, cast: Cast, session: Session) -> None:
    page = chosen(amina, f"{MONDAY}&usager={cast.diallo}")
    done = amina.send(page_with_people(page), NEW)
    assert "Rendez-vous confirmé" in done.text
    assert kept(session) == []
    assert doctor.examine() == []


def test_pressed_twice_it_is_one_hold(amina: Browser, session: Session) -> None:
    page = amina.get(MONDAY)
    first, again = (choose(amina, page, slots(page)[1]) for _ in range(2))
    assert first.address == again.address
    assert len(kept(session)) == 1


def test_it_is_kept_for_five_minutes_more(amina: Browser, session: Session, now: time_machine.Coordinates) -> None:
    page = chosen(amina)
    now.shift(180)
    again = amina.send(page, KEEP)
    assert "Créneau retenu jusqu’à 13h08" in again.text
    assert again.address == page.address


def test_for_half_an_hour_at_most(amina: Browser, now: time_machine.Coordinates) -> None:
    page = chosen(amina)
    for _ in range(9):
        now.shift(180)
        page = amina.send(page, KEEP)
    assert "Créneau retenu jusqu’à 13h30" in page.text
    now.shift(60)
    refused = amina.send(page, KEEP)
    assert "retenu depuis trop longtemps" in refused.tree.one(role="status").text
    assert "jusqu’à 13h30" in refused.text


def test_it_is_given_back(amina: Browser, session: Session) -> None:
    page = chosen(amina)
    form = page.form(KEEP)
    (button,) = [each for each in form.all("button") if each["formaction"]]
    assert button.text == "Libérer le créneau"
    shown = amina.post(button["formaction"], {}, form.one("input", name="csrf_token")["value"])
    assert shown.address == "/creneaux?motif=entretien&professionnel=diop"
    assert shown.tree.one(role="status").text == "Créneau libéré."
    assert kept(session) == []


def test_once_it_has_expired_booking_is_simply_tried(
    amina: Browser, cast: Cast, session: Session, now: time_machine.Coordinates
) -> None:
    page = chosen(amina, f"{MONDAY}&usager={cast.diallo}")
    now.shift(301)
    assert "n’est plus retenu" in amina.get(page.address).text
    assert "Rendez-vous confirmé" in amina.send(page_with_people(page), NEW).text


def test_and_refused_when_somebody_else_has_it(amina: Browser, cast: Cast, now: time_machine.Coordinates) -> None:
    search = f"{MONDAY}&professionnel=roux&usager={cast.diallo}"
    page = chosen(amina, search)
    assert "debut=2026-11-23T08:30Z" in page.address
    now.shift(301)
    later = Act(now=clock.now(), origin="cli", tell=messages.file)
    reservations.book(Book("key-later", cast.entretien, paris("2026-11-23 09:30"), cast.roux, cast.kone), later)
    refused = amina.send(page_with_people(page), NEW)
    assert refused.status == 409
    assert "Ce créneau vient d’être pris" in refused.text


def test_it_can_be_kept_again_once_it_has_expired(amina: Browser, now: time_machine.Coordinates) -> None:
    page = chosen(amina)
    now.shift(301)
    expired = amina.send(page, KEEP)
    assert "n’est plus retenu" in expired.text
    again = amina.send(expired, HOLD)
    assert "Créneau retenu jusqu’à 13h10" in again.text


def test_choosing_another_gives_the_former_back(amina: Browser, session: Session) -> None:
    page = chosen(amina)
    (link,) = [each for each in page.tree.all("a") if each.text == "Changer de créneau"]
    search = amina.get(f"{link['href']}&du=2026-11-23&au=2026-11-23")
    again = choose(amina, search, slots(search)[-1])
    (hold,) = kept(session)
    assert f"retenu={hold.uid}" in again.address
    assert again.address.count("retenu=") == 1
    assert "Créneau retenu jusqu’à" in again.text


def test_what_she_keeps_is_listed_and_given_back_from_there(amina: Browser, session: Session, cast: Cast) -> None:
    chosen(amina, f"{MONDAY}&professionnel=roux")
    search = amina.get(f"{MONDAY}&usager={cast.diallo}")
    section = search.tree.one("section", **{"aria-labelledby": "retenus"})
    assert "Lundi 23 novembre 2026 à 9h30 avec Mme Roux, Entretien : jusqu’à 13h05" in section.text
    back = amina.get(section.one("a")["href"])
    assert "Créneau retenu jusqu’à 13h05" in back.text
    assert "Pour DIALLO Amadou" in back.text
    shown = amina.send(search, RELEASE)
    assert kept(session) == []
    assert not shown.tree.all("section", **{"aria-labelledby": "retenus"})


def test_nobody_sees_what_another_agent_keeps(amina: Browser, cast: Cast, session: Session) -> None:
    command = Book("key-of-the-cli", cast.entretien, paris("2026-11-23 10:00"), cast.roux, None)
    reservations.hold(command, Act(now=NOW, origin="cli", tell=messages.file))
    db.session.remove()
    assert "Créneaux que vous retenez" not in amina.get(MONDAY).text


def test_too_many_and_one_may_book_all_the_same(amina: Browser, cast: Cast, session: Session) -> None:
    for _ in range(3):
        chosen(amina, number=-1)
    page = chosen(amina, f"{MONDAY}&usager={cast.diallo}", number=-1)
    assert "retenu=" not in page.address
    assert page.tree.one(role="status").text == (
        "3 créneaux sont déjà retenus : réservez-les ou libérez-les d’abord. "
        "Celui-ci n’est pas retenu, mais vous pouvez le réserver."
    )
    assert len(kept(session)) == 3
    assert "Rendez-vous confirmé" in amina.send(page_with_people(page), NEW).text


def test_a_slot_that_somebody_took_meanwhile_is_refused_with_others(amina: Browser, cast: Cast) -> None:
    search = amina.get(f"{MONDAY}&professionnel=roux&usager={cast.diallo}")
    somebody_else_takes_it(cast)
    refused = choose(amina, search, slots(search)[1])
    assert refused.status == 409
    assert "Ce créneau vient d’être pris" in refused.text
    others = [each for each in refused.tree.all("a") if each["class"] == "slot"]
    assert len(others) == 5
    assert "Pour DIALLO Amadou" in refused.text


def test_the_alternatives_of_a_refusal_keep_the_hold_to_be_given_back(
    amina: Browser, cast: Cast, session: Session
) -> None:
    page = chosen(amina, f"{MONDAY}&professionnel=roux&usager={cast.diallo}")
    reservations.book(
        Book("key-busy", cast.appel, paris("2026-11-23 09:45"), cast.diop, cast.kone),
        Act(now=NOW, origin="cli", tell=messages.file),
    )
    with_colleague = page_with_people(amina.get(f"{page.address}&avec=diop"))
    refused = amina.send(with_colleague, NEW)
    assert refused.status == 409, "M. Diop is busy then"
    (hold,) = kept(session)
    others = [each["href"] for each in refused.tree.all("a") if each["class"] == "slot"]
    assert all(f"retenu={hold.uid}" in each for each in others)
    amina.send(page_with_people(amina.get(others[0])), NEW)
    assert kept(session) == []


def test_a_confidential_service_is_kept_for_nobody_in_particular(amina: Browser, cast: Cast, session: Session) -> None:
    search = f"/creneaux?motif=depistage&du=2026-11-23&au=2026-11-23&usager={cast.diallo}"
    page = chosen(amina, search, 0)
    assert "Créneau retenu jusqu’à" in page.text
    assert "DIALLO" not in page.text
    amina.send(page, NEW)
    assert kept(session) == []
    assert appointments(session) == 1


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (HOLD + "?motif=entretien", 200),
        (HOLD + SLOT.partition(NEW)[2].replace("entretien", "inconnu"), 404),
        (HOLD + SLOT.partition(NEW)[2].replace("09:30", "25:30"), 422),
        (HOLD + SLOT.partition(NEW)[2] + "&usager=999", 404),
        (HOLD + SLOT.partition(NEW)[2] + "&retenu=%00", 404),
        (KEEP + SLOT.partition(NEW)[2] + "&retenu=é", 404),
        (RELEASE + "?motif=entretien&retenu=%00", 404),
        (RELEASE + "?motif=entretien&retenu=0123456789abcdef", 200),
        (KEEP + SLOT.partition(NEW)[2], 200),
    ],
    ids=[
        "no slot: back to the search",
        "unknown type",
        "no such hour",
        "nobody",
        "control character",
        "not a uid",
        "control character, given back",
        "given back already",
        "nothing to keep",
    ],
)
def test_an_address_that_makes_no_sense(amina: Browser, session: Session, address: str, status: int) -> None:
    assert amina.post(address, {"key": "key-of-the-form"}).status == status
    assert kept(session) == []


def test_the_key_is_checked(amina: Browser, session: Session) -> None:
    assert amina.post(HOLD + SLOT.partition(NEW)[2], {"key": "é"}).status == 422
    assert kept(session) == []


def test_a_link_without_a_hold_books_as_before(amina: Browser, cast: Cast, session: Session) -> None:
    page = amina.get(f"{SLOT}&usager={cast.diallo}")
    assert "retenu" not in page.text
    amina.send(page_with_people(page), NEW)
    assert session.scalar(sa.select(sa.func.count(Appointment.id))) == 1
