"""The day: a column a room, and beside it what needs no room. A list where the screen is narrow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session

from booking import french
from booking.db import db
from booking.reservations import reading
from booking.reservations.models import Appointment
from booking.rooms.models import Room
from booking.slots import lookups, schedule
from booking.slots.facts import SiteFacts
from booking.slots.holidays import public_holidays
from booking.slots.hours import DAY_MINUTES, instant
from booking.slots.models import Closure
from booking.web import lists, story, wording
from booking.web.forms import Query, Ruled, day_of_work
from booking.web.policy import signed_in

CELL_MINUTES = 5
MOST_COLUMNS = 40

bp = Blueprint("day", __name__)


class DayForm(Query):
    """Which day to show."""

    jour = Ruled("Jour", day_of_work, type="date")


@dataclass(frozen=True)
class Hours:
    """When the site is open that day, in minutes since midnight; or why it is not."""

    opens: int
    closes: int
    closed: str | None = None

    @property
    def cells(self) -> int:
        """How many rows of five minutes the grid has."""
        return (self.closes - self.opens) // CELL_MINUTES

    @property
    def marks(self) -> list[tuple[int, str]]:
        """The full hours: the row of each, and how it is written."""
        first = -(-self.opens // 60) * 60
        return [(self.cell(minute), french.wall_hour(minute)) for minute in range(first, self.closes, 60)]

    def cell(self, minute: int) -> int:
        """The row of a minute, within the grid."""
        return min(max(minute - self.opens, 0), self.closes - self.opens) // CELL_MINUTES


@dataclass(frozen=True)
class Card:
    """One appointment as the day shows it. `column`, `row` and `rows` place it on the grid."""

    appointment: Appointment
    column: int
    row: int
    rows: int
    who: str
    about: str
    confidential: bool
    attendance: str


@bp.get("/")
@signed_in
def day() -> str | tuple[str, int]:
    """The grid of a day, today's by default."""
    session = db.session()
    site = lookups.site(session)
    today = lists.today()
    form = DayForm(request.args)
    wrong = not form.validate()
    shown = today if wrong or form.jour.data is None else form.jour.data
    hours = hours_of(site, shown)
    rooms = lists.rooms(session)[:MOST_COLUMNS]
    found = reading.of_day(session, site.id, shown, site.zone)
    page = render_template(
        "reception/day.html",
        form=form,
        shown=shown,
        today=today,
        previous=next_day(site, shown, -1),
        next=next_day(site, shown, 1),
        hours=hours,
        rooms=rooms,
        cards=cards(found, rooms, hours, site.zone),
        closures=closures(session, site, shown),
        elsewhere=[card(each, 0, hours, site.zone) for each in found if each.room_id is None],
    )
    return (page, 422) if wrong else page


def hours_of(site: SiteFacts, shown: date) -> Hours:
    """The site's hours on that day; when it is closed, those of its longest day and the reason."""
    days = {weekday: Hours(each.starts, each.ends) for each in site.hours for weekday in each.weekdays or ()}
    widest = Hours(
        min((each.opens for each in days.values()), default=510),
        max((each.closes for each in days.values()), default=1050),
    )
    holiday = public_holidays(shown.year).get(shown) if site.closed_on_public_holidays else None
    if holiday:
        return Hours(widest.opens, widest.closes, f"Jour férié : {holiday}.")
    return days.get(shown.isoweekday(), Hours(widest.opens, widest.closes, "Le site est fermé ce jour-là."))


def closures(session: Session, site: SiteFacts, shown: date) -> list[str]:
    """The closures of the site and of its rooms that touch the day, in sentences."""
    start, end = (schedule.moment(instant(shown, minute, site.zone)) for minute in (0, DAY_MINUTES))
    query = (
        sa.select(Closure, Room.code)
        .outerjoin(Room, Room.id == Closure.room_id)
        .where(Closure.site_id == site.id, Closure.starts_at < end, Closure.ends_at > start)
        .order_by(Closure.starts_at, Closure.id)
    )
    said = []
    for closure, code in session.execute(query):
        when = french.period(closure.starts_at, closure.ends_at, site.zone)
        said.append(f"{f'Salle {code} fermée' if code else 'Site fermé'} {when} : {closure.label}.")
    return said


def next_day(site: SiteFacts, shown: date, step: int) -> date:
    """The next or previous day on which the site usually opens."""
    weekdays = {weekday for each in site.hours for weekday in each.weekdays or ()} or set(range(1, 8))
    near = (shown + timedelta(days=step * distance) for distance in range(1, 8))
    return next(each for each in near if each.isoweekday() in weekdays)


def cards(found: Iterable[Appointment], rooms: Sequence[Room], hours: Hours, zone: ZoneInfo) -> list[Card]:
    """The cards of what takes place in those rooms, by start; what a retired room still holds has no column."""
    columns = {room.id: number for number, room in enumerate(rooms, start=1)}
    return [card(each, columns.get(each.room_id, 0), hours, zone) for each in found if each.room_id is not None]


def card(appointment: Appointment, column: int, hours: Hours, zone: ZoneInfo) -> Card:
    """One appointment placed on the grid and put into words."""
    starts, ends = (
        local.hour * 60 + local.minute
        for local in (instant.astimezone(zone) for instant in (appointment.starts_at, appointment.ends_at))
    )
    row = hours.cell(starts)
    service = appointment.type.service
    attendances = {participation.attendance for participation in story.taking_part(appointment)}
    return Card(
        appointment=appointment,
        column=column,
        row=row,
        rows=max(1, hours.cell(ends) - row),
        who=", ".join(story.who(appointment)),
        about="Occupé" if service.confidential else appointment.type.name,
        confidential=service.confidential,
        attendance=", ".join(wording.ATTENDANCE[each] for each in sorted(attendances - {"expected"})),
    )
