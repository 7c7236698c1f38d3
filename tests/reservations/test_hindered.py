"""A slot that was proposed to somebody, and whose professional is then absent or whose place is closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from booking.reservations import Book, WaitForSession, book, doctor, propose, wait
from booking.reservations.displacing import Decision, Displace, displace
from booking.reservations.impact import Absent, Cause, Closed
from booking.slots.models import AppointmentType
from tests.builders import NOW, Cast, act, set_on
from tests.reservations.displacements import NINE, TWO, ill, works
from tests.reservations.waiters import made, waits

HALF = timedelta(minutes=30)


@pytest.mark.parametrize("where", ["absence", "room", "site"])
def test_it_is_given_back_and_something_else_is_proposed(cast: Cast, session: Session, where: str) -> None:
    causes = {"absence": ill(cast), "room": works(cast, cast.b1), "site": works(cast, None)}
    waits(cast)
    (one,) = propose(NOW)
    displace(Displace("d", causes[where]), act())
    (other,) = propose(NOW)
    assert (one.start, other.start) == (NINE, NINE + HALF if where == "room" else TWO)
    assert [each.state for each in made(session)] == ["lapsed", "pending"]
    assert doctor.examine() == []


@pytest.mark.parametrize(
    "elsewhere",
    [
        pytest.param(lambda cast: Absent(cast.diop, NINE, TWO), id="somebody else is absent"),
        pytest.param(lambda cast: Absent(cast.roux, NINE + HALF, TWO), id="absent from its end"),
        pytest.param(lambda cast: Absent(cast.roux, NINE - HALF, NINE), id="absent until its start"),
        pytest.param(lambda cast: works(cast, cast.b2), id="another room"),
        pytest.param(lambda cast: Closed(cast.site, cast.b1, NINE + HALF, TWO, "Travaux"), id="closed from its end"),
        pytest.param(lambda cast: Closed(cast.site, None, NINE - HALF, NINE, "Travaux"), id="closed until its start"),
    ],
)
def test_it_stands_when_nothing_is_in_its_way(cast: Cast, session: Session, elsewhere: Callable[[Cast], Cause]) -> None:
    waits(cast)
    propose(NOW)
    displace(Displace("d", elsewhere(cast)), act())
    assert propose(NOW) == []
    assert [each.state for each in made(session)] == ["pending"]


@pytest.mark.parametrize(
    ("what", "since", "until", "state"),
    [
        pytest.param("absence", 40, 60, "pending", id="absent once it has ended, its 10 minutes after included"),
        pytest.param("absence", 35, 60, "lapsed", id="absent in the minutes after"),
        pytest.param("absence", -30, -5, "pending", id="absent until its 5 minutes before"),
        pytest.param("absence", -30, 0, "lapsed", id="absent in the minutes before"),
        pytest.param("room", 40, 60, "pending", id="its room closes after"),
        pytest.param("room", 35, 60, "lapsed", id="its room closes in the minutes after"),
        pytest.param("site", 35, 60, "lapsed", id="the site closes in the minutes after"),
    ],
)
def test_its_buffers_count(cast: Cast, session: Session, what: str, since: int, until: int, state: str) -> None:
    """Dr Lenoir's consultation takes 5 minutes before and 10 after: it is proposed at 9h30, the first that fits."""
    waits(cast, type_id=cast.consultation, professional_id=cast.lenoir)
    (one,) = propose(NOW)
    span = one.start + timedelta(minutes=since), one.start + timedelta(minutes=until)
    causes = {
        "absence": Absent(cast.lenoir, *span),
        "room": Closed(cast.site, cast.c1, *span, "Travaux"),
        "site": Closed(cast.site, None, *span, "Travaux"),
    }
    displace(Displace("d", causes[what]), act())
    propose(NOW)
    assert made(session)[0].state == state
    assert doctor.examine() == []


def test_a_seat_stands_as_its_session_does(cast: Cast, session: Session) -> None:
    """It was left alone: whoever takes it is received, or told with the others."""
    set_on(AppointmentType, cast.entretien, capacity=2)
    workshop = book(Book("open", cast.entretien, NINE, cast.roux, cast.kone), act())
    wait(WaitForSession("w", workshop.uid, cast.diallo), act())
    propose(NOW)
    displace(Displace("d", ill(cast), (Decision(workshop.uid, 1, "left_alone"),)), act())
    assert propose(NOW) == []
    assert [each.state for each in made(session)] == ["pending"]
