"""The outbox: messages filed in the transaction that causes them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from booking.db import Base
from booking.people.models import one_of

MessageKind = Literal["confirmation", "moved", "cancelled", "reminder"]
State = Literal["waiting", "sending", "sent", "failed", "discarded", "withheld"]


class OutboxMessage(Base):
    """One message to one person about one thing. No address and no text: both are read when it is sent.

    `withheld` is a message that must not be sent, kept with its `reason` so that nobody wonders.
    `about` is the uid of what it speaks of; `person_id` the resource id of the person it is for.
    """

    __tablename__ = "outbox_message"
    __table_args__ = (
        # A message of a kind, about one notice of one thing, goes once to a person.
        sa.UniqueConstraint("dedupe_key"),
        sa.UniqueConstraint("message_id"),
        sa.CheckConstraint(one_of("kind", get_args(MessageKind)), name="kind"),
        sa.CheckConstraint(one_of("state", get_args(State)), name="state"),
        # What will not be sent says why.
        sa.CheckConstraint("state NOT IN ('failed', 'discarded', 'withheld') OR reason IS NOT NULL", name="reason"),
        # Whoever sends holds a lease; nobody else does.
        sa.CheckConstraint("(state = 'sending') = (lease_until IS NOT NULL)", name="lease"),
        sa.Index(None, "state", "due_at"),
        sa.Index(None, "about"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(16))
    about: Mapped[str] = mapped_column(sa.String(40))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("resource.id"))
    notice: Mapped[int]
    dedupe_key: Mapped[str] = mapped_column(sa.String(120))
    message_id: Mapped[str] = mapped_column(sa.String(120))
    state: Mapped[str] = mapped_column(sa.String(10), default="waiting")
    reason: Mapped[str | None] = mapped_column(sa.String(40))
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    # When somebody called the person instead, and who; without an agent, it was noted on the command line.
    called_at: Mapped[datetime | None]
    called_by: Mapped[int | None] = mapped_column(sa.ForeignKey("agent.id"))
    created_at: Mapped[datetime]
