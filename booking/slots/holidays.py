"""Public holidays of mainland France, computed: a table would run out one New Year's Eve.

Source: Code du travail, article L3133-1 (the eleven "fêtes légales"). Today's list is applied to every year.
Alsace-Moselle and the overseas departments have more; they are not here.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

_FIXED = (
    (1, 1, "Jour de l'An"),
    (5, 1, "Fête du Travail"),
    (5, 8, "Victoire de 1945"),
    (7, 14, "Fête nationale"),
    (8, 15, "Assomption"),
    (11, 1, "Toussaint"),
    (11, 11, "Armistice de 1918"),
    (12, 25, "Noël"),
)
_DAYS_AFTER_EASTER = (
    (1, "Lundi de Pâques"),
    (39, "Ascension"),
    (50, "Lundi de Pentecôte"),
)


def public_holidays(year: int) -> dict[date, str]:
    """The public holidays of a Gregorian `year` (1583 or later), in date order, with their French names.

    Eleven days, or ten when Ascension falls on 1 or 8 May: that day then carries both names.
    """
    return dict(_computed(year))


def is_public_holiday(day: date) -> bool:
    """Whether `day` is a public holiday in mainland France."""
    return day in _computed(day.year)


@lru_cache(maxsize=256)
def _computed(year: int) -> dict[date, str]:
    easter = _easter(year)
    named = [(date(year, month, day), name) for month, day, name in _FIXED]
    named += [(easter + timedelta(days=days), name) for days, name in _DAYS_AFTER_EASTER]
    holidays: dict[date, str] = {}
    for day, name in sorted(named, key=lambda pair: pair[0]):
        holidays[day] = f"{holidays[day]} et {name}" if day in holidays else name
    return holidays


def _easter(year: int) -> date:
    """Easter Sunday by the anonymous Gregorian computus (Meeus, Astronomical Algorithms, chapter 8)."""
    golden = year % 19
    century, of_century = divmod(year, 100)
    leap_centuries, rest = divmod(century, 4)
    moon_drift = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap_centuries - moon_drift + 15) % 30
    leaps, since_leap = divmod(of_century, 4)
    to_sunday = (32 + 2 * rest + 2 * leaps - epact - since_leap) % 7
    late = (golden + 11 * epact + 22 * to_sunday) // 451
    month, day = divmod(epact + to_sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)
