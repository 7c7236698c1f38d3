"""A lead and an interpreter found as one, on both databases: who interprets, when, and in which room."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.errors import SlotUnavailable
from booking.people.models import Profession, Professional
from booking.rooms.models import Room
from booking.slots import configuration
from booking.slots.availability import Search, ask, decide, find_slots, slots_between
from booking.slots.models import AppointmentType, Opening
from booking.slots.suggesting import Person, suggest
from tests.builders import (
    MONDAY,
    NOW,
    PARIS,
    Cast,
    absence,
    add_interpreter,
    block,
    one_day,
    paris,
    set_on,
    store,
)
from tests.slots.asking import add_site, clocks, day_of

MORNING = "09:00 09:30 10:00 10:30 11:00 11:30"


def monday(cast: Cast, **more: object) -> Search:
    """Mme Roux's Monday, with somebody who interprets from Arabic."""
    return replace(day_of(cast.entretien, MONDAY, cast.roux, interpreter="ar"), **more)


def interpreted(session: Session, search: Search) -> dict[str, int | None]:
    """Who interprets at each start."""
    found = find_slots(session, search, NOW)
    return {slot.start.astimezone(PARIS).strftime("%H:%M"): slot.interpreter_id for slot in found}


@pytest.fixture
def amari(cast: Cast) -> int:
    """Mme Amari, of another service than the appointment: mornings, from Arabic."""
    return add_interpreter(cast, "amari", "ar")


# ------------------------------------------------------------------ who interprets


def test_every_slot_has_an_interpreter_of_any_service(cast: Cast, session: Session, amari: int) -> None:
    found = find_slots(session, monday(cast), NOW)
    assert clocks(found) == MORNING, "Mme Roux receives in the afternoon too, Mme Amari does not"
    assert {(slot.professional_id, slot.interpreter_id) for slot in found} == {(cast.roux, amari)}


def test_without_being_asked_for_there_is_none(cast: Cast, session: Session, amari: int) -> None:
    assert {slot.interpreter_id for slot in find_slots(session, monday(cast, interpreter=None), NOW)} == {None}


def test_whoever_has_fewest_languages_comes_first_then_by_code(cast: Cast, session: Session) -> None:
    """What the others could interpret stays free the longest."""
    for code, languages in (("zidane", "ar"), ("brahimi", "ar kab"), ("amrani", "ar kab"), ("camus", "kab")):
        add_interpreter(cast, code, *languages.split())
    known = configuration.read(session)
    order = [known.professionals[who].code for who in known.interpreting("ar")]
    assert order == ["zidane", "amrani", "brahimi"]
    for code in order:
        who = known.professional_coded(code).id
        assert interpreted(session, monday(cast))["10:00"] == who
        store(block(who, "2026-11-23 10:00", "2026-11-23 10:30"))
        session.rollback()
    found = interpreted(session, monday(cast))
    assert "10:00" not in found, "all three are taken"
    assert len(found) == 5, "each start is listed once"


NOBODY = [
    ("retired", "UPDATE professional SET retired_at = '2026-11-20 00:00:00+00' WHERE code = 'amari'"),
    ("speaks it without being an interpreter", "UPDATE profession SET interprets = false"),
    ("interprets from another language", "UPDATE professional SET languages = 'wo' WHERE code = 'amari'"),
]


@pytest.mark.parametrize("change", [row[1] for row in NOBODY], ids=[row[0] for row in NOBODY])
def test_who_does_not_interpret(cast: Cast, session: Session, amari: int, change: str) -> None:
    in_transaction(lambda s: s.execute(sa.text(change)).close())
    assert find_slots(session, monday(cast), NOW) == []
    question = ask(session, monday(cast), NOW)
    assert decide(session, question, paris("2026-11-23 09:00")).rule == "no_interpreter"


def test_nobody_interprets_what_they_lead(cast: Cast, session: Session, amari: int) -> None:
    """Mme Roux has become an interpreter herself, who is preferred: by code she would be after Mme Amari."""
    profession = session.scalar(sa.select(Profession.id).where(Profession.interprets))
    doing = sa.text("UPDATE appointment_type_profession SET profession_id = :new")
    in_transaction(lambda s: s.execute(doing, {"new": profession}).close())
    set_on(Professional, cast.roux, profession_id=profession, languages=frozenset({"ar"}), code="aaa")
    session.rollback()
    assert set(interpreted(session, monday(cast)).values()) == {amari}
    set_on(Professional, amari, retired_at=NOW)
    session.rollback()
    assert interpreted(session, monday(cast)) == {}


def test_a_colleague_who_interprets_is_the_interpreter(cast: Cast, session: Session, amari: int) -> None:
    """Mme Amari is named: nobody else is looked for, nor counted."""
    add_interpreter(cast, "aaa", "ar")
    for room in (cast.b1, cast.b2):
        set_on(Room, room, capacity=3)
    session.rollback()
    found = interpreted(session, monday(cast, colleague_ids=frozenset({amari}), persons=3))
    assert found == dict.fromkeys(MORNING.split())


def test_a_colleague_who_does_not_needs_one_beside(cast: Cast, session: Session, amari: int) -> None:
    found = interpreted(session, monday(cast, colleague_ids=frozenset({cast.diop})))
    assert found == dict.fromkeys(MORNING.split(), amari)


# ------------------------------------------------------------------ who may be named


