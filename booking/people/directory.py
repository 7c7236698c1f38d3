"""The people received: creating them, finding them again, and seeing who may be the same person."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import cast, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import LARGEST_KEY
from booking.errors import Invalid, NotFound
from booking.labels import SPOKEN
from booking.people import fields
from booking.people.models import LANGUAGES, Contact, Professional, Service, Usager
from booking.resources import new_resource

SEARCH_MAX = 120  # characters of a search that are read
TERMS_MAX = 6
RESULTS_MAX = 100
MIN_DIGITS = 3  # fewer final digits of a phone tell nobody apart
KEY_MAX = 300
# Nothing that is misread (0 O 1 I L) and no vowel, so that no code spells a word.
CODE_ALPHABET = "23456789BCDFGHJKMNPQRSTVWXZ"

# Letters that Unicode does not decompose into a base and an accent.
_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "ð": "d", "þ": "th"})
_PHONE_LIKE = re.compile(r"\+?[\d\s().\-/]+", re.ASCII)


@dataclass(frozen=True)
class NewUsager:
    """A person to create, as typed. `last_name` is the name in use, the only one required.

    `service_id` is the namespace, None for the common one; a confidential service takes no named person. `language` is
    the one that we write in; `spoken_language` one of labels.SPOKEN, which an interpreter, when needed, speaks.
    """

    last_name: str | None
    first_name: str | None = None
    birth_name: str | None = None
    birth_date: date | None = None
    phone: str | None = None
    email: str | None = None
    contact: Contact = "normal"
    language: str = "fr"
    spoken_language: str | None = None
    interpreter_needed: bool = False
    step_free: bool = False
    referent_id: int | None = None
    service_id: int | None = None


def create_usager(session: Session, new: NewUsager, now: datetime) -> int:
    """Store a named person, inside the caller's transaction, and return their key.

    Raises Invalid, `field` being one of NewUsager's: what people.fields raises, unknown (referent, service,
    contact, language, spoken_language), required (the language of an interpreter), and anonymous for a confidential
    service.
    """
    person = cleaned(new, now)
    _check_links(session, person)
    usager_id = new_resource(session, "usager")
    session.add(Usager(id=usager_id, search_key=_search_key(person), created_at=now, **vars(person)))
    session.flush()
    return usager_id


def cleaned(new: NewUsager, now: datetime) -> NewUsager:
    """The same person with every field checked and normalised, phone in E.164. Raises Invalid."""
    if new.interpreter_needed and not new.spoken_language:
        raise Invalid("spoken_language", "required")
    latest = (now + timedelta(hours=12)).date()  # born today where it is tomorrow already (Wallis-et-Futuna)
    return replace(
        new,
        last_name=fields.person_name("last_name", new.last_name, required=True),
        first_name=fields.person_name("first_name", new.first_name),
        birth_name=fields.person_name("birth_name", new.birth_name),
        birth_date=fields.birth_date("birth_date", new.birth_date, latest),
        phone=fields.phone("phone", new.phone),
        email=fields.mail("email", new.email),
        contact=cast(Contact, fields.choice("contact", new.contact, get_args(Contact))),
        language=fields.choice("language", new.language, LANGUAGES),
        spoken_language=fields.choice("spoken_language", new.spoken_language, SPOKEN) if new.spoken_language else None,
        interpreter_needed=fields.flag("interpreter_needed", new.interpreter_needed),
        step_free=fields.flag("step_free", new.step_free),
    )


def _check_links(session: Session, person: NewUsager) -> None:
    if person.service_id is not None:
        service = session.get(Service, person.service_id)
        if service is None:
            raise Invalid("service_id", "unknown")
        if service.confidential:
            raise Invalid("last_name", "anonymous")
    if person.referent_id is not None:
        referent = session.get(Professional, person.referent_id)
        if referent is None or referent.retired_at is not None:
            raise Invalid("referent_id", "unknown")


def new_code() -> str:
    """Eight random characters that are read aloud without mistakes, « K7F2-9QXM »."""
    drawn = "".join(secrets.choice(CODE_ALPHABET) for _ in range(8))
    return f"{drawn[:4]}-{drawn[4:]}"


def create_visitor(session: Session, service: Service, now: datetime, draw: Callable[[], str] = new_code) -> int:
    """Store a person known by a code only, inside the caller's transaction, and return their key.

    For a confidential service; any other needs a name and raises Invalid.
    """
    if not service.confidential:
        raise Invalid("last_name", "required")
    code = draw()
    while session.scalar(sa.select(Usager.id).where(Usager.code == code)) is not None:
        code = draw()
    usager_id = new_resource(session, "usager")
    session.add(Usager(id=usager_id, service_id=service.id, code=code, created_at=now))
    session.flush()
    return usager_id


def fold(text: str) -> str:
    """What a text leaves for searching: lower case, no accent, words of letters and digits one space apart.

    « N'Diaye-KONÉ » gives « n diaye kone ».
    """
    # Twice: compatibility forms such as 𝘼 have no lower case until they are decomposed.
    lower = unicodedata.normalize("NFKD", text).casefold()
    plain = unicodedata.normalize("NFKD", lower).translate(_LETTERS)
    kept = (one if one.isalnum() else " " for one in plain if not unicodedata.combining(one))
    return " ".join("".join(kept).split())


def _search_key(person: NewUsager) -> str:
    """Every word of the names, a space before each; then « ndiaye » for N'Diaye: both spellings find it."""
    names = " ".join(filter(None, (person.last_name, person.birth_name, person.first_name)))
    joined = [fold(word).replace(" ", "") for word in names.split() if " " in fold(word)]
    return " ".join(["", fold(names), *joined])[:KEY_MAX]


