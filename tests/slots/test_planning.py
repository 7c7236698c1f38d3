"""When people receive, when they are away, what is closed; and taking rooms and people out of use."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from booking.db import db, in_transaction
from booking.errors import Invalid
from booking.people.models import Professional
from booking.rooms.models import Room
from booking.slots.hours import Rule
from booking.slots.models import Absence, Closure, Occupancy, Opening
from booking.slots.planned import check_span, checked_rule, overlap
from booking.slots.planning import (
    NewOpening,
    add_absence,
    add_closure,
    add_opening,
    end_opening,
    remove_absence,
    remove_closure,
    remove_opening,
)
from booking.slots.retiring import retire_professional, retire_room, unretire_professional, unretire_room
from tests.builders import MONDAY, NOW, Cast, count, paris
from tests.slots.asking import missing, refused

START, END = paris("2026-11-23 14:00"), paris("2026-11-23 16:00")
FAR = 10_000


# ------------------------------------------------------------------ openings


def afternoon(cast: Cast, **changes: Any) -> NewOpening:
    """M. Diop's new Monday afternoons; he already receives on Mondays from 9h00 to 12h00."""
    new = NewOpening(cast.diop, cast.site, frozenset({1}), MONDAY, None, 14 * 60, 17 * 60)
    return dataclasses.replace(new, **changes)


def test_a_weekly_opening_is_stored(session: Session, cast: Cast) -> None:
    key = add_opening(afternoon(cast, weekdays=frozenset({1, 3})), NOW)

    opening = session.get_one(Opening, key)
    assert (opening.professional_id, opening.site_id) == (cast.diop, cast.site)
    assert opening.weekdays == {"1", "3"}
    assert (opening.first_day, opening.last_day) == (MONDAY, None)
    assert (opening.starts, opening.ends) == (840, 1020)


def test_an_opening_without_weekdays_is_one_date(session: Session, cast: Cast) -> None:
    saturday = date(2026, 11, 28)
    key = add_opening(afternoon(cast, weekdays=None, first_day=saturday), NOW)

    opening = session.get_one(Opening, key)
    assert (opening.weekdays, opening.first_day, opening.last_day) == (None, saturday, saturday)


@pytest.mark.parametrize(
    ("changes", "field", "rule"),
    [
        pytest.param({"weekdays": frozenset()}, "weekdays", "required", id="no day of the week"),
        pytest.param({"weekdays": frozenset({0, 1})}, "weekdays", "unknown", id="no such day of the week"),
        pytest.param({"starts": 841}, "starts", "not_on_grid", id="14h01"),
        pytest.param({"ends": 1021}, "ends", "not_on_grid", id="17h01"),
        pytest.param({"starts": -5}, "starts", "out_of_range", id="before midnight"),
        pytest.param({"ends": 1445}, "ends", "out_of_range", id="after midnight"),
        pytest.param({"ends": 840}, "ends", "end_before_start", id="empty"),
        pytest.param({"starts": 1020, "ends": 840}, "ends", "end_before_start", id="backwards"),
        pytest.param({"last_day": date(2026, 11, 22)}, "last_day", "end_before_start", id="ends before it begins"),
        pytest.param(
            {"first_day": date(2026, 1, 5), "last_day": date(2026, 11, 20)}, "last_day", "past", id="over already"
        ),
        pytest.param(
            {"weekdays": None, "first_day": date(2026, 11, 20)}, "first_day", "past", id="one date that is past"
        ),
        pytest.param(
            {"weekdays": None, "last_day": date(2026, 11, 24)}, "last_day", "not_expected", id="two dates for one"
        ),
        pytest.param({"first_day": date(9999, 12, 31)}, "first_day", "out_of_range", id="the end of time"),
        pytest.param({"last_day": date(2126, 11, 23)}, "last_day", "out_of_range", id="in a century"),
        pytest.param({"first_day": date(1926, 11, 23)}, "first_day", "out_of_range", id="a century ago"),
    ],
)
def test_an_opening_that_makes_no_sense(changes: dict[str, Any], field: str, rule: str) -> None:
    new: dict[str, Any] = {
        "weekdays": frozenset({1}),
        "first_day": MONDAY,
        "last_day": None,
        "starts": 840,
        "ends": 1020,
    }

    assert checked_rule(**new, now=NOW).starts == 840
    assert refused(lambda: checked_rule(**new | changes, now=NOW)) == (field, rule)


