"""One appointment: told, moved, cancelled, followed."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from sqlalchemy.orm import Session

from booking import jobs, messages, reservations
from booking.config import Settings
from booking.db import db
from booking.reservations.commands import Act, Book, Move
from booking.reservations.models import Appointment
from tests.builders import NOW, Cast, paris
from tests.web.browsing import Browser, Page

ACT = Act(now=NOW, origin="cli", tell=messages.file)


@pytest.fixture
def uid(cast: Cast, now: time_machine.Coordinates) -> str:
    """M. Diallo sees Mme Roux on Monday at 9h30, in B1."""
    command = Book("key-first-one", cast.entretien, paris("2026-11-23 09:30"), cast.roux, cast.diallo)
    booked = reservations.book(command, ACT).uid
    db.session.remove()
    return booked


def stored(session: Session, uid: str) -> Appointment:
    session.rollback()
    return session.scalars(sa.select(Appointment).where(Appointment.uid == uid)).one()


def page(browser: Browser, uid: str) -> Page:
    return browser.get(f"/rendez-vous/{uid}")


def send(browser: Browser, uid: str, action: str, **typed: str) -> Page:
    return browser.send(page(browser, uid), f"/rendez-vous/{uid}/{action}", **typed)


def events(shown: Page) -> list[str]:
    (history,) = shown.tree.all("ol", **{"class": "history"})
    return [each.text for each in history.all("li")]


def told(shown: Page) -> list[str]:
    return [each.text for each in shown.tree.all("li") if each["class"].startswith("message ")]


# ------------------------------------------------------------------ what it says


def test_the_facts(amina: Browser, uid: str) -> None:
    shown = page(amina, uid)
    facts = {each.all("dt")[0].text: each.all("dd")[0].text for each in shown.tree.one("dl").all("div")}
    assert facts == {
        "Quand": "Lundi 23 novembre 2026 à 9h30, jusqu’à 10h00",
        "Motif": "Entretien",
        "Avec": "Mme Roux",
        "Où": "B1 · Salle B1",
        "Personne": "DIALLO Amadou 06 39 98 12 34 amadou.diallo@exemple.example",
    }


def test_the_fate_of_each_message(amina: Browser, uid: str, app: Flask) -> None:
    assert told(page(amina, uid)) == [
        "Confirmation : à envoyer le dimanche 22 novembre 2026 à 13h00",
        "Rappel : non envoyé (le rendez-vous est trop proche)",
    ]
    settings: Settings = app.extensions["booking"]
    jobs.deliver(settings, NOW)
    db.session.remove()
    assert told(page(amina, uid))[0] == "Confirmation : envoyé le dimanche 22 novembre 2026 à 13h00"


def test_a_confidential_appointment_names_nothing(amina: Browser, cast: Cast) -> None:
    command = Book("key-confidential", cast.depistage, paris("2026-11-23 09:00"), cast.petit, None)
    shown = page(amina, reservations.book(command, ACT).uid)
    assert "Occupé" in shown.text
    assert "Depistage" not in shown.source
    assert told(shown)[0] == "Confirmation : non envoyé (ce service n’écrit à personne)"


@pytest.mark.parametrize("uid", ["inconnu", "0" * 32, "%00", "%F0%9F%A6%8A"])
def test_an_unknown_one(amina: Browser, uid: str) -> None:
    assert page(amina, uid).status == 404


# ------------------------------------------------------------------ moving


def test_moving_to_a_proposed_slot(amina: Browser, uid: str, session: Session) -> None:
    shown = page(amina, uid)
    proposed = [each["value"] for each in shown.tree.all("input", type="radio", name="start")]
    assert proposed[:3] == ["2026-11-23T08:00Z", "2026-11-23T09:00Z", "2026-11-23T09:30Z"]
    done = send(amina, uid, "deplacer", start=proposed[1])
    assert done.tree.one(role="status").text == "Rendez-vous déplacé, courriel en cours d’envoi à a…@…"
    assert stored(session, uid).starts_at == paris("2026-11-23 10:00")
    assert events(done)[1] == (
        "Déplacé : lundi 23 novembre 2026 à 9h30 → lundi 23 novembre 2026 à 10h00"
        " Dimanche 22 novembre 2026 à 13h00, Amina"
    )


def test_moving_to_another_moment_with_somebody_else(amina: Browser, uid: str) -> None:
    done = send(amina, uid, "deplacer", start="2026-11-23T11:00", professional="diop")
    assert "Mme Roux → M. Diop" in events(done)[1]


@pytest.mark.parametrize(
    ("start", "status", "words"),
    [
        ("2026-11-23T13:00", 409, "ne reçoit pas à ce moment-là"),
        ("2026-11-20T10:00", 409, "Ce créneau a déjà commencé."),
        ("", 422, "Remplissez ce champ."),
        ("demain", 422, "Indiquez une date et une heure qui existent"),
        ("2027-02-29T10:00", 422, "Indiquez une date et une heure qui existent"),
        ("2027-03-28T02:30", 422, "changement d’heure"),
    ],
)
def test_a_move_that_is_refused(
    amina: Browser, uid: str, session: Session, start: str, status: int, words: str
) -> None:
    refused = send(amina, uid, "deplacer", start=start)
    assert refused.status == status
    assert refused.title.startswith("Erreur : ")
    assert words in refused.text
    assert stored(session, uid).version == 1


def test_a_slot_taken_meanwhile_is_refused_with_others(amina: Browser, uid: str, cast: Cast) -> None:
    shown = page(amina, uid)
    reservations.book(Book("key-meanwhile", cast.entretien, paris("2026-11-23 10:00"), cast.roux, cast.kone), ACT)
    refused = amina.send(shown, f"/rendez-vous/{uid}/deplacer", start="2026-11-23T10:00")
    assert refused.status == 409
    assert "Ce créneau vient d’être pris" in refused.text
    others = refused.tree.all("input", type="radio", name="start")
    assert others
    done = amina.send(refused, f"/rendez-vous/{uid}/deplacer", start=others[0]["value"])
    assert "Rendez-vous déplacé" in done.text


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(amina: Browser, uid: str, session: Session) -> None:
    shown = page(amina, uid)
    reservations.move(Move("key-other-clerk", uid, paris("2026-11-23 11:00")), ACT)
    refused = amina.send(shown, f"/rendez-vous/{uid}/deplacer", start="2026-11-23T10:00")
    assert refused.status == 409
    assert "modifié entre-temps" in refused.text
    assert "Depuis : déplacé en ligne de commande à 13h00." in refused.text
    assert "Lundi 23 novembre 2026 à 11h00" in refused.text, "the page shows what stands"
    assert stored(session, uid).starts_at == paris("2026-11-23 11:00")


# ------------------------------------------------------------------ another room


def test_another_room(amina: Browser, uid: str) -> None:
    done = send(amina, uid, "salle", room="B2")
    assert done.tree.one(role="status").text == "Salle changée."
    assert events(done)[1].startswith("Salle changée : salle B1 → B2 ; salle fixée")
    assert "B2 · Salle B2 (salle fixée)" in done.text
    assert len(told(done)) == 2, "nobody is told: usagers report to reception"


def test_the_room_that_it_has_is_fixed_by_naming_it(amina: Browser, uid: str) -> None:
    assert "salle fixée" not in amina.open(f"/rendez-vous/{uid}").text
    done = send(amina, uid, "salle", room="B1")
    assert events(done)[1].startswith("Salle changée : salle fixée")
    assert "B1 · Salle B1 (salle fixée)" in done.text
    assert 'value="B1"' not in done.text, "there is nothing left to fix"


@pytest.mark.parametrize(
    ("room", "status", "words"),
    [
        ("C4", 409, "réservée à un autre service"),
        ("EN1", 409, "ne convient pas"),
        ("", 422, "Remplissez ce champ."),
        ("B99", 422, "Choisissez une valeur de la liste."),
    ],
    ids=["another service's", "another kind", "none", "unknown"],
)
def test_a_room_that_is_refused(amina: Browser, uid: str, session: Session, room: str, status: int, words: str) -> None:
    refused = send(amina, uid, "salle", room=room)
    assert refused.status == status
    assert words in refused.text
    assert stored(session, uid).version == 1


# ------------------------------------------------------------------ the same form, sent twice


@pytest.mark.parametrize(
    ("action", "typed"),
    [
        ("deplacer", {"start": "2026-11-23T10:00"}),
        ("salle", {"room": "B2"}),
        ("motif", {"type": "appel", "duration": "15"}),
        ("annuler", {"by": "usager"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_form_sent_twice_acts_once(
    amina: Browser, uid: str, session: Session, action: str, typed: dict[str, str]
) -> None:
    """A double click: the second answer is the first, although what was asked for is now what there is."""
    shown = page(amina, uid)
    first, second = (amina.send(shown, f"/rendez-vous/{uid}/{action}", **typed) for _ in range(2))
    assert (first.status, second.status) == (200, 200)
    assert events(second) == events(first)
    assert stored(session, uid).version == 2


# ------------------------------------------------------------------ cancelling


@pytest.mark.parametrize(("by", "words"), [("usager", "par l’usager"), ("service", "par le service")])
def test_cancelling(amina: Browser, uid: str, by: str, words: str) -> None:
    done = send(amina, uid, "annuler", by=by)
    assert done.tree.one("h1").text == f"DIALLO Amadou annulé {words}"
    assert done.tree.one(role="status").text == "Rendez-vous annulé, courriel en cours d’envoi à a…@…"
    assert events(done)[1].startswith(f"Annulé : {words}")
    assert not done.tree.all("summary"), "nothing can be changed but that"
    assert "Rétablir le rendez-vous" in done.text
    assert "Proposer un autre créneau" in done.text


def test_cancelling_twice(amina: Browser, uid: str) -> None:
    shown = page(amina, uid)
    send(amina, uid, "annuler", by="usager")
    again = amina.send(shown, f"/rendez-vous/{uid}/annuler", by="service", key="another-key")
    assert again.status == 409


@pytest.mark.parametrize("by", ["", "chef"])
def test_somebody_must_cancel(amina: Browser, uid: str, session: Session, by: str) -> None:
    refused = send(amina, uid, "annuler", by=by)
    assert refused.status == 422
    assert stored(session, uid).cancelled_at is None


# ------------------------------------------------------------------ attendance


def steps(shown: Page) -> list[str]:
    """What the buttons of attendance say."""
    return [each.text for each in shown.tree.all("button", name="attendance")]


def test_attendance_is_noted_and_undone(amina: Browser, uid: str, now: time_machine.Coordinates, cast: Cast) -> None:
    now.move_to(paris("2026-11-23 09:20"))
    amina.sign_in_again(cast.amina)
    for code, said in (("arrived", "arrivé"), ("in_progress", "en entretien"), ("seen", "vu"), ("expected", "à venir")):
        done = send(amina, uid, "suivi", attendance=code)
        assert f"DIALLO Amadou : {said}" in done.text
    assert len(events(done)) == 5


@pytest.mark.parametrize(
    ("at", "offered"),
    [
        pytest.param("2026-11-22 21:29", [], id="the evening before"),
        pytest.param("2026-11-22 21:30", ["Arrivé"], id="twelve hours before"),
        pytest.param("2026-11-23 07:30", ["Arrivé", "En entretien", "Vu"], id="two hours before"),
        pytest.param("2026-11-23 09:30", ["Arrivé", "En entretien", "Vu", "Absent"], id="at the hour"),
        pytest.param("2026-11-23 22:05", ["Vu", "Absent"], id="twelve hours after"),
    ],
)
def test_only_the_steps_of_the_hour_are_offered(
    amina: Browser, uid: str, now: time_machine.Coordinates, cast: Cast, at: str, offered: list[str]
) -> None:
    now.move_to(paris(at))
    amina.sign_in_again(cast.amina)
    shown = page(amina, uid)
    assert steps(shown) == [f"{text} : DIALLO Amadou" for text in offered]
    assert ("à partir de douze heures avant" in shown.text) is not bool(offered)


@pytest.mark.parametrize(
    ("usager", "attendance", "status"),
    [
        ("999", "expected", 404),
        ("", "expected", 422),
        ("x", "expected", 422),
        ("1", "", 422),
        ("1", "excused", 422),
        ("1", "arrived", 404),
    ],
    ids=["nobody's", "nobody", "not a number", "nothing", "only a cancel says that", "no usager's"],
)
def test_an_attendance_that_is_refused(
    amina: Browser, uid: str, session: Session, usager: str, attendance: str, status: int
) -> None:
    typed = {"key": "key-attendance", "version": "1", "usager": usager, "attendance": attendance}
    assert amina.post(f"/rendez-vous/{uid}/suivi", typed).status == status
    assert stored(session, uid).version == 1
