"""Absences and closures stored while others book, move and store the same."""

from __future__ import annotations

from collections import Counter

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from booking.db import db
from booking.reservations import Book, Outcome, book, doctor, impact
from booking.reservations.displacing import Decision, Displace, Moved, displace
from booking.reservations.impact import Absent, Closed
from booking.slots.models import Absence, Closure
from tests.builders import NOW, Cast, act, add_professionals, add_usagers, paris
from tests.reservations.racing import overlaps, race

NINE, TEN, ELEVEN = (paris(f"2026-11-23 {hour}:00") for hour in ("09", "10", "11"))
TWO = paris("2026-11-23 14:00")


def ill(cast: Cast) -> Absent:
    """Mme Roux is absent on Monday morning."""
    return Absent(cast.roux, NINE, paris("2026-11-23 12:00"))


def works(cast: Cast, room: int | None) -> Closed:
    return Closed(cast.site, room, NINE, paris("2026-11-23 12:00"), "Travaux")


@pytest.fixture
def three(cast: Cast) -> list[Outcome]:
    """Three usagers with Mme Roux, at 9h00, 10h00 and 11h00."""
    starts = zip((NINE, TEN, ELEVEN), add_usagers(3), strict=True)
    return [book(Book(f"b{start}", cast.entretien, start, cast.roux, who), act()) for start, who in starts]


def count(session: Session, model: type[Absence] | type[Closure]) -> int:
    session.rollback()
    return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


class TestRaces:
    def test_one_of_sixteen_absences_at_once_is_stored(self, app: Flask, cast: Cast, three: list[Outcome]) -> None:
        fates = (Moved(TWO), "cancelled", Moved(professional_ids=frozenset({cast.diop})))
        decisions = tuple(Decision(one.uid, 1, fate) for one, fate in zip(three, fates, strict=True))  # type: ignore[arg-type]
        outcomes = race(
            app,
            [lambda n=n: displace(Displace(f"d{n}", ill(cast), decisions), act()) for n in range(16)],  # type: ignore[misc]
        )
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

        commands = [*(lambda n=n: attempt(n) for n in range(6)), lambda: displace(Displace("d", cause), act())]  # type: ignore[misc]
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
