"""When to try again, and when to stop trying. Pure but for its jitter, which is a parameter."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

FIRST = timedelta(minutes=1)
LONGEST = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(hours=48)
TEMPLATE_ATTEMPTS = 3

Jitter = Callable[[float, float], float]


def delay(attempts: int) -> timedelta:
    """How long to wait after that many tries in a row: 1, 2, 4 … 32 minutes, then an hour each time."""
    doublings = min(attempts - 1, 10)  # far past LONGEST already, and no overflow
    return min(FIRST * 2.0**doublings, LONGEST)


def jittered(attempts: int, jitter: Jitter = random.uniform) -> timedelta:
    """The delay stretched by up to a quarter, so that what failed together does not come back together."""
    stretched: timedelta = delay(attempts) * jitter(1.0, 1.25)
    return stretched


def exhausted(attempts: int) -> bool:
    """Whether 48 hours of tries have passed: from now on it is for a person to call."""
    waited = sum((delay(n) for n in range(1, attempts)), timedelta())
    return waited >= GIVE_UP_AFTER
