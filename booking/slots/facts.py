"""What matters of a type, a professional and a site when a slot is looked for, booked or said; and the slot: values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from booking.rooms.fitting import Need
from booking.slots import hours
from booking.slots.generator import Demand
from booking.slots.grid import Span, to_cells
from booking.slots.holidays import is_public_holiday


class Slot(NamedTuple):
    """An offer: the professional who leads, the room proposed unless none is needed, who interprets. Never stored.

    Whoever interprets is booked as a colleague; None when no interpreter was looked for. It is a tuple, because a
    search makes and sorts thousands of them.
    """

    start: datetime
    end: datetime
    professional_id: int
    room_id: int | None
    interpreter_id: int | None = None


@dataclass(frozen=True)
class TypeFacts:
    """What matters of an appointment type when a slot is looked for. Lead times are in minutes."""

    id: int
    code: str
    name: str
    service_id: int
    service: str
    confidential: bool
    mode: str
    duration: int
    demand: Demand
    need: Need | None
    professions: frozenset[int]
    desk_lead_time: int
    lead_time: int
    horizon_days: int
    capacity: int | None = None


@dataclass(frozen=True)
class ProfessionalFacts:
    """What matters of a professional: whether they still work here, what they are, for which services, what they speak.

    `name` is how reception says it, `full_name` how lists sort it: « Mme Roux », « Roux Claude ». `languages` are codes
    of labels.SPOKEN: those beside French. `interprets` says whether their profession is to interpret between them and
    French.
    """

    id: int
    code: str
    name: str
    full_name: str
    profession_id: int
    profession: str
    retired: bool
    service_ids: frozenset[int]
    languages: frozenset[str] = frozenset()
    interprets: bool = False


@dataclass(frozen=True)
class SiteFacts:
    """Where a site is and when it is open: its zone, its weekly hours, and whether public holidays close it."""

    id: int
    address: str
    zone: ZoneInfo
    hours: tuple[hours.Rule, ...]
    closed_on_public_holidays: bool

    def open_spans(self, first: date, last: date) -> list[Span]:
        """The opening hours from the first to the last day, both included, public holidays left out."""
        spans = (span for rule in self.hours for span in hours.occurrences(rule, first, last, self.zone))
        return [span for span in spans if not self._holiday(hours.local_day(span[0], self.zone))]

    def _holiday(self, day: date) -> bool:
        return self.closed_on_public_holidays and is_public_holiday(day)


def demand_of(duration: int, step: int, before: int, after: int) -> Demand:
    """A demand from minutes."""
    return Demand(to_cells(duration), to_cells(step), to_cells(before), to_cells(after))
