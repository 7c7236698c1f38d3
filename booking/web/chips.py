"""The days that people on the phone ask for: today, tomorrow, next week, in two weeks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)


@dataclass(frozen=True)
class Chip:
    """Some days with their name, the first and the last included."""

    text: str
    first: date
    last: date


def chips(today: date) -> list[Chip]:
    """Those to choose from on that day. Weeks begin on Monday; the next one is never the one that runs."""
    monday = today - timedelta(days=today.weekday())
    return [
        Chip("Aujourd’hui", today, today),
        Chip("Demain", today + DAY, today + DAY),
        Chip("Semaine prochaine", monday + WEEK, monday + WEEK + 6 * DAY),
        Chip("Dans 2 semaines", monday + 2 * WEEK, monday + 2 * WEEK + 6 * DAY),
    ]
