"""What each professional can give over a period: the schedule read once, then put together for the generator."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import reduce
from itertools import chain
from operator import and_, or_

from sqlalchemy.orm import Session

from booking.rooms.fitting import RoomFacts, by_preference, fits
from booking.slots import days, generator, hours, schedule
from booking.slots.boards import Boards
from booking.slots.facts import SiteFacts
from booking.slots.generator import Situation
from booking.slots.grid import CELL, Grid, Mask, Span, indexes
from booking.slots.question import Question as Question  # whoever asks for offers asks for both
from booking.slots.question import Supposed as Supposed
from booking.slots.reassigning import Answer
from booking.slots.rules import Rule

Openings = Mapping[tuple[int, int], Sequence[hours.Rule]]  # by (site, professional)


@dataclass(frozen=True)
class Offer:
    """What one lead can give at one site, over a grid, and the start cells that every rule allows.

    `plans` are the answers for those at which every other rule is kept and no room is free; the rooms that they find
    are among those of the situation.
    """

    professional_id: int
    site: SiteFacts
    situation: Situation
    starts: Mask
    plans: Mapping[int, Answer] = field(default_factory=dict)


@dataclass(frozen=True)
class Known:
    """Everything read for a question over a grid; `from_day` and `to_day` cover it in any time zone.

    `asked` are the start cells in question. Who could make way is read when no room is free for one of them.
    """

    question: Question
    grid: Grid
    from_day: date
    to_day: date
    openings: Openings
    sites: Mapping[int, SiteFacts]
    site_closures: Mapping[int, Sequence[Span]]
    room_closures: Mapping[int, Sequence[Span]]
    rooms: Sequence[RoomFacts]
    busy: Mapping[int, Mask]
    absences: Mapping[int, Sequence[Span]]
    asked: Mask
    boards: Boards

    def asking(self, question: Question) -> Known:
        """The same for another question, about people, rooms and hours that were all read for this one."""
        return replace(self, question=question, rooms=_eligible(question, self.sites))


@dataclass(frozen=True)
class _Place:
    """A site over the grid, whoever leads there: see Situation."""

    site: SiteFacts
    opened: Mask
    rooms: Mapping[int, Mask] | None
    received: Mask | None
    interpreters: Mapping[int, Mask] | None


def offers(
    session: Session, question: Question, first: int, last: int, *, with_closed: bool = False
) -> Iterator[Offer]:
    """What each lead can give for starts in [first, last), in a bounded number of reads.

    `with_closed` also yields those who do not receive then, for a decision that must name the rule. The sites where
    somebody receives come before the others.
    """
    return offers_of(read(session, question, first, last, with_closed=with_closed))


def offers_of(known: Known) -> Iterator[Offer]:
    """What each lead can give over what was read."""
    for site in known.sites.values():
        place = _place(known, site)
        leads = [who for at, who in known.openings if at == site.id and who in known.question.professional_ids]
        yield from _offers_at(known, place, [(who, _situation(known, place, who)) for who in leads])


def _offers_at(known: Known, place: _Place, led: Sequence[tuple[int, Situation]]) -> Iterator[Offer]:
    """What they can give at a site: in a free room or, for the starts that want nothing else, one that others leave."""
    question, demand = known.question, known.question.kind.demand
    waived: set[Rule] = {*question.waived, "no_room"}
    able = [generator.starts(situation, demand, waived) for _, situation in led]
    if place.rooms is None:
        for (who, situation), starts in zip(led, able, strict=True):
            yield Offer(who, place.site, situation, starts)
        return
    free = reduce(or_, place.rooms.values(), 0)
    plans = _plans(known, place.site, reduce(or_, able, 0) & known.asked & ~free)
    rooms = _with_those_left(place.rooms, plans)
    free = reduce(or_, rooms.values(), 0)
    for (who, situation), starts in zip(led, able, strict=True):
        yield Offer(who, place.site, replace(situation, rooms=rooms), starts & free, plans)


def _plans(known: Known, site: SiteFacts, lacking: Mask) -> dict[int, Answer]:
    """By start cell, of those that want a room and nothing else, how others could leave one."""
    question = known.question
    if question.need is None or question.direct or question.room_id is not None:
        return {}
    spans = {cell: _span(known.grid, question, cell) for cell in indexes(lacking)}
    answers = known.boards.plans(site, question.need, spans.values())
    return {cell: answers[span] for cell, span in spans.items()}


def _with_those_left(rooms: Mapping[int, Mask], plans: Mapping[int, Answer]) -> Mapping[int, Mask]:
    found = dict(rooms)
    for cell, plan in plans.items():
        if plan.room_id is not None:
            found[plan.room_id] |= 1 << cell
    return found


def _span(grid: Grid, question: Question, cell: int) -> Span:
    """What a room would be taken for from that start cell, buffers included."""
    demand = question.kind.demand
    first = cell - demand.before
    return grid.instant(first), grid.instant(first + demand.buffered)


def read(
    session: Session,
    question: Question,
    first: int,
    last: int,
    *,
    with_closed: bool = False,
    to_explain: bool = False,
) -> Known:
    """Read what bears on starts in [first, last).

    `to_explain`, also of the rooms that do not suit, and of the sites where somebody receives walk-ins alone.
    """
    demand = question.kind.demand
    grid = Grid.over(first - demand.before * CELL, last + (demand.duration + demand.after) * CELL)
    start, end = schedule.bounds(grid)
    from_day, to_day = start.date() - timedelta(days=1), end.date() + timedelta(days=1)
    known, about = question.configuration, (question.people, from_day, to_day)
    openings: Openings = known.openings_of(*about, on_call=None if question.on_call else False)
    if with_closed:
        openings = _with_sites_to_judge(question, openings)
    sites = known.sites_of(_where_led(question, known.openings_of(*about, on_call=None) if to_explain else openings))
    site_closures, room_closures = schedule.read_closures(session, sites, grid)
    rooms = _eligible(question, sites)
    wanted = known.rooms_of(sites) if to_explain else rooms
    busy = _busy(session, question, wanted, grid, for_a_decision=with_closed)
    absences = schedule.read_absences(session, question.people, grid)
    if (supposed := question.supposed) is not None:
        stored = {"absence": absences, "site": site_closures, "room": room_closures}[supposed.kind]
        stored.setdefault(supposed.key, []).append(supposed.span)
    return Known(
        question,
        grid,
        from_day,
        to_day,
        openings,
        sites,
        site_closures,
        room_closures,
        rooms,
        busy,
        absences,
        asked=grid.between(first, last),
        boards=_boards(session, question),
    )


def _boards(session: Session, question: Question) -> Boards:
    supposed = question.supposed
    closed = {supposed.key: [supposed.span]} if supposed is not None and supposed.kind == "room" else {}
    aside = question.ignoring, question.staying, question.asked_at
    return Boards(session, question.configuration, *aside, closed)


def _where_led(question: Question, openings: Openings) -> list[int]:
    """The sites where somebody can lead, each once, in the order of the openings."""
    return list(dict.fromkeys(site_id for site_id, who in openings if who in question.professional_ids))


def _with_sites_to_judge(question: Question, openings: Openings) -> Openings:
    """A decision is about every site when nobody leads anywhere, or when they need not receive there (no_opening)."""
    if _where_led(question, openings) and "no_opening" not in question.waived:
        return openings
    everywhere = ((site, who) for site in question.configuration.sites for who in question.professional_ids)
    return {**openings, **{key: [] for key in everywhere if key not in openings}}


def _eligible(question: Question, site_ids: Collection[int]) -> list[RoomFacts]:
    need = question.need
    if need is None:
        return []
    rooms = (room for room in question.configuration.rooms_of(site_ids) if fits(room, need))
    return by_preference(room for room in rooms if question.room_id in (None, room.id))


def _busy(
    session: Session, question: Question, rooms: Collection[RoomFacts], grid: Grid, *, for_a_decision: bool
) -> dict[int, Mask]:
    """When each of them is taken. A decision asks the occupancies themselves, for one day; a search, the days' bits."""
    resources = {*question.people, *(room.id for room in rooms)}
    aside = question.ignoring, question.asked_at
    spans = schedule.read_occupancies(
        session, {*question.usager_ids, *(resources if for_a_decision else ())}, grid, *aside
    )
    masks = {key: grid.paint(found) for key, found in spans.items()}
    return masks if for_a_decision else masks | days.read_taken(session, resources, grid, *aside)


