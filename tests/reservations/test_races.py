"""No double booking: shown on real threads and connections, and shown to need its protections."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask

from booking import create_app
from booking.db import db
from booking.errors import SlotTaken
from booking.reservations import Book, Cancel, Move, book, cancel, doctor, move
from booking.reservations import booking as booking_module
from booking.reservations import rooming as rooming_module
from booking.reservations.models import Appointment
from booking.slots import guards
from booking.slots.availability import Verdict
from booking.slots.models import Occupancy
from tests.builders import Cast, act, add_professionals, add_rooms, add_usagers, paris
from tests.reservations.racing import overlaps, race

CLIENTS = 16
ROUNDS = 20
RACERS = 4
NINE = paris("2026-11-23 09:00")


def starts(count: int) -> list[str]:
    """The first half-hours of Mme Roux, from Monday on."""
    hours = [f"{hour:02}:{minute:02}" for hour in (9, 10, 11, 14, 15, 16) for minute in (0, 30)]
    return [f"2026-11-{23 + n // len(hours)} {hours[n % len(hours)]}" for n in range(count)]


def rivals(cast: Cast, start: str, usagers: list[int]) -> list[partial[object]]:
    """One booking of the same slot for each usager."""
    command = [Book(f"{start}-{usager}", cast.entretien, paris(start), cast.roux, usager) for usager in usagers]
    return [partial(book, one, act()) for one in command]


def test_of_16_bookings_of_one_slot_exactly_one_succeeds(app: Flask, cast: Cast) -> None:
    usagers = add_usagers(CLIENTS)
    for start in starts(ROUNDS):
        assert race(app, rivals(cast, start, usagers)) == {"ok": 1, "SlotTaken": CLIENTS - 1}
    assert overlaps() == 0
    assert doctor.examine() == []


def test_16_bookings_for_16_professionals_with_16_free_rooms_all_succeed(app: Flask, cast: Cast) -> None:
    add_rooms(cast, CLIENTS - 2)
    professionals, usagers = add_professionals(cast, CLIENTS), add_usagers(CLIENTS)
    for start in starts(ROUNDS):
        pairs = zip(professionals, usagers, strict=True)
        commands = [Book(f"{start}-{who}", cast.entretien, paris(start), who, usager) for who, usager in pairs]
        assert race(app, [partial(book, command, act()) for command in commands]) == {"ok": CLIENTS}
    assert overlaps() == 0
    assert doctor.examine() == []


def test_bookings_for_many_professionals_share_too_few_rooms(app: Flask, cast: Cast) -> None:
    professionals, usagers = add_professionals(cast, CLIENTS), add_usagers(CLIENTS)
    pairs = zip(professionals, usagers, strict=True)
    commands = [Book(f"k{who}", cast.entretien, NINE, who, usager) for who, usager in pairs]
    assert race(app, [partial(book, command, act()) for command in commands]) == {
        "ok": 2,
        "SlotTaken": CLIENTS - 2,
    }
    assert overlaps() == 0


def test_one_usager_is_booked_once_at_a_time(app: Flask, cast: Cast) -> None:
    add_rooms(cast, CLIENTS - 2)
    professionals = add_professionals(cast, CLIENTS)
    commands = [Book(f"k{who}", cast.entretien, NINE, who, cast.diallo) for who in professionals]
    assert race(app, [partial(book, command, act()) for command in commands]) == {
        "ok": 1,
        "SlotTaken": CLIENTS - 1,
    }


def test_one_key_sent_16_times_at_once_books_once(app: Flask, cast: Cast) -> None:
    command = Book("same", cast.entretien, NINE, cast.roux, cast.diallo)
    assert race(app, [partial(book, command, act())] * CLIENTS) == {"ok": CLIENTS}
    count = sa.select(sa.func.count()).select_from(Appointment)
    assert db.session.execute(count).scalar_one() == 1


def test_moves_to_one_slot_leave_one_winner(app: Flask, cast: Cast) -> None:
    usagers = add_usagers(8)
    booked = [
        book(Book(f"b{n}", cast.entretien, paris(start), cast.roux, usager), act())
        for n, (start, usager) in enumerate(zip(starts(9)[1:], usagers, strict=True))
    ]
    commands = [Move(f"m{n}", outcome.uid, NINE) for n, outcome in enumerate(booked)]
    assert race(app, [partial(move, command, act()) for command in commands]) == {"ok": 1, "SlotTaken": 7}
    assert overlaps() == 0
    assert doctor.examine() == []


def test_a_move_and_a_cancel_of_one_appointment_come_one_after_the_other(app: Flask, cast: Cast) -> None:
    for start in starts(ROUNDS):
        uid = book(Book(start, cast.entretien, paris(start), cast.roux, cast.diallo), act()).uid
        to = paris("2026-12-01 09:00")
        pair = [
            partial(move, Move(f"m{start}", uid, to), act()),
            partial(cancel, Cancel(f"c{start}", uid, "usager"), act()),
        ]
        outcomes = race(app, pair)
        assert outcomes in ({"ok": 2}, {"ok": 1, "AppointmentClosed": 1})
        assert doctor.examine() == []


@contextmanager
def unprotected(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The same engine and database without our locks, our BEGIN and the guard: SQLAlchemy as it ships."""
    with db.engine.begin() as connection:
        guards.uninstall(connection)
    with monkeypatch.context() as patch:
        patch.setattr(booking_module, "lock_people", lambda *_: None)
        patch.setattr(rooming_module, "lock", lambda *_: None)
        patch.setattr("booking.sqlite.turn", lambda _engine: nullcontext())
        patch.setattr("booking.prepare", lambda _engine: None)
        patch.setattr(booking_module.asking, "granted", meeting_after(booking_module.asking.granted, RACERS))
        bare = create_app(app.extensions["booking"])
        yield bare
        with bare.app_context():
            db.engine.dispose()
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(sa.delete(Occupancy))
        guards.install(connection)


