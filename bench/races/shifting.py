"""A clock that the bench sets: the same hands for every process, read from a file. The product knows nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from booking import clock

_true: Callable[[], datetime] = clock.now


def install(path: Path) -> None:
    """Let `clock.now()` of this process be what the file makes of it."""
    clock.now = lambda: now(path)


def now(path: Path) -> datetime:
    """The hour that the file makes it."""
    return _true() + timedelta(seconds=int(path.read_text(encoding="ascii")))


def set_to(path: Path, moment: datetime) -> None:
    """Let it be that moment now, for everybody at once."""
    seconds = int((moment - _true()).total_seconds())
    fresh = path.with_suffix(".new")
    fresh.write_text(str(seconds), encoding="ascii")
    fresh.replace(path)
