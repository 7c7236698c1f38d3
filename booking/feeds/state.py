"""What identifies the present content of a feed, found in one query, before anything is built."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session

from booking import links
from booking.feeds.models import FeedToken
from booking.people.models import Professional, Service
from booking.rooms.models import Site
from booking.slots.models import AppointmentType

# To be raised whenever the code writes the same data differently.
FORMAT = 1
REVOKED_SHOWN_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class FeedState:
    """A known link: whose, how it words things, since when it is over, and the ETag of what it shows today.

    `day` is the site's local date, from which the window is counted. `ended_at` is when the link was revoked
    or the professional left.
    """

    token_id: int
    professional_id: int
    wording: str
    zone: str
    day: date
    etag: str
    ended_at: datetime | None
    last_used_at: datetime | None

    def gone(self, now: datetime) -> bool:
        """Whether the link ended so long ago that its clients need no empty calendar any more."""
        return self.ended_at is not None and now >= self.ended_at + REVOKED_SHOWN_FOR


def version(session: Session, token: str, now: datetime) -> FeedState | None:
    """The state of the feed of that secret, or None when there is none.

    The ETag covers all that is rendered: the professional's `feed_version`, the link and its wording, the
    local day, the names of the types, the classes of the services and the format. A use case that renames an
    usager raises `feed_version` of the professionals whose feeds show the name.
    """
    row = session.execute(_query(links.hashed(token))).one_or_none()
    if row is None:
        return None
    zone = row.zone or "UTC"
    day = now.astimezone(ZoneInfo(zone)).date()
    ended = min((at for at in (row.revoked_at, row.retired_at) if at), default=None)
    shown = (FORMAT, row.id, row.wording, row.feed_version, zone, day, ended, row.types, row.services)
    return FeedState(
        token_id=row.id,
        professional_id=row.professional_id,
        wording=row.wording,
        zone=zone,
        day=day,
        etag=hashlib.sha256(repr(shown).encode()).hexdigest()[:32],
        ended_at=ended,
        last_used_at=row.last_used_at,
    )


def _query(token_hash: str) -> sa.Select[*tuple[Any, ...]]:
    first_site = sa.select(Site.zone).order_by(Site.id).limit(1).scalar_subquery()
    return (
        sa.select(
            FeedToken.id,
            FeedToken.professional_id,
            FeedToken.wording,
            FeedToken.revoked_at,
            FeedToken.last_used_at,
            Professional.retired_at,
            Professional.feed_version,
            first_site.label("zone"),
            _joined(AppointmentType.name, AppointmentType.id).label("types"),
            _joined(Service.confidentiality, Service.id).label("services"),
        )
        .join(Professional, Professional.id == FeedToken.professional_id)
        .where(FeedToken.token_hash == token_hash)
    )


def _joined(word: Mapped[str], key: Mapped[int]) -> sa.ScalarSelect[str]:
    """All the words of a small table, in one value."""
    ordered = sa.select(word.label("word")).order_by(key).subquery()
    return sa.select(sa.func.aggregate_strings(ordered.c.word, "\n")).scalar_subquery()
