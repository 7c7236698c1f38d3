"""The usagers whom no message reaches: who must be called about a change, and who was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from booking.db import LARGEST_KEY, UtcDateTime, in_transaction
from booking.errors import NotFound
from booking.messages.due import Reason, silence
from booking.messages.filing import ADDRESSEES, addressee
from booking.notify.models import OutboxMessage
from booking.people.fields import full_name
from booking.people.models import Agent, Usager
from booking.reservations.models import Appointment, History, Participation, Told
from booking.reservations.state import LEFT

SILENT: tuple[Reason, ...] = ("confidential", "contact_none", "no_address")
REMEMBERED = timedelta(days=1)  # how long a call that was noted can be seen, and taken back


@dataclass(frozen=True)
class Call:
    """Somebody to call about a change: their name or, in a confidential service, only their code.

    `kind` is the message's. `was` is the start that they know of, when it is another. `called_by` is the name of an
    agent, None on the command line.
    """

    message: int
    kind: str
    uid: str
    who: str
    phone: str | None
    reason: str
    was: datetime | None
    start: datetime
    called_at: datetime | None
    called_by: str | None


@dataclass(frozen=True)
class Person:
    """Somebody who takes part, and why they cannot be written to; None when they are."""

    usager_id: int
    who: str
    silence: Reason | None


# Withheld when it was filed, withdrawn when it was to be sent, or refused by the server for good.
_UNREACHED = sa.or_(
    OutboxMessage.state == "failed",
    sa.and_(OutboxMessage.state.in_(("withheld", "discarded")), OutboxMessage.reason.in_(SILENT)),
)
# A confirmation that is not the first takes a cancellation back.
_OF_A_CHANGE = sa.or_(
    OutboxMessage.kind.in_(("moved", "cancelled")),
    sa.and_(OutboxMessage.kind == "confirmation", OutboxMessage.notice > 0),
)
_Before, _ToldBefore, _Sent = aliased(History), aliased(Told), aliased(OutboxMessage)
_REACHED = sa.exists().where(
    _Sent.about == OutboxMessage.about,
    _Sent.person_id == OutboxMessage.person_id,
    _Sent.notice == _ToldBefore.notice,
    _Sent.kind != "reminder",
    sa.or_(_Sent.state == "sent", _Sent.called_at.is_not(None)),
)
# The last thing that reached them: a mail, a call or, of the booking itself, their own presence.
_KNOWN = (
    sa.select(_Before.after)
    .join(_ToldBefore, _ToldBefore.history_id == _Before.id)
    .where(
        _Before.appointment_id == Appointment.id,
        _ToldBefore.usager_id == OutboxMessage.person_id,
        _ToldBefore.notice < OutboxMessage.notice,
        sa.or_(_ToldBefore.notice == 0, _REACHED),
    )
    .order_by(_ToldBefore.notice.desc())
    .limit(1)
    .correlate(Appointment, OutboxMessage)
    .scalar_subquery()
    .label("known")
)
_CALLS = (
    sa.select(
        OutboxMessage.id,
        OutboxMessage.kind,
        OutboxMessage.about,
        OutboxMessage.reason,
        OutboxMessage.called_at,
        Agent.name.label("agent"),
        Usager.last_name,
        Usager.first_name,
        Usager.code,
        Usager.phone,
        _KNOWN,
        History.after,
    )
    .join(Appointment, Appointment.uid == OutboxMessage.about)
    .join(
        Participation,
        sa.and_(Participation.appointment_id == Appointment.id, Participation.usager_id == OutboxMessage.person_id),
    )
    .join(Usager, Usager.id == OutboxMessage.person_id)
    .join(History, History.appointment_id == Appointment.id)
    .join(
        Told,
        sa.and_(
            Told.history_id == History.id,
            Told.usager_id == OutboxMessage.person_id,
            Told.notice == OutboxMessage.notice,
        ),
    )
    .outerjoin(Agent, Agent.id == OutboxMessage.called_by)
    .where(
        _UNREACHED,
        _OF_A_CHANGE,
        OutboxMessage.notice == Participation.notice,  # what came later says more
        Participation.attendance != "excused",  # they called it off themselves
        Appointment.starts_at > sa.bindparam("now", type_=UtcDateTime),
    )
    .order_by(Appointment.starts_at, OutboxMessage.id)
)


def to_call(session: Session, now: datetime) -> list[Call]:
    """Whom nobody has told yet that an appointment to come moved, was cancelled or stands again; the next one first.

    « Ne pas écrire » is no reason not to call. Somebody received under a code is in the list by that code: only their
    service knows how to reach them.
    """
    rows = session.execute(_CALLS.where(OutboxMessage.called_at.is_(None)), {"now": now})
    return [_call(row) for row in rows]


def called(session: Session, now: datetime) -> list[Call]:
    """Who was called in the last 24 hours, the last one first."""
    lately = _CALLS.where(OutboxMessage.called_at > now - REMEMBERED).order_by(None)
    rows = session.execute(lately.order_by(OutboxMessage.called_at.desc(), OutboxMessage.id), {"now": now})
    return [_call(row) for row in rows]


def note_call(message_id: int, agent_id: int | None, now: datetime) -> None:
    """Use case: note that the person was called instead; again changes nothing. Raises NotFound("message")."""
    _note(message_id, OutboxMessage.called_at.is_(None), {"called_at": now, "called_by": agent_id})


def take_back(message_id: int) -> None:
    """Use case: the person was not called after all; again changes nothing. Raises NotFound("message")."""
    _note(message_id, OutboxMessage.called_at.is_not(None), {"called_at": None, "called_by": None})


def reach(session: Session, uids: Collection[str]) -> Mapping[str, list[Person]]:
    """Who takes part in each of these appointments, by uid, and how a change would reach them."""
    query = (
        ADDRESSEES.add_columns(Usager.last_name, Usager.first_name, Usager.code)
        .where(Appointment.uid.in_(uids), Participation.attendance.not_in(LEFT))
        .order_by(Participation.usager_id)
    )
    found: dict[str, list[Person]] = defaultdict(list)
    for row in session.execute(query):
        recipient = addressee(row, row.starts_at).recipient
        found[row.uid].append(Person(row.usager_id, _who(row), silence(recipient)))
    return found


def _note(message_id: int, where: sa.ColumnElement[bool], values: dict[str, Any]) -> None:
    def work(session: Session) -> None:
        if not 0 < message_id <= LARGEST_KEY:
            raise NotFound("message")
        this = sa.and_(OutboxMessage.id == message_id, _UNREACHED, _OF_A_CHANGE)
        written = session.execute(
            sa.update(OutboxMessage).where(this, where).values(values).returning(OutboxMessage.id)
        )
        if written.first() is None and session.execute(sa.select(OutboxMessage.id).where(this)).first() is None:
            raise NotFound("message")

    in_transaction(work)


def _call(row: sa.Row[*tuple[Any, ...]]) -> Call:
    start = datetime.fromisoformat(row.after["start"])
    was = datetime.fromisoformat(row.known["start"]) if row.known else start
    return Call(
        message=row.id,
        kind=row.kind,
        uid=row.about,
        who=_who(row),
        phone=row.phone,
        reason=row.reason,
        was=was if was != start else None,
        start=start,
        called_at=row.called_at,
        called_by=row.agent,
    )


def _who(row: sa.Row[*tuple[Any, ...]]) -> str:
    return str(row.code) if row.code else full_name(row.last_name, row.first_name)
