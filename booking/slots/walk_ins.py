"""« Permanences »: when whoever comes without an appointment could be received, told when little else is free."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from booking.slots import offers, schedule
from booking.slots.generator import Notice
from booking.slots.grid import Span, lowest, merged
from booking.slots.offers import Known, Offer


@dataclass(frozen=True)
class WalkIns:
    """How many openings there are at which whoever comes without an appointment could be received, and the first.

    Of that one, who is there, and from when to when it could be without a break: as things stand, a room included.
    """

    count: int
    professional_id: int
    start: datetime
    end: datetime


def told(known: Known, first: int, last: int) -> WalkIns | None:
    """Those of the leads in [first, last), seconds UTC, from what was read `to_explain`; by the rules that then decide.

    Nobody comes like that to a session, on the phone, or to several people at once.
    """
    question = known.question
    if question.need is None or question.kind.capacity or question.colleague_ids or question.interpreter is not None:
        return None
    leads, days = question.professional_ids, (known.from_day, known.to_day)
    openings = question.configuration.openings_of(leads, *days, on_call=True)
    if not openings:
        return None
    # As for somebody who is there: no lattice and no notice.
    there = replace(question, notice=Notice(question.notice.now, 0), waived=frozenset({"off_grid"}), direct=True)
    found = sorted(
        (starts, offer.professional_id)
        for offer in offers.offers_of(replace(known.asking(there), openings=openings))
        for span in merged(offer.situation.openings)
        if (starts := _starts_within(offer, max(span[0], first), min(span[1], last)))
    )
    if not found:
        return None
    (start, end), who = found[0]
    return WalkIns(len(found), who, schedule.moment(start), schedule.moment(end + question.kind.duration * 60))


def _starts_within(offer: Offer, first: int, last: int) -> Span | None:
    """The first start of an offer in [first, last), and the last one before another could not be given."""
    grid = offer.situation.grid
    starts = offer.starts & grid.between(first, last)
    if not starts:
        return None
    cell = lowest(starts)
    unbroken = lowest(~(starts >> cell))
    return grid.instant(cell), grid.instant(cell + unbroken - 1)
