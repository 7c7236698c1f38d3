"""A site file is checked whole: every problem at once, with the line to go to."""

from __future__ import annotations

import tomllib
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking import ical
from booking.people.models import Confidentiality
from booking.rooms.inventory import first_site
from booking.rooms.models import FEATURES, ROOM_KINDS
from booking.rooms.sitefile import (
    SENTENCES,
    ProfessionEntry,
    RoomEntry,
    ServiceEntry,
    SiteEntry,
    SiteFile,
    SiteFileInvalid,
    SiteFileProblem,
    Vocabulary,
    parse,
)
from booking.rooms.tomllines import Lines

VOCABULARY = Vocabulary(ROOM_KINDS, FEATURES, get_args(Confidentiality))

SMALL = """\
[site]
code = "gennevilliers"
name = "Antenne de Gennevilliers"
public_name = "Antenne du pôle social"
address = "1 place du Marché, Gennevilliers"
phone = "01 99 00 56 78"
email = "accueil@antenne.example"
zone = "Europe/Paris"

[hours]
monday = "8:30-17:30"
saturday = "09h00 - 24h00"

[[service]]
code = "pmi"
name = "Protection maternelle et infantile"
confidentiality = "compartmented"

[[profession]]
code = "medecin"
name = "Médecin"

[[room]]
code = "C1"
name = "Cabinet médical"
kind = "cabinet"
floor = -1
capacity = 3
features = ["sink", "step_free"]
reserved_for = "pmi"

[[room]]
code = "B1"
name = "Bureau"
kind = "bureau"
floor = 0
capacity = 2
"""


def read(text: str) -> SiteFile:
    return parse(text, VOCABULARY)