def meeting_after(check: Callable[..., Verdict], parties: int) -> Callable[..., Verdict]:
    """The same check, after which the racers wait for each other, as they would on a slow machine."""
    meeting = threading.Barrier(parties)

    def checked(*arguments: object) -> Verdict:
        verdict = check(*arguments)
        with suppress(threading.BrokenBarrierError):
            meeting.wait(timeout=5)
        return verdict

    return checked


def test_without_the_locks_and_the_guard_overlaps_appear(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_rooms(cast, RACERS)
    usagers = add_usagers(RACERS)
    with unprotected(app, monkeypatch) as bare:
        outcomes = race(bare, rivals(cast, "2026-11-23 09:00", usagers))
        assert outcomes["ok"] > 1
        assert overlaps() > 0
        assert {problem.check for problem in doctor.examine()} >= {"guard", "overlap"}


def test_the_guard_alone_still_refuses(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    usagers = add_usagers(CLIENTS)
    monkeypatch.setattr(booking_module, "lock_people", lambda *_: None)
    outcomes = race(app, rivals(cast, "2026-11-23 09:00", usagers))
    assert outcomes["ok"] == 1
    assert overlaps() == 0


def test_the_engine_turns_a_refusal_of_the_guard_into_a_taken_slot(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    book(Book("a", cast.entretien, NINE, cast.roux, cast.diallo), act())
    monkeypatch.setattr(booking_module.asking, "granted", lambda *_: Verdict(None, cast.site, (cast.b2,)))
    with pytest.raises(SlotTaken):
        book(Book("b", cast.entretien, NINE, cast.roux, cast.kone), act())
    assert overlaps() == 0


def test_expired_snapshots_are_not_trusted(app: Flask, cast: Cast) -> None:
    """A session that read before does not decide on what it saw then."""
    db.session.execute(sa.text("SELECT count(*) FROM occupancy")).scalar()
    in_other_thread = race(app, [partial(book, Book("a", cast.entretien, NINE, cast.roux, cast.kone), act())])
    assert in_other_thread == {"ok": 1}
    with pytest.raises(SlotTaken):
        book(Book("b", cast.entretien, NINE, cast.roux, cast.diallo), act())
    assert overlaps() == 0
