"""Creating people, finding them again while they are on the phone, noticing that they are known already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.errors import Invalid
from booking.people import directory
from booking.people.directory import (
    NewUsager,
    cleaned,
    create_usager,
    create_visitor,
    fold,
    search_usagers,
    similar_usagers,
)
from booking.people.models import Professional, Service, Usager
from booking.resources import Resource
from tests.builders import NOW, Cast, set_on

DIALLO = NewUsager("Diallo", "Amadou")


def create(new: NewUsager, now: datetime = NOW) -> int:
    return in_transaction(lambda session: create_usager(session, new, now))


def refused(new: NewUsager, now: datetime = NOW) -> tuple[str, str]:
    with pytest.raises(Invalid) as error:
        create(new, now)
    return error.value.field, error.value.rule


# ------------------------------------------------------------------ creating


def test_a_person_is_stored_as_normalised(session: Session, cast: Cast) -> None:
    key = create(
        NewUsager(
            last_name="  Kone\u0301  Sow ",
            first_name="Aminata",
            birth_name="N’Diaye",
            birth_date=date(1987, 2, 28),
            phone="06 39 98 56 78",
            email="Aminata@Exemple.EXAMPLE",
            contact="discreet",
            language="pt",
            step_free=True,
            referent_id=cast.roux,
        )
    )

    person = session.get_one(Usager, key)
    assert person.name == "KONÉ SOW Aminata"
    assert (person.birth_name, person.birth_date) == ("N’Diaye", date(1987, 2, 28))
    assert (person.phone, person.email) == ("+33639985678", "Aminata@exemple.example")
    assert (person.contact, person.language, person.step_free) == ("discreet", "pt", True)
    assert (person.referent_id, person.service_id, person.created_at) == (cast.roux, None, NOW)
    assert session.get_one(Resource, key).kind == "usager"


def test_one_name_is_enough(session: Session, cast: Cast) -> None:
    assert session.get_one(Usager, create(NewUsager("Soumaïla"))).name == "SOUMAÏLA"


@pytest.mark.parametrize(
    ("changes", "field", "rule"),
    [
        pytest.param({"last_name": None}, "last_name", "required", id="nobody"),
        pytest.param({"last_name": " "}, "last_name", "required", id="a blank name"),
        pytest.param({"last_name": 12}, "last_name", "unsupported", id="a number for a name"),
        pytest.param({"first_name": "a" * 81}, "first_name", "too_long", id="a name too long"),
        pytest.param({"birth_name": "a\x1bb"}, "birth_name", "control_characters", id="an escape"),
        pytest.param({"first_name": "185999912345678"}, "first_name", "nir", id="a NIR for a first name"),
        pytest.param({"birth_date": date(2026, 11, 24)}, "birth_date", "future", id="not born yet"),
        pytest.param({"birth_date": "29/02/2027"}, "birth_date", "not_a_date", id="an impossible date"),
        pytest.param({"phone": "12"}, "phone", "not_a_phone", id="a short phone"),
        pytest.param({"email": "a@b.example,c@d.example"}, "email", "two_addresses", id="two addresses"),
        pytest.param({"contact": "loud"}, "contact", "unknown", id="another way to write"),
        pytest.param({"language": "de"}, "language", "unknown", id="a language that we do not write"),
        pytest.param({"spoken_language": "xx"}, "spoken_language", "unknown", id="a language that nobody speaks"),
        pytest.param({"spoken_language": "fr"}, "spoken_language", "unknown", id="French goes without saying"),
        pytest.param({"interpreter_needed": True}, "spoken_language", "required", id="an interpreter of nothing"),
        pytest.param(
            {"spoken_language": "ti", "interpreter_needed": 1},
            "interpreter_needed",
            "unsupported",
            id="a number for yes",
        ),
        pytest.param({"step_free": "oui"}, "step_free", "unsupported", id="a word for yes"),
    ],
)
def test_a_person_that_cannot_be_stored(changes: dict[str, Any], field: str, rule: str) -> None:
    with pytest.raises(Invalid) as error:
        cleaned(replace(DIALLO, **changes), NOW)

    assert (error.value.field, error.value.rule) == (field, rule)


@pytest.mark.parametrize(
    ("changes", "field", "rule"),
    [
        pytest.param({"phone": "12"}, "phone", "not_a_phone", id="a field that is wrong by itself"),
        pytest.param({"referent_id": 10_000}, "referent_id", "unknown", id="no such professional"),
        pytest.param({"service_id": 10_000}, "service_id", "unknown", id="no such service"),
    ],
)
def test_a_refused_person_leaves_nothing(
    session: Session, cast: Cast, changes: dict[str, Any], field: str, rule: str
) -> None:
    before = session.scalar(sa.select(sa.func.count(Resource.id)))
    session.rollback()

    assert refused(replace(DIALLO, **changes)) == (field, rule)
    assert session.scalar(sa.select(sa.func.count(Resource.id))) == before


LANGUAGES = [
    ({}, None, "French, as far as anybody knows"),
    ({"language": "pt"}, "pt", "written to in Portuguese"),
    ({"spoken_language": "snk", "interpreter_needed": True}, "snk", "who speaks a language that we do not write"),
    ({"language": "ar", "spoken_language": "kab"}, "kab", "the one spoken before the one written"),
]


@pytest.mark.parametrize(("changes", "expected", "because"), LANGUAGES, ids=[row[2] for row in LANGUAGES])
def test_the_language_in_which_to_receive_somebody(
    session: Session, cast: Cast, changes: dict[str, Any], expected: str | None, because: str
) -> None:
    person = session.get_one(Usager, create(replace(DIALLO, **changes)))
    assert person.other_language == expected, because
    assert person.interpreter_needed is changes.get("interpreter_needed", False)


WRONG = [
    ({"spoken_language": "francais"}, "no code of ISO 639"),
    ({"interpreter_needed": True}, "an interpreter of no language"),
]


@pytest.mark.parametrize(("values", "because"), WRONG, ids=[row[1] for row in WRONG])
def test_the_database_refuses_a_language_that_makes_no_sense(cast: Cast, values: dict[str, Any], because: str) -> None:
    with pytest.raises(sa.exc.DBAPIError):
        set_on(Usager, cast.diallo, **values)


def test_a_child_may_be_born_where_it_is_tomorrow_already() -> None:
    evening = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)

    assert cleaned(replace(DIALLO, birth_date=date(2026, 11, 23)), evening).birth_date == date(2026, 11, 23)
    with pytest.raises(Invalid):
        cleaned(replace(DIALLO, birth_date=date(2026, 11, 24)), evening)


def test_a_retired_professional_is_nobodys_referent(cast: Cast) -> None:
    def retire(session: Session) -> None:
        session.get_one(Professional, cast.roux).retired_at = NOW

    in_transaction(retire)
    assert refused(replace(DIALLO, referent_id=cast.roux)) == ("referent_id", "unknown")


def test_a_compartmented_service_may_keep_its_own_people(session: Session, cast: Cast) -> None:
    key = create(replace(DIALLO, service_id=cast.pmi))

    assert session.get_one(Usager, key).service_id == cast.pmi
    assert key not in [person.id for person in search_usagers(session, "diallo")]


# ------------------------------------------------------------------ people without a name


def visitor(service_id: int, codes: Iterator[str] | None = None) -> int:
    def work(session: Session) -> int:
        service = session.get_one(Service, service_id)
        draw = (lambda: next(codes)) if codes else directory.new_code
        return create_visitor(session, service, NOW, draw)

    return in_transaction(work)


def test_a_confidential_service_takes_no_name(cast: Cast) -> None:
    assert refused(replace(DIALLO, service_id=cast.sante_sexuelle)) == ("last_name", "anonymous")


def test_a_visitor_is_a_code_and_nothing_else(session: Session, cast: Cast) -> None:
    person = session.get_one(Usager, visitor(cast.sante_sexuelle))

    assert person.code is not None
    assert person.name == f"Visiteur {person.code}"
    assert person.service_id == cast.sante_sexuelle
    assert (person.last_name, person.first_name, person.phone, person.email, person.search_key) == (
        None,
        None,
        None,
        None,
        "",
    )


@pytest.mark.parametrize("service", ["action_sociale", "pmi"])
def test_any_other_service_asks_for_a_name(cast: Cast, service: str) -> None:
    with pytest.raises(Invalid) as error:
        visitor(getattr(cast, service))

    assert (error.value.field, error.value.rule) == ("last_name", "required")


def test_a_code_already_given_is_drawn_again(session: Session, cast: Cast) -> None:
    first = visitor(cast.sante_sexuelle, iter(["K7F2-9QXM"]))
    second = visitor(cast.sante_sexuelle, iter(["K7F2-9QXM", "K7F2-9QXM", "B3C4-D5F6"]))

    codes = [session.get_one(Usager, key).code for key in (first, second)]
    assert codes == ["K7F2-9QXM", "B3C4-D5F6"]


def test_codes_are_read_aloud_without_mistakes() -> None:
    drawn = {directory.new_code() for _ in range(500)}

    assert len(drawn) == 500
    assert all(len(code) == 9 and code[4] == "-" for code in drawn)
    assert not set("".join(drawn)) & set("01OILAEUY")


# ------------------------------------------------------------------ folding


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        pytest.param("KONÉ", "kone", id="case and accent"),
        pytest.param("N'Diaye-Œuvre", "n diaye oeuvre", id="apostrophe, hyphen, ligature"),
        pytest.param("N’Diaye", "n diaye", id="typographic apostrophe"),
        pytest.param("Łukasz Straße", "lukasz strasse", id="letters that do not decompose"),
        pytest.param("  Ğül\u00a0 Şen ", "gul sen", id="spaces"),
        pytest.param("İpek", "ipek", id="dotted capital I"),
        pytest.param("𝘼wa", "awa", id="a letter in disguise"),
        pytest.param("100%_x", "100 x", id="LIKE wildcards are no letters"),
        pytest.param("", "", id="empty"),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text(max_size=80))
def test_folding_twice_is_folding_once(text: str) -> None:
    folded = fold(text)

    assert fold(folded) == folded
    assert all(character.isalnum() or character == " " for character in folded)


# ------------------------------------------------------------------ searching

PEOPLE = {
    "diallo amadou": NewUsager("Diallo", "Amadou", phone="06 39 98 12 34", email="amadou.d@exemple.example"),
    "diallo aissatou": NewUsager("Diallo", "Aïssatou", phone="01 99 00 12 34"),
    "dialloba": NewUsager("Dialloba", "Zoé"),
    "kone": NewUsager("Koné", "Aminata", birth_name="Diallo", email="kone_a@exemple.example"),
    "ndiaye": NewUsager("N’Diaye", "Jean-Pierre", phone="06 39 98 77 01"),
    "de la tour": NewUsager("de La Tour d’Auvergne", "Élise", email="koneXa@exemple.example"),
    "mono": NewUsager("Soumaïla"),
}


@pytest.fixture
def known(app: object) -> dict[int, str]:
    """The people above, in a database of their own."""

    def work(session: Session) -> dict[int, str]:
        return {create_usager(session, new, NOW): name for name, new in PEOPLE.items()}

    return in_transaction(work)


SEARCHES = {
    "dial": ["diallo aissatou", "diallo amadou", "dialloba", "kone"],
    "diallo": ["diallo aissatou", "diallo amadou", "kone", "dialloba"],
    "DIALLO am": ["diallo amadou", "kone"],
    "amadou diallo": ["diallo amadou"],
    "ama dia": ["diallo amadou"],
    "kone": ["kone"],
    "KONÉ": ["kone"],
    "aissatou": ["diallo aissatou"],
    "jean pierre": ["ndiaye"],
    "jean-pierre": ["ndiaye"],
    "jeanpierre": ["ndiaye"],
    "pierre n'diaye": ["ndiaye"],
    "ndiaye": ["ndiaye"],
    "n'diaye": ["ndiaye"],
    "n diaye": ["ndiaye"],
    "auvergne elise": ["de la tour"],
    "dauvergne": ["de la tour"],
    "soumaila": ["mono"],
    "iallo": [],
    "diallo kone amadou": [],
    "1234": ["diallo aissatou", "diallo amadou"],
    "12 34": ["diallo aissatou", "diallo amadou"],
    "06 39 98 12 34": ["diallo amadou"],
    "+33639981234": ["diallo amadou"],
    "0033639981234": ["diallo amadou"],
    "063998": ["diallo amadou", "ndiaye"],
    "7701": ["ndiaye"],
    "34": [],
    "amadou.d@": ["diallo amadou"],
    "AMADOU.D@EXEMPLE.EXAMPLE": ["diallo amadou"],
    "kone_a@": ["kone"],
    "kone%@": [],
    "%": [],
    "_": [],
    "": [],
    "   ": [],
    "-": [],
    "'; DROP TABLE usager; --": [],
    "a\x00b": [],
    "a\x00@b": [],
    "a\ud800b": [],
    "185999912345678": [],
}


def test_searches(session: Session, known: dict[int, str]) -> None:
    """One database for the whole table: letters, the end of a phone, a mail; any order and accent; best first."""
    found = {text: [known[person.id] for person in search_usagers(session, text)] for text in SEARCHES}

    assert found == SEARCHES


def test_a_search_is_bounded(session: Session, known: dict[int, str]) -> None:
    assert len(search_usagers(session, "dial", limit=2)) == 2
    assert search_usagers(session, "dial", limit=0) == []
    assert search_usagers(session, "dial", limit=-1) == []
    assert len(search_usagers(session, "dial", limit=10**9)) == 4
    # What is typed beyond 120 characters, or 6 words, is not read.
    assert len(search_usagers(session, "dial " * 6 + "zzz")) == 4
    assert search_usagers(session, "d" * 100_000) == []


def test_people_known_by_a_code_are_never_found(session: Session, cast: Cast) -> None:
    visitor(cast.sante_sexuelle, iter(["K7F2-9QXM"]))

    assert search_usagers(session, "K7F2-9QXM") == []
    assert search_usagers(session, "visiteur") == []


def test_the_longest_names_are_stored_and_found(session: Session, app: object) -> None:
    long = "ﷺ" * 40 + " " + "É-" * 19 + "B"
    create(NewUsager(long, long, birth_name=long))

    assert len(search_usagers(session, "b")) == 0  # beyond what the key holds
    assert [person.first_name for person in search_usagers(session, fold("ﷺ")[:4])] == [long]


# ------------------------------------------------------------------ duplicates

AMADOU = replace(PEOPLE["diallo amadou"], birth_date=date(1990, 5, 1))


@pytest.fixture
def amadou(app: object) -> int:
    return create(AMADOU)


SIMILAR = [
    (NewUsager("Diallo", "Amadou", birth_date=date(1990, 5, 1)), True, "names and birth date"),
    (NewUsager("AMADOU", "diàllo", birth_date=date(1990, 5, 1)), True, "names swapped"),
    (
        NewUsager("Sow", "Amadou", birth_name="Diallo", birth_date=date(1990, 5, 1)),
        True,
        "under a birth name",
    ),
    (NewUsager("Diallo", None, birth_date=date(1990, 5, 1)), True, "no first name"),
    (NewUsager("Diallo", "Amadou"), False, "the names alone prove little"),
    (NewUsager("Diallo", "Awa", birth_date=date(1990, 5, 1)), False, "a twin"),
    (NewUsager("Dial", "Amadou", birth_date=date(1990, 5, 1)), False, "part of a name"),
    (NewUsager(None, birth_date=date(1990, 5, 1)), False, "a birth date alone"),
    (NewUsager("Koné", phone="+33 6 39 98 12 34"), True, "the phone, written otherwise"),
    (NewUsager("Koné", email="AMADOU.D@exemple.example"), True, "the mailbox"),
    (NewUsager("Koné", phone="06 39 98 12 35"), False, "another phone"),
    (NewUsager("Koné"), False, "nothing to compare"),
]


def test_who_may_be_the_same_person(session: Session, amadou: int) -> None:
    """One database for the whole table."""
    for new, similar, why in SIMILAR:
        assert [person.id for person in similar_usagers(session, new)] == [amadou] * similar, why


def test_the_most_alike_comes_first(session: Session, amadou: int) -> None:
    spouse = create(NewUsager("Diallo", "Awa", phone=AMADOU.phone, email=AMADOU.email))
    neighbour = create(NewUsager("Bâ", "Ali", phone=AMADOU.phone))

    assert [person.id for person in similar_usagers(session, AMADOU)] == [amadou, spouse, neighbour]
    assert [person.id for person in similar_usagers(session, AMADOU, limit=1)] == [amadou]


def test_a_namespace_hides_its_people_from_the_others(session: Session, cast: Cast) -> None:
    inside = create(replace(AMADOU, phone="06 39 98 55 55", email=None, service_id=cast.pmi))
    probe = replace(AMADOU, phone="06 39 98 55 55", email=None)

    assert similar_usagers(session, probe) == []
    assert [person.id for person in similar_usagers(session, replace(probe, service_id=cast.pmi))] == [inside]