def _place(known: Known, site: SiteFacts) -> _Place:
    opened = known.grid.paint(site.open_spans(known.from_day, known.to_day))
    opened &= ~known.grid.paint(known.site_closures.get(site.id, ()))
    rooms = _room_starts(known, site, opened) if known.question.need else None
    interpreters = _interpreter_starts(known, site) if known.question.interpreter is not None else None
    return _Place(site, opened, rooms, _received(known, site), interpreters)


def _room_starts(known: Known, site: SiteFacts, opened: Mask) -> dict[int, Mask]:
    """The start cells at which each room of a site is free, buffers included; the room to prefer first."""
    return {
        room.id: generator.fit(opened & ~_taken(known, room.id), known.question.kind.demand)
        for room in known.rooms
        if room.site_id == site.id
    }


def _received(known: Known, site: SiteFacts) -> Mask | None:
    """When every colleague receives at a site, None without colleagues.

    What two openings of theirs cover side by side they receive in one go: their lattice, unlike a lead's, is not asked.
    """
    if not known.question.colleague_ids:
        return None
    return reduce(and_, (known.grid.paint(_open_spans(known, site, who)) for who in known.question.colleague_ids))


def _interpreter_starts(known: Known, site: SiteFacts) -> dict[int, Mask]:
    """The start cells at which each interpreter receives at a site and is free, buffers included; in their order."""

    def free(who: int) -> Mask:
        received = known.grid.paint(_open_spans(known, site, who))
        return received & ~known.busy.get(who, 0) & ~known.grid.paint(known.absences.get(who, ()))

    return {who: generator.fit(free(who), known.question.kind.demand) for who in known.question.interpreter_ids}


