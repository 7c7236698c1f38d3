"""The doctor at work while others book, and on a file that another program wrote."""

from __future__ import annotations

import sqlite3

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from booking import config
from booking.reservations import Book, book, doctor, store
from booking.reservations.doctor import Problem
from tests.builders import Cast, act, paris
from tests.reservations.racing import race

NINE = paris("2026-11-23 09:00")


@pytest.mark.parametrize("engine_name", ["postgresql"])
def test_what_is_booked_during_the_examination_is_no_harm(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Occupancies and appointments are read one after the other; SQLite's writers wait for the end of it."""
    every = store.every
    command = Book("meanwhile", cast.entretien, NINE, cast.roux, cast.diallo)

    def booked_meanwhile(session: Session) -> object:
        assert race(app, [lambda: book(command, act())]) == {"ok": 1}
        return every(session)

    monkeypatch.setattr(store, "every", booked_meanwhile)
    assert doctor.examine() == []


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_what_an_appointment_that_is_gone_takes_is_found(app: Flask, cast: Cast, settings: config.Settings) -> None:
    """SQLite checks foreign keys only for programs that ask it to."""
    other = sqlite3.connect(settings.instance / "booking.sqlite")
    row = (cast.b1, 0, 600, 99)
    other.execute("INSERT INTO occupancy (resource_id, starts_at, ends_at, appointment_id) VALUES (?, ?, ?, ?)", row)
    other.commit()
    other.close()
    assert doctor.examine() == [Problem("occupancy", "no appointment 99")]
