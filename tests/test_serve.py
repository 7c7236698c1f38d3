"""`make run` keeps the web server and the worker together, and leaves nobody behind.

The supervisor is the real one, and so is gunicorn; the application is a small one with the same commands.
All its processes inherit one pipe, so reading that pipe to its end proves that the last of them is gone.
"""

from __future__ import annotations

import gc
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import booking

SERVE = Path(__file__).resolve().parent.parent / "scripts" / "serve.py"
PATIENCE_SECONDS = 60
APPLICATION = """
import os, pathlib, signal, subprocess, sys
import click
from flask import Flask

app = Flask(__name__)
HERE = pathlib.Path(__file__).parent

@app.get("/master")
def master():
    return str(os.getppid())

@app.cli.command()
def init():
    print("init", os.environ["BOOKING_PUBLIC_URL"])
    if (HERE / "slow").exists():
        signal.pause()
    sys.exit((HERE / "refuse").exists())

@app.cli.command()
@click.option("--if-empty", is_flag=True)
def demo(if_empty):
    print("demo", if_empty)

@app.cli.group()
def agent():
    pass

@agent.command()
@click.argument("name")
def link(name):
    print("lien pour", name)

@app.cli.command()
def worker():
    subprocess.Popen(["sleep", "600"])  # a child that no polite word reaches
    print("worker", os.getpid())
    signal.pause()
"""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the supervisor in a checkout of its own; whatever a failing test leaves is ended."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(SERVE, tmp_path / "scripts")
    (tmp_path / "wsgi.py").write_text(APPLICATION, encoding="utf-8")
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: object) -> subprocess.Popen[str]:
        env = {name: value for name, value in os.environ.items() if not name.startswith("BOOKING_")}
        command = [sys.executable, str(tmp_path / "scripts" / "serve.py"), *map(str, arguments)]
        pipe: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        started.append(subprocess.Popen(command, env=env | {"PYTHONUTF8": "1"}, **pipe))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
            process.communicate()


def until_open(process: subprocess.Popen[str]) -> str:
    """What is said until the worker works and people are invited in."""
    assert process.stdout
    said = ""
    for line in process.stdout:
        said += line
        if "Le site est ouvert" in said and "worker " in said:
            return said
    raise AssertionError(f"never opened: {said}")


def the_end(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and last words, once every process that shares the pipe is gone."""
    said, _ = process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode, said


def test_it_prepares_then_opens_then_gives_the_link(start: Start, port: int) -> None:
    process = start(port)
    said = until_open(process)
    words = [
        f"init http://127.0.0.1:{port}",
        "demo True",
        "lien pour accueil",
        f"Le site est ouvert : http://127.0.0.1:{port}",
    ]
    assert [said.find(word) for word in words] == sorted(said.find(word) for word in words)
    assert all(word in said for word in words)


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_asked_to_stop_it_stops_everything(start: Start, port: int, asked: signal.Signals) -> None:
    process = start(port)
    until_open(process)
    process.send_signal(asked)
    assert the_end(process) == (0, "Arrêt…\n")


def test_when_the_worker_dies_the_web_server_stops(start: Start, port: int) -> None:
    process = start(port)
    worker = re.search(r"^worker (\d+)$", until_open(process), re.MULTILINE)
    assert worker
    os.kill(int(worker[1]), signal.SIGKILL)
    assert the_end(process) == (1, "Le worker s'est arrêté (code -9) : tout s'arrête.\n")


def test_when_the_web_server_dies_the_worker_stops(start: Start, port: int) -> None:
    process = start(port)
    until_open(process)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/master", timeout=PATIENCE_SECONDS) as answer:
        os.kill(int(answer.read()), signal.SIGKILL)
    code, said = the_end(process)
    assert code == 1
    assert "Le serveur web s'est arrêté (code -9) : tout s'arrête." in said


def test_a_refused_preparation_starts_nothing(start: Start, port: int, tmp_path: Path) -> None:
    (tmp_path / "refuse").touch()
    code, said = the_end(start(port))
    assert code == 1
    assert "init " in said
    assert "demo " not in said
    assert "worker " not in said


def test_asked_to_stop_while_it_prepares_it_stops(start: Start, port: int, tmp_path: Path) -> None:
    (tmp_path / "slow").touch()
    process = start(port)
    assert process.stdout
    assert any(line.startswith("init ") for line in process.stdout)
    process.send_signal(signal.SIGTERM)
    assert the_end(process) == (0, "")


def test_a_taken_port_is_said_before_anything_is_done(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        code, said = the_end(start(taken))
    assert (code, said) == (
        1,
        f"Le port {taken} est déjà pris. Choisissez-en un autre : make run PORT={taken + 1}\n",
    )


@pytest.mark.parametrize("arguments", [[], ["http"], ["0"], ["65536"], ["-1"], ["8000", "8001"]], ids=str)
def test_a_wrong_port_is_misuse(start: Start, arguments: list[str]) -> None:
    code, said = the_end(start(*arguments))
    assert (code, said) == (2, "Le port doit être un nombre de 1 à 65535 : make run PORT=8080\n")


INTERRUPTED = """
import runpy, signal, sys, time
flag = runpy.run_path(sys.argv[1])["stop_asked"]
signal.signal(signal.SIGALRM, lambda *_: flag.set())
signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
until = time.monotonic() + 2
while time.monotonic() < until:
    flag.wait(0)
signal.setitimer(signal.ITIMER_REAL, 0)
print(flag.is_set())
"""


def test_a_signal_may_interrupt_the_wait_for_it() -> None:
    """With a threading.Event the handler waits for the lock that the interrupted wait holds, for ever."""
    command = [sys.executable, "-c", INTERRUPTED, str(SERVE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.strip() == "True"


# ------------------------------------------------------------------ a process that lives long


def test_a_collection_does_not_look_through_what_was_there_from_the_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOOKING_INSTANCE", str(tmp_path))
    try:
        app = booking.serve()
        gc.collect()
        assert not any(each is app for each in gc.get_objects())
    finally:
        gc.unfreeze()
    assert any(each is app for each in gc.get_objects())
