"""The whole engine against a model that is too simple to be wrong, on any sequence of commands."""

from __future__ import annotations

import os
from collections import Counter
from functools import partial

from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from booking.db import relaxed
from tests.reservations import house
from tests.reservations.machine import Machine

FEW, STEPS = 50, 30
COMMANDS = (
    *("Book", "Move", "Swap", "Join", "Leave", "Cancel", "Restore", "RecordAttendance", "absence", "closure"),
    *("BookSeries", "MoveSeries", "CancelSeries", "hold", "renew", "release"),
)


def machine_settings() -> settings:
    """The same few examples each time; or as many as asked, new ones each time."""
    asked = os.environ.get("BOOKING_MACHINE_EXAMPLES")
    return settings(
        max_examples=int(asked or FEW),
        stateful_step_count=STEPS,
        derandomize=not asked,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.reuse, Phase.generate, Phase.shrink],
    )


def test_the_engine_does_as_the_model_says(app: Flask) -> None:
    """Each command is also seen to succeed and to be refused: a machine that is always refused proves nothing."""
    tally: Counter[tuple[str, str]] = Counter()
    with relaxed():
        run_state_machine_as_test(partial(Machine, house.store(), tally), settings=machine_settings())
    done = {name for name, answer in tally if answer == "done"}
    refused = {name for name, answer in tally if answer not in ("done", "again")}
    if machine_settings().derandomize:  # of new examples, few may leave one out
        assert (done, refused) == (set(COMMANDS), set(COMMANDS)), sorted(tally.items())
