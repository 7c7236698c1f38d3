"""The edges of time: clocks that change, midnight, leap days, spans that touch, a move over oneself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.errors import SeriesRefused, SlotTaken, SlotUnavailable
from booking.reservations import Book, Move, Outcome, book, doctor, move, reading
from booking.reservations.series import BookSeries, MoveSeries, book_series, foreseen, move_series, weekly
from booking.rooms.models import SiteHours
from booking.schema import metadata
from booking.slots.models import AppointmentType, Opening
from tests.builders import PARIS, Cast, act, one_day, paris, rows_of, set_on, store
from tests.reservations.racing import overlaps

EARLY = act(datetime(2026, 9, 23, 12, tzinfo=UTC))  # before the first change of clocks
HALF_AN_HOUR = timedelta(minutes=30)
OCTOBER, MARCH = date(2026, 10, 25), date(2027, 3, 28)  # the nights when clocks go back, and forward


@pytest.fixture
def nights(cast: Cast) -> Cast:
    """A house that never closes, where M. Diop receives from midnight to midnight on every Saturday and Sunday."""

    def work(session: Session) -> None:
        session.execute(sa.update(SiteHours).values(opens=0, closes=1440))
        session.add_all(SiteHours(site_id=cast.site, weekday=day, opens=0, closes=1440) for day in (6, 7))
        weekends = {"weekdays": frozenset("67"), "first_day": date(2026, 1, 1)}
        session.add(Opening(professional_id=cast.diop, site_id=cast.site, starts=0, ends=1440, **weekends))

    in_transaction(work)
    return cast


def at(text: str) -> datetime:
    """An instant with its offset, « 2026-10-25T02:30+01:00 »."""
    return datetime.fromisoformat(text)


def on_the_wall(moment: datetime) -> str:
    return f"{moment.astimezone(PARIS):%d/%m %H:%M %z}"


# ------------------------------------------------------------------ clocks that change

NIGHT = [
    ("2026-10-25T01:30+02:00", "25/10 01:30 +0200", "ends when it is 2h00 for the first time"),
    ("2026-10-25T02:30+02:00", "25/10 02:30 +0200", "2h30, the first time; ends when it is 2h00 again"),
    ("2026-10-25T02:30+01:00", "25/10 02:30 +0100", "2h30, the second time: another slot, an hour later"),
    ("2026-10-25T03:00+01:00", "25/10 03:00 +0100", "after the hour that came twice"),
    ("2027-03-28T01:30+01:00", "28/03 01:30 +0100", "ends when the wall shows 3h00"),
    ("2027-03-28T03:00+02:00", "28/03 03:00 +0200", "the first slot after the hour that never comes"),
    ("2027-03-28T23:30+02:00", "28/03 23:30 +0200", "the last of a day of 23 hours"),
]
NIGHT_IDS = [row[2] for row in NIGHT]


def booked(cast: Cast, start: datetime, usager: int | None = None, key: str = "k") -> Outcome:
    return book(Book(key, cast.entretien, start, cast.diop, usager or cast.diallo), EARLY)


def moved_there(cast: Cast, start: datetime) -> Outcome:
    first = booked(cast, paris("2026-10-10 09:00"), key="first")
    return move(Move("k", first.uid, start), EARLY)


def booked_by_series(cast: Cast, start: datetime) -> Outcome:
    first = Book("", cast.entretien, start, cast.diop, cast.diallo)
    return book_series(BookSeries("k", first, (start, start + timedelta(weeks=8))), EARLY)[0]


def moved_by_series(cast: Cast, start: datetime) -> Outcome:
    first = Book("", cast.entretien, start, cast.diop, cast.diallo)
    starts = (paris("2026-10-10 09:00"), paris("2026-10-17 09:00"))
    uid = book_series(BookSeries("first", first, starts), EARLY)[1].uid
    return move_series(MoveSeries("k", uid, "following", start), EARLY)[0]


WAYS = [booked, moved_there, booked_by_series, moved_by_series]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize(("start", "wall", "because"), NIGHT, ids=NIGHT_IDS)
def test_an_appointment_of_such_a_night_has_its_instant_and_its_length(
    nights: Cast, session: Session, way: Callable[[Cast, datetime], Outcome], start: str, wall: str, because: str
) -> None:
    outcome = way(nights, at(start))
    stored = reading.find(session, outcome.uid)
    assert (stored.starts_at, stored.ends_at) == (at(start), at(start) + HALF_AN_HOUR)
    assert on_the_wall(stored.starts_at) == wall
    assert doctor.examine() == []


@pytest.mark.parametrize("twice", ["02:00", "02:30"])
def test_an_hour_that_comes_twice_is_two_slots(nights: Cast, twice: str) -> None:
    booked(nights, at(f"2026-10-25T{twice}+02:00"), nights.diallo, "first")
    booked(nights, at(f"2026-10-25T{twice}+01:00"), nights.diallo, "second")
    with pytest.raises(SlotTaken):
        booked(nights, at(f"2026-10-25T{twice}+01:00"), nights.kone, "third")
    assert overlaps() == 0


WEEKLY = [
    (
        "2026-10-17 02:30",
        ["17/10 02:30 +0200", "24/10 02:30 +0200", "31/10 02:30 +0100"],
        "a Saturday: the clocks changed in between",
    ),
    ("2026-10-11 02:30", ["11/10 02:30 +0200", "18/10 02:30 +0200", "25/10 02:30 +0200"], "the first 2h30 of the two"),
    ("2027-03-21 02:30", ["21/03 02:30 +0100", "28/03 03:30 +0200", "04/04 02:30 +0200"], "2h30 does not come: 3h30"),
    ("2027-03-21 09:00", ["21/03 09:00 +0100", "28/03 09:00 +0200", "04/04 09:00 +0200"], "9h00 stays 9h00"),
]


@pytest.mark.parametrize(("first", "walls", "because"), WEEKLY, ids=[row[2] for row in WEEKLY])
def test_a_weekly_series_keeps_its_hour(nights: Cast, first: str, walls: list[str], because: str) -> None:
    starts = weekly(paris(first), PARIS, 3)
    outcomes = book_series(
        BookSeries("k", Book("", nights.entretien, starts[0], nights.diop, nights.diallo), starts), EARLY
    )
    assert [on_the_wall(one.start) for one in outcomes] == walls
    assert {one.end - one.start for one in outcomes} == {HALF_AN_HOUR}


# ------------------------------------------------------------------ midnight


MIDNIGHT = [
    ("2026-10-03 23:30", "2026-10-03 23:45", "a quarter of an hour in each day"),
    ("2026-10-03 23:30", "2026-10-03 23:35", "five minutes in each"),
]


@pytest.mark.parametrize(("last", "across", "because"), MIDNIGHT, ids=[row[2] for row in MIDNIGHT])
class TestMidnight:
    """An appointment is of one day, even where two days of opening touch: lists, feeds and letters name its day."""

    def test_is_not_booked_across(self, nights: Cast, session: Session, last: str, across: str, because: str) -> None:
        set_on(AppointmentType, nights.entretien, step=5)
        before = rows_of(session, metadata)
        with pytest.raises(SlotUnavailable):
            booked(nights, paris(across))
        assert rows_of(session, metadata) == before

    def test_nor_moved_across(self, nights: Cast, session: Session, last: str, across: str, because: str) -> None:
        set_on(AppointmentType, nights.entretien, step=5)
        uid = booked(nights, paris(last)).uid
        before = rows_of(session, metadata)
        with pytest.raises(SlotUnavailable):
            move(Move("m", uid, paris(across)), EARLY)
        assert rows_of(session, metadata) == before

    def test_nor_lengthened_across(self, nights: Cast, session: Session, last: str, across: str, because: str) -> None:
        uid = booked(nights, paris(last)).uid
        before = rows_of(session, metadata)
        with pytest.raises(SlotUnavailable):
            move(Move("m", uid, duration=35), EARLY)
        assert rows_of(session, metadata) == before

    def test_nor_by_setting_rules_aside(
        self, nights: Cast, session: Session, last: str, across: str, because: str
    ) -> None:
        before = rows_of(session, metadata)
        command = Book(
            "k", nights.entretien, paris(across), nights.diop, nights.diallo, waived=frozenset({"hors_plage"})
        )
        with pytest.raises(SlotUnavailable):
            book(command, EARLY)
        assert rows_of(session, metadata) == before
        foretold = foreseen(session, BookSeries("s", command, (command.start,)), EARLY)
        assert foretold == {command.start: "no_opening"}, "what is foreseen is what is then decided"


def test_a_day_ends_at_midnight_and_the_next_begins_there(nights: Cast) -> None:
    last, first = paris("2026-10-03 23:30"), paris("2026-10-04 00:00")
    assert booked(nights, last).end == booked(nights, first, key="next").start == first
    assert doctor.examine() == []


# ------------------------------------------------------------------ the leap day


@pytest.fixture
def leap_year(cast: Cast) -> Cast:
    """Mme Roux also receives on three Tuesdays, the second of which is 29 February 2028."""
    for day in (date(2028, 2, 22), date(2028, 2, 29), date(2028, 3, 7)):
        store(one_day(cast.roux, cast.site, day, 540, 720))
    return cast


def test_the_29th_of_february_is_a_day_like_another(leap_year: Cast, session: Session) -> None:
    leap = paris("2028-02-29 09:00")
    uid = book(Book("b", leap_year.entretien, leap, leap_year.roux, leap_year.diallo), act()).uid
    assert reading.find(session, uid).ends_at == leap + HALF_AN_HOUR
    assert move(Move("m", uid, leap + HALF_AN_HOUR), act()).start == leap + HALF_AN_HOUR
    assert doctor.examine() == []


def test_a_series_goes_through_it(leap_year: Cast) -> None:
    starts = weekly(paris("2028-02-22 09:00"), PARIS, 3)
    first = Book("", leap_year.entretien, starts[0], leap_year.roux, leap_year.diallo)
    outcomes = book_series(BookSeries("k", first, starts), act())
    assert [on_the_wall(one.start)[:5] for one in outcomes] == ["22/02", "29/02", "07/03"]
    moved = move_series(MoveSeries("m", outcomes[1].uid, "all", paris("2028-02-29 10:00")), act())
    assert [on_the_wall(one.start)[6:11] for one in moved] == ["10:00"] * 3


# ------------------------------------------------------------------ spans that touch

NINE = paris("2026-11-23 09:00")
MINUTE = timedelta(minutes=1)
# Dr Lenoir's visits are 30 minutes, with 5 before and 10 after: the first of a day that fits begins at 9h30.
TOUCHING = [
    (45, True, "until 10h15 and 10 after: 10h25, when the next one's 5 before begin"),
    (50, False, "until 10h20 and 10 after: 5 minutes of the next one's buffer"),
]


@pytest.mark.parametrize(("minutes", "fits", "because"), TOUCHING, ids=[row[2] for row in TOUCHING])
def test_buffers_touch_and_do_not_overlap(cast: Cast, minutes: int, fits: bool, because: str) -> None:
    first = book(Book("1", cast.consultation, NINE + 30 * MINUTE, cast.lenoir, cast.diallo), act())
    book(Book("2", cast.consultation, NINE + 90 * MINUTE, cast.lenoir, cast.kone), act())
    lengthen = Move("3", first.uid, duration=minutes)
    if fits:
        assert move(lengthen, act()).end == first.start + minutes * MINUTE
    else:
        with pytest.raises(SlotTaken, match="professional_busy"):
            move(lengthen, act())
    assert (overlaps(), doctor.examine()) == (0, [])


def test_slots_touch(cast: Cast) -> None:
    """The same professional, the same usager, the same room, one after the other."""
    outcomes = [
        book(Book(f"{n}", cast.entretien, NINE + n * HALF_AN_HOUR, cast.roux, cast.diallo), act()) for n in (0, 1)
    ]
    assert outcomes[0].end == outcomes[1].start
    assert {one.room for one in outcomes} == {"B1"}
    assert doctor.examine() == []


OVER_ITSELF = [-5, 5, 10, 25]


@pytest.mark.parametrize("minutes", OVER_ITSELF)
def test_an_appointment_moves_by_minutes_over_its_own_place(cast: Cast, minutes: int) -> None:
    set_on(AppointmentType, cast.entretien, step=5)
    first = book(Book("1", cast.entretien, NINE + HALF_AN_HOUR, cast.roux, cast.diallo), act())
    moved = move(Move("2", first.uid, first.start + minutes * MINUTE), act())
    assert (moved.start - first.start, moved.room, moved.sequence) == (minutes * MINUTE, first.room, 1)
    assert (overlaps(), doctor.examine()) == (0, [])


def test_a_series_moves_by_minutes_over_its_own_places_and_all_or_none(cast: Cast, session: Session) -> None:
    set_on(AppointmentType, cast.entretien, step=5)
    first = Book("", cast.entretien, NINE, cast.roux, cast.diallo)
    starts = (NINE, NINE + HALF_AN_HOUR, NINE + 2 * HALF_AN_HOUR)
    one = book_series(BookSeries("1", first, starts), act())[0]
    moved = move_series(MoveSeries("2", one.uid, "all", NINE + 5 * MINUTE), act())
    assert [outcome.start for outcome in moved] == [start + 5 * MINUTE for start in starts]
    before = rows_of(session, metadata)
    with pytest.raises(SeriesRefused):
        move_series(MoveSeries("3", one.uid, "all", NINE + 120 * MINUTE), act())  # the last would end at 12h30
    assert rows_of(session, metadata) == before
    assert (overlaps(), doctor.examine()) == (0, [])
