"""Setting up, the demonstration's command, the doctor, and a database that does not answer."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from booking import create_app, schema
from booking import demo as demonstration
from booking.cli.upkeep import PROBLEMS
from booking.db import db, in_transaction
from booking.rooms import inventory
from booking.rooms.models import Room
from booking.slots import guards
from booking.slots.models import Occupancy, Opening
from tests.builders import NOW, Cast
from tests.cli.running import done, misused, read, refused, refused_to_program, run
from tests.starting import settings_in

ROOT = Path(__file__).resolve().parents[2]
BOOKED = ["book", "entretien", "--professional", "roux", "--start", "2026-11-26T09:00", "--usager"]


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Flask]:
    """The application over a SQLite file that has no table yet."""
    app = create_app(settings_in(tmp_path))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def room_codes() -> list[str]:
    return list(db.session.scalars(sa.select(Room.code).order_by(Room.position)))


# ------------------------------------------------------------------ init


def test_init_makes_the_schema_and_the_first_site(bare: Flask) -> None:
    assert done(bare, "init") == "La base est prête.\n"
    with db.engine.connect() as connection:
        assert schema.at_head(connection)
    assert len(room_codes()) == 10 + 4 + 3 + 4


def test_init_may_be_repeated(app: Flask) -> None:
    assert read(app, "init") == read(app, "init") == {"initialised": True}
    assert len(room_codes()) == 21


def test_init_loads_another_site(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "gennevilliers.toml"
    file.write_text(inventory.first_site().replace('"asnieres"', '"gennevilliers"'), encoding="utf-8")
    done(app, "init")
    done(app, "init", "--site", file)
    assert len(room_codes()) == 42


def test_init_refuses_a_faulty_site_with_lines_and_fields_and_loads_nothing(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    text = inventory.first_site().replace("capacity = 8", 'capacity = "huit"').replace("Europe/Paris", "Europe/Lutèce")
    file.write_text(text, encoding="utf-8")
    lines = refused(app, "init", "--site", file).splitlines()
    assert lines[0] == "Rien n’a été chargé."
    assert len(lines) == 3
    assert ", site.zone : " in lines[1]
    assert ", room.capacity : " in lines[2]
    assert all(line.startswith("ligne ") for line in lines[1:])
    assert room_codes() == []


def test_init_reads_text_only(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_bytes("zone = « é »".encode("latin-1"))
    assert misused(app, "init", "--site", file) == "--site : ce fichier n’est pas un texte en UTF-8."


@pytest.mark.parametrize("line", [["rooms"], ["show", "abc"], ["demo"], ["outbox", "list"], ["feed", "revoke", "1"]])
def test_before_init_every_command_says_what_to_do(bare: Flask, line: list[str]) -> None:
    assert refused(bare, *line) == "La base n’est pas prête : lancez d’abord « flask --app wsgi init ».\n"
    assert refused_to_program(bare, *line)["error"] == "not_initialised"


def test_before_a_site_is_loaded_too(app: Flask) -> None:
    assert refused(app, "demo") == "La base n’est pas prête : lancez d’abord « flask --app wsgi init ».\n"


# ------------------------------------------------------------------ demo


@pytest.fixture
def without_appointments(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demonstration, but for what takes its time: booking has its own tests."""
    monkeypatch.setattr(demonstration, "load", partial(demonstration.load, filled=0.0))


def test_demo_loads_once(app: Flask, without_appointments: None) -> None:
    done(app, "init")
    loaded = read(app, "demo", "--today", "2026-11-25", "--seed", 7)
    assert loaded == {"loaded": True, "professionals": 42, "types": 24, "usagers": 600, "appointments": 0}
    assert read(app, "demo", "--if-empty") == {"loaded": False}
    first_days = set(db.session.scalars(sa.select(Opening.first_day)))
    assert first_days == {date(2026, 11, 11)}, "two weeks before the day that is taken for today"


