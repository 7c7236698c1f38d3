"""One command given to the engine and to the model: the same answer, and then the same in the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from hypothesis import event
from sqlalchemy.orm import Session

from booking import messages
from booking.errors import BookingError
from booking.reservations import Act, Outcome, doctor
from booking.reservations.commands import Command
from booking.reservations.state import Reason
from booking.slots.availability import Slot
from tests.reservations import house
from tests.reservations.house import House, moment
from tests.reservations.model import Done, Foretold, Model

UseCase = Callable[[Any, Act], Outcome]


@dataclass(frozen=True)
class Answered:
    """A command that was carried out, and its answer."""

    use_case: UseCase
    command: Command
    outcome: Outcome


def described(refusal: BookingError) -> str:
    """A refusal as the model says it: its class and the code of what it broke."""
    code = getattr(refusal, "rule", None) or getattr(refusal, "what", "")
    return f"{type(refusal).__name__}:{code}"


class Comparison:
    """The engine and the model side by side, over one building. `tally` counts each command with its answers."""

    def __init__(self, home: House, tally: Counter[tuple[str, str]], now: int) -> None:
        house.forget(home)
        self.home, self.tally, self.model = home, tally, Model(now)
        self.answered: list[Answered] = []
        self.outcomes: dict[int, Outcome] = {}  # the booking of each visit, by its number
        self.said: list[tuple[int, str, frozenset[int], datetime]] = []
        self.sent = 0
        self.agreed = True

    def key(self, reused: bool) -> str:
        """A new key, or that of the last command carried out."""
        self.sent += 1
        return self.answered[-1].command.key if reused and self.answered else f"key {self.sent}"

    def uid(self, number: int) -> str:
        """The uid of a visit."""
        return self.outcomes[number].uid

    def seen_version(self, number: int, shift: int | None) -> int | None:
        """The version that somebody saw of a visit, so far from the present one; None for whoever does not say."""
        return None if shift is None else self.model.visits[number].version + shift

    def run(
        self,
        use_case: UseCase,
        command: Command,
        foretold: Foretold,
        reason: Reason | None = None,
        kept: str = "",
        instead: Callable[[Slot], Foretold] | None = None,
    ) -> bool:
        """Give a command to the engine; whether it was carried out. Fails where the model foretold otherwise.

        `kept` is the reason that history keeps when the act gives none; `instead` foretells the same command with the
        start and the lead of an alternative.
        """
        self.agreed = False
        known = next((each for each in self.answered if each.command.key == command.key), None)
        if known is not None and known.command == command:
            self.again(known)
            return False
        if known is not None:
            foretold = replace(foretold, refusals=foretold.refusals | {"KeyReused:"}, rooms=set())
        name = type(command).__name__
        try:
            outcome = use_case(command, self._act(reason))
        except BookingError as refusal:
            self.check_refusal(name, refusal, foretold.refusals)
            if instead is not None:
                for slot in getattr(refusal, "alternatives", ()):
                    assert not instead(slot).refusals, f"{slot} was offered"
            self.said.clear()  # what was filed went with the transaction
            self.compare()
            return False
        self.count(name, "done")
        self.answered.append(Answered(use_case, command, outcome))
        self._carried_out(outcome, foretold, reason or kept or None)
        return True

    def check_refusal(self, name: str, refusal: BookingError, foretold: Collection[str]) -> None:
        """Fail unless that refusal is one of those foretold."""
        self.count(name, described(refusal))
        assert described(refusal) in foretold, f"foretold: {sorted(foretold) or 'that it is done'}"

    def again(self, before: Answered) -> None:
        """The same command gets the same answer, whatever happened since, and changes nothing."""
        self.count(type(before.command).__name__, "again")
        assert before.use_case(before.command, self._act("other")) == replace(before.outcome, replayed=True)
        self.compare()

    def compare(self) -> None:
        """Hold everything that the database has against the model."""
        found = house.seen(self.home, {each.appointment_id: number for number, each in self.outcomes.items()})
        known = self.model
        assert found.visits == {number: replace(each, steps_before={}) for number, each in known.visits.items()}
        assert found.taken == sorted(known.taken())
        assert (found.history, found.told, found.feeds) == (known.history, known.told, known.feeds)
        assert not self.said, "somebody was told"
        self.agreed = True

    def examine(self) -> None:
        """Ask the doctor, and whether the messages are those that people were to be told by."""
        assert doctor.examine([partial(messages.audit, now=moment(self.model.now))]) == []

    def count(self, name: str, answer: str) -> None:
        """Count an answer, for hypothesis' statistics and for whoever asks that each occurred."""
        self.tally[name, answer] += 1
        event(f"{name} {answer}")

    def _act(self, reason: Reason | None) -> Act:
        return Act(now=moment(self.model.now), origin="web", tell=self._tell, reason=reason)

    def _tell(self, session: Session, key: int, change: Any, usager_ids: Collection[int], now: datetime) -> None:
        self.said.append((key, change, frozenset(usager_ids), now))
        messages.file(session, key, change, usager_ids, now)

    def _carried_out(self, outcome: Outcome, foretold: Foretold, reason: str | None) -> None:
        assert foretold.rooms, f"it may not be done: {foretold.refusals}"
        number = len(self.outcomes)
        self.outcomes |= {} if outcome.uid in {each.uid for each in self.outcomes.values()} else {number: outcome}
        numbers = {each.appointment_id: number for number, each in self.outcomes.items()}
        stored = house.seen(self.home, numbers).visits
        concerned = [done.number for done in foretold.done(next(iter(foretold.rooms)))]
        given = tuple(stored[number].room for number in concerned)
        assert given in foretold.rooms, f"given {given}, it should be among {foretold.rooms}"
        all_done = foretold.done(given)
        for done in all_done:
            self.model.keep(done, reason)
        self._check_told(all_done)
        self._check_answer(outcome, all_done[0])
        self.compare()

    def _check_told(self, all_done: Collection[Done]) -> None:
        expected = [
            (self.outcomes[done.number].appointment_id, done.change, frozenset(map(self.home.keys.get, done.told)))
            for done in all_done
            if done.told
        ]
        assert [each[:3] for each in self.said] == expected
        assert all(each[3] == moment(self.model.now) for each in self.said)
        self.said.clear()

    def _check_answer(self, outcome: Outcome, done: Done) -> None:
        visit = done.visit
        assert outcome == Outcome(
            appointment_id=self.outcomes[done.number].appointment_id,
            uid=self.outcomes[done.number].uid,
            start=moment(visit.start),
            end=moment(visit.end),
            room=visit.room,
            status="cancelled" if visit.cancelled_by else "booked",
            sequence=visit.sequence,
            version=visit.version,
        )
