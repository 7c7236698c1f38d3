"""The secret of one calendar feed."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from booking.db import Base
from booking.people.models import one_of

Wording = Literal["occupe", "initiales", "complet"]


class FeedToken(Base):
    """One subscription of a professional, one a device. Only the hash of its secret is stored."""

    __tablename__ = "feed_token"
    __table_args__ = (
        # What its events say: only « Occupé », initials and room, or everything the service allows.
        sa.CheckConstraint(one_of("wording", get_args(Wording)), name="wording"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    professional_id: Mapped[int] = mapped_column(sa.ForeignKey("professional.id"), index=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    label: Mapped[str] = mapped_column(sa.String(60))
    wording: Mapped[str] = mapped_column(sa.String(10), default="occupe")
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
