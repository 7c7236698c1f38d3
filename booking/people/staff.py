"""The professionals who receive."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.errors import Invalid, NotFound
from booking.labels import SPOKEN
from booking.people import fields
from booking.people.models import Profession, Professional, Service
from booking.resources import new_resource

CODE_MAX = 60
CIVILITIES = ("M.", "Mme", "Dr")
_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)


@dataclass(frozen=True)
class NewProfessional:
    """A professional to create. `code` is typed on command lines and stands in URLs: « camille-roux ».

    `languages` are those of labels.SPOKEN that they speak beside French.
    """

    code: str
    last_name: str
    first_name: str
    profession_id: int
    service_ids: Collection[int]
    civility: str | None = None
    languages: Collection[str] = ()


def create_professional(session: Session, new: NewProfessional) -> int:
    """Store a professional, inside the caller's transaction, and return their key.

    Raises Invalid, `field` being one of NewProfessional's: what people.fields raises, unsupported (a code
    with other characters than a-z, 0-9 and hyphens), in_use, and unknown (profession, service, civility, language).
    """
    person = Professional(
        code=_free_code(session, new.code),
        civility=fields.choice("civility", new.civility, CIVILITIES) if new.civility else None,
        last_name=fields.person_name("last_name", new.last_name, required=True),
        first_name=fields.person_name("first_name", new.first_name, required=True),
        profession=session.get(Profession, new.profession_id),
        services=_services(session, new.service_ids),
        languages=_languages(new.languages),
    )
    if person.profession is None:
        raise Invalid("profession_id", "unknown")
    person.id = new_resource(session, "professional")
    session.add(person)
    session.flush()
    return person.id


def set_languages(professional_id: int, languages: Collection[str]) -> None:
    """Make these the languages that a professional speaks beside French: codes of labels.SPOKEN.

    Raises NotFound, and Invalid on « languages »: unknown.
    """
    spoken = _languages(languages)

    def work(session: Session) -> None:
        person = session.get(Professional, professional_id)
        if person is None:
            raise NotFound("professional")
        person.languages = spoken

    in_transaction(work)


def _languages(codes: Collection[str]) -> frozenset[str]:
    return frozenset(fields.choice("languages", each, SPOKEN) for each in codes)


def _free_code(session: Session, value: object) -> str:
    code = fields.clean_line("code", value, CODE_MAX, required=True)
    if not _CODE.fullmatch(code):
        raise Invalid("code", "unsupported")
    if session.scalar(sa.select(Professional.id).where(Professional.code == code)) is not None:
        raise Invalid("code", "in_use")
    return code


def _services(session: Session, ids: Collection[int]) -> list[Service]:
    if not ids:
        raise Invalid("service_ids", "required")
    found = list(session.scalars(sa.select(Service).where(Service.id.in_(ids)).order_by(Service.id)))
    if len(found) != len(set(ids)):
        raise Invalid("service_ids", "unknown")
    return found
