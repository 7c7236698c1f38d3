"""Power cuts: the web process and the worker killed under load lose nothing that was confirmed."""

from __future__ import annotations

import http.client
import threading
from contextlib import closing
from datetime import datetime, timedelta
from email import message_from_bytes

import sqlalchemy as sa
from flask import Flask

from booking import clock, jobs, messages
from booking.access import credentials
from booking.config import Settings
from booking.db import db
from booking.notify.models import OutboxMessage
from booking.reservations import doctor
from booking.reservations.models import Appointment
from tests.builders import Cast, add_usagers
from tests.live.serving import Client, Web, running, worker
from tests.live.test_http_races import free_starts, path_of

KILLS = 3
BEFORE_EACH_KILL = 8


class Desk(threading.Thread):
    """Somebody who books one slot after the other and remembers what was confirmed, whatever happens to the server."""

    def __init__(self, client: Client, token: str, starts: list[datetime], usagers: list[int]) -> None:
        super().__init__(daemon=True)
        self.client, self.token = client, token
        self.todo = list(zip(starts, usagers, strict=True))
        self.confirmed: list[str] = []
        self.enough = threading.Semaphore(0)
        self.stopping = threading.Event()

    def run(self) -> None:
        """Book until there is nothing left; a lost answer is asked for again with the same key."""
        for start, usager in self.todo:
            while not self.stopping.is_set() and not self._booked(start, usager):
                self.stopping.wait(0.05)

    def _booked(self, start: datetime, usager: int) -> bool:
        values = {"csrf_token": self.token, "key": f"crash-{start:%m%d%H%M}-{usager}", "usager": str(usager)}
        try:
            answer = self.client.send("POST", path_of(start), values)
        except (OSError, http.client.HTTPException):
            self.client.close()
            return False
        assert answer.status == 302, answer.body
        assert answer.location is not None
        self.confirmed.append(answer.location.split("/")[2].split("#")[0])
        self.enough.release()
        return True


def test_kills_of_web_and_worker_under_load_lose_nothing(
    app: Flask, cast: Cast, settings: Settings, engine_name: str
) -> None:
    count = KILLS * BEFORE_EACH_KILL * 2
    starts = free_starts(cast, count)
    usagers = add_usagers(count)
    link = credentials.issue_link(cast.amina, clock.now())
    server, sender = Web(settings), worker(settings)
    with running(server, sender), closing(Client(server.port, {})) as client:
        client.sign_in_with(link)
        desk = Desk(client, client.csrf(path_of(starts[0])), starts, usagers)
        desk.start()
        for _ in range(KILLS):
            for _ in range(BEFORE_EACH_KILL):
                assert desk.enough.acquire(timeout=60)
            server.kill()
            sender.kill()
            server.start()
            sender.start()
        desk.join(timeout=120)
        assert not desk.is_alive()
    assert len(desk.confirmed) == len(set(desk.confirmed)) == count
    db.session.rollback()
    stored = set(db.session.scalars(sa.select(Appointment.uid)))
    assert stored == set(desk.confirmed)
    assert doctor.examine([lambda session: messages.audit(session, clock.now())]) == []
    every_message_went_out(settings, stored)


def every_message_went_out(settings: Settings, uids: set[str]) -> None:
    """Once the leases of the killed workers are over, each confirmation is in the mailbox, under one Message-ID."""
    after_the_leases = clock.now() + timedelta(minutes=30)
    while jobs.deliver(settings, after_the_leases).sent:
        pass
    query = sa.select(OutboxMessage.message_id, OutboxMessage.state).where(OutboxMessage.kind == "confirmation")
    db.session.rollback()
    rows = db.session.execute(query).all()
    assert len(rows) == len(uids)
    assert {state for _, state in rows} == {"sent"}
    ids = [message_from_bytes(path.read_bytes())["Message-ID"] for path in settings.mailbox.glob("*.eml")]
    assert {message_id for message_id, _ in rows} <= set(ids)
