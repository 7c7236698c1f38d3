"""Openings that count weeks or months, with exceptions and periods, changed from a date on: stored, and searched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import db
from booking.errors import Invalid
from booking.people.models import Professional
from booking.slots import openings, periods
from booking.slots.availability import find_slots
from booking.slots.models import Opening, OpeningException, Period
from booking.slots.openings import NewOpening
from booking.slots.periods import add_period, remove_period
from booking.slots.planning import add_opening, add_openings, end_opening, remove_opening
from booking.slots.revising import add_exception, change_opening, remove_exception
from tests.builders import NOW, PARIS, Cast, count, paris, set_on
from tests.slots.asking import add_site, ask, missing, refused

TUESDAY = date(2026, 11, 24)
WEEK = timedelta(weeks=1)
CHRISTMAS = (date(2026, 12, 19), date(2027, 1, 3))


def tuesdays(cast: Cast, **changes: Any) -> NewOpening:
    """M. Diop's new Tuesday mornings; he receives on Mondays from 9h00 to 12h00 already."""
    new = NewOpening(cast.diop, cast.site, frozenset({2}), TUESDAY, None, 540, 660)
    return replace(new, **changes)


def offered(session: Session, cast: Cast, first: str = "2026-11-24", last: str = "2027-02-01") -> str:
    """The days other than Mondays on which M. Diop is offered, « 24/11 8/12 »."""
    session.rollback()
    found = find_slots(session, ask(cast.entretien, paris(f"{first} 00:00"), paris(f"{last} 00:00"), cast.diop), NOW)
    days = dict.fromkeys(slot.start.date() for slot in found if slot.start.weekday())
    return " ".join(f"{day.day}/{day.month}" for day in days)


# ------------------------------------------------------------------ which days


OFFERED = [
    ({"every": 2}, "24/11 8/12 22/12 5/1 19/1", "one Tuesday of two"),
    ({"every": 2, "first_day": TUESDAY - WEEK}, "1/12 15/12 29/12 12/1 26/1", "the others"),
    ({"ranks": frozenset({1, -1})}, "24/11 1/12 29/12 5/1 26/1", "the first and the last of the month"),
    ({"last_day": date(2026, 12, 8)}, "24/11 1/12 8/12", "the last day is one of its days"),
    ({"periods": "only"}, "22/12 29/12", "only in the holidays"),
    ({"periods": "except"}, "24/11 1/12 8/12 15/12 5/1 12/1 19/1 26/1", "except in the holidays"),
    ({"weekdays": None, "last_day": None}, "24/11", "one date"),
]


@pytest.mark.parametrize(("changes", "days", "because"), OFFERED, ids=[row[2] for row in OFFERED])
def test_what_is_stored_is_what_is_offered(
    cast: Cast, session: Session, changes: dict[str, Any], days: str, because: str
) -> None:
    add_period(cast.site, "Noël", *CHRISTMAS, NOW)
    add_opening(tuesdays(cast, **changes), NOW)
    assert offered(session, cast) == days, because


def test_morning_and_afternoon_are_one_command(cast: Cast, session: Session) -> None:
    both = [tuesdays(cast), tuesdays(cast, starts=840, ends=1020)]
    first, second = add_openings(both, NOW)
    assert [session.get_one(Opening, key).starts for key in (first, second)] == [540, 840]


def test_all_the_blocks_or_none(cast: Cast, session: Session) -> None:
    before = count(session, Opening)
    both = [tuesdays(cast, weekdays=frozenset({1, 2}), starts=840, ends=900), tuesdays(cast, weekdays=frozenset({1}))]
    assert refused(lambda: add_openings(both, NOW)) == ("starts", "overlaps"), "he receives on Monday mornings already"
    both = [tuesdays(cast), tuesdays(cast, starts=600, ends=700)]
    assert refused(lambda: add_openings(both, NOW)) == ("starts", "overlaps"), "nor one over the other"
    assert count(session, Opening) == before


