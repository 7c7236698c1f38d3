"""What the tests of absences and closures over existing appointments share."""

from __future__ import annotations

from collections.abc import Sequence

from booking.reservations import Book, Outcome, book
from booking.reservations.displacing import Decision, Moved, Otherwise
from booking.reservations.impact import Absent, Closed
from tests.builders import Cast, act, add_usagers, paris

NINE, TEN, ELEVEN = (paris(f"2026-11-23 {hour}:00") for hour in ("09", "10", "11"))
NOON, TWO = paris("2026-11-23 12:00"), paris("2026-11-23 14:00")


def ill(cast: Cast) -> Absent:
    """Mme Roux is absent on Monday morning."""
    return Absent(cast.roux, NINE, NOON)


def works(cast: Cast, room: int | None) -> Closed:
    """A room, or the site when there is none, is closed on Monday morning."""
    return Closed(cast.site, room, NINE, NOON, "Travaux")


def three_booked(cast: Cast) -> list[Outcome]:
    """Three usagers with Mme Roux, at 9h00, 10h00 and 11h00."""
    starts = zip((NINE, TEN, ELEVEN), add_usagers(3), strict=True)
    return [book(Book(f"b{start}", cast.entretien, start, cast.roux, who), act()) for start, who in starts]


def each(outcomes: Sequence[Outcome], *fates: Moved | Otherwise) -> tuple[Decision, ...]:
    """A decision for each appointment, at its first version."""
    return tuple(Decision(one.uid, 1, fate) for one, fate in zip(outcomes, fates, strict=True))
