"""From a claimed message to a mail, by reading the appointment again at the moment of sending."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from booking.messages.due import Recipient, pointless, standing
from booking.messages.render import MailFacts, mail
from booking.notify import Discard
from booking.notify.models import OutboxMessage
from booking.notify.outbox import Message
from booking.people.models import Usager
from booking.reservations.models import Appointment, History, Participation, Told
from booking.reservations.state import LEFT
from booking.slots.models import AppointmentType


@dataclass(frozen=True)
class _Subject:
    """What a message is about, and when it is for the person it goes to."""

    appointment: Appointment
    participation: Participation
    start: datetime
    end: datetime


def compose(session: Session, message: Message, now: datetime) -> EmailMessage | Discard:
    """The mail as things stand now, or why there is none: cancelled, moved, begun, erased, unwanted."""
    subject = _subject(session, message)
    if subject is None:
        return Discard("gone")
    appointment, participation = subject.appointment, subject.participation
    usager = participation.usager
    recipient = Recipient(usager.contact, bool(usager.email), appointment.type.service.confidential)
    stands = standing(subject.start, participation.notice, participation.attendance, appointment.cancelled_at)
    reason = pointless(message.kind, message.notice, stands, recipient, now)
    return Discard(reason) if reason else mail(_facts(session, message, subject, usager, now))


def _subject(session: Session, message: Message) -> _Subject | None:
    """None when the appointment or the person is gone, or was never told of such a notice."""
    query = (
        sa.select(Appointment, Participation, History.after)
        .join(Participation, Participation.appointment_id == Appointment.id)
        .join(History, History.appointment_id == Appointment.id)
        .join(Told, sa.and_(Told.history_id == History.id, Told.usager_id == Participation.usager_id))
        .where(
            Appointment.uid == message.about,
            Told.usager_id == message.person_id,
            Told.notice == message.notice,
        )
        .options(
            joinedload(Appointment.site),
            joinedload(Appointment.type).joinedload(AppointmentType.service),
            joinedload(Participation.usager),
        )
    )
    row = session.execute(query).first()
    if row is None:
        return None
    appointment, participation, after = row
    start, end = appointment.starts_at, appointment.ends_at
    if participation.attendance in LEFT:
        # It may have moved since without their knowing: what is cancelled is what they were told.
        start, end = (datetime.fromisoformat(after[name]) for name in ("start", "end"))
    return _Subject(appointment, participation, start, end)


def _facts(session: Session, message: Message, subject: _Subject, usager: Usager, now: datetime) -> MailFacts:
    appointment = subject.appointment
    site = appointment.site
    return MailFacts(
        kind=message.kind,
        message_id=message.message_id,
        confirmation_id=_confirmation_id(session, message),
        date=now,
        sender=site.email,
        sender_name=site.public_name,
        recipient=usager.email or "",
        discreet=usager.contact == "discreet",
        uid=appointment.uid,
        sequence=appointment.sequence,
        updated_at=appointment.updated_at,
        start=subject.start,
        end=subject.end,
        zone=site.zone,
        mode=appointment.mode,
        address=site.address,
        directions=site.directions,
        phone=site.phone,
        bring=appointment.type.bring,
    )


def _confirmation_id(session: Session, message: Message) -> str | None:
    """The Message-ID that this mail answers to, so that all the mails of an appointment stay together.

    It is the first confirmation's; whoever left and joins again gets another one, which answers to it.
    """
    confirmations = (
        sa.select(OutboxMessage.message_id)
        .where(
            OutboxMessage.about == message.about,
            OutboxMessage.person_id == message.person_id,
            OutboxMessage.kind == "confirmation",
        )
        .order_by(OutboxMessage.notice)
    )
    first = session.scalars(confirmations.limit(1)).first()
    return None if first == message.message_id else first
