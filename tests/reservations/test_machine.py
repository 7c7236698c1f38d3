"""The whole engine against a model that is too simple to be wrong, on any sequence of commands."""

from __future__ import annotations

import os
from collections import Counter
from functools import partial

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from booking.db import relaxed
from booking.reservations import proposing, waiting
from tests.reservations import foretelling_queue, house
from tests.reservations.machine import Machine

FEW, STEPS = 30, 30
COMMANDS = (
    *("Book", "Move", "Swap", "Join", "Leave", "Cancel", "Restore", "RecordAttendance", "absence", "closure"),
    *("BookSeries", "MoveSeries", "CancelSeries", "hold", "renew", "release", "wait", "withdraw", "decline"),
    *("propose", "answer_to", "impact", "Displace"),
)
LEFT_OUT = 8  # of all that may be seen done, and seen refused: so few examples try nearly everything


def machine_settings() -> settings:
    """The same few examples each time; or as many as asked, new ones each time."""
    asked = os.environ.get("BOOKING_MACHINE_EXAMPLES")
    return settings(
        max_examples=int(asked or FEW),
        stateful_step_count=STEPS,
        derandomize=not asked,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.reuse, Phase.generate, Phase.shrink],
    )


def test_the_engine_does_as_the_model_says(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nearly each command is also seen to succeed and to be refused: always refused, it would prove nothing."""
    monkeypatch.setattr(waiting, "MOST", foretelling_queue.MOST)
    monkeypatch.setattr(proposing, "OF_THE_LIST", foretelling_queue.OF_THE_LIST)
    monkeypatch.setattr(proposing, "TRIES", 99)  # what is found in time depends on nothing but who came first
    tally: Counter[tuple[str, str]] = Counter()
    with relaxed():
        run_state_machine_as_test(partial(Machine, house.store(), tally), settings=machine_settings())
    done = {name for name, answer in tally if answer == "done"}
    refused = {name for name, answer in tally if answer not in ("done", "again")}
    unseen = [*sorted(set(COMMANDS) - done), *sorted(set(COMMANDS) - refused)]
    assert len(unseen) <= LEFT_OUT, f"never done, or never refused: {unseen}"
