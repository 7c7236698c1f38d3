"""An appointment with an interpreter: what a search offers is booked as it is, and nothing else can be."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from secrets import token_hex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from booking.errors import SlotUnavailable
from booking.reservations import Book, Cancel, book, cancel, doctor, reading
from booking.slots import configuration
from booking.slots.availability import Search, find_slots
from booking.slots.facts import Slot
from booking.slots.models import AppointmentType
from tests.builders import MONDAY, NOW, Cast, absence, act, add_interpreter, add_rooms, block, paris, set_on, store
from tests.slots.asking import day_of
from tests.slots.joint import NINE, ROOMS, USAGERS, World, bring_about, cells, few, people, store_people

INTERPRETERS = ("amari", "bensaid")


def in_arabic(cast: Cast, *leads: int) -> Search:
    """What reception looks for on the Monday for M. Diallo, who speaks Arabic."""
    among = frozenset(leads) or None
    return replace(
        day_of(cast.entretien, MONDAY), professional_ids=among, usager_ids=frozenset({cast.diallo}), interpreter="ar"
    )


def command(cast: Cast, start: datetime, lead: int, interpreter: int | None) -> Book:
    key = f"{start:%H%M} {lead} {interpreter}"
    return Book(key, cast.entretien, start, lead, cast.diallo, colleague_ids=frozenset({interpreter} - {None}))


def of_slot(cast: Cast, slot: Slot) -> Book:
    return command(cast, slot.start, slot.professional_id, slot.interpreter_id)


# ------------------------------------------------------------------ stories


def test_the_interpreter_is_taken_with_the_lead(cast: Cast, session: Session) -> None:
    amari = add_interpreter(cast, "amari", "ar")
    slot = find_slots(session, in_arabic(cast, cast.roux), NOW)[0]
    done = book(of_slot(cast, slot), act())
    session.rollback()
    assert done.start == slot.start
    assert {one.id for one in reading.find(session, done.uid).professionals} == {cast.roux, amari}
    assert doctor.examine() == []


def test_each_of_them_is_given_once(cast: Cast, session: Session) -> None:
    """Three social workers at 9h00, two interpreters: the third appointment has nobody to interpret."""
    amari, bensaid = add_interpreter(cast, "amari", "ar"), add_interpreter(cast, "bensaid", "ar", "kab")
    add_rooms(cast, 2)
    taken = []
    for lead, usager in ((cast.roux, cast.diallo), (cast.diop, cast.kone)):
        session.rollback()
        search = replace(in_arabic(cast, lead), usager_ids=frozenset({usager}), end=paris("2026-11-23 09:30"))
        (slot,) = find_slots(session, search, NOW)
        taken.append(slot.interpreter_id)
        book(replace(of_slot(cast, slot), usager=usager), act())
    assert taken == [amari, bensaid], "who has fewest languages first"
    session.rollback()
    found = find_slots(session, in_arabic(cast), NOW)
    assert paris("2026-11-23 09:00") not in {slot.start for slot in found}
    assert doctor.examine() == []


CANNOT = [
    ("busy", lambda who: block(who, "2026-11-23 09:25", "2026-11-23 09:30"), "professional_busy"),
    ("absent", lambda who: absence(who, "2026-11-23 08:00", "2026-11-23 18:00"), "absent"),
]


@pytest.mark.parametrize(("row", "rule"), [row[1:] for row in CANNOT], ids=[row[0] for row in CANNOT])
def test_a_slot_whose_interpreter_is_no_longer_free(cast: Cast, session: Session, row: object, rule: str) -> None:
    """The refusal names other times of the same people; a new search finds another interpreter."""
    amari, other = add_interpreter(cast, "amari", "ar"), add_interpreter(cast, "bensaid", "ar", "kab")
    slot = find_slots(session, in_arabic(cast, cast.roux), NOW)[0]
    store(row(amari))
    session.rollback()
    with pytest.raises(SlotUnavailable, match=rule) as refused:
        book(of_slot(cast, slot), act())
    starts = {each.start for each in refused.value.alternatives}
    assert starts
    assert slot.start not in starts
    again = find_slots(session, in_arabic(cast, cast.roux), NOW)[0]
    assert (again.start, again.interpreter_id) == (slot.start, other)
    assert book(of_slot(cast, again), act()).start == slot.start


# ------------------------------------------------------------------ whatever the day looks like

worlds = st.builds(
    World,
    people=st.fixed_dictionaries(dict.fromkeys(("roux", *INTERPRETERS), people)),
    taken=st.fixed_dictionaries(dict.fromkeys((*USAGERS, *ROOMS), cells)),
    closed=st.fixed_dictionaries(dict.fromkeys(("asnieres", "gennevilliers", *ROOMS), cells)),
    capacity=st.fixed_dictionaries(dict.fromkeys(ROOMS, st.integers(2, 4))),
)


@pytest.fixture
def keys(cast: Cast) -> dict[str, int]:
    """Short appointments with buffers, so that a morning has many."""
    set_on(AppointmentType, cast.entretien, duration=10, step=5, buffer_before=5, buffer_after=5)
    return store_people(cast) | {who: add_interpreter(cast, who, "ar") for who in INTERPRETERS}


@pytest.mark.parametrize("engine_name", ["sqlite"])
@given(world=worlds, chosen=st.integers(0, 40), start=st.integers(-3, 23))
@few
def test_what_is_offered_is_booked_and_what_is_not_is_refused(
    cast: Cast, keys: dict[str, int], session: Session, world: World, chosen: int, start: int
) -> None:
    bring_about(keys, world)
    session.rollback()
    found = find_slots(session, in_arabic(cast, cast.roux), NOW)
    other = NINE + timedelta(minutes=5 * start)
    if other not in {slot.start for slot in found}:
        for who in configuration.read(session).interpreting("ar"):
            with pytest.raises(SlotUnavailable):
                book(command(cast, other, cast.roux, who), act())
    if found:
        slot = found[chosen % len(found)]
        done = book(replace(of_slot(cast, slot), key=token_hex(8)), act())
        session.rollback()
        assert {one.id for one in reading.find(session, done.uid).professionals} == {cast.roux, slot.interpreter_id}
        cancel(Cancel(token_hex(8), done.uid, "service", done.version), act())
