"""Commands of the engine, absences and closures in any order, each against what the model foretold.

The model stands in tests/reservations/model.py, what it says of each command in foretelling.py, and how the two are
held against each other in comparing.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, multiple, precondition, rule

from booking import reservations
from booking.errors import BookingError
from booking.reservations import Book, Cancel, Join, Leave, Move, RecordAttendance, Restore, Swap
from booking.slots import planning
from booking.slots.availability import Slot
from tests.reservations import foretelling
from tests.reservations.comparing import Comparison
from tests.reservations.drawing import (
    BY,
    CLOCK,
    FAMILY,
    KIND,
    OFFERED,
    ONE_OF_THEM,
    PAIR,
    REASON,
    REUSED,
    ROOM,
    SEEN,
    SPAN,
    STARTS,
    TEAM,
    USAGER,
    WHO,
    Offered,
    Span,
)
from tests.reservations.house import House, minute_of, moment
from tests.reservations.model import NAMESPACES, STEPS, Foretold, does

VISIT, CANCELLED = Bundle("visits"), Bundle("cancelled")


class Machine(RuleBasedStateMachine):
    """The engine over one building, at the hands of an agent who tries everything."""

    def __init__(self, home: House, tally: Counter[tuple[str, str]]) -> None:
        super().__init__()
        self.both = Comparison(home, tally, CLOCK[0])
        self.model, self.keys = self.both.model, home.keys

    @initialize(
        target=VISIT,
        now=st.sampled_from(CLOCK[:4]),
        booked=st.lists(st.tuples(OFFERED, USAGER.map(lambda who: [who]) | FAMILY, TEAM), max_size=6),
        away=st.none() | st.tuples(WHO, STARTS, SPAN),
    )
    def begin(
        self, now: int, booked: list[tuple[Offered, list[str], frozenset[str]]], away: tuple[str, int, Span] | None
    ) -> Any:
        """With something booked already, or the first half of the steps would be refused for want of an appointment."""
        if away:
            self.add_absence(*away)
        for offered, usagers, colleagues in booked:
            self._book(*offered, usagers, colleagues)
        self.model.now = now
        return multiple(*self.model.visits)

    @rule(target=VISIT, offered=OFFERED, usager=USAGER, room=st.none() | ROOM, reused=REUSED, reason=REASON)
    def book(self, offered: Offered, usager: str, room: str | None, reused: bool, reason: Any) -> Any:
        return self._book(*offered, [usager], room=room, reused=reused, reason=reason)

    @rule(target=VISIT, offered=OFFERED, usagers=FAMILY, colleagues=TEAM)
    def book_together(self, offered: Offered, usagers: list[str], colleagues: frozenset[str]) -> Any:
        return self._book(*offered, usagers, colleagues)

    @rule(target=VISIT, pair=PAIR, start=STARTS, usager=USAGER, room=st.none() | ROOM)
    def book_anything(self, pair: tuple[str, str], start: int, usager: str, room: str | None) -> Any:
        return self._book(*pair, start, [usager], room=room)

    @rule(target=VISIT, pair=PAIR, start=STARTS, usager=USAGER, colleagues=TEAM)
    def book_hors_plage(self, pair: tuple[str, str], start: int, usager: str, colleagues: frozenset[str]) -> Any:
        return self._book(*pair, start, [usager], colleagues, waived="hors_plage")

    @rule(target=VISIT, pair=PAIR, usager=USAGER, late=st.sampled_from([0, 0, 0, 0, 5, -5]), reason=REASON)
    def book_walk_in(self, pair: tuple[str, str], usager: str, late: int, reason: Any) -> Any:
        start = self.model.now - self.model.now % 5 + late
        return self._book(*pair, start, [usager], waived="walk_in", reason=reason)

    @rule(visit=VISIT, seen=SEEN, start=STARTS, room=st.none() | ROOM, reused=REUSED, reason=REASON)
    def move(self, visit: int, seen: int | None, start: int, room: str | None, reused: bool, reason: Any) -> None:
        self._move(visit, seen, reused, reason, start=start, room=room)

    @rule(visit=VISIT, seen=SEEN, room=ROOM, minutes=st.sampled_from([None, None, 15]))
    def move_to_room(self, visit: int, seen: int | None, room: str, minutes: int | None) -> None:
        self._move(visit, seen, room=room, minutes=minutes)

    @rule(visit=VISIT, seen=SEEN, who=TEAM, start=st.none() | STARTS)
    def move_to_others(self, visit: int, seen: int | None, who: frozenset[str], start: int | None) -> None:
        self._move(visit, seen, who=who, start=start)

    @rule(visit=VISIT, seen=SEEN, minutes=st.sampled_from([15, 20, 35, 45, 45, 60, 0, 17]))
    def lengthen_or_shorten(self, visit: int, seen: int | None, minutes: int) -> None:
        self._move(visit, seen, minutes=minutes)

    @rule(visit=VISIT, seen=SEEN, kind=KIND, who=st.none() | TEAM, start=st.none() | STARTS)
    def change_type(
        self, visit: int, seen: int | None, kind: str, who: frozenset[str] | None, start: int | None
    ) -> None:
        self._move(visit, seen, kind=kind, who=who, start=start)

    @precondition(lambda self: len(self.model.visits) > 1)
    @rule(
        one=VISIT, further=st.sampled_from([1, 1, 1, 2, 3, 0]), seen=SEEN, other_seen=SEEN, reused=REUSED, reason=REASON
    )
    def swap(self, one: int, further: int, seen: int | None, other_seen: int | None, reused: bool, reason: Any) -> None:
        other = (one + further) % len(self.model.visits)
        versions = self.both.seen_version(one, seen), self.both.seen_version(other, other_seen)
        command = Swap(self.both.key(reused), self.both.uid(one), self.both.uid(other), *versions)
        foretold = foretelling.swap(self.model, one, other, *versions)
        self.both.run(reservations.swap, command, foretold, reason, kept="swap")

    @rule(visit=VISIT, seen=SEEN, usager=USAGER, reused=REUSED)
    def join(self, visit: int, seen: int | None, usager: str, reused: bool) -> None:
        version = self.both.seen_version(visit, seen)
        command = Join(self.both.key(reused), self.both.uid(visit), self.keys[usager], version)
        self.both.run(reservations.join, command, foretelling.join(self.model, visit, version, usager))

    @rule(visit=VISIT, seen=SEEN, which=ONE_OF_THEM, by=BY, reused=REUSED)
    def leave(self, visit: int, seen: int | None, which: int | None, by: Any, reused: bool) -> None:
        usager = self._usager(visit, which)
        version = self.both.seen_version(visit, seen)
        command = Leave(self.both.key(reused), self.both.uid(visit), self.keys[usager], by, version)
        self.both.run(reservations.leave, command, foretelling.leave(self.model, visit, version, usager, by))

    @rule(target=CANCELLED, visit=VISIT, seen=SEEN, by=BY, reused=REUSED, reason=REASON)
    def cancel(self, visit: int, seen: int | None, by: Any, reused: bool, reason: Any) -> Any:
        version = self.both.seen_version(visit, seen)
        command = Cancel(self.both.key(reused), self.both.uid(visit), by, version)
        foretold = foretelling.cancel(self.model, visit, version, by)
        return visit if self.both.run(reservations.cancel, command, foretold, reason) else multiple()

    @rule(visit=CANCELLED | VISIT, seen=SEEN, reused=REUSED)
    def restore(self, visit: int, seen: int | None, reused: bool) -> None:
        version = self.both.seen_version(visit, seen)
        command = Restore(self.both.key(reused), self.both.uid(visit), version)
        self.both.run(reservations.restore, command, foretelling.restore(self.model, visit, version))

    @rule(visit=VISIT, seen=SEEN, which=ONE_OF_THEM, step=st.sampled_from([*STEPS, "excused"]), reused=REUSED)
    def record_attendance(self, visit: int, seen: int | None, which: int | None, step: Any, reused: bool) -> None:
        usager = self._usager(visit, which)
        version = self.both.seen_version(visit, seen)
        command = RecordAttendance(self.both.key(reused), self.both.uid(visit), self.keys[usager], step, version)
        foretold = foretelling.record_attendance(self.model, visit, version, usager, step)
        self.both.run(reservations.record_attendance, command, foretold)

    @precondition(lambda self: self.both.answered)
    @rule(back=st.integers(0, 9))
    def send_again(self, back: int) -> None:
        self.both.again(self.both.answered[-1 - back % len(self.both.answered)])

    @rule()
    def time_passes(self) -> None:
        self.model.now = next((now for now in CLOCK if now > self.model.now), self.model.now)

    @rule(who=WHO, start=STARTS, span=SPAN)
    def add_absence(self, who: str, start: int, span: Span) -> None:
        first, last = start + span[0], start + span[1]
        no = self._span_refusals(first, last, (each[1:] for each in self.model.absences.values() if each[0] == who))
        ends = moment(first), moment(last), moment(self.model.now)
        if (key := self._noted("absence", no, lambda: planning.add_absence(self.keys[who], *ends))) is not None:
            self.model.absences[key] = who, first, last
            self.model.feeds[who] += 1
        self.both.compare()

    @rule(room=st.none() | ROOM, start=STARTS, span=SPAN)
    def add_closure(self, room: str | None, start: int, span: Span) -> None:
        first, last = start + span[0], start + span[1]
        no = self._span_refusals(first, last, (each[1:] for each in self.model.closures.values() if each[0] == room))
        place = self.both.home.site, None if room is None else self.keys[room]
        ends = moment(first), moment(last)
        add = lambda: planning.add_closure(*place, *ends, "Travaux", moment(self.model.now))  # noqa: E731
        if (key := self._noted("closure", no, add)) is not None:
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

    def _book(
        self,
        kind: str,
        lead: str,
        start: int,
        usagers: Sequence[str],
        colleagues: Collection[str] = (),
        room: str | None = None,
        waived: Any = None,
        reused: bool = False,
        reason: Any = None,
    ) -> Any:
        """Book, and give the visit to the rules that need one if there is one."""
        first, *others = (self.keys[name] for name in usagers)
        command = Book(
            key=self.both.key(reused),
            type_id=self.both.home.kinds[kind],
            start=moment(start),
            professional_id=self.keys[lead],
            usager=first,
            room_id=None if room is None else self.keys[room],
            family=tuple(others),
            colleague_ids=frozenset(self.keys[name] for name in colleagues),
            waived=frozenset({waived} if waived else ()),
        )
        foretold = foretelling.book(self.model, kind, start, lead, usagers, colleagues, room, command.waived)
        number = len(self.model.visits)

        def instead(slot: Slot) -> Foretold:
            then, other_lead = minute_of(slot.start), self.both.home.name(slot.professional_id)
            others = set(colleagues) - {lead}
            return foretelling.book(self.model, kind, then, other_lead, usagers, others, None, ())

        done = self.both.run(reservations.book, command, foretold, reason, kept=waived or "", instead=instead)
        return number if done else multiple()

    def _move(self, visit: int, seen: int | None, reused: bool = False, reason: Any = None, **to: Any) -> None:
        version = self.both.seen_version(visit, seen)
        wanted = {"start": None, "who": None, "room": None, "kind": None, "minutes": None} | to
        start, who, room, kind = (wanted[name] for name in ("start", "who", "room", "kind"))
        command = Move(
            key=self.both.key(reused),
            uid=self.both.uid(visit),
            start=None if start is None else moment(start),
            professional_ids=None if who is None else frozenset(self.keys[name] for name in who),
            room_id=None if room is None else self.keys[room],
            type_id=None if kind is None else self.both.home.kinds[kind],
            duration=wanted["minutes"],
            version=version,
        )

        def instead(slot: Slot) -> Foretold:
            """The lead of the alternative in the place of the one who leads, if there is but one."""
            before = self.model.visits[visit]
            now_who = before.who if who is None else who
            leads = [name for name in now_who if does(name, kind or before.kind)]
            lead = self.both.home.name(slot.professional_id)
            then = now_who if lead in now_who else now_who.difference(leads) | {lead}
            other = wanted | {"start": minute_of(slot.start), "who": then, "room": None}
            return foretelling.move(self.model, visit, version, **other)

        foretold = foretelling.move(self.model, visit, version, **wanted)
        self.both.run(reservations.move, command, foretold, reason, instead=instead)

    def _usager(self, visit: int, which: int | None) -> str:
        inside = sorted(self.model.visits[visit].steps)
        if which is None:
            return next(name for name in sorted(NAMESPACES) if name not in inside)
        return inside[which % len(inside)]

    def _span_refusals(self, first: int, last: int, covering: Iterable[tuple[int, int]]) -> set[str]:
        """Why an absence or a closure is not taken down: it is over, or said already."""
        over = {"Invalid:past"} if last <= self.model.now else set()
        said = any(start <= first and last <= end for start, end in covering)
        return over | ({"Invalid:overlaps"} if said else set())

    def _noted(self, name: str, refusals: set[str], add: Callable[[], int]) -> int | None:
        """The key of what was added, None when it was refused as foretold."""
        try:
            key = add()
        except BookingError as refusal:
            self.both.check_refusal(name, refusal, refusals)
            return None
        self.both.count(name, "done")
        assert not refusals
        return key
