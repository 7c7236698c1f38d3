"""Dates, hours and phone numbers as French people write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, tzinfo
from functools import lru_cache

from babel.dates import format_date


@lru_cache(maxsize=1024)
def long_day(day: date) -> str:
    """« mardi 24 novembre 2026 », « mardi 1er décembre 2026 ». A page says the same few days hundreds of times."""
    number = "1er" if day.day == 1 else str(day.day)
    return f"{format_date(day, 'EEEE', locale='fr')} {number} {format_date(day, 'MMMM y', locale='fr')}"


def short_day(day: date) -> str:
    """« 24/11/2026 »."""
    return f"{day:%d/%m/%Y}"


def wall_hour(minute: int) -> str:
    """Minutes since midnight as « 9h00 »."""
    return f"{minute // 60}h{minute % 60:02}"


def hour(instant: datetime, zone: tzinfo) -> str:
    """The hour of an instant in that zone, « 14h30 »."""
    local = instant.astimezone(zone)
    return wall_hour(local.hour * 60 + local.minute)


def moment(instant: datetime, zone: tzinfo) -> str:
    """« mardi 24 novembre 2026 à 14h30 »."""
    return f"{long_day(instant.astimezone(zone).date())} à {hour(instant, zone)}"


def period(start: datetime, end: datetime, zone: tzinfo) -> str:
    """« le mardi 24 novembre 2026 de 9h00 à 12h00 », « du mardi … à 9h00 au mercredi … à 12h00 »."""
    if start.astimezone(zone).date() == end.astimezone(zone).date():
        return f"le {long_day(start.astimezone(zone).date())} de {hour(start, zone)} à {hour(end, zone)}"
    return f"du {moment(start, zone)} au {moment(end, zone)}"


def listed(words: Sequence[str]) -> str:
    """« lundi », « lundi et mardi », « lundi, mardi et jeudi »."""
    *first, last = words
    return f"{', '.join(first)} et {last}" if first else last


def phone(number: str | None) -> str:
    """A stored number, +33612345678, as « 06 12 34 56 78 »; a foreign one is left as it is."""
    if not number or not re.fullmatch(r"\+33\d{9}", number):
        return number or ""
    digits = "0" + number[3:]
    return " ".join(digits[i : i + 2] for i in range(0, 10, 2))
