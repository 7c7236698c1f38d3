"""The rules of the machine about series: booked together, then changed by scope."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import multiple, precondition, rule

from booking.reservations.series import (
    BookSeries,
    CancelSeries,
    MoveSeries,
    book_series,
    cancel_series,
    move_series,
)
from tests.reservations import foretelling_series
from tests.reservations.acting import VISIT, Acting, Why
from tests.reservations.drawing import (
    BY,
    NOBODY_YET,
    NTH,
    REASON,
    REPEATED,
    REUSED,
    ROOM,
    SCOPE,
    SEEN,
    SHIFT,
    TEAM,
    USAGER,
)
from tests.reservations.house import moment
from tests.reservations.model import NONE
from tests.reservations.visit import Wish

Repeated = tuple[str, str, list[int]]  # type, lead, starts


class Repeating(Acting):
    """The same appointment several times."""

    @rule(
        target=VISIT,
        repeated=REPEATED,
        usagers=st.tuples(USAGER),
        reused=REUSED,
        reason=REASON,
        shift=st.none() | SHIFT,
    )
    def book_series(
        self, repeated: Repeated, usagers: tuple[str, ...], reused: bool, reason: Why, shift: int | None
    ) -> Any:
        """Booked and, now and then, moved at once."""
        visits = self.repeat(repeated, usagers, reused=reused, reason=reason)
        if visits and shift is not None:
            self._shift(visits[0], "all", None, shift)
        return multiple(*visits)

    @precondition(lambda self: self.both.holds)
    @rule(target=VISIT, repeated=REPEATED, usagers=st.tuples(USAGER), nth=NTH)
    def book_series_from_a_hold(self, repeated: Repeated, usagers: tuple[str, ...], nth: int) -> Any:
        """At the start that is held first of all, if it is of the same type and professional."""
        kind, lead, starts = repeated
        hold = self.one_held(nth)
        if (self.wishes[hold].kind, self.wishes[hold].lead) == (kind, lead):
            starts = sorted({*starts, self.wishes[hold].start})
        return multiple(*self.repeat((kind, lead, starts), usagers, hold=hold))

    @rule(
        target=VISIT,
        repeated=REPEATED,
        usagers=NOBODY_YET,
        colleagues=TEAM,
        room=st.none() | ROOM,
        waived=st.sampled_from([frozenset(), frozenset({"hors_plage"})]),
    )
    def book_any_series(
        self,
        repeated: Repeated,
        usagers: tuple[str, ...],
        colleagues: frozenset[str],
        room: str | None,
        waived: frozenset[str],
    ) -> Any:
        return multiple(*self.repeat(repeated, usagers, colleagues=colleagues, room=room, waived=waived))

    @precondition(lambda self: self.model.visits)
    @rule(nth=NTH, scope=SCOPE, seen=SEEN, by=BY, reused=REUSED, reason=REASON)
    def cancel_series(self, nth: int, scope: Any, seen: int | None, by: Any, reused: bool, reason: Why) -> None:
        visit = self._one_of_series(nth)
        version = self.both.seen_version(visit, seen)
        command = CancelSeries(self.both.key(reused), self.both.uid(visit), scope, by, version)
        foretold = foretelling_series.cancel(self.model, visit, scope, version, by)
        self.both.run(cancel_series, command, foretold, reason)

    @precondition(lambda self: self.model.visits)
    @rule(nth=NTH, scope=SCOPE, seen=SEEN, shift=SHIFT, reused=REUSED, reason=REASON)
    def move_series(self, nth: int, scope: Any, seen: int | None, shift: int, reused: bool, reason: Why) -> None:
        self._shift(self._one_of_series(nth), scope, seen, shift, reused, reason)

    def _shift(
        self, visit: int, scope: Any, seen: int | None, shift: int, reused: bool = False, reason: Why = None
    ) -> None:
        version, start = self.both.seen_version(visit, seen), self.model.visits[visit].start + shift
        command = MoveSeries(self.both.key(reused), self.both.uid(visit), scope, moment(start), version)
        foretold = foretelling_series.move(self.model, visit, scope, version, start)
        self.both.run(move_series, command, foretold, reason)

    def repeat(
        self,
        repeated: Repeated,
        usagers: tuple[str, ...],
        *,
        hold: int = NONE,
        reused: bool = False,
        reason: Why = None,
        **more: Any,
    ) -> list[int]:
        """Book it, without the starts that cannot be given if there are some; the numbers of the visits."""
        kind, lead, starts = repeated
        wish = Wish(kind, lead, 0, usagers, **more)
        command = BookSeries(self.both.key(reused), self.wanted(wish, "", hold), tuple(map(moment, starts)))
        first, foretold = len(self.model.visits), foretelling_series.book(self.model, wish, starts, hold)
        self.both.run(book_series, command, foretold, reason, kept=self.why(wish, hold))
        possible = [start for start in starts if not any(start in refused for refused in foretold.refused)]
        if possible and foretold.refused and not reused:
            return self.repeat((kind, lead, possible), usagers, hold=hold, reason=reason, **more)
        return list(range(first, len(self.model.visits)))

    def _one_of_series(self, nth: int) -> int:
        return self.one_of([number for number, visit in self.model.visits.items() if visit.series is not None], nth)