def usager(session: Session, key: int | None) -> Usager:
    """The person with that number; whoever is known by a code only answers like an unknown one. Raises NotFound."""
    found = session.get(Usager, key) if key is not None and 0 < key <= LARGEST_KEY else None
    if found is None or found.code is not None:
        raise NotFound("usager")
    return found


def search_usagers(session: Session, text: str, limit: int = 20) -> list[Usager]:
    """People of the common namespace, best first: whole words before prefixes, names in use before others.

    `text` is the beginnings of names in any order, the last digits (3 or more) or the beginning of a phone
    number, or the beginning of a mail address. At most `limit`, never more than 100.
    """
    typed = " ".join(text[:SEARCH_MAX].split())
    if not typed.isprintable() or fields.has_nir(typed):
        return []
    found = _by_contact(typed) or _by_names(typed)
    if found is None:
        return []
    matches, order = found
    query = sa.select(Usager).where(Usager.service_id.is_(None), matches)
    query = query.order_by(*order, Usager.search_key, Usager.id).limit(max(0, min(limit, RESULTS_MAX)))
    return list(session.scalars(query))


Match = tuple[sa.ColumnElement[bool], list[sa.ColumnElement[int]]]


def _by_contact(typed: str) -> Match | None:
    """What matches a mail address or a phone number; None when the text is neither."""
    if "@" in typed:
        mail = sa.func.lower(Usager.email)
        return mail.startswith(typed.lower(), autoescape=True), [_first(mail == typed.lower())]
    if not _PHONE_LIKE.fullmatch(typed):
        return None
    digits = "".join(filter(str.isdigit, typed)).removeprefix("00")
    if len(digits) < MIN_DIGITS:
        return sa.false(), []
    national = digits.removeprefix("0")
    # A whole number loses its leading 0 in E.164; four final digits may begin with one.
    ends = Usager.phone.endswith(national if len(digits) >= 9 else digits)
    begins = Usager.phone.startswith(f"+33{national}") if digits.startswith("0") else sa.false()
    return ends | begins, [_first(ends)]


def _by_names(typed: str) -> Match | None:
    terms = [fold(term).split() for term in typed.split()]
    terms = [words for words in terms if words][:TERMS_MAX]
    if not terms:
        return None
    matches = sa.and_(*(_prefix(words) | _prefix(["".join(words)]) for words in terms))
    words = [word for term in terms for word in term]
    in_use = sa.or_(*(Usager.search_key.startswith(f" {word}") for word in words))
    return matches, [*(_first(_whole(word)) for word in words), _first(in_use)]


def _prefix(words: list[str]) -> sa.ColumnElement[bool]:
    # Folded words are letters and digits: no LIKE wildcard can be among them.
    return sa.and_(*(Usager.search_key.contains(f" {word}") for word in words))


def _whole(word: str) -> sa.ColumnElement[bool]:
    return (Usager.search_key + " ").contains(f" {word} ")


def _first(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    """Sorts what meets the condition before what does not."""
    return sa.case((condition, 0), else_=1)


def similar_usagers(session: Session, new: NewUsager, limit: int = 10) -> list[Usager]:
    """Who may be the same person, most signals first: names and birth date, phone, mail.

    In its own namespace only. No signal proves anything: couples share a phone and a mailbox, so none of them
    is a unique key. Raises Invalid for a phone or a mail that is none.
    """
    signals = [*_same_person(new), *_same_phone(new), *_same_mail(new)]
    if not signals:
        return []
    score = sum((_first(signal) for signal in signals), start=sa.literal(0))
    namespace = Usager.service_id.is_not_distinct_from(new.service_id)
    query = sa.select(Usager).where(namespace, sa.or_(*signals)).order_by(score, Usager.search_key, Usager.id)
    return list(session.scalars(query.limit(limit)))


def _same_person(new: NewUsager) -> list[sa.ColumnElement[bool]]:
    """The same birth date, and the first name with the name in use or at birth, whatever their order."""
    names = [words for name in (new.last_name, new.birth_name) if (words := fold(name or "").split())]
    if new.birth_date is None or not names:
        return []
    first = fold(new.first_name or "").split()
    either = sa.or_(*(sa.and_(*map(_whole, [*first, *words])) for words in names))
    return [sa.and_(Usager.birth_date == new.birth_date, either)]


def _same_phone(new: NewUsager) -> list[sa.ColumnElement[bool]]:
    number = fields.phone("phone", new.phone)
    return [Usager.phone == number] if number else []


def _same_mail(new: NewUsager) -> list[sa.ColumnElement[bool]]:
    address = fields.mail("email", new.email)
    return [sa.func.lower(Usager.email) == address.lower()] if address else []
