"""A private feed of 5,000 appointments: rendered for the first time, and again."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bench.measure import Result, milliseconds
from bench.workload import NOW, Workload, half_hours
from booking import feeds
from booking.db import db, finish_reading, in_transaction
from booking.feeds import body
from booking.feeds.http import FeedRequest
from booking.reservations.models import Appointment, Participation, appointment_professional
from booking.rooms.models import Site
from booking.slots import schedule

EVENTS = 5000
COLD, WARM = 3, 10


def measure(engine: str, workload: Workload) -> list[Result]:
    """The whole 200 answer, without and with the entries rendered before. A 304 costs one query and is not here."""
    in_transaction(lambda session: _store(session, workload))
    token = feeds.issue(workload.professionals[0], "bench", "complet", NOW)

    def ask() -> None:
        answer = feeds.respond(db.session(), token, FeedRequest(), NOW)
        finish_reading(db.session())
        assert answer.body.count(b"BEGIN:VEVENT") == EVENTS

    def ask_cold() -> None:
        body._render.cache_clear()
        ask()

    return [
        Result("feed.5000.cold", engine, COLD, milliseconds(ask_cold, COLD, warm=1), "ms"),
        Result("feed.5000.warm", engine, WARM, milliseconds(ask, WARM, warm=1), "ms"),
    ]


def _store(session: Session, workload: Workload) -> None:
    """5,000 appointments in the feed's year, written at once: the engine itself is measured elsewhere."""
    site_id = session.scalars(sa.select(Site.id)).one()
    spans = [span for span in half_hours()] * 5
    keys = range(1, EVENTS + 1)
    common = {"site_id": site_id, "type_id": workload.type_id, "mode": "in_person", "room_id": workload.rooms[0]}
    counters = {"buffer_before": 0, "buffer_after": 0, "sequence": 0, "version": 1}
    times = {"created_at": NOW, "updated_at": NOW}
    rows = [
        {
            "id": key,
            "uid": f"{key:032x}",
            "starts_at": schedule.moment(start) + timedelta(minutes=5 * (key // len(spans))),
            "ends_at": schedule.moment(end) + timedelta(minutes=5 * (key // len(spans))),
            **common,
            **counters,
            **times,
        }
        for key, (start, end) in zip(keys, spans, strict=False)
    ]
    session.execute(sa.insert(Appointment), rows)
    pairs = [{"appointment_id": key, "professional_id": workload.professionals[0]} for key in keys]
    session.execute(sa.insert(appointment_professional), pairs)
    usagers = [
        {"appointment_id": key, "usager_id": workload.usagers[key % len(workload.usagers)], "attendance": "expected"}
        for key in keys
    ]
    session.execute(sa.insert(Participation), usagers)
