"""Reading the inventory and the free slots."""

from __future__ import annotations

import pytest
from flask import Flask

from booking.people.models import Professional
from booking.rooms import inventory
from booking.rooms.models import Room
from booking.slots.models import AppointmentType
from tests.builders import NOW, Cast, block, set_on, store
from tests.cli.running import done, read, refused, refused_to_program

WEEK = ["--from", "2026-11-23", "--to", "2026-11-27"]


def test_rooms_for_programs(app: Flask, cast: Cast) -> None:
    set_on(Room, cast.b2, retired_at=NOW)
    found = {room["code"]: room for room in read(app, "rooms")}
    assert list(found) == ["B1", "B2", "C1", "C4", "EN1"]
    assert found["C4"] == {
        "code": "C4",
        "name": "Salle C4",
        "kind": "cabinet",
        "floor": 0,
        "capacity": 4,
        "features": ["examination_couch", "sink"],
        "reserved_for": "sante-sexuelle",
        "retired": False,
    }
    assert (found["B1"]["reserved_for"], found["B1"]["features"]) == (None, [])
    assert found["B2"]["retired"] is True


def test_rooms_for_people(app: Flask) -> None:
    inventory.load_site(inventory.first_site())
    lines = done(app, "rooms").splitlines()
    assert len(lines) == 21
    (c4,) = [line for line in lines if line.startswith("C4")]
    for said in ("cabinet médical", "étage 1", "divan d’examen", "point d’eau", "réservée : Centre de santé sexuelle"):
        assert said in c4


def test_types_for_programs(app: Flask, cast: Cast) -> None:
    found = {one["code"]: one for one in read(app, "types")}
    assert found["consultation"] == {
        "code": "consultation",
        "name": "Consultation",
        "service": "pmi",
        "mode": "in_person",
        "duration": 30,
        "step": 30,
        "buffer_before": 5,
        "buffer_after": 10,
        "room_kinds": ["cabinet"],
        "features": ["examination_couch"],
        "professions": ["medecin"],
        "lead_time": 0,
        "horizon_days": 90,
        "desk_lead_time": 0,
        "retired": False,
    }
    assert found["appel"]["mode"] == "phone"


def test_types_and_professionals_for_people(app: Flask, cast: Cast) -> None:
    assert "appel         Appel         15 min  par téléphone" in done(app, "types")
    assert "lenoir  Dr Lenoir  Médecin           Protection maternelle et infantile" in done(app, "professionals")


def test_professionals_for_programs(app: Flask, cast: Cast) -> None:
    found = read(app, "professionals")
    assert [one["code"] for one in found] == ["diop", "lenoir", "petit", "roux"]
    assert found[3] == {
        "code": "roux",
        "name": "Mme Roux",
        "profession": "assistant-social",
        "services": ["action-sociale"],
        "languages": [],
        "retired": False,
    }


def test_the_languages_that_professionals_speak(app: Flask, cast: Cast) -> None:
    set_on(Professional, cast.roux, languages=frozenset({"wo", "ar"}))
    assert read(app, "professionals")[3]["languages"] == ["ar", "wo"]
    assert "arabe, wolof" in done(app, "professionals")


def test_slots_for_programs(app: Flask, cast: Cast) -> None:
    found = read(app, "slots", "entretien", *WEEK)
    assert found[0] == {
        "start": "2026-11-23T09:00:00+01:00",
        "end": "2026-11-23T09:30:00+01:00",
        "professional": "roux",
        "room": "B1",
    }
    assert {slot["professional"] for slot in found} == {"roux", "diop"}
    assert len(found) == 5 * 12 + 6, "Mme Roux receives 6 hours on 5 days, M. Diop 3 hours on one"


def test_slots_of_one_professional_and_not_all_of_them(app: Flask, cast: Cast) -> None:
    found = read(app, "slots", "entretien", *WEEK, "--professional", "diop", "--limit", 2)
    assert [(slot["professional"], slot["start"]) for slot in found] == [
        ("diop", "2026-11-23T09:00:00+01:00"),
        ("diop", "2026-11-23T09:30:00+01:00"),
    ]


