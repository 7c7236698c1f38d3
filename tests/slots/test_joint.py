"""A lead and colleagues who take part, persons in the room, and rules set aside, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.errors import NotFound, SlotUnavailable
from booking.people.models import Professional, professional_service
from booking.rooms.models import Room
from booking.slots.availability import Search, Verdict, ask, decide, find_slots, slots_between
from booking.slots.models import AppointmentType, Opening
from booking.slots.offers import Question
from booking.slots.rules import ORDER, WAIVABLE, Rule
from tests.builders import (
    MONDAY,
    NOW,
    PARIS,
    Cast,
    absence,
    add_professionals,
    add_rooms,
    add_usagers,
    block,
    closure,
    one_day,
    paris,
    set_on,
    store,
)
from tests.slots.asking import add_site, clocks, day_of

WALK_IN: frozenset[Rule] = frozenset({"past", "desk_lead_time", "off_grid"})
OFF_HOURS: frozenset[Rule] = frozenset({"no_opening", "off_grid", "desk_lead_time"})


@pytest.fixture
def diop(cast: Cast) -> int:
    """M. Diop without openings: each story gives him those it needs."""
    in_transaction(lambda s: s.execute(sa.delete(Opening).where(Opening.professional_id == cast.diop)) and None)
    return cast.diop


def receives(professional: int, site: int, text: str) -> None:
    """« 09:00-10:30 11:00-12:00 » on the Monday."""
    for span in text.split():
        starts, ends = (60 * int(clock[:2]) + int(clock[3:]) for clock in span.split("-"))
        store(one_day(professional, site, MONDAY, starts, ends))


def monday(cast: Cast, *colleagues: int, **more: object) -> Search:
    """Mme Roux's Monday with these colleagues."""
    return day_of(cast.entretien, MONDAY, cast.roux, colleague_ids=frozenset(colleagues), **more)


def asked(session: Session, search: Search, now: datetime = NOW, **more: object) -> Question:
    return replace(ask(session, search, now), **more)


def at(clock: str) -> datetime:
    return paris(f"2026-11-23 {clock}")


# ------------------------------------------------------------------ a colleague who receives

# Mme Roux receives 9h00–12h00; 30 minutes, 5 before and 10 after: she alone could give 9h30, 10h00, 10h30 and 11h00.
RECEIVES = [
    ("08:30-12:30", "09:30 10:00 10:30 11:00", "all morning and more: the lead's own slots"),
    ("09:25-10:10", "09:30", "it begins where the buffer begins, and ends where the buffer ends"),
    ("09:30-10:10", "", "the buffer before is not covered"),
    ("09:25-10:05", "", "the buffer after ends 5 minutes later"),
    ("09:10-11:00", "09:30 10:00", "on the lead's lattice: the colleague's would give 9h15 and 9h45"),
    ("09:25-09:40 09:40-10:10", "09:30", "two openings side by side are one presence"),
    ("09:25-09:40 09:45-10:10", "", "a gap of five minutes is a gap"),
    ("09:00-10:30 09:40-11:20", "09:30 10:00 10:30", "two that overlap"),
    ("13:00-17:00", "14:30 15:00 15:30 16:00", "the afternoon: she receives until 17h00"),
    ("", "", "no opening at all"),
]


@pytest.mark.parametrize(("openings", "starts", "because"), RECEIVES, ids=[row[2] for row in RECEIVES])
def test_a_colleague_receives_all_along(
    cast: Cast, session: Session, diop: int, openings: str, starts: str, because: str
) -> None:
    set_on(AppointmentType, cast.entretien, buffer_before=5, buffer_after=10)
    receives(diop, cast.site, openings)
    assert clocks(find_slots(session, monday(cast, diop), NOW)) == starts, because


def test_the_colleagues_lattice_is_not_the_lead_s(cast: Cast, session: Session, diop: int) -> None:
    """The same two people: who leads decides where the slots lie."""
    receives(diop, cast.site, "09:10-10:50")
    assert clocks(find_slots(session, monday(cast, diop), NOW)) == "09:30 10:00"
    led_by_diop = day_of(cast.entretien, MONDAY, diop, colleague_ids=frozenset({cast.roux}))
    assert clocks(find_slots(session, led_by_diop, NOW)) == "09:10 09:40 10:10"


