"""What seems free for those who wait: one search for all who wait for the same, then what suits each of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import execute
from booking.errors import NotFound, SlotUnavailable
from booking.people.models import Usager
from booking.reservations import seats
from booking.reservations.models import Appointment, Proposal, Waiting, appointment_professional
from booking.reservations.wishes import Wishes
from booking.slots import availability, hours, lookups, schedule
from booking.slots.availability import LONGEST_SEARCH, Search
from booking.slots.grid import Grid
from booking.slots.models import AppointmentType

Same = tuple[int, int | None, bool]


@dataclass(frozen=True)
class Wanting:
    """An entry of the list that stands and to which nothing is proposed."""

    id: int
    uid: str
    usager_id: int
    type_id: int
    professional_id: int | None
    appointment_id: int | None
    wishes: Wishes
    collective: bool
    step_free: bool

    @property
    def same(self) -> Same:
        """Those with the same are served by one search; a seat in a session is given whoever leads it."""
        return (self.type_id, None, False) if self.collective else (self.type_id, self.professional_id, self.step_free)


@dataclass(frozen=True)
class Candidate:
    """Something free: a slot with its professional or, of a session, a seat; `professionals` take part."""

    start: datetime
    end: datetime
    professional_id: int = 0
    session_uid: str | None = None
    session_id: int | None = None
    professionals: frozenset[int] = frozenset()


_WANTING = (
    sa.select(
        Waiting.id,
        Waiting.uid,
        Waiting.usager_id,
        Waiting.type_id,
        Waiting.professional_id,
        Waiting.appointment_id,
        Waiting.first_day,
        Waiting.last_day,
        Waiting.weekdays,
        Waiting.starts,
        Waiting.ends,
        AppointmentType.capacity,
        Usager.step_free,
    )
    .join(AppointmentType, AppointmentType.id == Waiting.type_id)
    .join(Usager, Usager.id == Waiting.usager_id)
    .where(
        Waiting.ended_at.is_(None),
        ~sa.exists().where(Proposal.waiting_id == Waiting.id, Proposal.state == "pending"),
    )
    .order_by(Waiting.created_at, Waiting.id)
)
_PROPOSED = sa.select(Proposal.starts_at, Proposal.professional_id, Proposal.appointment_id).where(
    Proposal.waiting_id == sa.bindparam("key")
)
_SESSIONS = (
    sa.select(
        Appointment.id,
        Appointment.uid,
        Appointment.starts_at,
        Appointment.ends_at,
        appointment_professional.c.professional_id,
    )
    .join(appointment_professional)
    .where(
        Appointment.type_id == sa.bindparam("type"),
        Appointment.cancelled_at.is_(None),
        Appointment.starts_at > sa.bindparam("now"),
        seats.FREE > 0,
    )
    .order_by(Appointment.starts_at, Appointment.id)
)


def _turn(all_: Sequence[Same], now: datetime, most: int) -> Collection[Same]:
    """Those searches that are made now: each comes within as many minutes as there are turns."""
    if len(all_) <= most:
        return all_
    first = int(now.timestamp()) // 60 * most % len(all_)
    return frozenset([*all_, *all_][first : first + most])


def wanting(session: Session) -> list[Wanting]:
    """The entries to which something may be proposed, first come first."""
    return [_wanting(row) for row in execute(session, _WANTING).all()]


def _wanting(row: sa.Row[tuple[object, ...]]) -> Wanting:
    return Wanting(
        id=row.id,
        uid=row.uid,
        usager_id=row.usager_id,
        type_id=row.type_id,
        professional_id=row.professional_id,
        appointment_id=row.appointment_id,
        wishes=Wishes(row.first_day, row.last_day, frozenset(map(int, row.weekdays)), row.starts, row.ends),
        collective=row.capacity is not None or row.appointment_id is not None,
        step_free=row.step_free,
    )


class Free:
    """What seems free at `now` for these entries, each search done once and when it is first needed.

    No more than `searches` are made. When that is not enough for all, they take turns, minute after minute.
    """

    def __init__(self, session: Session, entries: Sequence[Wanting], now: datetime, searches: int) -> None:
        self.session, self.entries, self.now = session, entries, now
        self.turn = _turn(list(dict.fromkeys(entry.same for entry in entries)), now, searches)
        self.zone: ZoneInfo = lookups.zone(session)
        self.known: dict[Same, list[Candidate]] = {}
        self.days: dict[Same, list[date]] = defaultdict(list)
        for entry in entries:
            self.days[entry.same] += [entry.wishes.first_day, entry.wishes.last_day]

    def suiting(self, entry: Wanting, most: int) -> list[Candidate]:
        """What suits an entry and was not proposed to it yet, the first first; at most so many."""
        found = self._found(entry)
        return list(islice(self._suiting(entry, found), most)) if found else []

    def forget(self, candidate: Candidate) -> None:
        """Forget what somebody else has taken."""
        for found in self.known.values():
            if candidate in found:
                found.remove(candidate)

    def _found(self, entry: Wanting) -> list[Candidate]:
        if entry.same not in self.known and entry.same in self.turn:
            self.known[entry.same] = self._sessions(entry) if entry.collective else self._slots(entry)
        return self.known.get(entry.same, [])

    def _slots(self, entry: Wanting) -> list[Candidate]:
        start, end = self._period(self.days[entry.same])
        if end <= start:
            return []  # too far ahead to be looked for yet
        only = None if entry.professional_id is None else frozenset({entry.professional_id})
        search = Search(entry.type_id, start, end, only, step_free=entry.step_free)
        try:
            slots = availability.find_slots(self.session, search, self.now)
        except (NotFound, SlotUnavailable):
            return []  # a type that nobody books any more
        return [Candidate(slot.start, slot.end, slot.professional_id) for slot in slots]

    def _period(self, days: Sequence[date]) -> tuple[datetime, datetime]:
        first = schedule.moment(hours.instant(min(days), 0, self.zone))
        last = schedule.moment(hours.instant(max(days) + timedelta(days=1), 0, self.zone))
        return max(first, self.now), min(last, self.now + LONGEST_SEARCH)

    def _sessions(self, entry: Wanting) -> list[Candidate]:
        led: dict[tuple[datetime, datetime, str, int], set[int]] = defaultdict(set)
        for key, uid, start, end, who in execute(self.session, _SESSIONS, type=entry.type_id, now=self.now):
            led[start, end, uid, key].add(who)
        return [
            Candidate(start, end, session_uid=uid, session_id=key, professionals=frozenset(who))
            for (start, end, uid, key), who in led.items()
        ]

    def _suiting(self, entry: Wanting, found: Sequence[Candidate]) -> Iterator[Candidate]:
        proposed = {tuple(row) for row in execute(self.session, _PROPOSED, key=entry.id)}
        busy = self._busy(entry, found)
        for one in list(found):
            seen = (one.start, one.professional_id or None, one.session_id) in proposed
            free = not any(start < one.end.timestamp() and one.start.timestamp() < end for start, end in busy)
            if not seen and free and self._meets(entry, one):
                yield one

    def _meets(self, entry: Wanting, one: Candidate) -> bool:
        """Whether it is what is waited for: that session or, on the days and at the hours, that professional or any."""
        if entry.appointment_id is not None:
            return entry.appointment_id == one.session_id
        led_by = one.professionals or {one.professional_id}
        return entry.professional_id in (None, *led_by) and entry.wishes.allow(one.start, self.zone)

    def _busy(self, entry: Wanting, found: Sequence[Candidate]) -> Sequence[tuple[int, int]]:
        first, last = found[0].start, max(one.end for one in found)
        grid = Grid.over(int(first.timestamp()), int(last.timestamp()))
        spans = schedule.read_occupancies(self.session, [entry.usager_id], grid, asked_at=int(self.now.timestamp()))
        return spans.get(entry.usager_id, [])
