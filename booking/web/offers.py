"""Slots as a page shows them: with their words, and the address of the page that books each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for
from sqlalchemy.orm import Session

from booking import french
from booking.people.directory import fold
from booking.rooms.fitting import RoomFacts
from booking.slots import configuration, hours
from booking.slots.facts import ProfessionalFacts, Slot
from booking.slots.found import Found
from booking.slots.ranking import Reason, Suggestion
from booking.web import wording

ENOUGH = 100  # slots on a page: the days after those that hold them are for the next
MOST = 300  # of a single day


@dataclass(frozen=True)
class Offer:
    """A slot, its start at the site, its professional, the room proposed and, when asked for, the interpreter."""

    slot: Slot
    local: datetime
    professional: ProfessionalFacts
    room: RoomFacts | None
    interpreter: ProfessionalFacts | None

    @property
    def start(self) -> str:
        """Its start as forms and addresses carry it."""
        return wording.in_address(self.slot.start)

    @property
    def hour(self) -> str:
        """« 14h30 », at the site."""
        return french.wall_hour(60 * self.local.hour + self.local.minute)

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

    def choosing(
        self, type_code: str, usager_id: int | None, hold: str | None, colleagues: Sequence[ProfessionalFacts] = ()
    ) -> str:
        """Where choosing it is sent; the hold on another, if there is one, is given back."""
        return self.address(type_code, usager_id, colleagues, endpoint="holding.hold", retenu=hold)

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
    professionals: list[tuple[ProfessionalFacts, list[Offer]]]


@dataclass(frozen=True)
class FirstDays:
    """The slots of the first days, whole; `cut` when a day has too many to show, `following` is the next with some."""

    slots: Sequence[Slot]
    cut: bool = False
    following: date | None = None


NO_DAYS = FirstDays(())


def first_days(found: Found, zone: ZoneInfo) -> FirstDays:
    """As many days of these slots as hold enough of them for one page."""
    number = len(found)
    if number <= ENOUGH:
        return FirstDays(found.slots())
    midnight = hours.instant(hours.local_day(found.start_of(ENOUGH), zone) + timedelta(days=1), 0, zone)
    shown = found.between(found.span[0], midnight)
    end = len(shown)
    following = hours.local_day(found.start_of(end + 1), zone) if end < number else None
    return FirstDays(shown.slots(MOST), end > MOST, following)


def offers(session: Session, slots: Iterable[Any]) -> list[Offer]:
    """The slots with their professionals and rooms."""
    known = configuration.read(session)  # after the search: whoever it found is known
    people, rooms = known.professionals, {room.id: room for room in known.rooms_of(known.rooms)}
    zone = known.here().zone
    return [
        Offer(
            slot,
            slot.start.astimezone(zone),
            people[slot.professional_id],
            rooms.get(slot.room_id),
            people.get(slot.interpreter_id),
        )
        for slot in slots
    ]


def with_suggestions(
    session: Session, slots: Sequence[Slot], suggestions: Sequence[Suggestion]
) -> tuple[list[Offer], list[PutForward]]:
    """The slots, and the suggestions in their order, with their professionals and rooms."""
    found = offers(session, [*slots, *(each.slot for each in suggestions)])
    first = [PutForward(offer, each.reasons) for offer, each in zip(found[len(slots) :], suggestions, strict=True)]
    return found[: len(slots)], first


def by_day(found: Sequence[Offer]) -> list[OfferedDay]:
    """The offers by day, then by professional in the order of their names."""
    people = {offer.professional.id: offer.professional for offer in found}
    order = sorted(people.values(), key=lambda each: (fold(each.full_name), each.code))
    days = groupby(found, key=lambda offer: offer.local.date())
    return [OfferedDay(day, _by_professional(group, order)) for day, group in days]


def _by_professional(
    found: Iterable[Offer], order: Sequence[ProfessionalFacts]
) -> list[tuple[ProfessionalFacts, list[Offer]]]:
    of_each: dict[int, list[Offer]] = defaultdict(list)
    for offer in found:
        of_each[offer.professional.id].append(offer)
    return [(each, of_each[each.id]) for each in order if each.id in of_each]
