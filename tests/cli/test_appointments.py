"""Booking, showing, moving and cancelling from the command line."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from booking.db import db
from booking.people.models import Usager
from booking.reservations.models import Appointment
from tests.builders import Cast
from tests.cli.running import done, misused, read, refused, refused_to_program

KEYS = ["uid", "start", "end", "room", "status", "sequence"]
ROUX = ["book", "entretien", "--professional", "roux"]
NINE = [*ROUX, "--start", "2026-11-23T09:00"]
BY_CODE = ["book", "depistage", "--professional", "petit", "--start", "2026-11-23T09:00"]


def count(model: type[Any]) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


@pytest.fixture
def booked(app: Flask, cast: Cast) -> dict[str, Any]:
    """M. Diallo sees Mme Roux on Monday at 9h00, in B1."""
    found: dict[str, Any] = read(app, *NINE, "--usager", cast.diallo)
    return found


def test_booking_for_programs(booked: dict[str, Any]) -> None:
    assert list(booked) == KEYS
    assert {**booked, "uid": ""} == {
        "uid": "",
        "start": "2026-11-23T09:00:00+01:00",
        "end": "2026-11-23T09:30:00+01:00",
        "room": "B1",
        "status": "booked",
        "sequence": 0,
    }


def test_booking_for_people_tells_what_follows(app: Flask, cast: Cast) -> None:
    lines = done(app, *NINE, "--usager", cast.diallo).splitlines()
    assert lines[0] == "Rendez-vous réservé."
    assert lines[2:] == [
        "Quand   lundi 23 novembre 2026 à 9h00, jusqu’à 9h30",
        "Motif   Entretien (sur place)",
        "Avec    Mme Roux",
        "Salle   B1, Salle B1",
        f"Usager  DIALLO Amadou (n° {cast.diallo}), à venir",
        "État    réservé",
        "Messages :",
        "  Confirmation : à envoyer le dimanche 22 novembre 2026 à 13h00",
        "  Rappel : non envoyé (le rendez-vous est trop proche)",
        "Histoire :",
        "  dimanche 22 novembre 2026 à 13h00 : réservé (en ligne de commande)",
    ]


@pytest.mark.parametrize(
    "start", ["2026-11-23T09:00", "2026-11-23 09:00", "2026-11-23T09:00+01:00", "2026-11-23T08:00Z"]
)
def test_one_instant_written_in_several_ways(app: Flask, cast: Cast, start: str) -> None:
    assert read(app, *ROUX, "--start", start, "--usager", cast.diallo)["start"] == "2026-11-23T09:00:00+01:00"


def test_the_room_asked_for(app: Flask, cast: Cast) -> None:
    assert read(app, *NINE, "--usager", cast.diallo, "--room", "B2")["room"] == "B2"


def test_by_phone_there_is_no_room(app: Flask, cast: Cast) -> None:
    line = ["book", "appel", "--professional", "roux", "--start", "2026-11-23T09:00", "--usager", cast.diallo]
    found = read(app, *line)
    assert found["room"] is None
    assert "Salle" not in done(app, "show", found["uid"])


def test_a_taken_slot_comes_with_the_nearest_ones(app: Flask, cast: Cast, booked: dict[str, Any]) -> None:
    answer = refused_to_program(app, *NINE, "--usager", cast.kone)
    assert answer["error"] == "professional_busy"
    assert answer["message"].endswith("Choisissez l’un des créneaux proposés.")
    assert answer["alternatives"][0] == {
        "start": "2026-11-23T09:00:00+01:00",
        "end": "2026-11-23T09:30:00+01:00",
        "professional": "diop",
        "room": "B2",
        "interpreter": None,
    }
    lines = refused(app, *NINE, "--usager", cast.kone).splitlines()
    assert lines[1] == "lundi 23 novembre 2026 à 9h00   diop  M. Diop   B2"
    assert len(lines) == 1 + len(answer["alternatives"])


REFUSED = {
    "past": (["--start", "2026-11-20T09:00"], "past", "Ce créneau a déjà commencé."),
    "not on the grid": (["--start", "2026-11-23T09:03"], "off_grid", "L’heure demandée n’est pas un début de créneau"),
    "on Saturday": (["--start", "2026-11-28T09:00"], "closed", "Le site est fermé à ce moment-là."),
    "a holiday": (["--start", "2026-12-25T09:00"], "closed", "Le site est fermé à ce moment-là."),
    "at lunch": (
        ["--start", "2026-11-23T12:00"],
        "no_opening",
        "Le professionnel ne reçoit pas à ce moment-là, ou seulement sans rendez-vous.",
    ),
    "another profession": (
        ["--professional", "lenoir"],
        "not_qualified",
        "Ce professionnel ne reçoit pas pour ce motif.",
    ),
    "unknown professional": (["--professional", "zzz"], "not_found", "Ce professionnel n’existe pas"),
    "unknown room": (["--room", "Z9"], "not_found", "Cette salle n’existe pas"),
    "a room of another kind": (["--room", "C1"], "room_unfit", "Cette salle ne convient pas à ce motif"),
    "unknown usager": (["--usager", "999"], "not_found", "Cette personne n’existe pas"),
    "a number no usager has": (["--usager", "9" * 12], "not_found", "Cette personne n’existe pas"),
    "a social security number": (
        ["--usager", "1" * 15],
        "nir",
        "--usager : Ne saisissez pas de numéro de sécurité sociale",
    ),
    "control characters": (["--usager", "DIALLO\x1b[2J"], "control_characters", "--usager : Retirez les caractères"),
    "a name too long": (["--usager", "A" * 400], "too_long", "--usager : Raccourcissez"),
    "only spaces": (["--usager", "  "], "required", "--usager : Remplissez ce champ."),
    "two addresses": (
        ["--email", "a@exemple.fr,b@exemple.fr"],
        "two_addresses",
        "--email : Indiquez une seule adresse",
    ),
    "no address": (["--email", "amina"], "not_a_mail", "--email : Vérifiez l’adresse électronique"),
    "no phone": (["--phone", "12"], "not_a_phone", "--phone : Vérifiez le numéro de téléphone"),
    "an address for a number": (
        ["--usager", "10", "--email", "a@exemple.fr"],
        "not_expected",
        "--usager : Laissez ce champ",
    ),
    "an empty key": (["--key", ""], "required", "--key : Remplissez ce champ."),
    "a key too long": (["--key", "k" * 65], "too_long", "--key : Raccourcissez : 64 caractères au plus."),
}


@pytest.mark.parametrize(("more", "error", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_booked(app: Flask, cast: Cast, more: list[str], error: str, message: str) -> None:
    people = count(Usager)
    answer = refused_to_program(app, *NINE, "--usager", "NOUVEAU Nino", *more)
    assert answer["error"] == error
    assert answer["message"].startswith(message)
    assert (count(Appointment), count(Usager)) == (0, people)


# ------------------------------------------------------------------ whom


def test_a_name_that_is_known_is_that_person(app: Flask, cast: Cast) -> None:
    uid = read(app, *NINE, "--usager", "kone AMINATA")["uid"]
    assert f"KONÉ Aminata (n° {cast.kone})" in done(app, "show", uid)


def test_a_new_name_is_a_new_person(app: Flask, cast: Cast) -> None:
    details = ["--email", "sofia@exemple.fr", "--phone", "06 39 98 12 00"]
    read(app, *NINE, "--usager", "BEN ALI Sofia Nour", *details)
    found = db.session.scalars(sa.select(Usager).where(Usager.email == "sofia@exemple.fr")).one()
    assert (found.last_name, found.first_name, found.phone) == ("BEN ALI", "Sofia Nour", "+33639981200")


@pytest.mark.parametrize(
    ("text", "last", "first"),
    [
        ("BEN ALI Karim", "BEN ALI", "Karim"),
        ("DE LA TOUR Marie-Anne", "DE LA TOUR", "Marie-Anne"),
        ("Diallo Amadou", "Diallo", "Amadou"),
        ("DIALLO AMADOU", "DIALLO", "AMADOU"),
        ("SUKARNO", "SUKARNO", None),
        ("d’Ormesson Jean", "d’Ormesson", "Jean"),
    ],
)
def test_where_a_last_name_ends(app: Flask, cast: Cast, text: str, last: str, first: str | None) -> None:
    read(app, *NINE, "--usager", text, "--new")
    found = db.session.scalars(sa.select(Usager).order_by(Usager.id.desc())).first()
    assert found is not None
    assert (found.last_name, found.first_name) == (last, first)


def test_namesakes_are_told_apart_by_their_numbers(app: Flask, cast: Cast) -> None:
    read(app, *NINE, "--usager", "DIALLO Amadou", "--new")
    ids = db.session.scalars(sa.select(Usager.id).where(Usager.last_name.ilike("diallo")).order_by(Usager.id)).all()
    half_past = [*ROUX, "--start", "2026-11-23T09:30", "--usager", "DIALLO Amadou"]
    answer = refused_to_program(app, *half_past)
    assert answer["error"] == "namesakes"
    assert answer["message"].startswith("--usager : ce nom est connu (")
    assert all(str(key) in answer["message"] for key in ids)
    assert len(ids) == 2


def test_another_phone_is_perhaps_another_person(app: Flask, cast: Cast) -> None:
    answer = refused_to_program(app, *NINE, "--usager", "DIALLO Amadou", "--phone", "06 39 98 99 99")
    assert answer["error"] == "namesakes"
    read(app, *NINE, "--usager", "DIALLO Amadou", "--phone", "06 39 98 12 34")
    assert count(Usager) == 2, "the number that is known tells that it is M. Diallo"


def test_a_confidential_service_books_by_code(app: Flask, cast: Cast) -> None:
    uid = read(app, *BY_CODE)["uid"]
    visitor = db.session.scalars(sa.select(Usager).where(Usager.code.is_not(None))).one()
    page = done(app, "show", uid)
    assert f"Usager  Visiteur {visitor.code}" in page
    assert "Confirmation : non envoyé (ce service n’écrit à personne)" in page
    again = [*BY_CODE[:-1], "2026-11-23T09:20"]
    read(app, *again, "--usager", str(visitor.code).lower())
    assert count(Usager) == 3, "a code that comes again is the same person"


@pytest.mark.parametrize(
    ("more", "option"),
    [
        (["--usager", "DIALLO Amadou"], "--usager"),
        (["--email", "a@exemple.fr"], "--email"),
        (["--phone", "06 39 98 12 34"], "--phone"),
    ],
)
def test_a_confidential_service_takes_no_name(app: Flask, cast: Cast, more: list[str], option: str) -> None:
    expected = f"{option} : Ce service reçoit par code : ne saisissez ni nom, ni coordonnées.\n"
    assert refused(app, *BY_CODE, *more) == expected


def test_a_confidential_service_takes_none_of_the_others_people(app: Flask, cast: Cast) -> None:
    assert refused_to_program(app, *BY_CODE, "--usager", cast.diallo)["error"] == "anonymous"


# ------------------------------------------------------------------ the same demand twice


@pytest.mark.parametrize("who", ["NOUVEAU Nino", "DIALLO Amadou", "number"])
def test_a_key_books_once(app: Flask, cast: Cast, who: str) -> None:
    line = [*NINE, "--usager", cast.diallo if who == "number" else who, "--key", "demande-1"]
    first = read(app, *line)
    people = count(Usager)
    assert read(app, *line) == first
    assert (count(Appointment), count(Usager)) == (1, people)


def test_a_key_books_a_visitor_once(app: Flask, cast: Cast) -> None:
    assert read(app, *BY_CODE, "--key", "demande-1") == read(app, *BY_CODE, "--key", "demande-1")
    assert count(Appointment) == 1


def test_a_key_serves_one_demand(app: Flask, cast: Cast) -> None:
    read(app, *NINE, "--usager", "NOUVEAU Nino", "--key", "demande-1")
    other = [*ROUX, "--start", "2026-11-23T09:30", "--usager", "NOUVEAU Nino", "--key", "demande-1"]
    assert refused_to_program(app, *other)["error"] == "key_reused"


# ------------------------------------------------------------------ show, move, cancel


def test_showing_for_programs(app: Flask, cast: Cast, booked: dict[str, Any]) -> None:
    found = read(app, "show", booked["uid"])
    assert list(found) == [*KEYS, "professionals", "usagers"]
    assert {key: found[key] for key in KEYS} == booked
    assert found["professionals"] == ["roux"]
    assert found["usagers"] == [{"usager": cast.diallo, "attendance": "expected"}]


OF_ONE = [
    ["show"],
    ["move", "--room", "B1"],
    ["cancel", "--by", "usager"],
    ["join", "--usager", "10"],
    ["leave", "--usager", "10", "--by", "usager"],
    ["swap", "0"],
    ["restore"],
    ["attendance", "--usager", "10", "--step", "seen"],
]


@pytest.mark.parametrize("line", OF_ONE, ids=lambda line: line[0])
@pytest.mark.parametrize("uid", ["inconnu", "a\0b", "\udce9"], ids=["unknown", "NUL", "half of a character"])
def test_an_unknown_appointment(app: Flask, cast: Cast, line: list[str], uid: str) -> None:
    assert refused(app, line[0], uid, *line[1:]) == "Ce rendez-vous n’existe pas : vérifiez ce que vous avez tapé.\n"


def test_moving(app: Flask, booked: dict[str, Any]) -> None:
    moved = read(app, "move", booked["uid"], "--start", "2026-11-24T10:30")
    assert list(moved) == KEYS
    assert (moved["uid"], moved["start"], moved["sequence"]) == (booked["uid"], "2026-11-24T10:30:00+01:00", 1)
    page = done(app, "show", booked["uid"])
    assert "  Avis de changement : à envoyer le dimanche 22 novembre 2026 à 13h00" in page
    assert "  dimanche 22 novembre 2026 à 13h00 : déplacé (en ligne de commande)" in page


def test_moving_to_a_colleague_and_to_another_room(app: Flask, booked: dict[str, Any]) -> None:
    assert "Avec    M. Diop" in done(app, "move", booked["uid"], "--professional", "diop")
    assert read(app, "move", booked["uid"], "--room", "B2")["room"] == "B2"


def test_a_move_is_repeated_with_its_key(app: Flask, booked: dict[str, Any]) -> None:
    line = ["move", booked["uid"], "--start", "2026-11-24T10:30", "--key", "demande-2"]
    assert read(app, *line) == read(app, *line)
    assert read(app, "show", booked["uid"])["sequence"] == 1


def test_a_reason_stands_in_the_history(app: Flask, booked: dict[str, Any]) -> None:
    line = ["move", booked["uid"], "--start", "2026-11-24T10:30", "--reason", "usager_request"]
    assert "13h00 : déplacé, à la demande de l’usager (en ligne de commande)" in done(app, *line)


def test_a_move_that_is_refused_says_what_is_free(app: Flask, booked: dict[str, Any]) -> None:
    answer = refused_to_program(app, "move", booked["uid"], "--start", "2026-11-23T12:30")
    assert answer["error"] == "no_opening"
    assert answer["alternatives"]
    assert read(app, "show", booked["uid"])["start"] == booked["start"]


@pytest.mark.parametrize(("by", "said"), [("usager", "annulé par l’usager"), ("service", "annulé par le service")])
def test_cancelling(app: Flask, booked: dict[str, Any], by: str, said: str) -> None:
    page = done(app, "cancel", booked["uid"], "--by", by)
    assert page.startswith("Rendez-vous annulé.\n")
    assert f"État    {said}" in page
    found = read(app, "show", booked["uid"])
    assert {key: found[key] for key in KEYS} == {**booked, "status": "cancelled", "sequence": 1}


def test_what_is_cancelled_stays_so(app: Flask, booked: dict[str, Any]) -> None:
    done(app, "cancel", booked["uid"], "--by", "usager")
    assert refused_to_program(app, "cancel", booked["uid"], "--by", "usager")["error"] == "appointment_closed"
    assert refused(app, "move", booked["uid"], "--start", "2026-11-24T10:30").startswith("Ce rendez-vous est annulé")


def test_the_time_given_back_can_be_booked(app: Flask, cast: Cast, booked: dict[str, Any]) -> None:
    done(app, "cancel", booked["uid"], "--by", "service")
    assert read(app, *NINE, "--usager", cast.kone)["room"] == "B1"


def test_nothing_is_read_before_the_command_is_understood(app: Flask, cast: Cast) -> None:
    assert misused(app, *NINE, "--usager", cast.diallo, "--rooom", "B1").startswith("L’option --rooom n’existe pas.")
