"""The outbox: file, claim, record, discard. Each function works inside the caller's transaction.

A row is claimed by a conditional update that gives a lease; nobody else touches it before the lease ends. So
a second worker is harmless, and a worker that dies gives its messages back by doing nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from booking.db import UtcDateTime, execute
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


_NOW: sa.BindParameter[Any] = sa.bindparam("now", type_=UtcDateTime)
_LEASED_TO: sa.BindParameter[Any] = sa.bindparam("lease", type_=UtcDateTime)
_DUE = sa.and_(OutboxMessage.state == "waiting", OutboxMessage.due_at <= _NOW)
_EXPIRED = sa.and_(OutboxMessage.state == "sending", OutboxMessage.lease_until <= _NOW)
_IS_DUE = sa.select(sa.exists().where(sa.or_(_DUE, _EXPIRED)))
_GIVE_BACK = sa.update(OutboxMessage).where(_EXPIRED).values(state="waiting", lease_until=None)
_OLDEST = (
    sa.select(OutboxMessage.id)
    .where(_DUE)
    .order_by(OutboxMessage.due_at, OutboxMessage.id)
    .limit(sa.bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_TAKE = (
    sa.update(OutboxMessage)
    .where(OutboxMessage.id.in_(sa.bindparam("ids", expanding=True)), OutboxMessage.state == "waiting")
    .values(state="sending", lease_until=_LEASED_TO)
    .returning(
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
)
_RECORD = (
    sa.update(OutboxMessage)
    .where(
        OutboxMessage.id == sa.bindparam("key"),
        OutboxMessage.state == "sending",
        OutboxMessage.lease_until == _LEASED_TO,
    )
    .values(
        state=sa.bindparam("next_state"),
        reason=sa.bindparam("why"),
        attempts=sa.bindparam("tries"),
        lease_until=None,
        sent_at=sa.bindparam("at"),
        due_at=sa.func.coalesce(sa.bindparam("due", type_=UtcDateTime), OutboxMessage.due_at),
    )
    .returning(OutboxMessage.id)
)
_DISCARD = (
    sa.update(OutboxMessage)
    .where(
        OutboxMessage.about == sa.bindparam("thing"),
        OutboxMessage.person_id.in_(sa.bindparam("people", expanding=True)),
        OutboxMessage.state == "waiting",
    )
    .values(state="discarded", reason=sa.bindparam("why"))
    .returning(OutboxMessage.id)
)


def dedupe_key(kind: MessageKind, about: str, notice: int, person_id: int) -> str:
    """What makes two messages the same message, whoever files them."""
    return f"{kind}:{about}:{notice}:{person_id}"


def new_message_id(host: str) -> str:
    """A Message-ID for that mail domain, random: it says nothing of the person or of the appointment."""
    return f"<{secrets.token_hex(16)}@{host}>"


def file(session: Session, drafts: Sequence[Draft], now: datetime) -> int:
    """Store messages to be sent when they are due; return how many were not there already."""
    if not drafts:
        return 0
    insert = _insert_once(session.get_bind().dialect.name)
    return len(session.connection().execute(insert, [_row(draft, now) for draft in drafts]).all())


def _row(draft: Draft, now: datetime) -> dict[str, Any]:
    return {
        "kind": draft.kind,
        "about": draft.about,
        "person_id": draft.person_id,
        "notice": draft.notice,
        "dedupe_key": draft.dedupe_key,
        "message_id": draft.message_id,
        "state": "withheld" if draft.withheld else "waiting",
        "reason": draft.withheld,
        "due_at": draft.due_at,
        "attempts": 0,
        "created_at": now,
    }


@cache
def _insert_once(dialect: str) -> sa.Insert:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    once: sa.Insert = insert(OutboxMessage).on_conflict_do_nothing(index_elements=["dedupe_key"])
    return once.returning(OutboxMessage.id)


def is_due(session: Session, now: datetime) -> bool:
    """Whether there is anything to claim. A read, so that an idle worker never takes the write lock."""
    return execute(session, _IS_DUE, now=now).scalar() is True


def claim(session: Session, now: datetime, lease_from: datetime, limit: int = 1) -> list[Message]:
    """Take at most `limit` messages that are due at `now`, oldest first, under a lease from `lease_from`.

    Expired leases go back to waiting first: whoever held them is gone.
    """
    execute(session, _GIVE_BACK, now=now)
    ids = execute(session, _OLDEST, now=now, limit=limit).scalars().all()
    if not ids:
        return []
    found = [Message(**row) for row in execute(session, _TAKE, ids=ids, lease=lease_from + LEASE).mappings()]
    return sorted(found, key=lambda message: ids.index(message.id))  # RETURNING promises no order


def record(session: Session, message: Message, outcome: Outcome, now: datetime) -> bool:
    """Store what became of a claimed message; false when its lease had ended and somebody else took it."""
    stored = execute(
        session,
        _RECORD,
        key=message.id,
        lease=message.lease_until,
        next_state=outcome.state,
        why=outcome.reason,
        tries=outcome.attempts,
        at=now if outcome.state == "sent" else None,
        due=outcome.due_at,
    )
    return stored.first() is not None


def discard(session: Session, about: str, person_ids: Collection[int], reason: str) -> int:
    """Withdraw the waiting messages about one thing to those persons; return how many.

    One that is being sent at this instant is left alone: its sender reads the appointment again.
    """
    return len(execute(session, _DISCARD, thing=about, people=list(person_ids), why=reason).all())


def messages_about(session: Session, about: str) -> list[OutboxMessage]:
    """Every message about one thing, in the order of filing, so that its page says what became of each."""
    query = sa.select(OutboxMessage).where(OutboxMessage.about == about).order_by(OutboxMessage.id)
    return list(session.scalars(query))


def newest(session: Session, state: State | None = None, limit: int = 100) -> list[OutboxMessage]:
    """The last messages filed, newest first; of one state when it is given."""
    query = sa.select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(limit)
    return list(session.scalars(query if state is None else query.where(OutboxMessage.state == state)))
