"""Looking for the hours at which somebody and a colleague are both free, in a room that holds them all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.people.models import Professional, Usager
from booking.rooms.models import Room
from tests.builders import Cast, absence, add_interpreter, set_on, store
from tests.web.browsing import Browser, Element, Page
from tests.web.test_booking import NEW, page_with_people
from tests.web.test_slots import choose, slots
from tests.web.test_suggestions import suggestions

DAY = "/creneaux?motif=entretien&du=2026-11-23&au=2026-11-23"
TUESDAY = "/creneaux?motif=entretien&du=2026-11-24&au=2026-11-24"
BOTH = f"{DAY}&professionnel=roux&avec=diop"


def link(page: Page, text: str) -> str:
    (found,) = [each["href"] for each in page.tree.all("a") if each.text == text]
    return found


def test_both_are_free_and_the_page_says_so(amina: Browser, cast: Cast) -> None:
    """Mme Roux receives all day, M. Diop on Monday mornings."""
    page = amina.get(BOTH)
    hours = [each.text.split()[0] for each in slots(page)]
    assert hours == ["9h00", "9h30", "10h00", "10h30", "11h00", "11h30"]
    assert slots(page)[0].text == "9h00 le lundi 23 novembre 2026 avec Mme Roux et M. Diop , salle B1"
    assert "Chaque créneau est aussi avec M. Diop." in page.text
    assert suggestions(page)[0].text == "Lundi 23 novembre 2026 à 9h00 avec Mme Roux et M. Diop, salle B1"


@pytest.mark.parametrize("buttons", [slots, suggestions], ids=["of all", "of those to say first"])
def test_the_one_that_is_chosen_is_kept_for_both(
    amina: Browser, cast: Cast, buttons: Callable[[Page], list[Element]]
) -> None:
    page = amina.get(BOTH)
    chosen = choose(amina, page, buttons(page)[0])
    assert "Lundi 23 novembre 2026 à 9h00, avec Mme Roux et M. Diop, 30 minutes" in chosen.text
    assert "Créneau retenu" in chosen.text
    again = amina.get(f"{DAY}&professionnel=diop")
    assert "9h00" not in [each.text.split()[0] for each in slots(again)], "he is kept too"


def test_giving_it_back_looks_for_both_again(amina: Browser, cast: Cast) -> None:
    page = amina.get(BOTH)
    chosen = choose(amina, page, slots(page)[0])
    (give_back,) = [each for each in chosen.tree.all("button") if each.text == "Libérer le créneau"]
    back = amina.post(give_back["formaction"], {})
    assert "Chaque créneau est aussi avec M. Diop." in back.text


def test_giving_another_back_goes_on_with_the_same_search(amina: Browser, cast: Cast) -> None:
    page = amina.get(BOTH)
    choose(amina, page, slots(page)[0])
    back = amina.send(amina.get(f"{BOTH}&langue="), "/rendez-vous/nouveau/rendre")
    assert [each.text.split()[0] for each in slots(back)][:1] == ["9h00"], "it is free again"
    assert len(slots(back)) == 6, "of that day and of both"


def test_anybody_else_leads(amina: Browser, cast: Cast) -> None:
    page = amina.get(f"{DAY}&avec=diop")
    assert {each.text for each in page.tree.all("dt")} == {"Mme Roux"}
    assert len(slots(page)) == 6


def test_the_room_holds_them_and_whoever_comes(amina: Browser, cast: Cast) -> None:
    for room in (cast.b1, cast.b2):
        set_on(Room, room, capacity=2)
    page = amina.get(BOTH)
    assert not slots(page)
    assert "6 n’ont pas de salle libre pour 3 personnes" in page.text


def test_what_there_is_without_the_colleague_is_a_link_away(amina: Browser, cast: Cast) -> None:
    page = amina.get(f"{TUESDAY}&professionnel=roux&avec=diop")
    assert "tous tombent quand un collègue ne reçoit pas" in page.text
    (without,) = [each.one("a")["href"] for each in page.tree.all("li") if each.text.startswith("Sans M. Diop : 12")]
    assert len(slots(amina.get(without))) == 12


def test_without_an_interpreter_who_was_named_nobody_interprets(amina: Browser, cast: Cast) -> None:
    amari = add_interpreter(cast, "amari", "ar")
    set_on(Usager, cast.diallo, spoken_language="ar", interpreter_needed=True)
    store(absence(amari, "2026-11-24 00:00", "2026-11-25 00:00"))
    page = amina.get(f"{TUESDAY}&professionnel=roux&avec=amari&usager={cast.diallo}")
    (without,) = [each.one("a")["href"] for each in page.tree.all("li") if each.text.startswith("Sans Mme Amari : 12")]
    assert len(slots(amina.get(without))) == 12


def test_an_interpreter_who_was_named_stays_named(amina: Browser, cast: Cast) -> None:
    add_interpreter(cast, "amari", "ar")
    address = f"{DAY}&professionnel=roux&avec=amari"
    page = amina.get(address)
    choose(amina, page, slots(page)[0])
    back = amina.send(amina.get(address), "/rendez-vous/nouveau/rendre")
    assert "Chaque créneau est aussi avec Mme Amari." in back.text


def test_who_leads_what_is_kept_does_it(amina: Browser, cast: Cast, session: Session) -> None:
    """Mme Roux, who comes first among the professionals, is of the service and of another profession."""
    doctors = session.scalar(sa.select(Professional.profession_id).where(Professional.id == cast.lenoir))
    session.rollback()
    set_on(Professional, cast.roux, profession_id=doctors)
    page = amina.get(f"{DAY}&professionnel=diop&avec=roux")
    choose(amina, page, slots(page)[0])
    kept = amina.get(DAY)
    (booked,) = [each["href"] for each in kept.tree.all("a") if each.text.startswith("Réserver lundi")]
    assert "professionnel=diop&avec=roux" in booked
    assert "Rendez-vous confirmé" in amina.send(page_with_people(amina.get(f"{booked}&usager={cast.diallo}")), NEW).text


def test_another_time_is_for_both(amina: Browser, cast: Cast) -> None:
    """No time is offered at which the colleague leads, and would be alone."""
    page = amina.get(BOTH)
    store(absence(cast.diop, "2026-11-23 08:00", "2026-11-23 18:00"))
    refused = choose(amina, page, slots(page)[0])
    assert refused.status == 409
    others = [each for each in refused.tree.all() if each["class"] == "slot"]
    assert others
    assert all("avec Mme Roux et M. Diop" in each.text for each in others)
    assert "avec=diop" in link(refused, "Chercher un autre créneau")


def test_a_wait_is_for_one_of_them(amina: Browser, cast: Cast) -> None:
    page = amina.get(f"{TUESDAY}&professionnel=roux&avec=diop")
    assert link(page, "Noter la demande sur la liste d’attente, sans M. Diop")


def test_other_days_are_of_both(amina: Browser, cast: Cast) -> None:
    page = amina.get(BOTH)
    assert "avec=diop" in link(page, "Semaine prochaine")
    assert "Chaque créneau est aussi avec M. Diop." in amina.get(link(page, "Semaine prochaine")).text
    assert "avec=diop" in link(page, "Reçu maintenant (sans rendez-vous)")


def test_with_an_interpreter_there_are_three(amina: Browser, cast: Cast) -> None:
    add_interpreter(cast, "amari", "ar")
    set_on(Usager, cast.diallo, spoken_language="ar", interpreter_needed=True)
    page = amina.get(f"{BOTH}&usager={cast.diallo}")
    assert len(slots(page)) == 6
    assert all("avec=diop&avec=amari" in each["formaction"] for each in slots(page))
    chosen = choose(amina, page, slots(page)[0])
    assert "avec Mme Roux, M. Diop et Mme Amari" in chosen.text


@pytest.mark.parametrize(
    ("codes", "sentence"),
    [
        ("professionnel=roux&avec=roux", "Cette personne est indiquée deux fois : retirez-la une fois."),
        ("avec=lenoir", "Ce professionnel ne reçoit pas pour ce motif : choisissez-en un autre, ou aucun."),
        ("avec=zzz", "Choisissez une valeur de la liste."),
    ],
    ids=["twice", "of another service", "unknown"],
)
def test_who_cannot_take_part_is_refused_beside_their_field(
    amina: Browser, cast: Cast, codes: str, sentence: str
) -> None:
    page = amina.get(f"{DAY}&{codes}")
    assert page.status == 422
    assert page.errors() == {"avec": f"Erreur : {sentence}"}
    assert not slots(page)
