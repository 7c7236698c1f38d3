from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.errors import Invalid, NotFound
from booking.people.models import Profession, Professional
from booking.people.staff import NewProfessional, create_professional, set_languages
from booking.resources import Resource
from tests.builders import Cast


def social_worker(session: Session, cast: Cast) -> NewProfessional:
    profession = session.scalars(sa.select(Profession.id).where(Profession.code == "assistant-social")).one()
    session.rollback()
    return NewProfessional("nadia-ba", "Bâ", "Nadia", profession, {cast.action_sociale, cast.pmi}, "Mme")


def create(new: NewProfessional) -> int:
    return in_transaction(lambda session: create_professional(session, new))


def test_a_professional_of_two_services(session: Session, cast: Cast) -> None:
    person = session.get_one(Professional, create(social_worker(session, cast)))

    assert (person.code, person.name, person.first_name) == ("nadia-ba", "Mme Bâ", "Nadia")
    assert person.profession.name == "Assistant social"
    assert [service.id for service in person.services] == sorted([cast.action_sociale, cast.pmi])
    assert (person.retired_at, person.feed_version, person.languages) == (None, 0, frozenset())
    assert session.get_one(Resource, person.id).kind == "professional"


def test_civility_is_optional(session: Session, cast: Cast) -> None:
    key = create(replace(social_worker(session, cast), civility=None))

    assert session.get_one(Professional, key).name == "Nadia Bâ"


def test_the_languages_that_they_speak(session: Session, cast: Cast) -> None:
    key = create(replace(social_worker(session, cast), languages=["fsl", "wo", "fsl"]))

    assert session.get_one(Professional, key).languages == {"wo", "fsl"}


def test_they_learn_one_and_forget_another(session: Session, cast: Cast) -> None:
    set_languages(cast.roux, ["wo", "ar"])
    set_languages(cast.roux, ["ar", "tr"])

    assert session.get_one(Professional, cast.roux).languages == {"ar", "tr"}
    with pytest.raises(Invalid, match="languages: unknown"):
        set_languages(cast.roux, ["ar", "klingon"])
    with pytest.raises(NotFound):
        set_languages(10_000, ["ar"])


@pytest.mark.parametrize(
    ("changes", "field", "rule"),
    [
        pytest.param({"code": ""}, "code", "required", id="no code"),
        pytest.param({"code": "Nadia Bâ"}, "code", "unsupported", id="a code that cannot be in an address"),
        pytest.param({"code": "roux"}, "code", "in_use", id="the code of another"),
        pytest.param({"last_name": ""}, "last_name", "required", id="no name"),
        pytest.param({"first_name": "a\nb"}, "first_name", "control_characters", id="a line break"),
        pytest.param({"civility": "Sir"}, "civility", "unknown", id="an unknown civility"),
        pytest.param({"profession_id": 10_000}, "profession_id", "unknown", id="an unknown profession"),
        pytest.param({"languages": ["wo", "fr"]}, "languages", "unknown", id="a language that goes without saying"),
        pytest.param({"service_ids": ()}, "service_ids", "required", id="no service"),
        pytest.param({"service_ids": (10_000,)}, "service_ids", "unknown", id="an unknown service"),
    ],
)
def test_what_is_refused_leaves_nothing(
    session: Session, cast: Cast, changes: dict[str, Any], field: str, rule: str
) -> None:
    new = replace(social_worker(session, cast), **changes)
    before = session.scalar(sa.select(sa.func.count(Resource.id)))
    session.rollback()

    with pytest.raises(Invalid) as refused:
        create(new)

    assert (refused.value.field, refused.value.rule) == (field, rule)
    assert session.scalar(sa.select(sa.func.count(Resource.id))) == before
