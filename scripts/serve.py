"""`make run`: the database, the web server and the worker, together until Ctrl-C.

Each of the two runs in a process group of its own, so that stopping it stops its children too. When one of
them ends, the other is stopped as well: half a product would look alive and send nothing.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLASK = (sys.executable, "-m", "flask", "--app", "wsgi")
LOOK_EVERY_SECONDS = 0.2
START_SECONDS = 30
GRACE_SECONDS = 10

Children = Mapping[str, "subprocess.Popen[bytes]"]


class Flag:
    """What a signal handler may raise. A threading.Event would wait for itself when a signal interrupts its wait."""

    raised = False

    def set(self) -> None:
        self.raised = True

    def is_set(self) -> bool:
        return self.raised

    def wait(self, seconds: float) -> bool:
        time.sleep(seconds)
        return self.raised


# A flag and no exception: a child that has just been started is never forgotten between two lines.
stop_asked = Flag()


def web(port: int, env: Mapping[str, str]) -> list[str]:
    """One process on SQLite, which has one writer, two on PostgreSQL; threads, because requests wait."""
    processes = 2 if env.get("BOOKING_DATABASE_URL", "").startswith("postgresql") else 1
    return [
        *(sys.executable, "-m", "gunicorn", "wsgi:app"),
        *("--bind", f"127.0.0.1:{port}", "--workers", str(processes), "--threads", "8"),
        *("--no-control-socket", "--log-level", "warning"),
    ]


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def sign_in_link(env: Mapping[str, str]) -> str:
    """What the command says: the demonstration's link, or why there is none (a site with its own agents)."""
    command = [*FLASK, "agent", "link", "accueil"]
    asked = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    return (asked.stdout or asked.stderr).strip()


def signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, number)


@contextlib.contextmanager
def running(commands: Mapping[str, Sequence[str]], env: Mapping[str, str]) -> Iterator[Children]:
    """The commands, started; every process that they began is gone at the end, however the block ends."""
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, command in commands.items():
            children[name] = subprocess.Popen(command, cwd=ROOT, env=env, start_new_session=True)
        yield children
    finally:
        stop_all(children)


def stop_all(children: Children) -> None:
    """A polite word to all, GRACE_SECONDS for all together, then the end of what is left in each group."""
    for child in children.values():
        signal_group(child, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    for child in children.values():
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(max(0.0, deadline - time.monotonic()))
        signal_group(child, signal.SIGKILL)
        child.wait()


def ended(children: Children) -> str | None:
    """The first that is no longer there, in a sentence."""
    for name, child in children.items():
        if child.poll() is not None:
            return f"{name} s'est arrêté (code {child.returncode}) : tout s'arrête."
    return None


def succeeds(command: Sequence[str], env: Mapping[str, str]) -> bool:
    """Run to the end, unless somebody asks to stop first."""
    with running({"": command}, env) as children:
        child = children[""]
        while child.poll() is None and not stop_asked.wait(LOOK_EVERY_SECONDS):
            pass
        return child.returncode == 0


def opened(port: int, children: Children) -> bool:
    """Wait until the port answers; false when somebody ended, asked to stop, or it takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while not answers(port):
        if ended(children) or time.monotonic() > deadline or stop_asked.wait(LOOK_EVERY_SECONDS):
            return False
    return True


def watch(port: int, children: Children, env: Mapping[str, str]) -> str:
    """Why it is over, in a sentence; empty when somebody asked for it."""
    if opened(port, children):
        print(f"\n{sign_in_link(env)}\n")
        print(f"Le site est ouvert : {env['BOOKING_PUBLIC_URL']} (Ctrl-C pour arrêter)")
        while not ended(children) and not stop_asked.wait(LOOK_EVERY_SECONDS):
            pass
    if stop_asked.is_set():
        return ""
    return ended(children) or f"Le serveur web ne répond pas après {START_SECONDS} s : tout s'arrête."


def serve(port: int, env: Mapping[str, str]) -> int:
    """Schema at head, first site, demonstration when there is nothing yet; then the two, until the end."""
    print("Préparation de la base et de la démonstration…")
    prepared = all(succeeds([*FLASK, *command], env) for command in (["init"], ["demo", "--if-empty"]))
    if not prepared:
        return 0 if stop_asked.is_set() else 1
    with running({"Le serveur web": web(port, env), "Le worker": [*FLASK, "worker"]}, env) as children:
        reason = watch(port, children, env)
        print(reason or "Arrêt…")
    return 1 if reason else 0


def main(arguments: Sequence[str]) -> int:
    """Exit codes: 0 stopped on request, 1 refused or fallen, 2 not a port."""
    port = int(arguments[0]) if len(arguments) == 1 and arguments[0].isdecimal() else 0
    if not 0 < port < 65536:
        print("Le port doit être un nombre de 1 à 65535 : make run PORT=8080", file=sys.stderr)
        return 2
    if not port_is_free(port):
        print(
            f"Le port {port} est déjà pris. Choisissez-en un autre : make run PORT={port + 1}",
            file=sys.stderr,
        )
        return 1
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop_asked.set())
    return serve(port, {"BOOKING_PUBLIC_URL": f"http://127.0.0.1:{port}", "PYTHONUNBUFFERED": "1"} | os.environ)


if __name__ == "__main__":
    # Lines are seen at once, through a pipe too.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # it is a file, whatever TextIO says
    sys.exit(main(sys.argv[1:]))
