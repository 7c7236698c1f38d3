"""The line to PostgreSQL breaks around COMMIT: every command acts once, whether or not the server had heard it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, get_args

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from booking import create_app, messages, reservations
from booking.config import Settings
from booking.db import db, finish_reading, in_transaction
from booking.errors import DatabaseUnavailable, SlotTaken
from booking.people.directory import NewUsager
from booking.people.models import Profession
from booking.refusals import sentence
from booking.reservations import Act, Book, Cancel, Join, Leave, Move, RecordAttendance, Restore, Swap, book, doctor
from booking.reservations.models import Participation
from booking.reservations.series import BookSeries, CancelSeries, MoveSeries, book_series, cancel_series, move_series
from booking.schema import metadata
from booking.slots.models import AppointmentType
from tests.builders import NOW, Cast, add_usagers, paris, rows_of, set_on
from tests.live.proxy import Moment, Proxy
from tests.starting import settings_in

NINE, TEN = paris("2026-11-23 09:00"), paris("2026-11-23 10:00")
WEEKS = tuple(NINE + timedelta(weeks=n) for n in range(3))
ACT = Act(now=NOW, origin="web", tell=messages.file)
Send = Callable[[], Any]
DATABASE = import_module("booking.db")  # the package has a `db` of its own


@pytest.fixture
def engine_name() -> str:
    """SQLite has no line that could be cut."""
    return "postgresql"


@pytest.fixture
def app(settings: Settings, proxy: Proxy) -> Iterator[Flask]:
    """The application at the other end of the line."""
    app = create_app(settings_in(settings.instance, proxy.url))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def booked(cast: Cast, start: datetime = NINE, usager: int | None = None) -> str:
    return book(Book(f"before {start}", cast.entretien, start, cast.roux, usager or cast.diallo), ACT).uid


def in_series(cast: Cast) -> str:
    first = Book("", cast.entretien, NINE, cast.roux, cast.diallo)
    return book_series(BookSeries("before", first, WEEKS), ACT)[0].uid


def a_booking(cast: Cast) -> Send:
    newcomer = NewUsager("Moreau", "Alix", email="alix.moreau@exemple.example")
    return lambda: book(Book("k", cast.entretien, NINE, cast.roux, newcomer), ACT)


def a_hold(cast: Cast) -> Send:
    return lambda: reservations.hold(Book("k", cast.entretien, NINE, cast.roux, cast.diallo), ACT)


def a_move(cast: Cast) -> Send:
    uid = booked(cast)
    return lambda: reservations.move(Move("k", uid, TEN, version=1), ACT)


def a_swap(cast: Cast) -> Send:
    uid, other = booked(cast), booked(cast, TEN, cast.kone)
    return lambda: reservations.swap(Swap("k", uid, other, 1, 1), ACT)


def a_sign_up(cast: Cast) -> Send:
    uid = booked(cast)
    newcomer = NewUsager("Moreau", "Alix", email="alix.moreau@exemple.example")
    return lambda: reservations.join(Join("k", uid, newcomer, 1), ACT)


def a_withdrawal(cast: Cast) -> Send:
    uid = book(Book("before", cast.entretien, NINE, cast.roux, cast.diallo, family=(cast.kone,)), ACT).uid
    return lambda: reservations.leave(Leave("k", uid, cast.diallo, "usager", 1), ACT)


def a_cancellation(cast: Cast) -> Send:
    uid = booked(cast)
    return lambda: reservations.cancel(Cancel("k", uid, "service", 1), ACT)


def a_restoration(cast: Cast) -> Send:
    uid = booked(cast)
    reservations.cancel(Cancel("before", uid, "service"), ACT)
    return lambda: reservations.restore(Restore("k", uid, 2), ACT)


def a_step(cast: Cast) -> Send:
    uid = booked(cast)
    there = replace(ACT, now=NINE)
    return lambda: reservations.record_attendance(RecordAttendance("k", uid, cast.diallo, "arrived", 1), there)


def a_series(cast: Cast) -> Send:
    first = Book("", cast.entretien, NINE, cast.roux, cast.diallo)
    return lambda: book_series(BookSeries("k", first, WEEKS), ACT)


def a_series_moved(cast: Cast) -> Send:
    uid = in_series(cast)
    return lambda: move_series(MoveSeries("k", uid, "all", TEN, 1), ACT)


def a_series_cancelled(cast: Cast) -> Send:
    uid = in_series(cast)
    return lambda: cancel_series(CancelSeries("k", uid, "all", "service", 1), ACT)


# Each command, and what it adds once: appointments, lines of history, messages (with
# the reminder of what stands), usagers, holds.
COMMANDS: list[tuple[str, Callable[[Cast], Send], tuple[int, int, int, int, int]]] = [
    ("book", a_booking, (1, 1, 2, 1, 0)),
    ("hold", a_hold, (0, 0, 0, 0, 1)),
    ("move", a_move, (0, 1, 2, 0, 0)),
    ("swap", a_swap, (0, 2, 4, 0, 0)),
    ("join", a_sign_up, (0, 1, 2, 1, 0)),
    ("leave", a_withdrawal, (0, 1, 1, 0, 0)),
    ("cancel", a_cancellation, (0, 1, 1, 0, 0)),
    ("restore", a_restoration, (0, 1, 2, 0, 0)),
    ("attendance", a_step, (0, 1, 0, 0, 0)),
    ("book_series", a_series, (3, 3, 6, 0, 0)),
    ("move_series", a_series_moved, (0, 3, 6, 0, 0)),
    ("cancel_series", a_series_cancelled, (0, 3, 3, 0, 0)),
]
COUNTED = ("appointment", "history", "outbox_message", "usager", "hold")


def counts(session: Session) -> list[int]:
    rows = rows_of(session, metadata)
    return [rows[name] for name in COUNTED]


def was_replayed(answer: Any) -> bool:
    return all(one.replayed for one in (answer if isinstance(answer, tuple) else (answer,)))


@pytest.mark.parametrize("moment", get_args(Moment))
@pytest.mark.parametrize(("story", "adds"), [row[1:] for row in COMMANDS], ids=[row[0] for row in COMMANDS])
def test_each_command_acts_once(
    app: Flask,
    session: Session,
    cast: Cast,
    proxy: Proxy,
    story: Callable[[Cast], Send],
    adds: tuple[int, ...],
    moment: Moment,
) -> None:
    send = story(cast)
    before = counts(session)
    finish_reading(session)  # which says COMMIT too
    proxy.cut_at(moment)
    answer = send()
    assert proxy.cuts == 1
    assert [now - then for now, then in zip(counts(session), before, strict=True)] == list(adds)
    heard = {"before": {False}, "during": {False, True}, "after": {True}}
    assert was_replayed(answer) in heard[moment]
    assert doctor.examine([lambda inside: messages.audit(inside, NOW)]) == []


@pytest.mark.parametrize("moment", get_args(Moment))
def test_what_was_read_before_may_end_badly(
    app: Flask, session: Session, cast: Cast, proxy: Proxy, moment: Moment
) -> None:
    """Its COMMIT is lost, and the command has not begun: it begins on another line."""
    send = a_booking(cast)
    before = counts(session)
    proxy.cut_at(moment)
    assert not send().replayed
    assert proxy.cuts == 1
    assert counts(session)[0] == before[0] + 1


def test_it_is_tried_four_times_in_all(app: Flask, session: Session, cast: Cast, proxy: Proxy) -> None:
    """Three answers are lost, one after the other: the fourth comes through."""
    proxy.cut_at("after", "during", "before")
    outcome = a_booking(cast)()
    assert (outcome.replayed, proxy.cuts, counts(session)[0]) == (True, 3, 1)


def test_when_nobody_answers_any_more_it_says_that_it_cannot_know(
    app: Flask, session: Session, cast: Cast, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same form sent again, once the line is there, gets the answer that was lost."""
    monkeypatch.setattr(DATABASE, "ATTEMPTS", 1)
    send = a_booking(cast)
    proxy.cut_at("after")
    with pytest.raises(DatabaseUnavailable) as refusal:
        send()
    assert (refusal.value.key, refusal.value.unsure) == ("k", True)
    assert sentence(refusal.value) == (
        "La base de données ne répond plus : la demande a peut-être été enregistrée."
        " Renvoyez-la telle quelle dans un instant : elle n’agira qu’une fois."
    )
    assert (send().replayed, counts(session)[0]) == (True, 1)


