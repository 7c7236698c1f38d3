"""The few slots that reception says first, with their reasons, and the periods that people ask for."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine

from booking import messages, reservations
from booking.db import db
from booking.people.models import Professional, Usager
from booking.reservations.commands import Act, Book
from booking.slots.models import AppointmentType
from booking.web.chips import chips
from tests.builders import NOW, Cast, absence, paris, set_on, store
from tests.web.browsing import Browser, Element, Page

ALL = "/creneaux?motif=entretien"


def suggestions(page: Page) -> list[Element]:
    return [each for each in page.tree.all("button") if each["class"] == "slot suggestion"]


def said(page: Page) -> list[tuple[str, str]]:
    """Each suggestion with the reasons that describe it."""
    return [(each.text, page.tree.one(id=each["aria-describedby"]).text) for each in suggestions(page)]


def test_five_slots_come_first_spread_over_the_days(amina: Browser) -> None:
    page = amina.get(ALL)
    assert said(page) == [
        ("Lundi 23 novembre 2026 à 9h00 avec Mme Roux, salle B1", "le plus tôt"),
        ("Mardi 24 novembre 2026 à 14h00 avec Mme Roux, salle B1", "un autre jour"),
        ("Mercredi 25 novembre 2026 à 9h00 avec Mme Roux, salle B1", "un autre jour"),
        ("Jeudi 26 novembre 2026 à 14h00 avec Mme Roux, salle B1", "un autre jour"),
        ("Vendredi 27 novembre 2026 à 9h00 avec Mme Roux, salle B1", "un autre jour"),
    ]


def test_the_referent_comes_first(amina: Browser, cast: Cast) -> None:
    set_on(Usager, cast.diallo, referent_id=cast.diop)
    found = said(amina.get(f"{ALL}&usager={cast.diallo}"))
    assert [reasons for _, reasons in found] == [
        "professionnel référent, le plus tôt",
        "professionnel référent, ensuite",
        "professionnel référent, un autre jour",
        "équipe, le plus tôt",
        "équipe, un autre jour",
    ]
    assert found[0][0] == "Lundi 23 novembre 2026 à 9h00 avec M. Diop, salle B1"


def test_even_when_they_receive_only_after_the_days_that_are_shown(amina: Browser, cast: Cast) -> None:
    set_on(Usager, cast.diallo, referent_id=cast.diop)
    store(absence(cast.diop, "2026-11-22 00:00", "2026-12-12 00:00"))
    page = amina.get(f"{ALL}&usager={cast.diallo}")
    assert said(page)[0] == (
        "Lundi 14 décembre 2026 à 9h00 avec M. Diop, salle B1",
        "professionnel référent, premier créneau",
    )
    (tomorrow,) = [each for each in page.tree.all("a") if each.text == "Demain"]
    assert "Diop" not in " ".join(text for text, _ in said(amina.get(tomorrow["href"]))), "who asks for a day means it"


def test_who_speaks_the_language_of_the_person_comes_first(amina: Browser, cast: Cast) -> None:
    set_on(Usager, cast.diallo, spoken_language="wo")
    set_on(Professional, cast.diop, languages=frozenset({"wo"}))
    first, *_ = said(amina.get(f"{ALL}&usager={cast.diallo}"))
    assert first == ("Lundi 23 novembre 2026 à 9h00 avec M. Diop, salle B1", "parle sa langue, le plus tôt")


def test_only_those_who_speak_a_language(amina: Browser, cast: Cast) -> None:
    assert amina.get(ALL).tree.all("select", name="langue") == [], "nobody is known to speak any"
    set_on(Professional, cast.diop, languages=frozenset({"wo"}))
    languages = amina.get(ALL).tree.one("select", name="langue")
    assert [each.text for each in languages.all("option")] == ["Toutes", "Wolof"]
    page = amina.get(f"{ALL}&langue=wo")
    assert {each.text for each in page.tree.all("dt")} == {"M. Diop"}
    links = [each["href"] for each in page.tree.one("nav", **{"aria-label": "Période"}).all("a")]
    assert all("langue=wo" in href for href in links)


def test_nothing_in_two_weeks_and_yet_something_to_say(amina: Browser, cast: Cast) -> None:
    for who in (cast.roux, cast.diop):
        store(absence(who, "2026-11-22 00:00", "2026-12-12 00:00"))
    page = amina.get(ALL)
    assert said(page)[0] == ("Lundi 14 décembre 2026 à 9h00 avec Mme Roux, salle B1", "le plus tôt")


def test_what_is_said_can_be_chosen_by_its_button(amina: Browser, cast: Cast) -> None:
    page = amina.get(f"{ALL}&usager={cast.diallo}")
    first, *others = suggestions(page)
    assert "autofocus" in first.attributes, "the next key is Enter"
    assert not any("autofocus" in each.attributes for each in others)
    form = page.form("/rendez-vous/nouveau/retenir")
    values = {each["name"]: each["value"] for each in form.all("input")}
    chosen = amina.post(first["formaction"], values, values.pop("csrf_token"))
    assert "Lundi 23 novembre 2026 à 9h00, avec Mme Roux" in chosen.text
    assert "Créneau retenu" in chosen.text


def test_for_nobody_in_particular_nothing_takes_the_focus(amina: Browser) -> None:
    assert not any("autofocus" in each.attributes for each in amina.get(ALL).tree.all())


def test_nobody_s_ties_bear_on_a_confidential_service(amina: Browser, cast: Cast) -> None:
    set_on(Usager, cast.diallo, referent_id=cast.petit)
    page = amina.get(f"/creneaux?motif=depistage&usager={cast.diallo}")
    assert suggestions(page)
    assert "référent" not in page.text


def test_of_a_collective_type_the_sessions_are_said_not_slots(amina: Browser, cast: Cast) -> None:
    set_on(AppointmentType, cast.entretien, capacity=3)
    assert suggestions(amina.get(ALL)) == []


def test_a_search_that_is_refused_says_nothing_first(amina: Browser) -> None:
    page = amina.get(f"{ALL}&du=2026-12-02&au=2026-12-01")
    assert (page.status, suggestions(page)) == (422, [])


def test_the_last_type_and_its_slots_are_there_at_once(amina: Browser, cast: Cast) -> None:
    book = Book("key-already", cast.entretien, paris("2026-11-23 09:00"), cast.roux, cast.diallo)
    reservations.book(book, Act(now=NOW, origin="cli", tell=messages.file))
    db.session.remove()
    page = amina.get(f"/creneaux?usager={cast.diallo}")
    assert said(page)[0] == ("Lundi 23 novembre 2026 à 9h30 avec Mme Roux, salle B1", "le plus tôt")


# ------------------------------------------------------------------ the periods

PERIODS = [
    (date(2026, 11, 25), ("25 25", "26 26", "30 06", "07 13"), "a Wednesday"),
    (date(2026, 11, 23), ("23 23", "24 24", "30 06", "07 13"), "a Monday: the next week is not the one that begins"),
    (date(2026, 11, 29), ("29 29", "30 30", "30 06", "07 13"), "a Sunday: the next week begins tomorrow"),
]


@pytest.mark.parametrize(("today", "expected", "because"), PERIODS, ids=[row[2] for row in PERIODS])
def test_the_periods_that_people_ask_for(today: date, expected: tuple[str, ...], because: str) -> None:
    found = chips(today)
    assert [each.text for each in found] == ["Aujourd’hui", "Demain", "Semaine prochaine", "Dans 2 semaines"]
    assert tuple(f"{each.first:%d} {each.last:%d}" for each in found) == expected, because


def test_a_period_keeps_the_rest_of_the_search(amina: Browser, cast: Cast, now: time_machine.Coordinates) -> None:
    now.move_to(paris("2026-11-25 08:00"))
    amina.sign_in_again(cast.amina)
    page = amina.get(f"{ALL}&professionnel=roux&usager={cast.diallo}")
    (chip,) = [each for each in page.tree.all("a") if each.text == "Semaine prochaine"]
    week = "/creneaux?du=2026-11-30&au=2026-12-06"
    assert chip["href"] == f"{week}&motif=entretien&professionnel=roux&usager={cast.diallo}"
    assert "aria-current" not in chip.attributes
    page = amina.get(chip["href"])
    (current,) = page.tree.one("nav", **{"aria-label": "Période"}).all("a", **{"aria-current": "true"})
    assert current.text == "Semaine prochaine"
    assert suggestions(page)[0].text.startswith("Lundi 30 novembre 2026")
