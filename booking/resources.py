"""Whatever can be busy. A room, a professional and an usager share their key with their row here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.db import LARGEST_KEY, Base, execute
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


# FOR NO KEY UPDATE: a plain FOR UPDATE would block the foreign-key checks of unrelated inserts.
_LOCK = (
    sa.select(Resource.id, Resource.kind)
    .where(Resource.id.in_(sa.bindparam("keys", expanding=True)))
    .order_by(Resource.id)
    .with_for_update(key_share=True)
)


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
    if len(_locked(session, ids)) != len(set(ids)):
        raise NotFound("resource")


def lock_people(session: Session, professional_ids: Collection[int], usager_ids: Collection[int]) -> None:
    """Lock professionals and usagers together, in id order; rooms come after them.

    Raises NotFound, « professional » or « usager », for one that does not exist.
    """
    kinds = _locked(session, {*professional_ids, *usager_ids})
    if any(kinds.get(key) != "professional" for key in professional_ids):
        raise NotFound("professional")
    if any(kinds.get(key) != "usager" for key in usager_ids):
        raise NotFound("usager")


def _locked(session: Session, ids: Collection[int]) -> dict[int, str]:
    """Lock those that exist, and give their kinds. A number that no key can have is simply unknown."""
    keys = [key for key in ids if 0 < key <= LARGEST_KEY]
    return dict(execute(session, _LOCK, keys=keys).all())


# In the order of the array, which is the order of preference.
_LOCK_FIRST_FREE = (
    sa.select(Resource.id)
    .where(Resource.id.in_(sa.bindparam("keys", expanding=True)))
    .order_by(sa.func.array_position(sa.bindparam("order", type_=ARRAY(sa.Integer)), Resource.id))
    .limit(1)
    .with_for_update(key_share=True, skip_locked=True)
)


def lock_first_free(session: Session, ids: Sequence[int]) -> int | None:
    """Lock the first of the resources that nobody else holds at this instant, without waiting; None if all are held.

    PostgreSQL only: on SQLite the transaction itself is the lock.
    """
    return execute(session, _LOCK_FIRST_FREE, keys=list(ids), order=list(ids)).scalar()
