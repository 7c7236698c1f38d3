"""Why nothing, or little, is found: what each rule takes away, and the smallest changes that would find something."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Literal, get_args

from sqlalchemy.orm import Session

from booking.rooms.fitting import Lack, Need, RoomFacts, lacks
from booking.rooms.models import CLOSED_DOOR_KINDS
from booking.slots import availability, generator, hours, offers, walk_ins
from booking.slots.availability import LONGEST_SEARCH, Search, Slot
from booking.slots.facts import TypeFacts
from booking.slots.found import made
from booking.slots.grid import CELL, Mask, Span, apart, around, to_cells
from booking.slots.offers import Known, Offer, Question
from booking.slots.rules import Rule
from booking.slots.walk_ins import WalkIns

NEARBY = 20  # minutes: what somebody on the phone still calls the same time
SHORTER = 15  # minutes
WEEK = timedelta(weeks=1)

# Why there is not even one start to judge.
Nothing = Literal["nobody", "no_opening", "too_short", "no_start"]
RoomCause = Literal["room_kind", "room_reserved", "room_features", "room_capacity", "room_closed", "room_busy"]
Cause = Rule | RoomCause
Kind = Literal[
    "nearby_time",  # by `NEARBY` sooner or later than the period
    "other_room",  # not the room that was asked for
    "other_professional",
    "other_language",  # with somebody who does not speak the one that was asked for
    "off_lattice",  # by `NEARBY` at most, which somebody must allow (« hors plage »)
    "shorter",
    "other_room_kind",
    "without_colleague",
    "without_interpreter",
    "later",
]
IN_ORDER: tuple[Cause, ...] = (*get_args(Rule), *get_args(RoomCause))
_NOT_QUITE: tuple[Lack, ...] = ("reserved", "features", "capacity")
_LACKS: Mapping[Lack, RoomCause] = {
    "kind": "room_kind",
    "reserved": "room_reserved",
    "features": "room_features",
    "capacity": "room_capacity",
}


@dataclass(frozen=True)
class Relaxation:
    """One change of what is asked that finds something more: how many slots, and the first of them.

    `professional_id` is the colleague who would be left out. Of « later », the count is of seven days, that of the
    first slot included.
    """

    kind: Kind
    count: int
    first: Slot
    professional_id: int | None = None


@dataclass(frozen=True)
class Explanation:
    """What became of the starts that the openings of a period, which ends at `end`, hold: those of each of the `leads`.

    `causes` says how many each rule took away, each start by the first rule in the order in which a clerk would say
    them; « no_room » is told apart. They add up to `starts - offered`. `nothing` says why there are no starts.
    `relaxations` come smallest first. `walk_ins` is None where nobody can come without an appointment.
    """

    question: Question
    end: datetime
    leads: frozenset[int]
    starts: int
    offered: int
    causes: Mapping[Cause, int]
    nothing: Nothing | None
    relaxations: Sequence[Relaxation]
    walk_ins: WalkIns | None


def explain(session: Session, search: Search, now: datetime) -> Explanation:
    """Explain what `find_slots` finds, in a bounded number of reads. Raises what `find_slots` raises."""
    availability.check_period(search)
    return explain_between(session, availability.ask(session, search, now), search.start, search.end)


def explain_between(session: Session, question: Question, start: datetime, end: datetime) -> Explanation:
    """Explain what there is of a question, which sets no rule aside, in [start, end)."""
    first, last = int(start.timestamp()), int(end.timestamp())
    known = _read(session, question, first, last)
    asked = known.asking(question)
    starts, causes = _judged(asked, first, last)
    return Explanation(
        question=question,
        end=end,
        leads=frozenset(starts),
        starts=starts.total(),
        offered=starts.total() - causes.total(),
        causes=dict(causes),
        nothing=None if starts else _nothing(asked, first, last),
        relaxations=[*_relaxed(known, question, first, last), *_later(session, question, end)],
        walk_ins=walk_ins.told(asked, first, last),
    )


def _read(session: Session, question: Question, first: int, last: int) -> Known:
    """All that the question and its relaxations need: everybody who could lead, every room, a little more time."""
    anybody = {*question.professional_ids, *question.configuration.qualified(question.kind)}
    wide = replace(question, professional_ids=sorted(anybody))
    return offers.read(session, wide, first - NEARBY * 60, last + NEARBY * 60, to_explain=True)


# ------------------------------------------------------------------ what took them away


def _judged(known: Known, first: int, last: int) -> tuple[Counter[int], Counter[Cause]]:
    """How many starts the openings of each lead hold, and how many each cause took away, in the order of the rules."""
    starts, found, demand = Counter[int](), Counter[Cause](), known.question.kind.demand
    for offer in offers.offers_of(known):
        wanted = generator.lattice(offer.situation, demand) & offer.situation.grid.between(first, last)
        starts += Counter({offer.professional_id: wanted.bit_count()})
        for rule, gone in generator.sieve(offer.situation, demand, wanted):
            causes = _room_causes(known, offer, gone) if rule == "no_room" else [(rule, gone)]
            for cause, mask in causes:
                found[cause] += mask.bit_count()
    return starts, Counter({cause: found[cause] for cause in IN_ORDER if found[cause]})


def _room_causes(known: Known, offer: Offer, gone: Mask) -> Iterator[tuple[Cause, Mask]]:
    """Tell apart why no room can be given: each start by the first cause that leaves a room free then."""
    rooms = _rooms_by_lack(known, offer)
    tried: list[tuple[RoomCause, Mask]] = [("room_closed", _free(known, offer, rooms[None], {}))]
    tried += [(_LACKS[lack], _free(known, offer, rooms[lack], known.room_closures)) for lack in _NOT_QUITE]
    for cause, free in tried:
        if share := gone & free:
            yield cause, share
        gone &= ~free
    if gone:
        yield _otherwise(rooms), gone


def _rooms_by_lack(known: Known, offer: Offer) -> Mapping[Lack | None, Sequence[RoomFacts]]:
    """The rooms of the site, or the one asked for, by the first thing for which they may not be given."""
    question, found = known.question, defaultdict[Lack | None, list[RoomFacts]](list)
    need = question.need
    for room in question.configuration.rooms_of([offer.site.id]):
        if need is not None and question.room_id in (None, room.id):
            found[lacks(room, need)].append(room)
    return found


def _free(known: Known, offer: Offer, rooms: Sequence[RoomFacts], closures: Mapping[int, Sequence[Span]]) -> Mask:
    """The start cells at which one of these rooms is free, those closures apart."""
    situation, demand = offer.situation, known.question.kind.demand
    closed = {room.id: situation.grid.paint(closures.get(room.id, ())) for room in rooms}
    free = (situation.hours & ~known.busy.get(key, 0) & ~spans for key, spans in closed.items())
    return reduce(or_, (generator.fit(mask, demand) for mask in free), 0)


def _otherwise(rooms: Mapping[Lack | None, Sequence[RoomFacts]]) -> RoomCause:
    """The cause when every room of the right kind is taken: that, unless none of them would do."""
    if rooms.get(None):
        return "room_busy"
    return next((_LACKS[lack] for lack in _NOT_QUITE if rooms.get(lack)), "room_kind")


def _nothing(known: Known, first: int, last: int) -> Nothing:
    """Why the openings hold no start at all."""
    question = known.question
    if not question.professional_ids:
        return "nobody"
    spans = [span for offer in offers.offers_of(known) for span in offer.situation.openings]
    lengths = [(end - start) // CELL for start, end in spans if start < last and first < end]
    if not lengths:
        return "no_opening"
    return "too_short" if max(lengths) < generator.shortest(question.kind.demand) else "no_start"


# ------------------------------------------------------------------ what would find something

_Offered = Mapping[tuple[int, int], Mask]  # by professional and site


@dataclass(frozen=True)
class _Attempt:
    """Another question over other spans, that might find something."""

    kind: Kind
    question: Question
    spans: Sequence[Span]
    professional_id: int | None = None


def _relaxed(known: Known, question: Question, first: int, last: int) -> Iterator[Relaxation]:
    offered = dict(_offered(known.asking(question), first, last))
    for attempt in _attempts(question, first, last):
        # A change of what is asked is for those on the phone: it is judged by the rooms that are free.
        found = _tally(known.asking(replace(attempt.question, direct=True)), attempt, offered)
        if found is not None:
            yield found


def _offered(known: Known, first: int, last: int) -> Iterator[tuple[tuple[int, int], Mask]]:
    for offer in offers.offers_of(known):
        yield (offer.professional_id, offer.site.id), offer.starts & offer.situation.grid.between(first, last)


def _attempts(question: Question, first: int, last: int) -> Iterator[_Attempt]:
    """One change each, the smallest first."""
    whole, kind, fits_in = [(first, last)], question.kind, question.room_id
    yield _Attempt("nearby_time", question, [(first - NEARBY * 60, first), (last, last + NEARBY * 60)])
    if fits_in is not None:
        yield _Attempt("other_room", replace(question, room_id=None), whole)
    for change, others in _others(question):
        yield _Attempt(change, replace(question, professional_ids=others), whole)
    yield _Attempt("off_lattice", replace(question, waived=frozenset({"off_grid"})), whole)
    if kind.duration >= 2 * SHORTER:
        yield _Attempt("shorter", replace(question, kind=_shorter(kind)), whole)
    if kind.need is not None and fits_in is None:
        yield _Attempt("other_room_kind", replace(question, kind=_elsewhere(kind, kind.need)), whole)
    for who in sorted(question.colleague_ids):
        yield _Attempt("without_colleague", _without(question, who), whole, who)
    if question.interpreter is not None:
        yield _Attempt("without_interpreter", replace(question, interpreter=None), whole)


def _others(question: Question) -> Iterator[tuple[Kind, list[int]]]:
    """Those who do this type, and were neither asked for nor take part anyway: who speak the language, and who do not.

    Nobody who does not speak it is « another professional » of a search for those who do.
    """
    known, language = question.configuration, question.language
    named = {*question.professional_ids, *question.colleague_ids}
    able = [who for who in known.qualified(question.kind) if who not in named]
    speaking = able if language is None else known.speaking(language, able)
    if speaking:
        yield "other_professional", speaking
    if others := [who for who in able if who not in speaking]:
        yield "other_language", others


def _shorter(kind: TypeFacts) -> TypeFacts:
    demand = replace(kind.demand, duration=kind.demand.duration - to_cells(SHORTER))
    return replace(kind, duration=kind.duration - SHORTER, demand=demand)


def _elsewhere(kind: TypeFacts, need: Need) -> TypeFacts:
    return replace(kind, need=replace(need, kinds=CLOSED_DOOR_KINDS - need.kinds))


def _without(question: Question, colleague: int) -> Question:
    others = [who for who in question.colleague_ids if who != colleague]
    return replace(question, colleague_ids=others, persons=question.persons - 1)


def _tally(known: Known, attempt: _Attempt, offered: _Offered) -> Relaxation | None:
    """How many slots an attempt finds that are not offered, and the first; None for none."""
    count, firsts = 0, list[Slot]()
    for offer in offers.offers_of(known):
        already = offered.get((offer.professional_id, offer.site.id), 0)
        wanted = reduce(or_, (offer.situation.grid.between(*span) for span in attempt.spans))
        found = _more(offer, attempt.question, wanted & ~already, already)
        count += found.bit_count()
        firsts += made(offer, attempt.question.kind.demand.duration, found & -found)
    return Relaxation(attempt.kind, count, min(firsts), attempt.professional_id) if firsts else None


def _more(offer: Offer, question: Question, wanted: Mask, already: Mask) -> Mask:
    """Those of the wanted starts that can be given; between those of the lattice, as many as can beside what is."""
    demand = question.kind.demand
    found = wanted & offer.starts
    if "off_grid" not in question.waived:
        return found
    near = around(generator.lattice(offer.situation, demand), to_cells(NEARBY))
    return apart(found & near & ~around(already, demand.buffered - 1), demand.buffered)


def _later(session: Session, question: Question, end: datetime) -> Iterator[Relaxation]:
    """The first slots after the period, looked for in windows of 2, 4, 8… weeks, 13 in all."""
    start, window, limit = end, 2 * WEEK, end + LONGEST_SEARCH
    while start < limit:
        until = min(start + window, limit)
        found = availability.find(session, question, start, until)
        for first in found.slots(limit=1):
            last = _seven_days(question, first.start)
            if last > until:
                found = availability.find(session, question, first.start, last)
            week = found.between(int(first.start.timestamp()), int(last.timestamp()))
            yield Relaxation("later", len(week), first)
            return
        start, window = until, window * 2


def _seven_days(question: Question, start: datetime) -> datetime:
    """When the seventh day ends, that of the start being the first: what a search of those days shows."""
    zone = question.configuration.here().zone
    day = start.astimezone(zone).date() + WEEK
    return datetime.fromtimestamp(hours.instant(day, 0, zone), zone)
