"""Reading the inventory."""

from __future__ import annotations

from flask import Flask

from booking.people.models import Professional
from booking.rooms import inventory
from booking.rooms.models import Room
from tests.builders import NOW, Cast, set_on
from tests.cli.running import done, read, refused_to_program


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


def test_a_refusal_for_programs(app: Flask, cast: Cast) -> None:
    assert refused_to_program(app, "slots", "inconnu", "--from", "2026-11-23", "--to", "2026-11-27") == {
        "error": "not_found",
        "message": "Ce motif n’existe pas : vérifiez ce que vous avez tapé.",
        "alternatives": [],
    }
