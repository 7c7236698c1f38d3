"""Forms: what was typed, through the same rules as commands, and the French sentence beside the field."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from flask_wtf import FlaskForm
from wtforms import Field, StringField
from wtforms.validators import ValidationError
from wtforms.widgets import Input, PasswordInput, TextInput

from booking.errors import ImpossibleTime, Invalid
from booking.people import fields
from booking.refusals import sentence
from booking.slots import hours
from booking.slots.availability import FIRST_DAY, LAST_DAY

T = TypeVar("T")
Rule = Callable[[str, str], T]
Choices = Iterable[tuple[str, str]]
Groups = dict[str, list[tuple[str, str]]]
SENT: Final = object()
SECRET_MAXIMUM = 1024

_CLOCK = re.compile(r"([01]?\d|2[0-4])[:hH]([0-5]\d)", re.ASCII)
_KEY = re.compile(r"[\w-]{8,64}", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,9}", re.ASCII)


# ------------------------------------------------------------------ rules


def line(maximum: int, required: bool = False) -> Rule[str | None]:
    """A line of text."""
    if required:
        return lambda field, text: fields.clean_line(field, text, maximum, True)
    return lambda field, text: fields.clean_line(field, text, maximum)


def required(rule: Rule[T | None]) -> Rule[T]:
    """That rule, and the field may not be empty."""

    def checked(field: str, text: str) -> T:
        value = rule(field, text)
        if value is None:
            raise Invalid(field, "required")
        return value

    return checked


def day(field: str, text: str) -> date | None:
    """A date, as a date field sends it or as French people type it."""
    return fields.day(field, text)


def day_of_work(field: str, text: str) -> date | None:
    """A date of the years in which anybody works: there is always a day before and a day after it."""
    found = fields.day(field, text)
    if found is not None and not FIRST_DAY <= found <= LAST_DAY:
        raise Invalid(field, "not_a_date")
    return found


def minute(field: str, text: str) -> int | None:
    """An hour, « 9:30 » or « 9h30 », in minutes since midnight; « 24:00 » is the end of the day."""
    typed = fields.clean_line(field, text, 20)
    if typed is None:
        return None
    found = _CLOCK.fullmatch(typed)
    minutes = 60 * int(found[1]) + int(found[2]) if found else -1
    if not 0 <= minutes <= hours.DAY_MINUTES:
        raise Invalid(field, "not_a_time")
    return minutes


def moment(zone: Callable[[], ZoneInfo]) -> Rule[datetime | None]:
    """A date and an hour on the walls of that zone, as an instant; one that the change of clocks skips is refused."""

    def checked(field: str, text: str) -> datetime | None:
        typed = fields.clean_line(field, text, 40)
        if typed is None:
            return None
        try:
            return hours.parse_wall(typed, zone())
        except ValueError:
            raise Invalid(field, "not_a_time") from None

    return checked


def number(field: str, text: str) -> int | None:
    """A whole number, of nine digits at most."""
    typed = fields.clean_line(field, text, 20)
    if typed is None:
        return None
    if not _NUMBER.fullmatch(typed):
        raise Invalid(field, "not_a_number")
    return int(typed)


def idempotency_key(field: str, text: str) -> str:
    """A key as our own forms make them, or something as harmless."""
    if not _KEY.fullmatch(text):
        raise Invalid(field, "unsupported")
    return text


# ------------------------------------------------------------------ fields


class Ruled(StringField):
    """A text that a rule turns into `data`; shows again what was typed, as it was typed."""

    data: Any

    def __init__(self, label: str, rule: Rule[Any], type: str = "text", autocomplete: str = "", **more: Any) -> None:
        render = {"autocomplete": autocomplete} if autocomplete else {}
        super().__init__(label, widget=TextInput(type), render_kw=render, **more)
        self.rule = rule

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Apply the rule to the first value, or to nothing."""
        text = valuelist[0] if valuelist else ""
        try:
            self.data = self.rule(self.short_name, text)
        except (Invalid, ImpossibleTime) as refusal:
            raise ValueError(sentence(refusal)) from refusal

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        match self.data:
            case None:
                return ""
            case datetime():
                return self.data.strftime("%Y-%m-%dT%H:%M")
            case _:
                return str(self.data)


