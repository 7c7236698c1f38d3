"""From a claimed message to a mail, by reading the appointment again at the moment of sending."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from booking.messages.due import Reason, Recipient, Standing, pointless
from booking.messages.render import MailFacts, mail
from booking.notify import Discard
from booking.notify.models import OutboxMessage
from booking.notify.outbox import Message
from booking.people.models import Usager
from booking.reservations.models import Appointment, Participation
from booking.slots.models import AppointmentType

# Somebody has already said that this person will not be received.
CALLED_OFF = ("excused", "revoked")


def compose(session: Session, message: Message, now: datetime) -> EmailMessage | Discard:
    """The mail as things stand now, or why there is none: cancelled, moved, begun, erased, unwanted."""
    appointment = _appointment(session, message.about)
    participation = appointment and session.get(Participation, (appointment.id, message.person_id))
    if not appointment or not participation:
        return Discard("gone")
    reason = _pointless(message, appointment, participation, now)
    if reason:
        return Discard(reason)
    return mail(_facts(session, message, appointment, participation.usager, now))


def _appointment(session: Session, uid: str) -> Appointment | None:
    related = (
        joinedload(Appointment.site),
        joinedload(Appointment.type).joinedload(AppointmentType.service),
    )
    return session.scalar(sa.select(Appointment).where(Appointment.uid == uid).options(*related))


def _pointless(
    message: Message, appointment: Appointment, participation: Participation, now: datetime
) -> Reason | None:
    if message.kind == "reminder" and participation.attendance in CALLED_OFF:
        return "cancelled"
    usager = participation.usager
    recipient = Recipient(usager.contact, bool(usager.email), appointment.type.service.confidential)
    standing = Standing(appointment.starts_at, appointment.notice, appointment.cancelled_at is not None)
    return pointless(message.kind, message.notice, standing, recipient, now)


def _facts(session: Session, message: Message, appointment: Appointment, usager: Usager, now: datetime) -> MailFacts:
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
        start=appointment.starts_at,
        end=appointment.ends_at,
        zone=site.zone,
        mode=appointment.mode,
        address=site.address,
        directions=site.directions,
        phone=site.phone,
        bring=appointment.type.bring,
    )


def _confirmation_id(session: Session, message: Message) -> str | None:
    """The Message-ID that this mail answers to, so that all the mails of an appointment stay together."""
    if message.kind == "confirmation":
        return None
    first = (
        OutboxMessage.about == message.about,
        OutboxMessage.person_id == message.person_id,
        OutboxMessage.kind == "confirmation",
    )
    return session.scalar(sa.select(OutboxMessage.message_id).where(*first))
