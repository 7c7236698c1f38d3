"""The same appointment week after week: booked together, then changed one, from one on, or all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from booking import schema
from booking.errors import (
    AppointmentClosed,
    BookingError,
    Invalid,
    KeyReused,
    NotFound,
    SeriesRefused,
    SlotUnavailable,
    StaleVersion,
)
from booking.people.directory import NewUsager
from booking.reservations import (
    Book,
    Cancel,
    Outcome,
    RecordAttendance,
    book,
    cancel,
    doctor,
    hold,
    propose,
    reading,
    record_attendance,
    store,
)
from booking.reservations.series import (
    BookSeries,
    CancelSeries,
    MoveSeries,
    Scope,
    book_series,
    cancel_series,
    foreseen,
    move_series,
    weekly,
)
from booking.reservations.state import State
from tests.builders import NOW, PARIS, Cast, absence, act, block, paris, rows_of
from tests.builders import store as keep
from tests.reservations.telling import Told
from tests.reservations.waiters import entry, waits

NINE, TEN = paris("2026-11-23 09:00"), paris("2026-11-23 10:00")
WEEK = timedelta(weeks=1)
SIX = tuple(NINE + n * WEEK for n in range(6))


def six(cast: Cast, **values: Any) -> BookSeries:
    """M. Diallo with Mme Roux, six Mondays at 9h00."""
    return BookSeries("k", replace(Book("", cast.entretien, NINE, cast.roux, cast.diallo), **values), SIX)


@pytest.fixture
def booked(cast: Cast) -> tuple[Outcome, ...]:
    return book_series(six(cast), act())


def starts(session: Session, outcomes: tuple[Outcome, ...]) -> list[datetime | None]:
    """The start of each, None when it is cancelled."""
    session.rollback()
    states = [store.read(session, each.uid) for each in outcomes]
    return [None if state.cancelled_at else state.starts_at for state in states]


class TestWeekly:
    def test_nine_o_clock_stays_nine_o_clock_when_the_clocks_change(self) -> None:
        found = weekly(paris("2027-03-22 09:00"), PARIS, 3)
        assert found == (paris("2027-03-22 09:00"), paris("2027-03-29 09:00"), paris("2027-04-05 09:00"))
        assert found[1] - found[0] == WEEK - timedelta(hours=1)

    @pytest.mark.parametrize(
        ("count", "every", "field"), [(0, 1, "count"), (10_000, 1, "count"), (6, 0, "every"), (6, 10**9, "every")]
    )
    def test_numbers_that_make_no_series(self, count: int, every: int, field: str) -> None:
        with pytest.raises(Invalid) as refused:
            weekly(NINE, PARIS, count, every)
        assert (refused.value.field, refused.value.rule) == (field, "out_of_range")

    @given(
        day=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
        hour=st.integers(4, 23),
        count=st.integers(1, 53),
        every=st.integers(1, 8),
    )
    def test_the_wall_always_shows_the_same(self, day: date, hour: int, count: int, every: int) -> None:
        """From 4h00 on: the clocks skip hours before."""
        first = datetime.combine(day, time(hour), PARIS)
        found = weekly(first, PARIS, count, every)
        shown = [each.astimezone(PARIS).replace(tzinfo=None) for each in found]
        assert shown == [shown[0] + n * every * WEEK for n in range(count)]


class TestBooking:
    def test_each_occurrence_is_an_appointment_of_its_own(
        self, cast: Cast, session: Session, booked: tuple[Outcome, ...]
    ) -> None:
        assert [each.start for each in booked] == list(SIX)
        assert len({each.uid for each in booked}) == 6
        assert [len(reading.history(session, each.appointment_id)) for each in booked] == [1] * 6
        assert len({store.read(session, each.uid).series_id for each in booked}) == 1
        assert doctor.examine() == []

    def test_somebody_new_is_created_once_and_told_of_each(self, cast: Cast, session: Session) -> None:
        told = Told()
        found = book_series(six(cast, usager=NewUsager(last_name="Petit")), act(tell=told))
        (who,) = {key for each in found for key in store.read(session, each.uid).present}
        assert told.facts == [("booked", {who})] * 6

    def test_when_one_cannot_be_given_none_is(self, cast: Cast, session: Session) -> None:
        keep(
            block(cast.roux, "2026-12-07 09:00", "2026-12-07 09:05"),
            absence(cast.roux, "2026-12-14 08:00", "2026-12-14 18:00"),
        )
        before = rows_of(session, schema.metadata)
        with pytest.raises(SeriesRefused) as refused:
            book_series(six(cast, usager=NewUsager(last_name="Petit")), act())
        assert refused.value.refused == {SIX[2]: "professional_busy", SIX[3]: "absent"}
        assert rows_of(session, schema.metadata) == before

    def test_what_cannot_be_is_said_and_left_out(self, cast: Cast, session: Session) -> None:
        keep(block(cast.roux, "2026-12-07 09:00", "2026-12-07 09:05"))
        with pytest.raises(SeriesRefused) as refused:
            book_series(six(cast), act())
        impossible = refused.value.refused
        assert impossible == {SIX[2]: "professional_busy"}
        possible = tuple(start for start in SIX if start not in impossible)
        assert len(book_series(replace(six(cast), starts=possible), act())) == 5

    def test_two_occurrences_may_touch_but_not_overlap(self, cast: Cast) -> None:
        touching = replace(six(cast), starts=(NINE, NINE + timedelta(minutes=30)))
        assert len(book_series(touching, act())) == 2
        hors_plage = six(cast, waived=frozenset({"hors_plage"}))
        overlapping = replace(hors_plage, key="o", starts=(TEN, TEN + timedelta(minutes=5)))
        with pytest.raises(SeriesRefused):
            book_series(overlapping, act())

    def test_a_key_serves_once(self, cast: Cast, session: Session, booked: tuple[Outcome, ...]) -> None:
        before = rows_of(session, schema.metadata)
        assert book_series(six(cast), act()) == tuple(replace(each, replayed=True) for each in booked)
        assert rows_of(session, schema.metadata) == before
        with pytest.raises(KeyReused):
            book_series(replace(six(cast), starts=SIX[:2]), act())


BAD = [
    pytest.param({"starts": ()}, Invalid, id="none"),
    pytest.param({"starts": tuple(NINE + n * WEEK for n in range(54))}, Invalid, id="more than a year"),
    pytest.param({"starts": (NINE, NINE)}, Invalid, id="the same twice"),
    pytest.param({"starts": (NINE, paris("2026-11-16 09:00"))}, SeriesRefused, id="one is past"),
    pytest.param({"key": "x" * 65}, Invalid, id="a key that is too long"),
]


@pytest.mark.parametrize(("values", "error"), BAD)
def test_bad_series_write_nothing(
    cast: Cast, session: Session, values: dict[str, Any], error: type[BookingError]
) -> None:
    before = rows_of(session, schema.metadata)
    with pytest.raises(error):
        book_series(replace(six(cast), **values), act())
    assert rows_of(session, schema.metadata) == before


@pytest.mark.parametrize("field", ["type_id", "professional_id", "usager"])
def test_whom_and_what_must_exist(cast: Cast, session: Session, field: str) -> None:
    before = rows_of(session, schema.metadata)
    with pytest.raises(NotFound):
        book_series(six(cast, **{field: 999}), act())
    assert rows_of(session, schema.metadata) == before


class TestCancelling:
    @pytest.mark.parametrize(
        ("scope", "standing"),
        [
            ("one", [0, 1, 3, 4, 5]),
            ("following", [0, 1]),
            ("all", []),
        ],
    )
    def test_the_third(
        self, cast: Cast, session: Session, booked: tuple[Outcome, ...], scope: Scope, standing: list[int]
    ) -> None:
        told = Told()
        done = cancel_series(CancelSeries("c", booked[2].uid, scope, "usager"), act(tell=told))
        assert [n for n, start in enumerate(starts(session, booked)) if start] == standing
        assert len(done) == len(told.facts) == 6 - len(standing)
        assert doctor.examine() == []

    def test_what_took_place_or_was_cancelled_stays(
        self, cast: Cast, session: Session, booked: tuple[Outcome, ...]
    ) -> None:
        record_attendance(RecordAttendance("a", booked[0].uid, cast.diallo, "seen"), act(NINE))
        cancel(Cancel("one", booked[1].uid, "usager"), act())
        done = cancel_series(CancelSeries("c", booked[2].uid, "all", "service"), act())
        assert [each.uid for each in done] == [each.uid for each in booked[2:]]
        assert starts(session, booked)[0] == NINE

    def test_nothing_is_left_to_cancel(self, booked: tuple[Outcome, ...]) -> None:
        cancel_series(CancelSeries("c", booked[0].uid, "all", "service"), act())
        with pytest.raises(AppointmentClosed):
            cancel_series(CancelSeries("d", booked[0].uid, "all", "service"), act())

    def test_it_acts_once_and_not_on_what_changed(self, booked: tuple[Outcome, ...]) -> None:
        with pytest.raises(StaleVersion):
            cancel_series(CancelSeries("c", booked[2].uid, "following", "service", version=2), act())
        command = CancelSeries("d", booked[2].uid, "following", "service", version=1)
        first = cancel_series(command, act())
        assert cancel_series(command, act()) == tuple(replace(each, replayed=True) for each in first)

    def test_one_that_is_of_no_series_is_all_by_itself(self, cast: Cast, booked: tuple[Outcome, ...]) -> None:
        alone = book(Book("alone", cast.entretien, TEN, cast.roux, cast.diallo), act())
        assert len(cancel_series(CancelSeries("c", alone.uid, "all", "service"), act())) == 1


class TestMoving:
    @pytest.mark.parametrize(
        ("scope", "moved"), [("one", {2}), ("following", {2, 3, 4, 5}), ("all", {0, 1, 2, 3, 4, 5})]
    )
    def test_the_third_to_tuesday_at_ten(
        self, cast: Cast, session: Session, booked: tuple[Outcome, ...], scope: Scope, moved: set[int]
    ) -> None:
        shift = timedelta(days=1, hours=1)
        done = move_series(MoveSeries("m", booked[2].uid, scope, SIX[2] + shift), act())
        assert len(done) == len(moved)
        expected = [start + shift if n in moved else start for n, start in enumerate(SIX)]
        assert starts(session, booked) == expected
        assert doctor.examine() == []

    def test_each_may_take_the_place_that_another_leaves(
        self, cast: Cast, session: Session, booked: tuple[Outcome, ...]
    ) -> None:
        move_series(MoveSeries("m", booked[0].uid, "all", NINE + WEEK), act())
        assert starts(session, booked) == [start + WEEK for start in SIX]
        assert doctor.examine() == []

    def test_when_one_cannot_none_moves(self, cast: Cast, session: Session, booked: tuple[Outcome, ...]) -> None:
        keep(block(cast.roux, "2026-12-14 10:00", "2026-12-14 10:05"))
        with pytest.raises(SeriesRefused) as refused:
            move_series(MoveSeries("m", booked[1].uid, "following", SIX[1] + timedelta(hours=1)), act())
        assert refused.value.refused == {SIX[3] + timedelta(hours=1): "professional_busy"}
        assert starts(session, booked) == list(SIX)
        assert doctor.examine() == []

    def test_nine_o_clock_becomes_ten_o_clock_on_both_sides_of_the_change(self, cast: Cast, session: Session) -> None:
        first = paris("2027-03-23 09:00")
        found = book_series(replace(six(cast), starts=weekly(first, PARIS, 2)), act())
        move_series(MoveSeries("m", found[0].uid, "all", paris("2027-03-23 10:00")), act())
        assert starts(session, found) == [paris("2027-03-23 10:00"), paris("2027-03-30 10:00")]

    def test_it_acts_once(self, session: Session, booked: tuple[Outcome, ...]) -> None:
        command = MoveSeries("m", booked[0].uid, "all", TEN)
        first = move_series(command, act())
        assert move_series(command, act()) == tuple(replace(each, replayed=True) for each in first)
        assert starts(session, booked) == [start + timedelta(hours=1) for start in SIX]

    def test_to_where_it_is_it_is_refused(self, booked: tuple[Outcome, ...]) -> None:
        with pytest.raises(Invalid) as refused:
            move_series(MoveSeries("m", booked[0].uid, "all", NINE), act())
        assert refused.value.rule == "unchanged"


SCOPED: dict[str, Callable[[str], object]] = {
    "moved": lambda uid: move_series(MoveSeries("m", uid, "all", TEN), act()),
    "cancelled": lambda uid: cancel_series(CancelSeries("c", uid, "all", "service"), act()),
}


@pytest.mark.parametrize("change", SCOPED)
def test_rows_are_locked_in_the_order_of_every_command_of_several(
    booked: tuple[Outcome, ...], monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """By uid (docs/decisions/0004): by any other, this and a displacement of the same wait for each other for ever."""
    locked: list[str] = []
    lock = store.locked

    def noting(session: Session, uid: str) -> State:
        locked.append(uid)
        return lock(session, uid)

    monkeypatch.setattr(store, "locked", noting)
    SCOPED[change](booked[0].uid)
    assert locked == sorted(each.uid for each in booked)


class TestForeseen:
    def test_what_stands_in_the_way_of_each(self, cast: Cast, session: Session) -> None:
        book(Book("busy", cast.entretien, SIX[1], cast.roux, cast.kone), act())
        keep(absence(cast.roux, "2026-12-07 08:00", "2026-12-07 12:00"))
        before = rows_of(session, schema.metadata)
        found = foreseen(session, six(cast, usager=NewUsager(last_name="Traoré")), act())
        assert list(found.values()) == [None, "professional_busy", "absent", None, None, None]
        assert list(found) == list(SIX)
        assert rows_of(session, schema.metadata) == before

    def test_who_cannot_do_that_type_at_all(self, cast: Cast, session: Session) -> None:
        with pytest.raises(SlotUnavailable) as refused:
            foreseen(session, six(cast, professional_id=cast.lenoir), act())
        assert refused.value.rule == "not_qualified"

    def test_no_start(self, cast: Cast, session: Session) -> None:
        with pytest.raises(Invalid):
            foreseen(session, replace(six(cast), starts=()), act())


class TestHeld:
    def test_the_hold_on_the_first_gives_its_place(self, cast: Cast, session: Session) -> None:
        kept = hold(Book("held", cast.entretien, NINE, cast.roux, None), act())
        done = book_series(six(cast, hold=kept.uid), act())
        assert starts(session, done) == list(SIX)
        assert rows_of(session, schema.metadata)["hold"] == 0
        assert doctor.examine() == []

    @pytest.mark.parametrize(("who", "reason"), [("diallo", "waiting_list"), ("kone", None)])
    def test_a_proposal_is_the_reason_of_whoever_waited(
        self, cast: Cast, session: Session, who: str, reason: str | None
    ) -> None:
        noted = waits(cast)
        (proposed,) = propose(NOW)
        done = book_series(six(cast, hold=proposed.uid, usager=getattr(cast, who)), act())
        session.rollback()
        assert [reading.history(session, each.appointment_id)[0].reason for each in done] == [reason] * 6
        assert entry(session, noted.uid).outcome == ("booked" if reason else None)
        assert rows_of(session, schema.metadata)["hold"] == 0
        assert doctor.examine() == []

    def test_and_stays_when_the_series_is_refused(self, cast: Cast, session: Session) -> None:
        kept = hold(Book("held", cast.entretien, NINE, cast.roux, None), act())
        book(Book("busy", cast.entretien, SIX[1], cast.roux, cast.kone), act())
        with pytest.raises(SeriesRefused) as refused:
            book_series(six(cast, hold=kept.uid), act())
        assert list(refused.value.refused) == [SIX[1]]
        assert rows_of(session, schema.metadata)["hold"] == 1