def test_a_step_of_the_type_is_the_lead_s_alone(cast: Cast, session: Session, diop: int) -> None:
    set_on(AppointmentType, cast.entretien, step=60)
    receives(diop, cast.site, "09:30-12:00")
    assert clocks(find_slots(session, monday(cast, diop), NOW)) == "10:00 11:00"


def test_all_of_several_colleagues_take_part(cast: Cast, session: Session, diop: int) -> None:
    (durand,) = add_professionals(cast, 1)
    receives(diop, cast.site, "09:30-11:00")
    store(block(durand, "2026-11-23 10:00", "2026-11-23 10:30"))
    assert clocks(find_slots(session, monday(cast, diop, durand), NOW)) == "09:30 10:30"


# ------------------------------------------------------------------ a colleague who cannot

AT_TEN = [
    ("receives elsewhere", "no_opening", "at another site"),
    ("does not receive", "no_opening", "no opening that day"),
    ("absent 10:25-10:30", "absent", "for the last five minutes"),
    ("absent 10:30-11:00", None, "afterwards"),
    ("busy 09:30-10:00", None, "until it begins"),
    ("busy 10:05-10:10", "professional_busy", "during it"),
    ("absent 10:00-10:05 busy 10:00-10:05", "absent", "absent and busy: the first rule is said"),
]


@pytest.mark.parametrize(("what", "rule", "because"), AT_TEN, ids=[f"{row[0]}: {row[2]}" for row in AT_TEN])
def test_a_colleague_who_cannot_is_named_by_a_rule(
    cast: Cast, session: Session, diop: int, what: str, rule: str | None, because: str
) -> None:
    site = add_site(cast) if what == "receives elsewhere" else cast.site
    receives(diop, site, "" if what == "does not receive" else "09:00-12:00")
    words = what.split()
    for word, span in pairwise(words):
        start, _, end = (f"2026-11-23 {clock}" for clock in span.partition("-"))
        if word in ("absent", "busy"):
            store((absence if word == "absent" else block)(diop, start, end))
    question = asked(session, monday(cast, diop))
    assert decide(session, question, at("10:00")).rule == rule, because
    found = slots_between(session, question, at("10:00"), at("10:05"))
    assert clocks(found) == ("10:00" if rule is None else ""), because


def test_a_colleague_keeps_the_buffers_of_the_appointment(cast: Cast, session: Session, diop: int) -> None:
    set_on(AppointmentType, cast.entretien, buffer_before=5, buffer_after=10)
    receives(diop, cast.site, "09:00-12:00")
    question = asked(session, monday(cast, diop))
    store(block(diop, "2026-11-23 09:00", "2026-11-23 09:25"), block(diop, "2026-11-23 10:10", "2026-11-23 10:20"))
    assert decide(session, question, at("09:30")).rule is None, "the neighbours touch the buffers"
    store(block(diop, "2026-11-23 10:05", "2026-11-23 10:10"))
    session.rollback()
    assert decide(session, question, at("09:30")).rule == "professional_busy", "five minutes inside the last one"


def test_all_meet_at_one_site(cast: Cast, session: Session, diop: int) -> None:
    """M. Diop is at Asnières until 10h00 and at Gennevilliers from 10h00 on; Mme Roux is at both."""
    other = add_site(cast)
    (office,) = add_rooms(replace(cast, site=other), 1)
    receives(diop, cast.site, "09:00-10:00")
    receives(diop, other, "10:00-12:00")
    in_transaction(lambda s: s.execute(sa.delete(Opening).where(Opening.professional_id == cast.roux)) and None)
    receives(cast.roux, cast.site, "09:00-10:30")
    receives(cast.roux, other, "10:30-11:30")
    question = asked(session, monday(cast, diop))
    found = slots_between(session, question, at("08:00"), at("18:00"))
    rooms = [(slot.start.astimezone(PARIS).strftime("%H:%M"), slot.room_id) for slot in found]
    assert rooms == [("09:00", cast.b1), ("09:30", cast.b1), ("10:30", office), ("11:00", office)]
    assert [decide(session, question, at(clock)).site_id for clock in ("09:00", "10:30")] == [cast.site, other]
    assert decide(session, question, at("10:00")).rule == "no_opening", "each is elsewhere"


