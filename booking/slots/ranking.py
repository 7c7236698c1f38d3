"""Which few of the free slots to say first to whoever is on the phone, in which order, and why. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, partial
from typing import Literal
from zoneinfo import ZoneInfo

from booking.slots.facts import Slot

# With whom it is: a tie of the person's, or another of the team when somebody has one.
Who = Literal["referent", "speaks", "team"]
# Why then: nothing at all is sooner, nothing with as good a tie is, nothing said before is that day, or that half-day.
When = Literal["soonest", "first", "other_day", "other_half_day", "next"]
Reason = Who | When
HalfDay = tuple[date, bool]  # a day at the site, and whether it is the afternoon

OF_REFERENT = 3  # of the slots said, while the team has some: who cannot wait for the referent hears of others
NOON = 12


@dataclass(frozen=True)
class Ties:
    """What ties an usager to professionals: who their referent is, and who speaks their language when it matters."""

    referent_id: int | None = None
    speaker_ids: frozenset[int] = frozenset()

    def of(self, professional_id: int) -> list[Who]:
        """The ties with a professional, the closest first."""
        found: list[Who] = ["referent"] if professional_id == self.referent_id else []
        return [*found, "speaks"] if professional_id in self.speaker_ids else found

    def group(self, professional_id: int) -> int:
        """How close a professional is: 0 the referent, 1 who speaks the language, 2 everybody else."""
        return {"referent": 0, "speaks": 1}[ties[0]] if (ties := self.of(professional_id)) else 2


@dataclass(frozen=True)
class Suggestion:
    """A slot to say, and why there: with whom, which is left out where nobody has a tie, then why then."""

    slot: Slot
    reasons: tuple[Reason, ...]


def rank(slots: Iterable[Slot], ties: Ties, zone: ZoneInfo, wanted: int) -> list[Suggestion]:
    """At most `wanted` of these slots: the referent's, then those of who speaks the language, then all others.

    Of each of the three groups the soonest is taken first. Each further one is of a half-day from which fewest were
    taken, whatever their group; then of a day from which fewest were; then of the soonest week; then of mornings or of
    afternoons, whichever were taken less; then the soonest. The referent gives 3 at most while others have some. What
    was taken is said group by group, the soonest first.

    Days are those of `zone`; the afternoon begins at noon, the week on Monday.
    `slots` come in any order, each once.
    """
    groups = _groups(slots, ties, zone)
    soonest = min((found[-1].start for left in groups.values() for found in left.values()), default=None)
    chosen = _Chosen(wanted)
    for group, most in ((0, OF_REFERENT), (1, wanted), (2, wanted)):
        chosen.take_soonest(groups[group])
        chosen.take(groups[group], most - 1)
    chosen.take(groups[0], wanted)
    said = sorted(chosen.slots, key=lambda pair: (ties.group(pair[0].professional_id), pair[0]))
    return list(_explained(said, ties, soonest))


Left = dict[HalfDay, list[Slot]]  # of each half-day, what is left, the soonest last


def _groups(slots: Iterable[Slot], ties: Ties, zone: ZoneInfo) -> dict[int, Left]:
    """Thousands of slots are of a few professionals and of a few hundred starts."""
    groups: dict[int, Left] = defaultdict(lambda: defaultdict(list))
    group, half = cache(ties.group), cache(partial(_half_day, zone))
    for slot in slots:
        groups[group(slot.professional_id)][half(slot.start)].append(slot)
    for left in groups.values():
        for found in left.values():
            found.sort(reverse=True)
    return groups


def _half_day(zone: ZoneInfo, start: datetime) -> HalfDay:
    local = start.astimezone(zone)
    return local.date(), local.hour >= NOON


class _Chosen:
    """The slots taken so far, each with its half-day, and how often each day, half-day and half has been."""

    def __init__(self, wanted: int) -> None:
        self.slots: list[tuple[Slot, HalfDay]] = []
        self._wanted = wanted
        self._count: Counter[Hashable] = Counter()

    def take_soonest(self, left: Left) -> None:
        """Take the soonest of these, if any is still wanted."""
        self._take(left, 1, lambda half: (left[half][-1],))

    def take(self, left: Left, most: int) -> None:
        """Take up to that many more of these, spread over the days, as long as any is wanted."""
        self._take(left, most, lambda half: (*self._remoteness(*half), left[half][-1]))

    def _take(self, left: Left, most: int, order: Callable[[HalfDay], tuple[object, ...]]) -> None:
        for _ in range(min(most, self._wanted - len(self.slots))):
            if not left:
                return
            half = min(left, key=order)
            self.slots.append((left[half].pop(), half))
            self._count.update((half, *half))
            if not left[half]:
                del left[half]

    def _remoteness(self, day: date, afternoon: bool) -> tuple[int, int, date, int]:
        monday = day - timedelta(days=day.weekday())
        return self._count[day, afternoon], self._count[day], monday, self._count[afternoon]


def _explained(said: Sequence[tuple[Slot, HalfDay]], ties: Ties, soonest: datetime | None) -> Iterator[Suggestion]:
    tied = any(ties.of(slot.professional_id) for slot, _ in said)
    groups: set[int] = set()
    halves: set[HalfDay] = set()
    for slot, half in said:
        group = ties.group(slot.professional_id)
        first: When | None = "soonest" if slot.start == soonest else None if group in groups else "first"
        who = ties.of(slot.professional_id) or (["team"] if tied else [])
        yield Suggestion(slot, (*who, first or _elsewhen(half, halves)))
        groups.add(group)
        halves.add(half)


def _elsewhen(half: HalfDay, said: set[HalfDay]) -> When:
    if half[0] not in {day for day, _ in said}:
        return "other_day"
    return "next" if half in said else "other_half_day"
