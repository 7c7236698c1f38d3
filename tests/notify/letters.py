"""Messages about nothing: the outbox knows no appointment, so neither do its tests."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.notify import outbox
from booking.notify.models import MessageKind, OutboxMessage
from booking.notify.outbox import Draft, Message
from tests.builders import NOW, Cast


def draft(cast: Cast, about: str = "a", kind: MessageKind = "confirmation", after: int = 0) -> Draft:
    """A message to M. Diallo, due `after` minutes after NOW."""
    return Draft(
        kind=kind,
        about=about,
        person_id=cast.diallo,
        notice=0,
        message_id=f"<{about}-{kind}@pole-social.example>",
        due_at=NOW + timedelta(minutes=after),
    )


def filed(*drafts: Draft) -> None:
    in_transaction(lambda session: outbox.file(session, drafts, NOW))


def claimed(now: datetime = NOW, limit: int = 1) -> list[Message]:
    return in_transaction(lambda session: outbox.claim(session, now, now, limit))


def letter(message: Message, recipient: str = "amadou.diallo@exemple.example") -> EmailMessage:
    """The mail of a message, as `messages.compose` would give it."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = "accueil@pole-social.example"
    mail["To"] = recipient
    mail["Subject"] = "Rendez-vous"
    mail["Message-ID"] = message.message_id
    mail.set_content("Bonjour")
    return mail


def compose(session: Session, message: Message, now: datetime) -> EmailMessage:
    """Write the mail; to the address « <about>@exemple.example »."""
    return letter(message, f"{message.about}@exemple.example")


def row(session: Session, about: str = "a") -> OutboxMessage:
    """The only message about that, as it is stored now."""
    session.rollback()
    return session.scalars(sa.select(OutboxMessage).where(OutboxMessage.about == about)).one()


def states(session: Session) -> dict[str, tuple[str, str | None]]:
    """State and reason of each message, by what it is about."""
    session.rollback()
    return {row.about: (row.state, row.reason) for row in session.scalars(sa.select(OutboxMessage))}
