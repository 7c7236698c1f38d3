"""Whom an appointment is for: somebody found, somebody new, or a visitor whom a confidential service gives a code."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request
from sqlalchemy.orm import Session

from booking import clock
from booking.people import directory, fields
from booking.people.directory import SEARCH_MAX, NewUsager, cleaned, search_usagers, similar_usagers
from booking.people.models import Usager
from booking.reservations import reading
from booking.web import wording
from booking.web.forms import Acting, Choice, Flag, Ruled, day, number, required

MOST_FOUND = 20


class ForKnown(Acting):
    """For somebody found."""

    usager = Ruled("Personne", required(number))

    def whom(self) -> int:
        """What the command takes."""
        return int(self.usager.data)


class ForVisitor(Acting):
    """For somebody who gives no name, because the service is confidential; or for nobody yet, to open a session."""

    def whom(self) -> None:
        """What the command takes."""


class ForNew(Acting):
    """For somebody to create. The names of the fields are those of the command."""

    last_name = Ruled("Nom", required(fields.person_name), autocomplete="off")
    first_name = Ruled("Prénom", fields.person_name, autocomplete="off")
    birth_date = Ruled("Date de naissance", day, type="date", autocomplete="off")
    phone = Ruled("Téléphone", fields.phone, type="tel", autocomplete="off")
    email = Ruled("Courriel", fields.mail, type="email", autocomplete="off")
    contact = Choice("Messages", wording.CONTACT.items(), default="normal")
    language = Choice("Langue des messages", wording.LANGUAGES.items(), default="fr")
    spoken_language = Choice("Langue parlée", wording.SPOKEN.items(), optional=True)
    interpreter_needed = Flag("Interprète nécessaire")
    step_free = Flag("Accès de plain-pied nécessaire")
    distinct = Flag("Ce n’est aucune de ces personnes : créer une nouvelle fiche")

    def whom(self) -> NewUsager:
        """What the command takes."""
        return NewUsager(
            last_name=self.last_name.data,
            first_name=self.first_name.data,
            birth_date=self.birth_date.data,
            phone=self.phone.data,
            email=self.email.data,
            contact=self.contact.data,
            language=self.language.data,
            spoken_language=self.spoken_language.data,
            interpreter_needed=self.interpreter_needed.data,
            step_free=self.step_free.data,
        )


AnyForm = ForKnown | ForVisitor | ForNew


@dataclass
class Sought:
    """What a page shows of the search for somebody: its form, whom it is for, who was found, who may be the same."""

    form: AnyForm
    person: Usager | None
    searched: str | None
    found: list[Usager]
    similar: list[Usager]
    known_form: ForKnown

    @property
    def kind(self) -> str:
        """Which of the forms it is."""
        return type(self.form).__name__


def first_form(confidential: bool, person: Usager | None) -> AnyForm:
    """The form of a page that nobody has filled in yet."""
    if confidential:
        return ForVisitor()
    if person is not None:
        return ForKnown(data={"usager": person.id})
    return ForNew(data=_prefilled(request.args.get("q", "")))


def sent_form(confidential: bool) -> AnyForm:
    """The form that was sent."""
    wanted = request.form.get("pour")
    if confidential or wanted == "personne":
        return ForVisitor()
    return ForNew() if wanted == "nouveau" else ForKnown()


def sought(session: Session, form: AnyForm, person: Usager | None, similar: list[Usager] | None = None) -> Sought:
    """What the page shows, whatever has happened so far."""
    searched = request.args.get("q")
    found = search_usagers(session, searched, MOST_FOUND) if searched else []
    return Sought(form, person, searched, found, similar or [], ForKnown(formdata=None))


def person_of(session: Session, form: AnyForm) -> Usager | None:
    """The person that a validated form names, for a page that shows them. Raises NotFound."""
    if isinstance(form, ForKnown) and isinstance(form.usager.data, int):
        return directory.usager(session, form.usager.data)
    return None


def similar_to(session: Session, form: AnyForm) -> list[Usager]:
    """Who may already be the person to create, unless reception has looked and says not.

    A form sent twice is carried out again to get its answer: the person that it created the first time is no
    duplicate.
    """
    if not isinstance(form, ForNew) or form.distinct.data or reading.key_has_served(session, form.key.data):
        return []
    return similar_usagers(session, cleaned(form.whom(), clock.now()))


def _prefilled(searched: str) -> dict[str, str]:
    """What was searched for is not typed twice."""
    text = searched.strip()[:SEARCH_MAX]
    if "@" in text:
        return {"email": text}
    if any(character.isdigit() for character in text):
        return {"phone": text}
    return {"last_name": text}