def test_a_lead_who_is_named_as_a_colleague_counts_once(cast: Cast, session: Session) -> None:
    for room in (cast.b1, cast.b2):
        set_on(Room, room, capacity=2)
    usager = {"usager_ids": frozenset({cast.diallo})}
    twice, once = monday(cast, cast.roux, **usager), monday(cast, **usager)
    assert find_slots(session, twice, NOW) == find_slots(session, once, NOW) != []


def test_among_all_somebody_else_leads(cast: Cast, session: Session) -> None:
    """Two people are asked for: M. Diop does not lead what he already takes part in."""
    search = day_of(cast.entretien, MONDAY, colleague_ids=frozenset({cast.diop}))
    found = find_slots(session, search, NOW)
    assert {slot.professional_id for slot in found} == {cast.roux}
    assert clocks(found) == "09:00 09:30 10:00 10:30 11:00 11:30", "M. Diop's only morning"


# ------------------------------------------------------------------ who may be a colleague


def test_any_profession_of_the_service(cast: Cast, session: Session) -> None:
    in_transaction(lambda s: s.execute(enrol(cast.lenoir, cast.action_sociale)) and None)
    found = find_slots(session, monday(cast, cast.lenoir), NOW)
    assert clocks(found) == "09:00 09:30 10:00 10:30 11:00 11:30", "Dr Lenoir's mornings, Mme Roux's slots"


def enrol(professional: int, service: int) -> sa.Insert:
    return sa.insert(professional_service).values(professional_id=professional, service_id=service)


@pytest.mark.parametrize("who", ["lenoir", "petit"])
def test_somebody_of_another_service_is_not_qualified(cast: Cast, session: Session, who: str) -> None:
    with pytest.raises(SlotUnavailable, match="not_qualified"):
        find_slots(session, monday(cast, cast.diop, getattr(cast, who)), NOW)


def test_somebody_retired_is_not_qualified(cast: Cast, session: Session) -> None:
    set_on(Professional, cast.diop, retired_at=NOW)
    with pytest.raises(SlotUnavailable, match="not_qualified"):
        find_slots(session, monday(cast, cast.diop), NOW)


@pytest.mark.parametrize("key", [0, -1, 999, 2**31, 2**63, "b1", "diallo"])
def test_somebody_who_does_not_exist(cast: Cast, session: Session, key: int | str) -> None:
    who = getattr(cast, key) if isinstance(key, str) else key
    with pytest.raises(NotFound, match="professional"):
        find_slots(session, monday(cast, cast.lenoir, who), NOW)


# ------------------------------------------------------------------ everybody in the room

# B1 and B2 have 4 places.
PERSONS = [
    ({"persons": 1}, "b1 b2", "two persons at least, as the type says"),
    ({"persons": 4}, "b1 b2", "just enough places"),
    ({"persons": 5}, "", "more than any room holds"),
    ({"usagers": 3}, "b1 b2", "three usagers and the lead"),
    ({"usagers": 4}, "", "those named count, whatever is said"),
    ({"usagers": 4, "persons": 3}, "", "and are not fewer than they are"),
    ({"usagers": 2, "colleagues": ["diop"]}, "b1 b2", "a colleague is a person"),
    ({"usagers": 3, "colleagues": ["diop"]}, "", "the fifth of them"),
    ({"usagers": 3, "colleagues": ["roux"]}, "b1 b2", "the lead counts once"),
]


@pytest.mark.parametrize(("who", "rooms", "because"), PERSONS, ids=[row[2] for row in PERSONS])
def test_the_room_holds_everybody(
    cast: Cast, session: Session, who: dict[str, object], rooms: str, because: str
) -> None:
    search = Search(
        cast.entretien,
        at("09:00"),
        at("09:30"),
        frozenset({cast.roux}),
        usager_ids=frozenset(add_usagers(who.get("usagers", 0))),
        colleague_ids=frozenset(getattr(cast, name) for name in who.get("colleagues", [])),
        persons=who.get("persons", 2),
    )
    expected = [getattr(cast, name) for name in rooms.split()]
    assert [slot.room_id for slot in find_slots(session, search, NOW)] == expected[:1], because
    verdict = decide(session, ask(session, search, NOW), at("09:00"))
    assert verdict == Verdict(None if expected else "no_room", cast.site, tuple(expected)), because


