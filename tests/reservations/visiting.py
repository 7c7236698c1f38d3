"""The rules of the machine about one appointment, or two: booking, changing and ending it."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import multiple, precondition, rule

from booking import reservations
from booking.reservations import Cancel, Join, Leave, Move, RecordAttendance, Restore, Swap
from booking.slots.availability import Slot
from tests.reservations import foretelling, foretelling_seats
from tests.reservations.acting import VISIT, Acting, Why
from tests.reservations.building import does
from tests.reservations.drawing import (
    BY,
    FAMILY,
    KIND,
    MAYBE,
    NOBODY_YET,
    NTH,
    OFFERED,
    ONE_OF_THEM,
    OPENED,
    PAIR,
    REASON,
    REUSED,
    ROOM,
    SEEN,
    STARTS,
    TEAM,
    USAGER,
    Offered,
)
from tests.reservations.house import minute_of, moment
from tests.reservations.model import STEPS, Foretold
from tests.reservations.visit import Wish


class Visiting(Acting):
    """Appointments, each for itself."""

    @rule(target=VISIT, offered=OFFERED, usager=USAGER, room=st.none() | ROOM, reused=REUSED, reason=REASON)
    def book_one(self, offered: Offered, usager: str, room: str | None, reused: bool, reason: Why) -> Any:
        return multiple(*self.book(Wish(*offered, (usager,), room=room), reused, reason))

    @rule(target=VISIT, offered=OFFERED, usagers=FAMILY, colleagues=TEAM)
    def book_together(self, offered: Offered, usagers: tuple[str, ...], colleagues: frozenset[str]) -> Any:
        return multiple(*self.book(Wish(*offered, usagers, colleagues)))

    @rule(target=VISIT, offered=OPENED, colleagues=TEAM, usagers=NOBODY_YET)
    def open_session(self, offered: Offered, colleagues: frozenset[str], usagers: tuple[str, ...]) -> Any:
        return multiple(*self.book(Wish(*offered, usagers, colleagues)))

    @rule(target=VISIT, pair=PAIR, start=STARTS, usagers=MAYBE, room=st.none() | ROOM)
    def book_anything(self, pair: tuple[str, str], start: int, usagers: tuple[str, ...], room: str | None) -> Any:
        return multiple(*self.book(Wish(*pair, start, usagers, room=room)))

    @rule(target=VISIT, pair=PAIR, start=STARTS, usager=USAGER, colleagues=TEAM)
    def book_hors_plage(self, pair: tuple[str, str], start: int, usager: str, colleagues: frozenset[str]) -> Any:
        return multiple(*self.book(Wish(*pair, start, (usager,), colleagues, waived=frozenset({"hors_plage"}))))

    @rule(target=VISIT, pair=PAIR, usager=USAGER, late=st.sampled_from([0, 0, 0, 0, 5, -5]), reason=REASON)
    def book_walk_in(self, pair: tuple[str, str], usager: str, late: int, reason: Why) -> Any:
        start = self.model.now - self.model.now % 5 + late
        return multiple(*self.book(Wish(*pair, start, (usager,), waived=frozenset({"walk_in"})), reason=reason))

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
        self.join_as(command, foretelling_seats.join(self.model, visit, version, usager), usager)

    @rule(visit=VISIT, seen=SEEN, which=ONE_OF_THEM, by=BY, reused=REUSED)
    def leave(self, visit: int, seen: int | None, which: int | None, by: Any, reused: bool) -> None:
        usager = self.usager(visit, which)
        version = self.both.seen_version(visit, seen)
        command = Leave(self.both.key(reused), self.both.uid(visit), self.keys[usager], by, version)
        self.both.run(reservations.leave, command, foretelling_seats.leave(self.model, visit, version, usager, by))

    @rule(visit=VISIT, seen=SEEN, by=BY, reused=REUSED, reason=REASON)
    def cancel(self, visit: int, seen: int | None, by: Any, reused: bool, reason: Any) -> None:
        version = self.both.seen_version(visit, seen)
        command = Cancel(self.both.key(reused), self.both.uid(visit), by, version)
        foretold = foretelling.cancel(self.model, visit, version, by)
        self.both.run(reservations.cancel, command, foretold, reason)

    @precondition(lambda self: self.model.visits)
    @rule(nth=NTH, seen=SEEN, reused=REUSED)
    def restore(self, nth: int, seen: int | None, reused: bool) -> None:
        cancelled = [number for number, visit in self.model.visits.items() if visit.cancelled_by]
        visit = self.one_of(cancelled, nth)
        version = self.both.seen_version(visit, seen)
        command = Restore(self.both.key(reused), self.both.uid(visit), version)
        self.both.run(reservations.restore, command, foretelling.restore(self.model, visit, version))

    @rule(visit=VISIT, seen=SEEN, which=ONE_OF_THEM, step=st.sampled_from([*STEPS, "excused"]), reused=REUSED)
    def record_attendance(self, visit: int, seen: int | None, which: int | None, step: Any, reused: bool) -> None:
        usager = self.usager(visit, which)
        version = self.both.seen_version(visit, seen)
        command = RecordAttendance(self.both.key(reused), self.both.uid(visit), self.keys[usager], step, version)
        foretold = foretelling.record_attendance(self.model, visit, version, usager, step)
        self.both.run(reservations.record_attendance, command, foretold)

    @precondition(lambda self: self.model.visits)
    @rule(nth=NTH, usagers=st.permutations(["diallo", "kone", "nguyen"]), seen=SEEN)
    def fill(self, nth: int, usagers: list[str], seen: int | None) -> None:
        """A session to the last seat, and one more."""
        visits = self.model.visits
        session = self.one_of([each for each in visits if visits[each].seats and visits[each].stands], nth)
        for usager in usagers:
            self.join(session, seen, usager, reused=False)

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