class Secret(StringField):
    """A password: never shown again, never normalised."""

    data: Any

    widget = PasswordInput(hide_value=True)

    def __init__(self, label: str, autocomplete: str, **more: Any) -> None:
        super().__init__(label, render_kw={"autocomplete": autocomplete}, **more)

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take it as it is, within reason."""
        self.data = valuelist[0] if valuelist else ""
        if not self.data:
            raise ValueError(sentence(Invalid(self.short_name, "required")))
        if len(self.data) > SECRET_MAXIMUM:
            raise ValueError(sentence(Invalid(self.short_name, "too_long", maximum=SECRET_MAXIMUM)))


class Choice(StringField):
    """One of a list, in groups; with `optional`, nothing is a choice too and `data` is then None.

    The groups are read from the database once the form exists, so they are checked when it is validated.
    """

    data: Any
    groups: Groups

    def __init__(self, label: str, choices: Choices = (), optional: bool = False, **more: Any) -> None:
        super().__init__(label, **more)
        self.groups = {"": list(choices)}
        self.optional = optional

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take the first value."""
        self.data = valuelist[0] if valuelist and valuelist[0] else None

    def pre_validate(self, form: Any) -> None:
        """Refuse nothing where something is required, and what is not on the list."""
        if self.data is None and self.optional:
            return
        allowed = {value for group in self.groups.values() for value, _ in group}
        if self.data is None or self.data not in allowed:
            raise ValidationError(sentence(Invalid(self.short_name, "unknown" if self.data else "required")))


class Several(StringField):
    """One or more of a list, as boxes to tick; with `optional`, none is a choice too.

    The choices may be read from the database once the form exists, so they are checked when it is validated.
    """

    data: Any

    def __init__(self, label: str, choices: Choices = (), optional: bool = False, **more: Any) -> None:
        super().__init__(label, **more)
        self.choices = dict(choices)
        self.optional = optional

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take every value."""
        self.data = valuelist

    def pre_validate(self, form: Any) -> None:
        """Refuse nothing where something is required, and what is not on the list."""
        if not self.data and self.optional:
            return
        if not self.data or set(self.data) - set(self.choices):
            raise ValidationError(sentence(Invalid(self.short_name, "unknown" if self.data else "required")))


class Flag(Field):
    """A box to tick."""

    widget = Input("checkbox")

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Ticked or not: a browser sends « on » or nothing at all."""
        self.data = bool(valuelist)
        if valuelist and valuelist[0] != "on":
            raise ValueError(sentence(Invalid(self.short_name, "unsupported")))

    def _value(self) -> str:
        return "on"


# ------------------------------------------------------------------ forms


class Form(FlaskForm):
    """A form protected against CSRF, whose refusals are sentences.

    `formdata` is what was sent with the request unless given; None for a form nobody has filled in yet.
    """

    def __init__(self, formdata: Any = SENT, *, prefix: str = "", data: Mapping[str, Any] | None = None) -> None:
        given = {} if formdata is SENT else {"formdata": formdata}
        super().__init__(prefix=prefix, data=data, **given)  # type: ignore[no-untyped-call]  # Flask-WTF's

    @property
    def has_errors(self) -> bool:
        """Whether anything was refused."""
        return bool(self.errors)

    def refuse(self, refusal: Invalid | ImpossibleTime) -> None:
        """Put a refusal of the engine beside its field; one about no field of ours is about the whole form."""
        name = refusal.field if isinstance(refusal, Invalid) else self.time_field
        if name in self._fields:
            field = self._fields[name]
            field.errors = [*field.errors, sentence(refusal)]
        else:
            self.refuse_whole(sentence(refusal))

    # Where a wall time that does not exist was typed.
    time_field = "start"

    def refuse_whole(self, text: str) -> None:
        """A refusal that no field alone explains."""
        self.form_errors = [*self.form_errors, text]

    def summary(self) -> Iterator[tuple[str | None, str, str]]:
        """What the summary of errors lists: id of the field, unless there is nothing to lead to, label, sentence."""
        for text in self.form_errors:
            yield None, "", text
        for field in self:
            target = None if getattr(field.widget, "input_type", "") == "hidden" else field.id
            for text in field.errors:
                yield target, field.label.text, text


class Query(Form):
    """A form in the address of a page: it changes nothing and needs no token."""

    class Meta(FlaskForm.Meta):
        """No token."""

        csrf = False


class Press(Form):
    """A button alone."""


class Acting(Form):
    """A form that orders the engine something: sent twice, it acts once."""

    key = Ruled("Demande", idempotency_key, type="hidden", default=lambda: secrets.token_urlsafe(18))


class Changing(Acting):
    """A change of an appointment, as the person saw it."""

    version = Ruled("Version", required(number), type="hidden")
