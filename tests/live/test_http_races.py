"""Sixteen browsers at once, over HTTP, signed in and with CSRF: one gets the slot."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from threading import Barrier

from flask import Flask

from booking import clock
from booking.access import credentials
from booking.config import Settings
from booking.db import db
from booking.reservations import doctor
from booking.slots.availability import Search, find_slots
from tests.builders import PARIS, Cast, add_usagers
from tests.live.serving import Client, Web, running
from tests.reservations.racing import overlaps

CLIENTS = 16
ROUNDS = 20


def free_starts(cast: Cast, count: int) -> list[datetime]:
    """The next starts of Mme Roux, from tomorrow on, by the real clock."""
    tomorrow = clock.now() + timedelta(days=1)
    search = Search(cast.entretien, tomorrow, tomorrow + timedelta(days=30), frozenset({cast.roux}))
    starts = [slot.start for slot in find_slots(db.session(), search, clock.now(), count)]
    db.session.remove()
    return starts


def path_of(start: datetime) -> str:
    """The page that books an interview with Mme Roux."""
    return f"/rendez-vous/nouveau?motif=entretien&debut={start.astimezone(PARIS):%Y-%m-%dT%H:%M}&professionnel=roux"


def test_16_clients_on_one_slot_give_1_success_and_15_refusals_with_alternatives(
    app: Flask, cast: Cast, settings: Settings, engine_name: str
) -> None:
    usagers = add_usagers(CLIENTS)
    starts = free_starts(cast, ROUNDS)
    link = credentials.issue_link(cast.amina, clock.now())
    server = Web(settings, workers=1 if engine_name == "sqlite" else 2)
    gate = Barrier(CLIENTS)
    with running(server), closing(Client(server.port, {})) as first:
        first.sign_in_with(link)
        token = first.csrf(path_of(starts[0]))

        def book(client: Client, start: datetime, usager: int) -> str:
            gate.wait()
            values = {"csrf_token": token, "key": f"{start:%m%d%H%M}-{usager}-key", "usager": str(usager)}
            answer = client.send("POST", path_of(start), values)
            with_alternatives = "/rendez-vous/nouveau?motif=entretien" in answer.body
            return f"{answer.status}{' with alternatives' if with_alternatives else ''}"

        with ThreadPoolExecutor(CLIENTS) as pool, ExitStack() as stack:
            clients = [stack.enter_context(closing(Client(server.port, dict(first.cookies)))) for _ in usagers]
            for start in starts:
                outcomes = Counter(pool.map(book, clients, [start] * CLIENTS, usagers))
                assert outcomes == {"302": 1, "409 with alternatives": CLIENTS - 1}
    assert overlaps() == 0
    assert doctor.examine() == []
