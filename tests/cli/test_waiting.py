"""From the command line: who waits, what is proposed to them, and what they answer."""

from __future__ import annotations

import pytest
from flask import Flask

from booking.db import db
from booking.people.models import Usager
from booking.reservations import Book, book, doctor, proposing
from booking.reservations.models import Appointment
from booking.slots.models import AppointmentType
from tests.builders import Cast, act, set_on
from tests.cli.running import done, misused, read, refused
from tests.reservations.waiters import NINE, fill, lost

ADD = ["waiting", "add", "entretien", "--from", "2026-11-23", "--to", "2026-11-27"]
CANCEL = ["--by", "service"]


def test_from_the_list_to_the_appointment(app: Flask, cast: Cast) -> None:
    first, *_ = fill(cast)
    noted = read(app, *ADD[:-1], "2026-11-23", "--usager", cast.diallo, "--professional", "roux")
    assert (noted["usager"], noted["professional"], noted["proposal"]) == (cast.diallo, "roux", None)
    assert read(app, "waiting", "propose") == []
    said = done(app, "cancel", first.uid, *CANCEL)
    assert f"Créneau proposé à l’usager n° {cast.diallo}" in said
    (listed,) = read(app, "waiting", "list")
    assert (listed["uid"], listed["proposal"]["start"][:16]) == (noted["uid"], "2026-11-23T09:00")
    booked = read(app, "waiting", "accept", listed["proposal"]["uid"])
    assert (booked["start"][:16], booked["status"]) == ("2026-11-23T09:00", "booked")
    assert read(app, "waiting", "list") == []
    assert doctor.examine() == []


def test_what_is_freed_is_not_said_to_programs(app: Flask, cast: Cast) -> None:
    first, *_ = fill(cast)
    read(app, *ADD, "--usager", cast.diallo)
    assert read(app, "cancel", first.uid, *CANCEL)["status"] == "cancelled"
    assert read(app, "waiting", "list")[0]["proposal"] is not None


