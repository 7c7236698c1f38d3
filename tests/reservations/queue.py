"""The waiting list as the model has it: who waits for what, and what was proposed to them.

Sharing no code with the engine; the building stands in tests/reservations/building.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.reservations.building import DAY


@dataclass(frozen=True)
class Wait:
    """Who waits for a type, with one professional or any; or for a seat in one session (a visit, by its number).

    `days` are the first and the last, Monday being 0; `weekdays` those wished for, Monday being 1, none for all;
    `hours` minutes of a day. `outcome` says how it ended, `ended` when, `booked` which visit it became.
    """

    usager: str
    kind: str
    lead: str | None = None
    session: int | None = None
    days: tuple[int, int] = (0, 1)
    weekdays: frozenset[int] = frozenset()
    hours: tuple[int, int] = (0, DAY)
    outcome: str | None = None
    ended: int | None = None
    booked: int | None = None

    @property
    def stands(self) -> bool:
        """Whether they still wait."""
        return self.outcome is None

    def same(self, other: Wait) -> bool:
        """Whether it is the same that is waited for, by the same."""
        if (self.usager, self.kind, self.lead, self.session) != (other.usager, other.kind, other.lead, other.session):
            return False
        when = (self.days, self.weekdays, self.hours)
        return self.session is not None or when == (other.days, other.weekdays, other.hours)

    def may_begin(self, start: int) -> bool:
        """Whether that is one of the days, and one of the hours, that were wished for."""
        day, minute = start // DAY, start % DAY
        if self.weekdays and 1 + day % 7 not in self.weekdays:
            return False
        return self.days[0] <= day <= self.days[1] and self.hours[0] <= minute < self.hours[1]


@dataclass(frozen=True)
class Offer:
    """What was proposed to somebody who waits: a start with a professional, or a seat in a session.

    `wait` is the number of who waits; it is kept from `since` until `until` (minutes), unless its fate is decided.
    """

    wait: int
    lead: str | None
    session: int | None
    start: int
    since: int
    until: int
    fate: str = "pending"
