"""Delivery over a real SMTP server: at least once, never lost, and nobody waits for somebody else's fault."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import exc
from sqlalchemy.orm import Session

from booking.config import Smtp
from booking.db import db
from booking.notify import Discard, Report, deliver_due, mailer
from booking.notify.models import OutboxMessage
from booking.notify.outbox import LEASE, Message
from tests.builders import NOW, Cast
from tests.notify.letters import compose, draft, filed, row, states
from tests.notify.postman import HANG_UP, Postman, free_port

Send = Callable[[EmailMessage], None]


def by(postman: Postman) -> Send:
    return lambda mail: mailer.send(postman.address, mail)


def refused_connection() -> Send:
    nowhere = Smtp(host="127.0.0.1", port=free_port(), user=None, password=None, implicit_tls=False)
    return lambda mail: mailer.send(nowhere, mail)


# The lease runs from the claim itself, which is an instant after NOW.
LEASE_OVER = NOW + LEASE + timedelta(seconds=30)


class Killed(BaseException):
    """The worker dies here."""


def test_what_is_due_is_sent_and_recorded(session: Session, cast: Cast, postman: Postman) -> None:
    filed(draft(cast, "a"), draft(cast, "b"), draft(cast, "tomorrow", after=1440))
    assert deliver_due(NOW, compose=compose, send=by(postman)) == Report(sent=2)
    assert postman.ids == ["<a-confirmation@pole-social.example>", "<b-confirmation@pole-social.example>"]
    assert states(session) == {"a": ("sent", None), "b": ("sent", None), "tomorrow": ("waiting", None)}
    assert (row(session).sent_at, row(session).attempts) == (NOW, 1)
    assert deliver_due(NOW, compose=compose, send=by(postman)) == Report()


def test_the_limit_and_a_stop_leave_the_rest_for_later(session: Session, cast: Cast, postman: Postman) -> None:
    filed(*(draft(cast, name) for name in "abc"))
    assert deliver_due(NOW, compose=compose, send=by(postman), limit=1) == Report(sent=1)
    stopped = lambda: len(postman.received) == 2  # noqa: E731 (a name for what is asked)
    assert deliver_due(NOW, compose=compose, send=by(postman), stopped=stopped) == Report(sent=1)
    assert states(session)["c"] == ("waiting", None)


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({"at_recipient": {"a@exemple.example": "550 No such user"}}, id="refused as recipient"),
        pytest.param({"at_data": {"a@exemple.example": "554 Rejected"}}, id="refused after the text"),
    ],
)
def test_a_refused_address_fails_at_once_and_alone(
    session: Session, cast: Cast, postman: Postman, answers: dict[str, dict[str, str]]
) -> None:
    vars(postman).update(answers)
    filed(draft(cast, "a"), draft(cast, "b"))
    assert deliver_due(NOW, compose=compose, send=by(postman)) == Report(sent=1, failed=1)
    assert states(session) == {"a": ("failed", "refused"), "b": ("sent", None)}
    assert deliver_due(NOW + timedelta(days=9), compose=compose, send=by(postman)) == Report()


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({"at_recipient": {"a@exemple.example": "451 Greylisted"}}, id="put off as recipient"),
        pytest.param({"at_data": {"a@exemple.example": "452 Mailbox full"}}, id="put off after the text"),
    ],
)
def test_a_deferred_address_is_tried_again_and_the_others_pass(
    session: Session, cast: Cast, postman: Postman, answers: dict[str, dict[str, str]]
) -> None:
    vars(postman).update(answers)
    filed(draft(cast, "a"), draft(cast, "b"))
    assert deliver_due(NOW, compose=compose, send=by(postman)) == Report(sent=1, waiting=1)
    assert states(session)["a"] == ("waiting", "unreachable")
    vars(postman).update({name: {} for name in answers})
    assert deliver_due(NOW + timedelta(seconds=59), compose=compose, send=by(postman)) == Report()
    assert deliver_due(NOW + timedelta(minutes=2), compose=compose, send=by(postman)) == Report(sent=1)
    assert (row(session).state, row(session).reason) == ("sent", None)


@pytest.mark.parametrize("fault", ["no server", "hangs up", "refuses us"])
def test_a_lost_server_costs_one_try_and_no_message(session: Session, cast: Cast, postman: Postman, fault: str) -> None:
    filed(draft(cast, "a"), draft(cast, "b"))
    if fault == "hangs up":
        postman.at_data["a@exemple.example"] = HANG_UP
    if fault == "refuses us":
        postman.at_sender = "530 Authentication required"
    broken = refused_connection() if fault == "no server" else by(postman)
    assert deliver_due(NOW, compose=compose, send=broken) == Report(waiting=1)
    assert states(session) == {"a": ("waiting", "unreachable"), "b": ("waiting", None)}
    postman.at_data.clear()
    postman.at_sender = "250 OK"
    assert deliver_due(NOW + timedelta(minutes=2), compose=compose, send=by(postman)) == Report(sent=2)


def test_after_two_days_it_is_for_a_person_to_call(session: Session, cast: Cast) -> None:
    filed(draft(cast))
    now, unreachable = NOW, refused_connection()
    while row(session).state == "waiting":
        now = row(session).due_at
        deliver_due(now, compose=compose, send=unreachable)
    assert (row(session).state, row(session).reason) == ("failed", "unreachable")
    assert timedelta(hours=48) <= now - NOW <= timedelta(hours=61)


def test_what_no_longer_makes_sense_is_not_sent(session: Session, cast: Cast, postman: Postman) -> None:
    filed(draft(cast))
    report = deliver_due(NOW, compose=lambda *_: Discard("moved"), send=by(postman))
    assert report == Report(discarded=1)
    assert states(session) == {"a": ("discarded", "moved")}
    assert postman.tried == []


def test_a_text_that_cannot_be_written_dies_after_three_tries(
    session: Session, cast: Cast, postman: Postman, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(session: Session, message: Message, now: datetime) -> EmailMessage:
        if message.about == "a":
            raise KeyError("amadou.diallo@exemple.example")
        return compose(session, message, now)

    filed(draft(cast, "a"), draft(cast, "b"))
    assert deliver_due(NOW, compose=broken, send=by(postman)) == Report(sent=1, waiting=1)
    assert deliver_due(NOW + timedelta(hours=1), compose=broken, send=by(postman)) == Report(waiting=1)
    assert deliver_due(NOW + timedelta(hours=2), compose=broken, send=by(postman)) == Report(failed=1)
    assert states(session) == {"a": ("failed", "template"), "b": ("sent", None)}
    assert "KeyError" in caplog.text
    assert "diallo" not in caplog.text, "what went wrong may name a person"


def test_tries_count_by_reason(session: Session, cast: Cast) -> None:
    """Two tries against a lost server must not shorten what a text is given."""
    filed(draft(cast))
    for hours in (0, 1, 2):
        deliver_due(NOW + timedelta(hours=hours), compose=compose, send=refused_connection())
    assert row(session).attempts == 3

    def broken(session: Session, message: Message, now: datetime) -> EmailMessage:
        raise KeyError

    deliver_due(NOW + timedelta(hours=3), compose=broken, send=refused_connection())
    assert (row(session).state, row(session).reason, row(session).attempts) == ("waiting", "template", 1)


def test_a_database_error_is_nobodys_fault(session: Session, cast: Cast) -> None:
    def without_database(session: Session, message: Message, now: datetime) -> EmailMessage:
        raise exc.OperationalError("select", {}, Exception())

    filed(draft(cast))
    with pytest.raises(exc.OperationalError):
        deliver_due(NOW, compose=without_database, send=refused_connection())
    assert (row(session).state, row(session).attempts) == ("sending", 0)


# ------------------------------------------------------------------ at least once


def test_killed_after_the_server_took_it_the_same_mail_goes_again(
    session: Session, cast: Cast, postman: Postman
) -> None:
    def send_and_die(mail: EmailMessage) -> None:
        by(postman)(mail)
        raise Killed

    filed(draft(cast))
    with pytest.raises(Killed):
        deliver_due(NOW, compose=compose, send=send_and_die)
    assert row(session).state == "sending"
    just_before = NOW + LEASE
    assert deliver_due(just_before, compose=compose, send=by(postman)) == Report()
    assert deliver_due(LEASE_OVER, compose=compose, send=by(postman)) == Report(sent=1)
    assert len(postman.ids) == 2
    assert len(set(postman.ids)) == 1, "a reader shows one mail"


def test_killed_before_the_server_took_it_nothing_is_lost(session: Session, cast: Cast, postman: Postman) -> None:
    def die(mail: EmailMessage) -> None:
        raise Killed

    filed(draft(cast))
    with pytest.raises(Killed):
        deliver_due(NOW, compose=compose, send=die)
    assert deliver_due(LEASE_OVER, compose=compose, send=by(postman)) == Report(sent=1)
    assert len(postman.ids) == 1


def test_a_worker_slower_than_its_lease_records_nothing(
    session: Session, cast: Cast, postman: Postman, caplog: pytest.LogCaptureFixture
) -> None:
    def send_too_late(mail: EmailMessage) -> None:
        assert deliver_due(LEASE_OVER, compose=compose, send=by(postman)) == Report(sent=1)
        by(postman)(mail)

    filed(draft(cast))
    deliver_due(NOW, compose=compose, send=send_too_late)
    assert (row(session).state, row(session).sent_at) == ("sent", LEASE_OVER)
    assert "somebody else took it over" in caplog.text


def test_no_transaction_is_open_while_the_server_takes_its_time(app: Flask, cast: Cast, postman: Postman) -> None:
    open_transactions: list[bool] = []

    def send(mail: EmailMessage) -> None:
        open_transactions.append(db.session().in_transaction())
        by(postman)(mail)

    filed(draft(cast))
    deliver_due(NOW, compose=compose, send=send)
    assert open_transactions == [False]


def test_two_workers_at_once_send_each_message_once(app: Flask, session: Session, cast: Cast, postman: Postman) -> None:
    filed(*(draft(cast, f"m{number}") for number in range(20)))
    ready = threading.Barrier(2)

    def work() -> None:
        with app.app_context():
            ready.wait()
            while waiting():
                deliver_due(NOW, compose=compose, send=by(postman))

    def waiting() -> bool:
        db.session().rollback()
        return db.session().scalar(sa.select(sa.exists().where(OutboxMessage.state == "waiting"))) is True

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(states(session).values()) == {("sent", None)}
    assert len(postman.ids) == len(set(postman.ids)) == 20


def test_the_log_names_ids_and_codes_only(
    session: Session, cast: Cast, postman: Postman, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="booking")
    postman.at_recipient["a@exemple.example"] = "550 a@exemple.example: unknown"
    filed(draft(cast, "a"), draft(cast, "b"))
    deliver_due(NOW, compose=compose, send=by(postman))
    assert [record.getMessage() for record in caplog.records if record.name == "booking.notify.deliver"] == [
        f"message {row(session, 'a').id}: failed refused",
        f"message {row(session, 'b').id}: sent ",
    ]
