"""Where no room is free, others leave theirs for another: who does, who stays, and what becomes of them.

M. Diallo climbs stairs; Mme Koné does not here, so that she needs B2 while he could do with B1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from booking.db import db, in_transaction
from booking.errors import Invalid, SeriesRefused, SlotTaken
from booking.people.models import Professional, Usager
from booking.reservations import (
    Book,
    Cancel,
    Move,
    RecordAttendance,
    Restore,
    book,
    cancel,
    doctor,
    holding,
    move,
    record_attendance,
    restore,
    series,
    store,
    ways,
)
from booking.reservations.commands import Outcome
from booking.reservations.models import GivenUp, History
from booking.reservations.series import BookSeries, MoveSeries
from booking.reservations.state import State
from booking.slots import boards
from booking.slots.availability import Search, find_slots
from booking.slots.models import AppointmentType
from booking.slots.reassigning import Limits
from tests.builders import NOW, Cast, act, add_usagers, block, closure, paris, set_on
from tests.builders import store as stored

NINE, TEN = paris("2026-11-23 09:00"), paris("2026-11-23 10:00")
HALF = timedelta(minutes=30)


@pytest.fixture
def somebody(cast: Cast) -> int:
    """Somebody else who climbs stairs."""
    set_on(Usager, cast.kone, step_free=True)
    return add_usagers(1)[0]


def booked(cast: Cast, who: int, usager: int, start: datetime = NINE, room: int | None = None) -> Outcome:
    return book(Book(f"{who}-{usager}-{start}", cast.entretien, start, who, usager, room_id=room), act())


def in_the_way(cast: Cast, somebody: int, start: datetime = NINE) -> str:
    """M. Diop receives M. Diallo in B2, which was the last free then; B1 is free by now."""
    first = booked(cast, cast.roux, somebody, start)
    uid = booked(cast, cast.diop, cast.diallo, start).uid
    cancel(Cancel(f"c{start}", first.uid, "usager"), act())
    assert state(uid).room_id == cast.b2
    return uid


def state(uid: str) -> State:
    db.session.rollback()
    return store.read(db.session(), uid)


def offered(cast: Cast, start: datetime, now: datetime = NOW, room: int | None = None) -> list[int | None]:
    """The rooms that a search shows Mme Koné with Mme Roux at that start."""
    db.session.rollback()
    search = Search(cast.entretien, start, start + HALF, frozenset({cast.roux}), frozenset({cast.kone}), room_id=room)
    return [slot.room_id for slot in find_slots(db.session(), search, now)]


def feed_of(who: int) -> int:
    db.session.rollback()
    return db.session.scalars(sa.select(Professional.feed_version).where(Professional.id == who)).one()


def test_who_could_do_with_another_room_leaves_it(cast: Cast, somebody: int) -> None:
    uid = in_the_way(cast, somebody)
    before, feed = state(uid), feed_of(cast.diop)
    assert offered(cast, NINE) == [cast.b2]
    assert booked(cast, cast.roux, cast.kone).room == "B2"
    after = state(uid)
    assert (after.room_id, after.sequence, after.version) == (cast.b1, before.sequence + 1, before.version + 1)
    assert after.notices == before.notices
    assert feed_of(cast.diop) == feed + 1
    assert offered(cast, NINE) == []
    assert doctor.examine() == []


def test_history_says_why_and_nobody_is_told(cast: Cast, somebody: int) -> None:
    uid = in_the_way(cast, somebody)
    told: list[int] = []
    command = Book("k", cast.entretien, NINE, cast.roux, cast.kone)
    outcome = book(command, act(tell=lambda session, key, *_: told.append(key)))
    assert told == [outcome.appointment_id]
    line = db.session.scalars(sa.select(History).where(History.appointment_id == state(uid).id)).all()[-1]
    assert (line.action, line.reason) == ("room_changed", "room_needed")
    assert (line.before["room"], line.after["room"]) == (cast.b2, cast.b1)


def test_nobody_moves_where_a_room_is_free(cast: Cast, somebody: int) -> None:
    uid = booked(cast, cast.diop, cast.diallo).uid
    assert booked(cast, cast.roux, cast.kone).room == "B2"
    assert (state(uid).room_id, state(uid).version) == (cast.b1, 1)


# ------------------------------------------------------------------ who stays


def pinned(cast: Cast, uid: str) -> None:
    move(Move("pin", uid, room_id=cast.b2), act())


def arrived(cast: Cast, uid: str) -> None:
    record_attendance(RecordAttendance("here", uid, cast.diallo, "arrived"), act(NINE - HALF))


def cannot_climb(cast: Cast, uid: str) -> None:
    set_on(Usager, cast.diallo, step_free=True)


def other_is_closed(cast: Cast, uid: str) -> None:
    stored(closure(cast.site, "2026-11-23 09:25", "2026-11-23 09:30", cast.b1))


def other_is_taken(cast: Cast, uid: str) -> None:
    stored(block(cast.b1, "2026-11-23 09:25", "2026-11-23 09:30"))


STAYS: list[tuple[str, Callable[[Cast, str], None]]] = [
    ("somebody named its room", pinned),
    ("its usager has arrived", arrived),
    ("its usager cannot climb stairs either", cannot_climb),
    ("the other room is closed for part of it", other_is_closed),
    ("the other room is taken for part of it", other_is_taken),
]


@pytest.mark.parametrize("change", [row[1] for row in STAYS], ids=[row[0] for row in STAYS])
def test_who_stays_is_neither_offered_nor_displaced(
    cast: Cast, somebody: int, change: Callable[[Cast, str], None]
) -> None:
    uid = in_the_way(cast, somebody)
    change(cast, uid)
    assert offered(cast, NINE) == []
    with pytest.raises(SlotTaken, match="no_room"):
        booked(cast, cast.roux, cast.kone)
    assert state(uid).room_id == cast.b2
    assert doctor.examine() == []


def test_what_has_begun_stays(cast: Cast, somebody: int) -> None:
    """At 9h10 the one of 9h00 is in its room, whether or not anybody noted an arrival."""
    uid = in_the_way(cast, somebody)
    later, now = NINE + timedelta(minutes=15), NINE + timedelta(minutes=10)
    command = Book("k", cast.entretien, later, cast.roux, cast.kone, waived=frozenset({"hors_plage"}))
    with pytest.raises(SlotTaken, match="no_room"):
        book(command, act(now))
    assert book(command, act(NINE - HALF)).room == "B2"
    assert state(uid).room_id == cast.b1


def test_a_room_asked_for_by_name_displaces_nobody(cast: Cast, somebody: int) -> None:
    uid = in_the_way(cast, somebody)
    assert offered(cast, NINE, room=cast.b2) == []
    with pytest.raises(SlotTaken, match="no_room"):
        booked(cast, cast.roux, cast.kone, room=cast.b2)
    assert state(uid).room_id == cast.b2


def test_what_a_hold_keeps_makes_way_for_nobody(cast: Cast, somebody: int) -> None:
    first = booked(cast, cast.roux, somebody)
    holding.hold(Book("h", cast.entretien, NINE, cast.diop, cast.diallo), act())
    cancel(Cancel("c", first.uid, "usager"), act())
    assert offered(cast, NINE) == []
    assert offered(cast, NINE, NOW + holding.LASTS) == [cast.b2], "it keeps nothing any more"


# ------------------------------------------------------------------ for whom they do


def test_for_a_hold(cast: Cast, somebody: int) -> None:
    uid = in_the_way(cast, somebody)
    assert holding.hold(Book("h", cast.entretien, NINE, cast.roux, cast.kone), act()).room == "B2"
    assert state(uid).room_id == cast.b1
    assert doctor.examine() == []


def test_for_a_move(cast: Cast, somebody: int) -> None:
    uid = in_the_way(cast, somebody)
    other = booked(cast, cast.roux, cast.kone, TEN).uid
    assert move(Move("m", other, NINE), act()).room == "B2"
    assert state(uid).room_id == cast.b1
    assert doctor.examine() == []


def test_for_a_cancellation_taken_back(cast: Cast, somebody: int) -> None:
    theirs = booked(cast, cast.roux, cast.kone).uid
    cancel(Cancel("c", theirs, "usager"), act())
    uid = in_the_way(cast, somebody)
    assert restore(Restore("r", theirs), act()).room == "B2"
    assert state(uid).room_id == cast.b1
    assert doctor.examine() == []


MONDAYS = tuple(paris(f"2026-{day} 09:00") for day in ("11-23", "11-30", "12-07"))


def test_for_each_of_a_series(cast: Cast, somebody: int) -> None:
    uids = [in_the_way(cast, somebody, start) for start in MONDAYS]
    command = BookSeries("s", Book("s", cast.entretien, NINE, cast.roux, cast.kone), MONDAYS)
    assert series.foreseen(db.session(), command, act()) == dict.fromkeys(MONDAYS)
    assert [one.room for one in series.book_series(command, act())] == ["B2"] * 3
    assert [state(uid).room_id for uid in uids] == [cast.b1] * 3
    assert doctor.examine() == []


def test_for_each_of_a_series_that_moves(cast: Cast, somebody: int) -> None:
    starts = tuple(start + timedelta(hours=1) for start in MONDAYS)
    first, *_ = series.book_series(
        BookSeries("s", Book("s", cast.entretien, NINE, cast.roux, cast.kone), starts), act()
    )
    uids = [in_the_way(cast, somebody, start) for start in MONDAYS]
    moved = series.move_series(MoveSeries("m", first.uid, "all", NINE), act())
    assert [one.room for one in moved] == ["B2"] * 3
    assert [state(uid).room_id for uid in uids] == [cast.b1] * 3
    assert doctor.examine() == []


def test_a_series_that_is_refused_displaces_nobody(cast: Cast, somebody: int) -> None:
    uid = in_the_way(cast, somebody)
    pinned(cast, in_the_way(cast, somebody, TEN))
    command = BookSeries("s", Book("s", cast.entretien, NINE, cast.roux, cast.kone), (NINE, TEN))
    with pytest.raises(SeriesRefused) as refused:
        series.book_series(command, act())
    assert refused.value.refused == {TEN: "no_room"}
    assert state(uid).room_id == cast.b2


QUARTER, EARLY, NOON = NINE + timedelta(minutes=15), NINE - HALF, NINE + timedelta(hours=3)
WITHOUT = [
    ((EARLY, NINE, QUARTER), "the refused date comes first"),
    ((NINE, QUARTER, NOON), "it comes last"),
]


@pytest.mark.parametrize(("starts", "because"), WITHOUT, ids=[row[1] for row in WITHOUT])
def test_a_series_names_every_date_that_is_refused(
    cast: Cast, somebody: int, starts: tuple[datetime, ...], because: str
) -> None:
    """Also the one that overlaps a date for which others must make way."""
    set_on(AppointmentType, cast.entretien, step=15)
    uid = in_the_way(cast, somebody)
    command = BookSeries("s", Book("s", cast.entretien, NINE, cast.roux, cast.kone), starts)
    with pytest.raises(SeriesRefused) as refused:
        series.book_series(command, act())
    closed = next(start for start in starts if start not in (NINE, QUARTER))
    assert refused.value.refused == {closed: "no_opening", QUARTER: "professional_busy"}
    assert state(uid).room_id == cast.b2


# ------------------------------------------------------------------ naming a room


def test_naming_a_room_pins_it_and_leaving_it_does_not(cast: Cast, somebody: int) -> None:
    uid = booked(cast, cast.roux, cast.diallo, room=cast.b2).uid
    assert state(uid).room_pinned
    move(Move("later", uid, TEN), act())
    assert (state(uid).room_id, state(uid).room_pinned) == (cast.b2, True), "it is in the room that was named"
    move(Move("named", uid, room_id=cast.b1), act())
    assert state(uid).room_pinned
    stored(closure(cast.site, "2026-11-23 11:00", "2026-11-23 11:30", cast.b1))
    move(Move("elsewhere", uid, TEN + timedelta(hours=1)), act())
    assert (state(uid).room_id, state(uid).room_pinned) == (cast.b2, False), "nobody named that one"


def test_its_own_room_can_be_named_once(cast: Cast) -> None:
    uid = booked(cast, cast.roux, cast.diallo).uid
    before = state(uid)
    outcome = move(Move("a", uid, room_id=cast.b1), act())
    assert (outcome.sequence, state(uid).room_pinned) == (before.sequence, True), "no calendar shows it"
    with pytest.raises(Invalid, match="room: unchanged"):
        move(Move("b", uid, room_id=cast.b1), act())


# ------------------------------------------------------------------ how much is read, and for how long


@pytest.fixture
def statements() -> Iterator[list[str]]:
    said: list[str] = []
    note = lambda *args: said.append(args[2])  # noqa: E731
    sa.event.listen(db.engine, "before_cursor_execute", note)
    yield said
    sa.event.remove(db.engine, "before_cursor_execute", note)


def test_a_search_reads_twice_more_and_only_where_no_room_is_free(
    cast: Cast, somebody: int, statements: list[str]
) -> None:
    def reads() -> int:
        del statements[:]
        offered(cast, NINE)
        return len([each for each in statements if each.startswith("SELECT")])

    reads()  # the configuration is read once
    free = reads()
    assert not any("seated" in each for each in statements)
    for start in MONDAYS:
        in_the_way(cast, somebody, start)
    assert reads() == free + 2 + 1, "the board: what is taken and what is closed; and the days that have changed"
    del statements[:]
    search = Search(cast.entretien, NINE, NINE + timedelta(weeks=4), usager_ids=frozenset({cast.kone}))
    find_slots(db.session(), search, NOW)
    assert len([each for each in statements if "seated" in each]) == 1, "once for all days"


def test_when_the_steps_are_spent_it_is_refused_and_counted(
    app: Flask, cast: Cast, somebody: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    in_the_way(cast, somebody)
    monkeypatch.setattr(boards, "LIMITS", Limits(3, 1))
    assert offered(cast, NINE) == []
    with pytest.raises(SlotTaken) as refused:
        booked(cast, cast.roux, cast.kone)
    assert refused.value.exhausted
    assert "no room found within the steps" in caplog.text
    db.session.rollback()
    assert ways.given_up_since(db.session(), NOW) == 1
    assert ways.given_up_since(db.session(), NOW + HALF) == 0


@pytest.mark.usefixtures("cast")
def test_the_doctor_says_how_often_of_late(app: Flask) -> None:
    stored(GivenUp(at=NOW))
    line = "Depuis 30 jours, 1 demande refusée faute de temps pour libérer une salle.\n"
    for days, expected in ((1, line), (31, "Tout est en ordre.\n")):
        with time_machine.travel(NOW + timedelta(days=days), tick=False):
            assert app.test_cli_runner().invoke(args=["doctor"]).output.endswith(expected)


def test_the_doctor_sees_who_is_wrongly_said_to_make_way(cast: Cast) -> None:
    booked(cast, cast.roux, cast.diallo)
    in_transaction(lambda session: session.execute(sa.text("DELETE FROM seated")) and None)
    assert [problem.check for problem in doctor.examine()] == ["seated"]