def test_the_last_day_is_searched_too(app: Flask, cast: Cast) -> None:
    found = read(app, "slots", "entretien", "--from", "24/11/2026", "--to", "24/11/2026")
    assert [found[0]["start"], found[-1]["end"]] == ["2026-11-24T09:00:00+01:00", "2026-11-24T17:00:00+01:00"]


def test_a_slot_by_phone_has_no_room(app: Flask, cast: Cast) -> None:
    assert {slot["room"] for slot in read(app, "slots", "appel", *WEEK)} == {None}


def test_slots_for_people(app: Flask, cast: Cast) -> None:
    lines = done(app, "slots", "entretien", *WEEK, "--limit", 1).splitlines()
    assert lines == ["lundi 23 novembre 2026 à 9h00  roux  Mme Roux  B1"]


def test_no_slot_is_an_answer(app: Flask, cast: Cast) -> None:
    sunday = ["--from", "2026-11-29", "--to", "2026-11-29"]
    assert read(app, "slots", "entretien", *sunday) == []
    assert done(app, "slots", "entretien", *sunday) == "Aucun créneau libre sur cette période.\n"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (["inconnu", *WEEK], "Ce motif n’existe pas : vérifiez ce que vous avez tapé."),
        (["a\0b", *WEEK], "Ce motif n’existe pas : vérifiez ce que vous avez tapé."),
        (["\udce9", *WEEK], "Ce motif n’existe pas : vérifiez ce que vous avez tapé."),
        (
            ["entretien", *WEEK, "--professional", "personne"],
            "Ce professionnel n’existe pas : vérifiez ce que vous avez tapé.",
        ),
        (
            ["entretien", "--from", "2026-11-23", "--to", "2027-11-23"],
            "--to : Choisissez une période plus courte : 91 jours au plus.",
        ),
    ],
    ids=["unknown type", "NUL", "half of a character", "unknown professional", "a year"],
)
@pytest.mark.parametrize("command", ["slots", "explain"])
def test_slots_that_cannot_be_searched(app: Flask, cast: Cast, command: str, line: list[str], sentence: str) -> None:
    assert refused(app, command, *line) == f"{sentence}\n"


SUNDAY = ["--from", "2026-11-29", "--to", "2026-11-29"]


def test_why_there_is_nothing_for_people(app: Flask, cast: Cast) -> None:
    assert done(app, "explain", "entretien", *SUNDAY).splitlines() == [
        "Aucun des 2 professionnels possibles ne reçoit sur cette période.",
        "Ce qui en donnerait :",
        "- La semaine suivante : 66 créneaux en sept jours, le premier lundi 30 novembre 2026 à 9h00 avec Mme Roux.",
    ]


def test_why_there_is_little_for_programs(app: Flask, cast: Cast) -> None:
    store(block(cast.roux, "2026-11-23 09:00", "2026-11-23 17:00"))
    found = read(app, "explain", "entretien", "--from", "2026-11-23", "--to", "2026-11-23", "--professional", "roux")
    assert (found["starts"], found["offered"], found["nothing"]) == (12, 0, None)
    assert found["causes"] == {"professional_busy": 12}
    assert found["summary"] == "Sur cette période, 12 créneaux étaient possibles avec Mme Roux : tous sont déjà pris."
    assert [(each["change"], each["count"], each["first"]["start"]) for each in found["relaxations"]] == [
        ("other_professional", 6, "2026-11-23T09:00:00+01:00"),
        ("later", 60, "2026-11-24T09:00:00+01:00"),
    ]
    assert found["relaxations"][0]["sentence"].startswith("Avec un autre professionnel : 6 créneaux")


def test_when_nothing_helps(app: Flask, cast: Cast) -> None:
    set_on(AppointmentType, cast.entretien, duration=420)
    said = done(app, "explain", "entretien", *WEEK)
    assert said.endswith("Aucun petit changement n’en donnerait, ni les 13 semaines suivantes.\n")


def test_a_refusal_for_programs(app: Flask, cast: Cast) -> None:
    assert refused_to_program(app, "slots", "inconnu", *WEEK) == {
        "error": "not_found",
        "message": "Ce motif n’existe pas : vérifiez ce que vous avez tapé.",
        "alternatives": [],
    }
