"""Whatever can be busy. A room, a professional and an usager share their key with their row here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.db import Base
from booking.errors import NotFound

ResourceKind = Literal["room", "professional", "usager"]


class Resource(Base):
    """One thing that two appointments cannot have at once."""

    __tablename__ = "resource"
    __table_args__ = (
        # A resource is a room, a professional or an usager.
        sa.CheckConstraint("kind IN ('room', 'professional', 'usager')", name="kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(12))


def new_resource(session: Session, kind: ResourceKind) -> int:
    """Insert a resource and return its key, for the room, professional or usager about to be stored."""
    resource = Resource(kind=kind)
    session.add(resource)
    session.flush()
    return resource.id


def lock(session: Session, ids: Collection[int]) -> None:
    """Lock those resources until the transaction ends, in id order, so that no two commands wait for each other.

    Locks people before rooms when both are needed (docs/decisions/0004). On SQLite the transaction itself is the lock.
    Raises NotFound when one of them does not exist.
    """
    wanted = sorted(set(ids))
    # FOR NO KEY UPDATE: a plain FOR UPDATE would block the foreign-key checks of unrelated inserts.
    query = sa.select(Resource.id).where(Resource.id.in_(wanted)).order_by(Resource.id)
    rows = session.execute(query.with_for_update(key_share=True)).scalars().all()
    if list(rows) != wanted:
        raise NotFound("resource")


def lock_first_free(session: Session, ids: Sequence[int]) -> int | None:
    """Lock the first of the resources that nobody else holds at this instant, without waiting; None if all are held."""
    if not ids:
        return None
    rank = sa.case({key: rank for rank, key in enumerate(ids)}, value=Resource.id)
    query = sa.select(Resource.id).where(Resource.id.in_(ids)).order_by(rank).limit(1)
    return session.execute(query.with_for_update(key_share=True, skip_locked=True)).scalar()
