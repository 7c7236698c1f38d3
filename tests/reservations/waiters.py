"""What the tests of the waiting list share."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any, NoReturn

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.orm import Session

from booking.reservations import Book, Outcome, Wait, book, wait
from booking.reservations.free import Candidate, Free, Wanting, wanting
from booking.reservations.models import Proposal, Waiting
from booking.reservations.waiting import Entered
from booking.reservations.wishes import Wishes
from tests.builders import MONDAY, NOW, Cast, act, paris

NINE, TEN = paris("2026-11-23 09:00"), paris("2026-11-23 10:00")
SATURDAY = date(2026, 11, 28)  # nobody receives then, and the site is closed
THIS_MONDAY = Wishes(MONDAY, MONDAY)


def asking(cast: Cast, usager: Any = None, **values: Any) -> Wait:
    """M. Diallo waits for an interview with Mme Roux, on Monday."""
    whom = cast.diallo if usager is None else usager
    return replace(Wait(f"w{whom}", cast.entretien, whom, THIS_MONDAY, cast.roux), **values)


def waits(cast: Cast, usager: Any = None, now: datetime = NOW, **values: Any) -> Entered:
    """The same, noted."""
    return wait(asking(cast, usager, **values), act(now, agent_id=cast.amina))


def fill(cast: Cast, *hours: str) -> list[Outcome]:
    """Mme Roux receives Mme Koné at each of those hours of Monday, by default all of the morning and the afternoon."""
    starts = hours or (
        "09:00",
        "09:30",
        "10:00",
        "10:30",
        "11:00",
        "11:30",
        *(f"{h}:{m}" for h in (14, 15, 16) for m in ("00", "30")),
    )
    return [
        book(Book(f"fill {hour}", cast.entretien, paris(f"2026-11-23 {hour}"), cast.roux, cast.kone), act())
        for hour in starts
    ]


def made(session: Session) -> list[Proposal]:
    """All that was proposed, the first first."""
    session.rollback()
    return list(session.scalars(sa.select(Proposal).order_by(Proposal.id)))


def seen(session: Session) -> tuple[Free, Wanting, Candidate]:
    """What is free now, who waits first, and what would suit them: a moment later it may no longer be so."""
    session.rollback()
    free = Free(session, wanting(session), NOW, searches=1)
    return free, free.entries[0], free.suiting(free.entries[0], 1)[0]


def lost(session: Session) -> NoReturn:
    """What a read meets when the server goes away."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))
    raise exc.OperationalError("SELECT", {}, Exception("disk I/O error"))


def entry(session: Session, uid: str) -> Waiting:
    """An entry as it stands now."""
    session.rollback()
    return session.scalars(sa.select(Waiting).where(Waiting.uid == uid)).one()
