"""What one value of a site file may be, as checks: (key, value) to a normalised value, or Invalid. Pure.

A missing value is None, which TOML cannot write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from booking.errors import Invalid
from booking.people import fields

_CODE = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*", re.ASCII)
_HOURS = re.compile(r"(\d\d?)[:h](\d\d)\s*-\s*(\d\d?)[:h](\d\d)", re.ASCII)

Check = Callable[[str, Any], Any]


def text(maximum: int) -> Check:
    """One line of text that must be there."""
    return lambda key, raw: fields.clean_line(key, raw, maximum, required=True)


def optional_text(maximum: int) -> Check:
    """One line of text, empty when missing."""
    return lambda key, raw: fields.clean_line(key, raw, maximum) or ""


def code(maximum: int) -> Check:
    """A code: it is typed on command lines, so it holds ASCII letters, digits and hyphens only."""

    def check(key: str, raw: Any) -> str:
        found = fields.clean_line(key, raw, maximum, required=True)
        if not _CODE.fullmatch(found):
            raise Invalid(key, "bad_code")
        return found

    return check


def one_of(allowed: Collection[str], required: bool = True) -> Check:
    """One of those codes; None when missing and not required."""

    def check(key: str, raw: Any) -> str | None:
        if raw is None and not required:
            return None
        found = fields.clean_line(key, raw, 80, required=True)
        if found not in allowed:
            raise Invalid(key, "unknown", allowed=", ".join(allowed))
        return found

    return check


def some_of(allowed: Collection[str]) -> Check:
    """A set of those codes, empty when missing."""
    one = one_of(allowed)

    def check(key: str, raw: Any) -> frozenset[str]:
        if not isinstance(raw, list | None):
            raise Invalid(key, "not_a_list", example=next(iter(allowed)))
        return frozenset(one(key, item) for item in raw or ())

    return check


def integer(minimum: int, maximum: int) -> Check:
    """A whole number between those two, both included."""

    def check(key: str, raw: Any) -> int:
        if raw is None:
            raise Invalid(key, "required")
        if type(raw) is not int:  # a bool is an int too
            raise Invalid(key, "not_a_number")
        if not minimum <= raw <= maximum:
            raise Invalid(key, "out_of_range", minimum=minimum, maximum=maximum)
        return raw

    return check


def flag(missing: bool) -> Check:
    """True or false; as `missing` says when it is."""

    def check(key: str, raw: Any) -> bool:
        if not isinstance(raw, bool | None):
            raise Invalid(key, "not_a_flag")
        return missing if raw is None else raw

    return check


def contact(read: Callable[[str, object], str | None]) -> Check:
    """A phone or a mail that must be there, as `read` normalises it."""

    def check(key: str, raw: Any) -> str:
        if value := read(key, raw):
            return value
        raise Invalid(key, "required")

    return check


def hours(key: str, raw: Any) -> tuple[int, int] | None:
    """« 08:30-17:30 » in minutes after midnight; a day that is not named is closed."""
    if raw is None:
        return None
    found = _HOURS.fullmatch(fields.clean_line(key, raw, 20, required=True))
    if found is None:
        raise Invalid(key, "not_hours")
    numbers = [int(group) for group in found.groups()]
    opens, closes = 60 * numbers[0] + numbers[1], 60 * numbers[2] + numbers[3]
    if max(numbers[1], numbers[3]) > 59 or max(opens, closes) > 1440:
        raise Invalid(key, "not_hours")
    if opens >= closes:
        raise Invalid(key, "end_before_start")
    if opens % 5 or closes % 5:
        raise Invalid(key, "not_on_grid")
    return opens, closes


def zone(key: str, raw: Any) -> str:
    """A zone that calendars can be written for: Europe/Paris, or one whose clocks never change."""
    name = fields.clean_line(key, raw, 40, required=True)
    try:
        found = ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, a path, a folder of the time zone database
        raise Invalid(key, "unknown_zone") from None
    months = [datetime(year, month, 1, tzinfo=UTC) for year in range(2020, 2041) for month in range(1, 13)]
    if name != "Europe/Paris" and len({month.astimezone(found).utcoffset() for month in months}) > 1:
        raise Invalid(key, "zone_with_summer_time")
    return name