@pytest.mark.parametrize(
    ("changes", "field", "rule"),
    [
        pytest.param({"starts": 841}, "starts", "not_on_grid", id="it makes no sense by itself"),
        pytest.param({"starts": 690}, "starts", "overlaps", id="from 11h30, and he receives until 12h00"),
    ],
)
def test_a_refused_opening_leaves_nothing(
    session: Session, cast: Cast, changes: dict[str, Any], field: str, rule: str
) -> None:
    before = count(session, Opening)

    assert refused(lambda: add_opening(afternoon(cast, **changes), NOW)) == (field, rule)
    assert count(session, Opening) == before


def test_an_opening_is_somebodys_somewhere(cast: Cast) -> None:
    assert missing(lambda: add_opening(afternoon(cast, professional_id=FAR), NOW)) == "professional"
    assert missing(lambda: add_opening(afternoon(cast, professional_id=cast.b1), NOW)) == "professional"
    assert missing(lambda: add_opening(afternoon(cast, site_id=FAR), NOW)) == "site"


def test_two_professionals_may_receive_at_once(cast: Cast) -> None:
    assert add_opening(afternoon(cast, professional_id=cast.lenoir), NOW)
    assert add_opening(afternoon(cast), NOW)


def test_openings_may_touch(cast: Cast) -> None:
    assert add_opening(afternoon(cast, starts=720, ends=780), NOW)
    assert add_opening(afternoon(cast, starts=780, ends=840), NOW)


def test_an_opening_ends_earlier(session: Session, cast: Cast) -> None:
    key = add_opening(afternoon(cast), NOW)

    end_opening(key, date(2027, 1, 31))
    end_opening(key, date(2026, 12, 31))

    assert session.get_one(Opening, key).last_day == date(2026, 12, 31)


def test_an_opening_does_not_end_before_it_begins_nor_later_than_it_did(session: Session, cast: Cast) -> None:
    key = add_opening(afternoon(cast, last_day=date(2026, 12, 31)), NOW)

    assert refused(lambda: end_opening(key, date(2026, 11, 22))) == ("last_day", "end_before_start")
    assert refused(lambda: end_opening(key, date(2027, 1, 1))) == ("last_day", "out_of_range")
    assert missing(lambda: end_opening(FAR, MONDAY)) == "opening"
    assert session.get_one(Opening, key).last_day == date(2026, 12, 31)


def test_an_opening_is_removed_once(session: Session, cast: Cast) -> None:
    key = add_opening(afternoon(cast), NOW)

    remove_opening(key)

    assert session.get(Opening, key) is None
    assert missing(lambda: remove_opening(key)) == "opening"


# ------------------------------------------------------------------ what overlaps

WEEKLY = Rule(frozenset({1, 3}), date(2026, 11, 2), date(2026, 12, 28), 540, 720)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        pytest.param(WEEKLY, True, id="itself"),
        pytest.param(dataclasses.replace(WEEKLY, starts=720, ends=780), False, id="it begins where the other ends"),
        pytest.param(dataclasses.replace(WEEKLY, starts=480, ends=540), False, id="it ends where the other begins"),
        pytest.param(dataclasses.replace(WEEKLY, starts=715, ends=780), True, id="five minutes in common"),
        pytest.param(dataclasses.replace(WEEKLY, weekdays=frozenset({2, 4})), False, id="other days of the week"),
        pytest.param(dataclasses.replace(WEEKLY, weekdays=frozenset({3, 4})), True, id="one day in common"),
        pytest.param(
            dataclasses.replace(WEEKLY, first_day=date(2026, 12, 28), last_day=None), True, id="the last Monday"
        ),
        pytest.param(
            dataclasses.replace(WEEKLY, first_day=date(2026, 12, 29), last_day=None), False, id="the day after it"
        ),
        pytest.param(
            dataclasses.replace(WEEKLY, first_day=date(2026, 12, 24), last_day=date(2026, 12, 27)),
            False,
            id="four days together without a Monday or a Wednesday",
        ),
        pytest.param(Rule(None, date(2026, 11, 4), date(2026, 11, 4), 600, 660), True, id="one of its dates"),
        pytest.param(Rule(None, date(2026, 11, 5), date(2026, 11, 5), 600, 660), False, id="a Thursday"),
        pytest.param(Rule(None, date(2027, 1, 4), date(2027, 1, 4), 600, 660), False, id="a Monday after its end"),
    ],
)
def test_overlaps(other: Rule, expected: bool) -> None:
    assert overlap(WEEKLY, other) is overlap(other, WEEKLY) is expected