def test_an_interpreter_may_be_named_in_any_service_and_nobody_else(cast: Cast, session: Session, amari: int) -> None:
    named = frozenset({amari})
    assert clocks(find_slots(session, monday(cast, interpreter=None, colleague_ids=named), NOW)) == MORNING
    for refused in (named | {cast.lenoir}, frozenset({cast.petit})):
        with pytest.raises(SlotUnavailable, match="not_qualified"):
            find_slots(session, monday(cast, colleague_ids=refused), NOW)
    set_on(Professional, amari, retired_at=NOW)
    session.rollback()
    with pytest.raises(SlotUnavailable, match="not_qualified"):
        find_slots(session, monday(cast, colleague_ids=named), NOW)


# ------------------------------------------------------------------ when

AT_TEN = [
    ("absent 10:25-10:30", False, "for the last five minutes"),
    ("absent 10:30-11:00", True, "afterwards"),
    ("busy 09:30-10:00", True, "until it begins"),
    ("busy 10:05-10:10", False, "during it"),
    ("receives 10:00-10:30", True, "exactly then"),
    ("receives 10:05-12:00", False, "five minutes too late"),
    ("receives 09:00-10:15 10:15-11:00", True, "side by side: their lattice is not asked"),
    ("elsewhere 09:00-12:00", False, "at another site"),
]


@pytest.mark.parametrize(("what", "offered", "because"), AT_TEN, ids=[f"{row[0]}: {row[2]}" for row in AT_TEN])
def test_when_an_interpreter_can(
    cast: Cast, session: Session, amari: int, what: str, offered: bool, because: str
) -> None:
    word, *spans = what.split()
    if word in ("receives", "elsewhere"):
        in_transaction(lambda s: s.execute(sa.delete(Opening).where(Opening.professional_id == amari)).close())
    site = add_site(cast) if word == "elsewhere" else cast.site
    for span in spans:
        clock_in, clock_out = span.split("-")
        if word in ("absent", "busy"):
            row = absence if word == "absent" else block
            store(row(amari, f"2026-11-23 {clock_in}", f"2026-11-23 {clock_out}"))
        else:
            first, last = (60 * int(clock[:2]) + int(clock[3:]) for clock in (clock_in, clock_out))
            store(one_day(amari, site, MONDAY, first, last))
    question = ask(session, monday(cast), NOW)
    start = paris("2026-11-23 10:00")
    found = slots_between(session, question, start, paris("2026-11-23 10:05"))
    assert clocks(found) == ("10:00" if offered else ""), because
    assert decide(session, question, start).rule == (None if offered else "no_interpreter"), because


def test_an_interpreter_keeps_the_buffers_of_the_appointment(cast: Cast, session: Session, amari: int) -> None:
    set_on(AppointmentType, cast.entretien, buffer_before=5, buffer_after=10)
    store(block(amari, "2026-11-23 09:00", "2026-11-23 09:25"), block(amari, "2026-11-23 10:10", "2026-11-23 10:20"))
    assert "09:30" in interpreted(session, monday(cast)), "the neighbours touch the buffers"
    store(block(amari, "2026-11-23 10:05", "2026-11-23 10:10"))
    session.rollback()
    assert "09:30" not in interpreted(session, monday(cast)), "five minutes inside the last one"


# ------------------------------------------------------------------ everybody in the room


def test_the_room_holds_the_interpreter_too(cast: Cast, session: Session, amari: int) -> None:
    for room, places in ((cast.b1, 2), (cast.b2, 3)):
        set_on(Room, room, capacity=places)
    usager = frozenset({cast.diallo})
    found = find_slots(session, monday(cast, usager_ids=usager), NOW)
    assert {slot.room_id for slot in found} == {cast.b2}, "Mme Roux, M. Diallo and Mme Amari"
    assert find_slots(session, monday(cast, usager_ids=usager | {cast.kone}), NOW) == [], "a fourth person"


def test_by_phone_too(cast: Cast, session: Session, amari: int) -> None:
    search = replace(day_of(cast.appel, MONDAY, cast.roux), interpreter="ar")
    found = find_slots(session, search, NOW)
    assert len(found) == 12
    assert {(slot.room_id, slot.interpreter_id) for slot in found} == {(None, amari)}


# ------------------------------------------------------------------ what is said first


def test_what_is_said_first_has_an_interpreter_too(cast: Cast, session: Session, amari: int) -> None:
    store(absence(amari, "2026-11-23 00:00", "2026-11-24 00:00"))
    found = suggest(session, monday(cast, professional_ids=None, end=paris("2026-12-07 00:00")), Person(), NOW)
    assert len(found) == 5
    assert {each.slot.interpreter_id for each in found} == {amari}
    assert clocks([found[0].slot]) == "09:00"
    assert found[0].slot.start == paris("2026-11-24 09:00"), "she is away on the Monday"


# ------------------------------------------------------------------ cost


@pytest.mark.parametrize("many", [1, 8])
def test_interpreters_cost_no_further_read(cast: Cast, session: Session, queries: list[str], many: int) -> None:
    """Closures, occupancies and absences: one statement each, over all the people; the rest is known."""
    for number in range(many):
        add_interpreter(cast, f"interprete-{number}", "ar")
    question = ask(session, monday(cast), NOW)
    queries.clear()
    assert slots_between(session, question, paris("2026-11-23 08:00"), paris("2026-11-23 18:00"))
    assert len(queries) == 3
