"""Values of the command line. One that can never be right, whatever the data, is misuse: exit code 2."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from booking import refusals
from booking.errors import BookingError, ImpossibleTime, Invalid
from booking.people import fields
from booking.slots import hours
from booking.slots.availability import FIRST_DAY, LAST_DAY, check_distance


class Day(click.ParamType[date]):
    """A date that exists: 2026-11-24 or 24/11/2026."""

    name = "date"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """As help shows it."""
        return "AAAA-MM-JJ"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read a date; fails on one that does not exist."""
        try:
            day = fields.day("date", value)
        except Invalid as error:
            self.fail(refusals.sentence(error), param, ctx)
        if day is None or not FIRST_DAY <= day <= LAST_DAY:
            self.fail(_year_out_of_range(), param, ctx)
        return day


class Whole(click.ParamType[int]):
    """A whole number from `minimum` to `maximum`, both included."""

    name = "number"

    def __init__(self, minimum: int, maximum: int) -> None:
        self.minimum, self.maximum = minimum, maximum

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """As help shows it."""
        return "NOMBRE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read a number; fails outside of its limits."""
        text = str(value)
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdecimal()) or len(digits) > 18:
            self.fail(refusals.INVALID["not_a_number"], param, ctx)
        if not self.minimum <= int(text) <= self.maximum:
            facts = {"minimum": self.minimum, "maximum": self.maximum}
            self.fail(refusals.INVALID["out_of_range"].format(**facts), param, ctx)
        return int(text)


class OneOf(click.Choice[str]):
    """One of a few codes."""

    def __init__(self, codes: Sequence[str]) -> None:
        super().__init__(codes)

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None) -> str:
        """Nothing: the sentence about a missing option is enough."""
        return ""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """What may be chosen."""
        return f"choisissez parmi {', '.join(self.choices)}."


def instant(ctx: click.Context, option: str, text: str, zone: ZoneInfo) -> datetime:
    """The instant of a wall time in `zone`, or of a time with its offset. Raises click.BadParameter.

    It is read by the command and not while parsing, because the zone is the site's.
    """
    try:
        return _instant(text, zone)
    except BookingError as error:
        raise click.BadParameter(refusals.sentence(error), ctx, param(ctx, option)) from error


def param(ctx: click.Context, name: str) -> click.Parameter:
    """The option or argument of that name, for an error that a command finds by itself."""
    return next(one for one in ctx.command.params if one.name == name)


def _instant(text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = hours.parse_wall(text, zone)
    except ImpossibleTime:
        raise
    except ValueError as error:
        raise Invalid("start", "not_a_time") from error
    check_distance("start", moment)
    return moment


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a day begins in `zone`, in UTC."""
    return datetime.fromtimestamp(hours.instant(day, 0, zone), UTC)


def _year_out_of_range() -> str:
    return f"Choisissez une date entre {FIRST_DAY.year} et {LAST_DAY.year}."
