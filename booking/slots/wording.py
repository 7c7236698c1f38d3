"""How an opening is said in French: on the screens and on the command line."""

from __future__ import annotations

from collections.abc import Collection

from booking import french, labels
from booking.slots.models import Opening


def days(opening: Opening) -> str:
    """« chaque lundi et mardi », « mardi, une semaine sur 2 », « 1er et dernier mardi du mois », « le mardi 24… »."""
    if opening.weekdays is None:
        return f"le {french.long_day(opening.first_day)}"
    weekdays = french.listed([labels.WEEKDAYS[code] for code in sorted(opening.weekdays)])
    if opening.ranks:
        return f"{ranks(opening.ranks)} {weekdays} du mois"
    return f"chaque {weekdays}" if opening.every == 1 else f"{weekdays}, une semaine sur {opening.every}"


def ranks(codes: Collection[str]) -> str:
    """« 1er et dernier »."""
    return french.listed([text for code, text in labels.RANKS.items() if code in codes])


def whole(opening: Opening) -> str:
    """Its days and its hours: « Chaque lundi de 9h00 à 12h00 »."""
    return labels.title(f"{days(opening)} de {french.wall_hour(opening.starts)} à {french.wall_hour(opening.ends)}")


def notes(opening: Opening) -> list[str]:
    """What else there is to say: since when and until when, during which periods, for whom."""
    found = []
    if opening.weekdays is not None:
        until = f", jusqu’au {french.short_day(opening.last_day)}" if opening.last_day else ""
        found.append(f"depuis le {french.short_day(opening.first_day)}{until}")
    if opening.periods is not None:
        found.append(labels.PERIODS[opening.periods])
    if opening.on_call:
        found.append("permanence : sans rendez-vous seulement")
    return found


def hours(opening: Opening) -> str:
    """Its hours as they are typed: « 9h00-12h00 »."""
    return f"{french.wall_hour(opening.starts)}-{french.wall_hour(opening.ends)}"
