"""The periods of a site, school holidays above all, during which openings take place only, or do not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.errors import Invalid, NotFound
from booking.people import fields
from booking.resources import lock
from booking.rooms.models import Site
from booking.slots.models import Opening, Period
from booking.slots.planned import LONGEST_DAYS, check_days

NAME_MAX = 60


def add_period(site_id: int, name: str, first_day: date, last_day: date, now: datetime) -> int:
    """Name the days of a site from the first to the last, both included, and return the key. Appointments stay.

    Raises NotFound (site), and Invalid on « name »: required, too_long, control_characters; on « first_day » or
    « last_day »: end_before_start, out_of_range, past, range_too_long, overlaps (a period has these days already).
    """

    def work(session: Session) -> int:
        _lock(session, site_id)
        words = fields.clean_line("name", name, NAME_MAX, required=True)
        _check(session, site_id, first_day, last_day, now)
        period = Period(site_id=site_id, name=words, first_day=first_day, last_day=last_day)
        session.add(period)
        session.flush()
        return period.id

    return in_transaction(work)


def remove_period(period_id: int) -> None:
    """Remove a period. Appointments stay. Raises NotFound."""

    def work(session: Session) -> None:
        site_id = session.scalar(sa.select(Period.site_id).where(Period.id == period_id))
        if site_id is not None:
            _lock(session, site_id)
        period = session.get(Period, period_id)
        if period is None:
            raise NotFound("period")
        session.delete(period)

    in_transaction(work)


def standing(session: Session, site_id: int, today: date) -> Sequence[Period]:
    """The periods of a site that are not over, by first day."""
    query = sa.select(Period).where(Period.site_id == site_id, Period.last_day >= today)
    return session.scalars(query.order_by(Period.first_day, Period.id)).all()


def _lock(session: Session, site_id: int) -> None:
    """Lock whom it concerns: the professionals of that site who receive during its periods, or except then."""
    if session.get(Site, site_id) is None:
        raise NotFound("site")
    query = sa.select(Opening.professional_id).where(Opening.site_id == site_id, Opening.periods.is_not(None))
    lock(session, session.scalars(query.distinct()).all())


def _check(session: Session, site_id: int, first_day: date, last_day: date, now: datetime) -> None:
    check_days(first_day, last_day, now)
    if last_day - first_day > timedelta(days=LONGEST_DAYS):
        raise Invalid("last_day", "range_too_long", maximum=LONGEST_DAYS)
    covering = sa.select(Period.id).where(
        Period.site_id == site_id, Period.first_day <= first_day, Period.last_day >= last_day
    )
    if session.scalars(covering.limit(1)).first() is not None:
        raise Invalid("first_day", "overlaps")  # the same form sent twice, above all
