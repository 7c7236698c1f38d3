"""Whom nobody could write to about a change: they are called, and somebody says so."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.errors import NotFound
from booking.messages import audit, calls
from booking.messages.calls import Call, Person
from booking.notify.models import OutboxMessage
from booking.people.models import Usager
from booking.reservations import Book, Cancel, Outcome, Restore, book, cancel, restore
from tests.builders import NOW, Cast, paris, set_on
from tests.messages.stories import START, act, booked, booked_by_code, moved, rows

LATER = "2026-12-02 10:00"


def to_call(session: Session, now: datetime = NOW) -> list[Call]:
    session.rollback()
    return calls.to_call(session, now)


def cancelled(outcome: Outcome) -> None:
    cancel(Cancel(f"cancel {outcome.uid}", outcome.uid, "service"), act())


def failed(session: Session, uid: str, kind: str) -> int:
    """Make a message one that the server refused for good; return its key."""
    key = session.scalars(
        sa.select(OutboxMessage.id)
        .where(OutboxMessage.about == uid, OutboxMessage.kind == kind)
        .order_by(OutboxMessage.id.desc())
    ).first()
    assert key is not None
    session.rollback()
    set_on(OutboxMessage, key, state="failed", reason="refused")
    return key


def test_who_is_not_to_be_written_to_is_called_about_a_move(session: Session, cast: Cast) -> None:
    """« Ne pas écrire » is not « ne pas appeler »."""
    outcome = booked(cast, cast.kone)
    set_on(Usager, cast.kone, phone="+33639980102")
    moved(outcome, LATER)
    (call,) = to_call(session)
    assert (call.kind, call.uid, call.who, call.phone) == ("moved", outcome.uid, "KONÉ Aminata", "+33639980102")
    assert (call.was, call.start, call.reason) == (paris(START), paris(LATER), "contact_none")
    assert (call.called_at, call.called_by) == (None, None)


def test_a_first_booking_and_a_reminder_call_nobody(session: Session, cast: Cast) -> None:
    """They were at the counter, or on the phone."""
    outcome = booked(cast, cast.kone)
    failed(session, outcome.uid, "reminder")
    assert to_call(session) == []


def test_whoever_a_mail_reaches_is_not_called(session: Session, cast: Cast) -> None:
    moved(booked(cast), LATER)
    assert to_call(session) == []


def test_a_mail_refused_for_good_is_a_call(session: Session, cast: Cast) -> None:
    outcome = booked(cast)
    cancelled(outcome)
    failed(session, outcome.uid, "cancelled")
    (call,) = to_call(session)
    assert (call.kind, call.reason, call.was, call.start) == ("cancelled", "refused", None, paris(START))


def test_an_address_that_went_since_is_a_call(session: Session, cast: Cast) -> None:
    """The message was withdrawn when it was to be sent."""
    outcome = booked(cast)
    moved(outcome, LATER)
    key = failed(session, outcome.uid, "moved")
    set_on(OutboxMessage, key, state="discarded", reason="no_address")
    assert [call.reason for call in to_call(session)] == ["no_address"]


class TestWhatTheyKnow:
    """« was » is what they were told last: nobody knows of an hour that nobody told them."""

    def test_moved_again_before_anybody_called(self, session: Session, cast: Cast) -> None:
        outcome = booked(cast, cast.kone)
        moved(outcome, "2026-12-01 10:00")
        moved(outcome, LATER)
        assert [(call.was, call.start) for call in to_call(session)] == [(paris(START), paris(LATER))]

    def test_moved_again_after_a_call(self, session: Session, cast: Cast) -> None:
        outcome = booked(cast, cast.kone)
        moved(outcome, "2026-12-01 10:00")
        calls.note_call(to_call(session)[0].message, cast.amina, NOW)
        moved(outcome, LATER)
        assert [call.was for call in to_call(session)] == [paris("2026-12-01 10:00")]
        calls.note_call(to_call(session)[0].message, cast.amina, NOW)
        assert [call.was for call in calls.called(session, NOW)] == [paris("2026-12-01 10:00")]

    @pytest.mark.parametrize(("state", "was"), [("sent", "2026-12-01 10:00"), ("failed", START)])
    def test_moved_again_after_a_mail(self, session: Session, cast: Cast, state: str, was: str) -> None:
        outcome = booked(cast)
        moved(outcome, "2026-12-01 10:00")
        set_on(OutboxMessage, failed(session, outcome.uid, "moved"), state=state)
        moved(outcome, LATER)
        failed(session, outcome.uid, "moved")
        assert [call.was for call in to_call(session)] == [paris(was)]

    def test_a_reminder_is_not_what_told_them_of_the_move(self, session: Session, cast: Cast) -> None:
        """It was of the hour before."""
        outcome = booked(cast)
        moved(outcome, "2026-12-01 10:00")
        failed(session, outcome.uid, "moved")
        session.rollback()
        moved(outcome, LATER)
        failed(session, outcome.uid, "moved")
        set_on(OutboxMessage, failed(session, outcome.uid, "reminder"), state="sent", reason=None)
        assert [call.was for call in to_call(session)] == [paris(START)]


def test_who_called_it_off_is_not_called_back(session: Session, cast: Cast) -> None:
    outcome = booked(cast, cast.kone)
    cancel(Cancel("c", outcome.uid, "usager"), act())
    assert to_call(session) == []


def test_what_was_overtaken_is_said_once(session: Session, cast: Cast) -> None:
    outcome = booked(cast, cast.kone)
    moved(outcome, LATER)
    moved(outcome, "2026-12-03 10:00")
    cancelled(outcome)
    assert [call.kind for call in to_call(session)] == ["cancelled"]


def test_a_cancellation_taken_back_is_a_call(session: Session, cast: Cast) -> None:
    outcome = booked(cast, cast.kone)
    cancelled(outcome)
    restore(Restore("back", outcome.uid), act())
    (call,) = to_call(session)
    assert (call.kind, call.was, call.start) == ("confirmation", None, paris(START))


def test_what_is_past_calls_nobody_any_more(session: Session, cast: Cast) -> None:
    cancelled(booked(cast, cast.kone))
    start = paris(START)
    assert len(to_call(session, start - timedelta(minutes=5))) == 1
    assert to_call(session, start) == []


def test_the_next_appointment_comes_first(session: Session, cast: Cast) -> None:
    later, sooner = booked(cast, cast.kone, "2026-12-01 09:00"), booked(cast, cast.kone)
    cancelled(later)
    cancelled(sooner)
    assert [call.uid for call in to_call(session)] == [sooner.uid, later.uid]


def test_a_confidential_service_shows_a_code_and_no_name(session: Session, cast: Cast) -> None:
    outcome = booked_by_code(cast)
    cancel(Cancel("c", outcome.uid, "service"), act())
    code = session.scalar(sa.select(Usager.code).where(Usager.code.is_not(None)))
    (call,) = to_call(session)
    assert (call.who, call.phone, call.reason) == (code, None, "confidential")


class TestNoting:
    @pytest.fixture
    def message(self, session: Session, cast: Cast) -> int:
        cancelled(booked(cast, cast.kone))
        return to_call(session)[0].message

    def test_a_call_is_signed_and_dated(self, session: Session, cast: Cast, message: int) -> None:
        calls.note_call(message, cast.amina, NOW)
        assert to_call(session) == []
        (call,) = calls.called(session, NOW)
        assert (call.message, call.called_at, call.called_by) == (message, NOW, "Amina")

    def test_again_changes_nothing(self, session: Session, cast: Cast, message: int) -> None:
        calls.note_call(message, cast.amina, NOW)
        calls.note_call(message, None, NOW + timedelta(hours=1))
        (call,) = calls.called(session, NOW + timedelta(hours=1))
        assert (call.called_at, call.called_by) == (NOW, "Amina")

    def test_it_can_be_taken_back(self, session: Session, cast: Cast, message: int) -> None:
        calls.note_call(message, None, NOW)
        calls.take_back(message)
        calls.take_back(message)
        assert [call.message for call in to_call(session)] == [message]
        assert calls.called(session, NOW) == []

    def test_a_call_is_seen_for_a_day(self, session: Session, cast: Cast, message: int) -> None:
        calls.note_call(message, cast.amina, NOW)
        assert calls.called(session, NOW + timedelta(hours=23, minutes=59))
        assert calls.called(session, NOW + timedelta(hours=24)) == []

    def test_what_needs_no_call_is_unknown(self, session: Session, cast: Cast) -> None:
        sent = rows(session, booked(cast).uid)[0].id
        session.rollback()
        for key in (sent, 999_999, 0, 10**12):
            with pytest.raises(NotFound):
                calls.note_call(key, cast.amina, NOW)
            with pytest.raises(NotFound):
                calls.take_back(key)

    def test_the_audit_has_nothing_to_say(self, session: Session, cast: Cast, message: int) -> None:
        calls.note_call(message, cast.amina, NOW)
        session.rollback()
        assert in_transaction(lambda inside: list(audit(inside, NOW))) == []


def test_how_each_would_be_reached(session: Session, cast: Cast) -> None:
    family = book(Book("f", cast.entretien, paris(START), cast.roux, cast.diallo, family=(cast.kone,)), act())
    coded = booked_by_code(cast)
    session.rollback()
    found = calls.reach(session, [family.uid, coded.uid])
    assert found[family.uid] == [
        Person(cast.diallo, "DIALLO Amadou", None),
        Person(cast.kone, "KONÉ Aminata", "contact_none"),
    ]
    code = session.scalar(sa.select(Usager.code).where(Usager.code.is_not(None)))
    assert [(each.who, each.silence) for each in found[coded.uid]] == [(code, "confidential")]
