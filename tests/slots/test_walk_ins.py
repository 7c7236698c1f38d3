"""When little is free, whoever has the time can come without an appointment: the « permanences » that are told of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from booking.db import Base
from booking.errors import SlotUnavailable
from booking.reservations import Book, book
from booking.slots.availability import Search
from booking.slots.explaining import explain
from booking.slots.models import AppointmentType, Opening
from booking.slots.openings import NewOpening
from booking.slots.planning import add_opening
from booking.slots.revising import add_exception
from booking.slots.walk_ins import WalkIns
from tests.builders import MONDAY, NOW, PARIS, Cast, absence, act, add_interpreter, block, closure, paris, set_on, store
from tests.slots.asking import ask, day_of


@pytest.fixture(autouse=True)
def on_call(cast: Cast) -> int:
    """M. Diop receives by appointment on Monday mornings, and without on Monday afternoons, 14h00–16h00."""
    return add_opening(NewOpening(cast.diop, cast.site, frozenset({1}), MONDAY, None, 840, 960, on_call=True), NOW)


def hours(session: Session, search: Search, now: datetime = NOW) -> str:
    """When somebody could come first, « 14:00–16:00 », and how often if more than once; nothing for never."""
    found = explain(session, search, now).walk_ins
    if found is None:
        return ""
    first = "–".join(f"{each.astimezone(PARIS):%H:%M}" for each in (found.start, found.end))
    return first if found.count == 1 else f"{first} ×{found.count}"


def test_it_is_told_with_whoever_is_there(cast: Cast, session: Session) -> None:
    found = explain(session, day_of(cast.entretien, MONDAY, cast.diop), NOW).walk_ins
    assert found == WalkIns(1, cast.diop, paris("2026-11-23 14:00"), paris("2026-11-23 16:00"))


Rows = Callable[[Cast], Iterable[Base]]


def nothing(_cast: Cast) -> Iterable[Base]:
    return ()


def away(start: str, end: str) -> Rows:
    return lambda cast: [absence(cast.diop, f"2026-11-23 {start}", f"2026-11-23 {end}")]


def at(clock: str) -> datetime:
    return paris(f"2026-11-23 {clock}")


TOLD = [
    pytest.param(nothing, NOW, "14:00–16:00", id="as usual"),
    pytest.param(nothing, at("15:10"), "15:15–16:00", id="it goes on"),
    pytest.param(nothing, at("15:30"), "", id="half an hour no longer fits"),
    pytest.param(nothing, at("16:00"), "", id="it is over"),
    pytest.param(away("13:00", "17:00"), NOW, "", id="they are away"),
    pytest.param(away("14:00", "15:00"), NOW, "15:00–16:00", id="they come later"),
    pytest.param(away("14:00", "15:40"), NOW, "", id="they come too late"),
    pytest.param(away("14:35", "15:25"), NOW, "14:00–14:35", id="they go away for a while"),
    pytest.param(away("15:00", "16:00"), at("14:40"), "", id="they are about to leave"),
    pytest.param(
        lambda cast: [closure(cast.site, "2026-11-23 08:30", "2026-11-23 17:30")], NOW, "", id="the site is closed"
    ),
    pytest.param(
        lambda cast: [block(cast.diop, "2026-11-23 13:30", "2026-11-23 14:30")], NOW, "14:30–16:00", id="with somebody"
    ),
    pytest.param(
        lambda cast: [block(room, "2026-11-23 08:30", "2026-11-23 15:00") for room in (cast.b1, cast.b2)],
        NOW,
        "15:00–16:00",
        id="no room is free before",
    ),
]


@pytest.mark.parametrize(("rows", "now", "expected"), TOLD)
def test_the_hours_are_those_at_which_they_could_be_received(
    cast: Cast, session: Session, rows: Rows, now: datetime, expected: str
) -> None:
    store(*rows(cast))
    assert hours(session, day_of(cast.entretien, MONDAY, cast.diop), now) == expected


@pytest.mark.parametrize("minutes", range(-5, 125, 10))
def test_whoever_comes_then_is_received_and_nobody_else(cast: Cast, session: Session, minutes: int) -> None:
    """The same rules tell and decide."""
    start = at("14:00") + timedelta(minutes=minutes)
    told = explain(session, day_of(cast.entretien, MONDAY, cast.diop), start - timedelta(minutes=5)).walk_ins
    session.rollback()
    expected = told is not None and told.start <= start and start + timedelta(minutes=30) <= told.end
    command = Book("k", cast.entretien, start, cast.diop, cast.diallo, waived=frozenset({"walk_in"}))
    try:
        book(command, act(start + timedelta(seconds=30)))
        received = True
    except SlotUnavailable:
        received = False
    assert received == expected


def test_openings_that_meet_are_one(cast: Cast, session: Session) -> None:
    """Each of two may bring them there on the same day, though they are no repetition of each other."""
    tuesday = MONDAY + timedelta(days=1)
    every_other = NewOpening(cast.diop, cast.site, frozenset({2}), tuesday, None, 840, 960, every=2, on_call=True)
    add_opening(every_other, NOW)
    add_opening(replace(every_other, starts=900, ends=1020, every=1, ranks=frozenset({4})), NOW)
    assert hours(session, day_of(cast.entretien, tuesday, cast.diop)) == "14:00–17:00"


def test_the_first_of_several_is_told_with_their_number(cast: Cast, session: Session) -> None:
    fortnight = ask(cast.entretien, NOW, NOW + timedelta(weeks=2), cast.diop)
    assert hours(session, fortnight) == "14:00–16:00 ×2"


def test_not_on_a_date_that_is_left_out(cast: Cast, session: Session, on_call: int) -> None:
    add_exception(on_call, MONDAY, NOW)
    assert not hours(session, day_of(cast.entretien, MONDAY, cast.diop))


def test_not_on_a_public_holiday(cast: Cast, session: Session) -> None:
    easter_monday = date(2027, 3, 29)
    assert not hours(session, day_of(cast.entretien, easter_monday, cast.diop))


def test_somebody_who_receives_in_no_other_way(cast: Cast, session: Session) -> None:
    """Nobody else is read of, so nothing but it says at which site they are."""
    for opening in session.query(Opening).filter(Opening.on_call.is_(False)):
        session.delete(opening)
    session.commit()
    store(closure(cast.site, "2026-11-23 08:30", "2026-11-23 17:30"))
    fortnight = ask(cast.entretien, NOW, NOW + timedelta(weeks=2), cast.diop)
    found = explain(session, fortnight, NOW).walk_ins
    assert found == WalkIns(1, cast.diop, paris("2026-11-30 14:00"), paris("2026-11-30 16:00"))


def of_eight(cast: Cast) -> None:
    set_on(AppointmentType, cast.entretien, capacity=8)


def by_phone(cast: Cast) -> None:
    set_on(AppointmentType, cast.entretien, mode="phone", room_kinds=frozenset())


@pytest.mark.parametrize(
    ("scene", "search"),
    [
        pytest.param(of_eight, lambda cast: day_of(cast.entretien, MONDAY), id="a session has its own time"),
        pytest.param(by_phone, lambda cast: day_of(cast.entretien, MONDAY), id="nobody comes on the phone"),
        pytest.param(
            lambda _cast: None,
            lambda cast: day_of(cast.entretien, MONDAY, cast.diop, colleague_ids=frozenset({cast.roux})),
            id="the colleague would not be there",
        ),
        pytest.param(
            lambda cast: add_interpreter(cast, "amari", "fsl"),
            lambda cast: day_of(cast.entretien, MONDAY, cast.diop, interpreter="fsl"),
            id="nor the interpreter",
        ),
        pytest.param(
            lambda _cast: None, lambda cast: day_of(cast.entretien, MONDAY, cast.roux), id="somebody else was asked for"
        ),
        pytest.param(
            lambda _cast: None, lambda cast: day_of(cast.consultation, MONDAY), id="they do not do what is asked for"
        ),
    ],
)
def test_it_is_not_told_where_it_would_not_do(
    cast: Cast, session: Session, scene: Callable[[Cast], object], search: Callable[[Cast], Search]
) -> None:
    scene(cast)
    assert not hours(session, search(cast))
