"""The few slots to put forward to whoever is on the phone, looked for ahead and no further than needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from booking.people.models import Usager
from booking.slots import hours, ranking
from booking.slots.availability import LONGEST_SEARCH, Search, ask, check_period, find
from booking.slots.configuration import Configuration
from booking.slots.facts import Slot
from booking.slots.found import Found
from booking.slots.grid import Span
from booking.slots.offers import Question
from booking.slots.ranking import Suggestion, Ties

WANTED = 5
PATIENCE = timedelta(weeks=4)  # how far the referent is looked for when others have slots
LOOKS = (timedelta(weeks=2), PATIENCE)  # where one look ends and another begins, from the start of the search


@dataclass(frozen=True)
class Person:
    """What of an usager bears on it: their referent, and the language other than French in which to receive them."""

    referent_id: int | None = None
    language: str | None = None

    @classmethod
    def of(cls, usager: Usager | None) -> Person:
        """What there is to know of somebody; nothing of nobody."""
        return cls(usager.referent_id, usager.other_language) if usager else cls()


def suggest(session: Session, search: Search, person: Person, now: datetime, wanted: int = WANTED) -> list[Suggestion]:
    """The first good slots of a search, in the order of ranking.rank, in at most three looks: to 2, 4 and 13 weeks.

    Once there are `wanted`, only a referent of whom there is none is looked for, and who speaks the person's language
    when there is none of theirs; after 4 weeks they are given up for the others. Raises what find_slots raises.
    """
    check_period(search)
    question = ask(session, search, now)
    return _suggest(session, question, None, search.start, (search.start, search.end), person, wanted)


def find_and_suggest(
    session: Session, search: Search, person: Person, now: datetime, until: datetime, wanted: int = WANTED
) -> tuple[Found, list[Suggestion]]:
    """All that find_slots gives, and what to suggest of it and of what follows, before `until` and within 13 weeks.

    Without anything further to look for, it takes the reads of find_slots and no more. Raises what that raises.
    """
    check_period(search)
    question = ask(session, search, now)
    found = find(session, question, search.start, search.end)
    further = search.end, min(until, search.start + LONGEST_SEARCH)
    return found, _suggest(session, question, found, search.start, further, person, wanted)


def _suggest(
    session: Session,
    question: Question,
    found: Found | None,
    origin: datetime,
    further: tuple[datetime, datetime],
    person: Person,
    wanted: int,
) -> list[Suggestion]:
    known = question.configuration
    ties, zone = _ties(known, person), known.here().zone
    slots = candidates(found, ties, zone, wanted) if found else []
    for start, end in _looks(origin, *further):
        leads = _looked_for(question, ties, slots, wanted, patient=start < origin + PATIENCE)
        if leads:
            more = find(session, replace(question, professional_ids=leads), start, end)
            slots += candidates(more, ties, zone, wanted)
    return ranking.rank(slots, ties, zone, wanted)


def candidates(found: Found, ties: Ties, zone: ZoneInfo, wanted: int) -> list[Slot]:
    """Of each half-day and each group of professionals the first `wanted` slots: ranking.rank says no others."""
    halves = list(_half_days(*found.span, zone)) if found else []
    groups = found.by_lead(ties.group).values()
    return [slot for group in groups for slot in group.first_of_each(halves, wanted).slots()]


def _half_days(first: int, last: int, zone: ZoneInfo) -> Iterator[Span]:
    """From midnight to noon and from noon to midnight at the site, from one day to the other; seconds UTC."""
    day, until = (hours.local_day(instant, zone) for instant in (first, last))
    while day <= until:
        noon, following = hours.instant(day, 60 * ranking.NOON, zone), day + timedelta(days=1)
        yield hours.instant(day, 0, zone), noon
        yield noon, hours.instant(following, 0, zone)
        day = following


def _ties(known: Configuration, person: Person) -> Ties:
    return Ties(person.referent_id, frozenset(known.speaking(person.language) if person.language else ()))


def _looks(origin: datetime, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """[start, end) cut where a look ends, counted from the origin; nothing when it is empty."""
    cuts = (origin + look for look in LOOKS)
    return pairwise(sorted({start, *(cut for cut in cuts if start < cut < end), max(start, end)}))


def _looked_for(question: Question, ties: Ties, found: list[Slot], wanted: int, *, patient: bool) -> list[int]:
    """Whose slots are still looked for: everybody's while too few are found, then those of ties without any."""
    if len(found) < wanted:
        return list(question.professional_ids)
    if not patient:
        return []
    groups = {ties.group(slot.professional_id) for slot in found} | {2}
    return [who for who in question.professional_ids if ties.group(who) not in groups]
