"""The secrets that stand in links."""

from __future__ import annotations

import re

import pytest

from booking import links


def test_a_secret_is_256_bits_that_an_address_takes_as_they_are() -> None:
    secrets = {links.new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert all(re.fullmatch(r"[\w-]{43}", secret, re.ASCII) for secret in secrets)


def test_what_is_stored_is_its_sha_256() -> None:
    """FIPS 180-2, example B.1. Links that people have would stop working if this changed."""
    assert links.hashed("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("given", ["", "é" * 5000, "\ud800", "a\0b"], ids=ascii)
def test_whatever_an_address_holds_has_a_hash(given: str) -> None:
    assert re.fullmatch("[0-9a-f]{64}", links.hashed(given))
