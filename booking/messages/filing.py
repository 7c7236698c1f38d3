"""File the messages of a change in the transaction that makes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import execute
from booking.messages.due import Change, Due, Kind, Recipient, Standing, due
from booking.notify import outbox
from booking.people.models import Service, Usager
from booking.reservations.models import Appointment, Participation
from booking.rooms.models import Site
from booking.slots.models import AppointmentType

ALL_KINDS: tuple[Kind, ...] = ("confirmation", "moved", "cancelled", "reminder")


@dataclass(frozen=True)
class Subject:
    """What filing must know of an appointment."""

    uid: str
    mail_host: str
    confidential: bool
    standing: Standing


_KEY: sa.BindParameter[Any] = sa.bindparam("key")
_SUBJECT = (
    sa.select(
        Appointment.uid,
        Appointment.starts_at,
        Appointment.notice,
        Appointment.cancelled_at,
        Site.email,
        Service.confidentiality,
    )
    .join(Site, Site.id == Appointment.site_id)
    .join(AppointmentType, AppointmentType.id == Appointment.type_id)
    .join(Service, Service.id == AppointmentType.service_id)
    .where(Appointment.id == _KEY)
)
_RECIPIENTS = (
    sa.select(Usager.id, Usager.contact, Usager.email)
    .join(Participation, Participation.usager_id == Usager.id)
    .where(Participation.appointment_id == _KEY)
    .order_by(Usager.id)
)


def file(session: Session, appointment_id: int, change: Change, now: datetime) -> None:
    """File what everybody who takes part is to be told of a change, or why they are not told.

    Call it once the change is written: it reads the appointment. What was waiting about an earlier notice is
    withdrawn.
    """
    subject = subject_of(session, appointment_id)
    if change != "booked":
        outbox.discard(session, subject.uid, ALL_KINDS, change)
    notice = subject.standing.notice
    drafts = [
        draft(subject, person_id, notice, message)
        for person_id, recipient in recipients(session, appointment_id, subject.confidential)
        for message in due(change, notice, subject.standing, recipient, now)
    ]
    outbox.file(session, drafts, now)


def draft(subject: Subject, person_id: int, notice: int, message: Due) -> outbox.Draft:
    """One message about an appointment to one person, as the outbox files it."""
    return outbox.Draft(
        kind=message.kind,
        about=subject.uid,
        person_id=person_id,
        notice=notice,
        message_id=outbox.new_message_id(subject.mail_host),
        due_at=message.at,
        withheld=message.withheld,
    )


def subject_of(session: Session, appointment_id: int) -> Subject:
    """Read an appointment as filing needs it."""
    row = execute(session, _SUBJECT, key=appointment_id).one()
    uid, start, notice, cancelled_at, mail, confidentiality = row
    standing = Standing(start, notice, cancelled_at is not None)
    return Subject(uid, mail.rpartition("@")[2], confidentiality == "confidential", standing)


def recipients(session: Session, appointment_id: int, confidential: bool) -> list[tuple[int, Recipient]]:
    """Everybody who takes part, by id, with what decides whether they are written to."""
    rows = execute(session, _RECIPIENTS, key=appointment_id)
    return [(key, Recipient(contact, bool(email), confidential)) for key, contact, email in rows]
