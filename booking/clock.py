"""The only place that asks the time. Rules receive `now` as a parameter."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present instant: aware, UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)
