"""File the messages of a change in the transaction that makes it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import execute
from booking.messages.due import Due, Reason, Recipient, Standing, due, standing
from booking.notify import outbox
from booking.people.models import Service, Usager
from booking.reservations.models import Appointment, Participation
from booking.reservations.state import Change
from booking.rooms.models import Site
from booking.slots.models import AppointmentType


@dataclass(frozen=True, slots=True)
class Addressee:
    """One person in one appointment: where it stands for them, and whether they may be written to."""

    uid: str
    mail_host: str
    person_id: int
    standing: Standing
    recipient: Recipient


# One row a participation; `addressee` reads it.
ADDRESSEES = (
    sa.select(
        Appointment.uid,
        Appointment.starts_at,
        Appointment.cancelled_at,
        Participation.usager_id,
        Participation.attendance,
        Participation.notice,
        Usager.contact,
        Usager.email,
        Service.confidentiality,
        Site.email.label("sender"),
    )
    .join_from(Participation, Appointment, Appointment.id == Participation.appointment_id)
    .join(Usager, Usager.id == Participation.usager_id)
    .join(Site, Site.id == Appointment.site_id)
    .join(AppointmentType, AppointmentType.id == Appointment.type_id)
    .join(Service, Service.id == AppointmentType.service_id)
)
_TOLD = ADDRESSEES.where(
    Participation.appointment_id == sa.bindparam("key"),
    Participation.usager_id.in_(sa.bindparam("people", expanding=True)),
).order_by(Participation.usager_id)


def file(session: Session, appointment_id: int, change: Change, usager_ids: Collection[int], now: datetime) -> None:
    """File what those who are told of a change are to be sent, or why it is not sent; nobody else is disturbed.

    Call it once the change is written: it reads the appointment. What was waiting for them about an earlier
    notice is withdrawn.
    """
    rows = execute(session, _TOLD, key=appointment_id, people=list(usager_ids))
    people = [addressee(row, row.starts_at) for row in rows]
    _withdraw(session, people, "cancelled" if change == "cancelled" else "moved")
    drafts = [
        draft(person, person.standing.notice, message)
        for person in people
        for message in due(change, person.standing.notice, person.standing, person.recipient, now)
    ]
    outbox.file(session, drafts, now)


def addressee(row: sa.Row[*tuple[Any, ...]], start: datetime) -> Addressee:
    """Read a row of ADDRESSEES; `start` is the one that the person was told."""
    return Addressee(
        uid=row.uid,
        mail_host=row.sender.rpartition("@")[2],
        person_id=row.usager_id,
        standing=standing(start, row.notice, row.attendance, row.cancelled_at),
        recipient=Recipient(row.contact, bool(row.email), row.confidentiality == "confidential"),
    )


def draft(person: Addressee, notice: int, message: Due) -> outbox.Draft:
    """One message to one person about that notice, as the outbox files it."""
    return outbox.Draft(
        kind=message.kind,
        about=person.uid,
        person_id=person.person_id,
        notice=notice,
        message_id=outbox.new_message_id(person.mail_host),
        due_at=message.at,
        withheld=message.withheld,
    )


def _withdraw(session: Session, people: Sequence[Addressee], reason: Reason) -> None:
    """Before somebody's first notice there is nothing to withdraw: a booking is spared the statement."""
    told_before = [person for person in people if person.standing.notice]
    if told_before:
        outbox.discard(session, told_before[0].uid, [person.person_id for person in told_before], reason)
