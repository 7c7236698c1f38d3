"""`python -m bench [name…]`: run the workloads, print the table, write bench/results.json.

With names (« slots », « book.http », « feed.5000.cold »), only those are run and the file is left alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from bench import browsing, engine, feed, grow, report, slots, workload
from bench.engines import ENGINES
from bench.measure import Result
from booking.config import Settings


def results(name: str, wanted: tuple[str, ...]) -> Iterator[Result]:
    """The figures of one database."""
    opened = ENGINES[name]
    if _any("slots", wanted):
        with opened():
            yield from slots.measure(name, workload.store())
        with opened():
            yield from slots.measure_many(name, workload.store(professionals=workload.MANY))
    if _any("book.engine", wanted):
        with opened() as app:
            settings: Settings = app.extensions["booking"]
            yield engine.measure(name, workload.store(busy=False), Path(settings.instance))
    if _any("feed", wanted):
        with opened():
            yield from feed.measure(name, workload.store(busy=False))
    for size in grow.SIZES if _any("grow", wanted) else ():
        with opened():
            yield from grow.measure(name, workload.store(busy=False), size)
    if _any("book.http", wanted) or _any("page", wanted):
        with opened() as app:
            yield from browsing.measure(name, app.extensions["booking"])


def _any(group: str, wanted: tuple[str, ...]) -> bool:
    return not wanted or any(name.startswith(group) or group.startswith(name) for name in wanted)


def main(wanted: tuple[str, ...]) -> None:
    """Run what is wanted, all of it by default."""
    found = [result for name in ENGINES for result in results(name, wanted)]
    print(report.table(found))
    if not wanted:
        report.write(found)


if __name__ == "__main__":
    main(tuple(sys.argv[1:]))
