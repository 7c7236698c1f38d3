"""Keeping a slot inside a command's transaction, and ending what is kept: what has expired, or what is booked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import execute
from booking.reservations.commands import Act, Keyed, fingerprint
from booking.reservations.models import Proposal
from booking.reservations.state import State
from booking.reservations.store import check_uid, occupy
from booking.reservations.wishes import Fate
from booking.rooms.models import Site
from booking.slots.models import Hold, Occupancy

_EXPIRED = sa.select(Hold.id, Hold.uid).where(Hold.expires_at <= sa.bindparam("now")).with_for_update(skip_locked=True)
_OF_UID = sa.select(Hold.id, Hold.uid).where(Hold.uid == sa.bindparam("uid")).with_for_update()
_FREE = sa.delete(Occupancy).where(Occupancy.hold_id.in_(sa.bindparam("keys", expanding=True)))
_FORGET = sa.delete(Hold).where(Hold.id.in_(sa.bindparam("keys", expanding=True)))
_OVER = (
    sa.update(Proposal)
    .where(Proposal.uid.in_(sa.bindparam("uids", expanding=True)), Proposal.state == "pending")
    .values(state=sa.bindparam("fate"))
)
_NEW = sa.insert(Hold).returning(Hold.id)
_SITE = sa.select(Site.id).where(Site.id == sa.bindparam("site")).with_for_update(key_share=True)
_PROPOSED = sa.exists().where(Proposal.uid == Hold.uid)
_AGENT: sa.BindParameter[Any] = sa.bindparam("agent")
_COUNTS = sa.select(
    sa.func.count().filter(Hold.agent_id.is_not_distinct_from(_AGENT), ~_PROPOSED),
    sa.func.count().filter(_PROPOSED),
    sa.func.count(),
).where(Hold.site_id == sa.bindparam("site"))
_SEATS = (
    sa.select(sa.func.count())
    .select_from(Hold)
    .where(Hold.appointment_id == sa.bindparam("appointment"), Hold.expires_at > sa.bindparam("now"))
)


@dataclass(frozen=True)
class Counts:
    """How many slots are kept at a site: by an agent, for those who wait, and in all."""

    of_agent: int
    of_list: int
    of_site: int


def keep(session: Session, state: State, command: Keyed, act: Act, until: datetime, seat_in: int | None = None) -> None:
    """Keep what a state takes until then, under its uid; `seat_in` is the session of which it is a seat.

    Raises SlotTaken when the database refuses an overlap.
    """
    written = execute(
        session,
        _NEW,
        uid=state.uid,
        key=command.key,
        fingerprint=fingerprint(command),
        agent_id=act.agent_id,
        appointment_id=seat_in,
        site_id=state.site_id,
        type_id=state.type_id,
        room_id=state.room_id,
        starts_at=state.starts_at,
        ends_at=state.ends_at,
        expires_at=until,
        created_at=act.now,
    )
    taken = {key: span for key, span in state.taken().items() if key}  # whoever is new has no key yet
    occupy(session, taken, hold_id=written.scalar_one())


def counted(session: Session, site_id: int, agent_id: int | None) -> Counts:
    """Count under a lock of the site: holds are short, and come one after the other."""
    execute(session, _SITE, site=site_id)
    return Counts(*execute(session, _COUNTS, site=site_id, agent=agent_id).one())


def seats_held(session: Session, appointment_id: int, now: datetime) -> int:
    """How many seats of a session are kept for somebody; its row is locked."""
    return int(execute(session, _SEATS, appointment=appointment_id, now=now).scalar_one())


def expire(session: Session, now: datetime) -> int:
    """Forget the holds that have expired; return how many. Those that somebody else forgets now are left to them."""
    return _end(session, execute(session, _EXPIRED, now=now).all(), "lapsed")


def give_back(session: Session, uid: str, fate: Fate = "declined") -> None:
    """Give back what a hold keeps, whether or not it is still there; of a proposal, that is its fate.

    Raises NotFound for what cannot be a uid.
    """
    check_uid(uid, "hold")
    _end(session, execute(session, _OF_UID, uid=uid).all(), fate)


def _end(session: Session, found: Sequence[sa.Row[Any]], fate: Fate) -> int:
    if found:
        keys = [row.id for row in found]
        execute(session, _FREE, keys=keys)
        execute(session, _FORGET, keys=keys)
        execute(session, _OVER, uids=[row.uid for row in found], fate=fate)
    return len(found)
