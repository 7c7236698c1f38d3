"""What was decided: appointments, who takes part, what happened, and which commands were already carried out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.db import Base
from booking.people.models import Professional, Usager, one_of
from booking.reservations.state import Action, Attendance, CancelledBy, Change, Reason, Status
from booking.reservations.wishes import Ending, Fate, Wishes
from booking.rooms.models import Room, Site
from booking.slots.models import AppointmentType

appointment_professional = sa.Table(
    "appointment_professional",
    Base.metadata,
    sa.Column("appointment_id", sa.ForeignKey("appointment.id"), primary_key=True),
    sa.Column("professional_id", sa.ForeignKey("professional.id"), primary_key=True, index=True),
)


class Series(Base):
    """Appointments that were booked together, week after week. Each stands for itself."""

    __tablename__ = "series"
    __table_args__ = (sa.UniqueConstraint("uid"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(sa.String(40))
    created_at: Mapped[datetime]


class Appointment(Base):
    """Professionals, usagers and, unless by phone, video or at home, a room, for a span of time.

    `sequence` rises when the time, site or room changes (feeds, calendar parts), `version` at every change (what a
    form must have seen).
    """

    __tablename__ = "appointment"
    __table_args__ = (
        sa.UniqueConstraint("uid"),
        # An appointment ends after it starts.
        sa.CheckConstraint("starts_at < ends_at", name="span"),
        # It is cancelled by somebody, or it is not cancelled.
        sa.CheckConstraint("(cancelled_at IS NULL) = (cancelled_by IS NULL)", name="cancelled"),
        sa.CheckConstraint(
            f"cancelled_by IS NULL OR {one_of('cancelled_by', get_args(CancelledBy))}", name="cancelled_by"
        ),
        # A room is taken exactly when people meet in the building.
        sa.CheckConstraint("(mode = 'in_person') = (room_id IS NOT NULL)", name="room"),
        # A collective session has 1 to 200 seats.
        sa.CheckConstraint("capacity IS NULL OR capacity BETWEEN 1 AND 200", name="capacity"),
        sa.Index(None, "starts_at"),
        sa.Index(None, "room_id", "starts_at"),
        sa.Index(None, "series_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(sa.String(40))
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))
    type_id: Mapped[int] = mapped_column(sa.ForeignKey("appointment_type.id"))
    mode: Mapped[str] = mapped_column(sa.String(12))
    room_id: Mapped[int | None] = mapped_column(sa.ForeignKey("room.id"))
    # Somebody named the room: it makes way for no other appointment.
    room_pinned: Mapped[bool] = mapped_column(default=False, server_default=sa.text("false"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    # Minutes, as they were when it was booked: a later change of the type does not move what is taken.
    buffer_before: Mapped[int]
    buffer_after: Mapped[int]
    # The seats of a collective session, as they were when it was opened.
    capacity: Mapped[int | None]
    series_id: Mapped[int | None] = mapped_column(sa.ForeignKey("series.id"))
    sequence: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    cancelled_at: Mapped[datetime | None]
    cancelled_by: Mapped[str | None] = mapped_column(sa.String(8))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    site: Mapped[Site] = relationship()
    type: Mapped[AppointmentType] = relationship()
    room: Mapped[Room | None] = relationship()
    professionals: Mapped[list[Professional]] = relationship(
        secondary=appointment_professional, order_by=Professional.id
    )
    participations: Mapped[list[Participation]] = relationship(order_by="Participation.usager_id")

    @property
    def status(self) -> Status:
        """Whether it stands."""
        return "cancelled" if self.cancelled_at else "booked"


class GivenUp(Base):
    """A demand refused for want of a room before every way to free one was looked at (slots.reassigning.LIMITS)."""

    __tablename__ = "given_up"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class Participation(Base):
    """One usager in one appointment, and how they attended. `notice` rises when they are told of a change."""

    __tablename__ = "participation"
    __table_args__ = (
        # Attendance is one of the seven steps of the vocabulary.
        sa.CheckConstraint(one_of("attendance", get_args(Attendance)), name="attendance"),
        sa.Index(None, "usager_id"),
    )

    appointment_id: Mapped[int] = mapped_column(sa.ForeignKey("appointment.id"), primary_key=True)
    usager_id: Mapped[int] = mapped_column(sa.ForeignKey("usager.id"), primary_key=True)
    attendance: Mapped[str] = mapped_column(sa.String(12), default="expected")
    notice: Mapped[int] = mapped_column(server_default=sa.text("0"), default=0)

    usager: Mapped[Usager] = relationship()


class History(Base):
    """Who did what to an appointment, and when. Ids, times and codes only: never a name, never free text.

    The database refuses to change or delete a row; the DDL is in `reservations.append_only`.
    """

    __tablename__ = "history"
    __table_args__ = (
        sa.CheckConstraint(one_of("action", get_args(Action)), name="action"),
        # A reason, when one was given, is one of the codes.
        sa.CheckConstraint(f"reason IS NULL OR {one_of('reason', get_args(Reason))}", name="reason"),
        sa.Index(None, "appointment_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(sa.ForeignKey("appointment.id"))
    at: Mapped[datetime]
    # Null for the command line and the demonstration; `origin` says which.
    agent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("agent.id"))
    origin: Mapped[str] = mapped_column(sa.String(8))
    action: Mapped[str] = mapped_column(sa.String(16))
    reason: Mapped[str | None] = mapped_column(sa.String(20))
    before: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    after: Mapped[dict[str, Any]] = mapped_column(sa.JSON)


class Told(Base):
    """What a change told whom; the messages of a person follow from it. Kept like the history."""

    __tablename__ = "told"
    __table_args__ = (
        # An usager is told of a booking, of another time or place, or of a cancellation.
        sa.CheckConstraint(one_of("change", get_args(Change)), name="change"),
        sa.Index(None, "usager_id"),
    )

    history_id: Mapped[int] = mapped_column(sa.ForeignKey("history.id"), primary_key=True)
    usager_id: Mapped[int] = mapped_column(sa.ForeignKey("usager.id"), primary_key=True)
    change: Mapped[str] = mapped_column(sa.String(12))
    # The value of their participation's `notice` after it.
    notice: Mapped[int]


class Command(Base):
    """A command already carried out: the same key gives the same answer and changes nothing."""

    __tablename__ = "command"

    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    # Null for what touched none: an absence that no appointment stood in the way of.
    appointment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("appointment.id"))
    answer: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    at: Mapped[datetime]


class Waiting(Base):
    """What an usager waits for, until it is booked, withdrawn or past. Days and hours are of its start, on the wall."""

    __tablename__ = "waiting"
    __table_args__ = (
        sa.UniqueConstraint("uid"),
        sa.UniqueConstraint("key"),
        # The hours wished for are of one day, the days in order.
        sa.CheckConstraint("starts >= 0 AND starts < ends AND ends <= 1440", name="span"),
        sa.CheckConstraint("last_day >= first_day", name="days"),
        # It ends somehow, or it stands; it ends with an appointment exactly when one was booked.
        sa.CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="ended"),
        sa.CheckConstraint(f"outcome IS NULL OR {one_of('outcome', get_args(Ending))}", name="outcome"),
        sa.CheckConstraint("(booked_id IS NOT NULL) = (outcome IS NOT NULL AND outcome = 'booked')", name="booked"),
        sa.Index(None, "ended_at"),
        sa.Index(None, "usager_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(sa.String(40))
    key: Mapped[str] = mapped_column(sa.String(64))
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    usager_id: Mapped[int] = mapped_column(sa.ForeignKey("usager.id"))
    type_id: Mapped[int] = mapped_column(sa.ForeignKey("appointment_type.id"))
    # Null for any who does the type.
    professional_id: Mapped[int | None] = mapped_column(sa.ForeignKey("professional.id"))
    # The one session that is waited for; null for any.
    appointment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("appointment.id"))
    # None of them stands for all of them.
    weekdays: Mapped[frozenset[str]]
    starts: Mapped[int]
    ends: Mapped[int]
    first_day: Mapped[date]
    last_day: Mapped[date]
    agent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("agent.id"))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(sa.String(12))
    booked_id: Mapped[int | None] = mapped_column(sa.ForeignKey("appointment.id"))

    usager: Mapped[Usager] = relationship()
    type: Mapped[AppointmentType] = relationship()
    professional: Mapped[Professional | None] = relationship()
    appointment: Mapped[Appointment | None] = relationship(foreign_keys=appointment_id)
    proposals: Mapped[list[Proposal]] = relationship(back_populates="waiting", order_by="Proposal.id")

    @property
    def wishes(self) -> Wishes:
        """When it may begin."""
        days = frozenset(map(int, self.weekdays))
        return Wishes(self.first_day, self.last_day, days, self.starts, self.ends)

    @property
    def pending(self) -> Proposal | None:
        """What is proposed now."""
        return next((each for each in self.proposals if each.state == "pending"), None)


class Proposal(Base):
    """A slot, or a seat in a session, that is kept for somebody who waits. Its uid is that of the hold which keeps it.

    It is pending exactly as long as that hold exists.
    """

    __tablename__ = "proposal"
    __table_args__ = (
        sa.UniqueConstraint("uid"),
        # A slot with a professional, or a seat in a session.
        sa.CheckConstraint("(professional_id IS NULL) <> (appointment_id IS NULL)", name="what"),
        sa.CheckConstraint(one_of("state", get_args(Fate)), name="state"),
        sa.Index(None, "waiting_id"),
        # One thing is proposed at a time.
        sa.Index(
            "ix_proposal_pending",
            "waiting_id",
            unique=True,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(sa.String(40))
    waiting_id: Mapped[int] = mapped_column(sa.ForeignKey("waiting.id"))
    professional_id: Mapped[int | None] = mapped_column(sa.ForeignKey("professional.id"))
    appointment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("appointment.id"))
    starts_at: Mapped[datetime]
    proposed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(sa.String(12), default="pending")

    waiting: Mapped[Waiting] = relationship(back_populates="proposals")
    professional: Mapped[Professional | None] = relationship()
    appointment: Mapped[Appointment | None] = relationship()