def rule_from(weekdays: frozenset[int], shift: int, length: int | None, start: int, lasts: int) -> Rule:
    first = MONDAY + timedelta(days=shift)
    last = None if length is None else first + timedelta(days=length)
    return Rule(weekdays or None, first, last if weekdays else first, 5 * start, 5 * (start + lasts))


rules = st.builds(
    rule_from,
    st.frozensets(st.integers(1, 7)),
    st.integers(0, 30),
    st.none() | st.integers(0, 20),
    st.integers(0, 6),
    st.integers(1, 4),
)


@given(rules, rules)
def test_overlaps_are_those_found_minute_by_minute(one: Rule, other: Rule) -> None:
    def minutes(rule: Rule) -> set[tuple[date, int]]:
        days = (MONDAY + timedelta(days=shift) for shift in range(70))
        return {
            (day, minute)
            for day in days
            if rule.first_day <= day <= (rule.last_day or day)
            and (rule.weekdays is None or day.isoweekday() in rule.weekdays)
            for minute in range(rule.starts, rule.ends)
        }

    assert overlap(one, other) is bool(minutes(one) & minutes(other))


# ------------------------------------------------------------------ absences


def test_an_absence_is_stored_and_the_feeds_change(session: Session, cast: Cast) -> None:
    key = add_absence(cast.roux, START, END, NOW)

    absence = session.get_one(Absence, key)
    assert (absence.professional_id, absence.starts_at, absence.ends_at) == (cast.roux, START, END)
    assert absence.created_at == NOW
    assert len(absence.uid) == 32
    assert session.get_one(Professional, cast.roux).feed_version == 1
    assert session.get_one(Professional, cast.diop).feed_version == 0


def test_a_removed_absence_changes_the_feeds_too(session: Session, cast: Cast) -> None:
    key = add_absence(cast.roux, START, END, NOW)

    remove_absence(key)

    assert session.get(Absence, key) is None
    assert session.get_one(Professional, cast.roux).feed_version == 2
    assert missing(lambda: remove_absence(key)) == "absence"


SPANS = [
    pytest.param(START, START, "end", "end_before_start", id="empty"),
    pytest.param(END, START, "end", "end_before_start", id="backwards"),
    pytest.param(START + timedelta(minutes=1), END, "start", "not_on_grid", id="14h01"),
    pytest.param(START, END + timedelta(seconds=1), "end", "not_on_grid", id="a second too many"),
    pytest.param(START, END + timedelta(microseconds=1), "end", "not_on_grid", id="a microsecond too many"),
    pytest.param(START, START + timedelta(days=1099), "end", "range_too_long", id="more than three years"),
    pytest.param(NOW - timedelta(days=2), NOW - timedelta(days=1), "end", "past", id="over already"),
    pytest.param(NOW - timedelta(days=2), NOW, "end", "past", id="over now"),
]


@pytest.mark.parametrize(("start", "end", "field", "rule"), SPANS)
def test_an_absence_or_a_closure_that_makes_no_sense(start: datetime, end: datetime, field: str, rule: str) -> None:
    assert refused(lambda: check_span(start, end, NOW)) == (field, rule)


def test_a_refused_absence_leaves_nothing(session: Session, cast: Cast) -> None:
    assert refused(lambda: add_absence(cast.roux, END, START, NOW)) == ("end", "end_before_start")
    assert count(session, Absence) == 0
    assert session.get_one(Professional, cast.roux).feed_version == 0


