"""Timing, and what a result is."""

from __future__ import annotations

import gc
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Unit = Literal["ms", "per_second", "MB"]


@dataclass(frozen=True)
class Result:
    """One figure. `floor` is the same work without the product, measured in the same run; `ratio` is ours to it."""

    name: str
    engine: str
    n: int
    median: float
    unit: Unit
    floor: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times the floor, so that 1.0 is the best there can be: above it for ms, below it per second."""
        return round(self.median / self.floor, 2) if self.floor else None

    def as_json(self) -> dict[str, Any]:
        """What bench/results.json holds; floor and ratio only where there are any."""
        values = {**asdict(self), "ratio": self.ratio}
        return {name: value for name, value in values.items() if value is not None}


def milliseconds(work: Callable[[], object], n: int, warm: int = 2) -> float:
    """The median duration of n runs, after some that are not counted."""
    return round(statistics.median(durations(work, n, warm)), 3)


def durations(work: Callable[[], object], n: int, warm: int = 2) -> list[float]:
    """How many milliseconds each of n runs takes, after some that are not counted."""
    for _ in range(warm):
        work()
    gc.collect()
    return [once(work) for _ in range(n)]


def once(work: Callable[[], object]) -> float:
    """How many milliseconds it takes."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def p95(durations: Sequence[float]) -> float:
    """What one in twenty is longer than."""
    return round(statistics.quantiles(durations, n=20)[-1], 1)


def p99(durations: Sequence[float]) -> float:
    """What one in a hundred is longer than."""
    return round(statistics.quantiles(durations, n=100)[-1], 1)


def peak_megabytes(work: Callable[[], object]) -> float:
    """How much memory Python asks for at most while it runs, beyond what it had."""
    work()
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return round(tracemalloc.get_traced_memory()[1] / 1e6, 1)
    finally:
        tracemalloc.stop()


def per_second(work: Callable[[], int]) -> tuple[int, float]:
    """How many things were done, and how many a second."""
    gc.collect()
    start = time.perf_counter()
    done = work()
    return done, round(done / (time.perf_counter() - start), 1)
