"""The command line on the Sunday before the first openings of our stories."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine

from tests.builders import NOW


@pytest.fixture(autouse=True)
def now() -> Iterator[time_machine.Coordinates]:
    """The hands of the clock, at NOW until a test moves them."""
    with time_machine.travel(NOW, tick=False) as hands:
        yield hands
