"""The rules of the machine about what is in the way of an absence or of a closure."""

from __future__ import annotations

from hypothesis.stateful import precondition, rule

from tests.reservations import comparing_impact, foretelling_impact
from tests.reservations.acting import Acting
from tests.reservations.building import MONDAY, at
from tests.reservations.drawing import FATES, IN_THE_WAY, OFTEN_STALE, REUSED, SLIP
from tests.reservations.foretelling_impact import Cause, Decided, Goes
from tests.reservations.visit import Visit, Wish

InTheWay = tuple[str, int, tuple[int, int]]


class Displaced(Acting):
    """Somebody falls ill, a building is flooded, and reception calls everybody."""

    @precondition(lambda self: self.model.taken())
    @rule(in_the_way=IN_THE_WAY)
    def look_at_impact(self, in_the_way: InTheWay) -> None:
        comparing_impact.preview(self.both, self._cause(in_the_way))

    @precondition(lambda self: self.model.taken() and len(self.model.absences) + len(self.model.closures) < 5)
    @rule(in_the_way=IN_THE_WAY)
    def displace_as_proposed(self, in_the_way: InTheWay) -> None:
        self.displace(in_the_way, [0], None, "none", reused=False)

    @precondition(lambda self: self.model.taken() and len(self.model.absences) + len(self.model.closures) < 5)
    @rule(in_the_way=IN_THE_WAY, fates=FATES, seen=OFTEN_STALE, slip=SLIP, reused=REUSED)
    def displace(
        self, in_the_way: InTheWay, fates: list[Goes | str | int], seen: int | None, slip: str, reused: bool
    ) -> None:
        """Each hit gets a fate in turn, a number standing for where it is proposed to go; sometimes one is left out."""
        cause = self._cause(in_the_way)
        proposed = comparing_impact.preview(self.both, cause)
        decided = []
        for place, number in enumerate(foretelling_impact.hits(self.model, cause) if proposed else []):
            fate = fates[place % len(fates)]
            if isinstance(fate, int):
                goes = proposed[place]
                fate = goes[fate % len(goes)] if goes else "cancelled"
            decided.append(Decided(number, self.both.seen_version(number, seen), fate))
        comparing_impact.carry_out(self.both, cause, self._slipped(decided, slip), reused)

    def _cause(self, in_the_way: InTheWay) -> Cause:
        """Around something that is taken, or kept; mostly what nobody said before, early on Monday for want of it."""
        what, nth, span = in_the_way
        taken = [visit for visit in (*self.model.visits.values(), *self.model.kept()) if visit.takes() and visit.who]
        there = taken or [Wish("bilan", "roux", at(MONDAY, 9), ()).visit]
        around = [_around(there[(nth + more) % len(there)], what, nth, span) for more in range(len(there))]
        new = [cause for cause in around if nth < 9 and not cause.refusals(self.model)]
        return (new or around)[0]

    def _slipped(self, decided: list[Decided], slip: str) -> list[Decided]:
        known = {each.number for each in decided}
        other = next((number for number in self.model.visits if number not in known), None)
        if slip == "forgotten":
            return decided[1:]
        if slip == "one more" and other is not None:
            return [*decided, Decided(other, None, "cancelled")]
        return decided[::-1] if slip == "backwards" else decided


def _around(visit: Visit, what: str, nth: int, span: tuple[int, int]) -> Cause:
    who = sorted(visit.who)[nth % len(visit.who)] if what == "somebody" else None
    room = visit.room if what == "room" else None
    first, last = sorted({visit.start + span[0], visit.end + span[1], visit.start - 30})[-2:]
    return Cause(who, room, first, last)
