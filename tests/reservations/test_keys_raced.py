"""One idempotency key, many commands at once."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from flask import Flask
from sqlalchemy.orm import Session

from booking.people.directory import NewUsager
from booking.people.models import Usager
from booking.reservations import Book, Wait, book, doctor, wait
from booking.reservations.models import Waiting
from booking.reservations.wishes import Wishes
from tests.builders import Cast, act, add_professionals, add_usagers, paris, rows_of
from tests.reservations.racing import race

CLIENTS = 16
ROUNDS = 5
NINE = paris("2026-11-23 09:00")


def test_a_key_that_different_commands_share_serves_one_of_them(app: Flask, cast: Cast) -> None:
    """Their locks have nothing in common: only the key makes them meet."""
    pairs = list(zip(add_professionals(cast, CLIENTS), add_usagers(CLIENTS), strict=True))
    for n in range(ROUNDS):
        start = NINE + timedelta(days=n)
        commands = [Book(f"shared-{n}", cast.appel, start, who, usager) for who, usager in pairs]
        outcomes = race(app, [partial(book, command, act()) for command in commands])
        assert outcomes == {"ok": 1, "KeyReused": CLIENTS - 1}
    assert doctor.examine() == []


def test_a_form_sent_many_times_at_once_creates_its_usager_once(app: Flask, session: Session, cast: Cast) -> None:
    before = rows_of(session, Usager.metadata)["usager"]
    command = Book("form", cast.entretien, NINE, cast.roux, NewUsager("Moreau", "Alix"))
    assert race(app, [partial(book, command, act())] * CLIENTS) == {"ok": CLIENTS}
    counts = rows_of(session, Usager.metadata)
    assert (counts["usager"] - before, counts["appointment"]) == (1, 1)


def test_a_demand_sent_many_times_at_once_is_noted_once(app: Flask, session: Session, cast: Cast) -> None:
    """Somebody new has no row to lock, and neither has a demand for any professional."""
    before = rows_of(session, Usager.metadata)["usager"]
    week = Wishes(NINE.date(), NINE.date() + timedelta(days=6))
    command = Wait("form", cast.entretien, NewUsager("Moreau", "Alix"), week)
    assert race(app, [partial(wait, command, act())] * CLIENTS) == {"ok": CLIENTS}
    counts = rows_of(session, Waiting.metadata)
    assert (counts["usager"] - before, counts["waiting"]) == (1, 1)