NEVER = [
    ({"every": 0}, ("every", "out_of_range"), "no week"),
    ({"every": 10**9}, ("every", "out_of_range"), "longer than anybody works here"),
    ({"every": 2, "ranks": frozenset({1})}, ("every", "not_expected"), "weeks and months at once"),
    ({"every": 2, "weekdays": None}, ("every", "not_expected"), "one date, again and again"),
    ({"ranks": frozenset({1}), "weekdays": None}, ("ranks", "not_expected"), "one date, by its rank"),
    ({"periods": "only", "weekdays": None}, ("periods", "not_expected"), "one date, in the holidays"),
    ({"ranks": frozenset({5})}, ("ranks", "unknown"), "a fifth Tuesday"),
    (
        {"ranks": frozenset({1}), "last_day": date(2026, 11, 30)},
        ("weekdays", "never"),
        "no first Tuesday before December",
    ),
    ({"weekdays": frozenset({1}), "last_day": date(2026, 11, 29)}, ("weekdays", "never"), "no Monday left that week"),
    ({"periods": "except", "last_day": date(2026, 12, 15)}, ("periods", "never"), "a period covers all of it"),
    ({"periods": "only", "first_day": date(2026, 12, 22)}, ("periods", "never"), "no period is left"),
    ({"starts": 540, "ends": 540}, ("ends", "end_before_start"), "no time at all"),
]


@pytest.mark.parametrize(("changes", "expected", "because"), NEVER, ids=[row[2] for row in NEVER])
def test_an_opening_that_could_never_take_place_is_refused(
    cast: Cast, session: Session, changes: dict[str, Any], expected: tuple[str, str], because: str
) -> None:
    add_period(cast.site, "Travaux", date(2026, 11, 20), date(2026, 12, 20), NOW)
    before = count(session, Opening)
    assert refused(lambda: add_opening(tuesdays(cast, **changes), NOW)) == expected, because
    assert count(session, Opening) == before


CLASHES = [
    ({"every": 2}, {"every": 2, "first_day": TUESDAY + WEEK}, None, "one week each"),
    ({"every": 2}, {"ranks": frozenset({1})}, None, "now and then"),
    ({}, {"every": 2}, "overlaps", "a fortnight within every week"),
    ({"every": 2}, {"ranks": frozenset({1}), "on_call": True}, "on_call", "by appointment, and not"),
    ({"periods": "only"}, {"periods": "except"}, None, "the holidays and the rest"),
]


@pytest.mark.parametrize(("one", "other", "rule", "because"), CLASHES, ids=[row[3] for row in CLASHES])
def test_what_two_openings_may_have_in_common(
    cast: Cast, session: Session, one: dict[str, Any], other: dict[str, Any], rule: str | None, because: str
) -> None:
    add_period(cast.site, "Noël", *CHRISTMAS, NOW)
    add_opening(tuesdays(cast, **one), NOW)
    if rule is None:
        assert add_opening(tuesdays(cast, **other), NOW), because
    else:
        assert refused(lambda: add_opening(tuesdays(cast, **other), NOW)) == ("starts", rule), because


def test_nobody_is_at_two_sites_at_once(cast: Cast, session: Session) -> None:
    """Not even on some days; the refusal says on which."""
    other = add_site(cast)
    add_opening(tuesdays(cast, every=2), NOW)
    with pytest.raises(Invalid) as error:
        add_opening(tuesdays(cast, site_id=other, ranks=frozenset({2})), NOW)
    assert (error.value.rule, error.value.facts) == ("two_sites", {"day": "08/12/2026"})
    assert add_opening(tuesdays(cast, site_id=other, ranks=frozenset({2}), starts=660, ends=720), NOW)


