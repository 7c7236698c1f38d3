"""The only place that asks the time. Rules receive `now` as a parameter."""

from __future__ import annotations

from datetime import UTC, datetime

GRID_SECONDS = 300  # appointments start on it, in UTC


def now() -> datetime:
    """The present instant: aware, UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def rounded_down(instant: datetime) -> datetime:
    """The last five minutes that had begun at an instant: when somebody who is there now is received."""
    seconds = int(instant.timestamp())
    return datetime.fromtimestamp(seconds - seconds % GRID_SECONDS, UTC)
