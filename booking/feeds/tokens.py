"""The secrets of the feeds: issue, revoke, list, note their use. Only hashes are stored."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from typing import get_args

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking import links
from booking.db import in_transaction
from booking.errors import DatabaseUnavailable, Invalid, NotFound
from booking.feeds.models import FeedToken, Wording
from booking.people.fields import clean_line
from booking.people.models import Professional

LABEL_MAXIMUM = 60
NOTED_EVERY = timedelta(hours=1)


def issue(professional_id: int, label: str, wording: str, now: datetime) -> str:
    """Use case: a new link for one device or calendar; return its secret, which is shown this once.

    Raises NotFound for an unknown or retired professional, Invalid for the label or the wording.
    """
    label = clean_line("label", label, LABEL_MAXIMUM, required=True)
    if wording not in get_args(Wording):
        raise Invalid("wording", "unknown")
    token = links.new_secret()
    row = {"token_hash": links.hashed(token), "label": label, "wording": wording, "created_at": now}
    in_transaction(lambda session: _insert(session, professional_id, row))
    return token


def revoke(token_id: int, now: datetime) -> None:
    """Use case: end one link; a second time changes nothing. Raises NotFound."""
    if not in_transaction(lambda session: _revoke(session, FeedToken.id == token_id, now)):
        raise NotFound("feed")


def revoke_all(professional_id: int, now: datetime) -> int:
    """Use case: end every link of a professional; return how many there are."""
    return in_transaction(lambda session: _revoke(session, FeedToken.professional_id == professional_id, now))


def tokens(session: Session, professional_id: int) -> list[FeedToken]:
    """The links of a professional, newest first, ended ones included."""
    query = sa.select(FeedToken).where(FeedToken.professional_id == professional_id)
    return list(session.scalars(query.order_by(FeedToken.id.desc())))


def note_use(token_id: int, now: datetime) -> None:
    """Use case: remember that a link is used, at most once an hour.

    When the database does not answer it is skipped: a reading never fails for it.
    """
    unnoted = sa.or_(FeedToken.last_used_at.is_(None), FeedToken.last_used_at <= now - NOTED_EVERY)
    noted = sa.update(FeedToken).where(FeedToken.id == token_id, unnoted).values(last_used_at=now)
    with contextlib.suppress(DatabaseUnavailable):
        in_transaction(lambda session: _execute(session, noted))


def use_is_unnoted(last_used_at: datetime | None, now: datetime) -> bool:
    """Whether `note_use` has something to write."""
    return last_used_at is None or last_used_at <= now - NOTED_EVERY


def _insert(session: Session, professional_id: int, row: dict[str, object]) -> None:
    professional = session.get(Professional, professional_id)
    if professional is None or professional.retired_at:
        raise NotFound("professional")
    session.execute(sa.insert(FeedToken).values(professional_id=professional_id, **row))


def _execute(session: Session, statement: sa.Update) -> None:
    session.execute(statement)


def _revoke(session: Session, which: sa.ColumnElement[bool], now: datetime) -> int:
    session.execute(sa.update(FeedToken).where(which, FeedToken.revoked_at.is_(None)).values(revoked_at=now))
    return session.scalar(sa.select(sa.func.count()).select_from(FeedToken).where(which)) or 0
