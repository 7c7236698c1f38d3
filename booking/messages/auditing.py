"""Whether there are exactly the messages that people were to be told by, and how to file what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import UtcDateTime, execute, in_transaction
from booking.messages.due import KINDS, due
from booking.messages.filing import ADDRESSEES, addressee, draft
from booking.notify import outbox
from booking.notify.models import OutboxMessage
from booking.people.models import Service
from booking.reservations.doctor import Problem
from booking.reservations.models import Appointment, History, Participation, Told
from booking.reservations.state import LEFT
from booking.slots.models import AppointmentType

# What was sent about an appointment is forgotten a year after it, with the rest of the audit trail.
KEPT = timedelta(days=365)

_CALLS = sa.union_all(
    *(
        sa.select(sa.literal(change).label("change"), sa.literal(kind).label("kind"))
        for change, kinds in KINDS.items()
        for kind in kinds
    )
).cte("calls")


def _key(*parts: Any) -> sa.ColumnElement[str]:
    """`outbox.dedupe_key`, in SQL."""
    kind, about, notice, person_id = (sa.cast(part, sa.String) for part in parts)
    return kind + ":" + about + ":" + notice + ":" + person_id


_DUE_KEY = _key(_CALLS.c.kind, Appointment.uid, Told.notice, Told.usager_id)
_DUE = (
    ADDRESSEES.join(History, History.appointment_id == Appointment.id)
    .join(Told, sa.and_(Told.history_id == History.id, Told.usager_id == Participation.usager_id))
    .join(_CALLS, _CALLS.c.change == Told.change)
)
_MISSING = (
    _DUE.add_columns(Told.change, Told.notice.label("told_notice"), _CALLS.c.kind, _DUE_KEY.label("key"), History.after)
    .where(
        Appointment.ends_at > sa.bindparam("since", type_=UtcDateTime),
        ~sa.exists().where(OutboxMessage.dedupe_key == _DUE_KEY),
    )
    .order_by(History.id, Told.usager_id, _CALLS.c.kind)
)
_OWN_KEY = _key(OutboxMessage.kind, OutboxMessage.about, OutboxMessage.notice, OutboxMessage.person_id)
_MISNAMED = sa.select(OutboxMessage.dedupe_key).where(OutboxMessage.dedupe_key != _OWN_KEY)
# A difference of sets: looking for the cause of each message took SQLite minutes for 100,000 appointments.
_UNCALLED = sa.except_(sa.select(OutboxMessage.dedupe_key), _DUE.with_only_columns(_DUE_KEY))
_HOLDS = sa.and_(Appointment.cancelled_at.is_(None), Participation.attendance.not_in(LEFT))
_LATEST = OutboxMessage.notice >= Participation.notice
_UNJUSTIFIED = (
    sa.select(OutboxMessage.dedupe_key)
    .join(Appointment, Appointment.uid == OutboxMessage.about)
    .join(
        Participation,
        sa.and_(Participation.appointment_id == Appointment.id, Participation.usager_id == OutboxMessage.person_id),
    )
    .join(AppointmentType, AppointmentType.id == Appointment.type_id)
    .join(Service, Service.id == AppointmentType.service_id)
    .where(
        OutboxMessage.state.in_(("discarded", "withheld")),
        sa.case(
            (OutboxMessage.reason == "moved", _LATEST),
            (OutboxMessage.reason == "cancelled", sa.and_(_LATEST, sa.or_(_HOLDS, OutboxMessage.kind == "cancelled"))),
            (OutboxMessage.reason == "confidential", Service.confidentiality != "confidential"),
            else_=sa.false(),
        ),
    )
    .order_by(OutboxMessage.id)
)


def audit(session: Session, now: datetime) -> Iterator[Problem]:
    """A problem for each message that is missing, uncalled for, or unsent for a reason that does not hold.

    None when all is well. A row counts whatever its state: sent, waiting, or unsent with its reason, which the
    database demands. Four statements, whatever the number of appointments.
    """
    for row in missing(session, now):
        yield Problem("message", f"missing {row.key}")
    for key in unexpected(session):
        yield Problem("message", f"unexpected {key}")
    for key in unjustified(session):
        yield Problem("message", f"unjustified {key}")


def reconcile(now: datetime) -> int:
    """Use case: file every missing message, to be sent or with its reason why not; return how many.

    A second run files none.
    """
    return in_transaction(lambda session: _reconcile(session, now))


def prune(now: datetime) -> int:
    """Use case: forget the messages about appointments that ended more than a year ago; return how many."""
    return in_transaction(lambda session: _prune(session, now))


def missing(session: Session, now: datetime) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """What people were to be told and the outbox lacks, of appointments that ended less than a year ago.

    A row has the columns of ADDRESSEES, then `change`, `told_notice`, `kind`, `key`, and what history keeps of the
    appointment at that change, `after`.
    """
    return execute(session, _MISSING, since=now - KEPT).all()


def unexpected(session: Session) -> list[str]:
    """Keys of the messages whose person was not told, under that number, of a change that calls for that kind."""
    found = (execute(session, query).scalars() for query in (_MISNAMED, _UNCALLED))
    return sorted(set().union(*found))


def unjustified(session: Session) -> Sequence[str]:
    """Keys of the messages that stay unsent for a reason that the appointment contradicts: they would be lost.

    A message about somebody's latest notice was not overtaken, and a cancellation does not withdraw its own news.
    Whether somebody could be written to, and what was too late, was true at its time and cannot be asked again.
    """
    return execute(session, _UNJUSTIFIED).scalars().all()


def _reconcile(session: Session, now: datetime) -> int:
    return outbox.file(session, [_repaired(row, now) for row in missing(session, now)], now)


def _repaired(row: sa.Row[*tuple[Any, ...]], now: datetime) -> outbox.Draft:
    person = addressee(row, datetime.fromisoformat(row.after["start"]))
    wanted = due(row.change, row.told_notice, person.standing, person.recipient, now)
    return draft(person, row.told_notice, next(each for each in wanted if each.kind == row.kind))


def _prune(session: Session, now: datetime) -> int:
    old = sa.select(Appointment.uid).where(Appointment.ends_at <= now - KEPT)
    forgotten = sa.delete(OutboxMessage).where(OutboxMessage.about.in_(old)).returning(OutboxMessage.id)
    return len(session.execute(forgotten).all())
