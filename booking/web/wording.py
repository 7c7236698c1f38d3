"""How codes are said on the screens."""

from __future__ import annotations

from collections.abc import Iterable

from booking import french, labels
from booking.labels import title

FEATURES, MODES, ATTENDANCE = labels.FEATURES, labels.MODES, labels.ATTENDANCE
CANCELLED_BY, LANGUAGES, WEEKDAYS = labels.CANCELLED_BY, labels.LANGUAGES, labels.WEEKDAYS
KINDS = {code: title(text) for code, text in labels.KINDS.items()}
ACTIONS = {code: title(text) for code, text in labels.ACTIONS.items()}
CONTACT = {code: title(text) for code, text in labels.CONTACT.items()}
WORDINGS = {code: title(text) for code, text in labels.WORDINGS.items()}
ORIGINS = labels.ORIGINS | {"web": "agent inconnu"}  # a screen's changes are signed by their agent


def weekdays(codes: Iterable[str]) -> str:
    """« lundi, mardi et jeudi »."""
    return french.listed([WEEKDAYS[code] for code in sorted(codes)])


def masked(address: str) -> str:
    """« a…@… »: enough to be recognised by whoever gave it, not to be read over a shoulder."""
    return f"{address[:1]}…@…"


def masked_phone(shown: str) -> str:
    """« 06 ·· ·· ·· 34 »."""
    return f"{shown[:2]} ·· ·· ·· {shown[-2:]}" if len(shown) > 4 else shown
