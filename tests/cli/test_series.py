"""From the command line: the same every week, a slot that is held, a collective session."""

from __future__ import annotations

import time_machine
from flask import Flask

from booking.reservations import doctor
from booking.slots.models import AppointmentType
from tests.builders import Cast, block, set_on, store
from tests.cli.running import done, misused, read, refused, refused_to_program

NINE = "2026-11-23T09:00"
SERIES = ["series", "book", "entretien", "--professional", "roux", "--start", NINE]
HOLD = ["hold", "entretien", "--professional", "roux", "--start", NINE]


class TestSeries:
    def test_six_weeks_are_booked_moved_and_cancelled(self, app: Flask, cast: Cast) -> None:
        booked = read(app, *SERIES, "--count", "6", "--usager", cast.diallo)
        assert [one["start"][:16] for one in booked][:2] == ["2026-11-23T09:00", "2026-11-30T09:00"]
        assert {one["room"] for one in booked} == {"B1"}
        third = booked[2]["uid"]
        moved = read(app, "series", "move", third, "--start", "2026-12-07T10:00", "--scope", "following")
        assert [one["start"][11:16] for one in moved] == ["10:00"] * 4
        cancelled = read(app, "series", "cancel", third, "--by", "usager", "--scope", "all")
        assert {one["status"] for one in cancelled} == {"cancelled"}
        assert doctor.examine() == []

    def test_dates_that_are_refused_are_said_and_can_be_left_out(self, app: Flask, cast: Cast) -> None:
        store(block(cast.roux, "2026-12-07 09:00", "2026-12-07 09:30"))
        line = [*SERIES, "--count", "4", "--usager", cast.diallo]
        assert "Ces dates ne peuvent pas être prises : 07/12/2026." in refused(app, *line)
        parts = refused_to_program(app, *line)["refused"]
        assert parts == {"2026-12-07T09:00:00+01:00": "professional_busy"}
        assert len(read(app, *line, "--without", "2026-12-07")) == 3

    def test_somebody_new_is_created_once_even_when_it_is_sent_twice(self, app: Flask, cast: Cast) -> None:
        line = [*SERIES, "--count", "2", "--usager", "PETIT Nina", "--key", "k"]
        assert read(app, *line) == read(app, *line)
        assert "Rendez-vous réservés : 2." in done(app, *line)

    def test_every_other_week(self, app: Flask, cast: Cast) -> None:
        booked = read(app, *SERIES, "--count", "2", "--every", "2", "--usager", cast.diallo)
        assert booked[1]["start"].startswith("2026-12-07")

    def test_numbers_that_make_no_series_are_misuse(self, app: Flask, cast: Cast) -> None:
        misused(app, *SERIES, "--count", "10000", "--usager", cast.diallo)
        misused(app, *SERIES, "--count", "0", "--usager", cast.diallo)
        misused(app, *SERIES, "--count", "2")

    def test_of_an_unknown_one_nothing_moves(self, app: Flask, cast: Cast) -> None:
        assert "Ce rendez-vous n’existe pas" in refused(
            app, "series", "cancel", "0" * 32, "--by", "usager", "--scope", "all"
        )


class TestHolding:
    def test_a_slot_is_held_renewed_and_booked(self, app: Flask, cast: Cast, now: time_machine.Coordinates) -> None:
        held = read(app, *HOLD)
        assert (held["room"], held["start"][:16]) == ("B1", NINE)
        book = ["book", "entretien", "--professional", "roux", "--start", NINE, "--usager", cast.diallo]
        assert refused_to_program(app, *book)["error"] == "professional_busy"
        now.shift(240)
        assert read(app, "renew", held["uid"])["expires_at"] > held["expires_at"]
        assert read(app, *book, "--hold", held["uid"])["room"] == "B1"
        assert doctor.examine() == []

    def test_or_released(self, app: Flask, cast: Cast) -> None:
        held = read(app, *HOLD)
        assert read(app, "release", held["uid"]) == {"released": held["uid"]}
        assert "Ce créneau retenu n’existe pas" in refused(app, "release", held["uid"])
        assert "Créneau retenu jusqu’à" in done(app, *HOLD)

    def test_not_without_end(self, app: Flask, cast: Cast) -> None:
        for hour in ("09:00", "09:30", "10:00"):
            done(app, *HOLD[:-1], f"2026-11-23T{hour}")
        assert "3 créneaux sont déjà retenus" in refused(app, *HOLD[:-1], "2026-11-23T10:30")


def test_a_session_is_opened_and_filled(app: Flask, cast: Cast) -> None:
    set_on(AppointmentType, cast.entretien, capacity=1)
    opened = read(app, "book", "entretien", "--professional", "roux", "--start", NINE)
    assert read(app, "show", opened["uid"])["usagers"] == []
    done(app, "join", opened["uid"], "--usager", cast.diallo)
    assert "Cette séance est complète (1 place)" in refused(app, "join", opened["uid"], "--usager", cast.kone)