def problems(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(SiteFileInvalid) as refused:
        read(text)
    return [(problem.line, problem.field, problem.rule) for problem in refused.value.problems]


def changed(old: str, new: str) -> str:
    assert SMALL.count(old) == 1
    return SMALL.replace(old, new)


# ------------------------------------------------------------------ what is read


def test_a_file_becomes_values() -> None:
    file = read(SMALL)

    assert file.site == SiteEntry(
        code="gennevilliers",
        name="Antenne de Gennevilliers",
        public_name="Antenne du pôle social",
        address="1 place du Marché, Gennevilliers",
        directions="",
        phone="+33199005678",
        email="accueil@antenne.example",
        zone="Europe/Paris",
        closed_on_public_holidays=True,
    )
    assert file.hours == {1: (510, 1050), 6: (540, 1440)}
    assert file.services == (ServiceEntry("pmi", "Protection maternelle et infantile", "compartmented"),)
    assert file.professions == (ProfessionEntry("medecin", "Médecin", interprets=False),)
    assert file.rooms == (
        RoomEntry("C1", "Cabinet médical", "cabinet", -1, 3, frozenset({"sink", "step_free"}), "pmi"),
        RoomEntry("B1", "Bureau", "bureau", 0, 2, frozenset(), None),
    )


def test_public_holidays_may_be_worked() -> None:
    file = read(changed('zone = "Europe/Paris"', 'zone = "Europe/Paris"\nclosed_on_public_holidays = false'))

    assert file.site.closed_on_public_holidays is False


def test_a_site_may_have_no_room_yet() -> None:
    assert read(SMALL[: SMALL.index("[[room]]")]).rooms == ()


def test_the_first_site_is_the_building_of_the_opening_document() -> None:
    file = read(first_site())

    kinds = [room.kind for room in file.rooms]
    assert {kind: kinds.count(kind) for kind in ROOM_KINDS} == {
        "bureau": 10,
        "cabinet": 4,
        "parents_enfants": 3,
        "espace_numerique": 4,
    }
    assert [room.code for room in file.rooms] == [
        *(f"B{number}" for number in range(1, 11)),
        *(f"C{number}" for number in range(1, 5)),
        *(f"PE{number}" for number in range(1, 4)),
        *(f"EN{number}" for number in range(1, 5)),
    ]
    assert {room.code: room.reserved_for for room in file.rooms if room.reserved_for} == {"C4": "sante-sexuelle"}
    assert file.hours == dict.fromkeys(range(1, 6), (510, 1050))
    assert len(file.professions) == 13
    assert [profession.code for profession in file.professions if profession.interprets] == ["interprete"]
    assert {service.code: service.confidentiality for service in file.services} == {
        "pmi": "compartmented",
        "sante-sexuelle": "confidential",
        "action-sociale": "open",
        "ase": "compartmented",
    }


def test_the_first_site_is_furnished() -> None:
    rooms = read(first_site()).rooms

    def features(kind: str) -> list[frozenset[str]]:
        return [room.features for room in rooms if room.kind == kind]

    assert all({"sink", "examination_couch"} <= found for found in features("cabinet"))
    assert all({"play_corner", "changing_table"} <= found for found in features("parents_enfants"))
    assert all("computer" in found for found in features("espace_numerique"))
    for kind in ROOM_KINDS:
        assert 0 < sum("step_free" in found for found in features(kind)) < len(features(kind))
    assert {room.floor for room in rooms} == {0, 1}


def test_the_first_site_tells_usagers_nothing_of_its_services() -> None:
    site = read(first_site()).site
    told = f"{site.public_name} {site.address} {site.directions} {site.email}".casefold()

    assert not any(word in told for word in ("pmi", "santé sexuelle", "aide sociale", "ase ", "médic"))


# ------------------------------------------------------------------ what is refused

LINES = {text: number for number, text in enumerate(SMALL.splitlines(), 1)}


@pytest.mark.parametrize(
    ("old", "new", "field", "rule"),
    [
        pytest.param('code = "gennevilliers"', "code = 3", "site.code", "unsupported", id="a number for a text"),
        pytest.param('code = "gennevilliers"', 'code = ""', "site.code", "required", id="an empty text"),
        pytest.param('code = "gennevilliers"', 'code = "le site"', "site.code", "bad_code", id="a code in words"),
        pytest.param('code = "C1"', 'code = "Café"', "room.code", "bad_code", id="an accent in a code"),
        pytest.param('code = "C1"', f'code = "{"C" * 21}"', "room.code", "too_long", id="a code too long"),
        pytest.param('code = "B1"', 'code = "c1"', "room.code", "duplicate", id="a code twice, but for case"),
        pytest.param('name = "Bureau"', 'name = "a\\u0007b"', "room.name", "control_characters", id="a bell in a name"),
        pytest.param('name = "Bureau"', 'name = "185999912345678"', "room.name", "nir", id="15 digits for a name"),
        pytest.param('kind = "bureau"', 'kind = "salon"', "room.kind", "unknown", id="an unknown kind"),
        pytest.param("floor = 0", 'floor = "0"', "room.floor", "not_a_number", id="a text for a number"),
        pytest.param("floor = 0", "floor = true", "room.floor", "not_a_number", id="true is no floor"),
        pytest.param("floor = 0", "floor = 0.5", "room.floor", "not_a_number", id="a mezzanine"),
        pytest.param("capacity = 2", "capacity = 0", "room.capacity", "out_of_range", id="nobody fits"),
        pytest.param("capacity = 2", "capacity = 501", "room.capacity", "out_of_range", id="a theatre"),
        pytest.param(
            'features = ["sink", "step_free"]',
            'features = ["sink", "piano"]',
            "room.features",
            "unknown",
            id="an unknown feature",
        ),
        pytest.param(
            'features = ["sink", "step_free"]',
            "features = [1]",
            "room.features",
            "unsupported",
            id="a number for a feature",
        ),
        pytest.param(
            'features = ["sink", "step_free"]',
            'features = "sink"',
            "room.features",
            "not_a_list",
            id="one feature without a list",
        ),
        pytest.param(
            'reserved_for = "pmi"',
            'reserved_for = "ase"',
            "room.reserved_for",
            "unknown",
            id="kept for a service that is not in the file",
        ),
        pytest.param(
            'confidentiality = "compartmented"',
            'confidentiality = "secret"',
            "service.confidentiality",
            "unknown",
            id="an unknown class",
        ),
        pytest.param('monday = "8:30-17:30"', 'monday = "8:30"', "hours.monday", "not_hours", id="no closing"),
        pytest.param('monday = "8:30-17:30"', 'monday = "8:75-17:30"', "hours.monday", "not_hours", id="75 minutes"),
        pytest.param(
            'monday = "8:30-17:30"', 'monday = "8:30-24:05"', "hours.monday", "not_hours", id="after midnight"
        ),
        pytest.param(
            'monday = "8:30-17:30"',
            'monday = "17:30-8:30"',
            "hours.monday",
            "end_before_start",
            id="it closes before it opens",
        ),
        pytest.param('monday = "8:30-17:30"', 'monday = "8:32-17:30"', "hours.monday", "not_on_grid", id="8h32"),
        pytest.param('monday = "8:30-17:30"', "monday = 8", "hours.monday", "unsupported", id="an hour bare"),
        pytest.param(
            'monday = "8:30-17:30"', 'lundi = "8:30-17:30"', "hours.lundi", "unknown_key", id="a day in French"
        ),
        pytest.param('phone = "01 99 00 56 78"', 'phone = "12"', "site.phone", "not_a_phone", id="a short phone"),
        pytest.param('phone = "01 99 00 56 78"', 'phone = ""', "site.phone", "required", id="an empty phone"),
        pytest.param(
            'email = "accueil@antenne.example"', 'email = "accueil"', "site.email", "not_a_mail", id="no mail"
        ),
        pytest.param(
            'email = "accueil@antenne.example"',
            'email = "a@b.example, c@d.example"',
            "site.email",
            "two_addresses",
            id="two mails",
        ),
        pytest.param(
            'zone = "Europe/Paris"',
            'zone = "Europe/Paris"\nclosed_on_public_holidays = "oui"',
            "site.closed_on_public_holidays",
            "not_a_flag",
            id="a word for true",
        ),
        pytest.param(
            'name = "Médecin"',
            'name = "Médecin"\ninterprets = "non"',
            "profession.interprets",
            "not_a_flag",
            id="a word for false",
        ),
    ],
)
def test_one_problem_with_its_line_and_field(old: str, new: str, field: str, rule: str) -> None:
    line = LINES[old] + new.count("\n")

    assert problems(changed(old, new)) == [(line, field, rule)]


@pytest.mark.parametrize(
    ("zone", "rule"),
    [
        pytest.param("Europe/Paris", None, id="the mainland"),
        pytest.param("Indian/Reunion", None, id="no summer time"),
        pytest.param("America/Cayenne", None, id="no summer time either"),
        pytest.param("Pacific/Marquesas", None, id="half an hour"),
        pytest.param("America/Miquelon", "zone_with_summer_time", id="the summer time of another continent"),
        pytest.param("Europe/London", "zone_with_summer_time", id="same dates, another offset"),
        pytest.param("Europe/Lutèce", "unknown_zone", id="no such place"),
        pytest.param("Europe", "unknown_zone", id="a folder"),
        pytest.param("../../etc/passwd", "unknown_zone", id="a path"),
        pytest.param("/etc/localtime", "unknown_zone", id="an absolute path"),
    ],
)
def test_the_zone_is_one_that_calendars_can_be_written_for(zone: str, rule: str | None) -> None:
    text = changed("Europe/Paris", zone)

    if rule is None:
        assert read(text).site.zone == zone
        assert ical.vtimezone(zone)
    else:
        assert problems(text) == [(8, "site.zone", rule)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [(1, "hours", "not_a_table"), (1, "site", "not_a_table")], id="an empty file"),
        pytest.param(
            SMALL.replace("[site]", "[sites]"),
            [(1, "site", "not_a_table"), (1, "sites", "unknown_key")],
            id="a table misspelt: missing and unknown",
        ),
        pytest.param(SMALL.replace("[hours]", "[[hours]]"), [(10, "hours", "not_a_table")], id="one table, as a list"),
        pytest.param(
            SMALL.replace("[[profession]]", "[profession]"),
            [(19, "profession", "not_tables")],
            id="a list, as one table",
        ),
        pytest.param(
            "room = 3\nservice = [1]\n" + SMALL[: SMALL.index("[[service]]")],
            [(1, "room", "not_tables"), (2, "service", "not_tables")],
            id="numbers for tables",
        ),
        pytest.param(
            SMALL + "\n[[room]]\n",
            [(39, f"room.{key}", "required") for key in ("capacity", "code", "floor", "kind", "name")],
            id="an empty room: what misses, at the line of its table",
        ),
        pytest.param(
            SMALL + '\n[[room]]\ncode = "B1"\n[[room]]\ncode = "B1"\n',
            [
                *((39, f"room.{key}", "required") for key in ("capacity", "floor", "kind", "name")),
                (40, "room.code", "duplicate"),
                *((41, f"room.{key}", "required") for key in ("capacity", "floor", "kind", "name")),
                (42, "room.code", "duplicate"),
            ],
            id="all problems at once, in the order of the file",
        ),
        pytest.param(SMALL + '"a\\nb" = 1\n', [(38, "'room.a\\nb'", "unknown_key")], id="a key with a line break"),
        pytest.param(
            SMALL.replace("capacity = 2", "capacite = 2"),
            [(32, "room.capacity", "required"), (37, "room.capacite", "unknown_key")],
            id="a key in French",
        ),
    ],
)
def test_problems_of_the_whole(text: str, expected: list[tuple[int, str, str]]) -> None:
    assert problems(text) == expected


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(SMALL.replace('"Bureau"', '"Bureau'), 34, id="a quote not closed"),
        pytest.param(SMALL + 'code = "B2"\n', 38, id="a key twice in a table"),
        pytest.param(SMALL.replace("floor = 0", "floor = 2027-02-29"), 36, id="an impossible date"),
        pytest.param(SMALL + "x = [1,", 38, id="the end of the file inside a list"),
        pytest.param("x = " + "[" * 5000, 1, id="lists without end"),
        pytest.param("x = " + "9" * 5000, 1, id="a number of 5,000 digits"),
        pytest.param("a\x00 = 1", 1, id="a control character"),
        pytest.param("PK\x03\x04", 1, id="another kind of file"),
    ],
)
def test_what_is_not_toml(text: str, line: int) -> None:
    [(found, field, rule)] = problems(text)

    assert (field, rule) == ("fichier", "syntax")
    assert found == line


