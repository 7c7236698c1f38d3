"""How codes are said on the screens."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from booking import french, labels
from booking.labels import title
from booking.people.models import Usager

FEATURES, MODES, ATTENDANCE = labels.FEATURES, labels.MODES, labels.ATTENDANCE
CANCELLED_BY, LANGUAGES = labels.CANCELLED_BY, labels.LANGUAGES
SPOKEN, SUGGESTED = labels.SPOKEN, labels.SUGGESTED
WEEKDAYS, RANKS = labels.WEEKDAYS, labels.RANKS
KINDS = {code: title(text) for code, text in labels.KINDS.items()}
REASONS = {code: title(text) for code, text in labels.REASONS.items()}
ACTIONS = {code: title(text) for code, text in labels.ACTIONS.items()}
CONTACT = {code: title(text) for code, text in labels.CONTACT.items()}
WORDINGS = {code: title(text) for code, text in labels.WORDINGS.items()}
ORIGINS = labels.ORIGINS | {"web": "agent inconnu"}  # a screen's changes are signed by their agent


def in_address(instant: datetime) -> str:
    """An instant as forms and addresses carry it: « 2026-11-23T08:30Z »."""
    return instant.isoformat(timespec="minutes").replace("+00:00", "Z")


def weekdays(codes: Iterable[str]) -> str:
    """« lundi, mardi et jeudi »."""
    return french.listed([WEEKDAYS[code] for code in sorted(codes)])


def languages(codes: Iterable[str]) -> str:
    """« arabe et kabyle »."""
    return french.listed([text for code, text in SPOKEN.items() if code in codes])


def called(usager: Usager) -> str:
    """How reception calls somebody: their name or, where there is none, only the code."""
    return usager.code or usager.name


def masked(address: str) -> str:
    """« a…@… »: enough to be recognised by whoever gave it, not to be read over a shoulder."""
    return f"{address[:1]}…@…"


def masked_phone(shown: str) -> str:
    """« 06 ·· ·· ·· 34 »."""
    return f"{shown[:2]} ·· ·· ·· {shown[-2:]}" if len(shown) > 4 else shown
