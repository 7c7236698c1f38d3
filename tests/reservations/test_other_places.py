"""Moving where it is easy to go wrong: to another site, and across the hours when clocks change."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.errors import Invalid, NotFound, SlotTaken
from booking.reservations import Book, Cancel, Move, book, cancel, doctor, move, reading
from booking.reservations.doctor import Problem
from booking.resources import new_resource
from booking.rooms.models import Room, Site, SiteHours
from booking.slots.models import Opening
from tests.builders import NOW, PARIS, Cast, act, paris, store

MONDAY, TUESDAY = paris("2026-11-23 09:00"), paris("2026-11-24 09:00")


@pytest.fixture
def annex(cast: Cast) -> tuple[int, int]:
    """Another site with one office, where M. Diop receives on Tuesdays and Mme Roux on Saturdays: (site, room)."""

    def work(session: Session) -> tuple[int, int]:
        hours = [SiteHours(weekday=day, opens=510, closes=1050) for day in range(1, 7)]
        names = {"code": "annexe", "name": "Annexe", "public_name": "Annexe", "zone": "Europe/Paris"}
        reached = {"address": "1 rue Haute", "phone": "+33199001235", "email": "annexe@pole-social.example"}
        site = Site(**names, **reached, hours=hours)
        session.add(site)
        session.flush()
        key = new_resource(session, "room")
        facts = {"code": "G1", "name": "Salle G1", "kind": "bureau", "floor": 0, "capacity": 4}
        session.add(Room(id=key, site_id=site.id, features=frozenset(), **facts))
        for who, day in ((cast.diop, "2"), (cast.roux, "6")):
            days = {"weekdays": frozenset(day), "first_day": date(2026, 1, 1)}
            session.add(Opening(professional_id=who, site_id=site.id, starts=540, ends=720, **days))
        session.flush()
        return site.id, key

    return in_transaction(work)


def test_an_appointment_moved_to_another_site_is_there_and_usagers_are_told(
    session: Session, cast: Cast, annex: tuple[int, int]
) -> None:
    told: list[str] = []
    uid = book(Book("1", cast.entretien, MONDAY, cast.diop, cast.diallo), act()).uid
    outcome = move(Move("2", uid, TUESDAY), act(tell=lambda *facts: told.append(facts[2])))
    appointment = reading.find(session, uid)
    assert (appointment.site_id, appointment.room_id) == annex
    assert (outcome.room, outcome.sequence, appointment.participations[0].notice, told) == ("G1", 1, 1, ["moved"])
    assert doctor.examine() == []


def test_usagers_are_told_of_another_site_at_the_same_hour(
    session: Session, cast: Cast, annex: tuple[int, int]
) -> None:
    told: list[str] = []
    uid = book(Book("1", cast.entretien, TUESDAY, cast.roux, cast.diallo), act()).uid
    move(Move("2", uid, professional_ids=frozenset({cast.diop})), act(tell=lambda *facts: told.append(facts[2])))
    assert (reading.find(session, uid).site_id, told) == (annex[0], ["moved"])
    assert doctor.examine() == []


def test_another_room_is_a_room_of_the_same_site(cast: Cast, annex: tuple[int, int]) -> None:
    """In a week when Mme Roux receives at both."""
    uid = book(Book("1", cast.entretien, paris("2026-11-27 09:00"), cast.roux, cast.diallo), act()).uid
    with pytest.raises(SlotTaken):
        move(Move("2", uid, room_id=annex[1]), act())


def test_a_room_of_another_site_is_found_by_the_doctor(cast: Cast, annex: tuple[int, int]) -> None:
    """Messages would send people to the wrong building."""
    uid = book(Book("1", cast.entretien, MONDAY, cast.diop, cast.diallo), act()).uid
    elsewhere = sa.update(Room).where(Room.id == cast.b1).values(site_id=annex[0])
    in_transaction(lambda session: session.execute(elsewhere).close())
    assert doctor.examine() == [Problem("other_site", f"appointment {uid} in B1")]


NIGHTS = [
    (datetime(2027, 3, 28, 1, 30, tzinfo=PARIS), "the half-hour before the gap"),
    (datetime(2027, 3, 28, 3, 30, tzinfo=PARIS), "after the gap"),
    (datetime(2026, 10, 25, 2, 30, tzinfo=PARIS), "its end is 2h00 again"),
    (datetime(2026, 10, 25, 3, 0, tzinfo=PARIS), "after the hour that comes twice"),
]


@pytest.mark.parametrize(("wall", "because"), NIGHTS, ids=[row[1] for row in NIGHTS])
def test_a_move_by_wall_time_keeps_the_duration_when_clocks_change(
    app: Flask, session: Session, cast: Cast, wall: datetime, because: str
) -> None:
    now = NOW - timedelta(days=60)
    week = {"weekdays": frozenset("7"), "first_day": date(2026, 1, 1)}
    store(
        SiteHours(site_id=cast.site, weekday=7, opens=0, closes=1440),
        Opening(professional_id=cast.roux, site_id=cast.site, starts=0, ends=720, **week),
    )
    morning = wall.replace(hour=9, minute=0)
    uid = book(Book("1", cast.entretien, morning, cast.roux, cast.diallo), act(now)).uid
    outcome = move(Move("2", uid, wall), act(now))
    assert outcome.end - outcome.start == timedelta(minutes=30)
    appointment = reading.find(session, uid)
    assert appointment.ends_at - appointment.starts_at == timedelta(minutes=30)
    assert doctor.examine() == []


def test_an_instant_between_two_seconds_is_refused(cast: Cast) -> None:
    uid = book(Book("1", cast.entretien, MONDAY, cast.diop, cast.diallo), act()).uid
    between = TUESDAY + timedelta(microseconds=7)
    with pytest.raises(Invalid, match="not_on_grid"):
        book(Book("2", cast.entretien, between, cast.roux, cast.kone), act())
    with pytest.raises(Invalid, match="not_on_grid"):
        move(Move("3", uid, between), act())


def test_a_naive_start_is_a_bug(cast: Cast) -> None:
    with pytest.raises(ValueError, match="naive"):
        book(Book("1", cast.entretien, MONDAY.replace(tzinfo=None), cast.roux, cast.diallo), act())


@pytest.mark.parametrize("uid", ["", "a\0b", "a\udcffb", "é" * 32, "../x"], ids=ascii)
def test_what_cannot_be_a_uid_is_unknown(session: Session, cast: Cast, uid: str) -> None:
    with pytest.raises(NotFound):
        reading.find(session, uid)
    with pytest.raises(NotFound):
        cancel(Cancel("1", uid, "usager"), act())
