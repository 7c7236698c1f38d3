"""From a command to a question for the slot rules, and from a refusal to the nearest alternatives."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import LARGEST_KEY, execute
from booking.errors import Invalid, NotFound, SlotTaken, SlotUnavailable
from booking.reservations.commands import Act, Waiver
from booking.rooms.fitting import fits
from booking.rooms.models import Room
from booking.slots import availability
from booking.slots.availability import Verdict
from booking.slots.generator import Notice
from booking.slots.grid import CELL
from booking.slots.offers import Question
from booking.slots.rules import TAKEN, Rule

WAIVED: dict[Waiver, frozenset[Rule]] = {
    "walk_in": frozenset({"desk_lead_time", "off_grid"}),
    "hors_plage": frozenset({"no_opening", "off_grid", "desk_lead_time"}),
}
BEFORE, AFTER = timedelta(days=3), timedelta(days=21)
SAME_PROFESSIONAL, IN_ALL = 3, 5


def check_start(start: datetime) -> None:
    """Refuse a start that is far away or between two seconds. Raises Invalid, and ValueError for a naive one."""
    availability.check_distance("start", start)
    if start.microsecond:
        raise Invalid("start", "not_on_grid")  # slots are found by whole seconds: it would be cut, or kept as it is


def waive(question: Question, waived: Collection[Waiver], start: datetime, now: datetime) -> Question:
    """The question without the rules that are set aside.

    Raises Invalid when somebody who is said to be there now is booked for another time.
    """
    if "walk_in" in waived:
        seconds = int(now.timestamp())
        if int(start.timestamp()) != seconds - seconds % CELL:
            raise Invalid("start", "not_now")
        question = replace(question, notice=Notice(now=seconds - CELL, desk=0), on_call=True)
    return replace(question, waived=frozenset(rule for each in waived for rule in WAIVED[each]))


def saying_why(act: Act, waived: Collection[Waiver]) -> Act:
    """The same act with its reason; setting rules aside is one, when no other is given."""
    if act.reason is not None or not waived:
        return act
    return replace(act, reason="hors_plage" if "hors_plage" in waived else "walk_in")


def check_qualified(question: Question) -> None:
    """Raise SlotUnavailable unless who leads does the type, and their colleagues may take part in it."""
    done_by = question.configuration.qualified(question.kind, question.professional_ids)
    if set(done_by) != set(question.professional_ids):
        raise SlotUnavailable("not_qualified")
    availability.check_colleagues(question.configuration, question.kind, question.colleague_ids)


_SITE_OF = sa.select(Room.site_id).where(Room.id == sa.bindparam("room"))


def check_room(session: Session, question: Question) -> None:
    """Refuse a room asked for that does not exist, is not needed, or does not fit."""
    if question.room_id is None:
        return
    site_id = execute(session, _SITE_OF, room=question.room_id).scalar() if question.room_id <= LARGEST_KEY else None
    if site_id is None:
        raise NotFound("room")
    if question.need is None:
        raise Invalid("room", "not_expected")
    rooms = question.configuration.rooms_of([site_id])
    if not any(room.id == question.room_id and fits(room, question.need) for room in rooms):
        raise SlotUnavailable("room_unfit")


def granted(session: Session, question: Question, start: datetime) -> Verdict:
    """The verdict on a start that can be given. Raises SlotTaken or SlotUnavailable naming the rule otherwise."""
    verdict = availability.decide(session, question, start)
    if verdict.rule is None:
        return verdict
    raise (SlotTaken if verdict.rule in TAKEN else SlotUnavailable)(verdict.rule, exhausted=verdict.exhausted)


def with_alternatives(
    session: Session, refusal: SlotUnavailable, question: Question, start: datetime, now: datetime
) -> SlotUnavailable:
    """The same refusal with the slots nearest to `start` that the question allows, its professionals' first."""
    known = question.configuration
    asked, colleagues = set(question.professional_ids), set(question.colleague_ids)
    together = bool(asked & colleagues)  # those who take part lead in turn: nobody else is meant
    foreign = colleagues and colleagues != set(known.joining(question.kind.service_id, colleagues))
    if foreign or (together and refusal.rule == "not_qualified"):
        return refusal  # with these people there is no time at all
    able = [who for who in known.qualified(question.kind) if who not in colleagues]  # they take part whoever leads
    anybody = replace(
        question,
        professional_ids=question.professional_ids if together else able,
        notice=availability.notice(question.kind, now),
        room_id=None,
        waived=frozenset(),
        on_call=False,
        ignoring=(),  # the place that an appointment has is no alternative to it
        staying=(),
        direct=False,
    )
    first, last = max(now, start - BEFORE), max(now, start) + AFTER
    found = availability.slots_between(session, anybody, first, last)
    if together:
        found = list({slot.start: slot for slot in found}.values())  # whoever leads, it is the same slot
    found.sort(key=lambda slot: abs(slot.start - start))
    same = [slot for slot in found if slot.professional_id in asked][:SAME_PROFESSIONAL]
    others = [slot for slot in found if slot.professional_id not in asked][: IN_ALL - len(same)]
    refusal.alternatives = sorted(same + others)
    return refusal
