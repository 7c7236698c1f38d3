"""The outbox: file, claim, record, discard. Each function works inside the caller's transaction.

A row is claimed by a conditional update that gives a lease; nobody else touches it before the lease ends. So
a second worker is harmless, and a worker that dies gives its messages back by doing nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from booking.db import execute
from booking.notify.models import MessageKind, OutboxMessage, State

# Longer than one message can take: some ten exchanges with the server, of mailer.TIMEOUT_SECONDS each.
LEASE = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A message to file. With `withheld`, the reason why it must never be sent."""

    kind: MessageKind
    about: str
    person_id: int
    notice: int
    message_id: str
    due_at: datetime
    withheld: str | None = None

    @property
    def dedupe_key(self) -> str:
        """The key of this message."""
        return dedupe_key(self.kind, self.about, self.notice, self.person_id)


@dataclass(frozen=True, kw_only=True)
class Message:
    """A claimed message, as values. `attempts` counts the tries in a row that ended for `reason`."""

    id: int
    kind: MessageKind
    about: str
    person_id: int
    notice: int
    message_id: str
    attempts: int
    reason: str | None
    lease_until: datetime


@dataclass(frozen=True)
class Outcome:
    """What became of a claimed message; `waiting` again has the next try in `due_at`."""

    state: State
    reason: str | None = None
    attempts: int = 0
    due_at: datetime | None = None


def dedupe_key(kind: MessageKind, about: str, notice: int, person_id: int) -> str:
    """What makes two messages the same message, whoever files them."""
    return f"{kind}:{about}:{notice}:{person_id}"


def new_message_id(host: str) -> str:
    """A Message-ID for that mail domain, random: it says nothing of the person or of the appointment."""
    return f"<{secrets.token_hex(16)}@{host}>"


def file(session: Session, draft: Draft, now: datetime) -> bool:
    """Store a message to be sent when it is due; false when the same one is already there."""
    insert = _insert_once(session.get_bind().dialect.name)
    stored = execute(
        session,
        insert,
        kind=draft.kind,
        about=draft.about,
        person_id=draft.person_id,
        notice=draft.notice,
        dedupe_key=draft.dedupe_key,
        message_id=draft.message_id,
        state="withheld" if draft.withheld else "waiting",
        reason=draft.withheld,
        due_at=draft.due_at,
        attempts=0,
        created_at=now,
    )
    return stored.first() is not None


@cache
def _insert_once(dialect: str) -> sa.Insert:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    once: sa.Insert = insert(OutboxMessage).on_conflict_do_nothing(index_elements=["dedupe_key"])
    return once.returning(OutboxMessage.id)


def is_due(session: Session, now: datetime) -> bool:
    """Whether there is anything to claim. A read, so that an idle worker never takes the write lock."""
    return session.scalar(sa.select(sa.exists().where(sa.or_(_due(now), _expired(now))))) is True


def claim(session: Session, now: datetime, lease_from: datetime, limit: int = 1) -> list[Message]:
    """Take at most `limit` messages that are due at `now`, oldest first, under a lease from `lease_from`.

    Expired leases go back to waiting first: whoever held them is gone.
    """
    session.execute(sa.update(OutboxMessage).where(_expired(now)).values(state="waiting", lease_until=None))
    oldest = sa.select(OutboxMessage.id).where(_due(now)).order_by(OutboxMessage.due_at, OutboxMessage.id)
    ids = session.scalars(oldest.limit(limit).with_for_update(skip_locked=True)).all()
    taken = (
        sa.update(OutboxMessage)
        .where(OutboxMessage.id.in_(ids), OutboxMessage.state == "waiting")
        .values(state="sending", lease_until=lease_from + LEASE)
        .returning(*_COLUMNS)
    )
    found = [Message(**row) for row in session.execute(taken).mappings()] if ids else []
    return sorted(found, key=lambda message: ids.index(message.id))  # RETURNING promises no order


def record(session: Session, message: Message, outcome: Outcome, now: datetime) -> bool:
    """Store what became of a claimed message; false when its lease had ended and somebody else took it."""
    values: dict[str, Any] = {
        "state": outcome.state,
        "reason": outcome.reason,
        "attempts": outcome.attempts,
        "lease_until": None,
        "sent_at": now if outcome.state == "sent" else None,
    }
    if outcome.due_at:
        values["due_at"] = outcome.due_at
    held = (OutboxMessage.state == "sending", OutboxMessage.lease_until == message.lease_until)
    stored = sa.update(OutboxMessage).where(OutboxMessage.id == message.id, *held).values(values)
    return session.execute(stored.returning(OutboxMessage.id)).first() is not None


def discard(session: Session, about: str, kinds: Sequence[MessageKind], reason: str) -> int:
    """Withdraw the waiting messages of those kinds about one thing; return how many.

    One that is being sent at this instant is left alone: its sender reads the appointment again.
    """
    waiting = (OutboxMessage.about == about, OutboxMessage.kind.in_(kinds), OutboxMessage.state == "waiting")
    withdrawn = sa.update(OutboxMessage).where(*waiting).values(state="discarded", reason=reason)
    return len(session.execute(withdrawn.returning(OutboxMessage.id)).all())


def messages_about(session: Session, about: str) -> list[OutboxMessage]:
    """Every message about one thing, in the order of filing, so that its page says what became of each."""
    query = sa.select(OutboxMessage).where(OutboxMessage.about == about).order_by(OutboxMessage.id)
    return list(session.scalars(query))


def newest(session: Session, state: State | None = None, limit: int = 100) -> list[OutboxMessage]:
    """The last messages filed, newest first; of one state when it is given."""
    query = sa.select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(limit)
    return list(session.scalars(query if state is None else query.where(OutboxMessage.state == state)))


_COLUMNS = (
    OutboxMessage.id,
    OutboxMessage.kind,
    OutboxMessage.about,
    OutboxMessage.person_id,
    OutboxMessage.notice,
    OutboxMessage.message_id,
    OutboxMessage.attempts,
    OutboxMessage.reason,
    OutboxMessage.lease_until,
)


def _due(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(OutboxMessage.state == "waiting", OutboxMessage.due_at <= now)


def _expired(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(OutboxMessage.state == "sending", OutboxMessage.lease_until <= now)
