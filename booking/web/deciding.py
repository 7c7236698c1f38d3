"""What a page sends about the appointments that an absence or a closure hits: one choice for each.

A choice is what a list offers, « 3.cancelled » or « 3.moved:1795420800:12+14:7 »: the version that was seen, then what
becomes of the appointment. « 3. » is not decided yet; « 3.?moved:… » neither, and says what the first proposal was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, cast

from booking.errors import Invalid
from booking.reservations.displacing import Decision, Moved, Word
from booking.reservations.impact import Hit, Proposal
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
class Chosen:
    """What was sent about one appointment; `fate` is None until it is decided."""

    uid: str
    version: int
    fate: Moved | Word | None
    first: Moved | None

    def decision(self, rest: Rest | None) -> Decision | None:
        """The decision, `rest` standing for what was not chosen; None when nothing says it."""
        if self.fate is not None:
            return Decision(self.uid, self.version, self.fate)
        fate = self.first if rest == "first" else rest
        return None if fate is None else Decision(self.uid, self.version, fate)


def sent(values: Mapping[str, str]) -> Iterator[Chosen]:
    """Read what was sent. Raises Invalid for what no page of ours offers."""
    for name, text in values.items():
        if name.startswith(NAME):
            named, choice = _NAME.fullmatch(name), _CHOICE.fullmatch(text)
            if named is None or choice is None:
                raise Invalid("sort", "unknown")
            yield _chosen(named[1], choice)


def _chosen(uid: str, found: re.Match[str]) -> Chosen:
    version, word, undecided, start, people, room = found.groups()
    if start is None:
        return Chosen(uid, int(version), cast("Word | None", word), None)
    ids = frozenset(map(int, people.split("+"))) if people else None
    moved = Moved(moment(int(start)), ids, int(room) if room else None)
    return Chosen(uid, int(version), None, moved) if undecided else Chosen(uid, int(version), moved, None)


def code(hit: Hit, proposal: Proposal) -> str:
    """What a list sends for a proposal."""
    people = "+".join(map(str, sorted(proposal.professional_ids or ())))
    return f"{hit.version}.moved:{int(proposal.start.timestamp())}:{people}:{proposal.room_id or ''}"


def undecided(hit: Hit) -> str:
    """What a list sends while nothing is chosen."""
    first = code(hit, hit.proposals[0]).partition(".")[2] if hit.proposals else ""
    return f"{hit.version}.{'?' if first else ''}{first}"


def others(hit: Hit) -> Iterable[tuple[str, str]]:
    """The choices that are always there."""
    yield f"{hit.version}.cancelled", "Annuler (par le service)"
    yield f"{hit.version}.left_alone", "Laisser tel quel, à traiter plus tard"


def preselected(hit: Hit) -> str | None:
    """The first proposal when it disturbs nobody: the same time, as many professionals."""
    if not hit.proposals:
        return None
    first = hit.proposals[0]
    alike = first.professional_ids is None or len(first.professional_ids) == len(hit.professional_ids)
    return code(hit, first) if first.start == hit.start and alike else None
