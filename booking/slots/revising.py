"""What changes in an opening that stands: from a date on, or on one date. What has passed stays as it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking import french
from booking.db import in_transaction
from booking.errors import Invalid, NotFound
from booking.people.models import Professional
from booking.slots import openings
from booking.slots.hours import Rule
from booking.slots.models import Opening, OpeningException
from booking.slots.openings import NewOpening, left_out, rule_of
from booking.slots.planned import FAR, check_distance
from booking.slots.planning import lock_owned

DAY = timedelta(days=1)
EVERY_DAY = frozenset(range(1, 8))


def change_opening(opening_id: int, changed: Sequence[NewOpening], now: datetime) -> list[int]:
    """Change an opening from a date on, the first day of all of `changed`: it ends the day before, and those begin.

    Return their keys, in order. Those with the same number of weeks keep the weeks that count; each takes over the
    exceptions to come that are of its days. When nothing of the opening lies before that date, it is replaced whole.
    Appointments stay. Raises NotFound, what `add_opening` raises, and Invalid on « first_day »: out_of_range (not
    within the opening), past; on « opening »: retired (who receives in it is; it can only end).
    """

    def work(session: Session) -> list[int]:
        old = lock_owned(session, Opening, opening_id, "opening")
        if any(each.professional_id != old.professional_id for each in changed):
            raise NotFound("opening")
        _check_in_use(session, old)
        from_day = changed[0].first_day
        _check_from(old, from_day, now)
        rows = [openings.checked(_in_step(old, each), now) for each in changed]
        for row in rows:
            rule = rule_of(row)
            kept = (day for day in sorted(left_out(old)) if rule.takes_place(day))
            row.exceptions = [OpeningException(day=day) for day in kept]
        _cut(session, old, from_day)
        return [openings.store(session, row) for row in rows]

    return in_transaction(work)


def _check_in_use(session: Session, opening: Opening) -> None:
    if session.get_one(Professional, opening.professional_id).retired_at is not None:
        raise Invalid("opening", "retired")


def _check_from(old: Opening, from_day: date, now: datetime) -> None:
    today = now.date()
    if from_day < today - DAY:  # a day more: it may be yesterday where the site is
        raise Invalid("first_day", "past")
    last_day = old.last_day or today + FAR
    if not old.first_day <= from_day <= last_day:
        limits = {"minimum": old.first_day, "maximum": last_day}
        raise Invalid("first_day", "out_of_range", **{key: french.short_day(day) for key, day in limits.items()})


def _in_step(old: Opening, new: NewOpening) -> NewOpening:
    """The same, beginning in a week that counted already: a fortnight does not become the other one."""
    if old.every == 1 or new.every != old.every:
        return new
    counted = Rule(EVERY_DAY, old.first_day, None, 0, 5, old.every)
    return replace(new, first_day=counted.next_day(new.first_day) or new.first_day)


def _cut(session: Session, old: Opening, from_day: date) -> None:
    """End it the day before, or remove it when it never took place before."""
    first = rule_of(old).next_day(old.first_day)
    if first is None or first >= from_day:
        session.delete(old)
    else:
        old.last_day = from_day - DAY
        old.exceptions = [each for each in old.exceptions if each.day < from_day]
    session.flush()


def add_exception(opening_id: int, day: date, now: datetime) -> int:
    """Leave out one date of an opening, and return the exception's key. Appointments stay.

    Raises NotFound, and Invalid on « day »: past, out_of_range, one_date (there is no other), not_its_day.
    """

    def work(session: Session) -> int:
        opening = lock_owned(session, Opening, opening_id, "opening")
        if day < now.date() - DAY:
            raise Invalid("day", "past")
        check_distance("day", day, now)
        if opening.weekdays is None:
            raise Invalid("day", "one_date")
        if not openings.full_rule(session, opening).takes_place(day):
            raise Invalid("day", "not_its_day")
        exception = OpeningException(opening_id=opening_id, day=day)
        session.add(exception)
        session.flush()
        return exception.id

    return in_transaction(work)


def remove_exception(exception_id: int) -> None:
    """Let an opening take place after all. Raises NotFound, and Invalid as `openings.refuse_clash` does.

    And Invalid on « opening » as `change_opening` does: retired.
    """

    def work(session: Session) -> None:
        query = sa.select(OpeningException.opening_id).where(OpeningException.id == exception_id)
        opening_id = session.scalar(query)
        if opening_id is None:
            raise NotFound("exception")
        opening = lock_owned(session, Opening, opening_id, "opening")
        _check_in_use(session, opening)
        # Whoever held the lock before may have taken it back.
        opening.exceptions = [each for each in opening.exceptions if each.id != exception_id]
        session.flush()
        openings.refuse_clash(session, opening)

    in_transaction(work)
