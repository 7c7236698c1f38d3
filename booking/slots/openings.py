"""Openings as they are stored and compared, inside of a transaction that holds the lock of their professional."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from booking import french
from booking.errors import Invalid, NotFound
from booking.rooms.models import Site
from booking.slots.hours import Days, Rule
from booking.slots.models import Opening, OpeningException, Period
from booking.slots.planned import Periods, Planned, checked_rule, clash, common_days


@dataclass(frozen=True)
class NewOpening:
    """When a professional receives at a site: minutes after local midnight, 0 to 1440.

    Weekly on `weekdays` (ISO: 1 is Monday) from the first to the last day included, None for no end; or, with
    `weekdays` None, on the one date `first_day`. Every so many weeks, that of the first day counting, or by `ranks` in
    the month, -1 for the last; only during the `periods` of the site, or except then. `on_call` is for walk-ins.
    """

    professional_id: int
    site_id: int
    weekdays: frozenset[int] | None
    first_day: date
    last_day: date | None
    starts: int
    ends: int
    every: int = 1
    ranks: frozenset[int] = frozenset()
    periods: Periods | None = None
    on_call: bool = False

    def at(self, blocks: Iterable[tuple[int, int]]) -> list[NewOpening]:
        """The same days at each of these hours."""
        return [replace(self, starts=starts, ends=ends) for starts, ends in blocks]


@dataclass(frozen=True)
class Standing:
    """An opening that is not over: when it takes place next, and the first day to come on which it meets another.

    `exceptions` are those to come.
    """

    opening: Opening
    next_day: date | None
    meets: date | None
    exceptions: Sequence[OpeningException]


def rule_of(row: Any, exceptions: Collection[date] = (), periods: Sequence[Days] | None = None) -> Rule:
    """The rule of an opening, or of a row with its columns, at a site with those periods; None: whatever they are."""
    during = None if periods is None else row.periods
    return Rule(
        None if row.weekdays is None else frozenset(map(int, row.weekdays)),
        row.first_day,
        row.last_day,
        row.starts,
        row.ends,
        row.every,
        frozenset(map(int, row.ranks or ())),
        frozenset(exceptions),
        only=tuple(periods or ()) if during == "only" else None,
        apart=tuple(periods or ()) if during == "except" else (),
    )


def checked(new: NewOpening, now: datetime) -> Opening:
    """The row of a new opening, not stored. Raises what `checked_rule` raises, and Invalid on « periods »."""
    rule = checked_rule(
        new.weekdays, new.first_day, new.last_day, new.starts, new.ends, now, every=new.every, ranks=new.ranks
    )
    if new.periods and new.weekdays is None:
        raise Invalid("periods", "not_expected")
    return Opening(
        professional_id=new.professional_id,
        site_id=new.site_id,
        weekdays=None if rule.weekdays is None else frozenset(map(str, rule.weekdays)),
        first_day=rule.first_day,
        last_day=rule.last_day,
        starts=rule.starts,
        ends=rule.ends,
        every=rule.every,
        ranks=frozenset(map(str, rule.ranks)) or None,
        periods=new.periods,
        on_call=new.on_call,
    )


def store(session: Session, opening: Opening) -> int:
    """Store an opening and return its key.

    Raises NotFound for its site, and Invalid: never (by its periods), overlaps, two_sites, on_call.
    """
    if session.get(Site, opening.site_id) is None:
        raise NotFound("site")
    if opening.periods and full_rule(session, opening).next_day(opening.first_day) is None:
        raise Invalid("periods", "never")
    refuse_clash(session, opening)
    session.add(opening)
    session.flush()
    return opening.id


def refuse_clash(session: Session, opening: Opening) -> None:
    """Raise Invalid on « starts » when it clashes with another of its professional: overlaps, two_sites, on_call."""
    mine = _planned(opening)
    for other in of_professional(session, opening.professional_id):
        theirs = _planned(other)
        found = None if other is opening else clash(mine, theirs)
        if found is not None and found != "some_days":
            day = next(common_days(mine.rule, theirs.rule))
            raise Invalid("starts", found, day=french.short_day(day))


def of_professional(session: Session, professional_id: int) -> Sequence[Opening]:
    """Every opening of theirs, with its exceptions."""
    query = sa.select(Opening).where(Opening.professional_id == professional_id).order_by(Opening.id)
    return session.scalars(query.options(selectinload(Opening.exceptions))).all()


def full_rule(session: Session, opening: Opening) -> Rule:
    """The rule of an opening with its exceptions and the periods of its site."""
    return rule_of(opening, left_out(opening), spans_at(session, opening.site_id))


def spans_at(session: Session, site_id: int) -> list[Days]:
    """The first and last days of the periods of a site."""
    query = sa.select(Period.first_day, Period.last_day).where(Period.site_id == site_id).order_by(Period.first_day)
    return [(first, last) for first, last in session.execute(query)]


def standing(session: Session, professional_id: int, today: date) -> list[Standing]:
    """The openings of a professional that are not over, by weekday, first day and hour."""
    of_all = of_professional(session, professional_id)
    found = sorted((each for each in of_all if each.last_day is None or each.last_day >= today), key=_by_week)
    spans = {site_id: spans_at(session, site_id) for site_id in {each.site_id for each in found}}
    rules = {each.id: rule_of(each, left_out(each), spans[each.site_id]) for each in found}
    return [
        Standing(
            each,
            rules[each.id].next_day(today),
            _meets(each, found, rules, today),
            [exception for exception in each.exceptions if exception.day >= today],
        )
        for each in found
    ]


def _by_week(opening: Opening) -> tuple[list[str], date, int]:
    return sorted(opening.weekdays or "9"), opening.first_day, opening.starts


def _meets(opening: Opening, among: Sequence[Opening], rules: Mapping[int, Rule], today: date) -> date | None:
    mine = _planned(opening)
    met = (rules[each.id] for each in among if each is not opening and clash(mine, _planned(each)))
    days = (next((day for day in common_days(rules[opening.id], rule) if day >= today), None) for rule in met)
    return min((day for day in days if day is not None), default=None)


def left_out(opening: Opening) -> set[date]:
    """The dates on which it does not take place."""
    return {each.day for each in opening.exceptions}


def _planned(opening: Opening) -> Planned:
    return Planned(opening.site_id, rule_of(opening, left_out(opening)), opening.periods, opening.on_call)