def test_a_line_that_is_down_wrote_nothing_and_says_so(app: Flask, session: Session, cast: Cast, proxy: Proxy) -> None:
    send = a_booking(cast)
    with proxy.unplugged(), pytest.raises(DatabaseUnavailable) as refusal:
        send()
    assert (refusal.value.key, refusal.value.unsure) == ("k", False)
    assert counts(session)[0] == 0
    assert (send().replayed, counts(session)[0]) == (False, 1)


class TestWithoutTheKey:
    """What the key is for: sent again without it, a demand whose answer was lost acts twice."""

    def test_somebody_new_takes_two_seats(
        self, app: Flask, session: Session, cast: Cast, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(DATABASE, "ATTEMPTS", 1)
        set_on(AppointmentType, cast.entretien, capacity=3)
        uid = book(Book("open", cast.entretien, NINE, cast.roux, None), ACT).uid
        proxy.cut_at("after")
        with pytest.raises(DatabaseUnavailable):
            reservations.join(Join("first", uid, NewUsager("Moreau", "Alix")), ACT)
        reservations.join(Join("another", uid, NewUsager("Moreau", "Alix")), ACT)
        assert session.scalar(sa.select(sa.func.count()).select_from(Participation)) == 2

    def test_whoever_has_the_slot_is_told_that_it_is_taken(
        self, app: Flask, cast: Cast, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(DATABASE, "ATTEMPTS", 1)
        proxy.cut_at("after")
        with pytest.raises(DatabaseUnavailable):
            book(Book("first", cast.entretien, NINE, cast.roux, cast.diallo), ACT)
        with pytest.raises(SlotTaken):
            book(Book("another", cast.entretien, NINE, cast.roux, cast.diallo), ACT)

    def test_work_that_looks_for_no_key_must_not_claim_one(self, app: Flask, session: Session, proxy: Proxy) -> None:
        """Were every transaction tried again after a lost COMMIT, this is what would come of it."""
        proxy.cut_at("after")
        in_transaction(self.a_trade(), key="never looked for")
        assert session.scalar(sa.select(sa.func.count()).select_from(Profession)) == 2

    def test_so_it_is_not_tried_again_and_its_author_is_told_to_look(
        self, app: Flask, session: Session, proxy: Proxy
    ) -> None:
        proxy.cut_at("after")
        with pytest.raises(DatabaseUnavailable) as refusal:
            in_transaction(self.a_trade())
        assert (refusal.value.key, refusal.value.unsure) == (None, True)
        assert sentence(refusal.value).endswith("enregistrée. Vérifiez avant de recommencer.")
        assert session.scalar(sa.select(sa.func.count()).select_from(Profession)) == 1

    def test_what_never_reached_the_server_is_tried_again_anyway(self, app: Flask, session: Session) -> None:
        """The server forgets what was not committed, so nothing can come twice."""
        tries = []

        def work(inside: Session) -> None:
            inside.add(Profession(code="a", name="A"))
            inside.flush()
            tries.append(1)
            if len(tries) < 3:
                inside.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))

        in_transaction(work)
        assert (len(tries), session.scalar(sa.select(sa.func.count()).select_from(Profession))) == (3, 1)

    @staticmethod
    def a_trade() -> Callable[[Session], None]:
        codes = iter("abcd")
        return lambda inside: inside.add(Profession(code=next(codes), name="A"))


def test_a_connection_that_died_in_the_pool_is_not_noticed(app: Flask, cast: Cast, proxy: Proxy) -> None:
    usagers = add_usagers(1)
    for line in proxy.lines:
        line.cut()
    assert book(Book("k", cast.entretien, NINE, cast.roux, usagers[0]), ACT).room == "B1"
