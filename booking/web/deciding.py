"""What a page sends about the appointments that an absence or a closure hits: one choice for each.

A choice is what a list offers, « 3.cancelled » or « 3.moved:1795420800:12+14:7 »: the version that was seen, then what
becomes of the appointment. « 3. » is not decided yet; « 3.?moved:… » neither, and says where it could go first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, cast

from booking.errors import Invalid
from booking.reservations.displacing import Decision, Moved, Otherwise
from booking.reservations.impact import Destination, Hit
from booking.slots.schedule import moment
from booking.web.forms import Acting, Choice

Rest = Literal["first", "cancelled", "left_alone"]

NAME = "sort-"  # of the field of one appointment; its uid follows
REST: dict[Rest, str] = {
    "first": "Prendre la première proposition",
    "cancelled": "Annuler par le service",
    "left_alone": "Laisser tels quels",
}
_NAME = re.compile(r"sort-([0-9a-zA-Z]{1,40})", re.ASCII)
_CHOICE = re.compile(
    r"(\d{1,9})\.(?:(cancelled|left_alone)|(\?)?moved:(\d{1,11}):((?:\d{1,9}(?:\+\d{1,9}){0,19})?):(\d{0,9}))?",
    re.ASCII,
)


class DecidingForm(Acting):
    """The order to store it all, and what becomes of those about which nothing is chosen."""

    rest = Choice("Tous ceux qui restent à décider", REST.items(), optional=True)


@dataclass(frozen=True)
class Answer:
    """What was sent about one appointment; `fate` is None until it is decided."""

    uid: str
    version: int
    fate: Moved | Otherwise | None
    first: Moved | None

    def decision(self, rest: Rest | None) -> Decision | None:
        """The decision, `rest` standing for what was not chosen; None when nothing says it."""
        if self.fate is not None:
            return Decision(self.uid, self.version, self.fate)
        fate = self.first if rest == "first" else rest
        return None if fate is None else Decision(self.uid, self.version, fate)


def sent(values: Mapping[str, str]) -> Iterator[Answer]:
    """Read what was sent. Raises Invalid for what no page of ours offers."""
    for name, text in values.items():
        if name.startswith(NAME):
            named, choice = _NAME.fullmatch(name), _CHOICE.fullmatch(text)
            if named is None or choice is None:
                raise Invalid("sort", "unknown")
            yield _answer(named[1], choice)


def _answer(uid: str, found: re.Match[str]) -> Answer:
    version, word, undecided, start, people, room = found.groups()
    if start is None:
        return Answer(uid, int(version), cast("Otherwise | None", word), None)
    ids = frozenset(map(int, people.split("+"))) if people else None
    moved = Moved(moment(int(start)), ids, int(room) if room else None)
    return Answer(uid, int(version), None, moved) if undecided else Answer(uid, int(version), moved, None)


def code(hit: Hit, destination: Destination) -> str:
    """What a list sends for a destination."""
    people = "+".join(map(str, sorted(destination.professional_ids or ())))
    return f"{hit.version}.moved:{int(destination.start.timestamp())}:{people}:{destination.room_id or ''}"


def undecided(hit: Hit) -> str:
    """What a list sends while nothing is chosen."""
    first = code(hit, hit.destinations[0]).partition(".")[2] if hit.destinations else ""
    return f"{hit.version}.{'?' if first else ''}{first}"


def others(hit: Hit) -> Iterable[tuple[str, str]]:
    """The choices that are always there."""
    yield f"{hit.version}.cancelled", "Annuler (par le service)"
    yield f"{hit.version}.left_alone", "Laisser tel quel, à traiter plus tard"


def preselected(hit: Hit) -> str | None:
    """The first destination when it disturbs nobody: the same time, as many professionals."""
    if not hit.destinations:
        return None
    first = hit.destinations[0]
    alike = first.professional_ids is None or len(first.professional_ids) == len(hit.professional_ids)
    return code(hit, first) if first.start == hit.start and alike else None
