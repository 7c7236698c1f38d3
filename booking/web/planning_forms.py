"""The forms about one professional: when they receive, when they do not, what they speak, who reads their calendar.

The names of the fields are those of the commands; each form has a prefix, for a page holds them all.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import replace
from datetime import date
from typing import Any

from wtforms.form import BaseForm

from booking import labels
from booking.errors import ImpossibleTime, Invalid
from booking.feeds.tokens import LABEL_MAXIMUM
from booking.people import fields
from booking.slots import planned
from booking.slots.models import Opening
from booking.slots.openings import NewOpening
from booking.slots.periods import NAME_MAX
from booking.slots.planning import LABEL_MAX
from booking.slots.wording import hours
from booking.web import lists, wording
from booking.web.forms import Acting, Choice, Flag, Form, Ruled, Several, day, line, moment, number, required

HOURS_MAX = 120


def blocks(field: str, text: str) -> list[tuple[int, int]]:
    """The hours of a day, « 9h-12h et 14h-17h », in minutes after midnight."""
    return planned.blocks(fields.clean_line(field, text, HOURS_MAX, required=True))


class OpeningForm(Form):
    """What every opening has: its first day, its hours, and for whom it is."""

    first_day = Ruled("Premier jour", required(day), type="date")
    hours = Ruled("Heures", blocks)
    on_call = Flag("Permanence : pour les personnes sans rendez-vous seulement")

    def refuse(self, refusal: Invalid | ImpossibleTime) -> None:
        """A start or an end that is refused was typed among the hours."""
        if isinstance(refusal, Invalid) and refusal.field in ("starts", "ends"):
            refusal = Invalid("hours", refusal.rule, **refusal.facts)
        super().refuse(refusal)

    def new(self, professional_id: int, site_id: int) -> list[NewOpening]:
        """What the command takes, for each of the hours."""
        first_day, on_call = self.first_day.data, self.on_call.data
        return NewOpening(professional_id, site_id, None, first_day, None, 0, 0, on_call=on_call).at(self.hours.data)


class WeeklyForm(OpeningForm):
    """An opening of every week, of every so many, or by rank in the month. The names are those of the command."""

    weekdays = Several("Jours", wording.WEEKDAYS.items())
    last_day = Ruled("Dernier jour", day, type="date")
    every = Ruled("Une semaine sur", number, type="number")
    ranks = Several("Rang dans le mois", labels.RANKS.items(), optional=True)
    periods = Choice("Vacances et autres périodes", labels.PERIODS.items(), optional=True)

    def new(self, professional_id: int, site_id: int) -> list[NewOpening]:
        """What the command takes, for each of the hours."""
        more = {
            "weekdays": frozenset(map(int, self.weekdays.data)),
            "last_day": self.last_day.data,
            "every": 1 if self.every.data is None else self.every.data,
            "ranks": frozenset(map(int, self.ranks.data or ())),
            "periods": self.periods.data,
        }
        return [replace(each, **more) for each in super().new(professional_id, site_id)]


class DatedForm(OpeningForm):
    """An opening on one date."""


class SkipForm(Form):
    """A date on which an opening does not take place."""

    day = Ruled("Jour", required(day), type="date")


class PeriodForm(Form):
    """Days of the site that have a name. A page of its own: it needs no prefix."""

    name = Ruled("Nom", line(NAME_MAX, required=True))
    first_day = Ruled("Premier jour", required(day), type="date")
    last_day = Ruled("Dernier jour", required(day), type="date")


class EndForm(Form):
    """The last day of an opening."""

    last_day = Ruled("Dernier jour", required(day), type="date")


class AbsenceForm(Acting):
    """When somebody is away."""

    class Meta(Acting.Meta):
        """Its key has no prefix: the page that says that the database is gone looks for it, to send it again."""

        def bind_field(self, form: BaseForm, unbound_field: Any, options: MutableMapping[str, Any]) -> Any:
            """The field, under the name that the page gives it."""
            whole = {**options, "prefix": ""} if options["name"] == "key" else options
            return super().bind_field(form, unbound_field, whole)

    start = Ruled("Début", required(moment(lists.zone)), type="datetime-local")
    end = Ruled("Fin", required(moment(lists.zone)), type="datetime-local")


class ClosureForm(Acting):
    """When the site, or one room, is closed, and why. A page of its own: it needs no prefix."""

    room = Choice("Salle", optional=True)
    start = Ruled("Début", required(moment(lists.zone)), type="datetime-local")
    end = Ruled("Fin", required(moment(lists.zone)), type="datetime-local")
    label = Ruled("Pourquoi ?", line(LABEL_MAX, required=True))


class LanguagesForm(Form):
    """What somebody speaks beside French."""

    languages = Several("Langues", wording.SPOKEN.items(), optional=True)


class FeedForm(Form):
    """A new link for one device."""

    label = Ruled("Pour quel appareil ?", line(LABEL_MAXIMUM, required=True))
    wording = Choice("Ce que l’agenda montre", wording.WORDINGS.items(), default="occupe")


PREFIXES: dict[type[Form], str] = {
    WeeklyForm: "s-",
    DatedForm: "d-",
    AbsenceForm: "a-",
    FeedForm: "l-",
    LanguagesForm: "p-",
}


def new(kind: type[Form], **more: Any) -> Any:
    """A form of that kind as it was sent or, with `formdata=None`, as nobody has filled it in yet."""
    return kind(prefix=PREFIXES[kind], **more)


def ending(key: int, **more: Any) -> EndForm:
    """The form that ends one opening."""
    return EndForm(prefix=f"fin{key}-", **more)


def skipping(key: int, **more: Any) -> SkipForm:
    """The form that leaves out one date of an opening."""
    return SkipForm(prefix=f"sans{key}-", **more)


def changing(opening: Opening, from_day: date) -> WeeklyForm:
    """The form that changes an opening from a date on, filled in as it stands."""
    as_it_is = {
        "weekdays": sorted(opening.weekdays or ()),
        "hours": hours(opening),
        "first_day": from_day,
        "last_day": opening.last_day,
        "every": opening.every,
        "ranks": sorted(opening.ranks or ()),
        "periods": opening.periods,
        "on_call": opening.on_call,
    }
    return WeeklyForm(formdata=None, prefix=PREFIXES[WeeklyForm], data=as_it_is)
