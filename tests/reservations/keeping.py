"""The rules of the machine about holds: kept, renewed, given back, left to expire, booked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import multiple, precondition, rule

from tests.reservations import comparing_holds, foretelling_series
from tests.reservations.acting import VISIT, Acting, Why
from tests.reservations.drawing import (
    AGENT,
    FAMILY,
    MAYBE,
    NTH,
    OFFERED,
    OFTEN_REUSED,
    PAIR,
    PAUSES,
    REASON,
    REUSED,
    ROOM,
    STARTS,
    TEAM,
    USAGER,
    WAIVED,
    Offered,
)
from tests.reservations.visit import Wish


class Keeping(Acting):
    """Slots kept a few minutes."""

    @rule(offered=OFFERED, usagers=MAYBE, agent=AGENT, reused=OFTEN_REUSED, longer=st.booleans())
    def hold(self, offered: Offered, usagers: tuple[str, ...], agent: str, reused: bool, longer: bool) -> None:
        self._hold(Wish(*offered, usagers), agent, reused)
        if longer and self.both.holds:
            comparing_holds.keep_longer(self.both, len(self.both.holds) - 1)

    @rule(pair=PAIR, start=STARTS, usagers=FAMILY, colleagues=TEAM, room=st.none() | ROOM, waived=WAIVED)
    def hold_anything(
        self,
        pair: tuple[str, str],
        start: int,
        usagers: tuple[str, ...],
        colleagues: frozenset[str],
        room: str | None,
        waived: frozenset[str],
    ) -> None:
        self._hold(Wish(*pair, start, usagers, colleagues, room, waived), "amina")

    @rule(several=st.lists(OFFERED, min_size=4, max_size=4, unique=True), agent=AGENT)
    def hoard(self, several: list[Offered], agent: str) -> None:
        """More than an agent may, if all of them are free."""
        for offered in several:
            self._hold(Wish(*offered, ()), agent)

    @precondition(lambda self: self.both.holds)
    @rule(target=VISIT, nth=NTH, usagers=st.none() | st.tuples(USAGER), reused=REUSED, reason=REASON)
    def book_what_is_held(self, nth: int, usagers: tuple[str, ...] | None, reused: bool, reason: Why) -> Any:
        """Somebody is said now, or somebody else than at first; sometimes for a hold that is gone."""
        hold = self.one_held(nth)
        wish = replace(self.wishes[hold], usagers=usagers or self.wishes[hold].usagers)
        return multiple(*self.book(wish, reused, reason, hold))

    @precondition(lambda self: self.both.holds)
    @rule(target=VISIT, nth=NTH, offered=OFFERED, usager=USAGER)
    def book_something_else(self, nth: int, offered: Offered, usager: str) -> Any:
        """Which gives back what was held."""
        return multiple(*self.book(Wish(*offered, (usager,)), hold=self.one_held(nth)))

    @precondition(lambda self: self.both.holds)
    @rule(nth=NTH, pauses=PAUSES)
    def keep_longer(self, nth: int, pauses: list[int]) -> None:
        hold = self.one_held(nth, by_us=nth % 4 > 0)
        for minutes in pauses:
            self.model.now += minutes
            comparing_holds.keep_longer(self.both, hold)

    @precondition(lambda self: self.both.holds)
    @rule(nth=NTH)
    def give_back(self, nth: int) -> None:
        comparing_holds.give_back(self.both, self.one_held(nth))

    def _hold(self, wish: Wish, agent: str, reused: bool = False) -> None:
        last = self.both.holds[-1][0].key if self.both.holds else ""
        command = self.wanted(wish, last if reused and last else f"hold {self.both.key(False)}")
        foretold = foretelling_series.hold(self.model, wish, agent)
        if comparing_holds.keep(self.both, command, wish, agent, foretold, self.instead(wish)):
            self.wishes.append(wish)