def test_where_two_meet_now_and_then_is_said(cast: Cast, session: Session) -> None:
    """And the slots of that day are offered once."""
    fortnight = add_opening(tuesdays(cast, every=2), NOW)
    first = add_opening(tuesdays(cast, ranks=frozenset({1})), NOW)
    shown = {each.opening.id: each for each in openings.standing(session, cast.diop, NOW.date())}
    assert {key: each.meets for key, each in shown.items() if each.meets} == dict.fromkeys(
        (fortnight, first), date(2027, 1, 5)
    )
    assert (shown[fortnight].next_day, shown[first].next_day) == (TUESDAY, date(2026, 12, 1))
    day = ask(cast.entretien, paris("2027-01-05 00:00"), paris("2027-01-06 00:00"), cast.diop)
    assert len(find_slots(session, day, NOW)) == 4


# ------------------------------------------------------------------ exceptions


def test_a_date_is_left_out_and_comes_back(cast: Cast, session: Session) -> None:
    key = add_opening(tuesdays(cast, last_day=date(2026, 12, 8)), NOW)
    exception = add_exception(key, date(2026, 12, 1), NOW)
    assert offered(session, cast) == "24/11 8/12"
    remove_exception(exception)
    assert offered(session, cast) == "24/11 1/12 8/12"
    assert missing(lambda: remove_exception(exception)) == "exception"


EXCEPTIONS = [
    ({}, date(2026, 11, 25), "not_its_day", "a Wednesday"),
    ({"every": 2}, date(2026, 12, 1), "not_its_day", "the other week"),
    ({"periods": "except"}, date(2026, 12, 22), "not_its_day", "it does not take place then anyway"),
    ({"last_day": date(2026, 12, 1)}, date(2026, 12, 8), "not_its_day", "after its last day"),
    ({"first_day": date(2026, 11, 3)}, date(2026, 11, 17), "past", "what has passed is not rewritten"),
    ({"weekdays": None}, TUESDAY, "one_date", "there is no other date"),
]


@pytest.mark.parametrize(("changes", "day", "rule", "because"), EXCEPTIONS, ids=[row[3] for row in EXCEPTIONS])
def test_an_exception_is_one_of_its_days(
    cast: Cast, session: Session, changes: dict[str, Any], day: date, rule: str, because: str
) -> None:
    add_period(cast.site, "Noël", *CHRISTMAS, NOW)
    key = add_opening(tuesdays(cast, **changes), NOW)
    assert refused(lambda: add_exception(key, day, NOW)) == ("day", rule), because
    assert count(session, OpeningException) == 0


def test_an_exception_twice_is_refused(cast: Cast, session: Session) -> None:
    key = add_opening(tuesdays(cast), NOW)
    add_exception(key, TUESDAY, NOW)
    assert refused(lambda: add_exception(key, TUESDAY, NOW)) == ("day", "not_its_day")
    assert missing(lambda: add_exception(10_000, TUESDAY, NOW)) == "opening"
    assert count(session, OpeningException) == 1


def test_another_place_or_hour_on_one_date(cast: Cast, session: Session) -> None:
    """The exception makes room for the dated opening, and cannot be taken back while that one stands."""
    key = add_opening(tuesdays(cast), NOW)
    instead = tuesdays(cast, weekdays=None, starts=600, ends=720)
    assert refused(lambda: add_opening(instead, NOW)) == ("starts", "overlaps")
    exception = add_exception(key, TUESDAY, NOW)
    dated = add_opening(instead, NOW)
    assert refused(lambda: remove_exception(exception)) == ("starts", "overlaps")
    assert count(session, OpeningException) == 1
    remove_opening(dated)
    remove_exception(exception)
    assert count(session, OpeningException) == 0


def test_exceptions_that_have_passed_are_no_longer_shown(cast: Cast, session: Session) -> None:
    key = add_opening(tuesdays(cast), NOW)
    for day in (TUESDAY, TUESDAY + WEEK):
        add_exception(key, day, NOW)
    shown = {each.opening.id: each for each in openings.standing(session, cast.diop, TUESDAY + timedelta(days=1))}
    assert [each.day for each in shown[key].exceptions] == [TUESDAY + WEEK]
    assert shown[key].next_day == TUESDAY + 2 * WEEK


