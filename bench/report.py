"""The table that people read and the file that programs read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from bench.measure import Result

FILE = Path(__file__).parent / "results.json"


def table(results: Sequence[Result]) -> str:
    """One line a figure."""
    head = f"{'name':<20} {'engine':<11} {'n':>6} {'median':>10} {'unit':<11} {'floor':>10} {'ratio':>7}"
    return "\n".join([head, "-" * len(head), *(_line(result) for result in results)])


def _line(result: Result) -> str:
    floor = "" if result.floor is None else f"{result.floor:.2f}"
    ratio = "" if result.ratio is None else f"{result.ratio:.2f}"
    start = f"{result.name:<20} {result.engine:<11} {result.n:>6} {result.median:>10.2f}"
    return f"{start} {result.unit:<11} {floor:>10} {ratio:>7}"


def write(results: Sequence[Result]) -> None:
    """Write bench/results.json."""
    FILE.write_text(json.dumps([result.as_json() for result in results], indent=2) + "\n", encoding="utf-8")
