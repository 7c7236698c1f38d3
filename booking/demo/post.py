"""Messages of the demonstration go nowhere: nobody reads 2,500 old confirmations.

They are claimed and recorded as sent by the outbox itself, at the time they would have gone, so that appointments tell
a whole story and the mailbox starts empty. What is due later waits for the worker like any other message.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from booking.db import db, in_transaction
from booking.notify import outbox
from booking.notify.outbox import Outcome

BATCH = 500


def drop_due(now: datetime) -> None:
    """Record as sent, at `now`, every message that is due then."""
    while outbox.is_due(db.session(), now):
        in_transaction(lambda session: _drop(session, now))


def _drop(session: Session, now: datetime) -> None:
    for message in outbox.claim(session, now, lease_from=now, limit=BATCH):
        outbox.record(session, message, Outcome("sent", attempts=1), now)
