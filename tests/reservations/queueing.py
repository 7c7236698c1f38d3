"""The rules of the machine about the waiting list: who waits, what is proposed, and what becomes of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import multiple, precondition, rule

from booking import reservations
from booking.reservations import Book, Join, Wait, WaitForSession
from booking.reservations.wishes import Wishes
from tests.builders import MONDAY
from tests.reservations import comparing_queue, foretelling, foretelling_seats, queue
from tests.reservations.acting import VISIT
from tests.reservations.building import DAY
from tests.reservations.drawing import (
    ANSWERS,
    CALLED,
    DISTURBED,
    NTH,
    ODDLY_WISHED,
    OFTEN_REUSED,
    REUSED,
    STARTS,
    USAGER,
    WISHED,
)
from tests.reservations.visiting import Visiting


class Queueing(Visiting):
    """People who wait, and reception that calls them."""

    @rule(wished=st.lists(WISHED, min_size=1, max_size=3), call=CALLED)
    def wait(self, wished: list[queue.Wait], call: bool) -> None:
        """Several, one after the other; then something may be proposed to them."""
        for wish in wished:
            self.wait_for(wish)
        if call:
            self.propose()

    @rule(wish=ODDLY_WISHED, reused=OFTEN_REUSED)
    def wait_oddly(self, wish: queue.Wait, reused: bool) -> None:
        self.wait_for(wish, reused)

    @precondition(lambda self: self.model.visits)
    @rule(nth=NTH, usager=USAGER, reused=REUSED, call=CALLED)
    def wait_for_session(self, nth: int, usager: str, reused: bool, call: bool) -> None:
        self.wait_for_seat(self._one_session(nth), usager, reused)
        if call:
            self.propose()

    @precondition(lambda self: self.model.waits)
    @rule(nth=NTH)
    def withdraw(self, nth: int) -> None:
        comparing_queue.withdraw(self.both, nth % len(self.model.waits))

    @precondition(lambda self: any(wait.stands for wait in self.model.waits.values()))
    @rule(target=VISIT, answers=ANSWERS)
    def call(self, answers: list[str]) -> Any:
        """Propose, then hear what those say to whom something is proposed."""
        self.propose()
        first = len(self.model.visits)
        kept = list(filter(self._pending, self.model.offers))
        for hold, answer in zip(kept, answers, strict=False):
            if answer == "accept":
                self._accept(hold)
            elif answer == "decline":
                comparing_queue.decline(self.both, hold)
        return multiple(*range(first, len(self.model.visits)))

    @precondition(lambda self: self.model.offers)
    @rule(nth=NTH, call=CALLED)
    def decline(self, nth: int, call: bool) -> None:
        """And the next is called, as the screens do."""
        comparing_queue.decline(self.both, self._one_offered(nth))
        if call:
            self.propose()

    @precondition(lambda self: self.model.offers)
    @rule(target=VISIT, nth=NTH, reused=REUSED)
    def accept(self, nth: int, reused: bool) -> Any:
        first = len(self.model.visits)
        self._accept(self._one_offered(nth), reused)
        return multiple(*range(first, len(self.model.visits)))

    @precondition(lambda self: any(each.session is not None for each in self.model.offers.values()))
    @rule(nth=NTH, how=DISTURBED, start=STARTS, usager=USAGER, call=CALLED)
    def disturb(self, nth: int, how: str, start: int, usager: str, call: bool) -> None:
        """Something happens to a session of which a seat is kept, or was; and somebody waits for it, again perhaps."""
        self.disturb_session(self._one_seated(nth), how, start, usager, call)

    def disturb_session(self, number: int, how: str, start: int, usager: str, call: bool) -> None:
        """The same, of that session."""
        self._disturb(number, how, start)
        self.wait_for_seat(number, usager)
        if call:
            self.propose()

    def _disturb(self, number: int, how: str, start: int) -> None:
        if how == "cancelled":
            self.cancel(number, None, "service", reused=False, reason=None)
        elif how == "full":
            for who in ("diallo", "kone", "nguyen"):
                self.join(number, None, who, reused=False)
        elif how == "left":
            self.leave(number, None, 0, "usager", reused=False)
        elif how == "moved":
            self.move(number, None, start, None, reused=False, reason=None)
        elif how == "over":
            self.record_attendance(number, None, 0, "seen", reused=False)
        else:
            self.change_type(number, None, how, None, None)

    def _accept(self, hold: int, reused: bool = False) -> None:
        offer, key = self.model.offers[hold], self.both.key(reused)
        usager = self.model.waits[offer.wait].usager
        command = comparing_queue.answer(self.both, hold, key)
        if isinstance(command, Book):
            wish = self.wishes[hold]
            foretold = foretelling.book(self.model, wish, hold)
            self.both.run(reservations.book, command, foretold, None, "waiting_list", self.instead(wish, hold))
        elif isinstance(command, Join):
            foretold = foretelling_seats.join(self.model, offer.session or 0, None, usager, hold)
            self.join_as(command, foretold, usager)

    @precondition(lambda self: self.both.holds and self.model.visits)
    @rule(nth=NTH, session=NTH, usager=USAGER)
    def join_with_a_seat(self, nth: int, session: int, usager: str) -> None:
        """Somebody else's, perhaps, or what is no seat at all."""
        hold, number = self.one_held(nth), self._one_session(session)
        if (kept := self.model.offers.get(hold)) and kept.session is not None:
            number = kept.session
        command = Join(
            self.both.key(False), self.both.uid(number), self.keys[usager], hold=self.both.holds[hold][1].uid
        )
        foretold = foretelling_seats.join(self.model, number, None, usager, hold)
        self.join_as(command, foretold, usager)

    def wait_for(self, wish: queue.Wait, reused: bool = False) -> None:
        """Note what somebody wishes for."""
        first, last = (MONDAY + timedelta(days=day) for day in wish.days)
        command = Wait(
            key=self._key(reused),
            type_id=self.both.home.kinds[wish.kind],
            usager=self.keys[wish.usager],
            wishes=Wishes(first, last, wish.weekdays, *wish.hours),
            professional_id=None if wish.lead is None else self.keys[wish.lead],
        )
        comparing_queue.wait(self.both, command, wish)

    def wait_for_seat(self, number: int, usager: str, reused: bool = False) -> None:
        """Note that somebody waits for a seat."""
        visit = self.model.visits[number]
        day = visit.start // DAY
        wish = queue.Wait(usager, visit.kind, session=number, days=(day, day))
        command = WaitForSession(self._key(reused), self.both.uid(number), self.keys[usager])
        comparing_queue.wait(self.both, command, wish)

    def propose(self) -> None:
        """Propose what is free."""
        self.wishes += comparing_queue.propose(self.both)

    def _key(self, reused: bool) -> str:
        """A new key, or that of who was noted last."""
        return self.both.waits[-1][0].key if reused and self.both.waits else f"wait {self.both.key(False)}"

    def sessions(self) -> list[int]:
        """Those that stand."""
        visits = self.model.visits
        return [each for each in visits if visits[each].seats and visits[each].stands]

    def _one_session(self, nth: int) -> int:
        return self.one_of(self.sessions(), nth)

    def _one_offered(self, nth: int) -> int:
        """The hold of something that is proposed; sometimes, or for want of it, of anything that was."""
        offers = list(self.model.offers)
        found = (nth and list(filter(self._pending, offers))) or offers
        return found[nth % len(found)]

    def _one_seated(self, nth: int) -> int:
        """A session of which a seat is kept; sometimes, or for want of it, of which one was."""
        seats = {hold: each.session for hold, each in self.model.offers.items() if each.session is not None}
        found = (nth and [session for hold, session in seats.items() if self._pending(hold)]) or [*seats.values()]
        return found[nth % len(found)]

    def _pending(self, hold: int) -> bool:
        return self.model.fate(hold) == "pending"
