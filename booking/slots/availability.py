"""Slots: a professional free and a room that fits free, offered and decided by the same rules."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import inf

from sqlalchemy.orm import Session

from booking import french
from booking.errors import Invalid, NotFound, SlotUnavailable
from booking.slots import configuration, generator, hours, schedule
from booking.slots.configuration import Configuration
from booking.slots.facts import SiteFacts, TypeFacts
from booking.slots.facts import Slot as Slot  # whoever searches asks for both
from booking.slots.found import Found
from booking.slots.generator import Notice, Situation
from booking.slots.grid import CELL
from booking.slots.offers import Offer, Question, offers
from booking.slots.reassigning import Answer
from booking.slots.rules import ORDER, Rule

LONGEST_SEARCH = timedelta(weeks=13)
FIRST_WINDOW = timedelta(weeks=1)
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)


@dataclass(frozen=True)
class Search:
    """What is looked for: starts in [start, end). Without professionals, any of those who do the type.

    Each of these may lead, with all the colleagues: see `check_colleagues`. `persons` counts everybody in the room;
    those named here, and the seats of a collective type, count anyway. `by_usager` applies the lead time and the
    horizon of what usagers do themselves. With a `language`, a code of labels.SPOKEN, only those who speak it lead.
    With an `interpreter`, such a code too, each slot has somebody who interprets from it and whom `persons` does not
    count, unless a colleague is one already.
    """

    type_id: int
    start: datetime
    end: datetime
    professional_ids: frozenset[int] | None = None
    usager_ids: frozenset[int] = frozenset()
    room_id: int | None = None
    step_free: bool = False
    by_usager: bool = False
    colleague_ids: frozenset[int] = frozenset()
    persons: int = 2
    language: str | None = None
    interpreter: str | None = None


@dataclass(frozen=True)
class Verdict:
    """Whether a start can be given: the rule that forbids it or None, the site, and the free rooms, preferred first.

    Without a free room, the `plan` by which others leave that one. `exhausted` says that a plan may have been missed.
    """

    rule: Rule | None
    site_id: int = 0
    room_ids: tuple[int, ...] = ()
    plan: Answer | None = None
    exhausted: bool = False


def find_slots(session: Session, search: Search, now: datetime, limit: int | None = None) -> list[Slot]:
    """The slots of a search, sorted by start then professional, each pair once; at most `limit` of them.

    Raises what `ask` raises, and Invalid for a period that is empty or longer than 13 weeks.
    """
    check_period(search)
    return slots_between(session, ask(session, search, now), search.start, search.end, limit)


def first_slots(session: Session, search: Search, now: datetime, limit: int) -> list[Slot]:
    """The first `limit` slots of a search, looking ahead in windows of 1, 2, 4… weeks and no further than needed."""
    check_period(search)
    question = ask(session, search, now)
    found: list[Slot] = []
    start, window = search.start, FIRST_WINDOW
    while start < search.end and len(found) < limit:
        end = min(start + window, search.end)
        found += slots_between(session, question, start, end, limit - len(found))
        start, window = end, window * 2
    return found


def slots_between(
    session: Session, question: Question, start: datetime, end: datetime, limit: int | None = None
) -> list[Slot]:
    """The slots of a question that begin in [start, end), sorted by start then professional; at most `limit`."""
    return find(session, question, start, end).slots(limit)


def find(session: Session, question: Question, start: datetime, end: datetime) -> Found:
    """The slots of a question that begin in [start, end), not made yet."""
    first, last = int(start.timestamp()), int(end.timestamp())
    given = [(offer, offer.starts) for offer in offers(session, question, first, last)]
    return Found(question.kind.demand.duration, given).between(first, last)


def decide(session: Session, question: Question, start: datetime) -> Verdict:
    """Whether that start can be given to the one lead of the question and all colleagues, by the rules of an offer.

    With no_opening waived, it is decided for every site; of those that suit, the verdict is about the one where the
    lead receives nearest to then.
    """
    seconds = int(start.timestamp())
    judged = [
        (_verdict(offer, question, seconds), _away(offer.situation, seconds))
        for offer in offers(session, question, seconds, seconds + CELL, with_closed=True)
    ]
    # Of several sites, the one where the fewest rules stand in the way.
    verdict, _ = max(judged, key=lambda pair: (_rank(pair[0]), -pair[1]), default=(Verdict("closed"), 0))
    return verdict


def ask(session: Session, search: Search, now: datetime) -> Question:
    """Read the type of a search, who does it, and what its usagers need.

    Raises NotFound for an unknown type, and what `check_colleagues` raises.
    """
    known = configuration.read(session)
    kind = known.type(search.type_id)
    check_colleagues(known, kind, search.colleague_ids)
    needed = schedule.step_free_needed(session, search.usager_ids)
    return Question(
        configuration=known,
        kind=kind,
        professional_ids=_leads(known, kind, search),
        notice=notice(kind, now, search.by_usager),
        usager_ids=search.usager_ids,
        room_id=search.room_id,
        step_free=search.step_free or needed,
        colleague_ids=search.colleague_ids,
        persons=max(search.persons, _present(search, kind.capacity or 0)),
        asked_at=int(now.timestamp()),
        language=search.language,
        interpreter=_interpreter(known, search),
    )


def check_colleagues(known: Configuration, kind: TypeFacts, ids: Collection[int]) -> None:
    """Refuse colleagues who cannot take part in a type.

    Interpreters take part whatever their service, everybody else in what their own service does, whatever their
    profession. Raises NotFound("professional") for somebody unknown, and SlotUnavailable("not_qualified") for somebody
    retired or of another service.
    """
    if not set(ids) <= known.professionals.keys():
        raise NotFound("professional")
    if len(known.joining(kind.service_id, ids)) < len(set(ids)):
        raise SlotUnavailable("not_qualified")


def notice(kind: TypeFacts, now: datetime, by_usager: bool = False) -> Notice:
    """The bounds that a type sets on a start: those of the desk, or also those of what usagers do themselves."""
    seconds = int(now.timestamp())
    desk = seconds + kind.desk_lead_time * 60
    if not by_usager:
        return Notice(seconds, desk)
    return Notice(seconds, desk, seconds + kind.lead_time * 60, seconds + kind.horizon_days * 86400)


def check_distance(field: str, instant: datetime) -> None:
    """Refuse an instant so far away that dates around it could not be computed. Raises Invalid.

    A naive one is a bug: it would be read in the time zone of the machine. Raises ValueError.
    """
    if instant.tzinfo is None:
        raise ValueError("naive datetime")
    if not FIRST_DAY <= instant.date() <= LAST_DAY:
        limits = {"minimum": french.short_day(FIRST_DAY), "maximum": french.short_day(LAST_DAY)}
        raise Invalid(field, "out_of_range", **limits)


def _leads(known: Configuration, kind: TypeFacts, search: Search) -> list[int]:
    """Who may lead. Any of those who do the type means somebody beside the colleagues, who take part anyway."""
    found = known.qualified(kind, search.professional_ids)
    if search.language is not None:
        found = known.speaking(search.language, found)
    if search.professional_ids is not None:
        return found
    return [who for who in found if who not in search.colleague_ids]


def _interpreter(known: Configuration, search: Search) -> str | None:
    """The language from which somebody is still to interpret."""
    language = search.interpreter
    return None if language is None or search.colleague_ids & set(known.interpreting(language)) else language


def _present(search: Search, seats: int) -> int:
    """How many persons the search names or has seats for, its lead included, who may be named among the colleagues."""
    leads = search.professional_ids
    somebody_else_leads = not leads or not leads <= search.colleague_ids
    return max(len(search.usager_ids), seats) + len(search.colleague_ids) + somebody_else_leads


def check_period(search: Search) -> None:
    """Refuse a period that is empty, longer than 13 weeks, or too far away. Raises Invalid on « from » or « to »."""
    check_distance("from", search.start)
    check_distance("to", search.end)
    if search.end <= search.start:
        raise Invalid("to", "end_before_start")
    if search.end - search.start > LONGEST_SEARCH + timedelta(days=1):
        raise Invalid("to", "range_too_long", maximum=LONGEST_SEARCH.days)


def _rank(verdict: Verdict) -> int:
    return ORDER.index(verdict.rule) if verdict.rule else len(ORDER)


def _away(situation: Situation, start: int) -> float:
    """How many seconds lie between a start and the nearest opening of the lead."""
    return min((max(opens - start, start - closes, 0) for opens, closes in situation.openings), default=inf)


def _verdict(offer: Offer, question: Question, start: int) -> Verdict:
    rule = generator.refusal(offer.situation, question.kind.demand, start, question.waived)
    if rule is None and "no_opening" in question.waived and _spans_midnight(offer.site, question, start):
        rule = "no_opening"
    cell = offer.situation.grid.cell(start)
    free = tuple(room for room, mask in (offer.situation.rooms or {}).items() if mask >> cell & 1)
    plan = offer.plans.get(cell)
    if plan is None or plan.room_id is None:
        return Verdict(rule, offer.site.id, free, exhausted=plan is not None and plan.exhausted)
    return Verdict(rule, offer.site.id, free, plan)


def _spans_midnight(site: SiteFacts, question: Question, start: int) -> bool:
    """Whether it would be of two days. An opening is of one: this can happen only where openings are set aside."""
    last = start + question.kind.demand.duration * CELL - 1
    return hours.local_day(start, site.zone) != hours.local_day(last, site.zone)
