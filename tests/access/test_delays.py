"""How long a failed sign-in makes the next one wait."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.access import delays

TABLE = [
    ("account", 4, 0, "everybody mistypes"),
    ("account", 5, 1, "then a second"),
    ("account", 8, 8, "doubled each time"),
    ("account", 14, 300, "five minutes at most"),
    ("account", 100_000, 300, "for ever five minutes: nobody is locked out"),
    ("address", 29, 0, "a whole desk behind one address mistypes"),
    ("address", 31, 2, "then it waits too"),
]


@pytest.mark.parametrize(("kind", "failures", "seconds"), [row[:3] for row in TABLE], ids=[row[3] for row in TABLE])
def test_delay(kind: str, failures: int, seconds: int) -> None:
    assert delays.delay_after(kind, failures) == timedelta(seconds=seconds)


@given(st.sampled_from(["account", "address"]), st.integers(0, 10_000))
def test_a_delay_never_shrinks(kind: str, failures: int) -> None:
    assert delays.delay_after(kind, failures) <= delays.delay_after(kind, failures + 1)


def test_what_is_stored_does_not_tell_the_login_without_the_key() -> None:
    account, address = delays.subjects("amina", "192.0.2.1", "key")
    assert "amina" not in account.hash
    assert account.hash != address.hash
    assert account != delays.subjects("amina", "192.0.2.1", "other key")[0]
    assert account == delays.subjects("AMINA", "192.0.2.2", "key")[0], "however it is typed, from wherever"
