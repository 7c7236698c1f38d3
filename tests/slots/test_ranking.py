"""Which slots are said first to whoever is on the phone: tables that a clerk could check, then what is always so."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.labels import SUGGESTED
from booking.slots.facts import Slot
from booking.slots.ranking import OF_REFERENT, Suggestion, Ties, When, Who, rank
from tests.builders import PARIS, paris

HALF_HOUR = timedelta(minutes=30)
PEOPLE = {"roux": 1, "diop": 2, "lenoir": 3}
CODES = {number: code for code, number in PEOPLE.items()}
DAYS = {"mon": 23, "tue": 24, "wed": 25, "thu": 26, "fri": 27, "next": 30}
REFERENT = Ties(referent_id=PEOPLE["roux"])
SPEAKER = Ties(speaker_ids=frozenset({PEOPLE["diop"]}))
BOTH = Ties(PEOPLE["roux"], frozenset({PEOPLE["roux"], PEOPLE["diop"]}))


def slots(text: str) -> list[Slot]:
    """« roux mon 9:00 9:30, diop tue 14:00 »: half-hours in the week of the 23rd of November."""
    found = []
    for part in text.split(","):
        who, day, *clocks = part.split()
        for clock in clocks:
            start = paris(f"2026-11-{DAYS[day]} {clock:0>5}")
            found.append(Slot(start, start + HALF_HOUR, PEOPLE[who], 10))
    return found


def said(found: list[Suggestion]) -> list[str]:
    """« roux mon 9:00: referent soonest »."""
    names = {number: name for name, number in DAYS.items()}
    lines = []
    for each in found:
        local = each.slot.start.astimezone(PARIS)
        when = f"{names[local.day]} {local.hour}:{local.minute:02}"
        lines.append(f"{CODES[each.slot.professional_id]} {when}: {' '.join(each.reasons)}")
    return lines


MORNING = "9:00 9:30 10:00 10:30 11:00 11:30"
TABLE = [
    ("", Ties(), 5, "nothing is free", []),
    ("roux mon 9:00", Ties(), 0, "nothing is wanted", []),
    (
        f"roux mon {MORNING}",
        Ties(),
        5,
        "one morning is all there is: in its order",
        ["roux mon 9:00: soonest", *(f"roux mon {clock}: next" for clock in ("9:30", "10:00", "10:30", "11:00"))],
    ),
    (
        f"roux mon {MORNING} 14:00, roux tue {MORNING} 14:00, roux wed {MORNING} 14:00",
        Ties(),
        5,
        "three days, mornings and afternoons in turn; then what is left of the first two days",
        [
            "roux mon 9:00: soonest",
            "roux mon 14:00: other_half_day",
            "roux tue 9:00: other_day",
            "roux tue 14:00: other_half_day",
            "roux wed 9:00: other_day",
        ],
    ),
    (
        "roux thu 14:00, roux fri 14:00, roux next 9:00",
        Ties(),
        2,
        "another afternoon of the week before a morning of the next one",
        ["roux thu 14:00: soonest", "roux fri 14:00: other_day"],
    ),
    (
        f"roux mon {MORNING}, diop mon {MORNING}, diop tue 9:00",
        Ties(),
        3,
        "two at the same hour are the same half-day: another day is said before the second",
        ["roux mon 9:00: soonest", "diop mon 9:00: soonest", "diop tue 9:00: other_day"],
    ),
    (
        "roux wed 9:00, roux thu 9:00 14:00, roux fri 9:00 9:30, diop mon 9:00 14:00, diop tue 14:00",
        REFERENT,
        5,
        "three of the referent, spread; then the soonest of the team, then on another day",
        [
            "roux wed 9:00: referent first",
            "roux thu 14:00: referent other_day",
            "roux fri 9:00: referent other_day",
            "diop mon 9:00: team soonest",
            "diop tue 14:00: team other_day",
        ],
    ),
    (
        "roux mon 9:00, diop mon 9:00 14:00, lenoir tue 9:00",
        REFERENT,
        5,
        "the referent's is also the soonest; the team's at the same hour is no later",
        [
            "roux mon 9:00: referent soonest",
            "diop mon 9:00: team soonest",
            "diop mon 14:00: team other_half_day",
            "lenoir tue 9:00: team other_day",
        ],
    ),
    (
        "roux mon 9:00 9:30 10:00 10:30, diop tue 9:00",
        REFERENT,
        5,
        "the team has one: the referent fills what is left",
        [
            "roux mon 9:00: referent soonest",
            *(f"roux mon {clock}: referent next" for clock in ("9:30", "10:00", "10:30")),
            "diop tue 9:00: team first",
        ],
    ),
    (
        "roux mon 9:00 14:00, roux tue 9:00 14:00, diop mon 9:00",
        REFERENT,
        1,
        "one is wanted: the referent's, whatever the team has",
        ["roux mon 9:00: referent soonest"],
    ),
    (
        "roux tue 9:00, diop mon 9:00",
        REFERENT,
        1,
        "the referent's is not called the soonest of all when another, left unsaid, is sooner",
        ["roux tue 9:00: referent first"],
    ),
    (
        "lenoir mon 9:00, diop wed 9:00 14:00",
        SPEAKER,
        5,
        "who speaks the language comes before who is sooner",
        ["diop wed 9:00: speaks first", "diop wed 14:00: speaks other_half_day", "lenoir mon 9:00: team soonest"],
    ),
    (
        "roux wed 9:00, diop tue 9:00, lenoir mon 9:00",
        BOTH,
        5,
        "the referent, who speaks it too, then another who does, then the rest",
        ["roux wed 9:00: referent speaks first", "diop tue 9:00: speaks first", "lenoir mon 9:00: team soonest"],
    ),
    (
        "diop mon 9:00, lenoir tue 9:00",
        REFERENT,
        5,
        "the referent has nothing: nobody is called the team",
        ["diop mon 9:00: soonest", "lenoir tue 9:00: other_day"],
    ),
]


@pytest.mark.parametrize(("free", "ties", "wanted", "because", "expected"), TABLE, ids=[row[3] for row in TABLE])
def test_what_is_said(free: str, ties: Ties, wanted: int, because: str, expected: list[str]) -> None:
    offered = slots(free) if free else []
    assert said(rank(offered, ties, PARIS, wanted)) == expected, because


def test_the_day_is_that_of_the_site() -> None:
    """23h30 in Paris on Monday, and 0h30 on Tuesday, are one day in UTC."""
    late, early = paris("2026-11-23 23:30"), paris("2026-11-24 00:30")
    assert late.date() == early.date()
    found = rank([Slot(at, at + HALF_HOUR, 1, None) for at in (late, early)], Ties(), PARIS, 2)
    assert [each.reasons for each in found] == [("soonest",), ("other_day",)]


def test_each_reason_can_be_said() -> None:
    assert SUGGESTED.keys() == {*get_args(Who), *get_args(When)}


# ------------------------------------------------------------------ what is always so

STARTS = st.integers(0, 5 * 48 - 1).map(lambda half: paris("2026-11-23 00:00") + half * HALF_HOUR)
SLOTS = st.builds(
    lambda start, who, room: Slot(start, start + HALF_HOUR, who, room), STARTS, st.integers(1, 4), st.integers(10, 12)
)
TIES = st.builds(Ties, st.none() | st.integers(1, 4), st.frozensets(st.integers(1, 4), max_size=3))
WANTED = st.integers(0, 8)


@given(free=st.lists(SLOTS, max_size=60, unique=True), ties=TIES, wanted=WANTED, data=st.data())
def test_it_is_the_same_whatever_the_order(free: list[Slot], ties: Ties, wanted: int, data: st.DataObject) -> None:
    again = data.draw(st.permutations(free))
    assert rank(again, ties, PARIS, wanted) == rank(free, ties, PARIS, wanted)


@given(free=st.lists(SLOTS, max_size=60, unique=True), ties=TIES, wanted=WANTED)
def test_as_many_of_those_offered_as_are_wanted_each_once(free: list[Slot], ties: Ties, wanted: int) -> None:
    found = [each.slot for each in rank(free, ties, PARIS, wanted)]
    assert len(found) == len(set(found)) == min(wanted, len(free))
    assert set(found) <= set(free)


@given(free=st.lists(SLOTS, min_size=1, max_size=60, unique=True), ties=TIES, wanted=WANTED)
def test_each_reason_is_true(free: list[Slot], ties: Ties, wanted: int) -> None:
    found = rank(free, ties, PARIS, wanted)
    for at, each in enumerate(found):
        above = [one.slot for one in found[:at]]
        truths = {code for code in get_args(Who) + get_args(When) if is_true(code, each.slot, above, free, ties)}
        assert set(each.reasons) <= truths
        assert truths & {"referent", "speaks"} <= set(each.reasons), "no tie is left out"
        assert each.reasons[-1] in get_args(When)


def is_true(code: str, slot: Slot, above: list[Slot], free: list[Slot], ties: Ties) -> bool:
    days, halves = {day_of(each) for each in above}, {half_of(each) for each in above}
    alike = [each for each in free if ties.group(each.professional_id) == ties.group(slot.professional_id)]
    return {
        "referent": slot.professional_id == ties.referent_id,
        "speaks": slot.professional_id in ties.speaker_ids,
        "team": ties.group(slot.professional_id) == 2,
        "soonest": slot.start == min(each.start for each in free),
        "first": slot == min(alike),
        "other_day": day_of(slot) not in days,
        "other_half_day": day_of(slot) in days and half_of(slot) not in halves,
        "next": half_of(slot) in halves,
    }[code]


def day_of(slot: Slot) -> datetime:
    return slot.start.astimezone(PARIS).replace(hour=0, minute=0)


def half_of(slot: Slot) -> tuple[datetime, bool]:
    return day_of(slot), slot.start.astimezone(PARIS).hour >= 12


@given(free=st.lists(SLOTS, max_size=60, unique=True), ties=TIES, wanted=WANTED)
def test_the_closest_come_first_and_of_these_the_soonest(free: list[Slot], ties: Ties, wanted: int) -> None:
    order = [(ties.group(each.slot.professional_id), each.slot) for each in rank(free, ties, PARIS, wanted)]
    assert order == sorted(order)
    for group in {group for group, _ in order}:
        assert min(slot for found, slot in order if found == group) == min(
            slot for slot in free if ties.group(slot.professional_id) == group
        )


@given(free=st.lists(SLOTS, max_size=60, unique=True), ties=TIES, wanted=WANTED)
def test_a_later_slot_changes_the_place_of_none(free: list[Slot], ties: Ties, wanted: int) -> None:
    """It may be said instead of one that repeats a half-day; those that stay keep their order."""
    start = max((slot.start for slot in free), default=paris("2026-11-23 09:00")) + HALF_HOUR
    before = [each.slot for each in rank(free, ties, PARIS, wanted)]
    after = [each.slot for each in rank([*free, Slot(start, start + HALF_HOUR, 1, 10)], ties, PARIS, wanted)]
    assert [slot for slot in after if slot in before] == [slot for slot in before if slot in after]
    firsts_before, firsts_after = (first_of_each(each, ties) for each in (before, after))
    assert all(firsts_after[group] == firsts_before[group] for group in firsts_before.keys() & firsts_after.keys())


def first_of_each(found: list[Slot], ties: Ties) -> dict[int, Slot]:
    return {ties.group(slot.professional_id): slot for slot in reversed(found)}


@given(free=st.lists(SLOTS, max_size=60, unique=True), ties=TIES, wanted=WANTED)
def test_the_team_is_never_left_out_by_the_referent(free: list[Slot], ties: Ties, wanted: int) -> None:
    found = [ties.group(each.slot.professional_id) == 0 for each in rank(free, ties, PARIS, wanted)]
    others = sum(ties.group(slot.professional_id) != 0 for slot in free)
    assert sum(found) <= max(OF_REFERENT, wanted - others)


@given(free=st.lists(SLOTS, max_size=60, unique=True))
def test_without_ties_as_many_days_as_there_can_be(free: list[Slot]) -> None:
    halves = {half_of(slot) for slot in free}
    found = {half_of(each.slot) for each in rank(free, Ties(), PARIS, 5)}
    assert len(found) == min(5, len(halves)), "no half-day twice before each was said once"
