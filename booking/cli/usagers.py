"""Who is meant by --usager: somebody's number, a name to find or to create, or nobody for a confidential service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.errors import BookingError, Invalid, NotFound
from booking.people import directory, fields
from booking.people.directory import NewUsager
from booking.people.models import Usager
from booking.slots.facts import TypeFacts

NAMESAKES_MAX = 100
ID_DIGITS_MAX = 9


class Namesakes(BookingError):
    """People of that name are known and none of them is surely meant; `ids` are their numbers."""

    def __init__(self, ids: Sequence[int], option: str) -> None:
        self.ids, self.option = ids, option
        super().__init__(f"{len(ids)} namesakes")


@dataclass(frozen=True)
class Who:
    """What was typed: `text` is --usager; the mail and the phone are those of a person to create.

    `option` is where it was typed, for refusals.
    """

    text: str | None
    email: str | None = None
    phone: str | None = None
    always_new: bool = False
    option: str = "usager"

    @classmethod
    def beside(cls, text: str, always_new: bool) -> Who:
        """Somebody of the same family: a number is a person who is known, whatever --new says of the others."""
        who = cls(text, option="and")
        return who if who.is_number else replace(who, always_new=always_new)

    @property
    def is_number(self) -> bool:
        """Whether the person is given by number."""
        return bool(self.text) and str(self.text).isascii() and str(self.text).isdecimal()


def meant(
    session: Session, kind: TypeFacts, who: Who, now: datetime, before: datetime | None = None
) -> int | NewUsager | None:
    """The key of the person, the person to create, or None for a visitor whom the engine gives a code.

    With `before`, names are looked up among those who were created earlier. Raises Invalid, NotFound and Namesakes.
    """
    if kind.confidential:
        return _visitor(session, kind.service_id, who)
    if who.is_number:
        return _number(who)
    person = to_create(who, now)
    found = [] if who.always_new else _namesakes(session, person)
    if before is not None:
        found = [one for one in found if one.created_at < before]
    sure = [one for one in found if _agrees(one, person)]
    if found and len(sure) != 1:
        raise Namesakes([one.id for one in found], who.option)
    return sure[0].id if sure else person


def to_create(who: Who, now: datetime) -> NewUsager:
    """The person as typed, checked. The words in capitals that come first are the last name. Raises Invalid."""
    text = fields.clean_line(who.option, who.text, 2 * fields.NAME_MAX, required=True)
    last_name, first_name = split_name(text)
    person = NewUsager(last_name=last_name, first_name=first_name, email=who.email, phone=who.phone)
    return directory.cleaned(person, now)


def split_name(text: str) -> tuple[str, str | None]:
    """« BEN ALI Karim » → BEN ALI, Karim. Without a change to small letters the first word is the last name."""
    words = text.split()
    capitals = next((at for at, word in enumerate(words) if word != word.upper()), 0)
    cut = capitals or 1
    return " ".join(words[:cut]), " ".join(words[cut:]) or None


def _visitor(session: Session, service_id: int, who: Who) -> int | None:
    """Somebody known by a code or a number, or None. Raises Invalid: anonymous, for a name or an address."""
    if who.email or who.phone:
        raise Invalid("email" if who.email else "phone", "anonymous")
    if not who.text or who.is_number:
        return _number(who) if who.text else None
    code = fields.clean_line(who.option, who.text, fields.NAME_MAX, required=True).upper()
    query = sa.select(Usager.id).where(Usager.code == code, Usager.service_id == service_id)
    found = session.scalar(query)
    if found is None:
        raise Invalid(who.option, "anonymous")
    return found


def _number(who: Who) -> int:
    text = str(who.text)
    if who.email or who.phone or who.always_new:
        raise Invalid(who.option, "not_expected")
    if fields.has_nir(text):
        raise Invalid(who.option, "nir")
    if len(text) > ID_DIGITS_MAX:
        raise NotFound("usager")
    return int(text)


def _namesakes(session: Session, person: NewUsager) -> list[Usager]:
    """Everybody whose name is exactly that one, but for accents, capitals and hyphens."""
    name = f"{person.last_name} {person.first_name or ''}"
    found = directory.search_usagers(session, name, NAMESAKES_MAX)
    return [one for one in found if directory.fold(f"{one.last_name} {one.first_name or ''}") == directory.fold(name)]


def _agrees(known: Usager, person: NewUsager) -> bool:
    """Whether nothing that was typed about the person contradicts what is known."""
    return person.email in (None, known.email) and person.phone in (None, known.phone)