def test_an_absence_said_twice_is_refused_but_a_longer_one_is_not(session: Session, cast: Cast) -> None:
    add_absence(cast.roux, START, END, NOW)

    assert refused(lambda: add_absence(cast.roux, START, END, NOW)) == ("start", "overlaps")
    assert refused(lambda: add_absence(cast.roux, START, END - timedelta(hours=1), NOW)) == ("start", "overlaps")
    assert add_absence(cast.roux, START, END + timedelta(hours=1), NOW)
    assert add_absence(cast.diop, START, END, NOW)
    assert session.get_one(Professional, cast.roux).feed_version == 2


def test_an_absence_may_have_begun(cast: Cast) -> None:
    assert add_absence(cast.roux, NOW - timedelta(days=1), NOW + timedelta(days=1), NOW)


def test_an_absence_is_somebodys(cast: Cast) -> None:
    assert missing(lambda: add_absence(FAR, START, END, NOW)) == "professional"
    assert missing(lambda: add_absence(cast.diallo, START, END, NOW)) == "professional"


# ------------------------------------------------------------------ closures


@pytest.mark.parametrize("whole", [True, False], ids=["of a site", "of a room"])
def test_a_closure_is_stored_then_removed(session: Session, cast: Cast, whole: bool) -> None:
    room = None if whole else cast.b1
    key = add_closure(cast.site, room, START, END, "  Dégât  des eaux ", NOW)

    closure = session.get_one(Closure, key)
    assert (closure.site_id, closure.room_id, closure.label) == (cast.site, room, "Dégât des eaux")
    assert (closure.starts_at, closure.ends_at) == (START, END)

    session.rollback()
    remove_closure(key)
    assert session.get(Closure, key) is None
    assert missing(lambda: remove_closure(key)) == "closure"


def test_a_refused_closure_leaves_nothing(session: Session, cast: Cast) -> None:
    assert refused(lambda: add_closure(cast.site, None, END, START, "Travaux", NOW)) == ("end", "end_before_start")
    assert count(session, Closure) == 0


def test_a_closure_says_why_in_a_clean_line(cast: Cast) -> None:
    def close(label: str) -> Callable[[], object]:
        return lambda: add_closure(cast.site, None, START, END, label, NOW)

    assert refused(close(" ")) == ("label", "required")
    assert refused(close("a" * 121)) == ("label", "too_long")
    assert refused(close("a\u202eb")) == ("label", "control_characters")


def test_a_closure_is_of_a_place_that_is_there(cast: Cast) -> None:
    assert missing(lambda: add_closure(FAR, None, START, END, "Travaux", NOW)) == "site"
    assert missing(lambda: add_closure(cast.site, FAR, START, END, "Travaux", NOW)) == "room"
    assert missing(lambda: add_closure(cast.site, cast.roux, START, END, "Travaux", NOW)) == "room"


def test_a_closure_said_twice_is_refused(cast: Cast) -> None:
    add_closure(cast.site, cast.b1, START, END, "Peinture", NOW)

    assert refused(lambda: add_closure(cast.site, cast.b1, START, END, "Peinture", NOW)) == ("start", "overlaps")
    assert add_closure(cast.site, cast.b2, START, END, "Peinture", NOW)
    assert add_closure(cast.site, None, START, END, "Grève", NOW)


# ------------------------------------------------------------------ retiring


def occupy(resource_id: int, start: datetime, end: datetime) -> None:
    def work(session: Session) -> None:
        span = {"starts_at": int(start.timestamp()), "ends_at": int(end.timestamp())}
        session.execute(sa.insert(Occupancy).values(resource_id=resource_id, block="test", **span))

    in_transaction(work)


CASES = [
    pytest.param(Room, "b1", "room", retire_room, unretire_room, id="room"),
    pytest.param(Professional, "roux", "professional", retire_professional, unretire_professional, id="professional"),
]


@pytest.mark.parametrize(("model", "who", "field", "retire", "unretire"), CASES)
def test_retired_and_back(
    session: Session,
    cast: Cast,
    model: type[Room] | type[Professional],
    who: str,
    field: str,
    retire: Callable[[int, datetime], None],
    unretire: Callable[[int], None],
) -> None:
    key = getattr(cast, who)

    retire(key, NOW)
    retire(key, NOW + timedelta(days=1))
    assert session.get_one(model, key).retired_at == NOW

    session.rollback()
    unretire(key)
    assert session.get_one(model, key).retired_at is None
    assert missing(lambda: retire(FAR, NOW)) == field
    assert missing(lambda: unretire(cast.diallo)) == field


