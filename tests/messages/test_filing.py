"""Messages are filed by the booking itself: there when it stands, absent when it does not."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from booking import messages
from booking.db import in_transaction
from booking.reservations import Act, Book, Move, book, move
from booking.reservations.state import Change
from tests.builders import NOW, Cast, paris
from tests.messages.stories import act, booked, booked_by_code, cancelled, change_usager, moved, rows, told


def test_a_booking_files_a_confirmation_and_a_reminder(session: Session, cast: Cast) -> None:
    outcome = booked(cast)
    confirmation, reminder = rows(session, outcome.uid)
    assert (confirmation.kind, confirmation.state, confirmation.due_at) == ("confirmation", "waiting", NOW)
    assert (reminder.kind, reminder.state, reminder.due_at) == ("reminder", "waiting", paris("2026-11-28 09:00"))
    assert {confirmation.person_id, reminder.person_id} == {cast.diallo}
    assert confirmation.dedupe_key == f"confirmation:{outcome.uid}:0:{cast.diallo}"


def test_message_ids_are_fixed_random_and_of_the_site(session: Session, cast: Cast) -> None:
    booked(cast)
    ids = [row.message_id for row in rows(session)]
    assert len(set(ids)) == 2
    assert all(each.startswith("<") and each.endswith("@pole-social.example>") for each in ids)
    assert all(word not in each for each in ids for word in ("diallo", "entretien", "roux"))


def test_a_move_tells_the_new_date_and_moves_the_reminder(session: Session, cast: Cast) -> None:
    outcome = booked(cast)
    moved(outcome, "2026-12-02 10:00")
    assert told(session) == [
        ("confirmation", 0, "discarded", "moved"),
        ("reminder", 0, "discarded", "moved"),
        ("moved", 1, "waiting", None),
        ("reminder", 1, "waiting", None),
    ]
    assert rows(session)[-1].due_at == paris("2026-11-30 10:00")


def test_another_room_is_told_to_nobody(session: Session, cast: Cast) -> None:
    outcome = booked(cast)
    changed = move(Move("room", outcome.uid, room_id=cast.b2 if outcome.room == "B1" else cast.b1), act())
    assert changed.room != outcome.room
    assert [row.state for row in rows(session)] == ["waiting", "waiting"]


def test_a_cancellation_withdraws_what_waits(session: Session, cast: Cast) -> None:
    cancelled(booked(cast))
    assert told(session) == [
        ("confirmation", 0, "discarded", "cancelled"),
        ("reminder", 0, "discarded", "cancelled"),
        ("cancelled", 1, "waiting", None),
    ]


def test_one_appointment_does_not_disturb_the_messages_of_another(session: Session, cast: Cast) -> None:
    kept = booked(cast)
    cancelled(booked(cast, start="2026-11-30 10:00"))
    assert [row.state for row in rows(session, kept.uid)] == ["waiting", "waiting"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"contact": "none"}, "contact_none", id="asked not to be written to"),
        pytest.param({"email": None}, "no_address", id="has no address"),
    ],
)
def test_silence_is_filed_with_its_reason(
    session: Session, cast: Cast, change: dict[str, str | None], reason: str
) -> None:
    change_usager(session, cast.diallo, **change)
    booked(cast)
    assert told(session) == [("confirmation", 0, "withheld", reason), ("reminder", 0, "withheld", reason)]


def test_a_confidential_service_writes_to_nobody(session: Session, cast: Cast) -> None:
    outcome = cancelled(booked_by_code(cast))
    assert {row.state for row in rows(session, outcome.uid)} == {"withheld"}
    assert {row.reason for row in rows(session, outcome.uid)} == {"confidential"}


def test_a_booking_for_tomorrow_has_no_reminder(session: Session, cast: Cast) -> None:
    booked(cast, start="2026-11-23 09:00")
    assert told(session) == [("confirmation", 0, "waiting", None), ("reminder", 0, "withheld", "too_soon")]


def test_filing_twice_files_once(session: Session, cast: Cast) -> None:
    outcome = booked(cast)
    before = [row.message_id for row in rows(session)]
    later = NOW + timedelta(hours=1)
    in_transaction(lambda s: messages.file(s, outcome.appointment_id, "booked", [cast.diallo], later))
    assert [row.message_id for row in rows(session)] == before


def test_messages_go_away_with_a_booking_that_fails(session: Session, cast: Cast) -> None:
    def file_then_fail(session: Session, key: int, change: Change, told: Collection[int], now: datetime) -> None:
        messages.file(session, key, change, told, now)
        raise RuntimeError("after filing")

    command = Book("key", cast.entretien, paris("2026-11-30 09:00"), cast.roux, cast.diallo)
    with pytest.raises(RuntimeError):
        book(command, Act(now=NOW, origin="cli", tell=file_then_fail))
    assert rows(session) == []