def test_problems_are_said_in_french_one_a_line() -> None:
    text = changed("capacity = 2", "capacity = 0").replace('code = "B1"', 'code = "C1"')

    with pytest.raises(SiteFileInvalid) as refused:
        read(text)

    assert str(refused.value) == (
        "ligne 33, room.code : ce code est déjà celui de la ligne 24.\n"
        "ligne 37, room.capacity : attendu un nombre entre 1 et 500."
    )


@given(st.sampled_from(sorted(LINES.values())), st.sampled_from(["", "x", "[", "code = 1", 'a = "b"', "# rien"]))
def test_a_damaged_file_is_read_or_refused_with_sentences(line: int, instead: str) -> None:
    lines = SMALL.splitlines()
    lines[line - 1] = instead

    try:
        read("\n".join(lines))
        found: tuple[SiteFileProblem, ...] = ()
    except SiteFileInvalid as refused:
        found = refused.problems

    assert all(1 <= problem.line <= len(lines) for problem in found)
    assert all(problem.rule in SENTENCES and str(problem).startswith("ligne ") for problem in found)


# ------------------------------------------------------------------ lines

TRICKY = '''\
# [site]
title = "before"            # a comment with [brackets] and "quotes"

[ site ]                    # spaces inside
name = """
[room]
code = 1 \\""" still text
"""
"quoted.key" = 'a # b'
dotted.key = 1
list = [                    # a list on many lines
  "[", # [[room]]
  { x = "]" },
]

[[room]]
a = 1
[[ "room" ]]
b = """"twice quoted"""""
  a = 2
[room.sub]
deep = 1
'''


