"""When: what is offered, who receives when, what is closed, and what is taken."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.db import Base
from booking.people.models import Profession, Service, one_of
from booking.slots.planned import Periods

Mode = Literal["in_person", "phone", "video", "home"]

appointment_type_profession = sa.Table(
    "appointment_type_profession",
    Base.metadata,
    sa.Column("appointment_type_id", sa.ForeignKey("appointment_type.id"), primary_key=True),
    sa.Column("profession_id", sa.ForeignKey("profession.id"), primary_key=True),
)


# Its one row holds the revision of all that slots.configuration reads, which triggers renew (see slots.revisions).
configuration = sa.Table(
    "configuration",
    Base.metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("revision", sa.String(32), nullable=False),
    sa.CheckConstraint("id = 1", name="one_row"),
)


# Of each UTC day, when a professional or a room is taken: 36 bytes, the bit i of which is the i-th five minutes.
# Triggers note the days that have changed since (see slots.days).
taken_day = sa.Table(
    "taken_day",
    Base.metadata,
    sa.Column("resource_id", sa.ForeignKey("resource.id"), primary_key=True),
    sa.Column("day", sa.Integer, primary_key=True),
    sa.Column("cells", sa.LargeBinary(36), nullable=False),
    sqlite_with_rowid=False,
)
changed_day = sa.Table(
    "changed_day",
    Base.metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("resource_id", sa.ForeignKey("resource.id"), nullable=False),
    sa.Column("day", sa.Integer, nullable=False),
    sa.Index(None, "resource_id", "day"),
)


# Of each appointment in a room that it may still leave for another: what it needs, and when it starts (seconds UTC).
# `reservations.store` writes it with the occupancies; whose room is given by hand, or who has come, has no row.
seated = sa.Table(
    "seated",
    Base.metadata,
    sa.Column("appointment_id", sa.ForeignKey("appointment.id"), primary_key=True),
    sa.Column("type_id", sa.ForeignKey("appointment_type.id"), nullable=False),
    sa.Column("persons", sa.Integer, nullable=False),
    sa.Column("starts_at", sa.BigInteger, nullable=False),
)


class AppointmentType(Base):
    """What an appointment is for (motif). Durations, steps, buffers and lead times are in minutes."""

    __tablename__ = "appointment_type"
    __table_args__ = (
        sa.UniqueConstraint("code"),
        # It takes place in the building, by phone, by video or at the usager's home.
        sa.CheckConstraint(one_of("mode", get_args(Mode)), name="mode"),
        # Durations lie on the 5-minute grid, within a working day.
        sa.CheckConstraint("duration BETWEEN 5 AND 480 AND duration % 5 = 0", name="duration"),
        sa.CheckConstraint("step BETWEEN 5 AND 480 AND step % 5 = 0", name="step"),
        sa.CheckConstraint("buffer_before BETWEEN 0 AND 120 AND buffer_before % 5 = 0", name="buffer_before"),
        sa.CheckConstraint("buffer_after BETWEEN 0 AND 120 AND buffer_after % 5 = 0", name="buffer_after"),
        # Minimum notices and the horizon are not negative.
        sa.CheckConstraint("lead_time >= 0 AND desk_lead_time >= 0 AND horizon_days >= 1", name="notice"),
        # A collective session has 1 to 200 seats.
        sa.CheckConstraint("capacity IS NULL OR capacity BETWEEN 1 AND 200", name="capacity"),
        # In person needs a kind of room; otherwise no room is taken.
        sa.CheckConstraint("(mode = 'in_person') = (room_kinds <> '')", name="room_kinds"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(60))
    name: Mapped[str] = mapped_column(sa.String(120))
    service_id: Mapped[int] = mapped_column(sa.ForeignKey("service.id"))
    mode: Mapped[str] = mapped_column(sa.String(12), default="in_person")
    duration: Mapped[int]
    step: Mapped[int]
    buffer_before: Mapped[int] = mapped_column(default=0)
    buffer_after: Mapped[int] = mapped_column(default=0)
    room_kinds: Mapped[frozenset[str]]
    features: Mapped[frozenset[str]]
    # The seats of a collective session; null for what one usager, or a family, comes to.
    capacity: Mapped[int | None]
    # What an usager who books alone must respect; reception is bound by now and by desk_lead_time.
    lead_time: Mapped[int] = mapped_column(default=0)
    horizon_days: Mapped[int] = mapped_column(default=90)
    desk_lead_time: Mapped[int] = mapped_column(default=0)
    # What to bring, said in messages in neutral words.
    bring: Mapped[str | None] = mapped_column(sa.String(200))
    retired_at: Mapped[datetime | None]

    service: Mapped[Service] = relationship()
    professions: Mapped[list[Profession]] = relationship(secondary=appointment_type_profession)


class Opening(Base):
    """When a professional receives at a site, in wall time of that site (minutes since local midnight).

    Weekly on `weekdays` (ISO, « 1 3 5 ») from the first to the last day, both included; or, without weekdays, on the
    one date `first_day`. Its slots lie at its own start + k × step. See slots.hours.Rule for which days it has.
    """

    __tablename__ = "opening"
    __table_args__ = (
        # An opening ends after it starts, within a day, on the 5-minute grid.
        sa.CheckConstraint(
            "starts >= 0 AND starts < ends AND ends <= 1440 AND starts % 5 = 0 AND ends % 5 = 0", name="span"
        ),
        # The last day is not before the first; a dated opening has one day.
        sa.CheckConstraint("last_day >= first_day", name="days"),
        sa.CheckConstraint("weekdays IS NOT NULL OR last_day = first_day", name="one_date"),
        # One date does not come again.
        sa.CheckConstraint("every = 1 OR (every BETWEEN 2 AND 52 AND weekdays IS NOT NULL)", name="every"),
        # A rank in the month goes with weekdays, and not with a number of weeks.
        sa.CheckConstraint("ranks IS NULL OR (every = 1 AND weekdays IS NOT NULL)", name="ranks"),
        # Only during the periods of the site, or except then: one date is where it is.
        sa.CheckConstraint(
            "periods IS NULL OR (periods IN ('only', 'except') AND weekdays IS NOT NULL)", name="periods"
        ),
        sa.Index(None, "professional_id", "first_day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    professional_id: Mapped[int] = mapped_column(sa.ForeignKey("professional.id"))
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))
    weekdays: Mapped[frozenset[str] | None]
    first_day: Mapped[date]
    last_day: Mapped[date | None]
    starts: Mapped[int]
    ends: Mapped[int]
    # Every so many weeks, that of the first day counting; or by rank in the month, « -1 1 » for the last and the first.
    every: Mapped[int] = mapped_column(default=1, server_default=sa.text("1"))
    ranks: Mapped[frozenset[str] | None]
    periods: Mapped[Periods | None] = mapped_column(sa.String(6))
    # For walk-ins (permanence): no search offers it.
    on_call: Mapped[bool] = mapped_column(default=False, server_default=sa.false())

    exceptions: Mapped[list[OpeningException]] = relationship(
        cascade="all, delete-orphan", order_by="OpeningException.day"
    )


class OpeningException(Base):
    """A date on which an opening does not take place. A date more is an opening of its own."""

    __tablename__ = "opening_exception"
    __table_args__ = (sa.UniqueConstraint("opening_id", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    opening_id: Mapped[int] = mapped_column(sa.ForeignKey("opening.id"))
    day: Mapped[date]


class Period(Base):
    """Days of a site that have a name, school holidays above all; openings take place only then, or except then."""

    __tablename__ = "period"
    __table_args__ = (
        # The last day, included, is not before the first.
        sa.CheckConstraint("last_day >= first_day", name="days"),
        sa.Index(None, "site_id", "last_day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))
    name: Mapped[str] = mapped_column(sa.String(60))
    first_day: Mapped[date]
    last_day: Mapped[date]


class Absence(Base):
    """When a professional does not receive."""

    __tablename__ = "absence"
    __table_args__ = (
        # An absence ends after it starts.
        sa.CheckConstraint("starts_at < ends_at", name="span"),
        sa.Index(None, "professional_id", "ends_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(sa.String(40), unique=True)
    professional_id: Mapped[int] = mapped_column(sa.ForeignKey("professional.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    created_at: Mapped[datetime]


class Closure(Base):
    """When a site is closed or, with a room, that room alone. Public holidays are computed, not stored."""

    __tablename__ = "closure"
    __table_args__ = (
        # A closure ends after it starts.
        sa.CheckConstraint("starts_at < ends_at", name="span"),
        sa.Index(None, "site_id", "ends_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))
    room_id: Mapped[int | None] = mapped_column(sa.ForeignKey("room.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    label: Mapped[str] = mapped_column(sa.String(120))


class Hold(Base):
    """A slot kept for a few minutes while it is being booked. Once it has expired, it keeps nothing."""

    __tablename__ = "hold"
    __table_args__ = (
        sa.UniqueConstraint("uid"),
        sa.UniqueConstraint("key"),
        # A hold ends after it starts, and so does its slot.
        sa.CheckConstraint("starts_at < ends_at AND created_at < expires_at", name="span"),
        sa.Index(None, "expires_at"),
        sa.Index(None, "appointment_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(sa.String(40))
    key: Mapped[str] = mapped_column(sa.String(64))
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    # Null for the command line and the waiting list.
    agent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("agent.id"))
    # Of a seat, the session: it keeps its usager, not the professional and the room, which the session has.
    appointment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("appointment.id"))
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))
    type_id: Mapped[int] = mapped_column(sa.ForeignKey("appointment_type.id"))
    room_id: Mapped[int | None] = mapped_column(sa.ForeignKey("room.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime]


_HELD = "hold_id IS NOT NULL"


class Occupancy(Base):
    """One resource taken for one span [starts_at, ends_at): integer seconds UTC, multiples of 300.

    The database forbids two of them to overlap on one resource; the DDL is in `slots.guards`.
    """

    __tablename__ = "occupancy"
    __table_args__ = (
        # A span ends after it starts and lasts a day at most: reads look one day back and no further.
        sa.CheckConstraint("starts_at < ends_at AND ends_at - starts_at <= 86400", name="span"),
        # Spans lie on the 5-minute grid.
        sa.CheckConstraint("starts_at % 300 = 0 AND ends_at % 300 = 0", name="grid"),
        # It belongs to exactly one of an appointment, a hold, a named block.
        sa.CheckConstraint(
            "(appointment_id IS NOT NULL AND hold_id IS NULL AND block IS NULL)"
            " OR (appointment_id IS NULL AND hold_id IS NOT NULL AND block IS NULL)"
            " OR (appointment_id IS NULL AND hold_id IS NULL AND block IS NOT NULL)",
            name="one_cause",
        ),
        sa.Index(None, "resource_id", "starts_at", "ends_at"),
        sa.Index(None, "appointment_id"),
        # Nearly nothing is held: an index that counts the rest is one that SQLite takes for useless.
        sa.Index(None, "hold_id", sqlite_where=sa.text(_HELD), postgresql_where=sa.text(_HELD)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    resource_id: Mapped[int] = mapped_column(sa.ForeignKey("resource.id"))
    starts_at: Mapped[int] = mapped_column(sa.BigInteger)
    ends_at: Mapped[int] = mapped_column(sa.BigInteger)
    appointment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("appointment.id"))
    hold_id: Mapped[int | None] = mapped_column(sa.ForeignKey("hold.id"))
    block: Mapped[str | None] = mapped_column(sa.String(40))
