from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.people.models import Profession, Service
from booking.resources import Resource
from booking.rooms.inventory import first_site, load_site, rooms
from booking.rooms.models import Room, Site, SiteHours
from booking.rooms.sitefile import SiteFileInvalid
from booking.schema import metadata
from booking.slots.models import configuration
from tests.builders import NOW, count

OTHER = """
[site]
code = "gennevilliers"
name = "Antenne de Gennevilliers"
public_name = "Antenne du pôle social"
address = "1 place du Marché, Gennevilliers"
phone = "01 99 00 56 78"
email = "accueil@antenne.example"
zone = "Europe/Paris"

[hours]
tuesday = "9:00-12:00"

[[service]]
code = "pmi"
name = "Protection maternelle et infantile"
confidentiality = "compartmented"

[[room]]
code = "B1"
name = "Bureau"
kind = "bureau"
floor = 0
capacity = 2
"""


def everything(session: Session) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, to see that nothing changed; a revision may be renewed for nothing."""
    session.rollback()
    return {
        name: sorted((tuple(row) for row in session.execute(sa.select(table))), key=repr)
        for name, table in metadata.tables.items()
        if name != configuration.name
    }


def changed(old: str, new: str) -> str:
    assert old in first_site()
    return first_site().replace(old, new, 1)


def room(session: Session, code: str) -> Room:
    return session.scalars(sa.select(Room).where(Room.code == code)).one()


def test_the_first_site_is_loaded(session: Session) -> None:
    key = load_site(first_site())

    site = session.get_one(Site, key)
    assert (site.code, site.public_name, site.phone) == ("asnieres", "Pôle social départemental", "+33199001234")
    assert [(day.weekday, day.opens, day.closes) for day in site.hours] == [
        (weekday, 510, 1050) for weekday in range(1, 6)
    ]
    assert [each.code for each in rooms(session, key)][:3] == ["B1", "B2", "B3"]
    assert len(rooms(session, key)) == 21
    assert (count(session, Service), count(session, Profession)) == (4, 13)

    c4 = room(session, "C4")
    assert c4.reserved_for is not None
    assert c4.reserved_for.code == "sante-sexuelle"
    assert c4.features == {"step_free", "sink", "examination_couch"}
    assert session.get_one(Resource, c4.id).kind == "room"


def test_loading_it_again_changes_nothing(session: Session) -> None:
    key = load_site(first_site())
    before = everything(session)

    assert load_site(first_site()) == key
    assert everything(session) == before


def test_a_changed_file_changes_what_it_says_and_keeps_the_keys(session: Session) -> None:
    key = load_site(first_site())
    before = {each.code: each.id for each in rooms(session, key)}
    text = changed('name = "Bureau d’entretien 1"', 'name = "Bureau des Lilas"')
    text = text.replace('reserved_for = "sante-sexuelle"\n', "")
    text = text.replace('friday = "08:30-17:30"', 'saturday = "09:00-12:00"')
    session.rollback()

    load_site(text)

    assert {each.code: each.id for each in rooms(session, key)} == before
    assert room(session, "B1").name == "Bureau des Lilas"
    assert room(session, "C4").reserved_for_id is None
    assert session.scalars(sa.select(SiteHours.weekday).order_by(SiteHours.weekday)).all() == [1, 2, 3, 4, 6]


def test_a_room_that_the_file_no_longer_names_is_left_as_it_is(session: Session) -> None:
    key = load_site(first_site())
    text = first_site()
    without = text[: text.index('[[room]]\ncode = "EN4"')]
    before = everything(session)

    load_site(without)

    assert everything(session) == before
    assert len(rooms(session, key)) == 21


def test_a_new_room_is_added(session: Session) -> None:
    key = load_site(first_site())
    more = '\n[[room]]\ncode = "B11"\nname = "Bureau 11"\nkind = "bureau"\nfloor = 1\ncapacity = 3\n'

    load_site(first_site() + more)

    assert rooms(session, key)[-1].code == "B11"


def test_retired_rooms_are_left_out_and_stay_retired(session: Session) -> None:
    key = load_site(first_site())

    def retire(session: Session) -> None:
        room(session, "B1").retired_at = NOW

    in_transaction(retire)
    load_site(first_site())

    assert "B1" not in [each.code for each in rooms(session, key)]
    assert room(session, "B1").retired_at == NOW


def test_a_second_site_has_rooms_of_its_own_and_shares_the_services(session: Session) -> None:
    first = load_site(first_site())
    second = load_site(OTHER)

    assert first != second
    assert [each.code for each in rooms(session, second)] == ["B1"]
    assert len(rooms(session, first)) == 21
    assert (count(session, Service), count(session, Profession)) == (4, 13)


def test_a_wrong_file_is_not_half_loaded(session: Session) -> None:
    before = everything(session)

    with pytest.raises(SiteFileInvalid) as refused:
        load_site(changed('kind = "espace_numerique"', 'kind = "salon"'))

    assert [problem.field for problem in refused.value.problems] == ["room.kind"]
    assert everything(session) == before


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        pytest.param("Europe/Paris", "Indian/Reunion", "site.zone", id="the zone: openings would move"),
        pytest.param(
            'confidentiality = "confidential"',
            'confidentiality = "open"',
            "service.confidentiality",
            id="the class of a service: hidden people would show",
        ),
        pytest.param(
            'kind = "parents_enfants"',
            'kind = "bureau"',
            "room.kind",
            id="the kind of a room: appointments were given it",
        ),
    ],
)
def test_what_bookings_rely_on_cannot_change(session: Session, old: str, new: str, field: str) -> None:
    load_site(first_site())
    before = everything(session)
    line = first_site()[: first_site().index(old)].count("\n") + 1

    with pytest.raises(SiteFileInvalid) as refused:
        load_site(changed(old, new).replace('name = "Bureau d’entretien 1"', 'name = "Autre"'))

    [problem] = refused.value.problems
    assert (problem.line, problem.field, problem.rule) == (line, field, "fixed")
    assert everything(session) == before


def test_the_kind_of_a_room_of_another_site_is_no_obstacle(session: Session) -> None:
    load_site(first_site())

    second = load_site(OTHER.replace('kind = "bureau"', 'kind = "cabinet"'))

    assert [each.kind for each in rooms(session, second)] == ["cabinet"]
