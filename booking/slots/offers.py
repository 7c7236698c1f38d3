"""What each professional can give over a period: the schedule read once, then put together for the generator."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy.orm import Session

from booking.rooms.fitting import Need, RoomFacts, by_preference, fits
from booking.slots import generator, hours, schedule
from booking.slots.generator import Notice, Situation
from booking.slots.grid import CELL, Grid, Mask, Span
from booking.slots.schedule import SiteFacts, TypeFacts


@dataclass(frozen=True)
class Question:
    """A search whose type has been read. `ignoring` are the appointments that move: what they take is free for them."""

    kind: TypeFacts
    professional_ids: Collection[int]
    notice: Notice
    usager_ids: Collection[int] = ()
    room_id: int | None = None
    step_free: bool = False
    ignoring: Collection[int] = ()

    @property
    def need(self) -> Need | None:
        """What is asked of the room, None when there is none."""
        need = self.kind.need
        if need is None or not self.step_free:
            return need
        return replace(need, features=need.features | {"step_free"})


@dataclass(frozen=True)
class Offer:
    """What one professional can give at one site, over a grid."""

    professional_id: int
    site: SiteFacts
    situation: Situation


@dataclass(frozen=True)
class _Known:
    """Everything read for a question over a grid; `from_day` and `to_day` cover it in any time zone."""

    question: Question
    grid: Grid
    from_day: date
    to_day: date
    openings: Mapping[tuple[int, int], Sequence[hours.Rule]]
    sites: Mapping[int, SiteFacts]
    site_closures: Mapping[int, Sequence[Span]]
    room_closures: Mapping[int, Sequence[Span]]
    rooms: Sequence[RoomFacts]
    busy: Mapping[int, Sequence[Span]]
    absences: Mapping[int, Sequence[Span]]


def offers(
    session: Session, question: Question, first: int, last: int, *, with_closed: bool = False
) -> Iterator[Offer]:
    """What each professional can give for starts in [first, last), in a bounded number of reads.

    `with_closed` also yields those who do not receive then, for a decision that must name the rule.
    """
    known = _read(session, question, first, last, with_closed)
    for site in known.sites.values():
        opened = known.grid.paint(site.open_spans(known.from_day, known.to_day))
        opened &= ~known.grid.paint(known.site_closures.get(site.id, ()))
        rooms = _room_starts(known, site, opened) if question.need else None
        for (site_id, professional_id), rules in known.openings.items():
            if site_id == site.id:
                yield Offer(professional_id, site, _situation(known, site, professional_id, rules, opened, rooms))


def _read(session: Session, question: Question, first: int, last: int, with_closed: bool) -> _Known:
    demand = question.kind.demand
    grid = Grid.over(first - demand.before * CELL, last + (demand.duration + demand.after) * CELL)
    start, end = schedule.bounds(grid)
    from_day, to_day = start.date() - timedelta(days=1), end.date() + timedelta(days=1)
    openings = schedule.read_openings(session, question.professional_ids, from_day, to_day)
    if with_closed and not openings:
        openings = schedule.nowhere(session, question.professional_ids)
    sites = schedule.read_sites(session, {site_id for site_id, _ in openings})
    site_closures, room_closures = schedule.read_closures(session, sites, grid)
    rooms = _eligible(session, question, sites)
    busy = schedule.read_occupancies(session, _resources(question, rooms), grid, question.ignoring)
    absences = schedule.read_absences(session, question.professional_ids, grid)
    return _Known(
        question, grid, from_day, to_day, openings, sites, site_closures, room_closures, rooms, busy, absences
    )


def _eligible(session: Session, question: Question, site_ids: Collection[int]) -> list[RoomFacts]:
    need = question.need
    if need is None:
        return []
    rooms = (room for room in schedule.read_rooms(session, site_ids) if fits(room, need))
    return by_preference(room for room in rooms if question.room_id in (None, room.id))


def _resources(question: Question, rooms: Collection[RoomFacts]) -> set[int]:
    return {*question.professional_ids, *question.usager_ids, *(room.id for room in rooms)}


def _room_starts(known: _Known, site: SiteFacts, opened: Mask) -> dict[int, Mask]:
    """The start cells at which each room of a site is free, buffers included; the room to prefer first."""
    return {
        room.id: generator.fit(opened & ~_taken(known, room.id), known.question.kind.demand)
        for room in known.rooms
        if room.site_id == site.id
    }


def _taken(known: _Known, room_id: int) -> Mask:
    return known.grid.paint([*known.busy.get(room_id, ()), *known.room_closures.get(room_id, ())])


def _situation(
    known: _Known,
    site: SiteFacts,
    professional_id: int,
    rules: Sequence[hours.Rule],
    opened: Mask,
    rooms: Mapping[int, Mask] | None,
) -> Situation:
    grid, question = known.grid, known.question
    return Situation(
        grid=grid,
        notice=question.notice,
        hours=opened,
        openings=[span for rule in rules for span in hours.occurrences(rule, known.from_day, known.to_day, site.zone)],
        absent=grid.paint(known.absences.get(professional_id, ())),
        busy=grid.paint(known.busy.get(professional_id, ())),
        usager_busy=grid.paint(span for key in question.usager_ids for span in known.busy.get(key, ())),
        rooms=rooms,
    )
