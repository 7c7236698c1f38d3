"""From the command line: what an absence or a closure hits, storing it, and whom to call."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from booking import schema
from booking.db import db
from booking.reservations import doctor
from tests.builders import Cast, rows_of
from tests.cli.running import done, misused, read, refused, refused_to_program

PERIOD = ["--start", "2026-11-23T09:00", "--to", "2026-11-23T12:00"]
ROUX = ["absence", "--professional", "roux", *PERIOD]
B1 = ["closure", "--room", "B1", *PERIOD]


@pytest.fixture
def nine(app: Flask, cast: Cast) -> str:
    """Mme Koné, who is not to be written to, with Mme Roux at 9h00."""
    return booked(app, cast, "2026-11-23T09:00", cast.kone)


@pytest.fixture
def ten(app: Flask, cast: Cast) -> str:
    """M. Diallo with Mme Roux at 10h00."""
    return booked(app, cast, "2026-11-23T10:00", cast.diallo)


def booked(app: Flask, cast: Cast, start: str, usager: int) -> str:
    line = ["book", "entretien", "--professional", "roux", "--start", start, "--usager", usager]
    uid: str = read(app, *line)["uid"]
    return uid


def by_uid(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {one["uid"]: one for one in found}


class TestImpact:
    def test_of_an_absence(self, app: Flask, cast: Cast, nine: str, ten: str) -> None:
        first, second = read(app, "impact", *ROUX)
        assert (first["uid"], first["version"], first["room"], first["professionals"]) == (nine, 1, "B1", ["roux"])
        assert first["usagers"] == [{"usager": cast.kone, "silence": "contact_none"}]
        assert second["usagers"] == [{"usager": cast.diallo, "silence": None}]
        destination = {"start": "2026-11-23T09:00:00+01:00", "professionals": ["diop"], "room": None}
        assert first["destinations"][0] == destination

    def test_of_a_closure_in_words(self, app: Flask, cast: Cast, nine: str, ten: str) -> None:
        said = done(app, "impact", *B1)
        assert said.startswith("Rendez-vous touchés : 2.\n")
        assert f"{nine}  lundi 23 novembre 2026 à 9h00  B1" in said
        assert "KONÉ Aminata : à appeler, la personne ne veut pas qu’on lui écrive" in said
        assert "DIALLO Amadou : joignable par courriel" in said
        assert "possible : lundi 23 novembre 2026 à 9h00, roux, salle B2" in said

    def test_of_nothing(self, app: Flask, cast: Cast) -> None:
        assert read(app, "impact", *ROUX) == []
        assert done(app, "impact", "closure", *PERIOD) == "Rendez-vous touchés : 0.\n"


class TestDisplace:
    def test_each_has_its_decision(self, app: Flask, cast: Cast, nine: str, ten: str) -> None:
        line = ["displace", *ROUX, "--colleague", f"{nine}=diop", "--move", f"{ten}=2026-11-23T14:00", "--key", "k"]
        found = by_uid(read(app, *line))
        assert found[nine]["start"] == "2026-11-23T09:00:00+01:00"
        assert found[ten]["start"] == "2026-11-23T14:00:00+01:00"
        assert by_uid(read(app, *line)) == found, "the same key"
        assert "M. Diop" in done(app, "show", nine)
        assert doctor.examine() == []

    def test_another_room_and_another_hour(self, app: Flask, cast: Cast, nine: str, ten: str) -> None:
        moves = ["--to-room", f"{nine}=B2", "--move", f"{nine}=2026-11-23T09:30", "--leave", ten]
        found = by_uid(read(app, "displace", *B1, "--label", "Travaux", *moves))
        assert (found[nine]["room"], found[nine]["start"][11:16]) == ("B2", "09:30")
        assert found[ten]["room"] == "B1"

    def test_a_colleague_while_the_site_is_closed(self, app: Flask, cast: Cast, nine: str) -> None:
        line = ["displace", "closure", *PERIOD, "--label", "Travaux"]
        moves = ["--colleague", f"{nine}=diop", "--move", f"{nine}=2026-11-30T09:00"]
        assert read(app, *line, *moves)[0]["start"][:10] == "2026-11-30"
        assert "M. Diop" in done(app, "show", nine)

    @pytest.mark.parametrize("option", ["--cancel-all", "--leave-all"])
    def test_all_the_others_at_once_and_once(self, app: Flask, cast: Cast, nine: str, ten: str, option: str) -> None:
        line = ["displace", *ROUX, "--cancel", nine, option, "--key", "k"]
        found = by_uid(read(app, *line))
        assert found[nine]["status"] == "cancelled"
        assert found[ten]["status"] == ("cancelled" if option == "--cancel-all" else "booked")
        assert by_uid(read(app, *line)) == found, "the same key"
        assert "Absence enregistrée. Rendez-vous traités : 2." in done(app, *line)

    def test_one_without_decision_is_named_and_nothing_is_written(
        self, app: Flask, cast: Cast, nine: str, ten: str
    ) -> None:
        before = rows_of(db.session(), schema.metadata)
        sentence = refused(app, "displace", *ROUX, "--cancel", nine)
        assert sentence.startswith("Rien n’a été enregistré.")
        assert f"{ten} : Ce rendez-vous vient d’être pris : décidez ce qu’il devient." in sentence
        assert refused_to_program(app, "displace", *ROUX, "--cancel", nine)["refused"] == {ten: "appeared"}
        assert rows_of(db.session(), schema.metadata) == before

    def test_one_that_cannot_move_is_named(self, app: Flask, cast: Cast, nine: str, ten: str) -> None:
        moves = ["--move", f"{nine}=2026-11-23T10:30", "--cancel", ten]
        assert f"{nine} : Le professionnel est absent à ce moment-là." in refused(app, "displace", *ROUX, *moves)

    def test_one_named_twice(self, app: Flask, cast: Cast, nine: str) -> None:
        sentence = refused(app, "displace", *ROUX, "--cancel", nine, "--leave", nine)
        assert sentence == "UID : Ce rendez-vous est indiqué deux fois : gardez une seule décision.\n"

    def test_a_period_that_makes_no_sense(self, app: Flask, cast: Cast) -> None:
        period = ["--start", "2026-11-23T12:00", "--to", "2026-11-23T09:00"]
        line = ["absence", "--professional", "roux", *period]
        assert (
            refused(app, "impact", *line)
            == refused(app, "displace", *line)
            == "--to : La fin doit venir après le début.\n"
        )

    def test_misuse(self, app: Flask, cast: Cast, nine: str) -> None:
        assert "écrivez UID=VALEUR" in misused(app, "displace", *ROUX, "--move", nine)
        both = misused(app, "displace", *ROUX, "--cancel-all", "--leave-all")
        assert both == "--leave-all : ne va pas avec --cancel-all."
        assert "--label" in misused(app, "displace", *B1)


class TestCalls:
    def test_who_is_to_be_called_then_was(self, app: Flask, cast: Cast, nine: str, ten: str) -> None:
        read(app, "displace", *ROUX, "--cancel-all")
        (call,) = read(app, "calls", "list")
        assert (call["uid"], call["who"], call["kind"], call["called_at"]) == (nine, "KONÉ Aminata", "cancelled", None)
        assert "Avis d’annulation : lundi 23 novembre 2026 à 9h00" in done(app, "calls", "list")
        assert read(app, "calls", "done", call["message"]) == {"called": call["message"]}
        assert done(app, "calls", "list") == "Personne à appeler.\n"
        (noted,) = read(app, "calls", "list", "--called")
        assert (noted["called_at"], noted["called_by"]) == ("2026-11-22T13:00:00+01:00", None)
        assert done(app, "calls", "undo", call["message"]) == "La personne est de nouveau à appeler.\n"
        assert len(read(app, "calls", "list")) == 1

    def test_an_unknown_message(self, app: Flask, cast: Cast) -> None:
        assert refused(app, "calls", "done", "999") == "Ce message n’existe pas : vérifiez ce que vous avez tapé.\n"