def test_demo_for_people_is_today_and_has_its_agent(app: Flask, without_appointments: None) -> None:
    done(app, "init")
    assert done(app, "demo").splitlines() == [
        "Chargement de la démonstration…",
        "Démonstration chargée : 42 professionnels, 24 motifs, 600 usagers, 0 rendez-vous.",
    ]
    assert set(db.session.scalars(sa.select(Opening.first_day))) == {NOW.date() - timedelta(days=14)}
    assert "/lien/" in done(app, "agent", "link", "accueil")
    assert done(app, "doctor") == "Tout est en ordre.\n"


def test_demo_leaves_real_data_alone(app: Flask, cast: Cast) -> None:
    sentence = "La base contient déjà des données : rien n’a été chargé.\n"
    assert refused(app, "demo") == sentence
    assert refused_to_program(app, "demo")["error"] == "not_empty"
    assert done(app, "demo", "--if-empty") == sentence
    assert read(app, "demo", "--if-empty") == {"loaded": False}


# ------------------------------------------------------------------ doctor


def test_the_doctor_finds_nothing(app: Flask, cast: Cast) -> None:
    done(app, *BOOKED, cast.diallo)
    assert done(app, "doctor") == "Tout est en ordre.\n"
    assert read(app, "doctor") == []


def test_the_doctor_misses_the_guard(app: Flask, cast: Cast, engine_name: str) -> None:
    with db.engine.begin() as connection:
        guards.uninstall(connection)
    try:
        result = run(app, "doctor")
    finally:
        with db.engine.begin() as connection:
            guards.install(connection)
    missing = {"sqlite": "occupancy_no_overlap_insert", "postgresql": "occupancy_no_overlap"}[engine_name]
    assert (result.exit_code, result.stderr) == (1, "")
    lines = result.stdout.splitlines()
    assert lines[0] == f"La base n’empêche plus les chevauchements : manque {missing}."
    assert lines[-1] == "La base n’empêche plus les chevauchements : accepte update."


def test_the_doctor_misses_messages_and_occupancies(app: Flask, cast: Cast) -> None:
    uid = read(app, *BOOKED, cast.diallo)["uid"]
    in_transaction(lambda session: session.execute(sa.delete(Occupancy)) and None)
    in_transaction(
        lambda session: session.execute(sa.text("DELETE FROM outbox_message WHERE kind = 'reminder'")) and None
    )
    result = run(app, "doctor")
    assert (result.exit_code, result.stdout.splitlines()) == (
        1,
        [
            f"Ce qui est pris n’est pas ce que prend le rendez-vous : rendez-vous {uid}.",
            f"Les messages ne sont pas ceux qui sont dus : manque reminder:{uid}:0:{cast.diallo}.",
        ],
    )


def test_the_doctor_answers_programs(bare: Flask) -> None:
    result = run(bare, "doctor", "--json")
    assert result.exit_code == 1
    assert '"check": "schema"' in result.stdout
    assert "Le schéma n’est pas à jour : lancez « flask --app wsgi init »." in result.stdout


def test_the_doctor_can_say_every_problem_that_the_code_can_find() -> None:
    codes = {
        node.args[0].value
        for path in (ROOT / "booking").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem"
        if isinstance(node.args[0], ast.Constant)
    }
    assert codes == set(PROBLEMS)


# ------------------------------------------------------------------ a database that does not answer


def test_a_database_out_of_reach(tmp_path: Path) -> None:
    app = create_app(settings_in(tmp_path, "postgresql://nobody@127.0.0.1:9/none"))
    with app.app_context():
        answer = refused_to_program(app, "rooms")
    assert answer["error"] == "database_unavailable"
    assert answer["message"].startswith("La base de données ne répond pas.")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "booking.sqlite").write_bytes(b"nothing that SQLite knows" * 100)
    app = create_app(settings_in(tmp_path))
    with app.app_context():
        assert refused_to_program(app, "rooms")["error"] == "database_unavailable"
        db.engine.dispose()
