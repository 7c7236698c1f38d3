"""On which line each table and key of a TOML document stands, which tomllib does not say. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field

# Strings first, so that what they hold is neither a bracket, a comment nor an end of line.
_PIECE = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|\#[^\n]*"
    r"|[\[\]{}\n]"
    r"|[^\[\]{}\n\"'\#]+",
    re.DOTALL,
)
_DEPTHS = {"[": 1, "{": 1, "]": -1, "}": -1}


@dataclass
class Lines:
    """Line numbers, from 1, of the tables of a document (the nth one of an array) and of their keys."""

    _found: dict[tuple[str, int, str | None], int] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> Lines:
        """Scan a document that tomllib accepts."""
        lines, table, counts = cls(), [], dict[str, int]()
        for line, statement in _statements(text):
            path = _path(statement)
            if statement.startswith("["):
                table = path
                if statement.startswith("[["):
                    counts[path[0]] = counts.get(path[0], -1) + 1
            else:
                path = [*table, *path]
            lines._add(path, counts.get(path[0], 0), line)
        return lines

    def _add(self, path: list[str], index: int, line: int) -> None:
        self._found.setdefault((path[0], index, None), line)
        if len(path) > 1:
            self._found.setdefault((path[0], index, path[1]), line)

    def of(self, table: str, index: int = 0, key: str | None = None) -> int:
        """The line of that key or, when it is missing, of its table; 1 when that is missing too."""
        places = ((table, index, key), (table, index, None), (table, 0, None))
        return next((self._found[place] for place in places if place in self._found), 1)


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each header and each key with its value, with the line on which it begins."""
    line, start, depth, statement = 1, 1, 0, ""
    for piece in _PIECE.findall(text.replace("\r\n", "\n") + "\n"):
        depth += _DEPTHS.get(piece, 0)
        line += piece.count("\n")
        if piece == "\n" and depth == 0:
            if statement.strip():
                yield start, statement.strip()
            start, statement = line, ""
        elif not piece.startswith("#"):
            statement += piece
    # tomllib accepted the document: nothing is left open here.


def _path(statement: str) -> list[str]:
    """The keys that a header or an assignment goes through; tomllib itself reads quotes and dots."""
    node, path = tomllib.loads(statement), []
    while node and isinstance(node, dict):
        [(key, node)] = [*node.items()][:1]
        path.append(key)
    return path
