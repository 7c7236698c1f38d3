"""A mail server for the tests of delivery."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.notify.postman import Postman, on_duty


@pytest.fixture
def postman() -> Iterator[Postman]:
    """A real SMTP server that takes everything until told otherwise."""
    with on_duty() as postman:
        yield postman