def test_the_smallest_room_that_holds_them_comes_first(cast: Cast, session: Session) -> None:
    set_on(Room, cast.b1, capacity=2)
    large, larger = add_rooms(cast, 2)
    set_on(Room, large, capacity=6)
    set_on(Room, larger, capacity=9)
    for persons, rooms in ((2, (cast.b1, large, larger, cast.b2)), (5, (large, larger)), (7, (larger,)), (10, ())):
        assert decide(session, asked(session, monday(cast, persons=persons)), at("09:00")).room_ids == rooms


def test_by_phone_nobody_needs_a_place(cast: Cast, session: Session) -> None:
    search = day_of(cast.appel, MONDAY, cast.roux, colleague_ids=frozenset({cast.diop}), persons=30)
    assert len(find_slots(session, search, NOW)) == 12


# ------------------------------------------------------------------ rules set aside

WAIVED = [
    ("10:05", frozenset({"off_grid"}), None, "beside the lattice"),
    ("10:05", frozenset(), "off_grid", "which is asked for unless it is waived"),
    ("10:03", frozenset({"off_grid"}), "off_grid", "on the 5-minute grid all the same"),
    ("10:03", OFF_HOURS, "off_grid", "even outside of every opening"),
    ("11:45", frozenset({"off_grid"}), "no_opening", "it would end after she does"),
    ("12:15", OFF_HOURS, None, "at lunch"),
    ("12:15", OFF_HOURS - {"no_opening"}, "no_opening", "which another waiver does not allow"),
    ("17:00", OFF_HOURS, None, "until the site closes"),
    ("17:05", OFF_HOURS, "closed", "and not beyond"),
    ("08:25", OFF_HOURS, "closed", "nor before it opens"),
]


@pytest.mark.parametrize(("clock", "waived", "rule", "because"), WAIVED, ids=[f"{r[0]} {r[3]}" for r in WAIVED])
def test_a_waived_rule_forbids_nothing(
    cast: Cast, session: Session, clock: str, waived: frozenset[Rule], rule: str | None, because: str
) -> None:
    question = asked(session, monday(cast), waived=waived)
    assert decide(session, question, at(clock)).rule == rule, because


IN_THE_WAY = [
    ("absent", "roux", "absent"),
    ("absent", "diop", "absent"),
    ("busy", "roux", "professional_busy"),
    ("busy", "diop", "professional_busy"),
    ("busy", "diallo", "usager_busy"),
    ("closed", "site", "closed"),
    ("busy", "b1", "no_room"),
    ("closed", "b1", "no_room"),
]


@pytest.mark.parametrize("engine_name", ["sqlite", "postgresql"])
@pytest.mark.parametrize(("what", "who", "rule"), IN_THE_WAY, ids=[f"{row[1]} {row[0]}" for row in IN_THE_WAY])
def test_outside_of_openings_nobody_is_booked_who_is_not_free(
    cast: Cast, session: Session, what: str, who: str, rule: str
) -> None:
    set_on(Room, cast.b2, retired_at=NOW)
    search = monday(cast, cast.diop, usager_ids=frozenset({cast.diallo}))
    question = asked(session, search, waived=WAIVABLE)
    assert decide(session, question, at("12:15")).rule is None
    span = "2026-11-23 12:40", "2026-11-23 12:45"
    key = getattr(cast, who)
    room = key if what == "closed" and who != "site" else None
    rows = {"absent": absence, "busy": block}
    store(closure(cast.site, *span, room) if what == "closed" else rows[what](key, *span))
    session.rollback()
    assert decide(session, question, at("12:15")).rule == rule