def test_an_opening_goes_with_its_exceptions(cast: Cast, session: Session) -> None:
    key = add_opening(tuesdays(cast), NOW)
    add_exception(key, TUESDAY, NOW)
    remove_opening(key)
    assert count(session, OpeningException) == 0


# ------------------------------------------------------------------ periods


def test_a_period_is_stored_shown_and_removed(cast: Cast, session: Session) -> None:
    key = add_period(cast.site, "  Vacances de  Noël ", *CHRISTMAS, NOW)
    (found,) = periods.standing(session, cast.site, NOW.date())
    assert (found.id, found.name, found.first_day, found.last_day) == (key, "Vacances de Noël", *CHRISTMAS)
    assert periods.standing(session, cast.site, date(2027, 1, 4)) == []
    session.rollback()
    remove_period(key)
    assert missing(lambda: remove_period(key)) == "period"
    assert count(session, Period) == 0


PERIODS = [
    ("", *CHRISTMAS, "name", "required"),
    ("N" * 61, *CHRISTMAS, "name", "too_long"),
    ("Noël", CHRISTMAS[1], CHRISTMAS[0], "last_day", "end_before_start"),
    ("Noël", date(2026, 11, 1), date(2026, 11, 20), "last_day", "past"),
    ("Noël", date(2026, 12, 1), date(2031, 12, 1), "last_day", "range_too_long"),
    ("Noël", date(2126, 12, 1), date(2126, 12, 1), "first_day", "out_of_range"),
    ("Noël", date(2027, 2, 8), date(2027, 2, 12), "first_day", "overlaps"),
]


@pytest.mark.parametrize(("name", "first", "last", "field", "rule"), PERIODS, ids=[row[4] for row in PERIODS])
def test_a_period_that_makes_no_sense(
    cast: Cast, session: Session, name: str, first: date, last: date, field: str, rule: str
) -> None:
    add_period(cast.site, "Hiver", date(2027, 2, 6), date(2027, 2, 21), NOW)
    assert refused(lambda: add_period(cast.site, name, first, last, NOW)) == (field, rule)
    assert missing(lambda: add_period(10_000, "Noël", *CHRISTMAS, NOW)) == "site"
    assert count(session, Period) == 1


def test_a_period_that_changes_changes_what_is_offered(cast: Cast, session: Session) -> None:
    add_opening(tuesdays(cast, periods="except", last_day=date(2026, 12, 8)), NOW)
    assert offered(session, cast) == "24/11 1/12 8/12"
    key = add_period(cast.site, "Travaux", date(2026, 12, 1), date(2026, 12, 1), NOW)
    assert offered(session, cast) == "24/11 8/12"
    remove_period(key)
    assert offered(session, cast) == "24/11 1/12 8/12"


def locked_by(act: Callable[[], object]) -> list[set[int]]:
    """The resources locked by a use case, statement by statement."""
    locked: list[set[int]] = []

    def listen(_c: object, _k: object, statement: str, parameters: Any, *_: object) -> None:
        if "FROM resource" in statement:
            locked.append(set(parameters.values() if isinstance(parameters, dict) else parameters))

    sa.event.listen(db.engine, "before_cursor_execute", listen)
    try:
        act()
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", listen)
    return locked


def test_each_change_locks_what_a_booking_locks(cast: Cast, session: Session) -> None:
    """A period, those whom it concerns: a booking is decided wholly before the change or wholly after it."""
    key = add_opening(tuesdays(cast, periods="except"), NOW)
    add_opening(tuesdays(cast, professional_id=cast.roux, starts=720, ends=780), NOW)
    period = add_period(cast.site, "Hiver", date(2027, 2, 6), date(2027, 2, 21), NOW)
    exception = add_exception(key, TUESDAY, NOW)
    later = [tuesdays(cast, first_day=TUESDAY + WEEK)]
    for act in (
        lambda: add_period(cast.site, "Noël", *CHRISTMAS, NOW),
        lambda: remove_period(period),
        lambda: remove_exception(exception),
        lambda: add_exception(key, TUESDAY, NOW),
        lambda: change_opening(key, later, NOW),
    ):
        assert locked_by(act) == [{cast.diop}]