def test_what_was_done_is_said_once_also_when_nothing_can_be_proposed(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server goes away once it is cancelled: what a program reads is one answer, and it is true."""
    first, second, *_ = fill(cast)
    read(app, *ADD, "--usager", cast.diallo)
    with monkeypatch.context() as gone:
        gone.setattr(proposing, "wanting", lost)
        assert read(app, "cancel", first.uid, *CANCEL)["status"] == "cancelled"
        assert done(app, "cancel", second.uid, *CANCEL)
        assert "Rien n’a été enregistré" in refused(app, "waiting", "propose")
    assert "Créneau proposé" in done(app, "waiting", "propose")


def test_a_move_and_a_leave_free_something_too(app: Flask, cast: Cast) -> None:
    first, *_ = fill(cast)
    read(app, *ADD[:-1], "2026-11-23", "--usager", cast.diallo, "--professional", "roux")
    assert "Créneau proposé" in done(app, "move", first.uid, "--start", "2026-11-24T09:00")


def test_a_seat_that_is_left_is_proposed(app: Flask, cast: Cast) -> None:
    set_on(AppointmentType, cast.entretien, capacity=1)
    session = book(Book("open", cast.entretien, NINE, cast.roux, cast.kone), act())
    noted = read(app, "waiting", "add", "--session", session.uid, "--usager", cast.diallo)
    assert noted["session"] == session.uid
    assert "séance du lundi 23 novembre 2026 à 9h00" in done(app, "waiting", "list")
    assert "Créneau proposé" in done(app, "leave", session.uid, "--usager", cast.kone, "--by", "usager")
    (listed,) = read(app, "waiting", "list")
    assert read(app, "waiting", "accept", listed["proposal"]["uid"])["uid"] == session.uid
    assert doctor.examine() == []


def test_declined_it_stays_on_the_list_and_withdrawn_it_leaves(app: Flask, cast: Cast) -> None:
    noted = read(app, *ADD, "--usager", cast.diallo)
    assert "Créneau" in done(app, "waiting", "propose")
    assert done(app, "waiting", "propose") == "Rien de nouveau à proposer.\n"
    (listed,) = read(app, "waiting", "list")
    assert "proposé : lundi 23 novembre 2026 à 9h00" in done(app, "waiting", "list")
    proposal = listed["proposal"]["uid"]
    assert read(app, "waiting", "decline", proposal) == {"declined": proposal}
    assert "Cette proposition n’existe pas" in refused(app, "waiting", "accept", proposal)
    assert read(app, "waiting", "withdraw", noted["uid"]) == {"withdrawn": noted["uid"]}
    assert done(app, "waiting", "list") == "Personne n’attend.\n"


def test_what_would_suit_is_said(app: Flask, cast: Cast) -> None:
    wishes = ["--weekday", "1", "--weekday", "3", "--after", "9h", "--before", "12:00"]
    misused(app, *ADD, *wishes, "--usager", cast.diallo)
    wishes[5] = "9h00"
    noted = read(app, *ADD, *wishes, "--usager", cast.diallo)
    assert (noted["weekdays"], noted["after"], noted["before"]) == ([1, 3], "9h00", "12h00")
    said = done(app, "waiting", "list")
    assert "du 23/11/2026 au 27/11/2026, lundi et mercredi, de 9h00 à 12h00" in said


def test_somebody_new_is_created_once_even_when_it_is_sent_twice(app: Flask, cast: Cast) -> None:
    line = [*ADD, "--usager", "PETIT Nina", "--key", "k"]
    noted = read(app, *line)
    assert read(app, *line) == noted
    assert db.session.get_one(Usager, noted["usager"]).name == "PETIT Nina"


def test_a_confidential_service_gives_a_code(app: Flask, cast: Cast) -> None:
    line = ["waiting", "add", "depistage", "--from", "2026-11-23", "--to", "2026-11-27"]
    assert "Visiteur" in done(app, *line)
    assert "--usager" in refused(app, *line, "--usager", "DIALLO Amadou")


MISUSED = [
    (["waiting", "add", "entretien", "--to", "2026-11-27"], "Option manquante : --usager."),
    (["waiting", "add", "entretien", "--usager", "1"], "Option manquante : --to."),
    (["waiting", "add"], "TYPE ou --session : indiquez l’un des deux."),
    ([*ADD, "--session", "x"], "TYPE ou --session : indiquez l’un des deux."),
    (
        ["waiting", "add", "--session", "x", "--weekday", "1"],
        "--session : une séance a déjà son professionnel, son jour et son heure.",
    ),
    ([*ADD, "--after", "25h00"], "--after : indiquez une heure, par exemple 9h30."),
    ([*ADD, "--weekday", "8"], "--weekday : Choisissez une valeur entre 1 et 7."),
    (["waiting", "withdraw"], "Argument manquant : UID."),
    (["waiting", "decline"], "Argument manquant : PROPOSITION."),
]


@pytest.mark.parametrize(("line", "sentence"), MISUSED)
def test_misuse(app: Flask, cast: Cast, line: list[str], sentence: str) -> None:
    assert misused(app, *line) == sentence


REFUSED = [
    (["waiting", "withdraw", "0" * 32], "Cette demande de la liste d’attente n’existe pas"),
    (["waiting", "decline", "é"], "Cette proposition n’existe pas"),
    (["waiting", "accept", "0" * 32], "Cette proposition n’existe pas"),
    (["waiting", "add", "--session", "0" * 32, "--usager", "1"], "Ce rendez-vous n’existe pas"),
    ([*ADD[:-1], "2026-11-01", "--usager", "1"], "n’existe pas"),
]


@pytest.mark.parametrize(("line", "sentence"), REFUSED)
def test_refusals(app: Flask, cast: Cast, line: list[str], sentence: str) -> None:
    assert sentence in refused(app, *line)


WISHES = [
    (["--to", "2026-11-22"], "--to : La fin doit venir après le début."),
    (["--to", "2028-11-27"], "--to : Choisissez une valeur entre 22/11/2026 et 23/11/2027."),
    (["--weekday", "7"], "--weekday : Aucun de ces jours ne tombe dans la période"),
    (["--after", "9h01"], "--after : Choisissez une heure ou une durée multiple de 5 minutes."),
    (["--after", "12h00", "--before", "9h00"], "--before : La fin doit venir après le début."),
    (["--professional", "lenoir"], "--professional : Ce professionnel ne reçoit pas pour ce motif"),
]


@pytest.mark.parametrize(("more", "sentence"), WISHES)
def test_wishes_that_nothing_could_meet(app: Flask, cast: Cast, more: list[str], sentence: str) -> None:
    assert sentence in refused(app, *ADD, *more, "--usager", cast.diallo)


def test_a_full_session_says_what_to_do(app: Flask, cast: Cast) -> None:
    set_on(AppointmentType, cast.entretien, capacity=1)
    full = book(Book("open", cast.entretien, NINE, cast.roux, cast.kone), act())
    assert "notez la demande" in refused(app, "join", full.uid, "--usager", cast.diallo)
    set_on(Appointment, full.appointment_id, capacity=2)
    assert "Personne ajoutée." in done(app, "join", full.uid, "--usager", cast.diallo)
