"""The forms of an appointment's page. The names of the fields are those of the commands."""

from __future__ import annotations

import re
from typing import Any

from booking.errors import Invalid
from booking.people import fields
from booking.reservations.state import NOTED
from booking.web import lists, wording
from booking.web.forms import Changing, Choice, Ruled, Several, moment, number, required

_OTHER = re.compile(r"([0-9a-zA-Z]{1,40})\.([0-9]{1,9})", re.ASCII)
# The others say themselves: what is set aside, exchanged or offered to somebody who waits.
REASONS = ("usager_request", "service_request", "professional_absent", "closed", "mistake", "other")


# How much of a series a change is about, in the engine's words.
SCOPES = {"one": "Ce rendez-vous", "following": "Celui-ci et les suivants", "all": "Toute la série"}


def why(form: str) -> Choice:
    """Why it is done, for the history; each form of the page has a field of its own."""
    choices = [(code, wording.REASONS[code]) for code in REASONS]
    return Choice("Raison", choices, optional=True, id=f"raison-{form}")


def other_appointment(field: str, text: str) -> tuple[str, int]:
    """An appointment at the version that was seen, « uid.version »."""
    found = _OTHER.fullmatch(fields.clean_line(field, text, 60, True))
    if found is None:
        raise Invalid(field, "unknown")
    return found[1], int(found[2])


class MoveForm(Changing):
    """Another time, of those proposed or typed; perhaps another professional, perhaps more of its series."""

    scope = Choice("Ce qui est déplacé", SCOPES.items(), optional=True)
    start = Ruled("Nouvelle date et heure", required(moment(lists.zone)), type="datetime-local")
    professional = Choice("Professionnel", optional=True)
    reason = why("deplacer")


class RoomForm(Changing):
    """Another room."""

    room = Choice("Salle")


class PeopleForm(Changing):
    """All the professionals who take part."""

    professionals = Several("Professionnels")
    reason = why("professionnels")


class KindForm(Changing):
    """Another type, another duration in minutes, or both."""

    type = Choice("Motif", optional=True)
    duration = Ruled("Durée en minutes", number, type="number")
    reason = why("motif")


class SwapForm(Changing):
    """Another appointment, as it was seen, with which to exchange slots."""

    other = Ruled("Autre rendez-vous", other_appointment)


class CancelForm(Changing):
    """By whom it is cancelled: the one question, unless it is of a series."""

    scope = Choice("Ce qui est annulé", SCOPES.items(), optional=True)
    by = Choice("Qui annule ?", [("usager", "L’usager"), ("service", "Le service")])
    reason = why("annuler")


class RestoreForm(Changing):
    """The cancellation is taken back."""

    reason = why("retablir")


class LeaveForm(Changing):
    """Somebody does not take part any more, and who decided it."""

    usager = Ruled("Personne", required(number), type="hidden")
    by = Choice("Qui l’a décidé ?", [("usager", "La personne"), ("service", "Le service")])


class AttendanceForm(Changing):
    """How one person attends."""

    usager = Ruled("Personne", required(number), type="hidden")
    attendance = Choice("Suivi", [(code, wording.ATTENDANCE[code]) for code in NOTED])


def shown(kind: type[Changing], version: int, **values: Any) -> Any:
    """A form that nobody has filled in yet."""
    return kind(formdata=None, data={"version": version, **values})
