"""What each professional could give, week by week, before anything is booked; and which of it to book."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from booking.demo.house import House, Period
from booking.slots import hours, schedule
from booking.slots.availability import Search, Slot, find_slots
from booking.slots.models import AppointmentType

Span = tuple[datetime, datetime]
Agenda = tuple[int, date]  # a professional and the Monday of a week


@dataclass(frozen=True)
class Proposal:
    """A slot of a type; `taken` is its span with its buffers."""

    slot: Slot
    type_id: int
    taken: Span


class Week:
    """The proposals for one professional in one week. Each is made once; none overlaps one that is taken."""

    def __init__(self, rng: Random, proposals: Iterable[Proposal]) -> None:
        self._rng = rng
        self._by_type: dict[int, list[Proposal]] = defaultdict(list)
        for proposal in proposals:
            self._by_type[proposal.type_id].append(proposal)
        self._taken: list[Span] = []
        self.time = _length(proposal.taken for left in self._by_type.values() for proposal in left)

    @property
    def filled(self) -> timedelta:
        """The time taken, buffers included."""
        return sum((end - start for start, end in self._taken), timedelta())

    def take(self, after: datetime | None = None, type_id: int | None = None) -> Proposal | None:
        """Take a free proposal at random: first a type, lest short ones crowd out the long. None when none is left."""
        left = {key: free for key in self._by_type if type_id in (None, key) and (free := self._free(key, after))}
        if not left:
            return None
        chosen = self._rng.choice(left[self._rng.choice(list(left))])
        self._by_type[chosen.type_id].remove(chosen)
        self._taken.append(chosen.taken)
        return chosen

    def release(self, proposal: Proposal) -> None:
        """Free the time of a proposal, which is not made again."""
        self._taken.remove(proposal.taken)

    def _free(self, type_id: int, after: datetime | None) -> list[Proposal]:
        proposals = self._by_type[type_id]
        return [one for one in proposals if self._fits(one) and (after is None or one.slot.start > after)]

    def _fits(self, proposal: Proposal) -> bool:
        start, end = proposal.taken
        return all(end <= taken_from or taken_to <= start for taken_from, taken_to in self._taken)


def weeks(
    session: Session, rng: Random, house: House, period: Period, zone: ZoneInfo, now: datetime
) -> dict[Agenda, Week]:
    """The proposals of the whole period, by professional and week, from one search a type."""
    found: dict[Agenda, list[Proposal]] = defaultdict(list)
    for proposal in _proposals(session, house, period, zone, now):
        day = proposal.slot.start.astimezone(zone).date()
        found[proposal.slot.professional_id, day - timedelta(days=day.weekday())].append(proposal)
    return {agenda: Week(rng, proposals) for agenda, proposals in sorted(found.items())}


def _proposals(session: Session, house: House, period: Period, zone: ZoneInfo, now: datetime) -> Iterator[Proposal]:
    start, end = (schedule.moment(hours.instant(day, 0, zone)) for day in (period.first, period.last))
    for type_id in house.types:
        kind = session.get_one(AppointmentType, type_id)
        before, after = timedelta(minutes=kind.buffer_before), timedelta(minutes=kind.buffer_after)
        for slot in find_slots(session, Search(type_id, start, end), now):
            yield Proposal(slot, type_id, (slot.start - before, slot.end + after))


def _length(spans: Iterable[Span]) -> timedelta:
    """How long the union of the spans lasts."""
    total, reached = timedelta(), None
    for start, end in sorted(spans):
        begin = start if reached is None else max(start, reached)
        total += max(timedelta(), end - begin)
        reached = end if reached is None else max(reached, end)
    return total
