"""The usagers of an appointment: found or created, each checked against the service that receives them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import execute
from booking.errors import Invalid, NotFound, SessionFull, SlotTaken
from booking.people.directory import NewUsager, create_usager, create_visitor
from booking.people.models import Service, Usager
from booking.reservations.commands import Act, Whom
from booking.slots.facts import TypeFacts
from booking.slots.models import Occupancy
from booking.slots.schedule import LONGEST

MOST = 12  # of one appointment that is no session: a family with those who help it


@dataclass(frozen=True)
class Guest:
    """An usager, and what they need of the room."""

    id: int
    step_free: bool


_USAGER = sa.select(Usager.service_id, Usager.step_free).where(Usager.id == sa.bindparam("key"))
_BUSY = sa.select(Occupancy.id).where(
    Occupancy.resource_id == sa.bindparam("key"),
    Occupancy.starts_at > sa.bindparam("start") - LONGEST,
    Occupancy.starts_at < sa.bindparam("end"),
    Occupancy.ends_at > sa.bindparam("start"),
)


def known(whom: Sequence[Whom]) -> list[int]:
    """The keys of those who are known already: they are locked before anything is read."""
    return [one for one in whom if isinstance(one, int)]


def check_number(whom: Sequence[Whom]) -> None:
    """Refuse the same usager twice, and more than an appointment can have. Raises Invalid."""
    if len(set(known(whom))) != len(known(whom)):
        raise Invalid("usager", "twice")
    if len(whom) > MOST:
        raise Invalid("usager", "too_many", maximum=MOST)


def check_seats(capacity: int | None, received: int) -> None:
    """Refuse more usagers than a session has seats, and nobody for what is no session. Raises SessionFull, Invalid."""
    if capacity is not None and received > capacity:
        raise SessionFull(capacity)
    if capacity is None and not received:
        raise Invalid("usager", "required")


def receive(session: Session, kind: TypeFacts, whom: Sequence[Whom], act: Act) -> list[Guest]:
    """Each usager found, or created in the namespace where the service books. Raises NotFound and Invalid."""
    return [_one(session, kind, wanted, act) for wanted in whom if not _later(kind, wanted)]


def needs(session: Session, kind: TypeFacts, whom: Sequence[Whom], _act: Act | None = None) -> list[Guest]:
    """The same without creating anybody: those who are new have no key, which 0 says."""
    return [
        find(session, kind, one) if isinstance(one, int) else Guest(0, isinstance(one, NewUsager) and one.step_free)
        for one in whom
        if not _later(kind, one)
    ]


def find(session: Session, kind: TypeFacts, usager_id: int) -> Guest:
    """Check the namespace. Somebody of another service's namespace is hidden: they answer like an unknown one."""
    namespace, step_free = execute(session, _USAGER, key=usager_id).one()
    if namespace not in (None, kind.service_id):
        raise NotFound("usager")
    if kind.confidential and namespace is None:
        raise Invalid("usager", "anonymous")
    return Guest(usager_id, step_free)


def check_free(session: Session, usager_id: int, start: int, end: int) -> None:
    """Raise SlotTaken when the usager has something else in [start, end), seconds UTC."""
    if execute(session, _BUSY, key=usager_id, start=start, end=end).first() is not None:
        raise SlotTaken("usager_busy")


def _later(kind: TypeFacts, wanted: Whom) -> bool:
    """Whether nobody is meant: a session is opened first, and usagers join it."""
    return wanted is None and kind.capacity is not None


def _one(session: Session, kind: TypeFacts, wanted: Whom, act: Act) -> Guest:
    if wanted is None:
        if not kind.confidential:
            raise Invalid("usager", "required")
        return Guest(create_visitor(session, session.get_one(Service, kind.service_id), act.now), step_free=False)
    if isinstance(wanted, int):
        return find(session, kind, wanted)
    if kind.confidential:
        raise Invalid("usager", "anonymous")
    if wanted.service_id not in (None, kind.service_id):
        raise Invalid("usager", "other_service")
    return Guest(create_usager(session, wanted, act.now), wanted.step_free)
