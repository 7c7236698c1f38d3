"""From the command line: several professionals, a family, rules set aside, and what changes about them afterwards."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from booking.db import db
from booking.people.models import Usager
from booking.reservations import doctor
from booking.reservations.models import Appointment
from tests.builders import NOW, Cast, block, paris, store
from tests.cli.running import done, misused, read, refused, refused_to_program

BOOK = ["book", "entretien", "--professional", "roux"]
NINE = [*BOOK, "--start", "2026-11-23T09:00"]
TEN = [*BOOK, "--start", "2026-11-23T10:00"]
BY_CODE = ["book", "depistage", "--professional", "petit", "--start", "2026-11-23T09:00"]


def count(model: type[Any]) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def attendances(app: Flask, uid: str) -> dict[int, str]:
    return {each["usager"]: each["attendance"] for each in read(app, "show", uid)["usagers"]}


def lines(text: str, label: str) -> list[str]:
    """What a page says beside that label."""
    return [line.removeprefix(label).strip() for line in text.splitlines() if line.startswith(f"{label} ")]


@pytest.fixture
def uid(app: Flask, cast: Cast) -> str:
    """M. Diallo sees Mme Roux on Monday at 9h00, in B1."""
    booked: str = read(app, *NINE, "--usager", cast.diallo)["uid"]
    return booked


# ------------------------------------------------------------------ booking


def test_with_a_colleague_and_a_family(app: Flask, cast: Cast) -> None:
    line = [*NINE, "--with", "diop", "--usager", cast.diallo, "--and", "PETIT Nina"]
    page = done(app, *line)
    assert lines(page, "Avec") == ["Mme Roux, M. Diop"]
    people = lines(page, "Usager")
    assert people[0] == f"DIALLO Amadou (n° {cast.diallo}), à venir"
    assert people[1].startswith("PETIT Nina (n° ")
    assert page.count("Confirmation : ") == 2, "each is told"
    assert doctor.examine() == []


@pytest.mark.parametrize(
    ("more", "error", "message"),
    [
        (["--with", "zzz"], "not_found", "Ce professionnel n’existe pas"),
        (["--with", "lenoir"], "not_qualified", "Ce professionnel ne reçoit pas pour ce motif."),
        (["--and", "DIALLO Amadou"], "twice", "--usager : Cette personne est indiquée deux fois"),
        (["--and", "  "], "required", "--and : Remplissez ce champ."),
        (["--and", "1" * 15], "nir", "--and : Ne saisissez pas de numéro de sécurité sociale"),
        (["--and", "999"], "not_found", "Cette personne n’existe pas"),
    ],
    ids=["nobody", "another service", "twice", "nothing", "a social security number", "unknown"],
)
def test_a_company_that_is_refused(app: Flask, cast: Cast, more: list[str], error: str, message: str) -> None:
    people = count(Usager)
    answer = refused_to_program(app, *NINE, "--usager", cast.diallo, *more)
    assert answer["error"] == error
    assert answer["message"].startswith(message)
    assert (count(Appointment), count(Usager)) == (0, people)


def test_new_people_of_a_family_whose_names_are_known(app: Flask, cast: Cast) -> None:
    read(app, *TEN, "--usager", "DIALLO Amadou", "--new")
    with_namesake = [*NINE, "--usager", cast.kone, "--and", "DIALLO Amadou"]
    assert refused(app, *with_namesake).startswith("--and : ce nom est connu (")
    read(app, *NINE, "--usager", "KONÉ Aminata", "--and", "DIALLO Amadou", "--and", cast.diallo, "--new")
    assert count(Usager) == 5


def test_a_key_books_a_family_once(app: Flask, cast: Cast, now: time_machine.Coordinates) -> None:
    """One of them is known, the other is created; a minute later both are known."""
    now.shift(60)
    line = [*NINE, "--usager", "DIALLO Amadou", "--and", "NOUVEAU Nino", "--key", "demande-1"]
    first = read(app, *line)
    now.shift(60)
    assert read(app, *line) == first
    assert (count(Appointment), count(Usager)) == (1, 3)


def test_a_confidential_service_gives_each_a_code(app: Flask, cast: Cast) -> None:
    assert len(lines(done(app, *BY_CODE, "--and", ""), "Usager")) == 2
    again = [*BY_CODE[:-1], "2026-11-23T09:20"]
    expected = "--and : Ce service reçoit par code : ne saisissez ni nom, ni coordonnées.\n"
    assert refused(app, *again, "--and", "DIALLO Amadou") == expected


def test_somebody_who_is_there_is_received_now(app: Flask, cast: Cast, now: time_machine.Coordinates) -> None:
    now.move_to(paris("2026-11-23 09:13"))
    line = [*BOOK, "--usager", "NOUVEAU Nino", "--walk-in", "--key", "demande-1"]
    first = read(app, *line)
    assert first["start"] == "2026-11-23T09:10:00+01:00"
    assert "09h" not in (page := done(app, "show", first["uid"]))
    assert "9h13 : réservé, reçu sans rendez-vous (en ligne de commande)" in page
    now.shift(600)
    assert read(app, *line) == first, "sent again later, it is still the same demand"


def test_but_not_at_another_hour(app: Flask, cast: Cast) -> None:
    answer = refused_to_program(app, *NINE, "--usager", cast.diallo, "--walk-in")
    assert answer["error"] == "not_now"
    assert answer["message"].startswith("--start : Une personne sans rendez-vous est reçue maintenant")


def test_when_the_professional_does_not_receive(app: Flask, cast: Cast) -> None:
    lunch = [*BOOK, "--start", "2026-11-23T12:30", "--usager", cast.diallo]
    assert refused_to_program(app, *lunch)["error"] == "no_opening"
    page = done(app, *lunch, "--hors-plage")
    assert "réservé, hors plage (en ligne de commande)" in page


def test_never_over_something_else(app: Flask, cast: Cast) -> None:
    store(block(cast.roux, "2026-11-23 12:30", "2026-11-23 12:35"))
    line = [*BOOK, "--start", "2026-11-23T12:30", "--usager", cast.diallo, "--hors-plage"]
    assert refused_to_program(app, *line)["error"] == "professional_busy"


def test_without_an_hour_somebody_must_be_there(app: Flask) -> None:
    assert misused(app, *BOOK, "--usager", "1", "--hors-plage") == "Option manquante : --start."


# ------------------------------------------------------------------ moving


def test_all_the_professionals_are_named(app: Flask, uid: str) -> None:
    both = ["move", uid, "--professional", "roux", "--professional", "diop"]
    assert lines(done(app, *both), "Avec") == ["Mme Roux, M. Diop"]
    page = done(app, "move", uid, "--professional", "diop")
    assert lines(page, "Avec") == ["M. Diop"]
    assert page.startswith("Rendez-vous modifié.\n")
    assert page.count(" : modifié (en ligne de commande)") == 2


def test_another_type_and_another_duration(app: Flask, uid: str) -> None:
    page = done(app, "move", uid, "--type", "appel", "--duration", "15")
    assert lines(page, "Motif") == ["Appel (par téléphone)"]
    assert lines(page, "Quand") == ["lundi 23 novembre 2026 à 9h00, jusqu’à 9h15"]
    assert lines(page, "Salle") == []


@pytest.mark.parametrize(
    ("more", "error", "message"),
    [
        (["--duration", "17"], "not_on_grid", "--duration : Choisissez une heure ou une durée multiple de 5 minutes."),
        (["--duration", "30"], "unchanged", "--start : Rien ne change ainsi"),
        (["--type", "zzz"], "not_found", "Ce motif n’existe pas"),
        (["--type", "consultation"], "not_qualified", "Ce professionnel ne reçoit pas pour ce motif."),
        (["--professional", "roux", "--professional", "zzz"], "not_found", "Ce professionnel n’existe pas"),
    ],
    ids=["not on the grid", "the same", "unknown type", "another profession's", "unknown professional"],
)
def test_a_change_that_is_refused(app: Flask, uid: str, more: list[str], error: str, message: str) -> None:
    before = read(app, "show", uid)
    answer = refused_to_program(app, "move", uid, *more)
    assert answer["error"] == error
    assert answer["message"].startswith(message)
    assert read(app, "show", uid) == before


# ------------------------------------------------------------------ who takes part


def test_joining_and_leaving(app: Flask, cast: Cast, uid: str) -> None:
    page = done(app, "join", uid, "--usager", "KONÉ Aminata", "--reason", "usager_request")
    assert page.startswith("Personne ajoutée.\n")
    assert len(lines(page, "Usager")) == 2
    assert " : personne ajoutée, à la demande de l’usager (en ligne de commande)" in page
    page = done(app, "leave", uid, "--usager", cast.diallo, "--by", "usager")
    assert page.startswith("Personne retirée.\n")
    assert lines(page, "Usager")[0] == f"DIALLO Amadou (n° {cast.diallo}), annulé par l’usager"
    assert page.count("Avis d’annulation : ") == 1, "only who left is told"
    assert attendances(app, uid) == {cast.diallo: "excused", cast.kone: "expected"}


def test_the_last_one_cannot_leave(app: Flask, cast: Cast, uid: str) -> None:
    answer = refused_to_program(app, "leave", uid, "--usager", cast.diallo, "--by", "service")
    assert answer["error"] == "last"
    assert answer["message"].startswith("--usager : C’est la seule personne de ce rendez-vous")


def test_somebody_who_takes_part_already(app: Flask, cast: Cast, uid: str) -> None:
    assert refused_to_program(app, "join", uid, "--usager", cast.diallo)["error"] == "already"


def test_a_key_adds_a_new_person_once(app: Flask, uid: str, now: time_machine.Coordinates) -> None:
    now.shift(60)
    line = ["join", uid, "--usager", "NOUVEAU Nino", "--phone", "06 39 98 12 00", "--key", "demande-2"]
    first = read(app, *line)
    now.shift(60)
    assert read(app, *line) == first
    assert count(Usager) == 3


def test_somebody_must_be_named_where_people_have_names(app: Flask, uid: str) -> None:
    assert misused(app, "join", uid) == "Option manquante : --usager."


def test_a_confidential_service_adds_a_code(app: Flask, cast: Cast) -> None:
    uid = read(app, *BY_CODE)["uid"]
    assert len(lines(done(app, "join", uid), "Usager")) == 2


# ------------------------------------------------------------------ exchanging, taking back, attendance


def test_exchanging_two(app: Flask, cast: Cast, uid: str) -> None:
    other = read(app, *TEN, "--usager", cast.kone)["uid"]
    line = ["swap", uid, other, "--key", "demande-3"]
    first = read(app, *line)
    assert (first["uid"], first["start"]) == (uid, "2026-11-23T10:00:00+01:00")
    assert read(app, *line) == first
    page = done(app, "show", other)
    assert lines(page, "Quand") == ["lundi 23 novembre 2026 à 9h00, jusqu’à 9h30"]
    assert " : déplacé, échange de créneaux (en ligne de commande)" in page


def test_with_itself_it_cannot_be_exchanged(app: Flask, uid: str) -> None:
    assert refused(app, "swap", uid, uid) == "UID : Choisissez un autre rendez-vous que celui-ci.\n"


def test_a_cancellation_is_taken_back(app: Flask, uid: str) -> None:
    done(app, "cancel", uid, "--by", "usager")
    page = done(app, "restore", uid, "--reason", "mistake")
    assert page.startswith("Rendez-vous rétabli.\n")
    assert lines(page, "État") == ["réservé"]
    assert " : rétabli, erreur de saisie (en ligne de commande)" in page


def test_what_is_not_cancelled_has_nothing_to_take_back(app: Flask, uid: str) -> None:
    assert refused(app, "restore", uid).startswith("UID : Ce rendez-vous n’est pas annulé")


def test_when_its_time_is_taken_others_are_proposed(app: Flask, cast: Cast, uid: str) -> None:
    done(app, "cancel", uid, "--by", "service")
    read(app, *NINE, "--usager", cast.kone)
    answer = refused_to_program(app, "restore", uid)
    assert answer["error"] == "professional_busy"
    assert answer["alternatives"]


def test_attendance_of_each(app: Flask, cast: Cast, uid: str, now: time_machine.Coordinates) -> None:
    read(app, "join", uid, "--usager", cast.kone)
    now.move_to(paris("2026-11-23 09:00"))
    assert done(app, "attendance", uid, "--usager", cast.diallo, "--step", "arrived").startswith("Suivi noté.\n")
    read(app, "attendance", uid, "--usager", cast.kone, "--step", "no_show")
    assert attendances(app, uid) == {cast.diallo: "arrived", cast.kone: "no_show"}
    read(app, "attendance", uid, "--usager", cast.kone, "--step", "expected", "--reason", "mistake")
    assert attendances(app, uid)[cast.kone] == "expected"


@pytest.mark.parametrize(
    ("at", "step", "message"),
    [
        (NOW, "arrived", "--step : Attendez l’heure du rendez-vous pour noter cela."),
        (paris("2026-11-23 08:55"), "no_show", "--step : Attendez l’heure du rendez-vous pour noter cela."),
        (paris("2026-11-23 21:35"), "arrived", "--step : Ce rendez-vous est terminé depuis trop longtemps"),
    ],
    ids=["the day before", "before the hour", "the same evening"],
)
def test_a_step_out_of_its_time(
    app: Flask, cast: Cast, uid: str, now: time_machine.Coordinates, at: Any, step: str, message: str
) -> None:
    now.move_to(at)
    assert refused(app, "attendance", uid, "--usager", cast.diallo, "--step", step).startswith(message)


def test_of_somebody_who_does_not_take_part(app: Flask, cast: Cast, uid: str) -> None:
    line = ["attendance", uid, "--usager", cast.kone, "--step", "expected"]
    assert refused(app, *line) == "Cette personne n’existe pas : vérifiez ce que vous avez tapé.\n"