@pytest.mark.parametrize(("model", "who", "field", "retire", "unretire"), CASES)
def test_not_retired_while_something_is_to_come(
    session: Session,
    cast: Cast,
    model: type[Room] | type[Professional],
    who: str,
    field: str,
    retire: Callable[[int, datetime], None],
    unretire: Callable[[int], None],
) -> None:
    key = getattr(cast, who)
    occupy(key, NOW - timedelta(hours=2), NOW - timedelta(hours=1))
    occupy(key, START, END)
    occupy(key, END, END + timedelta(hours=1))

    with pytest.raises(Invalid) as error:
        retire(key, NOW)

    assert (error.value.field, error.value.rule, error.value.facts) == (field, "has_appointments", {"count": 2})
    assert session.get_one(model, key).retired_at is None
    session.rollback()
    retire(key, END + timedelta(hours=1))
    assert session.get_one(model, key).retired_at is not None


def test_who_no_longer_receives_opens_nothing(session: Session, cast: Cast) -> None:
    retire_professional(cast.diop, NOW)

    assert refused(lambda: add_opening(afternoon(cast), NOW)) == ("professional_id", "unknown")
    assert refused(lambda: add_absence(cast.diop, START, END, NOW)) == ("professional_id", "unknown")


def test_what_a_retired_professional_left_can_still_be_removed(session: Session, cast: Cast) -> None:
    absence = add_absence(cast.diop, START, END, NOW)
    opening = add_opening(afternoon(cast), NOW)
    retire_professional(cast.diop, NOW)

    remove_absence(absence)
    remove_opening(opening)

    assert count(session, Absence) == 0


# ------------------------------------------------------------------ locks


def locked_by(act: Callable[[], object]) -> list[set[int]]:
    """The resources locked by a use case, statement by statement."""
    statements: list[set[int]] = []

    def listen(_c: object, _k: object, statement: str, parameters: Any, *_: object) -> None:
        if "FROM resource" in statement:
            postgresql = db.engine.dialect.name == "postgresql"
            assert statement.rstrip().endswith("FOR NO KEY UPDATE") is postgresql
            statements.append(set(parameters.values() if isinstance(parameters, dict) else parameters))

    sa.event.listen(db.engine, "before_cursor_execute", listen)
    try:
        act()
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", listen)
    return statements


def test_each_change_locks_what_a_booking_locks(cast: Cast) -> None:
    """So that a booking under way is wholly before the change, or wholly after it."""
    rooms = {cast.b1, cast.b2, cast.c1, cast.c4, cast.en1}
    receiving = {cast.roux, cast.diop, cast.lenoir, cast.petit}
    absence = add_absence(cast.diop, START, END, NOW)
    opening = add_opening(afternoon(cast), NOW)
    closure = add_closure(cast.site, cast.b2, START, END, "Peinture", NOW)

    assert locked_by(lambda: add_absence(cast.roux, START, END, NOW)) == [{cast.roux}]
    assert locked_by(lambda: add_opening(afternoon(cast, starts=720, ends=780), NOW)) == [{cast.diop}]
    assert locked_by(lambda: end_opening(opening, MONDAY)) == [{cast.diop}]
    assert locked_by(lambda: remove_opening(opening)) == [{cast.diop}]
    assert locked_by(lambda: remove_absence(absence)) == [{cast.diop}]
    assert locked_by(lambda: remove_closure(closure)) == [{cast.b2}]
    assert locked_by(lambda: add_closure(cast.site, cast.b1, START, END, "Peinture", NOW)) == [{cast.b1}]
    assert locked_by(lambda: add_closure(cast.site, None, START, END, "Grève", NOW)) == [receiving, rooms]
    assert locked_by(lambda: retire_room(cast.b1, NOW)) == [{cast.b1}]
    assert locked_by(lambda: unretire_room(cast.b1)) == [{cast.b1}]
    assert locked_by(lambda: retire_professional(cast.roux, NOW)) == [{cast.roux}]
    assert locked_by(lambda: unretire_professional(cast.roux)) == [{cast.roux}]
