"""One command given to the engine and to the model: the same answer, and then the same in the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from hypothesis import event
from sqlalchemy.orm import Session

from booking import messages
from booking.errors import BookingError, NotDisplaced, SeriesRefused
from booking.reservations import Act, Book, Held, Outcome, Wait, WaitForSession, doctor
from booking.reservations.commands import Keyed
from booking.reservations.state import Reason
from booking.reservations.waiting import Entered
from booking.slots.availability import Slot
from tests.reservations import house, house_queue
from tests.reservations.house import House, Seen, SeenHold, minute_of, moment
from tests.reservations.house_queue import SeenQueue
from tests.reservations.model import NONE, Done, Foretold, Model
from tests.reservations.visit import Kept, fits

T = TypeVar("T")
MADE_WAY = "room_needed"
Outcomes = Outcome | tuple[Outcome, ...]  # a series answers for each of its appointments
UseCase = Callable[[Any, Act], Outcomes]
Instead = Callable[[Slot], Foretold]  # the same command, with what an alternative says


@dataclass(frozen=True)
class Answered:
    """A command that was carried out, and its answer."""

    use_case: UseCase
    command: Keyed
    outcome: Outcomes


def described(refusal: BookingError) -> str:
    """A refusal as the model says it: its class and the code of what it broke."""
    code = getattr(refusal, "rule", None) or getattr(refusal, "what", "")
    return f"{type(refusal).__name__}:{code}"


def replayed(outcome: Outcomes) -> Outcomes:
    """The same answer, as it is given to whoever asks again."""
    if isinstance(outcome, tuple):
        return tuple(replace(each, replayed=True) for each in outcome)
    return replace(outcome, replayed=True)


def shown(kept: Kept) -> SeenHold:
    """What the engine says of a hold."""
    visit = kept.visit
    return SeenHold(visit.kind, visit.start, visit.end, visit.room, kept.agent, kept.since, kept.until)


def named_as(refused: Mapping[datetime, str], foretold: Mapping[int, set[str]]) -> bool:
    """Whether a series is refused for those starts, each by one of its rules."""
    return within({minute_of(start): rule for start, rule in refused.items()}, foretold)


def within(named: Mapping[int, str], foretold: Mapping[int, set[str]]) -> bool:
    """Whether each that was to be named is, by one of its rules."""
    return named.keys() == foretold.keys() and all(rule in foretold[each] for each, rule in named.items())


class Comparison:
    """The engine and the model side by side, over one building. `tally` counts each command with its answers."""

    def __init__(self, home: House, tally: Counter[tuple[str, str]], now: int) -> None:
        house.forget(home)
        self.home, self.tally, self.model = home, tally, Model(now)
        self.answered: list[Answered] = []
        self.outcomes: dict[int, Outcome] = {}  # the booking of each visit, by its number
        self.holds: list[tuple[Book, Held]] = []  # as they were asked for and granted, by their numbers
        self.waits: list[tuple[Wait | WaitForSession, Entered]] = []  # likewise
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
        command: Keyed,
        foretold: Foretold,
        reason: Reason | None = None,
        kept: str = "",
        instead: Instead | None = None,
    ) -> bool:
        """Give a command to the engine; whether it was carried out. Fails where the model foretold otherwise.

        `kept` is the reason that history keeps when the act gives none; `instead` foretells the same command with the
        start and the lead of an alternative.
        """
        known = next((each for each in self.answered if each.command.key == command.key), None)
        if known is not None and known.command == command:
            self.again(known)
            return False
        if known is not None:
            foretold = replace(foretold, refusals=foretold.refusals | {"KeyReused:"}, rooms=set())
        act, name = self.act(reason), type(command).__name__
        _, outcome = self.tried(name, lambda: use_case(command, act), foretold, instead)
        if outcome is None:
            self.said.clear()  # what was filed went with the transaction
            self.compare()
            return False
        self.answered.append(Answered(use_case, command, outcome))
        self._carried_out(outcome, foretold, reason or kept or None)
        return True

    def tried(
        self, name: str, work: Callable[[], T], foretold: Foretold, instead: Instead | None = None
    ) -> tuple[bool, T | None]:
        """Whether it was done, and the answer. Fails unless it was done, or refused, as foretold.

        All that is offered instead must be possible.
        """
        self.agreed = False
        try:
            answer = work()
        except BookingError as refusal:
            self._check_refusal(name, refusal, foretold)
            if instead is not None:
                for slot in getattr(refusal, "alternatives", ()):
                    assert not instead(slot).refusals, f"{slot} was offered"
            return False, None
        self.count(name, "done")
        assert foretold.rooms or not foretold.refusals, f"it may not be done: {foretold.refusals}"
        return True, answer

    def _check_refusal(self, name: str, refusal: BookingError, foretold: Foretold) -> None:
        self.count(name, described(refusal))
        assert described(refusal) in foretold.refusals, f"foretold: {sorted(foretold.refusals) or 'that it is done'}"
        if isinstance(refusal, SeriesRefused):
            refused = refusal.refused
            assert any(named_as(refused, each) for each in foretold.refused), f"{refused} not in {foretold.refused}"
        if isinstance(refusal, NotDisplaced):
            named = {self.number(uid): rule for uid, rule in refusal.refused.items()}
            assert any(within(named, each) for each in foretold.refused), f"{named} not in {foretold.refused}"

    def again(self, before: Answered) -> None:
        """The same command gets the same answer, whatever happened since, and changes nothing."""
        self.agreed = False
        self.count(type(before.command).__name__, "again")
        assert before.use_case(before.command, self.act("other")) == replayed(before.outcome)
        self.compare()

    def compare(self) -> None:
        """Hold everything that the database has against the model."""
        self._agree(self.seen())

    def note_who_made_way(self, enough: Callable[[], bool] = lambda: False) -> None:
        """Note who was given another room by what was just done, one after the other, until it is `enough`."""
        found = self.seen()
        for number, _, why in found.history[len(self.model.history) :]:
            if enough():
                break
            assert why == MADE_WAY
            self._made_way(number, found)

    def _made_way(self, number: int, found: Seen) -> None:
        """Which room is the engine's choice; who may be moved, where to, and what is noted of it is not."""
        visit, room = self.model.visits[number], found.visits[number].room
        assert self.model.may_leave(number), f"{visit} may not be moved"
        assert room is not None
        assert fits(room, visit)
        self.count("made way", "done")
        after = replace(visit, room=room, version=visit.version + 1, sequence=visit.sequence + 1)
        self.model.keep(Done(number, after, "room_changed"), MADE_WAY)

    def number(self, uid: str) -> int:
        """The number of the visit with that uid."""
        return next(number for number, each in self.outcomes.items() if each.uid == uid)

    def _agree(self, found: Seen) -> None:
        known = self.model
        assert found.visits == {number: replace(each, steps_before={}) for number, each in known.visits.items()}
        assert found.holds == {self.holds[number][1].uid: shown(each) for number, each in known.alive().items()}
        assert found.taken == sorted(known.taken())
        queue = self.queue()
        assert queue.waits == [*known.waits.values()]
        fates = {self.holds[n][1].uid: replace(each, fate=known.fate(n)) for n, each in known.offers.items()}
        assert queue.offers == fates
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

    def seen(self) -> Seen:
        """What the database has."""
        return house.seen(self.home, self._numbers(), self.model.now)

    def queue(self) -> SeenQueue:
        """What the database has of the waiting list."""
        return house_queue.seen(self.home, self._numbers(), self.model.now)

    def _numbers(self) -> dict[int, int]:
        return {each.appointment_id: number for number, each in self.outcomes.items()}

    def act(self, reason: Reason | None = None, agent: str | None = None) -> Act:
        """Something done now."""
        agent_id = self.home.agents[agent] if agent else None
        return Act(moment(self.model.now), "web", self._tell, agent_id=agent_id, reason=reason)

    def _tell(self, session: Session, key: int, change: Any, usager_ids: Collection[int], now: datetime) -> None:
        if usager_ids:  # a session may open for nobody yet
            self.said.append((key, change, frozenset(usager_ids), now))
        messages.file(session, key, change, usager_ids, now)

    def _carried_out(self, answer: Outcomes, foretold: Foretold, reason: str | None) -> None:
        outcomes = answer if isinstance(answer, tuple) else (answer,)
        for outcome in outcomes:
            if outcome.uid not in {each.uid for each in self.outcomes.values()}:
                self.outcomes[len(self.outcomes)] = outcome
        concerned = [done.number for done in foretold.done(next(iter(foretold.rooms)))]
        found = self.seen()
        given = tuple(found.visits[number].room for number in concerned)
        assert given in foretold.rooms, f"given {given}, it should be among {foretold.rooms}"
        all_done = foretold.done(given)
        left = iter(all_done)
        for number, _, why in found.history[len(self.model.history) :]:
            if why == MADE_WAY:
                self._made_way(number, found)
            elif (done := next(left, None)) is not None:
                self.model.keep(done, reason)
        if foretold.ends != NONE:
            self.model.settle(foretold.ends, all_done[0].number)
        foretold.also()
        self._check_told(all_done)
        about = foretold.answers
        if about is None:  # an exchange answers for the first
            about = tuple(concerned) if isinstance(answer, tuple) else (concerned[0],)
        assert outcomes == tuple(map(self._outcome, about))
        self._agree(found)

    def _check_told(self, all_done: Collection[Done]) -> None:
        expected = [
            (self.outcomes[done.number].appointment_id, done.change, frozenset(map(self.home.keys.get, done.told)))
            for done in all_done
            if done.told
        ]
        assert [each[:3] for each in self.said] == expected
        assert all(each[3] == moment(self.model.now) for each in self.said)
        self.said.clear()

    def _outcome(self, number: int) -> Outcome:
        visit = self.model.visits[number]
        return Outcome(
            appointment_id=self.outcomes[number].appointment_id,
            uid=self.outcomes[number].uid,
            start=moment(visit.start),
            end=moment(visit.end),
            room=visit.room,
            status="cancelled" if visit.cancelled_by else "booked",
            sequence=visit.sequence,
            version=visit.version,
        )
