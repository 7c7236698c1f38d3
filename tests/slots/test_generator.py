"""The generator against tables that a clerk could check, and against a slow and obvious oracle."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.slots import generator
from booking.slots.generator import Demand, Notice, Situation
from booking.slots.grid import CELL, Grid, Mask, Span, indexes, to_cells
from booking.slots.rules import ORDER, TAKEN, WAIVABLE, Rule

DAY = 1_795_046_400  # a midnight: 18 November 2026, UTC
FREE_DAY = "08:30-17:30"


# ------------------------------------------------------------------ a clerk's tables


def at(clock: str) -> int:
    """The instant of « 09:30 » on our day."""
    hour, minute = clock.split(":")
    return DAY + 3600 * int(hour) + 60 * int(minute)


def spans(text: str) -> list[Span]:
    """« 09:00-12:00 14:00-17:00 »."""
    ends = (span.split("-") for span in text.split())
    return [(at(start), at(end)) for start, end in ends]


def situation(
    openings: str,
    *,
    hours: str = FREE_DAY,
    absent: str = "",
    busy: str = "",
    usager_busy: str = "",
    notice: Notice | None = None,
    rooms: dict[int, Mask] | None = None,
    received: str | None = None,
) -> Situation:
    grid = Grid(DAY, 288)
    return Situation(
        grid=grid,
        notice=notice or Notice(DAY - 1, DAY - 1),
        hours=grid.paint(spans(hours)),
        openings=spans(openings),
        absent=grid.paint(spans(absent)),
        busy=grid.paint(spans(busy)),
        usager_busy=grid.paint(spans(usager_busy)),
        rooms=rooms,
        received=None if received is None else grid.paint(spans(received)),
    )


def demand(duration: int, step: int | None = None, before: int = 0, after: int = 0) -> Demand:
    """From minutes."""
    return Demand(to_cells(duration), to_cells(step or duration), to_cells(before), to_cells(after))


def offered(where: Situation, what: Demand) -> str:
    """The starts, « 09:00 09:30 »."""
    minutes = [5 * cell for cell in indexes(generator.starts(where, what))]
    return " ".join(f"{minute // 60:02}:{minute % 60:02}" for minute in minutes)


OFFERED = [
    (situation("09:00-11:00"), demand(30), "09:00 09:30 10:00 10:30", "an opening cut in half-hours"),
    (situation("09:00-10:40"), demand(30), "09:00 09:30 10:00", "what is left at the end is too short"),
    (situation("09:10-10:10"), demand(30), "09:10 09:40", "the lattice is the opening's own start"),
    (situation("09:00-10:00"), demand(30, step=15), "09:00 09:15 09:30", "a step shorter than the duration"),
    (situation("09:00-10:30"), demand(30, step=60), "09:00 10:00", "a step longer than the duration"),
    (situation("09:00-09:20"), demand(30), "", "an opening that is too short"),
    (situation("09:00-10:00 09:45-10:45"), demand(30), "09:00 09:30 09:45 10:15", "two that overlap"),
    (
        situation("09:00-10:10 10:10-11:10"),
        demand(30),
        "09:00 09:30 10:10 10:40",
        "adjacent openings do not merge: 10:00 would cross from one into the other",
    ),
    (situation("09:00-11:00", busy="09:30-10:00"), demand(30), "09:00 10:00 10:30", "a booking takes its slot"),
    (
        situation("09:00-11:00", busy="09:40-09:50"),
        demand(30),
        "09:00 10:00 10:30",
        "and does not shift the lattice",
    ),
    (situation("09:00-11:00", busy="08:00-09:05"), demand(30), "09:30 10:00 10:30", "not even from before"),
    (situation("09:00-11:00", absent="10:15-10:20"), demand(30), "09:00 09:30 10:30", "five minutes away"),
    (situation("07:00-10:00"), demand(30), "08:30 09:00 09:30", "never before the site opens"),
    (situation("16:30-19:00"), demand(30), "16:30 17:00", "never after it closes"),
    (situation("11:30-14:30", hours="08:30-12:00 14:00-17:30"), demand(30), "11:30 14:00", "the lunch break"),
    # Buffers.
    (situation("09:00-11:00"), demand(30, before=10), "09:30 10:00 10:30", "9:00 leaves no room before it"),
    (
        situation("09:00-11:00"),
        demand(30, after=30),
        "09:00 09:30 10:00",
        "a buffer may touch the opening's end",
    ),
    (situation("09:00-11:00"), demand(30, before=30), "09:30 10:00 10:30", "and its start"),
    (situation("09:00-11:00"), demand(30, after=5), "09:00 09:30 10:00", "but must fit inside it"),
    (
        situation("09:00-11:00", busy="09:00-09:40"),
        demand(30, before=10),
        "10:00 10:30",
        "9:30 is too near: a buffer does not overlap the neighbour's",
    ),
    (
        situation("09:00-11:00", busy="09:00-09:40"),
        demand(20, step=10, before=10),
        "09:50 10:00 10:10 10:20 10:30 10:40",
        "buffers add up: the neighbour's until 9:40, then ours",
    ),
    (situation("09:00-11:00", hours="09:25-17:30"), demand(30, before=10), "10:00 10:30", "hours hold buffers"),
    (
        situation("09:00-11:00", usager_busy="09:00-09:30"),
        demand(30, before=10),
        "09:30 10:00 10:30",
        "the usager has no buffer",
    ),
    (situation("09:00-11:00", usager_busy="10:25-10:35"), demand(30), "09:00 09:30", "and cannot be twice"),
    # Colleagues.
    (situation("09:00-11:00", received="09:20-10:35"), demand(30), "09:30 10:00", "the lattice is the lead's alone"),
    (situation("09:00-11:00", received=""), demand(30), "", "a colleague who does not receive"),
    (situation("09:00-11:00", received="08:00-18:00"), demand(30), "09:00 09:30 10:00 10:30", "and gives no start"),
    (
        situation("09:00-11:00", received="09:25-10:10"),
        demand(30, before=5, after=10),
        "09:30",
        "a buffer may touch both ends of what a colleague gives",
    ),
    (situation("09:00-11:00", received="09:25-10:05"), demand(30, before=5, after=10), "", "and must fit inside it"),
]


@pytest.mark.parametrize(("where", "what", "starts", "because"), OFFERED, ids=[row[3] for row in OFFERED])
def test_what_is_offered(where: Situation, what: Demand, starts: str, because: str) -> None:
    assert offered(where, what) == starts, because


NINE = at("09:00")
NOTICES = [
    (Notice(NINE - 1, NINE - 1), "09:00 09:30 10:00 10:30", "a second before"),
    (Notice(NINE, NINE), "09:30 10:00 10:30", "a slot that begins now has begun"),
    (Notice(NINE - 3600, at("10:00")), "10:00 10:30", "the desk's notice is just met at 10:00"),
    (Notice(NINE - 3600, at("10:00") + 1), "10:30", "and missed by a second"),
    (Notice(NINE - 3600, NINE - 3600, earliest=at("09:30")), "09:30 10:00 10:30", "the usager's own notice"),
    (Notice(NINE - 3600, NINE - 3600, latest=at("09:30")), "09:00 09:30", "the horizon is included"),
    (Notice(NINE - 3600, NINE - 3600, latest=at("09:30") - 1), "09:00", "a second less"),
    (Notice(NINE - 3600, NINE - 3600, at("09:30"), at("10:00")), "09:30 10:00", "both"),
    (Notice(at("12:00"), at("12:00")), "", "the afternoon of that day"),
]


@pytest.mark.parametrize(("notice", "starts", "because"), NOTICES, ids=[row[2] for row in NOTICES])
def test_notice(notice: Notice, starts: str, because: str) -> None:
    assert offered(situation("09:00-11:00", notice=notice), demand(30)) == starts, because


def test_starts_go_to_the_preferred_room_while_it_is_free() -> None:
    first, second = (Grid(DAY, 288).paint(spans(free)) for free in ("09:00-09:30 10:30-11:00", "09:00-10:00"))
    free = {8: generator.fit(first, demand(30)), 3: generator.fit(second, demand(30))}
    where = situation("09:00-11:00", rooms=free)
    shares = generator.assign(free, generator.starts(where, demand(30)))
    clocks = {room: [5 * cell / 60 for cell in indexes(share)] for room, share in shares.items()}
    assert clocks == {8: [9.0, 10.5], 3: [9.5]}


def test_a_room_that_gets_nothing_is_not_named() -> None:
    assert generator.assign({1: 0b11, 2: 0b01}, 0b10) == {1: 0b10}


def test_without_any_room_that_fits_nothing_is_offered() -> None:
    where = situation("09:00-11:00", rooms={})
    assert offered(where, demand(30)) == ""
    assert generator.refusal(where, demand(30), NINE) == "no_room"


# ------------------------------------------------------------------ an oracle

CELLS = 40
cells = st.integers(-8, CELLS + 8)
times = cells.map(lambda cell: DAY + cell * CELL)
some_spans = st.lists(st.tuples(times, times).filter(lambda span: span[0] < span[1]), max_size=4)
instants = st.integers(DAY - 600, DAY + (CELLS + 2) * CELL)
notices = st.builds(Notice, instants, instants, st.none() | instants, st.none() | instants)
demands = st.builds(Demand, st.integers(1, 6), st.integers(1, 6), st.integers(0, 3), st.integers(0, 3))


@dataclass(frozen=True)
class Story:
    """A situation as spans, the way a clerk sees it. `rooms` gives when each is taken."""

    notice: Notice
    hours: list[Span]
    openings: list[Span]
    absences: list[Span]
    busy: list[Span]
    usager_busy: list[Span]
    rooms: dict[int, list[Span]] | None
    received: list[Span] | None

    def situation(self, what: Demand) -> Situation:
        """The same as masks."""
        grid = Grid(DAY, CELLS)
        opened = grid.paint(self.hours)
        taken = None if self.rooms is None else {key: grid.paint(busy) for key, busy in self.rooms.items()}
        return Situation(
            grid=grid,
            notice=self.notice,
            hours=opened,
            openings=self.openings,
            absent=grid.paint(self.absences),
            busy=grid.paint(self.busy),
            usager_busy=grid.paint(self.usager_busy),
            rooms=None if taken is None else {k: generator.fit(opened & ~busy, what) for k, busy in taken.items()},
            received=None if self.received is None else grid.paint(self.received),
        )


many_hours = st.just([(DAY, DAY + CELLS * CELL)]) | some_spans
stories = st.builds(
    Story,
    notice=st.just(Notice(DAY - 1, DAY - 1)) | notices,
    hours=many_hours,
    openings=many_hours,
    absences=st.just([]) | some_spans,
    busy=some_spans,
    usager_busy=st.just([]) | some_spans,
    rooms=st.none() | st.dictionaries(st.integers(1, 9), some_spans, max_size=3),
    received=st.none() | many_hours,
)
waivers = st.frozensets(st.sampled_from(sorted(WAIVABLE)))


def overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def inside(span: Span, spans: Iterable[Span]) -> bool:
    """Whether spans put together hold every 5 minutes of a span, within the day."""
    beginnings = range(*span, CELL)
    held = all(any(start <= begins < end for start, end in spans) for begins in beginnings)
    return held and span[0] >= DAY and span[1] <= DAY + CELLS * CELL


def broken(story: Story, what: Demand, start: int) -> set[str]:
    """Every rule that a start breaks, by arithmetic on its spans."""
    narrow = (start, start + what.duration * CELL)
    wide = (start - what.before * CELL, narrow[1] + what.after * CELL)
    notice = story.notice
    held_by = [opening for opening in story.openings if opening[0] <= wide[0] and wide[1] <= opening[1]]
    found = {
        "past": start <= notice.now,
        "desk_lead_time": start < notice.desk,
        "lead_time": notice.earliest is not None and start < notice.earliest,
        "horizon": notice.latest is not None and start > notice.latest,
        "closed": not inside(wide, story.hours),
        "no_opening": not held_by or (story.received is not None and not inside(wide, story.received)),
        "off_grid": all((start - opening[0]) % (what.step * CELL) for opening in held_by),
        "absent": any(overlap(wide, absence) for absence in story.absences),
        "professional_busy": any(overlap(wide, busy) for busy in story.busy),
        "usager_busy": any(overlap(narrow, busy) for busy in story.usager_busy),
        "no_room": story.rooms is not None and not free_rooms(story, what, start),
    }
    return {rule for rule, breaks in found.items() if breaks}


def free_rooms(story: Story, what: Demand, start: int) -> list[int]:
    """The rooms free around a start, in the order given."""
    wide = (start - what.before * CELL, start + (what.duration + what.after) * CELL)
    rooms = (story.rooms or {}).items()
    return [key for key, busy in rooms if not any(overlap(wide, taken) for taken in busy)]


def every_start() -> range:
    return range(DAY, DAY + CELLS * CELL, CELL)


@given(story=stories, what=demands)
def test_starts_are_those_that_break_no_rule(story: Story, what: Demand) -> None:
    where = story.situation(what)
    offered = [where.grid.instant(cell) for cell in indexes(generator.starts(where, what))]
    assert offered == [start for start in every_start() if not broken(story, what, start)]


@given(story=stories, what=demands)
def test_a_refusal_names_the_first_rule_broken_and_an_offer_none(story: Story, what: Demand) -> None:
    where = story.situation(what)
    for start in every_start():
        rules = broken(story, what, start)
        assert generator.refusal(where, what, start) == next((r for r in ORDER if r in rules), None)


@given(story=stories, what=demands, waived=waivers)
def test_a_rule_that_is_waived_forbids_nothing_and_the_others_all_they_did(
    story: Story, what: Demand, waived: frozenset[Rule]
) -> None:
    where = story.situation(what)
    left = {start: broken(story, what, start) - waived for start in every_start()}
    offered = [where.grid.instant(cell) for cell in indexes(generator.starts(where, what, waived))]
    assert offered == [start for start in every_start() if not left[start]]
    for start in every_start():
        first = next((rule for rule in ORDER if rule in left[start]), None)
        assert generator.refusal(where, what, start, waived) == first


@given(story=stories, what=demands, within=st.integers(1, CELL - 1), waived=st.just(frozenset()) | waivers)
def test_between_two_cells_nothing_begins_whatever_is_waived(
    story: Story, what: Demand, within: int, waived: frozenset[Rule]
) -> None:
    where = story.situation(what)
    assert all(generator.refusal(where, what, start + within, waived) in ORDER for start in every_start())


@given(story=stories, what=demands, far=st.integers(CELLS, 10**6))
def test_outside_of_the_grid_there_is_always_a_rule(story: Story, what: Demand, far: int) -> None:
    where = story.situation(what)
    assert all(generator.refusal(where, what, DAY + side * far * CELL) in ORDER for side in (-1, 1))


@given(story=stories, what=demands)
def test_each_start_is_given_the_first_room_that_is_free(story: Story, what: Demand) -> None:
    where = story.situation(what)
    wanted = generator.starts(where, what)
    shares = generator.assign(where.rooms or {}, wanted)
    given_to = {cell: room for room, share in shares.items() for cell in indexes(share)}
    expected = {cell: free_rooms(story, what, where.grid.instant(cell)) for cell in indexes(wanted)}
    assert given_to == {cell: rooms[0] for cell, rooms in expected.items() if rooms}
    assert story.rooms is None or len(given_to) == wanted.bit_count()


# ------------------------------------------------------------------ what never changes


@given(story=stories, what=demands, more=some_spans, later=instants)
def test_the_lattice_depends_neither_on_bookings_nor_on_now(
    story: Story, what: Demand, more: list[Span], later: int
) -> None:
    """Something taken, or time going by, removes starts; it never adds nor shifts one."""
    before = generator.starts(story.situation(what), what)
    fuller = replace(story, busy=story.busy + more)
    after = generator.starts(fuller.situation(what), what)
    waited = replace(story, notice=replace(story.notice, now=max(story.notice.now, later)))
    assert after & ~before == 0
    assert generator.starts(waited.situation(what), what) & ~before == 0
    for cell in indexes(before & ~after):
        assert broken(fuller, what, DAY + cell * CELL) == {"professional_busy"}


@given(story=stories, what=demands, cut=times)
def test_openings_side_by_side_offer_what_each_offers_alone(story: Story, what: Demand, cut: int) -> None:
    halves = [(DAY, cut), (cut, DAY + CELLS * CELL)] if DAY < cut < DAY + CELLS * CELL else [(DAY, cut)]
    alone = [generator.starts(replace(story, openings=[half]).situation(what), what) for half in halves]
    together = generator.starts(replace(story, openings=halves).situation(what), what)
    assert together == alone[0] | alone[-1]


def test_rules_that_another_booking_explains_come_from_the_list_of_rules() -> None:
    rules: set[Rule] = {"professional_busy", "usager_busy", "no_room"}
    assert rules == TAKEN
    assert set(ORDER) > TAKEN


def test_what_makes_somebody_or_something_unavailable_is_never_waived() -> None:
    rules: set[Rule] = {"past", "desk_lead_time", "no_opening", "off_grid"}
    assert rules == WAIVABLE
