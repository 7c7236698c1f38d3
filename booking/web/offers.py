"""Slots as a page shows them: with their words, and the address of the page that books each."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import Session

from booking.people.models import Professional
from booking.rooms.models import Room
from booking.slots.facts import ProfessionalFacts, Slot
from booking.slots.ranking import Reason, Suggestion
from booking.web import wording

ENOUGH = 100  # slots on a page: the days after those that hold them are for the next
MOST = 300  # of a single day

Row = TypeVar("Row", Professional, Room)


@dataclass(frozen=True)
class Offer:
    """A slot, its professional, the room proposed and, when one was looked for, the interpreter."""

    slot: Slot
    professional: Professional
    room: Room | None
    interpreter: Professional | None

    @property
    def start(self) -> str:
        """Its start as forms and addresses carry it."""
        return wording.in_address(self.slot.start)

    def address(
        self,
        type_code: str,
        usager_id: int | None = None,
        colleagues: Sequence[ProfessionalFacts] = (),
        endpoint: str = "booking.new",
        **kept: Any,
    ) -> str:
        """The page that books it, with those colleagues, its interpreter and whatever else is `kept` of an address."""
        return url_for(
            endpoint,
            motif=type_code,
            debut=self.start,
            professionnel=self.professional.code,
            avec=[each.code for each in (*colleagues, self.interpreter) if each],
            usager=usager_id,
            **kept,
        )

    def choosing(self, type_code: str, usager_id: int | None, hold: str | None) -> str:
        """Where choosing it is sent; the hold on another, if there is one, is given back."""
        return self.address(type_code, usager_id, endpoint="holding.hold", retenu=hold)

    def instead_of(self, start: str, address: str) -> str:
        """An address of this professional at that start, for this slot: a page makes hundreds of them."""
        return address.replace(f"debut={start}", f"debut={self.start}")


@dataclass(frozen=True)
class PutForward:
    """A slot to say first, and why there."""

    offer: Offer
    reasons: tuple[Reason, ...]

    @property
    def why(self) -> str:
        """« professionnel référent, le plus tôt »."""
        return ", ".join(wording.SUGGESTED[code] for code in self.reasons)


@dataclass(frozen=True)
class OfferedDay:
    """What is free on one day: each professional with their slots, in order."""

    day: date
    professionals: list[tuple[Professional, list[Offer]]]


@dataclass(frozen=True)
class FirstDays:
    """The slots of the first days, whole; `cut` when a day has too many to show, `following` is the next with some."""

    slots: Sequence[Slot]
    cut: bool = False
    following: date | None = None


NO_DAYS = FirstDays(())


def first_days(found: Sequence[Slot], zone: ZoneInfo) -> FirstDays:
    """As many days of these slots, which are in order, as hold enough of them for one page."""
    if len(found) <= ENOUGH:
        return FirstDays(found)

    def day(slot: Slot) -> date:
        return slot.start.astimezone(zone).date()

    end = bisect_right(found, day(found[ENOUGH - 1]), key=day)
    following = day(found[end]) if end < len(found) else None
    return FirstDays(found[: min(end, MOST)], end > MOST, following)


def offers(session: Session, slots: Iterable[Any]) -> list[Offer]:
    """The slots with their professionals and rooms, each read once."""
    found = list(slots)
    ids = {key for slot in found for key in (slot.professional_id, slot.interpreter_id)}
    people = _by_id(session, Professional, ids - {None})
    rooms = _by_id(session, Room, {slot.room_id for slot in found} - {None})
    return [
        Offer(slot, people[slot.professional_id], rooms.get(slot.room_id), people.get(slot.interpreter_id))
        for slot in found
    ]


def with_suggestions(
    session: Session, slots: Sequence[Slot], suggestions: Sequence[Suggestion]
) -> tuple[list[Offer], list[PutForward]]:
    """The slots, and the suggestions in their order, with their professionals and rooms, each read once for both."""
    found = offers(session, [*slots, *(each.slot for each in suggestions)])
    first = [PutForward(offer, each.reasons) for offer, each in zip(found[len(slots) :], suggestions, strict=True)]
    return found[: len(slots)], first


def by_day(found: Sequence[Offer], zone: ZoneInfo) -> list[OfferedDay]:
    """The offers by day, then by professional in the order of their names."""
    days = groupby(found, key=lambda offer: offer.slot.start.astimezone(zone).date())
    return [OfferedDay(day, _by_professional(list(group))) for day, group in days]


def _by_professional(found: list[Offer]) -> list[tuple[Professional, list[Offer]]]:
    ordered = sorted(found, key=lambda offer: (_sorting_name(offer.professional), offer.slot.start))
    groups = groupby(ordered, key=lambda offer: offer.professional)
    return [(professional, list(group)) for professional, group in groups]


def _sorting_name(professional: Professional) -> tuple[str, str, int]:
    return professional.last_name, professional.first_name, professional.id


def _by_id(session: Session, model: type[Row], keys: Collection[int]) -> dict[int, Row]:
    return {row.id: row for row in session.scalars(sa.select(model).where(model.id.in_(keys)))}
