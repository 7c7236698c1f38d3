"""When little is free, whoever has the time can come without an appointment: the « permanences » that are told of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from booking.db import Base
from booking.slots.availability import Search
from booking.slots.explaining import Explanation, Relaxation, explain
from booking.slots.models import AppointmentType, Opening
from booking.slots.openings import NewOpening
from booking.slots.planning import add_opening
from booking.slots.revising import add_exception
from tests.builders import MONDAY, NOW, Cast, absence, add_interpreter, closure, paris, set_on, store
from tests.slots.asking import ask, day_of

TWO, FOUR = paris("2026-11-23 14:00"), paris("2026-11-23 16:00")


@pytest.fixture(autouse=True)
def on_call(cast: Cast) -> int:
    """M. Diop receives by appointment on Monday mornings, and without on Monday afternoons, 14h00–16h00."""
    return add_opening(NewOpening(cast.diop, cast.site, frozenset({1}), MONDAY, None, 840, 960, on_call=True), NOW)


def told(explained: Explanation) -> list[Relaxation]:
    return [each for each in explained.relaxations if each.kind == "walk_in"]


def test_it_is_told_with_its_hours_and_whoever_is_there(cast: Cast, session: Session) -> None:
    (found,) = told(explain(session, day_of(cast.entretien, MONDAY, cast.diop), NOW))
    assert (found.count, found.first.start, found.first.end) == (1, TWO, FOUR)
    assert (found.first.professional_id, found.first.room_id) == (cast.diop, None)


Rows = Callable[[Cast], Iterable[Base]]
NO_ROWS: Rows = lambda _cast: []  # noqa: E731

COUNTED = [
    pytest.param(NO_ROWS, NOW, 1, id="as usual"),
    pytest.param(NO_ROWS, paris("2026-11-23 15:40"), 1, id="it goes on"),
    pytest.param(NO_ROWS, paris("2026-11-23 16:00"), 0, id="it is over"),
    pytest.param(lambda cast: [absence(cast.diop, "2026-11-23 13:00", "2026-11-23 17:00")], NOW, 0, id="they are away"),
    pytest.param(
        lambda cast: [absence(cast.diop, "2026-11-23 14:00", "2026-11-23 15:00")], NOW, 1, id="they come later"
    ),
    pytest.param(
        lambda cast: [absence(cast.diop, "2026-11-23 15:00", "2026-11-23 16:00")],
        paris("2026-11-23 15:00"),
        0,
        id="they have left",
    ),
    pytest.param(
        lambda cast: [closure(cast.site, "2026-11-23 08:30", "2026-11-23 17:30")], NOW, 0, id="the site is closed"
    ),
]


@pytest.mark.parametrize(("rows", "now", "count"), COUNTED)
def test_it_counts_while_somebody_can_still_come(
    cast: Cast, session: Session, rows: Rows, now: datetime, count: int
) -> None:
    store(*rows(cast))
    found = told(explain(session, day_of(cast.entretien, MONDAY, cast.diop), now))
    assert [each.count for each in found] == [count] * bool(count)


def test_not_on_a_date_that_is_left_out(cast: Cast, session: Session, on_call: int) -> None:
    add_exception(on_call, MONDAY, NOW)
    assert not told(explain(session, day_of(cast.entretien, MONDAY, cast.diop), NOW))


def test_not_on_a_public_holiday(cast: Cast, session: Session) -> None:
    easter_monday = date(2027, 3, 29)
    assert not told(explain(session, day_of(cast.entretien, easter_monday, cast.diop), NOW))


def test_somebody_who_receives_in_no_other_way(cast: Cast, session: Session) -> None:
    """Nobody else is read of, so nothing but it says at which site they are."""
    for opening in session.query(Opening).filter(Opening.on_call.is_(False)):
        session.delete(opening)
    session.commit()
    store(closure(cast.site, "2026-11-23 08:30", "2026-11-23 17:30"))
    fortnight = ask(cast.entretien, NOW, NOW + timedelta(weeks=2), cast.diop)
    (found,) = told(explain(session, fortnight, NOW))
    assert (found.count, found.first.start) == (1, paris("2026-11-30 14:00"))


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
    assert not told(explain(session, search(cast), NOW))