# ------------------------------------------------------------------ from a date on


def test_a_change_leaves_what_was_before(cast: Cast, session: Session) -> None:
    """The old opening ends the day before; its lattice stays that of its days."""
    key = add_opening(tuesdays(cast, first_day=date(2026, 11, 3)), NOW)
    (later,) = change_opening(key, [tuesdays(cast, first_day=date(2026, 12, 8), starts=555, ends=660)], NOW)
    old, new = session.get_one(Opening, key), session.get_one(Opening, later)
    assert (old.first_day, old.last_day, old.starts) == (date(2026, 11, 3), date(2026, 12, 7), 540)
    assert (new.first_day, new.last_day, new.starts) == (date(2026, 12, 8), None, 555)
    week = ask(cast.entretien, paris("2026-12-01 00:00"), paris("2026-12-09 00:00"), cast.diop)
    starts = [slot.start.astimezone(PARIS) for slot in find_slots(session, week, NOW)]
    first = {each.date(): f"{each:%H:%M}" for each in reversed(starts) if each.weekday() == 1}
    assert first == {date(2026, 12, 8): "09:15", date(2026, 12, 1): "09:00"}


CHANGED = [
    (date(2026, 12, 1), {}, "24/11 8/12 22/12 5/1 19/1", "in a week that does not count: those that count stay"),
    (date(2026, 12, 8), {}, "24/11 8/12 22/12 5/1 19/1", "in one that counts"),
    (date(2026, 12, 10), {}, "24/11 8/12 22/12 5/1 19/1", "after its day of that week"),
    (date(2026, 12, 1), {"weekdays": frozenset({4})}, "24/11 10/12 24/12 7/1 21/1", "another day of the same weeks"),
    (date(2026, 12, 1), {"every": 3}, "24/11 1/12 22/12 12/1", "another number counts from that week on"),
    (date(2026, 12, 1), {"every": 1, "ranks": frozenset({-1})}, "24/11 29/12 26/1", "by the month from then on"),
    (
        date(2026, 11, 24),
        {"every": 1, "last_day": date(2026, 12, 1)},
        "24/11 1/12",
        "nothing was before: replaced whole",
    ),
]


@pytest.mark.parametrize(("from_day", "changes", "days", "because"), CHANGED, ids=[row[3] for row in CHANGED])
def test_from_a_date_on(
    cast: Cast, session: Session, from_day: date, changes: dict[str, Any], days: str, because: str
) -> None:
    key = add_opening(tuesdays(cast, every=2), NOW)
    change_opening(key, [tuesdays(cast, **{"every": 2, "first_day": from_day, **changes})], NOW)
    assert offered(session, cast) == days, because


def test_one_block_becomes_two(cast: Cast, session: Session) -> None:
    key = add_opening(tuesdays(cast), NOW)
    blocks = [tuesdays(cast, first_day=TUESDAY + WEEK, starts=at, ends=at + 60) for at in (540, 840)]
    assert len(change_opening(key, blocks, NOW)) == 2
    assert [each.opening.starts for each in openings.standing(session, cast.diop, NOW.date())][1:] == [540, 540, 840]


def test_exceptions_to_come_are_taken_over(cast: Cast, session: Session) -> None:
    key = add_opening(tuesdays(cast, weekdays=frozenset({2, 4}), last_day=date(2026, 12, 18)), NOW)
    for day in (date(2026, 11, 26), date(2026, 12, 8), date(2026, 12, 10)):
        add_exception(key, day, NOW)
    (later,) = change_opening(key, [tuesdays(cast, first_day=date(2026, 12, 1), last_day=date(2026, 12, 18))], NOW)
    left_out = {each: [one.day.day for one in session.get_one(Opening, each).exceptions] for each in (key, later)}
    assert left_out == {key: [26], later: [8]}
    assert offered(session, cast) == "24/11 1/12 15/12"


