"""Looking for free slots, and for those to say first, on the command line."""

from __future__ import annotations

import pytest
from flask import Flask

from booking.people.models import Professional, Usager
from booking.rooms.models import Room
from booking.slots.models import AppointmentType
from booking.slots.openings import NewOpening
from booking.slots.planning import add_opening
from tests.builders import MONDAY, NOW, Cast, add_interpreter, block, set_on, store
from tests.cli.running import done, read, refused

WEEK = ["--from", "2026-11-23", "--to", "2026-11-27"]


def test_slots_for_programs(app: Flask, cast: Cast) -> None:
    found = read(app, "slots", "entretien", *WEEK)
    assert found[0] == {
        "start": "2026-11-23T09:00:00+01:00",
        "end": "2026-11-23T09:30:00+01:00",
        "professional": "roux",
        "room": "B1",
        "interpreter": None,
    }
    assert {slot["professional"] for slot in found} == {"roux", "diop"}
    assert len(found) == 5 * 12 + 6, "Mme Roux receives 6 hours on 5 days, M. Diop 3 hours on one"


def test_slots_of_one_professional_and_not_all_of_them(app: Flask, cast: Cast) -> None:
    found = read(app, "slots", "entretien", *WEEK, "--professional", "diop", "--limit", 2)
    assert [(slot["professional"], slot["start"]) for slot in found] == [
        ("diop", "2026-11-23T09:00:00+01:00"),
        ("diop", "2026-11-23T09:30:00+01:00"),
    ]


def test_slots_of_any_of_several(app: Flask, cast: Cast) -> None:
    both = read(app, "slots", "entretien", *WEEK, "--professional", "diop", "--professional", "roux")
    assert both == read(app, "slots", "entretien", *WEEK)


def test_slots_of_several_together(app: Flask, cast: Cast) -> None:
    for room in (cast.b1, cast.c1, cast.c4):
        set_on(Room, room, capacity=2)
    found = read(app, "slots", "entretien", *WEEK, "--with", "diop")
    assert [slot["start"][11:16] for slot in found] == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]
    assert {(slot["professional"], slot["room"]) for slot in found} == {("roux", "B2")}, "which holds three"
    explained = done(app, "explain", "entretien", "--from", "2026-11-24", "--to", "2026-11-24", "--with", "diop")
    assert "tous tombent quand un collègue ne reçoit pas" in explained
    assert "- Sans M. Diop : 12 créneaux" in explained


def test_nobody_takes_part_in_what_another_service_does(app: Flask, cast: Cast) -> None:
    said = refused(app, "slots", "entretien", *WEEK, "--with", "lenoir")
    assert "Ce professionnel ne reçoit pas pour ce motif" in said


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


def test_what_to_say_first_for_programs(app: Flask, cast: Cast) -> None:
    set_on(Usager, cast.diallo, referent_id=cast.diop, spoken_language="wo")
    set_on(Professional, cast.roux, languages=frozenset({"wo"}))
    found = read(app, "slots", "entretien", *WEEK, "--suggest", 4, "--usager", cast.diallo)
    assert found[0] == {
        "start": "2026-11-23T09:00:00+01:00",
        "end": "2026-11-23T09:30:00+01:00",
        "professional": "diop",
        "room": "B1",
        "interpreter": None,
        "reasons": ["referent", "soonest"],
    }
    assert [(slot["professional"], slot["reasons"][0]) for slot in found[1:]] == [
        ("diop", "referent"),
        ("diop", "referent"),
        ("roux", "speaks"),
    ]


def test_what_to_say_first_for_people(app: Flask, cast: Cast) -> None:
    assert done(app, "slots", "entretien", *WEEK, "--suggest", 2).splitlines() == [
        "lundi 23 novembre 2026 à 9h00   roux  Mme Roux  B1  le plus tôt",
        "mardi 24 novembre 2026 à 14h00  roux  Mme Roux  B1  un autre jour",
    ]
    weekend = ["--from", "2026-11-28", "--to", "2026-11-29"]
    nothing = "Aucun créneau libre sur cette période.\n"
    assert done(app, "slots", "entretien", *weekend, "--suggest", 2) == nothing


