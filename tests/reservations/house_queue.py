"""The waiting list of the model's building, read back from the database in the model's own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from booking.db import db, execute
from booking.reservations.models import Proposal, Waiting
from tests.builders import MONDAY
from tests.reservations.house import House, minute_of, named
from tests.reservations.queue import Offer, Wait


@dataclass(frozen=True)
class SeenQueue:
    """Who waits or waited, in the order in which they came, and what was proposed to them, by uid."""

    waits: Sequence[Wait]
    offers: Mapping[str, Offer]


_WAITS = sa.select(*Waiting.__table__.c).order_by(Waiting.id)
_OFFERS = sa.select(*Proposal.__table__.c)


def seen(house: House, numbers: Mapping[int, int], now: int) -> SeenQueue:
    """What the database holds; `numbers` are the model's, by the key of the appointment."""
    session = db.session()
    rows = execute(session, _WAITS).all()
    places = {row.id: place for place, row in enumerate(rows)}
    found = SeenQueue(
        waits=[_wait(house, numbers, row) for row in rows],
        offers={row.uid: _offer(house, numbers, places, row, now) for row in execute(session, _OFFERS)},
    )
    session.rollback()
    return found


def _wait(house: House, numbers: Mapping[int, int], row: sa.Row[Any]) -> Wait:
    return Wait(
        usager=house.name(row.usager_id),
        kind=named(house.kinds, row.type_id),
        lead=house.name(row.professional_id) if row.professional_id else None,
        session=numbers[row.appointment_id] if row.appointment_id else None,
        days=((row.first_day - MONDAY).days, (row.last_day - MONDAY).days),
        weekdays=frozenset(map(int, row.weekdays)),
        hours=(row.starts, row.ends),
        outcome=row.outcome,
        ended=minute_of(row.ended_at) if row.ended_at else None,
        booked=numbers[row.booked_id] if row.booked_id else None,
    )


def _offer(house: House, numbers: Mapping[int, int], places: Mapping[int, int], row: sa.Row[Any], now: int) -> Offer:
    """What has expired has lapsed, whether or not somebody noted it."""
    until = minute_of(row.expires_at)
    return Offer(
        wait=places[row.waiting_id],
        lead=house.name(row.professional_id) if row.professional_id else None,
        session=numbers[row.appointment_id] if row.appointment_id else None,
        start=minute_of(row.starts_at),
        since=minute_of(row.proposed_at),
        until=until,
        fate="lapsed" if row.state == "pending" and until <= now else row.state,
    )
