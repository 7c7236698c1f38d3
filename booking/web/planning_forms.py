"""The forms about one professional: when they receive, when they do not, what they speak, who reads their calendar.

The names of the fields are those of the commands; each form has a prefix, for a page holds them all.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from wtforms.form import BaseForm

from booking.feeds.tokens import LABEL_MAXIMUM
from booking.people.models import Professional
from booking.slots.openings import NewOpening
from booking.slots.planning import LABEL_MAX
from booking.web import lists, wording
from booking.web.forms import Acting, Choice, Form, Ruled, Several, day, line, minute, moment, required


class WeeklyForm(Form):
    """An opening of every week. The names of the fields are those of the command."""

    weekdays = Several("Jours", wording.WEEKDAYS.items())
    starts = Ruled("De", required(minute), type="time")
    ends = Ruled("À", required(minute), type="time")
    first_day = Ruled("Premier jour", required(day), type="date")
    last_day = Ruled("Dernier jour", day, type="date")

    def opening(self, professional: Professional, site_id: int) -> NewOpening:
        """What the command takes."""
        return NewOpening(
            professional.id,
            site_id,
            frozenset(map(int, self.weekdays.data)),
            self.first_day.data,
            self.last_day.data,
            self.starts.data,
            self.ends.data,
        )


class DatedForm(Form):
    """An opening on one date."""

    first_day = Ruled("Jour", required(day), type="date")
    starts = Ruled("De", required(minute), type="time")
    ends = Ruled("À", required(minute), type="time")

    def opening(self, professional: Professional, site_id: int) -> NewOpening:
        """What the command takes."""
        return NewOpening(professional.id, site_id, None, self.first_day.data, None, self.starts.data, self.ends.data)


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