def test_slots_when_the_person_is_free_too(app: Flask, cast: Cast) -> None:
    store(block(cast.diallo, "2026-11-23 09:00", "2026-11-23 12:00"))
    found = read(app, "slots", "entretien", *WEEK, "--usager", cast.diallo, "--limit", 1)
    assert found[0]["start"] == "2026-11-23T14:00:00+01:00"


def test_slots_of_those_who_speak_a_language(app: Flask, cast: Cast) -> None:
    set_on(Professional, cast.diop, languages=frozenset({"wo"}))
    found = read(app, "slots", "entretien", *WEEK, "--language", "wo")
    assert {slot["professional"] for slot in found} == {"diop"}


def test_slots_with_an_interpreter_and_booking_one(app: Flask, cast: Cast) -> None:
    add_interpreter(cast, "amari", "ar")
    search = ["slots", "entretien", *WEEK, "--professional", "roux", "--interpreter", "ar"]
    first, *_ = found = read(app, *search)
    assert {slot["interpreter"] for slot in found} == {"amari"}
    assert len(found) == 5 * 6, "her mornings"
    assert done(app, *search, "--limit", 1) == (
        "lundi 23 novembre 2026 à 9h00  roux  Mme Roux  B1  interprète : amari\n"
    )
    words = ["book", "entretien", "--start", first["start"], "--professional", first["professional"]]
    booked = read(app, *words, "--with", first["interpreter"], "--usager", cast.diallo)
    assert booked["start"] == first["start"]
    assert read(app, *search, "--limit", 1)[0]["start"] == "2026-11-23T09:30:00+01:00"


def test_why_there_is_no_slot_with_an_interpreter(app: Flask, cast: Cast) -> None:
    found = read(app, "explain", "entretien", *WEEK, "--professional", "diop", "--interpreter", "ta")
    assert (found["starts"], found["offered"], found["causes"]) == (6, 0, {"no_interpreter": 6})
    assert [(each["change"], each["count"]) for each in found["relaxations"]] == [("without_interpreter", 6)]
    assert read(app, "slots", "entretien", *WEEK, "--interpreter", "ta") == []


def test_a_person_whom_a_search_cannot_be_for(app: Flask, cast: Cast) -> None:
    unknown = refused(app, "slots", "entretien", *WEEK, "--usager", 999)
    assert unknown == "Cette personne n’existe pas : vérifiez ce que vous avez tapé.\n"
    by_code = refused(app, "slots", "depistage", *WEEK, "--usager", cast.diallo)
    assert by_code == "--usager : Ce service reçoit par code : ne saisissez ni nom, ni coordonnées.\n"


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


def test_when_to_come_without_an_appointment(app: Flask, cast: Cast) -> None:
    add_opening(NewOpening(cast.diop, cast.site, frozenset({2}), MONDAY, None, 840, 960, on_call=True), NOW)
    asked = ["entretien", "--from", "2026-11-24", "--to", "2026-11-24", "--professional", "diop"]
    sentence = "Sans rendez-vous : 1 permanence, le mardi 24 novembre 2026 de 14h00 à 16h00 avec M. Diop."
    assert read(app, "explain", *asked)["walk_ins"] == {
        "count": 1,
        "professional": "diop",
        "start": "2026-11-24T14:00:00+01:00",
        "end": "2026-11-24T16:00:00+01:00",
        "sentence": sentence,
    }
    lines = done(app, "explain", *asked).splitlines()
    assert lines[:2] == ["M. Diop ne reçoit pas sur rendez-vous sur cette période.", sentence]
    assert read(app, "explain", *asked, "--with", "roux")["walk_ins"] is None


def test_when_nothing_helps(app: Flask, cast: Cast) -> None:
    set_on(AppointmentType, cast.entretien, duration=420)
    said = done(app, "explain", "entretien", *WEEK)
    assert said.endswith("Aucun petit changement n’en donnerait, ni les 13 semaines suivantes.\n")
