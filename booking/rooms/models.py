"""Where usagers are received."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.db import Base
from booking.people.models import Service, one_of

RoomKind = Literal["bureau", "cabinet", "parents_enfants", "espace_numerique"]
ROOM_KINDS: tuple[str, ...] = get_args(RoomKind)
CLOSED_DOOR_KINDS = frozenset(ROOM_KINDS) - {"espace_numerique"}  # where nobody else listens
FEATURES = ("step_free", "sink", "examination_couch", "changing_table", "play_corner", "computer")


class Site(Base):
    """A building with its hours, its time zone and what messages say of it."""

    __tablename__ = "site"
    __table_args__ = (sa.UniqueConstraint("code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(40))
    name: Mapped[str] = mapped_column(sa.String(120))
    # What an usager is told: neutral, without any service.
    public_name: Mapped[str] = mapped_column(sa.String(120))
    address: Mapped[str] = mapped_column(sa.String(200))
    directions: Mapped[str] = mapped_column(sa.String(200), default="")
    phone: Mapped[str] = mapped_column(sa.String(20))
    email: Mapped[str] = mapped_column(sa.String(254))
    zone: Mapped[str] = mapped_column(sa.String(40))
    closed_on_public_holidays: Mapped[bool] = mapped_column(default=True)

    hours: Mapped[list[SiteHours]] = relationship(order_by="SiteHours.weekday")

    @property
    def zone_info(self) -> ZoneInfo:
        """Its IANA time zone."""
        return ZoneInfo(self.zone)


class SiteHours(Base):
    """When the building is open on one ISO weekday (1 is Monday), in minutes since local midnight."""

    __tablename__ = "site_hours"
    __table_args__ = (
        # A day has one span of hours, on the 5-minute grid, that ends after it starts.
        sa.CheckConstraint(
            "weekday BETWEEN 1 AND 7 AND opens >= 0 AND opens < closes AND closes <= 1440"
            " AND opens % 5 = 0 AND closes % 5 = 0",
            name="span",
        ),
    )

    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"), primary_key=True)
    weekday: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    opens: Mapped[int]
    closes: Mapped[int]


class Room(Base):
    """A place of one kind. Shares its key with its resource; retired, never deleted."""

    __tablename__ = "room"
    __table_args__ = (
        sa.UniqueConstraint("site_id", "code"),
        # A room is of a known kind.
        sa.CheckConstraint(one_of("kind", ROOM_KINDS), name="kind"),
        # A room holds at least one person.
        sa.CheckConstraint("capacity BETWEEN 1 AND 500", name="capacity"),
    )

    id: Mapped[int] = mapped_column(sa.ForeignKey("resource.id"), primary_key=True, autoincrement=False)
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))
    code: Mapped[str] = mapped_column(sa.String(20))
    name: Mapped[str] = mapped_column(sa.String(80))
    kind: Mapped[str] = mapped_column(sa.String(20))
    floor: Mapped[int]
    capacity: Mapped[int]
    features: Mapped[frozenset[str]]
    reserved_for_id: Mapped[int | None] = mapped_column(sa.ForeignKey("service.id"))
    # The order of the columns on screen.
    position: Mapped[int] = mapped_column(default=0)
    retired_at: Mapped[datetime | None]

    site: Mapped[Site] = relationship()
    reserved_for: Mapped[Service | None] = relationship()
