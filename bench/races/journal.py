"""What a client writes down: a line before it sends, a line once it is answered. A process that dies keeps both."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.races.records import Attempt, Result

# Why an answer leaves it open: the product said that nothing was recorded, and may be sent the same again.
NOTHING_WRITTEN = "nothing written"


@dataclass(frozen=True)
class Order:
    """A command as JSON can hold it: ids, codes and ISO times."""

    key: str
    kind: str
    what: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What came back; `stands` is uid → version, None where it was not said."""

    result: Result
    why: str = ""
    stands: dict[str, int | None] = field(default_factory=dict)
    replayed: bool = False


class Journal:
    """One client's file, gone on with by whoever takes its place."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("a", encoding="utf-8")
        self.file.write("\n")  # ends what a killed process may have left half-written
        self.file.flush()

    def sent(self, order: Order) -> None:
        """About to be sent."""
        self._write(key=order.key, kind=order.kind, what=order.what, sent=time.monotonic())

    def answered(self, order: Order, answer: Answer) -> None:
        """It came back, or never will."""
        self._write(key=order.key, at=time.monotonic(), **vars(answer))

    def close(self) -> None:
        """Nothing more will be written."""
        self.file.close()

    def _write(self, **line: Any) -> None:
        self.file.write(json.dumps(line) + "\n")
        self.file.flush()


def attempts(path: Path) -> list[Attempt]:
    """What a client tried, in order; the last may have no answer."""
    found: list[Attempt] = []
    for line in _lines(path):
        if "sent" in line:
            found.append(Attempt(line["key"], line["kind"], line["sent"], what=line["what"]))
        else:
            asked = found.pop()
            assert asked.key == line["key"], f"{path}: an answer to nothing"
            found.append(Attempt(**{**vars(asked), **line}))
    return found


def unfinished(path: Path) -> Order | None:
    """The command whose fate its client did not learn before it died."""
    tried = attempts(path) if path.exists() else []
    if not tried or tried[-1].result != "unknown":
        return None
    last = tried[-1]
    return Order(last.key, last.kind, dict(last.what))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue  # cut by a kill: what was not wholly written before sending was not sent
        yield line
