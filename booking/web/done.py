"""What the request before has just done: the page that follows says it once."""

from __future__ import annotations

from collections.abc import Mapping

from flask import get_flashed_messages


def just_done(sentences: Mapping[str, str]) -> list[str]:
    """The sentences of what was flashed by its code; a code that is not among them is another page's."""
    codes = map(str, get_flashed_messages(category_filter=("message",)))
    return [sentences[code] for code in codes if code in sentences]
