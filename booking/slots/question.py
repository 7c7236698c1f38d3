"""What is asked of the slot rules: for whom, for what, with what set aside."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from booking.rooms.fitting import Need
from booking.slots.configuration import Configuration
from booking.slots.facts import TypeFacts
from booking.slots.generator import Notice
from booking.slots.grid import Span
from booking.slots.rules import WAIVABLE, Rule


@dataclass(frozen=True)
class Supposed:
    """What is not stored, and is taken for true: a professional absent, or a site or a room closed, over a span."""

    kind: Literal["absence", "site", "room"]
    key: int
    span: Span


@dataclass(frozen=True)
class Question:
    """A search whose type has been read.

    Each of `professional_ids` may lead: each has offers of their own. The colleagues take part whoever leads: all of
    them must receive at that site, and be free with the same buffers. A lead who is named as a colleague too counts
    once. `persons` counts everybody in the room, the professionals included. `ignoring` are the appointments that move:
    what they take is free for them. `waived` are the rules set aside; ValueError for one that cannot be. A hold that
    has expired at `asked_at`, in seconds UTC, keeps nothing. `supposed` is an absence or a closure still to be stored.
    `on_call`: somebody is there without an appointment, so the openings for walk-ins count too. `language` is the one
    that all of `professional_ids` speak, None when none was asked for. With `interpreter`, a language, one of those who
    interpret from it takes part too, in addition to `persons`: whoever of them receives at that site and is free with
    the same buffers, whatever is waived. Where no room is free others may be given another so that there is one, but
    not those `staying`; nobody is when it is `direct`, nor for a room that is asked for by name.
    """

    configuration: Configuration
    kind: TypeFacts
    professional_ids: Collection[int]
    notice: Notice
    usager_ids: Collection[int] = ()
    room_id: int | None = None
    step_free: bool = False
    ignoring: Collection[int] = ()
    colleague_ids: Collection[int] = ()
    persons: int = 2
    waived: frozenset[Rule] = frozenset()
    asked_at: int = 0
    supposed: Supposed | None = None
    on_call: bool = False
    language: str | None = None
    interpreter: str | None = None
    staying: Collection[int] = ()
    direct: bool = False

    def __post_init__(self) -> None:
        if not self.waived <= WAIVABLE:
            raise ValueError(f"cannot be waived: {sorted(self.waived - WAIVABLE)}")

    @property
    def people(self) -> set[int]:
        """Every professional of the question, whatever their part."""
        return {*self.professional_ids, *self.colleague_ids, *self.interpreter_ids}

    @property
    def interpreter_ids(self) -> list[int]:
        """Who may interpret, the one to prefer first; nobody who takes part in any case."""
        able = [] if self.interpreter is None else self.configuration.interpreting(self.interpreter)
        return [who for who in able if who not in self.colleague_ids]

    @property
    def need(self) -> Need | None:
        """What is asked of the room, None when there is none."""
        need = self.kind.need
        if need is None:
            return None
        return need.of(self.persons + (self.interpreter is not None), step_free=self.step_free)
