"""What is offered, on both databases: the questions that reception asks."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.errors import Invalid, NotFound
from booking.people.directory import NewUsager, create_usager
from booking.people.models import Professional
from booking.reservations import Book, book
from booking.reservations.models import Appointment
from booking.rooms.models import Room, Site
from booking.slots import configuration, days
from booking.slots.availability import Slot, find_slots, first_slots
from booking.slots.models import AppointmentType, Opening
from tests.builders import (
    MONDAY,
    NOW,
    Cast,
    absence,
    act,
    add_professionals,
    add_rooms,
    block,
    closure,
    one_day,
    paris,
    set_on,
    store,
)
from tests.slots.asking import add_site, ask, clocks, day_of, week_of

HALF_HOURS = "09:00 09:30 10:00 10:30 11:00 11:30 14:00 14:30 15:00 15:30 16:00 16:30"
MORNING = "09:00 09:30 10:00 10:30 11:00 11:30"


# ------------------------------------------------------------------ an ordinary week


def test_a_day_of_one_professional(cast: Cast, session: Session) -> None:
    found = find_slots(session, day_of(cast.entretien, MONDAY, cast.roux), NOW)
    assert clocks(found) == HALF_HOURS
    assert found[0] == Slot(paris("2026-11-23 09:00"), paris("2026-11-23 09:30"), cast.roux, cast.b1)


def test_everybody_who_does_the_type_and_nobody_else(cast: Cast, session: Session) -> None:
    found = find_slots(session, week_of(cast.entretien, MONDAY), NOW)
    assert Counter(slot.professional_id for slot in found) == {cast.roux: 60, cast.diop: 6}


def test_slots_are_sorted_and_each_is_there_once(cast: Cast, session: Session) -> None:
    store(one_day(cast.roux, cast.site, MONDAY, 600, 690))  # within her morning, on the same lattice
    found = find_slots(session, week_of(cast.entretien, MONDAY), NOW)
    keys = [(slot.start, slot.professional_id) for slot in found]
    assert keys == sorted(set(keys))


def test_at_another_site_its_own_rooms_are_given(cast: Cast, session: Session) -> None:
    """M. Diop is at Asnières on Mondays; on one of them, he receives at Gennevilliers in the afternoon."""
    other = add_site(cast)
    (room,) = add_rooms(replace(cast, site=other), 1)
    store(one_day(cast.diop, other, MONDAY, 840, 900))
    found = find_slots(session, day_of(cast.entretien, MONDAY, cast.diop), NOW)
    assert clocks(found) == MORNING + " 14:00 14:30"
    assert [slot.room_id for slot in found] == [cast.b1] * 6 + [room] * 2
    outcome = book(Book("k", cast.entretien, found[-1].start, cast.diop, cast.diallo), act())
    assert session.get_one(Appointment, outcome.appointment_id).site_id == other


def test_limit(cast: Cast, session: Session) -> None:
    search = week_of(cast.entretien, MONDAY)
    assert find_slots(session, search, NOW, limit=5) == find_slots(session, search, NOW)[:5]
    assert find_slots(session, search, NOW, limit=0) == []


def test_the_period_holds_its_start_and_not_its_end(cast: Cast, session: Session) -> None:
    search = ask(cast.entretien, paris("2026-11-23 09:30"), paris("2026-11-23 10:30"), cast.roux)
    assert clocks(find_slots(session, search, NOW)) == "09:30 10:00"


def test_a_period_without_anybody(cast: Cast, session: Session) -> None:
    assert find_slots(session, day_of(cast.entretien, MONDAY, cast.lenoir), NOW) == [], "a doctor gives none"
    assert find_slots(session, day_of(cast.entretien, date(2028, 1, 3)), NOW) == [], "openings end in 2027"


def test_by_phone_no_room_is_proposed(cast: Cast, session: Session) -> None:
    store(*(block(room, "2026-11-23 08:30", "2026-11-23 17:30") for room in (cast.b1, cast.b2)))
    found = find_slots(session, day_of(cast.appel, MONDAY, cast.diop), NOW)
    assert {slot.room_id for slot in found} == {None}
    assert len(found) == 12


def test_the_professional_who_is_busy_is_not_proposed(cast: Cast, session: Session) -> None:
    store(block(cast.diop, "2026-11-23 09:40", "2026-11-23 10:20"))
    assert clocks(find_slots(session, day_of(cast.entretien, MONDAY, cast.diop), NOW)) == "09:00 10:30 11:00 11:30"


def test_the_usager_who_is_busy_is_not_proposed(cast: Cast, session: Session) -> None:
    store(block(cast.diallo, "2026-11-23 09:40", "2026-11-23 10:20"))
    search = day_of(cast.entretien, MONDAY, cast.diop, usager_ids=frozenset({cast.diallo}))
    assert clocks(find_slots(session, search, NOW)) == "09:00 10:30 11:00 11:30"


# ------------------------------------------------------------------ clocks that change

WEEKS = [
    (date(2027, 3, 22), [8, 8, 8, 8, 8], "the week before the spring change: 9h00 in Paris is 8h00 UTC"),
    (date(2027, 3, 29), [None, 7, 7, 7, 7], "the week after: 7h00 UTC, and Easter Monday is closed"),
    (date(2026, 10, 19), [7, 7, 7, 7, 7], "the week before the autumn change"),
    (date(2026, 10, 26), [8, 8, 8, 8, 8], "the week after"),
]


@pytest.mark.parametrize(("monday", "utc_hours", "because"), WEEKS, ids=[row[2] for row in WEEKS])
def test_nine_o_clock_stays_nine_o_clock(
    cast: Cast, session: Session, monday: date, utc_hours: list[int | None], because: str
) -> None:
    found = find_slots(session, week_of(cast.entretien, monday, cast.roux), paris("2026-10-01 09:00"))
    days = {slot.start.date(): [] for slot in found}
    for slot in found:
        days[slot.start.date()].append(slot)
    assert {clocks(slots) for slots in days.values()} == {HALF_HOURS}
    firsts = [days.get(monday + timedelta(days=day)) for day in range(5)]
    assert [slots and slots[0].start.hour for slots in firsts] == utc_hours, because


@pytest.mark.parametrize("sunday", [date(2027, 3, 28), date(2026, 10, 25)], ids=["spring", "autumn"])
def test_on_the_day_itself_a_morning_keeps_its_wall_time(cast: Cast, session: Session, sunday: date) -> None:
    open_on_sundays(cast)
    store(one_day(cast.roux, cast.site, sunday, 540, 720))
    found = find_slots(session, day_of(cast.entretien, sunday, cast.roux), paris("2026-10-01 09:00"))
    assert clocks(found) == MORNING


NIGHTS = [
    (date(2027, 3, 28), "01:00 01:30 03:00 03:30", "from 2h00 to 3h00 the clock has no time"),
    (date(2026, 10, 25), "01:00 01:30 02:00 02:30 02:00 02:30 03:00 03:30", "2h00 to 3h00 comes twice"),
]


@pytest.mark.parametrize(("sunday", "starts", "because"), NIGHTS, ids=["spring", "autumn"])
def test_a_night_is_as_long_as_it_is(cast: Cast, session: Session, sunday: date, starts: str, because: str) -> None:
    open_on_sundays(cast, opens=0, closes=1440)
    store(one_day(cast.roux, cast.site, sunday, 60, 240))
    found = find_slots(session, day_of(cast.entretien, sunday, cast.roux), paris("2026-10-01 09:00"))
    assert clocks(found) == starts, because
    assert all(later.start - sooner.start >= timedelta(minutes=30) for sooner, later in pairwise(found))


def open_on_sundays(cast: Cast, opens: int = 510, closes: int = 1050) -> None:
    hours = sa.insert(Site.hours.property.mapper.class_)
    values = {"site_id": cast.site, "weekday": 7, "opens": opens, "closes": closes}
    in_transaction(lambda session: session.execute(hours.values(**values)) and None)


# ------------------------------------------------------------------ closed days


def test_public_holidays_are_closed_unless_the_site_says_otherwise(cast: Cast, session: Session) -> None:
    christmas = day_of(cast.entretien, date(2026, 12, 25), cast.roux)
    assert find_slots(session, christmas, NOW) == []
    set_on(Site, cast.site, closed_on_public_holidays=False)
    assert clocks(find_slots(session, christmas, NOW)) == HALF_HOURS


def test_nothing_at_week_ends(cast: Cast, session: Session) -> None:
    store(one_day(cast.roux, cast.site, date(2026, 11, 28), 540, 720))
    assert find_slots(session, day_of(cast.entretien, date(2026, 11, 28)), NOW) == []


def test_a_closure_of_the_site_removes_what_it_touches(cast: Cast, session: Session) -> None:
    store(closure(cast.site, "2026-11-23 10:15", "2026-11-23 15:00"))
    found = find_slots(session, day_of(cast.entretien, MONDAY), NOW)
    assert clocks(s for s in found if s.professional_id == cast.roux) == "09:00 09:30 15:00 15:30 16:00 16:30"


def test_a_closed_room_is_not_proposed(cast: Cast, session: Session) -> None:
    store(closure(cast.site, "2026-11-23 09:00", "2026-11-23 10:00", cast.b1))
    found = find_slots(session, day_of(cast.entretien, MONDAY, cast.roux), NOW)
    assert [slot.room_id for slot in found][:4] == [cast.b2, cast.b2, cast.b1, cast.b1]


def test_an_absence_removes_what_it_touches_and_no_more(cast: Cast, session: Session) -> None:
    store(absence(cast.roux, "2026-11-23 09:45", "2026-11-23 10:00"))
    store(absence(cast.roux, "2026-11-23 12:00", "2026-11-24 00:00"))
    found = find_slots(session, week_of(cast.entretien, MONDAY, cast.roux), NOW)
    assert clocks(slot for slot in found if slot.start.date() == MONDAY) == "09:00 10:00 10:30 11:00 11:30"
    assert len(found) == 5 + 4 * 12, "the rest of the week is as it was"


def test_the_last_day_of_an_opening_is_one_of_its_days(cast: Cast, session: Session) -> None:
    in_transaction(lambda s: s.execute(sa.update(Opening).values(last_day=MONDAY)) and None)
    found = find_slots(session, week_of(cast.entretien, MONDAY, cast.roux), NOW)
    assert {slot.start.date() for slot in found} == {MONDAY}


def test_an_opening_without_end_goes_on(cast: Cast, session: Session) -> None:
    in_transaction(lambda s: s.execute(sa.update(Opening).values(last_day=None)) and None)
    assert len(find_slots(session, week_of(cast.entretien, date(2099, 1, 5), cast.roux), NOW)) == 60


# ------------------------------------------------------------------ rooms


def test_buffers_are_kept_around_a_consultation(cast: Cast, session: Session) -> None:
    monday = day_of(cast.consultation, MONDAY)
    assert clocks(find_slots(session, monday, NOW)) == "09:30 10:00 10:30 11:00", "5 before, 10 after"
    store(block(cast.c1, "2026-11-23 10:05", "2026-11-23 10:10"))
    assert clocks(find_slots(session, monday, NOW)) == "10:30 11:00", "the cabinet is aired for 10 minutes"


def test_a_cabinet_kept_for_a_service_is_never_given_to_another(cast: Cast, session: Session) -> None:
    store(block(cast.c1, "2026-11-23 08:30", "2026-11-23 17:30"))
    assert find_slots(session, day_of(cast.consultation, MONDAY), NOW) == []
    kept = day_of(cast.consultation, MONDAY, room_id=cast.c4)
    assert find_slots(session, kept, NOW) == [], "nor when somebody asks for it"


def test_the_service_it_is_kept_for_has_it_first(cast: Cast, session: Session) -> None:
    found = find_slots(session, week_of(cast.depistage, MONDAY), NOW)
    assert {slot.room_id for slot in found} == {cast.c4}


def test_a_computer_is_never_proposed_for_an_interview(cast: Cast, session: Session) -> None:
    store(*(block(room, "2026-11-23 08:30", "2026-11-23 17:30") for room in (cast.b1, cast.b2)))
    assert find_slots(session, day_of(cast.entretien, MONDAY), NOW) == []


def test_step_free_when_it_is_asked_or_when_the_usager_needs_it(cast: Cast, session: Session) -> None:
    needs_it = in_transaction(lambda s: create_usager(s, NewUsager("Nguyen", step_free=True), NOW))
    for search in (
        day_of(cast.entretien, MONDAY, step_free=True),
        day_of(cast.entretien, MONDAY, usager_ids=frozenset({needs_it})),
    ):
        assert {slot.room_id for slot in find_slots(session, search, NOW)} == {cast.b2}


def test_one_room_can_be_asked_for(cast: Cast, session: Session) -> None:
    store(block(cast.b2, "2026-11-23 09:00", "2026-11-23 11:00"))
    search = day_of(cast.entretien, MONDAY, cast.diop, room_id=cast.b2)
    assert clocks(find_slots(session, search, NOW)) == "11:00 11:30"


def test_retired_rooms_professionals_and_types_are_out(cast: Cast, session: Session) -> None:
    set_on(Room, cast.b1, retired_at=NOW)
    set_on(Professional, cast.diop, retired_at=NOW)
    found = find_slots(session, day_of(cast.entretien, MONDAY), NOW)
    assert {(slot.professional_id, slot.room_id) for slot in found} == {(cast.roux, cast.b2)}
    set_on(AppointmentType, cast.entretien, retired_at=NOW)
    with pytest.raises(NotFound):
        find_slots(session, day_of(cast.entretien, MONDAY), NOW)


# ------------------------------------------------------------------ notice


def test_lead_time_and_horizon_bind_usagers_only(cast: Cast, session: Session) -> None:
    set_on(AppointmentType, cast.entretien, lead_time=24 * 60, horizon_days=3)
    now = paris("2026-11-23 10:30")
    search = week_of(cast.entretien, MONDAY, cast.roux)
    at_the_desk = find_slots(session, search, now)
    alone = find_slots(session, week_of(cast.entretien, MONDAY, cast.roux, by_usager=True), now)
    assert at_the_desk[0].start == paris("2026-11-23 11:00"), "what begins now has begun"
    assert at_the_desk[-1].start == paris("2026-11-27 16:30")
    assert alone[0].start == paris("2026-11-24 10:30"), "24 hours later to the minute"
    assert alone[-1].start == paris("2026-11-26 10:30"), "3 days later to the minute"


def test_the_desk_has_its_own_lead_time(cast: Cast, session: Session) -> None:
    set_on(AppointmentType, cast.entretien, desk_lead_time=60)
    now = paris("2026-11-23 10:00")
    assert find_slots(session, week_of(cast.entretien, MONDAY, cast.roux), now)[0].start == paris("2026-11-23 11:00")


# ------------------------------------------------------------------ looking ahead


@pytest.mark.parametrize("limit", [0, 1, 7, 300, 5000])
def test_the_first_slots_are_those_of_the_whole_period(cast: Cast, session: Session, limit: int) -> None:
    store(absence(cast.roux, "2026-11-23 00:00", "2026-12-02 10:00"))
    search = ask(cast.entretien, NOW, NOW + timedelta(weeks=13))
    assert first_slots(session, search, NOW, limit) == find_slots(session, search, NOW)[:limit]


def test_looking_ahead_reads_no_further_than_needed(cast: Cast, session: Session, queries: list[str]) -> None:
    search = ask(cast.entretien, NOW, NOW + timedelta(weeks=13))
    configuration.read(session)
    queries.clear()
    first_slots(session, search, NOW, 1)
    a_window = len(queries)
    store(absence(cast.roux, "2026-11-23 00:00", "2026-12-12 00:00"))
    store(absence(cast.diop, "2026-11-23 00:00", "2026-12-12 00:00"))
    queries.clear()
    first_slots(session, search, NOW, 1)
    of_all = 1  # the revision of the configuration, once
    assert len(queries) - of_all == 3 * (a_window - of_all), "one week, two weeks, then four"


PERIODS = [
    (timedelta(0), "end_before_start", "nothing"),
    (timedelta(days=-1), "end_before_start", "backwards"),
    (timedelta(weeks=13, days=1, minutes=5), "range_too_long", "more than 13 weeks, the last day included"),
]


@pytest.mark.parametrize(("length", "rule", "because"), PERIODS, ids=[row[2] for row in PERIODS])
def test_a_period_that_makes_no_sense_is_refused(
    cast: Cast, session: Session, length: timedelta, rule: str, because: str
) -> None:
    search = ask(cast.entretien, NOW, NOW + length)
    for find in (find_slots, first_slots):
        with pytest.raises(Invalid) as refused:
            find(session, search, NOW, 5)
        assert (refused.value.field, refused.value.rule) == ("to", rule), because


@pytest.mark.parametrize("type_id", [0, -1, 999, 999_999_999_999_999])
def test_an_unknown_type(cast: Cast, session: Session, type_id: int) -> None:
    with pytest.raises(NotFound):
        find_slots(session, day_of(type_id, MONDAY), NOW)


# ------------------------------------------------------------------ cost


def test_the_number_of_queries_is_bounded(cast: Cast, session: Session, queries: list[str]) -> None:
    """Four for what has a date, one for the revision of the rest; that is read whole, in eleven, after each change.

    Days that have changed since the worker wrote them anew are read once more.
    """
    small, large = day_of(cast.entretien, MONDAY), ask(cast.entretien, NOW, NOW + timedelta(weeks=13))
    find_slots(session, small, NOW)
    few = len(queries)
    queries.clear()
    find_slots(session, small, NOW)
    assert len(queries) == few - 11 <= 5
    add_professionals(cast, 12)
    add_rooms(cast, 15)
    store(*(block(cast.roux, f"2026-12-{day:02} 09:00", f"2026-12-{day:02} 09:30") for day in range(1, 20)))
    for reads in (few + 1, few - 11):
        queries.clear()
        assert len(find_slots(session, large, NOW)) > 5000
        assert len(queries) == reads
        assert {query.split()[0] for query in queries} == {"SELECT"}
        days.refresh()
