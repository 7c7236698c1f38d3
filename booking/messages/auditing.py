"""Whether there are exactly the messages that the history calls for, and how to file what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.messages.due import KINDS, Change, Kind, due
from booking.messages.filing import draft, recipients, subject_of
from booking.notify import outbox
from booking.notify.models import OutboxMessage
from booking.notify.outbox import dedupe_key
from booking.people.models import Service
from booking.reservations.doctor import Problem
from booking.reservations.models import Appointment, History, Participation
from booking.slots.models import AppointmentType

# What was sent about an appointment is forgotten a year after it, with the rest of the audit trail.
KEPT = timedelta(days=365)


@dataclass(frozen=True)
class Missing:
    """A message that a change called for and that was never filed."""

    appointment_id: int
    uid: str
    change: Change
    kind: Kind
    notice: int
    person_id: int


def audit(session: Session, now: datetime) -> Iterator[Problem]:
    """A problem for each message that is missing, uncalled for, or unsent for a reason that does not hold.

    None when all is well. A row counts whatever its state: sent, waiting, or unsent with its reason, which the
    database demands.
    """
    for lost in missing(session, now):
        key = dedupe_key(lost.kind, lost.uid, lost.notice, lost.person_id)
        yield Problem("message", f"missing {key}")
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


def missing(session: Session, now: datetime) -> Iterator[Missing]:
    """What the history calls for and the outbox lacks, of appointments that ended less than a year ago."""
    for change, kinds in KINDS.items():
        for kind in kinds:
            query = _causes(change, kind).where(
                Appointment.ends_at > now - KEPT,
                ~sa.exists().where(OutboxMessage.dedupe_key == _key(kind)),
            )
            for appointment_id, uid, notice, person_id in session.execute(query):
                yield Missing(appointment_id, uid, change, kind, notice, person_id)


def _reconcile(session: Session, now: datetime) -> int:
    return sum(_repair(session, lost, now) for lost in list(missing(session, now)))


def _repair(session: Session, lost: Missing, now: datetime) -> bool:
    subject = subject_of(session, lost.appointment_id)
    person = dict(recipients(session, lost.appointment_id, subject.confidential))[lost.person_id]
    wanted = due(lost.change, lost.notice, subject.standing, person, now)
    message = next(each for each in wanted if each.kind == lost.kind)
    return outbox.file(session, [draft(subject, lost.person_id, lost.notice, message)], now) == 1


def _prune(session: Session, now: datetime) -> int:
    old = sa.select(Appointment.uid).where(Appointment.ends_at <= now - KEPT)
    forgotten = sa.delete(OutboxMessage).where(OutboxMessage.about.in_(old)).returning(OutboxMessage.id)
    return len(session.execute(forgotten).all())


def unexpected(session: Session) -> list[str]:
    """Keys of the messages without a change of that number, for that person, that calls for that kind."""
    called_for = sa.or_(
        *(
            sa.exists(_causes(change, kind).where(*_same(kind)).correlate(OutboxMessage))
            for change, kinds in KINDS.items()
            for kind in kinds
        )
    )
    query = sa.select(OutboxMessage.dedupe_key).where(~called_for).order_by(OutboxMessage.id)
    return list(session.scalars(query))


def unjustified(session: Session) -> list[str]:
    """Keys of the messages that stay unsent for a reason that the appointment contradicts: they would be lost.

    Whether somebody could be written to, and what was too late, was true at its time and cannot be asked again.
    """
    query = (
        sa.select(OutboxMessage.dedupe_key)
        .join(Appointment, Appointment.uid == OutboxMessage.about)
        .join(AppointmentType, AppointmentType.id == Appointment.type_id)
        .join(Service, Service.id == AppointmentType.service_id)
        .where(
            OutboxMessage.state.in_(("discarded", "withheld")),
            sa.case(
                (OutboxMessage.reason == "moved", OutboxMessage.notice >= Appointment.notice),
                (OutboxMessage.reason == "cancelled", Appointment.cancelled_at.is_(None)),
                (OutboxMessage.reason == "confidential", Service.confidentiality != "confidential"),
                else_=sa.false(),
            ),
        )
    )
    return list(session.scalars(query.order_by(OutboxMessage.id)))


def _causes(change: Change, kind: Kind) -> sa.Select[int, str, int, int]:
    """Each change of that sort that usagers are told of, once for each person who takes part."""
    return (
        sa.select(
            Appointment.id,
            Appointment.uid,
            sa.type_coerce(History.notice, sa.Integer),
            Participation.usager_id,
        )
        .join(History, History.appointment_id == Appointment.id)
        .join(Participation, Participation.appointment_id == Appointment.id)
        .where(History.action == change, History.notice.is_not(None))
    )


def _same(kind: Kind) -> tuple[sa.ColumnElement[bool], ...]:
    """The message is the cause's own: its key agrees with its columns, and both with the cause."""
    return (
        OutboxMessage.kind == kind,
        OutboxMessage.about == Appointment.uid,
        OutboxMessage.notice == History.notice,
        OutboxMessage.person_id == Participation.usager_id,
        OutboxMessage.dedupe_key == _key(kind),
    )


def _key(kind: Kind) -> sa.ColumnElement[str]:
    """`outbox.dedupe_key`, in SQL."""
    notice, person = sa.cast(History.notice, sa.String), sa.cast(Participation.usager_id, sa.String)
    return sa.literal(f"{kind}:") + Appointment.uid + ":" + notice + ":" + person
