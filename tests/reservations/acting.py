"""What the rules of the machine share: the bundles that they draw from, and booking as somebody wishes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal, cast

from hypothesis.stateful import Bundle, RuleBasedStateMachine

from booking import reservations
from booking.reservations import Book, Join
from booking.reservations.commands import Waiver
from booking.slots.availability import Slot
from tests.reservations import foretelling
from tests.reservations.building import NAMESPACES
from tests.reservations.comparing import Comparison, Instead
from tests.reservations.drawing import CLOCK
from tests.reservations.house import House, minute_of, moment
from tests.reservations.model import NONE, Foretold
from tests.reservations.visit import Wish

VISIT = Bundle("visits")
Why = Literal["usager_request", "mistake"] | None


class Acting(RuleBasedStateMachine):
    """An agent who tries everything on the engine over one building."""

    def __init__(self, home: House, tally: Counter[tuple[str, str]]) -> None:
        super().__init__()
        self.both = Comparison(home, tally, CLOCK[0])
        self.model, self.keys = self.both.model, home.keys
        self.wishes: list[Wish] = []  # of each hold, by its number

    def wanted(self, wish: Wish, key: str, hold: int = NONE) -> Book:
        """The wish as a command; `hold` is the number of the one it takes the place of."""
        usagers = [self.keys[name] for name in wish.usagers]
        return Book(
            key=key,
            type_id=self.both.home.kinds[wish.kind],
            start=moment(wish.start),
            professional_id=self.keys[wish.lead],
            usager=usagers[0] if usagers else None,
            room_id=None if wish.room is None else self.keys[wish.room],
            family=tuple(usagers[1:]),
            colleague_ids=frozenset(self.keys[name] for name in wish.colleagues),
            waived=cast(frozenset[Waiver], wish.waived),
            hold=None if hold == NONE else self.both.holds[hold][1].uid,
        )

    def book(self, wish: Wish, reused: bool = False, reason: Why = None, hold: int = NONE) -> list[int]:
        """Book, and give the number of the visit, in a list, if there is one."""
        number, kept = len(self.model.visits), self.why(wish, hold)
        foretold, command = foretelling.book(self.model, wish, hold), self.wanted(wish, self.both.key(reused), hold)
        done = self.both.run(reservations.book, command, foretold, reason, kept, self.instead(wish, hold))
        return [number] if done else []

    def join_as(self, command: Join, foretold: Foretold, usager: str) -> None:
        """Join; what was proposed to them and is theirs now is why."""
        theirs = self.model.waiter(foretold.ends) == usager
        self.both.run(reservations.join, command, foretold, kept="waiting_list" if theirs else "")

    def why(self, wish: Wish, hold: int) -> str:
        """The reason that history keeps when none is given."""
        return next(iter(wish.waived), "waiting_list" if self.model.waiter(hold) in wish.usagers else "")

    def instead(self, wish: Wish, hold: int = NONE) -> Instead:
        """The same at the start and with the lead of an alternative."""

        def foretold(slot: Slot) -> Foretold:
            lead = self.both.home.name(slot.professional_id)
            others = wish.colleagues - {wish.lead}
            then = Wish(wish.kind, lead, minute_of(slot.start), wish.usagers, others)
            return Foretold(foretelling.asked(self.model, then, hold)[0])

        return foretold

    def usager(self, visit: int, which: int | None) -> str:
        """One of the usagers of a visit by their place, or somebody else."""
        inside = sorted(self.model.visits[visit].steps)
        if which is None or not inside:
            return next((name for name in sorted(NAMESPACES) if name not in inside), "diallo")
        return inside[which % len(inside)]

    def one_of(self, visits: Sequence[int], nth: int) -> int:
        """One of these; sometimes, or for want of them, any visit that there is."""
        found = (nth and visits) or list(self.model.visits)
        return found[nth % len(found)]

    def one_held(self, nth: int, *, by_us: bool = False) -> int:
        """The number of a hold that keeps something; sometimes, or for want of one, of any that there was."""
        alive = [each for each in self.model.alive() if not (by_us and each in self.model.offers)]
        found = (nth and alive) or range(len(self.both.holds))
        return found[nth % len(found)]
