"""What doctor asks of messages: exactly those that follow from what was told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking import messages
from booking.db import db
from booking.notify.models import OutboxMessage
from tests.builders import NOW, Cast, add_usagers
from tests.messages.stories import booked, booked_by_code, cancelled, joined, left, moved, rows, told

A_YEAR_LATER = NOW + timedelta(days=8 + 366)


def problems(session: Session) -> list[str]:
    session.rollback()
    return [problem.about for problem in messages.audit(session, NOW)]


def lose(session: Session, *which: sa.ColumnElement[bool]) -> None:
    session.execute(sa.delete(OutboxMessage).where(*which))
    session.commit()


def test_all_is_well_after_every_sort_of_change(session: Session, cast: Cast) -> None:
    booked(cast)
    booked_by_code(cast)
    cancelled(moved(booked(cast, start="2026-12-01 09:00"), "2026-12-02 09:00"))
    moved(booked(cast, usager=cast.kone, start="2026-12-01 10:00"), "2026-12-02 10:00")
    assert problems(session) == []


@pytest.mark.parametrize("kind", ["confirmation", "reminder", "moved", "cancelled"])
def test_a_lost_message_is_missed(session: Session, cast: Cast, kind: str) -> None:
    outcome = cancelled(moved(booked(cast), "2026-12-02 09:00"))
    lost = [row for row in rows(session) if row.kind == kind][-1]
    lose(session, OutboxMessage.id == lost.id)
    assert problems(session) == [f"missing {kind}:{outcome.uid}:{lost.notice}:{cast.diallo}"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"about": "nobody-knows-it"}, id="about no appointment"),
        pytest.param({"notice": 7}, id="about a change that never was"),
        pytest.param({"kind": "cancelled"}, id="of a kind that the change does not call for"),
        pytest.param({"dedupe_key": "confirmation:twice"}, id="under a key that would let it be filed again"),
    ],
)
def test_a_stray_message_is_found(session: Session, cast: Cast, change: dict[str, str | int]) -> None:
    booked(cast)
    session.execute(sa.update(OutboxMessage).where(OutboxMessage.kind == "reminder").values(change))
    session.commit()
    assert any(about.startswith("unexpected ") for about in problems(session))


def test_a_message_to_somebody_who_does_not_take_part_is_found(session: Session, cast: Cast) -> None:
    outcome = booked(cast)
    key = f"reminder:{outcome.uid}:0:{cast.kone}"
    reminder = OutboxMessage.kind == "reminder"
    session.execute(sa.update(OutboxMessage).where(reminder).values(person_id=cast.kone, dedupe_key=key))
    session.commit()
    assert f"unexpected {key}" in problems(session)


@pytest.mark.parametrize("state", ["discarded", "withheld"])
@pytest.mark.parametrize("reason", ["moved", "cancelled", "confidential"])
def test_a_reason_that_the_appointment_contradicts_is_found(
    session: Session, cast: Cast, state: str, reason: str
) -> None:
    """Nobody would be told, and the row would look as if that were right."""
    outcome = booked(cast)
    confirmation = OutboxMessage.kind == "confirmation"
    session.execute(sa.update(OutboxMessage).where(confirmation).values(state=state, reason=reason))
    session.commit()
    assert problems(session) == [f"unjustified confirmation:{outcome.uid}:0:{cast.diallo}"]


@pytest.mark.parametrize("reason", ["moved", "cancelled"])
def test_the_news_of_a_cancellation_is_not_withdrawn_by_it(session: Session, cast: Cast, reason: str) -> None:
    outcome = cancelled(booked(cast))
    news = OutboxMessage.kind == "cancelled"
    session.execute(sa.update(OutboxMessage).where(news).values(state="discarded", reason=reason))
    session.commit()
    assert problems(session) == [f"unjustified cancelled:{outcome.uid}:1:{cast.diallo}"]


def test_somebody_else_who_left_is_no_reason(session: Session, cast: Cast) -> None:
    (sacha,) = add_usagers(1)
    outcome = left(joined(booked(cast), sacha), sacha)
    session.execute(sa.update(OutboxMessage).values(state="discarded", reason="cancelled"))
    session.commit()
    assert problems(session) == [
        f"unjustified confirmation:{outcome.uid}:0:{cast.diallo}",
        f"unjustified reminder:{outcome.uid}:0:{cast.diallo}",
        f"unjustified cancelled:{outcome.uid}:1:{sacha}",
    ]


def statements(work: Callable[[], object]) -> list[str]:
    """What the database was asked meanwhile."""
    asked: list[str] = []

    def note(*event: Any) -> None:
        asked.append(event[2])

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)
    return asked


def test_many_appointments_are_judged_in_as_many_statements_as_one(session: Session, cast: Cast) -> None:
    """Reconciling runs every hour, while reception books."""
    counts = []
    for starts in (["09:00"], ["09:30", "10:00", "10:30", "11:00"]):
        for start in starts:
            booked(cast, start=f"2026-11-30 {start}")
        lose(session)
        counts += [[len(statements(lambda: problems(session))), len(statements(lambda: messages.reconcile(NOW)))]]
    assert len(rows(session)) == 10
    assert counts[0] == counts[1]


def test_reconciling_files_what_is_missing_once(session: Session, cast: Cast) -> None:
    booked(cast)
    lose(session)
    assert messages.reconcile(NOW) == 2
    assert told(session) == [("confirmation", 0, "waiting", None), ("reminder", 0, "waiting", None)]
    assert messages.reconcile(NOW) == 0
    assert problems(session) == []


def test_what_was_overtaken_is_filed_as_such(session: Session, cast: Cast) -> None:
    cancelled(moved(booked(cast), "2026-12-02 09:00"))
    lose(session, OutboxMessage.kind != "cancelled")
    assert messages.reconcile(NOW) == 4
    assert {(state, reason) for _, _, state, reason in told(session)[1:]} == {("withheld", "cancelled")}


def test_messages_are_forgotten_a_year_after_the_appointment(session: Session, cast: Cast) -> None:
    booked(cast)
    assert messages.prune(NOW) == 0
    assert messages.prune(A_YEAR_LATER) == 2
    session.rollback()
    assert list(messages.audit(session, A_YEAR_LATER)) == []
    assert messages.reconcile(A_YEAR_LATER) == 0
