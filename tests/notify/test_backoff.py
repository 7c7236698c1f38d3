"""When a message is tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.notify import backoff

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("attempts", "minutes"),
    [
        pytest.param(1, 1, id="a passing fault: soon"),
        pytest.param(2, 2, id="then twice as long each time"),
        pytest.param(6, 32, id="half an hour"),
        pytest.param(7, 60, id="an hour, and never longer"),
        pytest.param(5000, 60, id="whatever the count"),
    ],
)
def test_delays_double_up_to_an_hour(attempts: int, minutes: int) -> None:
    assert backoff.delay(attempts) == minutes * MINUTE


@given(attempts=st.integers(1, 100))
def test_jitter_spreads_by_a_quarter_at_most(attempts: int) -> None:
    shortest = backoff.jittered(attempts, lambda low, high: low)
    longest = backoff.jittered(attempts, lambda low, high: high)
    assert shortest == backoff.delay(attempts)
    assert longest == 1.25 * backoff.delay(attempts)
    assert shortest <= backoff.jittered(attempts) <= longest


def test_it_gives_up_after_two_days_of_tries() -> None:
    last = next(attempts for attempts in range(1, 1000) if backoff.exhausted(attempts))
    waited = sum((backoff.delay(n) for n in range(1, last)), timedelta())
    assert timedelta(hours=48) <= waited < timedelta(hours=49)
    assert not backoff.exhausted(1)
