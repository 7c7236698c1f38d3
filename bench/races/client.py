"""One client process: `python -m bench.races.client NUMBER`. Killed and started again, it goes on with its file."""

from __future__ import annotations

import os
import random
import sys
import time
from contextlib import closing
from typing import Protocol

from sqlalchemy import exc

from bench.races.drawing import Draw
from bench.races.inprocess import InProcess
from bench.races.journal import Answer, Journal, Order, unfinished
from bench.races.looking import let_go, look, usagers
from bench.races.overhttp import OverHttp
from bench.races.plan import Plan
from booking.db import db

AFTER_STOP = 30.0  # seconds that a client goes on asking what became of its last command
PAUSE, START_PAUSE = (0.05, 0.3), 0.02
SENT_AGAIN = 0.05  # how often a client that was answered asks again


class Driver(Protocol):
    """A way to send orders."""

    def send(self, order: Order) -> Answer:
        """Send it once."""
        ...


class Client:
    """Draws, sends, writes down; whatever was not answered is sent again under the same key."""

    def __init__(self, plan: Plan, number: int, journal: Journal) -> None:
        self.plan = plan
        login = f"clerk{number}"
        port = plan.port if number % 2 else None  # half of them use the screens, where there are any
        self.driver: Driver = OverHttp(port, login) if port else InProcess(plan, login)
        self.journal = journal
        self.draw = Draw(plan, f"c{number}-{os.getpid()}", port is not None, lambda seen: usagers(db.session(), seen))
        self.rng = random.Random(f"{plan.seed}-{number}")
        self.deadline = float("inf")

    def run(self, left: Order | None) -> None:
        """From the start of the run until it stops; first what an earlier life left open."""
        while not self.plan.go.exists():
            time.sleep(START_PAUSE)
        if left is not None:
            self._settle(left)
        while not self._stopping():
            try:
                order = self.draw.order(look(db.session()))
            except exc.DBAPIError:
                self._wait()  # the database is being restarted
                continue
            finally:
                let_go()
            self._carry_on(order)

    def _carry_on(self, order: Order) -> None:
        answer = self._settle(order)
        if answer.result == "confirmed" and order.kind == "hold":
            (uid,) = answer.stands
            self._settle(self.draw.named("book", order.what | {"hold": uid}))
        elif answer.result == "confirmed" and self.rng.random() < SENT_AGAIN:
            self._settle(order)

    def _settle(self, order: Order) -> Answer:
        """Send it until its fate is known, or the time is up."""
        while True:
            self.journal.sent(order)
            answer = self.driver.send(order)
            self.journal.answered(order, answer)
            if answer.result != "unknown" or (self._stopping() and time.monotonic() > self.deadline):
                return answer
            self._wait()

    def _stopping(self) -> bool:
        if self.deadline == float("inf") and self.plan.stop.exists():
            self.deadline = time.monotonic() + AFTER_STOP
        return self.deadline != float("inf")

    def _wait(self) -> None:
        let_go()
        time.sleep(self.rng.uniform(*PAUSE))


if __name__ == "__main__":
    from bench.races.product import PLAN, app

    who = int(sys.argv[1])
    left_open = unfinished(PLAN.journal(who))
    with app.app_context(), closing(Journal(PLAN.journal(who))) as written:
        Client(PLAN, who, written).run(left_open)
        db.engine.dispose()
