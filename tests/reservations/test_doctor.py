"""The doctor: silent on sound data, and exact about each kind of harm, whoever did it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from booking.db import db, in_transaction
from booking.reservations import (
    Book,
    Cancel,
    Move,
    RecordAttendance,
    append_only,
    book,
    cancel,
    doctor,
    move,
    record_attendance,
)
from booking.reservations.doctor import Problem
from booking.slots import guards
from tests.builders import Cast, act, paris

NINE, TEN = paris("2026-11-23 09:00"), paris("2026-11-23 10:00")


@pytest.fixture
def uids(cast: Cast) -> dict[str, str]:
    """A morning: one appointment kept, one moved, one cancelled, one by code, one by phone."""
    kept = book(Book("1", cast.entretien, NINE, cast.roux, cast.diallo), act()).uid
    moved = book(Book("2", cast.entretien, TEN, cast.roux, cast.kone), act()).uid
    move(Move("3", moved, paris("2026-11-23 11:00")), act())
    cancelled = book(Book("4", cast.consultation, TEN, cast.lenoir, cast.diallo), act()).uid
    cancel(Cancel("5", cancelled, "usager"), act())
    visitor = book(Book("6", cast.depistage, NINE, cast.petit, None), act()).uid
    call = book(Book("7", cast.appel, TEN, cast.diop, cast.diallo), act()).uid
    record_attendance(RecordAttendance("8", kept, cast.diallo, "arrived"), act(NINE))
    return {"kept": kept, "moved": moved, "cancelled": cancelled, "visitor": visitor, "call": call}


def test_sound_data_has_no_problem_and_is_left_as_it_is(app: Flask, uids: dict[str, str]) -> None:
    before = db.session.execute(sa.text("SELECT count(*), max(id) FROM occupancy")).one()
    assert doctor.examine() == []
    assert db.session.execute(sa.text("SELECT count(*), max(id) FROM occupancy")).one() == before
    assert db.session.execute(sa.text("SELECT count(*) FROM occupancy WHERE block = 'guard'")).scalar() == 0


HARM = [
    ("DELETE FROM occupancy WHERE id = (SELECT min(id) FROM occupancy)", {"occupancy"}, "an occupancy is missing"),
    (
        "UPDATE occupancy SET ends_at = ends_at + 300 WHERE id = (SELECT max(id) FROM occupancy)",
        {"occupancy"},
        "an occupancy lasts longer than its appointment",
    ),
    (
        "INSERT INTO occupancy (resource_id, starts_at, ends_at, appointment_id)"
        " SELECT resource_id, starts_at + 864000, ends_at + 864000, appointment_id FROM occupancy LIMIT 1",
        {"occupancy"},
        "an occupancy too many",
    ),
    ("UPDATE room SET reserved_for_id = 2 WHERE code = 'B1'", {"reserved_room"}, "the room was reserved afterwards"),
    ("UPDATE participation SET notice = notice + 1", {"history"}, "every message about it would be withdrawn"),
    (
        "UPDATE participation SET attendance = 'excused' WHERE attendance = 'arrived'",
        {"history", "occupancy", "seated"},
        "not who came",
    ),
    (
        "UPDATE participation SET attendance = 'seen' WHERE attendance = 'arrived'",
        {"history"},
        "nobody noted that they were seen",
    ),
    (
        "INSERT INTO told (history_id, usager_id, change, notice)"
        " SELECT history.id, usager_id, 'moved', 1 FROM history"
        " JOIN participation ON participation.appointment_id = history.appointment_id WHERE action = 'attendance'",
        {"history"},
        "they were told of a change that they do not count",
    ),
    ("DELETE FROM appointment_professional", {"history", "occupancy", "seated"}, "nobody receives any more"),
    (
        "UPDATE appointment SET cancelled_by = 'service' WHERE cancelled_by IS NOT NULL",
        {"history"},
        "not who cancelled",
    ),
    (
        "UPDATE usager SET service_id = 2 WHERE last_name = 'Koné'",
        {"namespace"},
        "hidden from the service that has them",
    ),
    (
        "UPDATE service SET confidentiality = 'confidential' WHERE id = 2",
        {"namespace"},
        "a name where codes are the rule",
    ),
    (
        "UPDATE appointment SET starts_at = created_at",
        {"history", "occupancy", "seated"},
        "it was moved without its people",
    ),
    ("DELETE FROM seated", {"seated"}, "nobody would make way any more"),
    ("UPDATE appointment SET mode = 'video' WHERE mode = 'phone'", {"history"}, "whoever was called is now filmed"),
    ("DELETE FROM changed_day", {"taken_day"}, "searches would not see what was booked since"),
    ("DELETE FROM configuration", {"configuration"}, "no revision left for the triggers to renew"),
]


@pytest.mark.parametrize(("statement", "found", "because"), HARM, ids=[row[2] for row in HARM])
def test_harm_is_found(uids: dict[str, str], statement: str, found: set[str], because: str) -> None:
    in_transaction(lambda session: session.execute(sa.text(statement)) and None)
    assert {problem.check for problem in doctor.examine()} == found, because


def test_a_problem_names_its_appointment(uids: dict[str, str]) -> None:
    def cancel_behind_the_engines_back(session: Session) -> None:
        query = "UPDATE appointment SET cancelled_at = created_at, cancelled_by = 'usager' WHERE uid = :uid"
        session.execute(sa.text(query), {"uid": uids["kept"]})

    in_transaction(cancel_behind_the_engines_back)
    about = f"appointment {uids['kept']}"
    assert doctor.examine() == [Problem("occupancy", about), Problem("history", about)]


@pytest.mark.parametrize(
    "lost",
    [
        pytest.param(["told"], id="nothing says what they were told"),
        pytest.param(["told", "history"], id="nothing says how it came about"),
    ],
)
def test_a_lost_history_is_found(uids: dict[str, str], lost: list[str]) -> None:
    """Only where the triggers that keep it were taken away."""
    with db.engine.begin() as connection:
        append_only.uninstall(connection)
        for table in lost:
            connection.execute(sa.text(f"DELETE FROM {table}"))  # noqa: S608 (our own names)
        append_only.install(connection)
    assert doctor.examine() == [Problem("history", f"appointment {uid}") for uid in uids.values()]


def without_guard(work: Callable[[sa.Connection], None]) -> None:
    """Do something while the guard is away, then bring it back if it will come."""
    with db.engine.begin() as connection:
        guards.uninstall(connection)
        work(connection)


def test_overlaps_are_found_by_reading_too(uids: dict[str, str]) -> None:
    def double(connection: sa.Connection) -> None:
        rows = "SELECT resource_id, starts_at, ends_at, appointment_id FROM occupancy WHERE appointment_id = 1"
        connection.execute(sa.text(f"INSERT INTO occupancy (resource_id, starts_at, ends_at, appointment_id) {rows}"))

    without_guard(double)
    found = doctor.examine()
    assert {problem.check for problem in found} == {"guard", "overlap"}
    assert len([problem for problem in found if problem.check == "overlap"]) == 3
    with db.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM occupancy"))
        guards.install(connection)


def test_a_long_span_is_compared_with_all_that_it_covers(cast: Cast) -> None:
    def nest(connection: sa.Connection) -> None:
        for start, end in ((0, 3600), (300, 600), (900, 1200)):
            values = {"id": cast.b1, "start": start, "end": end}
            connection.execute(
                sa.text(
                    "INSERT INTO occupancy (resource_id, starts_at, ends_at, block) VALUES (:id, :start, :end, 'test')"
                ),
                values,
            )

    without_guard(nest)
    assert len([problem for problem in doctor.examine() if problem.check == "overlap"]) == 2
    with db.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM occupancy"))
        guards.install(connection)


def test_checks_of_the_edges_are_run_too(app: Flask) -> None:
    mine = Problem("mine", "something")
    assert doctor.examine([lambda _session: [mine]]) == [mine]
