"""A collective session on the screens: opened for nobody yet, then filled, until it is full."""

from __future__ import annotations

import pytest
import time_machine

from booking import messages, reservations
from booking.db import db
from booking.reservations.commands import Act, Book, Cancel, Join
from booking.slots.models import AppointmentType
from tests.builders import NOW, Cast, paris, set_on
from tests.web.browsing import Browser

ACT = Act(now=NOW, origin="cli", tell=messages.file)


@pytest.fixture
def workshop(cast: Cast, now: time_machine.Coordinates) -> str:
    """A session of one seat, on Monday at 9h00."""
    set_on(AppointmentType, cast.entretien, capacity=1)
    uid = reservations.book(Book("k", cast.entretien, paris("2026-11-23 09:00"), cast.roux, None), ACT).uid
    db.session.remove()
    return uid


def test_it_says_how_many_seats_are_taken(amina: Browser, cast: Cast, workshop: str) -> None:
    assert "Séance collective, 0 sur 1" in amina.get(f"/rendez-vous/{workshop}").text
    assert "Séance collective, 0 sur 1" in amina.get("/?jour=2026-11-23").text
    reservations.join(Join("j", workshop, cast.diallo), ACT)
    page = amina.get(f"/rendez-vous/{workshop}")
    assert "Séance collective, 1 sur 1" in page.text
    assert "DIALLO Amadou : à venir" in page.text
    assert "Retirer DIALLO Amadou" in page.text, "the last one may leave a session"


def test_once_full_it_takes_nobody(amina: Browser, cast: Cast, workshop: str) -> None:
    reservations.join(Join("j", workshop, cast.diallo), ACT)
    refused = amina.post(f"/rendez-vous/{workshop}/personnes", {"key": "key-of-the-form", "usager": str(cast.kone)})
    assert refused.status == 409
    assert "Cette séance est complète (1 place)" in refused.text


def test_it_is_cancelled_like_any_other(amina: Browser, workshop: str) -> None:
    reservations.cancel(Cancel("c", workshop, "service"), ACT)
    assert "annulé" in amina.get(f"/rendez-vous/{workshop}").text