WRONG = [
    (date(2026, 11, 17), {}, ("first_day", "past"), "the past is not rewritten"),
    (date(2026, 11, 23), {}, ("first_day", "out_of_range"), "before it begins"),
    (date(2027, 1, 1), {}, ("first_day", "out_of_range"), "after it ends"),
    (date(9999, 12, 31), {}, ("first_day", "out_of_range"), "the end of time"),
    (date(2026, 12, 1), {"weekdays": frozenset({1})}, ("starts", "overlaps"), "he receives on Mondays already"),
    (date(2026, 12, 1), {"last_day": date(2026, 11, 30)}, ("last_day", "end_before_start"), "nothing of it is left"),
    (date(2026, 12, 2), {"last_day": date(2026, 12, 7)}, ("weekdays", "never"), "no Tuesday is left"),
    (date(2026, 12, 1), {"ends": 540}, ("ends", "end_before_start"), "no time at all"),
]


@pytest.mark.parametrize(("from_day", "changes", "expected", "because"), WRONG, ids=[row[3] for row in WRONG])
def test_a_change_that_is_refused_changes_nothing(
    cast: Cast, session: Session, from_day: date, changes: dict[str, Any], expected: tuple[str, str], because: str
) -> None:
    key = add_opening(tuesdays(cast, last_day=date(2026, 12, 29)), NOW)
    change = tuesdays(cast, **{"first_day": from_day, **changes})
    assert refused(lambda: change_opening(key, [change], NOW)) == expected, because
    assert offered(session, cast) == "24/11 1/12 8/12 15/12 22/12 29/12"


def test_a_change_is_of_the_same_professional(cast: Cast, session: Session) -> None:
    key = add_opening(tuesdays(cast), NOW)
    assert missing(lambda: change_opening(key, [tuesdays(cast, professional_id=cast.roux)], NOW)) == "opening"
    assert missing(lambda: change_opening(10_000, [tuesdays(cast)], NOW)) == "opening"


def test_who_is_retired_receives_at_no_new_time(cast: Cast) -> None:
    """What ends or removes an opening of theirs is still to be done."""
    key = add_opening(tuesdays(cast), NOW)
    exception = add_exception(key, TUESDAY + WEEK, NOW)
    set_on(Professional, cast.diop, retired_at=NOW)
    assert refused(lambda: change_opening(key, [tuesdays(cast, starts=555)], NOW)) == ("opening", "retired")
    assert refused(lambda: remove_exception(exception)) == ("opening", "retired")
    end_opening(key, TUESDAY)
    remove_opening(key)


def test_an_opening_that_ends_keeps_its_exceptions_until_then(cast: Cast, session: Session) -> None:
    key = add_opening(tuesdays(cast), NOW)
    add_exception(key, TUESDAY + WEEK, NOW)
    add_exception(key, TUESDAY + 3 * WEEK, NOW)
    end_opening(key, date(2026, 12, 8))
    assert offered(session, cast) == "24/11 8/12"
    assert count(session, OpeningException) == 1, "the one after its last day has no meaning"


def test_a_week_is_as_the_site_sees_it(cast: Cast, session: Session) -> None:
    """9h00 stays 9h00 in each of the weeks that count, whatever the clocks do between them."""
    add_opening(tuesdays(cast, every=2, first_day=date(2027, 3, 16)), NOW)
    search = ask(cast.entretien, paris("2027-03-16 00:00"), paris("2027-04-20 00:00"), cast.diop)
    found = [slot.start for slot in find_slots(session, search, NOW) if slot.start.weekday() == 1]
    local = [each.astimezone(PARIS) for each in found]
    assert {f"{each:%d/%m %Hh}" for each in local if each.hour == 9} == {"16/03 09h", "30/03 09h", "13/04 09h"}
    assert {each.utcoffset() for each in local} == {timedelta(hours=1), timedelta(hours=2)}
