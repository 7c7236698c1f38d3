"""Absences and closures stored while others book, move and store the same."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest
from flask import Flask

from booking.db import db
from booking.reservations import Book, Outcome, book, doctor, impact
from booking.reservations.displacing import Decision, Displace, Moved, displace
from booking.reservations.impact import Absent
from booking.slots.models import Absence, Closure
from tests.builders import NOW, Cast, act, add_professionals, add_usagers, count, paris
from tests.reservations.displacements import NINE, TEN, TWO, each, ill, three_booked, works
from tests.reservations.racing import overlaps, race


@pytest.fixture
def three(cast: Cast) -> list[Outcome]:
    """Three usagers with Mme Roux, at 9h00, 10h00 and 11h00."""
    return three_booked(cast)


class TestRaces:
    def test_one_of_sixteen_absences_at_once_is_stored(self, app: Flask, cast: Cast, three: list[Outcome]) -> None:
        decisions = each(three, Moved(TWO), "cancelled", Moved(professional_ids=frozenset({cast.diop})))

        def attempt(n: int) -> object:
            return displace(Displace(f"d{n}", ill(cast), decisions), act())

        outcomes = race(app, [partial(attempt, n) for n in range(16)])
        assert outcomes["ok"] == 1
        assert outcomes.total() == 16
        assert set(outcomes) <= {"ok", "Invalid", "NotDisplaced"}
        assert count(db.session(), Absence) == 1
        assert doctor.examine() == []

    @pytest.mark.parametrize("what", ["absence", "room", "site"])
    def test_the_same_order_sent_at_once_gets_one_answer(self, app: Flask, cast: Cast, what: str) -> None:
        """Whoever waits for the others finds what they answered, not what they stored."""
        cause = {"absence": ill(cast), "room": works(cast, cast.b1), "site": works(cast, None)}[what]
        assert race(app, [lambda: displace(Displace("same", cause), act())] * 8) == {"ok": 8}
        assert count(db.session(), Absence if what == "absence" else Closure) == 1

    @pytest.mark.parametrize("where", ["absence", "room", "site"])
    def test_no_booking_slips_into_what_is_being_stored(self, app: Flask, cast: Cast, where: str) -> None:
        """Bookings against one absence or closure: whatever it did not foresee stops it, or comes too late."""
        causes = {"absence": ill(cast), "room": works(cast, cast.b1), "site": works(cast, None)}
        cause = causes[where]
        usagers = add_usagers(6)
        hours = [paris(f"2026-11-23 {hour}") for hour in ("09:00", "09:30", "10:00", "10:30", "11:00", "11:30")]

        def attempt(n: int) -> object:
            return book(Book(f"b{n}", cast.entretien, hours[n], cast.roux, usagers[n], room_id=cast.b1), act())

        commands = [*(partial(attempt, n) for n in range(6)), lambda: displace(Displace("d", cause), act())]
        outcomes: Counter[str] = race(app, commands)
        session = db.session()
        stored = count(session, Absence) + count(session, Closure)
        hit = impact.hits(session, cause, NOW)
        assert not (stored and hit), "stored without a word about those"
        assert (outcomes["NotDisplaced"] == 1) is not bool(stored)
        assert overlaps() == 0

    def test_two_absences_exchange_their_appointments(self, app: Flask, cast: Cast) -> None:
        """Each would give its appointments to the other: locks in one order, so one is refused and none is lost."""
        one, other = add_professionals(cast, 2)
        first, second = add_usagers(2)
        a = book(Book("a", cast.entretien, NINE, one, first), act())
        b = book(Book("b", cast.entretien, NINE, other, second), act())
        end = paris("2026-11-23 12:00")
        commands = [
            lambda: displace(
                Displace("d1", Absent(one, NINE, end), (Decision(a.uid, 1, Moved(TEN, frozenset({other}))),)), act()
            ),
            lambda: displace(
                Displace("d2", Absent(other, NINE, end), (Decision(b.uid, 1, Moved(TEN, frozenset({one}))),)), act()
            ),
        ]
        outcomes = race(app, commands)
        assert outcomes == {"ok": 1, "NotDisplaced": 1}
        assert doctor.examine() == []