@pytest.mark.parametrize(
    ("place", "line"),
    [
        pytest.param(("title",), 2, id="a key before any table"),
        pytest.param(("site",), 4, id="a table, not the comment that looks like it"),
        pytest.param(("site", 0, "name"), 5, id="where a text of many lines begins"),
        pytest.param(("site", 0, "quoted.key"), 9, id="a quoted key"),
        pytest.param(("site", 0, "dotted"), 10, id="a dotted key"),
        pytest.param(("site", 0, "list"), 11, id="where a list of many lines begins"),
        pytest.param(("room", 0, "a"), 17, id="in the first of an array"),
        pytest.param(("room", 1, "b"), 19, id="in the second"),
        pytest.param(("room", 1, "a"), 20, id="indented, the same key again"),
        pytest.param(("room", 1, "sub"), 21, id="a table inside"),
        pytest.param(("room", 1, "missing"), 18, id="a missing key: its table"),
        pytest.param(("room", 7, "a"), 16, id="a table that is written inline: the first of its name"),
        pytest.param(("nothing", 0, "a"), 1, id="a missing table: the top"),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_the_line_of_a_table_and_of_a_key(place: tuple[str, int, str], line: int, ending: str) -> None:
    text = TRICKY.replace("\n", ending)
    assert tomllib.loads(text)["room"][1]["a"] == 2

    assert Lines.read(text).of(*place) == line
