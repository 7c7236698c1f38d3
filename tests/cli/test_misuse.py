"""A command line that can never be right, whatever the data: exit code 2 and a French sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest
from flask import Flask

from booking.cli import COMMANDS
from tests.builders import Cast
from tests.cli.running import done, misused, run

BOOK = ["book", "entretien", "--professional", "roux", "--usager", "DIALLO Amadou"]
SLOTS = ["slots", "entretien", "--from", "2026-11-23"]
TIME = "Indiquez une date et une heure qui existent, par exemple 2026-11-24T14:30."
FAR = "Choisissez une date entre 2000 et 2999."
INVISIBLE = "Retirez les caractères invisibles : retapez ce champ au lieu de le coller."
DATE = "Indiquez une date qui existe, par exemple 24/11/2026."


def every_command(commands: tuple[click.Command, ...]) -> Iterator[tuple[str, ...]]:
    for command in commands:
        assert command.name
        yield (command.name,)
        if isinstance(command, click.Group):
            for below in every_command(tuple(command.commands.values())):
                yield (command.name, *below)


@pytest.fixture(params=["sqlite"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """Nothing here reaches the database, but for the zone of the site."""
    name: str = request.param
    return name


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (["show"], "Argument manquant : UID."),
        (["book", "entretien", "--start", "2026-11-23T09:00"], "Option manquante : --professional."),
        (BOOK, "Option manquante : --start."),
        (["cancel", "abc"], "Option manquante : --by."),
        ([*SLOTS], "Option manquante : --to."),
        ([*SLOTS, "--to"], "L’option --to attend une valeur."),
        (["rooms", "--json=oui"], "L’option --json ne prend pas de valeur."),
        (["rooms", "--help=oui"], "L’option --help ne prend pas de valeur."),
        (["rooms", "--jsno"], "L’option --jsno n’existe pas. Vouliez-vous dire --json ?"),
        (["rooms", "--xyz"], "L’option --xyz n’existe pas."),
        (["rooms", "B1"], "Il y a trop d’arguments."),
        (["agent", "creat", "amina"], "La commande creat n’existe pas. Vouliez-vous dire create ?"),
        (["agent", "zzz"], "La commande zzz n’existe pas."),
        (["cancel", "abc", "--by", "personne"], "--by : choisissez parmi usager, service."),
        (["leave", "abc", "--usager", "1"], "Option manquante : --by."),
        (["leave", "abc", "--by", "usager"], "Option manquante : --usager."),
        (["leave", "abc", "--usager", "un", "--by", "usager"], "--usager : Indiquez un nombre entier."),
        (
            ["attendance", "abc", "--usager", "1", "--step", "excused"],
            "--step : choisissez parmi expected, arrived, in_progress, seen, no_show.",
        ),
        (["move", "abc", "--duration", "0"], "--duration : Choisissez une valeur entre 5 et 480."),
        (["swap", "abc"], "Argument manquant : UID."),
        (["restore"], "Argument manquant : UID."),
        (["feed", "revoke", "un"], "NUMÉRO : Indiquez un nombre entier."),
        ([*SLOTS, "--to", "2026-11-24", "--limit", "0"], "--limit : Choisissez une valeur entre 1 et 10000."),
        ([*SLOTS, "--to", "2026-11-24", "--limit", "-"], "--limit : Indiquez un nombre entier."),
        ([*SLOTS, "--to", "2026-11-24", "--limit", "²"], "--limit : Indiquez un nombre entier."),
        ([*SLOTS, "--to", "2026-11-24", "--limit", "9" * 5000], "--limit : Indiquez un nombre entier."),
        (["init", "--site", "/nulle/part.toml"], "--site : ce fichier ne peut pas être lu."),
        (["init", "--site", "a\0b"], "--site : ce fichier ne peut pas être lu."),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value)[-40:].replace("\0", "NUL"),
)
def test_a_wrong_line_is_said_in_french(app: Flask, line: list[str], sentence: str) -> None:
    assert misused(app, *line) == sentence


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        pytest.param("2027-02-29", DATE, id="2027 is no leap year"),
        pytest.param("29/02/2027", DATE, id="the same, as French people write it"),
        pytest.param("2026-13-01", DATE, id="there is no thirteenth month"),
        pytest.param("demain", DATE, id="words are for screens"),
        pytest.param("²026-11-24", DATE, id="a digit for Unicode, not for a date"),
        pytest.param("2026-11-24\n", INVISIBLE, id="nothing but the date"),
        pytest.param("", FAR, id="empty"),
        pytest.param("1999-12-31", FAR, id="before the first year"),
        pytest.param("3000-01-01", FAR, id="after the last year"),
        pytest.param("9999-12-31", FAR, id="no day follows it"),
        pytest.param("0001-01-01", FAR, id="no day comes before it"),
        pytest.param("2026-11-22", "la fin doit venir après le début.", id="before --from"),
    ],
)
def test_a_day_that_cannot_be(app: Flask, cast: Cast, day: str, sentence: str) -> None:
    assert misused(app, *SLOTS, "--to", day) == f"--to : {sentence}"


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        ("2027-02-29T09:00", TIME),
        ("2026-11-23", TIME),
        ("2026-11-23T24:00", TIME),
        ("23/11/2026 9h00", TIME),
        ("2026-11-23T09:00+1:00", TIME),
        ("²026-11-23T09:00", TIME),
        ("", TIME),
        ("0001-01-01T00:00+14:00", TIME),
        ("9999-12-31T23:30", TIME),
        ("3000-01-01T09:00", "Choisissez une valeur entre 01/01/2000 et 31/12/2999."),
        (
            "2027-03-28T02:30",
            "2h30 n’existe pas le dimanche 28 mars 2027 à cause du changement d’heure : choisissez une autre heure.",
        ),
    ],
)
def test_a_start_that_does_not_exist(app: Flask, cast: Cast, start: str, sentence: str) -> None:
    assert misused(app, *BOOK, "--start", start) == f"--start : {sentence}"
    assert misused(app, "move", "abc", "--start", start or "x") == f"--start : {sentence}"


def test_a_move_says_what_changes(app: Flask, cast: Cast) -> None:
    assert misused(app, "move", "abc") == (
        "--start, --professional, --room, --type ou --duration : indiquez ce qui change."
    )


def test_a_named_person_is_required_where_people_have_names(app: Flask, cast: Cast) -> None:
    line = ["book", "entretien", "--professional", "roux", "--start", "2026-11-23T09:00"]
    assert misused(app, *line) == "Option manquante : --usager."


def test_a_list_or_what_to_say_first(app: Flask, cast: Cast) -> None:
    line = [*SLOTS, "--to", "2026-11-24", "--limit", "3", "--suggest", "3"]
    assert misused(app, *line) == "--limit ou --suggest : choisissez l’un des deux."


# ------------------------------------------------------------------ help


@pytest.mark.parametrize("name", list(every_command(COMMANDS)), ids=" ".join)
def test_every_command_has_its_help_in_french(app: Flask, name: tuple[str, ...]) -> None:
    text = done(app, *name, "--help")
    assert text.startswith("Usage : ")
    assert "Affiche cette aide." in text
    assert "Codes de sortie : 0 fait ; 1 refusé ; 2 commande mal écrite" in text
    english = r"Usage:|Options:|Commands:|Show this|required|\b(INTEGER|TEXT|FILENAME|DATE)\b"
    assert re.search(english, text) is None


@pytest.mark.parametrize("name", ["agent", "feed", "outbox"])
def test_a_group_alone_shows_its_commands(app: Flask, name: str) -> None:
    result = run(app, name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Commandes :" in result.stderr


def test_every_option_says_what_it_is_for() -> None:
    def options(commands: tuple[click.Command, ...]) -> Iterator[click.Option]:
        for command in commands:
            yield from (param for param in command.params if isinstance(param, click.Option))
            if isinstance(command, click.Group):
                yield from options(tuple(command.commands.values()))

    assert [option.name for option in options(COMMANDS) if not option.help] == []
