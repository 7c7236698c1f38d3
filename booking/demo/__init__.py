"""The demonstration: a fictional, deterministic pôle, loaded through the real use cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.access import credentials
from booking.db import db, relaxed
from booking.demo import house, offers, post
from booking.demo.diary import Diary
from booking.demo.house import Period
from booking.people.models import Agent, Professional, Usager
from booking.reservations.models import Appointment
from booking.slots import days, lookups

# A little more than the 60 % that are aimed at: some are cancelled, some find no room, some time fits no slot.
FILLED = 0.62
AGENT = "accueil"
# Before the earliest act: bookings are made up to three weeks ahead of the Monday of the first week.
BEFORE = timedelta(weeks=5)


@dataclass(frozen=True)
class Summary:
    """How much was loaded."""

    professionals: int
    types: int
    usagers: int
    appointments: int


def is_empty(session: Session) -> bool:
    """Whether nobody is known and nothing is booked yet, as after `init`."""
    tables = (Professional, Usager, Appointment)
    return not any(session.scalar(sa.select(sa.exists().select_from(table))) for table in tables)


def load(seed: int, now: datetime, filled: float = FILLED) -> Summary:
    """Load the demonstration around `now`, into a database that holds the first site and nothing else.

    `filled` is the share that gets booked of the time that could be given. The same seed and the same `now` give the
    same people, appointments and messages; only what must not be guessed (uids, codes, Message-IDs) is drawn anew.
    Raises NotFound when no site is loaded.
    """
    with relaxed():
        return _load(Random(seed), seed, now, filled)


def _load(rng: Random, seed: int, now: datetime, filled: float) -> Summary:
    session = db.session()
    zone = lookups.zone(session)
    period = Period(now.astimezone(zone).date())
    begins = datetime.combine(period.first, datetime.min.time(), zone).astimezone(UTC) - BEFORE
    stored = house.furnish(rng, period, begins)
    if session.scalar(sa.select(Agent.id).where(Agent.login == AGENT)) is None:
        credentials.create_agent(AGENT, "Accueil (démonstration)", begins)
    diary = Diary(seed, rng, stored, zone, now)
    diary.fill(offers.weeks(session, rng, stored, period, zone, begins), filled)
    for hour in range((now - begins) // timedelta(hours=1)):
        diary.note(begins + timedelta(hours=hour + 1), post.drop_due)
    diary.run()
    post.drop_due(now)
    days.refresh()  # the worker does it a minute later
    appointments = session.scalar(sa.select(sa.func.count()).select_from(Appointment)) or 0
    professionals = len(stored.professionals) + len(stored.interpreters)
    return Summary(professionals, len(stored.types), len(stored.usagers), appointments)
