"""What has happened to a period: what is taken, absences and closures, as values for the generator."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import execute
from booking.people.models import Usager
from booking.slots.grid import Grid, Span
from booking.slots.models import Absence, Closure, Hold, Occupancy

LONGEST = 86400  # an occupancy lasts a day at most, says its constraint

_KEYS: sa.BindParameter[Any] = sa.bindparam("keys", expanding=True)
_START: sa.BindParameter[Any] = sa.bindparam("start")
_END: sa.BindParameter[Any] = sa.bindparam("end")

_STEP_FREE = sa.select(Usager.id).where(Usager.id.in_(_KEYS), Usager.step_free)


def step_free_needed(session: Session, usager_ids: Collection[int]) -> bool:
    """Whether one of these usagers cannot climb stairs."""
    return bool(usager_ids) and execute(session, _STEP_FREE, keys=list(usager_ids)).first() is not None


_ABSENCES = sa.select(Absence.professional_id, Absence.starts_at, Absence.ends_at).where(
    Absence.professional_id.in_(_KEYS), Absence.starts_at < _END, Absence.ends_at > _START
)


def read_absences(session: Session, professional_ids: Collection[int], grid: Grid) -> dict[int, list[Span]]:
    """The absences that touch the grid, by professional."""
    start, end = bounds(grid)
    rows = execute(session, _ABSENCES, keys=list(professional_ids), start=start, end=end)
    return _grouped((key, _span(starts, ends)) for key, starts, ends in rows)


_CLOSURES = sa.select(Closure.site_id, Closure.room_id, Closure.starts_at, Closure.ends_at).where(
    Closure.site_id.in_(_KEYS), Closure.starts_at < _END, Closure.ends_at > _START
)


def read_closures(
    session: Session, site_ids: Collection[int], grid: Grid
) -> tuple[dict[int, list[Span]], dict[int, list[Span]]]:
    """The closures that touch the grid: of whole sites, by site; of rooms, by room."""
    start, end = bounds(grid)
    rows = execute(session, _CLOSURES, keys=list(site_ids), start=start, end=end).all()
    sites = _grouped((site, _span(starts, ends)) for site, room, starts, ends in rows if room is None)
    rooms = _grouped((room, _span(starts, ends)) for _, room, starts, ends in rows if room is not None)
    return sites, rooms


# Of what is taken, what is not set aside: the appointments `ignoring`, the holds that have expired at `asked_at`.
STANDING = (
    sa.or_(
        Occupancy.appointment_id.is_(None),
        Occupancy.appointment_id.not_in(sa.bindparam("ignoring", expanding=True)),
    ),
    sa.or_(
        Occupancy.hold_id.is_(None),
        Occupancy.hold_id.not_in(sa.select(Hold.id).where(Hold.expires_at <= sa.bindparam("asked_at"))),
    ),
)
_OCCUPANCIES = sa.select(Occupancy.resource_id, Occupancy.starts_at, Occupancy.ends_at).where(
    Occupancy.resource_id.in_(_KEYS),
    Occupancy.starts_at > _START - LONGEST,
    Occupancy.starts_at < _END,
    Occupancy.ends_at > _START,
    *STANDING,
)


def read_occupancies(
    session: Session, resource_ids: Collection[int], grid: Grid, ignoring: Collection[int] = (), asked_at: int = 0
) -> Mapping[int, list[Span]]:
    """What is taken over the grid, apart from the appointments `ignoring` and holds expired at `asked_at` (seconds)."""
    found: dict[int, list[Span]] = defaultdict(list)
    if not resource_ids:
        return found
    parameters = {"keys": list(resource_ids), "ignoring": list(ignoring), "asked_at": moment(asked_at)}
    parameters |= {"start": grid.origin, "end": grid.end}
    for resource_id, starts_at, ends_at in execute(session, _OCCUPANCIES, **parameters).all():
        found[resource_id].append((starts_at, ends_at))
    return found


def bounds(grid: Grid) -> tuple[datetime, datetime]:
    """A grid's ends as aware instants."""
    return moment(grid.origin), moment(grid.end)


@lru_cache(maxsize=16384)
def moment(seconds: int) -> datetime:
    """Integer seconds UTC as an aware instant. The starts of a search are those of many professionals."""
    return EPOCH + timedelta(seconds=seconds)


EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _span(starts_at: datetime, ends_at: datetime) -> Span:
    return int(starts_at.timestamp()), int(ends_at.timestamp())


def _grouped(pairs: Iterable[tuple[int, Span]]) -> dict[int, list[Span]]:
    found: dict[int, list[Span]] = defaultdict(list)
    for key, span in pairs:
        found[key].append(span)
    return found
