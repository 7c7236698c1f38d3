"""`flask --app wsgi …` as a process of its own: what a shell, a script and a cron job see."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of data, set up by the command."""
    folder = tmp_path_factory.mktemp("instance")
    answer = flask(folder, "init")
    assert (answer.returncode, answer.stdout.decode()) == (0, "La base est prête.\n")
    return folder


def flask(instance: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[bytes]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BOOKING_")}
    env = kept | {"BOOKING_INSTANCE": str(instance)} | environ
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, timeout=60)


def test_json_is_utf_8_whatever_the_terminal_speaks(instance: Path) -> None:
    answer = flask(instance, "rooms", "--json", PYTHONIOENCODING="latin-1")
    assert (answer.returncode, answer.stderr) == (0, b"")
    assert json.loads(answer.stdout.decode("utf-8"))[0]["name"] == "Bureau d’entretien 1"


@pytest.mark.parametrize(
    ("arguments", "code", "output", "error"),
    [
        (["agent", "create", "amina", "--name", "Amina"], 0, "Lien de connexion de « amina »", ""),
        (["show", "inconnu"], 1, "", "Ce rendez-vous n’existe pas"),
        (["show"], 2, "", "Usage : python -m flask show [OPTIONS] UID"),
        (["doctor"], 0, "Tout est en ordre.", ""),
    ],
    ids=["done", "refused", "misused", "all is well"],
)
def test_exit_codes(instance: Path, arguments: list[str], code: int, output: str, error: str) -> None:
    answer = flask(instance, *arguments, PYTHONIOENCODING="utf-8")
    assert answer.returncode == code
    assert answer.stdout.decode().startswith(output)
    assert answer.stderr.decode().startswith(error)
    assert bool(answer.stderr) == bool(error)


def test_a_wrong_setting_is_named_without_a_traceback(instance: Path) -> None:
    answer = flask(instance, "rooms", BOOKING_PUBLIC_URL="ftp://exemple.fr", PYTHONIOENCODING="utf-8")
    assert answer.returncode == 1
    assert "BOOKING_PUBLIC_URL" in answer.stderr.decode()
    assert "Traceback" not in answer.stderr.decode()
