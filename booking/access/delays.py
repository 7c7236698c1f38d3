"""Failed sign-ins slow the next ones down, by account and by address; the database remembers."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.access.models import SignInFailure
from booking.db import UtcDateTime

FORGOTTEN_AFTER = timedelta(days=1)
_LONGEST = timedelta(minutes=5)
_FREE = {"account": 5, "address": 30}  # a whole reception desk may share one address
_FIRST = sa.text(
    "INSERT INTO sign_in_failure (subject, failures, last_at) VALUES (:subject, 0, :now) ON CONFLICT DO NOTHING"
).bindparams(sa.bindparam("now", type_=UtcDateTime()))


@dataclass(frozen=True)
class Subject:
    """What failures are counted for: an account, known or not, or an address. Stored as a keyed hash."""

    kind: str
    hash: str


def subjects(login: str, address: str, key: str) -> tuple[Subject, Subject]:
    """The account and the address of an attempt, hashed with the application's secret."""
    return _subject("account", login.casefold(), key), _subject("address", address, key)


def _subject(kind: str, value: str, key: str) -> Subject:
    digest = hmac.new(key.encode(), f"sign-in:{kind}:{value}".encode(), hashlib.sha256)
    return Subject(kind, digest.hexdigest())


def delay_after(kind: str, failures: int) -> timedelta:
    """How long to wait after failures in a row: none at first, then 1, 2, 4… seconds, 5 minutes at most."""
    beyond = failures - _FREE[kind]
    if beyond < 0:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(beyond, 20)), _LONGEST)


def count_attempt(session: Session, tried: Iterable[Subject], now: datetime) -> timedelta:
    """Count an attempt as a failure before it is verified, so that a burst of guesses at once counts whole.

    Returns how long to wait; when that is not zero, nothing was counted and nothing may be verified.
    """
    rows = [(subject, _locked(session, subject, now)) for subject in tried]
    wait = max(row.last_at + delay_after(subject.kind, row.failures) - now for subject, row in rows)
    if wait > timedelta(0):
        return wait
    for _subject, row in rows:
        row.failures += 1
        row.last_at = now
    return timedelta(0)


def _locked(session: Session, subject: Subject, now: datetime) -> SignInFailure:
    """The row of a subject, made when there is none: two first attempts at once must not both insert it."""
    session.execute(_FIRST, {"subject": subject.hash, "now": now})
    row = session.get_one(SignInFailure, subject.hash, with_for_update=True)
    if row.last_at < now - FORGOTTEN_AFTER:
        row.failures = 0
    return row


def forgive(session: Session, account: Subject, address: Subject) -> None:
    """After a success: the account starts again from zero; its address gets back this one attempt only.

    Else whoever has one account could guess at all the others for ever from one address.
    """
    session.execute(sa.delete(SignInFailure).where(SignInFailure.subject == account.hash))
    given_back = sa.update(SignInFailure).where(SignInFailure.subject == address.hash, SignInFailure.failures > 0)
    session.execute(given_back.values(failures=SignInFailure.failures - 1))


def prune(session: Session, now: datetime) -> int:
    """Delete the failures that are too old to count; return how many."""
    old = sa.delete(SignInFailure).where(SignInFailure.last_at < now - FORGOTTEN_AFTER)
    return len(session.execute(old.returning(SignInFailure.subject)).all())
