"""Deliver what is due: claim and commit, read and render, send outside any transaction, then record.

At least once. A worker killed between the server's « 250 » and the record sends the same Message-ID again
once the lease has ended; recording first would lose the message instead.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from booking.db import db, finish_reading, in_transaction
from booking.notify import backoff, outbox
from booking.notify.mailer import Deferred, Refused, Send, Unreachable
from booking.notify.outbox import Message, Outcome

log = logging.getLogger(__name__)

BUDGET_SECONDS = 60.0


@dataclass(frozen=True)
class Discard:
    """The message no longer makes sense; `reason` is a code that `messages.fate` can say in French."""

    reason: str


@dataclass(frozen=True)
class Report:
    """How many messages ended in each state; `waiting` are those that will be tried again."""

    sent: int = 0
    failed: int = 0
    waiting: int = 0
    discarded: int = 0


Compose = Callable[[Session, Message, datetime], EmailMessage | Discard]


def deliver_due(
    now: datetime,
    *,
    compose: Compose,
    send: Send,
    limit: int = 100,
    stopped: Callable[[], bool] = lambda: False,
) -> Report:
    """Deliver at most `limit` messages that are due at `now`, for at most a minute; stop early when asked to.

    Each is a claim and a record of its own, so the work of a killed process is lost by one message at most.
    When the server cannot be reached the others stay untouched for the next time. Raises DatabaseUnavailable.
    """
    ended: Counter[str] = Counter()
    begun = time.monotonic()
    for _ in range(limit):
        elapsed = time.monotonic() - begun
        if stopped() or elapsed > BUDGET_SECONDS:
            break
        message = _claimed(now, now + timedelta(seconds=elapsed))
        if message is None:
            break
        outcome, server_gone = _attempted(message, now, compose, send)
        _recorded(message, outcome, now)
        ended[outcome.state] += 1
        if server_gone:
            break
    return Report(**ended)


def _claimed(now: datetime, lease_from: datetime) -> Message | None:
    if not outbox.is_due(db.session(), now):
        return None
    claimed = in_transaction(lambda session: outbox.claim(session, now, lease_from))
    return claimed[0] if claimed else None


def _attempted(message: Message, now: datetime, compose: Compose, send: Send) -> tuple[Outcome, bool]:
    """What to record after one try, and whether the server is gone.

    An error of the database is not the message's fault: it goes up.
    """
    try:
        return _sent_or_discarded(message, now, compose, send), False
    except Refused:
        return Outcome("failed", "refused", message.attempts + 1), False
    except Deferred:
        return _postponed(message, "unreachable", now), False
    except Unreachable:
        return _postponed(message, "unreachable", now), True
    except DBAPIError:
        raise
    except Exception as error:
        log.error("message %d cannot be written: %s", message.id, type(error).__name__)
        return _postponed(message, "template", now), False


def _sent_or_discarded(message: Message, now: datetime, compose: Compose, send: Send) -> Outcome:
    mail = _composed(message, now, compose)
    if isinstance(mail, Discard):
        return Outcome("discarded", mail.reason, message.attempts)
    send(mail)
    return Outcome("sent", attempts=message.attempts + 1)


def _composed(message: Message, now: datetime, compose: Compose) -> EmailMessage | Discard:
    session = db.session()
    try:
        return compose(session, message, now)
    finally:
        finish_reading(session)  # the read ends here: nothing is open while the mail server takes its time


def _postponed(message: Message, reason: str, now: datetime) -> Outcome:
    attempts = message.attempts + 1 if message.reason == reason else 1
    dead = attempts >= backoff.TEMPLATE_ATTEMPTS if reason == "template" else backoff.exhausted(attempts)
    if dead:
        return Outcome("failed", reason, attempts)
    return Outcome("waiting", reason, attempts, due_at=now + backoff.jittered(attempts))


def _recorded(message: Message, outcome: Outcome, now: datetime) -> None:
    kept = in_transaction(lambda session: outbox.record(session, message, outcome, now))
    log.info("message %d: %s %s", message.id, outcome.state, outcome.reason or "")
    if not kept:
        log.warning("message %d: its lease had ended, and somebody else took it over", message.id)