def test_a_walk_in_has_just_begun(cast: Cast, session: Session) -> None:
    set_on(AppointmentType, cast.entretien, desk_lead_time=120)
    now = paris("2026-11-23 10:07")
    assert decide(session, asked(session, monday(cast), now), at("10:05")).rule == "past"
    assert decide(session, asked(session, monday(cast), now, waived=WALK_IN), at("10:05")).rule is None
    left = asked(session, monday(cast), now, waived=WALK_IN - {"desk_lead_time"})
    assert decide(session, left, at("10:05")).rule == "desk_lead_time"


def test_a_search_leaves_the_same_rules_aside(cast: Cast, session: Session) -> None:
    question = asked(session, monday(cast), waived=frozenset({"off_grid"}))
    store(block(cast.roux, "2026-11-23 09:40", "2026-11-23 11:20"))
    found = slots_between(session, question, at("08:00"), at("12:00"))
    assert clocks(found) == "09:00 09:05 09:10 11:20 11:25 11:30"


@pytest.mark.parametrize("rule", sorted(set(ORDER) - WAIVABLE))
def test_what_cannot_be_waived_is_a_bug(cast: Cast, session: Session, rule: Rule) -> None:
    with pytest.raises(ValueError, match=rule):
        asked(session, monday(cast), waived=frozenset({rule, "off_grid"}))


# ------------------------------------------------------------------ where, when it is outside of openings


def test_somebody_without_any_opening_can_be_decided_on(cast: Cast, session: Session, diop: int) -> None:
    question = asked(session, day_of(cast.entretien, MONDAY, diop), waived=OFF_HOURS)
    assert decide(session, question, at("12:15")) == Verdict(None, cast.site, (cast.b1, cast.b2))
    with_roux = replace(question, professional_ids=[cast.roux], colleague_ids=[diop])
    assert decide(session, with_roux, at("10:15")).rule is None, "nor need the colleague receive"


def test_of_two_sites_the_one_where_the_lead_receives_nearest_to_then(cast: Cast, session: Session, diop: int) -> None:
    other = add_site(cast)
    (office,) = add_rooms(replace(cast, site=other), 1)
    receives(diop, cast.site, "09:00-11:00")
    receives(diop, other, "15:00-17:00")
    question = asked(session, day_of(cast.entretien, MONDAY, diop), waived=OFF_HOURS)
    assert decide(session, question, at("12:15")) == Verdict(None, cast.site, (cast.b1, cast.b2))
    assert decide(session, question, at("13:15")) == Verdict(None, other, (office,))
    store(closure(other, "2026-11-23 13:00", "2026-11-23 14:00"))
    session.rollback()
    assert decide(session, question, at("13:15")).site_id == cast.site, "the only one open"


def test_a_room_that_is_asked_for_says_where(cast: Cast, session: Session) -> None:
    other = add_site(cast)
    (office,) = add_rooms(replace(cast, site=other), 1)
    question = asked(session, monday(cast, room_id=office), waived=OFF_HOURS)
    assert decide(session, question, at("10:15")) == Verdict(None, other, (office,))


def test_where_the_lead_receives_on_another_day_comes_before_any_other_site(
    cast: Cast, session: Session, diop: int
) -> None:
    other = add_site(cast)
    add_rooms(replace(cast, site=other), 1)
    fridays = one_day(diop, other, MONDAY, 540, 720)
    fridays.weekdays, fridays.last_day = frozenset("5"), None
    store(fridays)
    question = asked(session, day_of(cast.entretien, MONDAY, diop), waived=OFF_HOURS)
    assert decide(session, question, at("10:15")).site_id == other


# ------------------------------------------------------------------ cost


def test_colleagues_cost_no_further_read(cast: Cast, session: Session, queries: list[str]) -> None:
    """Closures, occupancies and absences: one statement each, over all the people; the rest is known."""
    many = add_professionals(cast, 6)
    alone, joint = asked(session, monday(cast)), asked(session, monday(cast, cast.diop, *many), persons=4)
    for question in (alone, joint):
        for read in (
            lambda question=question: slots_between(session, question, at("08:00"), at("18:00")),
            lambda question=question: decide(session, question, at("09:00")),
        ):
            queries.clear()
            assert read()
            assert len(queries) == 3
            assert {query.split()[0] for query in queries} == {"SELECT"}