def _open_spans(known: Known, site: SiteFacts, professional_id: int) -> list[Span]:
    rules = known.openings.get((site.id, professional_id), ())
    return [span for rule in rules for span in hours.occurrences(rule, known.from_day, known.to_day, site.zone)]


def _taken(known: Known, room_id: int) -> Mask:
    return known.busy.get(room_id, 0) | known.grid.paint(known.room_closures.get(room_id, ()))


def _situation(known: Known, place: _Place, lead: int) -> Situation:
    grid, question = known.grid, known.question
    people = {lead, *question.colleague_ids}
    return Situation(
        grid=grid,
        notice=question.notice,
        hours=place.opened,
        openings=_open_spans(known, place.site, lead),
        absent=grid.paint(_spans_of(people, known.absences)),
        busy=_any_of(people, known.busy),
        usager_busy=_any_of(question.usager_ids, known.busy),
        rooms=place.rooms,
        received=place.received,
        interpreters=_all_but(lead, place.interpreters),
    )


def _all_but(lead: int, interpreters: Mapping[int, Mask] | None) -> Mapping[int, Mask] | None:
    """Nobody interprets what they lead."""
    return interpreters and {who: mask for who, mask in interpreters.items() if who != lead}


def _any_of(keys: Iterable[int], masks: Mapping[int, Mask]) -> Mask:
    return reduce(or_, (masks.get(key, 0) for key in keys), 0)


def _spans_of(keys: Iterable[int], known: Mapping[int, Sequence[Span]]) -> Iterator[Span]:
    return chain.from_iterable(known.get(key, ()) for key in keys)
