"""The outbox gives each message to one worker at a time, and loses none."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from booking.db import db, in_transaction
from booking.notify import outbox
from booking.notify.outbox import LEASE, Outcome
from tests.builders import NOW, Cast
from tests.notify.letters import claimed, draft, filed, row, states

SENT = Outcome("sent", attempts=1)


def recorded(message: outbox.Message, outcome: Outcome = SENT) -> bool:
    return in_transaction(lambda session: outbox.record(session, message, outcome, NOW))


def test_the_same_message_is_filed_once(session: Session, cast: Cast) -> None:
    assert in_transaction(lambda s: outbox.file(s, [draft(cast)], NOW)) == 1
    again = draft(cast, after=30)
    assert in_transaction(lambda s: outbox.file(s, [again], NOW)) == 0
    assert row(session).due_at == NOW


def test_message_ids_say_nothing_and_never_repeat() -> None:
    ids = {outbox.new_message_id("pole-social.example") for _ in range(100)}
    assert len(ids) == 100
    assert all(len(each) == len("<>@pole-social.example") + 32 for each in ids)


def test_the_oldest_that_is_due_comes_first(cast: Cast) -> None:
    filed(draft(cast, "later", after=-1), draft(cast, "first", after=-2), draft(cast, "tomorrow", after=1440))
    assert [message.about for message in claimed(limit=10)] == ["first", "later"]
    assert claimed(limit=10) == []


def test_nothing_is_due_before_its_time(session: Session, cast: Cast) -> None:
    filed(draft(cast, after=1))
    assert outbox.is_due(session, NOW) is False
    assert outbox.is_due(session, NOW + timedelta(minutes=1)) is True


def test_what_is_withheld_is_never_given_out(session: Session, cast: Cast) -> None:
    withheld = outbox.Draft(
        kind="confirmation",
        about="a",
        person_id=cast.diallo,
        notice=0,
        message_id="<a@pole-social.example>",
        due_at=NOW,
        withheld="contact_none",
    )
    filed(withheld)
    assert outbox.is_due(session, NOW + timedelta(days=30)) is False
    assert claimed(NOW + timedelta(days=30)) == []


def test_a_lease_keeps_others_away_until_it_ends(session: Session, cast: Cast) -> None:
    filed(draft(cast))
    (message,) = claimed()
    assert row(session).state == "sending"
    assert claimed(NOW + LEASE - timedelta(seconds=1)) == []
    (again,) = claimed(NOW + LEASE)
    assert (again.id, again.message_id) == (message.id, message.message_id)


def test_whoever_lost_the_lease_records_nothing(session: Session, cast: Cast) -> None:
    filed(draft(cast))
    (late,) = claimed()
    (new,) = claimed(NOW + LEASE)
    assert recorded(late, Outcome("failed", "refused")) is False
    assert row(session).state == "sending"
    assert recorded(new) is True
    assert recorded(new) is False, "once is enough"
    assert (row(session).state, row(session).sent_at) == ("sent", NOW)


def test_discarding_withdraws_what_waits_and_nothing_else(session: Session, cast: Cast) -> None:
    neighbour = replace(draft(cast, kind="cancelled"), person_id=cast.kone)
    filed(draft(cast), draft(cast, kind="reminder"), neighbour, draft(cast, "other"))
    (sending,) = claimed()
    withdrawn = in_transaction(lambda s: outbox.discard(s, "a", [cast.diallo], "cancelled"))
    assert withdrawn == 1
    found = {(row.about, row.kind): (row.state, row.reason) for row in outbox.newest(session)}
    assert found == {
        ("a", "confirmation"): ("sending", None),
        ("a", "reminder"): ("discarded", "cancelled"),
        ("a", "cancelled"): ("waiting", None),
        ("other", "confirmation"): ("waiting", None),
    }
    assert sending.kind == "confirmation"


def test_what_became_of_messages_can_be_read(session: Session, cast: Cast) -> None:
    filed(draft(cast), draft(cast, kind="reminder"), draft(cast, "other"))
    recorded(claimed()[0])
    session.rollback()
    assert [row.kind for row in outbox.messages_about(session, "a")] == ["confirmation", "reminder"]
    assert [row.about for row in outbox.newest(session, limit=1)] == ["other"]
    assert [row.state for row in outbox.newest(session, state="sent")] == ["sent"]


def together(app: Flask, work: Callable[[], None], workers: int) -> None:
    """Run the same work in several threads that start at one instant, each with a session of its own."""
    ready = threading.Barrier(workers)

    def run() -> None:
        with app.app_context():
            ready.wait()
            work()

    threads = [threading.Thread(target=run) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_at_once_never_get_the_same_message(app: Flask, session: Session, cast: Cast, workers: int) -> None:
    filed(*(draft(cast, f"m{number}") for number in range(40)))
    given: list[str] = []

    def work() -> None:
        # On PostgreSQL a worker may find every row locked by the others for an instant: it looks again.
        while outbox.is_due(db.session(), NOW):
            given.extend(message.about for message in claimed(limit=3))

    together(app, work, workers)
    assert sorted(given) == sorted(states(session))
