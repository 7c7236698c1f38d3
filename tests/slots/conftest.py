"""What the tests of slots share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from booking.db import db
from tests.builders import Cast


@pytest.fixture
def queries(cast: Cast) -> Iterator[list[str]]:
    """The statements sent from here on."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    yield sent
    sa.event.remove(db.engine, "before_cursor_execute", note)
