"""Openings and periods on the command line."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from booking.people.models import Professional
from tests.builders import NOW, Cast, set_on
from tests.cli.running import done, misused, read, refused, refused_to_program

TUESDAYS = ["--weekday", "2", "--from", "2026-11-24"]
BOTH = [*TUESDAYS, "--hours", "9h-12h et 14h-17h"]


def added(app: Flask, *options: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read(app, "openings", "add", "diop", *options)
    return found


def of_diop(app: Flask) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read(app, "openings", "list", "diop")
    return found


def days(app: Flask, last: str = "2026-12-31") -> list[str]:
    """When M. Diop can be booked, but for Mondays."""
    slots = read(app, "slots", "entretien", "--from", "2026-11-24", "--to", last, "--professional", "diop")
    mondays = ("2026-11-30", "2026-12-07", "2026-12-14", "2026-12-21", "2026-12-28")
    return sorted({slot["start"][:10] for slot in slots} - set(mondays))


def test_for_programs(app: Flask, cast: Cast) -> None:
    morning, afternoon = added(app, *BOTH, "--to", "2026-12-31", "--every", "2")
    assert morning == {
        "id": morning["id"],
        "weekdays": [2],
        "from": "2026-11-24",
        "to": "2026-12-31",
        "starts": "9h00",
        "ends": "12h00",
        "every": 2,
        "ranks": [],
        "periods": None,
        "on_call": False,
        "exceptions": [],
        "next": "2026-11-24",
        "meets": None,
    }
    assert afternoon["starts"] == "14h00"
    assert of_diop(app)[1:] == [morning, afternoon]
    assert days(app) == ["2026-11-24", "2026-12-08", "2026-12-22"]


def test_for_people(app: Flask, cast: Cast) -> None:
    done(app, "openings", "add", "diop", *TUESDAYS, "--hours", "9h-12h", "--rank", "1", "--rank", "last", "--on-call")
    number = of_diop(app)[1]["id"]
    done(app, "openings", "skip", number, "2026-12-01")
    done(app, "openings", "add", "diop", *TUESDAYS, "--hours", "11h-12h", "--every", "2", "--on-call")
    written = done(app, "openings", "list", "diop")
    assert f"{number}  1er et dernier mardi du mois de 9h00 à 12h00\n" in written
    assert "Depuis le 24/11/2026.\n" in written
    assert "Permanence : sans rendez-vous seulement." in written
    assert "N’a pas lieu : 01/12/2026." in written
    assert "Mardi, une semaine sur 2 de 11h00 à 12h00" in written
    assert "Attention : recouvre une autre plage, d’abord le mardi 24 novembre 2026." in written
    assert "Prochaine fois : mardi 24 novembre 2026." in written


def test_one_date(app: Flask, cast: Cast) -> None:
    (found,) = added(app, "--from", "2026-11-26", "--hours", "9h-10h")
    assert (found["weekdays"], found["to"]) == ([], "2026-11-26")
    assert days(app) == ["2026-11-26"]


def test_a_date_is_skipped_and_comes_back(app: Flask, cast: Cast) -> None:
    (found,) = added(app, *TUESDAYS, "--hours", "9h-12h", "--to", "2026-12-08")
    skipped = read(app, "openings", "skip", found["id"], "2026-12-01")
    assert skipped == {"id": found["id"], "day": "2026-12-01", "skipped": True}
    assert days(app) == ["2026-11-24", "2026-12-08"]
    assert "aura lieu le mardi 1er décembre 2026" in done(app, "openings", "unskip", found["id"], "2026-12-01")
    assert days(app) == ["2026-11-24", "2026-12-01", "2026-12-08"]
    assert refused_to_program(app, "openings", "unskip", found["id"], "2026-12-01")["error"] == "not_found"


def test_the_openings_of_who_is_retired_do_not_change(app: Flask, cast: Cast) -> None:
    (one,) = added(app, *TUESDAYS, "--hours", "9h-12h")
    set_on(Professional, cast.diop, retired_at=NOW)
    said = refused(app, "openings", "change", one["id"], "--from", "2026-12-01", "--hours", "14h-16h")
    assert said == "NUMÉRO : Ce professionnel ne reçoit plus : terminez cette plage, ou retirez-la.\n"


def test_a_change_keeps_what_is_not_said(app: Flask, cast: Cast) -> None:
    (old,) = added(app, *TUESDAYS, "--hours", "9h-12h", "--to", "2026-12-31", "--every", "2")
    (new,) = read(app, "openings", "change", old["id"], "--from", "2026-12-01", "--hours", "14h-16h")
    assert new == {
        **old,
        "id": new["id"],
        "from": "2026-12-07",
        "starts": "14h00",
        "ends": "16h00",
        "next": "2026-12-08",
    }
    assert of_diop(app)[1]["to"] == "2026-11-30"
    assert days(app) == ["2026-11-24", "2026-12-08", "2026-12-22"]
    (new,) = read(app, "openings", "change", new["id"], "--from", "2026-12-21", "--rank", "last", "--on-call")
    assert (new["every"], new["ranks"], new["on_call"], new["to"]) == (1, ["last"], True, "2026-12-31")


def test_it_ends_and_goes(app: Flask, cast: Cast) -> None:
    first, second = added(app, *BOTH)
    assert read(app, "openings", "end", first["id"], "--to", "2026-12-01") == {"id": first["id"], "to": "2026-12-01"}
    assert read(app, "openings", "remove", second["id"]) == {"removed": second["id"]}
    assert days(app) == ["2026-11-24", "2026-12-01"]


def test_periods(app: Flask, cast: Cast) -> None:
    assert "Aucune période" in done(app, "periods", "list")
    key = read(app, "periods", "add", "Noël", "--from", "2026-12-19", "--to", "2027-01-03")["id"]
    assert read(app, "periods", "list") == [{"id": key, "name": "Noël", "from": "2026-12-19", "to": "2027-01-03"}]
    added(app, *TUESDAYS, "--hours", "9h-12h", "--periods", "only")
    assert days(app) == ["2026-12-22", "2026-12-29"]
    assert "Seulement pendant les périodes du site." in done(app, "openings", "list", "diop")
    assert read(app, "periods", "remove", key) == {"removed": key}
    assert days(app) == []
    assert of_diop(app)[1]["next"] is None
    assert "Prochaine fois : aucune." in done(app, "openings", "list", "diop")


WRONG = [
    ([*TUESDAYS, "--hours", "le matin"], "--hours : Indiquez des heures, par exemple 9h-12h et 14h-17h."),
    ([*TUESDAYS, "--hours", "9h-9h"], "--hours : La fin doit venir après le début."),
    ([*TUESDAYS, "--hours", "9h02-12h"], "--hours : Choisissez une heure ou une durée multiple de 5 minutes."),
    ([*TUESDAYS, "--hours", "9h-24h30"], "--hours : Choisissez une valeur entre 0h00 et 24h00."),
    ([*TUESDAYS, "--hours", "9h-12h", "--rank", "1", "--every", "2"], "--every : Laissez ce champ vide."),
    (
        ["--weekday", "1", "--from", "2026-11-24", "--hours", "10h-11h"],
        "--hours : Cette période en recouvre une autre : modifiez les heures ou les jours.",
    ),
    (
        [*TUESDAYS, "--to", "2026-11-30", "--rank", "1", "--hours", "9h-12h"],
        "--weekday : Cette plage n’aurait jamais lieu : vérifiez les jours, les dates et les périodes.",
    ),
]


@pytest.mark.parametrize(("options", "sentence"), WRONG, ids=[row[1] for row in WRONG])
def test_what_cannot_be_is_refused_and_stores_nothing(
    app: Flask, cast: Cast, options: list[str], sentence: str
) -> None:
    assert refused(app, "openings", "add", "diop", *options).strip().removeprefix("Erreur : ") == sentence
    assert len(of_diop(app)) == 1


@pytest.mark.parametrize("number", ["0", str(10**9), "-1", "deux"])
def test_a_number_of_weeks_is_from_1_to_52(app: Flask, cast: Cast, number: str) -> None:
    said = misused(app, "openings", "add", "diop", *TUESDAYS, "--hours", "9h-12h", "--every", number)
    assert said.startswith("--every : ")


def test_an_unknown_opening(app: Flask, cast: Cast) -> None:
    for line in (["change", "999", "--from", "2026-12-01"], ["remove", "999"], ["skip", "999", "2026-12-01"]):
        assert refused_to_program(app, "openings", *line)["error"] == "not_found"
