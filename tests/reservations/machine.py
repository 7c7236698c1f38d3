"""Commands of the engine, absences and closures in any order, each against what the model foretold.

The building stands in tests/reservations/building.py, the model in model.py and visit.py, what it says of each command
in foretelling*.py, and how the two are held against each other in comparing*.py.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, multiple, precondition, rule

from booking.reservations import holding
from booking.slots import planning
from tests.reservations.acting import VISIT
from tests.reservations.displaced import Displaced
from tests.reservations.drawing import (
    CLOCK,
    DISTURBED,
    FAMILY,
    OFFERED,
    OPENED,
    REPEATED,
    ROOM,
    SPAN,
    STARTS,
    TEAM,
    USAGER,
    WHO,
    WISHED,
    Offered,
    Span,
)
from tests.reservations.foretelling_impact import Cause
from tests.reservations.house import moment
from tests.reservations.keeping import Keeping
from tests.reservations.model import Foretold
from tests.reservations.queue import Wait
from tests.reservations.queueing import Queueing
from tests.reservations.repeating import Repeated, Repeating
from tests.reservations.visit import Wish


class Machine(Queueing, Repeating, Keeping, Displaced):
    """All of it, in one building, as time passes and plans change."""

    @initialize(
        target=VISIT,
        now=st.sampled_from([CLOCK[0], CLOCK[0], *CLOCK[:4]]),
        booked=st.lists(st.tuples(OFFERED, st.tuples(USAGER) | FAMILY, TEAM), min_size=2, max_size=6),
        repeated=st.none() | st.tuples(REPEATED, st.tuples(USAGER)),
        opened=st.tuples(OPENED, st.tuples(USAGER)) | st.tuples(OPENED, st.tuples(USAGER) | st.just(())) | st.none(),
        away=st.none() | st.tuples(WHO, STARTS, SPAN),
        since=st.lists(st.sampled_from(["came", "left", "called off"]), max_size=3),
        waiting=st.lists(WISHED, max_size=3),
        for_seats=st.lists(USAGER, min_size=1, max_size=2),
        disturbed=st.lists(st.tuples(DISTURBED, STARTS, USAGER), min_size=1, max_size=2),
    )
    def begin(
        self,
        now: int,
        booked: list[tuple[Offered, tuple[str, ...], frozenset[str]]],
        repeated: tuple[Repeated, tuple[str, ...]] | None,
        opened: tuple[Offered, tuple[str, ...]] | None,
        away: tuple[str, int, Span] | None,
        since: list[str],
        waiting: list[Wait],
        for_seats: list[str],
        disturbed: list[tuple[str, int, str]],
    ) -> Any:
        """With something booked already, or the first half of the steps would be refused for want of an appointment."""
        if away:
            self.add_absence(*away)
        if repeated:
            self.repeat(*repeated)
        if opened:
            self.book(Wish(*opened[0], opened[1]))
        for offered, usagers, colleagues in booked:
            self.book(Wish(*offered, usagers, colleagues))
        self.model.now = now
        for visit, what in zip(self.model.visits, since, strict=False):
            self._happened(visit, what)
        for wish in waiting:
            self.wait_for(wish)
        for session, usager in product(self.sessions()[:1], for_seats):
            self.wait_for_seat(session, usager)
        self.propose()
        for session, how in product(self.sessions()[:1], disturbed):
            self.disturb_session(session, *how, call=True)
        return multiple(*self.model.visits)

    @precondition(lambda self: self.both.answered)
    @rule(back=st.integers(0, 9))
    def send_again(self, back: int) -> None:
        self.both.again(self.both.answered[-1 - back % len(self.both.answered)])

    @precondition(lambda self: self.model.now < CLOCK[-1])
    @rule(swept=st.booleans())
    def time_passes(self, swept: bool) -> None:
        self.model.now = next(now for now in CLOCK if now > self.model.now)
        if swept:
            holding.purge(moment(self.model.now))
        self.both.compare()

    @rule(minutes=st.sampled_from([1, 4, 5, 5]))
    def minutes_pass(self, minutes: int) -> None:
        self.model.now += minutes
        self.both.compare()

    @precondition(lambda self: len(self.model.absences) < 3)
    @rule(who=WHO, start=STARTS, span=SPAN)
    def add_absence(self, who: str, start: int, span: Span) -> None:
        first, last = start + span[0], start + span[1]
        no = Cause(who, None, first, last).refusals(self.model)
        ends = moment(first), moment(last), moment(self.model.now)
        _, key = self.both.tried("absence", lambda: planning.add_absence(self.keys[who], *ends), Foretold(no))
        if key is not None:
            self.model.absences[key] = who, first, last
            self.model.feeds[who] += 1
        self.both.compare()

    @precondition(lambda self: len(self.model.closures) < 3)
    @rule(room=st.none() | ROOM, start=STARTS, span=SPAN)
    def add_closure(self, room: str | None, start: int, span: Span) -> None:
        first, last = start + span[0], start + span[1]
        no = Cause(None, room, first, last).refusals(self.model)
        place = self.both.home.site, None if room is None else self.keys[room]
        closure = *place, moment(first), moment(last), "Travaux", moment(self.model.now)
        _, key = self.both.tried("closure", lambda: planning.add_closure(*closure), Foretold(no))
        if key is not None:
            self.model.closures[key] = room, first, last
        self.both.compare()

    @precondition(lambda self: self.model.absences)
    @rule(nth=st.integers(0, 3))
    def remove_absence(self, nth: int) -> None:
        key = sorted(self.model.absences)[nth % len(self.model.absences)]
        planning.remove_absence(key)
        self.model.feeds[self.model.absences.pop(key)[0]] += 1
        self.both.compare()

    @precondition(lambda self: self.model.closures)
    @rule(nth=st.integers(0, 3))
    def remove_closure(self, nth: int) -> None:
        key = sorted(self.model.closures)[nth % len(self.model.closures)]
        planning.remove_closure(key)
        del self.model.closures[key]
        self.both.compare()

    def teardown(self) -> None:
        """What was sound to the last step is sound to the doctor too."""
        if self.both.agreed:
            self.both.examine()

    def _happened(self, visit: int, what: str) -> None:
        if what == "came":
            self.record_attendance(visit, None, 0, "arrived", reused=False)
        elif what == "left":
            self.leave(visit, None, 0, "usager", reused=False)
        else:
            self.cancel(visit, None, "service", reused=False, reason=None)
