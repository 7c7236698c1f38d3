"""What a client does next: drawn from its own chance, on few slots, so that everybody wants the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from bench.races.house import STARTS
from bench.races.journal import Order
from bench.races.looking import Seen
from bench.races.plan import Plan

# By screen or not, and how often. What nobody has a screen for is done in-process.
ON_SCREEN = {
    "book": 6,
    "move": 4,
    "room": 1,
    "swap": 2,
    "cancel": 4,
    "restore": 3,
    "join": 4,
    "leave": 2,
    "attend": 3,
}
IN_PROCESS = ON_SCREEN | {
    "hold": 2,
    "open": 1,
    "people": 1,
    "duration": 1,
    "series": 1,
    "cancel_series": 1,
    "move_series": 1,
}
# Mostly back to the beginning: whoever has arrived can no longer cancel.
STEPS = {"expected": 6, "arrived": 3, "in_progress": 1, "seen": 1, "no_show": 1}
SCOPES = ("one", "following", "all")
Who = Callable[[Seen], dict[int, str]]


class Draw:
    """Draws orders under keys that no other client, nor an earlier life of this one, uses."""

    def __init__(self, plan: Plan, name: str, on_screen: bool, who: Who) -> None:
        self.plan, self.name, self.who = plan, name, who
        self.weights = ON_SCREEN if on_screen else IN_PROCESS
        self.blind = 0.0 if on_screen else 0.5  # how often any version will do: a form always names one
        self.rng = random.Random(f"{plan.seed}-{name}")
        self.count = 0

    def order(self, seen: Sequence[Seen]) -> Order:
        """The next one; a booking when there is nothing to do the rest to."""
        (kind,) = self.rng.choices(list(self.weights), list(self.weights.values()))
        what = getattr(self, f"_{kind}")(seen)
        if what is None:
            kind, what = "book", self._book(seen)
        if "version" in what and self.rng.random() < self.blind:
            what |= {"version": None, "other_version": None}
        return self.named(kind, what)

    def named(self, kind: str, what: dict[str, Any]) -> Order:
        """An order under a key of its own."""
        self.count += 1
        return Order(f"{self.name}-{self.count:06}", kind, what)

    # -------------------------------------------------------------- new ones

    def _book(self, _seen: Sequence[Seen]) -> dict[str, Any]:
        code = self.rng.choice(("entretien", "entretien", "appel"))
        return self._slot(code, self.rng.choice(("roux", "diop"))) | {"usager": self.rng.choice(self.plan.usagers)}

    _hold = _book

    def _open(self, _seen: Sequence[Seen]) -> dict[str, Any]:
        return self._slot("consultation", "lenoir") | {"usager": None}

    def _series(self, seen: Sequence[Seen]) -> dict[str, Any]:
        starts = self.rng.sample(STARTS, self.rng.randint(2, 3))
        return self._book(seen) | {"starts": [start.isoformat() for start in starts]}

    def _slot(self, code: str, professional: str) -> dict[str, Any]:
        return {"type": code, "professional": professional, "start": self._start()}

    def _start(self) -> str:
        start = self.rng.choice(STARTS)
        return (start + timedelta(minutes=5 * (self.rng.random() < 0.05))).isoformat()

    # -------------------------------------------------------------- changes

    def _move(self, seen: Sequence[Seen]) -> dict[str, Any] | None:
        return self._of_one(seen, lambda each: not each.cancelled, start=self._start())

    def _room(self, seen: Sequence[Seen]) -> dict[str, Any] | None:
        fits = self.plan.types["entretien"]
        room = self.rng.choice(("B1", "B2"))
        return self._of_one(seen, lambda each: not each.cancelled and each.type_id == fits, room=room)

    def _people(self, seen: Sequence[Seen]) -> dict[str, Any] | None:
        people = self.rng.choice((["roux"], ["diop"], ["roux", "diop"]))
        return self._of_one(seen, lambda each: not each.cancelled and not each.session, people=people)

    def _duration(self, seen: Sequence[Seen]) -> dict[str, Any] | None:
        return self._of_one(seen, lambda each: not each.cancelled, duration=self.rng.choice((15, 30, 45, 60)))

    def _cancel(self, seen: Sequence[Seen]) -> dict[str, Any] | None:
        return self._of_one(seen, lambda each: not each.cancelled, by=self._by())

    def _restore(self, seen: Sequence[Seen]) -> dict[str, Any] | None:
        return self._of_one(seen, lambda each: each.cancelled)

    def _swap(self, seen: Sequence[Seen]) -> dict[str, Any] | None:
        standing = [each for each in seen if not each.cancelled and not each.session]
        if len(standing) < 2:
            return None
        one, other = self.rng.sample(standing, 2)
        versions = {"version": one.version, "other_version": other.version}
        return {"uid": one.uid, "other": other.uid} | versions

    def _join(self, seen: Sequence[Seen]) -> dict[str, Any] | None:
        chosen = self._of_one(seen, lambda each: each.session and not each.cancelled)
        return None if chosen is None else chosen | {"usager": self.rng.choice(self.plan.usagers)}

    def _leave(self, seen: Sequence[Seen]) -> dict[str, Any] | None:
        return self._about_somebody(seen, lambda each: each.session and not each.cancelled, by=self._by())

    def _attend(self, seen: Sequence[Seen]) -> dict[str, Any] | None:
        (step,) = self.rng.choices(list(STEPS), list(STEPS.values()))
        return self._about_somebody(seen, lambda each: not each.cancelled, attendance=step)

    def _cancel_series(self, seen: Sequence[Seen]) -> dict[str, Any] | None:
        return self._of_one(seen, lambda each: each.series, by=self._by(), scope=self.rng.choice(SCOPES))

    def _move_series(self, seen: Sequence[Seen]) -> dict[str, Any] | None:
        return self._of_one(seen, lambda each: each.series, start=self._start(), scope=self.rng.choice(SCOPES))

    def _by(self) -> str:
        return self.rng.choice(("usager", "service"))

    def _of_one(self, seen: Sequence[Seen], wanted: Callable[[Seen], bool], **more: Any) -> dict[str, Any] | None:
        found = [each for each in seen if wanted(each)]
        if not found:
            return None
        chosen = self.rng.choice(found)
        return {"uid": chosen.uid, "version": chosen.version} | more

    def _about_somebody(
        self, seen: Sequence[Seen], wanted: Callable[[Seen], bool], **more: Any
    ) -> dict[str, Any] | None:
        found = [each for each in seen if wanted(each)]
        if not found:
            return None
        chosen = self.rng.choice(found)
        people = list(self.who(chosen))
        usager = self.rng.choice(people or self.plan.usagers)
        return {"uid": chosen.uid, "version": chosen.version, "usager": usager} | more
