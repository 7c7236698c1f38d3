"""The life of the demonstration's appointments, told in the order in which it happened.

Each act is dated when reception would have done it: booked up to three weeks ahead, moved or cancelled meanwhile,
attendance noted at the end. So a past appointment has a past confirmation, and its history reads like one.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from random import Random
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from booking import messages, reservations
from booking.db import db
from booking.demo.house import House, monday_of
from booking.demo.offers import Agenda, Proposal, Week
from booking.errors import AppointmentClosed, Invalid, SlotUnavailable
from booking.reservations.commands import Act, Book, Cancel, Join, Move, Outcome, RecordAttendance
from booking.reservations.models import Participation
from booking.reservations.state import Attendance, CancelledBy

BOOKED_AHEAD_DAYS = 21
DESK_OPENS, DESK_CLOSES = 9 * 60, 17 * 60  # minutes after midnight
CANCELLED, MOVED = 0.05, 0.05
BY_USAGER, SEEN = 0.8, 0.88
TRIES = 5

Event = Callable[[datetime], None]


@dataclass
class Diary:
    """Events still to happen, earliest first; nothing happens after `now`."""

    seed: int
    rng: Random
    house: House
    zone: ZoneInfo
    now: datetime
    _count: int = 0
    _events: list[tuple[datetime, int, Event]] = field(default_factory=list)

    def note(self, at: datetime, event: Event) -> None:
        """Something happens at `at`."""
        self._count += 1
        heapq.heappush(self._events, (at, self._count, event))

    def fill(self, weeks: dict[Agenda, Week], share: float) -> None:
        """Note when and with what a share of each week gets booked: before it begins, and before today."""
        today = self.now.astimezone(self.zone).date()
        for (_, monday), week in weeks.items():
            while week.filled < share * week.time and (proposal := week.take()):
                day = min(today, monday) - timedelta(days=self.rng.randint(1, BOOKED_AHEAD_DAYS))
                self.note(self._at_the_desk(day), partial(self._book, week, proposal))

    def run(self) -> None:
        """Let everything happen."""
        while self._events:
            at, _, event = heapq.heappop(self._events)
            event(at)

    def _book(self, week: Week, proposal: Proposal | None, at: datetime) -> None:
        """Book a proposal; when the building has no room for it, or the usager no time, another one."""
        for _ in range(TRIES):
            if proposal is None:
                return
            nobody = proposal.type_id in self.house.confidential or proposal.type_id in self.house.seats
            usager = None if nobody else self.rng.choice(self.house.usagers)
            command = Book(self._key(), proposal.type_id, proposal.slot.start, proposal.slot.professional_id, usager)
            try:
                outcome = reservations.book(command, _act(at))
            except SlotUnavailable:
                week.release(proposal)
                proposal = week.take(after=at)
            else:
                return self._continue(week, proposal, outcome, at)

    def _continue(self, week: Week, proposal: Proposal, outcome: Outcome, at: datetime) -> None:
        """Decide what becomes of an appointment. Most are kept as they are; a session fills up."""
        for _ in range(self.rng.randint(0, self.house.seats.get(proposal.type_id, 0))):
            if day := self._day_between(at, min(outcome.start, self.now)):
                self.note(self._at_the_desk(day), partial(self._join, outcome))
        chance, day = self.rng.random(), self._day_between(at, min(outcome.start, self.now))
        if day and chance < CANCELLED:
            self.note(self._at_the_desk(day), partial(self._cancel, week, proposal, outcome))
        elif day and chance < CANCELLED + MOVED:
            self.note(self._at_the_desk(day), partial(self._move, week, proposal, outcome))
        else:
            self._expect(outcome)

    def _join(self, outcome: Outcome, at: datetime) -> None:
        """Take a seat in a session, unless it is gone or they have something else."""
        with suppress(AppointmentClosed, Invalid, SlotUnavailable):
            reservations.join(Join(self._key(), outcome.uid, self.rng.choice(self.house.usagers)), _act(at))

    def _cancel(self, week: Week, proposal: Proposal, outcome: Outcome, at: datetime) -> None:
        by: CancelledBy = "usager" if self.rng.random() < BY_USAGER else "service"
        reservations.cancel(Cancel(self._key(), outcome.uid, by), _act(at))
        week.release(proposal)

    def _move(self, week: Week, proposal: Proposal, outcome: Outcome, at: datetime) -> None:
        """Move it within its week, if there is anything to move it to."""
        other = week.take(after=at, type_id=proposal.type_id)
        if other is not None:
            try:
                outcome = reservations.move(Move(self._key(), outcome.uid, start=other.slot.start), _act(at))
            except SlotUnavailable:
                week.release(other)
            else:
                week.release(proposal)
        self._expect(outcome)

    def _expect(self, outcome: Outcome) -> None:
        """Note how an appointment that is over by now was attended."""
        if outcome.end <= self.now:
            self.note(outcome.end, partial(self._record, outcome))

    def _record(self, outcome: Outcome, at: datetime) -> None:
        taking_part = sa.select(Participation.usager_id).where(Participation.appointment_id == outcome.appointment_id)
        for usager_id in db.session.scalars(taking_part).all():
            attendance: Attendance = "seen" if self.rng.random() < SEEN else "no_show"
            reservations.record_attendance(RecordAttendance(self._key(), outcome.uid, usager_id, attendance), _act(at))

    def _day_between(self, after: datetime, before: datetime) -> date | None:
        """A weekday strictly between those of two instants, None when there is none."""
        first, last = (moment.astimezone(self.zone).date().toordinal() for moment in (after, before))
        days = [day for day in map(date.fromordinal, range(first + 1, last)) if day.weekday() < 5]
        return self.rng.choice(days) if days else None

    def _at_the_desk(self, day: date) -> datetime:
        """Some minute of that day, or of the Friday before, at which reception answers."""
        weekday = min(day, monday_of(day) + timedelta(days=4))
        minute = self.rng.randrange(DESK_OPENS, DESK_CLOSES)
        return datetime.combine(weekday, time(minute // 60, minute % 60), self.zone).astimezone(UTC)

    def _key(self) -> str:
        self._count += 1
        return f"demo-{self.seed}-{self._count}"


def _act(at: datetime) -> Act:
    return Act(now=at, origin="demo", tell=messages.file)
