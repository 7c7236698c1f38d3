"""What happens in the tests of messages: the real engine books, moves and cancels, lets people join and leave."""

from __future__ import annotations

import itertools
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking import messages
from booking.notify.models import OutboxMessage
from booking.notify.outbox import Message
from booking.people.models import Usager
from booking.reservations import (
    Act,
    Book,
    Cancel,
    Join,
    Leave,
    Move,
    Outcome,
    Restore,
    book,
    cancel,
    join,
    leave,
    move,
    restore,
)
from tests.builders import NOW, Cast, paris

START = "2026-11-30 09:00"  # a Monday, eight days after NOW
KEYS = (f"key-{number}" for number in itertools.count())


def act(now: datetime = NOW) -> Act:
    return Act(now=now, origin="cli", tell=messages.file)


def booked(cast: Cast, usager: int | None = None, start: str = START, now: datetime = NOW, **more: int) -> Outcome:
    """M. Diallo, unless told otherwise, has an appointment with Mme Roux."""
    wanted = {"type_id": cast.entretien, "professional_id": cast.roux} | more
    who = cast.diallo if usager is None else usager
    return book(Book(next(KEYS), start=paris(start), usager=who, **wanted), act(now))


def booked_by_code(cast: Cast, start: str = START) -> Outcome:
    """Somebody without a name has an appointment at the Centre de santé sexuelle."""
    command = Book(next(KEYS), cast.depistage, paris(start), cast.petit, None)
    return book(command, act())


def moved(outcome: Outcome, start: str, now: datetime = NOW) -> Outcome:
    return move(Move(next(KEYS), outcome.uid, start=paris(start)), act(now))


def cancelled(outcome: Outcome, now: datetime = NOW) -> Outcome:
    return cancel(Cancel(next(KEYS), outcome.uid, "usager"), act(now))


def restored(outcome: Outcome, now: datetime = NOW) -> Outcome:
    return restore(Restore(next(KEYS), outcome.uid), act(now))


def joined(outcome: Outcome, usager: int, now: datetime = NOW) -> Outcome:
    return join(Join(next(KEYS), outcome.uid, usager), act(now))


def left(outcome: Outcome, usager: int, now: datetime = NOW) -> Outcome:
    return leave(Leave(next(KEYS), outcome.uid, usager, "usager"), act(now))


def rows(session: Session, uid: str | None = None) -> list[OutboxMessage]:
    """What the outbox holds now, in order."""
    session.rollback()
    query = sa.select(OutboxMessage).order_by(OutboxMessage.id)
    return list(session.scalars(query if uid is None else query.where(OutboxMessage.about == uid)))


def claimed(row: OutboxMessage) -> Message:
    """That message as the worker holds it."""
    names = ("id", "kind", "about", "person_id", "notice", "message_id", "attempts", "reason")
    return Message(**{name: getattr(row, name) for name in names}, lease_until=NOW)


def told(session: Session, uid: str | None = None) -> list[tuple[str, int, str, str | None]]:
    """Kind, notice, state and reason of each message."""
    return [(row.kind, row.notice, row.state, row.reason) for row in rows(session, uid)]


def change_usager(session: Session, usager_id: int, **values: str | None) -> None:
    """Change the file of an usager, which no use case does yet."""
    session.execute(sa.update(Usager).where(Usager.id == usager_id).values(values))
    session.commit()
