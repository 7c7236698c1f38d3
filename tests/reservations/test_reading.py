"""What screens, feeds and messages read."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.errors import NotFound
from booking.reservations import Book, Cancel, Join, Leave, book, cancel, hold, join, leave, reading, store
from booking.reservations.series import BookSeries, book_series
from booking.slots.models import Absence, AppointmentType, Hold
from tests.builders import NOW, PARIS, Cast, act, paris, set_on
from tests.builders import store as keep

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
NINE, FIVE = paris("2026-11-23 09:00"), timedelta(minutes=5)


def booked(cast: Cast, key: str, start: str, professional: int, usager: int) -> str:
    """Book an interview, and return its uid."""
    return book(Book(key, cast.entretien, paris(start), professional, usager), act()).uid


def test_a_day_is_read_by_start_without_what_is_cancelled(cast: Cast, session: Session) -> None:
    ten = booked(cast, "a", "2026-11-23 10:00", cast.roux, cast.diallo)
    nine = booked(cast, "b", "2026-11-23 09:00", cast.diop, cast.diallo)
    cancel(Cancel("c", booked(cast, "d", "2026-11-23 11:00", cast.roux, cast.diallo), "service"), act())
    booked(cast, "e", "2026-11-24 09:00", cast.roux, cast.diallo)
    assert [appointment.uid for appointment in reading.of_day(session, cast.site, MONDAY, PARIS)] == [nine, ten]
    assert len(reading.of_day(session, cast.site, TUESDAY, PARIS)) == 1


def test_an_usagers_appointments_come_latest_first_cancelled_ones_too(cast: Cast, session: Session) -> None:
    first = booked(cast, "a", "2026-11-23 10:00", cast.roux, cast.diallo)
    second = booked(cast, "b", "2026-11-24 09:00", cast.roux, cast.diallo)
    cancel(Cancel("c", first, "usager"), act())
    booked(cast, "d", "2026-11-25 09:00", cast.roux, cast.kone)
    assert [appointment.uid for appointment in reading.of_usager(session, cast.diallo)] == [second, first]


def test_appointments_hit_by_an_absence_are_listed(cast: Cast, session: Session) -> None:
    hit = booked(cast, "a", "2026-11-23 10:00", cast.roux, cast.diallo)
    booked(cast, "b", "2026-11-23 11:00", cast.roux, cast.diallo)
    booked(cast, "c", "2026-11-23 10:00", cast.diop, cast.kone)
    away = {"starts_at": paris("2026-11-23 10:15"), "ends_at": paris("2026-11-23 11:00")}
    in_transaction(lambda s: s.add(Absence(uid="u", professional_id=cast.roux, created_at=NOW, **away)))
    assert [appointment.uid for appointment in reading.during_absences(session, cast.roux)] == [hit]


def test_what_is_read_is_whole(cast: Cast, session: Session) -> None:
    found = reading.find(session, booked(cast, "a", "2026-11-23 10:00", cast.roux, cast.diallo))
    assert found.participations[0].usager.name == "DIALLO Amadou"
    assert (found.professionals[0].name, found.type.code, found.room and found.room.code) == (
        "Mme Roux",
        "entretien",
        "B1",
    )


@pytest.mark.parametrize("uid", ["", "0" * 32, "’ OR 1=1"])
def test_an_unknown_appointment_is_not_found(session: Session, uid: str) -> None:
    with pytest.raises(NotFound):
        reading.find(session, uid)


def test_a_page_works_on_the_value_of_what_it_has_read(cast: Cast, session: Session) -> None:
    uid = book(Book("a", cast.entretien, NINE, cast.roux, cast.diallo, family=(cast.kone,)), act()).uid
    assert reading.state(reading.find(session, uid)) == store.read(session, uid)


class TestSessions:
    """A workshop of 2 seats with Mme Roux, on Monday at 9h00."""

    @pytest.fixture
    def workshop(self, cast: Cast) -> str:
        set_on(AppointmentType, cast.entretien, capacity=2)
        return book(Book("open", cast.entretien, NINE, cast.roux, None), act()).uid

    @staticmethod
    def found(session: Session, cast: Cast, **changed: Any) -> list[tuple[str, int]]:
        wanted = {"start": NINE, "end": NINE + timedelta(minutes=5), "now": NOW} | changed
        session.rollback()
        return [(each.uid, seats) for each, seats in reading.with_seats(session, cast.entretien, **wanted)]

    def test_free_seats_are_counted(self, cast: Cast, session: Session, workshop: str) -> None:
        assert self.found(session, cast) == [(workshop, 2)]
        join(Join("j", workshop, cast.diallo), act())
        assert self.found(session, cast) == [(workshop, 1)]
        join(Join("k", workshop, cast.kone), act())
        assert self.found(session, cast) == [], "it is full"
        leave(Leave("l", workshop, cast.diallo, "usager"), act())
        assert self.found(session, cast) == [(workshop, 1)]

    def test_a_seat_that_is_held_is_not_free(self, cast: Cast, session: Session, workshop: str) -> None:
        appointment = reading.find(session, workshop)
        span = {"starts_at": appointment.starts_at, "ends_at": appointment.ends_at, "created_at": NOW}
        seat = {"appointment_id": appointment.id, "site_id": cast.site, "type_id": cast.entretien}
        until = NOW + timedelta(minutes=5)
        keep(Hold(uid="seat", key="seat", fingerprint="f" * 64, expires_at=until, **span, **seat))
        assert self.found(session, cast) == [(workshop, 1)]
        assert self.found(session, cast, now=until) == [(workshop, 2)], "it has expired"

    @pytest.mark.parametrize(
        ("changed", "count"),
        [
            ({"start": NINE + timedelta(minutes=1)}, 0),
            ({"end": NINE}, 0),
            ({"now": NINE + timedelta(minutes=29)}, 1),
            ({"now": NINE + timedelta(minutes=30)}, 0),
        ],
        ids=["begins before", "begins after", "somebody may still come", "it is over"],
    )
    def test_of_a_period(
        self, cast: Cast, session: Session, workshop: str, changed: dict[str, datetime], count: int
    ) -> None:
        assert len(self.found(session, cast, **changed)) == count

    def test_of_one_professional(self, cast: Cast, session: Session, workshop: str) -> None:
        assert self.found(session, cast, professional_ids=[cast.roux])
        assert self.found(session, cast, professional_ids=[cast.diop]) == []
        assert self.found(session, cast, professional_ids=[cast.roux, cast.diop]) == [], "he is not in it"

    def test_not_once_it_is_cancelled(self, cast: Cast, session: Session, workshop: str) -> None:
        cancel(Cancel("c", workshop, "service"), act())
        assert self.found(session, cast) == []


class TestKept:
    """Amina keeps Mme Roux, with M. Diop, on Monday at 9h00."""

    @pytest.fixture
    def uid(self, cast: Cast) -> str:
        command = Book("h", cast.entretien, NINE, cast.roux, None, colleague_ids=frozenset({cast.diop}))
        return hold(command, act(agent_id=cast.amina)).uid

    def test_what_an_agent_keeps(self, cast: Cast, session: Session, uid: str) -> None:
        (kept,) = reading.kept_by(session, cast.amina, NOW)
        assert (kept.uid, kept.type.code, kept.start, kept.until) == (uid, "entretien", NINE, NOW + FIVE)
        assert [each.name for each in kept.professionals] == ["Mme Roux", "M. Diop"]
        assert reading.kept_by(session, cast.amina + 1, NOW) == []
        assert reading.kept_by(session, cast.amina, NOW + FIVE) == [], "it has expired"

    @pytest.mark.parametrize(
        "changed",
        [{"uid": "other"}, {"type_id": 999}, {"start": NINE + FIVE}, {"professional_id": 999}, {"now": NOW + FIVE}],
        ids=["another hold", "another type", "another hour", "another professional", "it has expired"],
    )
    def test_until_when_it_keeps_that_slot(
        self, cast: Cast, session: Session, uid: str, changed: dict[str, Any]
    ) -> None:
        slot = {"uid": uid, "type_id": cast.entretien, "start": NINE, "professional_id": cast.roux, "now": NOW}
        assert reading.kept_until(session, **slot) == NOW + FIVE
        assert reading.kept_until(session, **slot | changed) is None


def test_a_series_is_read_by_start(cast: Cast, session: Session) -> None:
    weeks = (NINE + timedelta(weeks=1), NINE)
    outcomes = book_series(BookSeries("s", Book("", cast.entretien, NINE, cast.roux, cast.diallo), weeks), act())
    cancel(Cancel("c", outcomes[0].uid, "service"), act())
    series_id = reading.find(session, outcomes[0].uid).series_id
    assert series_id is not None
    assert [each.starts_at for each in reading.of_series(session, series_id)] == sorted(weeks)
