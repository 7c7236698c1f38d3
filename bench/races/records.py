"""What a history and a database are made of, for the checker: values only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

# « unknown » may have been carried out or not; « failed » is an answer that nobody should get: a bug.
Result = Literal["confirmed", "refused", "unknown", "failed"]
# A hold leaves no answer behind: it expires, or the booking that ends it forgets it.
FORGOTTEN = frozenset({"hold"})


@dataclass(frozen=True)
class Attempt:
    """One time that a command was sent; `sent` and `at` are seconds of one clock, `at` None without an answer.

    `stands` is what the answer said, uid → version; the version is None where the edge does not say it.
    """

    key: str
    kind: str
    sent: float
    at: float | None = None
    result: Result = "unknown"
    what: Mapping[str, Any] = field(default_factory=dict)
    stands: Mapping[str, int | None] = field(default_factory=dict)
    replayed: bool = False
    why: str = ""


@dataclass(frozen=True)
class Taken:
    """A resource taken over [start, end), seconds UTC, by an occupancy or an appointment."""

    resource: int
    start: int
    end: int
    by: str


@dataclass(frozen=True)
class Booked:
    """An appointment's columns: seconds UTC, buffers in seconds. `wide` are its professionals and its room."""

    uid: str
    version: int
    start: int
    end: int
    before: int
    after: int
    wide: frozenset[int]
    present: frozenset[int]
    capacity: int | None = None
    cancelled: bool = False

    def taken(self) -> Iterator[Taken]:
        """What it takes while it stands: buffers take professionals and room, not usagers."""
        if self.cancelled:
            return
        for key in self.wide:
            yield Taken(key, self.start - self.before, self.end + self.after, self.uid)
        for key in self.present:
            yield Taken(key, self.start, self.end, self.uid)


@dataclass(frozen=True)
class Happened:
    """A row of an appointment's history: how many usagers took part after it.

    One that `made_way` took another room for a command about somebody else; `changed` names the facts that differ.
    """

    uid: str
    present: int
    made_way: bool = False
    changed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Told:
    """A change that somebody was to be told of, or a message filed about it (`kind` says which message)."""

    uid: str
    person: int
    notice: int
    kind: str = ""


@dataclass(frozen=True)
class Final:
    """The database at the end. `commands` is what it answered under each key: uid → version."""

    commands: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    appointments: Sequence[Booked] = ()
    taken: Sequence[Taken] = ()
    happened: Sequence[Happened] = ()
    told: Sequence[Told] = ()
    messages: Sequence[Told] = ()


@dataclass(frozen=True)
class Violation:
    """Something that must never be: the code of the check, and what it is about."""

    check: str
    about: str
