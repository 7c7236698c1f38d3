"""What screens, feeds and messages read."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.errors import NotFound
from booking.reservations import Book, Cancel, book, cancel, reading
from booking.rooms.models import Site
from booking.slots.models import Absence
from tests.builders import NOW, Cast, act, paris

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)


def booked(cast: Cast, key: str, start: str, professional: int, usager: int) -> str:
    """Book an interview, and return its uid."""
    return book(Book(key, cast.entretien, paris(start), professional, usager), act()).uid


def test_a_day_is_read_by_start_without_what_is_cancelled(cast: Cast, session: Session) -> None:
    ten = booked(cast, "a", "2026-11-23 10:00", cast.roux, cast.diallo)
    nine = booked(cast, "b", "2026-11-23 09:00", cast.diop, cast.diallo)
    cancel(Cancel("c", booked(cast, "d", "2026-11-23 11:00", cast.roux, cast.diallo), "service"), act())
    booked(cast, "e", "2026-11-24 09:00", cast.roux, cast.diallo)
    site = session.get_one(Site, cast.site)
    assert [appointment.uid for appointment in reading.of_day(session, site, MONDAY)] == [nine, ten]
    assert len(reading.of_day(session, site, TUESDAY)) == 1


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
