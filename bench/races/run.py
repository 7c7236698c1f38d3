"""A run: the house stored, everybody started, faults inflicted, then what was answered against what stands."""

from __future__ import annotations

import contextlib
import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from bench.engines import ENGINES
from bench.races import house, journal, reading, shifting
from bench.races.checking import violations
from bench.races.nemesis import FAULTS, Nemesis, Processes
from bench.races.plan import Plan
from bench.races.records import Violation
from bench.races.report import Examined, Report, counted
from booking import messages
from booking.config import Settings
from booking.db import db
from booking.errors import DatabaseUnavailable
from booking.reservations import doctor
from booking.slots import guards

START = 60.0  # seconds that the clients have to be there
FINISH = 60.0  # seconds that clients have to learn what became of their last command
DOCTOR_TRIES = 5
WATCH_EVERY = 0.2


@dataclass(frozen=True)
class Options:
    """What to run. `pause` is the longest time between two faults, in seconds.

    Without `edges` there is neither server nor worker, and every client drives the engine in-process.
    """

    engine: str
    seconds: float
    seed: int = 1
    faults: tuple[str, ...] = FAULTS
    clients: int = 8
    protected: bool = True
    edges: bool = True
    pause: float = 5.0


def run(options: Options) -> Report:
    """Run it on a database of its own, and check."""
    with ENGINES[options.engine]() as app, tempfile.TemporaryDirectory(prefix="races-") as folder:
        return _Run(options, app, Path(folder)).report()


class _Run:
    def __init__(self, options: Options, app: Flask, folder: Path) -> None:
        self.options = options
        settings: Settings = app.extensions["booking"]
        self.processes = Processes(settings, folder, options.clients, options.edges)
        port = self.processes.server.port if options.edges else None
        self.plan: Plan = house.store(folder, port, options.seed, options.clients, options.protected)
        self.files = [self.plan.journal(number) for number in range(options.clients)]
        self.nemesis = Nemesis(self.plan, self.processes, settings, options.faults)
        self.rng = random.Random(options.seed)
        self.faults = dict.fromkeys(options.faults, 0)
        self.examined: list[Examined] = []
        self.overlaps: set[Violation] = set()

    def report(self) -> Report:
        if not self.options.protected:
            with db.engine.begin() as connection:
                guards.uninstall(connection)
        with self.processes.running():
            self._start_together()
            began = time.monotonic()
            self._disturb(began + self.options.seconds)
            seconds = time.monotonic() - began
            self.plan.stop.touch()
            badly = self.processes.wait_for_clients(FINISH)
        self._examine("end")
        return self._reported(seconds, badly)

    def _start_together(self) -> None:
        """Let the clients begin once all of them are there."""
        deadline = time.monotonic() + START
        while not all(file.exists() for file in self.files):
            assert time.monotonic() < deadline, "a client does not start"
            time.sleep(WATCH_EVERY)
        self.plan.go.touch()

    def _disturb(self, until: float) -> None:
        """One fault after the other, with the doctor after each."""
        while self._watch(min(until, time.monotonic() + self.rng.uniform(0.2, 1) * self.options.pause)) < until:
            if not self.faults:
                continue
            name = self.nemesis.strike()
            self.faults[name] += 1
            self._examine(name)

    def _watch(self, until: float) -> float:
        """Look for overlaps again and again: what one command broke, another may hide. Returns the time."""
        while (now := time.monotonic()) < until:
            self.overlaps.update(reading.overlaps(db.session()))
            time.sleep(min(WATCH_EVERY, until - now))
        return now

    def _examine(self, after: str) -> None:
        """Ask the doctor, who may have to wait for the database as everybody else."""
        for _ in range(DOCTOR_TRIES):
            with contextlib.suppress(DatabaseUnavailable):
                problems = [f"{each.check} {each.about}" for each in self._problems()]
                self.examined.append(Examined(after, problems))
                return
            db.engine.dispose()
        raise RuntimeError("the database did not come back")

    def _problems(self) -> list[doctor.Problem]:
        now = shifting.now(self.plan.clock)
        return doctor.examine([lambda session: messages.audit(session, now)])

    def _reported(self, seconds: float, badly: int) -> Report:
        attempts = [attempt for file in self.files for attempt in journal.attempts(file)]
        final = reading.read(db.session())
        return Report(
            engine=self.options.engine,
            seed=self.options.seed,
            seconds=round(seconds, 1),
            protected=self.options.protected,
            faults=self.faults,
            clients_ended_badly=badly,
            doctor=self.examined,
            **counted(attempts, final, [*self.overlaps, *violations(attempts, final)]),
        )
