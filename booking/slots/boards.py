"""Who could make way where no room is free: the rooms of a site day by day, read when that is first asked.

A day is the local one, whoever asks and for whatever period, so that what a search offers is what a booking finds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import execute
from booking.people.models import Usager
from booking.rooms.fitting import Need
from booking.slots import hours, schedule
from booking.slots.configuration import Configuration
from booking.slots.facts import SiteFacts
from booking.slots.grid import Grid, Span
from booking.slots.models import Occupancy, seated
from booking.slots.reassigning import LIMITS, Answer, Board, Placement

DAY = 86400


@dataclass(frozen=True)
class Boards:
    """The boards of what one question may be answered with, each read once.

    What the appointments `ignoring` take is free; those `staying` make way for nobody. Rooms are taken for closed over
    `supposed`, by room. Appointments that have begun at `asked_at` (seconds UTC) stay where they are.
    """

    session: Session
    configuration: Configuration
    ignoring: Collection[int]
    staying: Collection[int]
    asked_at: int
    supposed: Mapping[int, Sequence[Span]]
    _known: dict[tuple[int, date], tuple[Grid, Board]] = field(default_factory=dict)
    _answers: dict[tuple[int, Need, Span], Answer] = field(default_factory=dict)

    def plans(self, site: SiteFacts, need: Need, spans: Collection[Span]) -> dict[Span, Answer]:
        """How a room could be found over each of these spans (seconds UTC, buffers included), in two reads at most."""
        keys = {span: (site.id, need, span) for span in spans}
        asked = {span: hours.local_day(span[0], site.zone) for span, key in keys.items() if key not in self._answers}
        self._read(site, {day for day in asked.values() if (site.id, day) not in self._known})
        for span, day in asked.items():
            self._answers[keys[span]] = _answer(*self._known[site.id, day], need, span)
        return {span: self._answers[key] for span, key in keys.items()}

    def _read(self, site: SiteFacts, days: Collection[date]) -> None:
        if not days:
            return
        grids = {day: _grid(day, site) for day in days}
        whole = Grid.over(min(grid.origin for grid in grids.values()), max(grid.end for grid in grids.values()))
        rows = self._rows(site, grids.values(), whole)
        _, closures = schedule.read_closures(self.session, [site.id], whole)
        for key, spans in self.supposed.items():
            closures.setdefault(key, []).extend(spans)
        for day, grid in grids.items():
            self._known[site.id, day] = grid, self._board(site, grid, rows, closures)

    def _rows(self, site: SiteFacts, grids: Iterable[Grid], whole: Grid) -> Sequence[sa.Row[Any]]:
        days = {day for grid in grids for day in range(grid.origin // DAY - 1, grid.end // DAY + 1)}
        return execute(
            self.session,
            _TAKEN,
            rooms=[room.id for room in self.configuration.rooms_of([site.id])],
            days=list(days),
            start=whole.origin,
            end=whole.end,
            ignoring=list(self.ignoring),
            asked_at=schedule.moment(self.asked_at),
        ).all()

    def _board(
        self, site: SiteFacts, grid: Grid, rows: Iterable[sa.Row[Any]], closures: Mapping[int, Sequence[Span]]
    ) -> Board:
        fixed: dict[int, list[Span]] = defaultdict(list)
        for room_id, spans in closures.items():
            fixed[room_id] += spans
        placements = []
        for row in rows:
            need = self._need(row)
            within = grid.origin <= row.starts_at and row.ends_at <= grid.end
            if need is None or not within:
                fixed[row.resource_id].append((row.starts_at, row.ends_at))
            else:
                cells = grid.paint([(row.starts_at, row.ends_at)])
                placements.append(Placement(row.appointment_id, row.resource_id, cells, need))
        closed = {room_id: grid.paint(spans) for room_id, spans in fixed.items()}
        return Board(self.configuration.rooms_of([site.id]), placements, closed)

    def _need(self, row: sa.Row[Any]) -> Need | None:
        """What an appointment asks of a room now, None for one that stays, and for what is no appointment."""
        if row.type_id is None or row.appointment_id in self.staying or row.begins_at <= self.asked_at:
            return None
        need = self.configuration.types[row.type_id].need
        return None if need is None else need.of(row.persons, step_free=row.step_free)


_WITH = sa.orm.aliased(Occupancy)
_STEP_FREE = (
    sa.select(Usager.id)
    .join(_WITH, _WITH.resource_id == Usager.id)
    .where(_WITH.appointment_id == Occupancy.appointment_id, Usager.step_free)
    .exists()
)
_TAKEN = (
    sa.select(
        Occupancy.resource_id,
        Occupancy.starts_at,
        Occupancy.ends_at,
        Occupancy.appointment_id,
        seated.c.type_id,
        seated.c.persons,
        seated.c.starts_at.label("begins_at"),
        sa.and_(seated.c.appointment_id.is_not(None), _STEP_FREE).label("step_free"),
    )
    .outerjoin(seated, seated.c.appointment_id == Occupancy.appointment_id)
    .where(
        Occupancy.resource_id.in_(sa.bindparam("rooms", expanding=True)),
        (Occupancy.starts_at // DAY).in_(sa.bindparam("days", expanding=True)),
        Occupancy.starts_at > sa.bindparam("start", type_=sa.BigInteger) - schedule.LONGEST,
        Occupancy.starts_at < sa.bindparam("end", type_=sa.BigInteger),
        *schedule.STANDING,
    )
    .order_by(Occupancy.starts_at, Occupancy.id)
)


def _grid(day: date, site: SiteFacts) -> Grid:
    return Grid.over(hours.instant(day, 0, site.zone), hours.instant(day + timedelta(days=1), 0, site.zone))


def _answer(grid: Grid, board: Board, need: Need, span: Span) -> Answer:
    _, end = span
    return board.place(need, grid.paint([span]), LIMITS) if end <= grid.end else Answer(None)
