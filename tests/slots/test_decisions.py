"""What is offered is what is given: the decision on a start agrees with the search, whatever the situation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.errors import Invalid, SlotUnavailable
from booking.people.directory import NewUsager, create_usager
from booking.reservations import Book, Move, book, move
from booking.slots.availability import Slot, find_slots
from booking.slots.models import Absence, AppointmentType, Closure, Occupancy
from booking.slots.rules import ORDER
from tests.builders import MONDAY, NOW, Cast, absence, act, block, closure, paris, set_on, store
from tests.slots.asking import day_of

EIGHT = paris("2026-11-23 08:00")
NINE = paris("2026-11-23 09:00")


class Enough(Exception):
    """All was written but the messages; nothing is kept."""


def attempt(command: Book, now: datetime = NOW) -> str | None:
    """The rule that refuses a booking, None when it would be accepted; either way nothing is written."""

    def enough(*_: object) -> None:
        raise Enough

    try:
        book(command, act(now, tell=enough))
    except SlotUnavailable as refused:
        return refused.rule
    except Enough:
        return None
    raise AssertionError("it was neither refused nor told")


def test_what_is_offered_is_given_and_nothing_else_is(cast: Cast, session: Session) -> None:
    """Dr Lenoir's Monday, every 5 minutes from 8h00 to 13h00."""
    store(absence(cast.lenoir, "2026-11-23 10:35", "2026-11-23 10:40"))
    offered = {slot.start for slot in find_slots(session, day_of(cast.consultation, MONDAY), NOW)}
    starts = [EIGHT + timedelta(minutes=minute) for minute in range(0, 300, 5)]
    rules = {start: attempt(Book("k", cast.consultation, start, cast.lenoir, cast.diallo)) for start in starts}
    given = {start for start, rule in rules.items() if rule is None}
    assert given == offered == {paris("2026-11-23 09:30"), paris("2026-11-23 11:00")}
    assert Counter(rules.values()) == {"closed": 7, "no_opening": 25, "off_grid": 24, "absent": 2, None: 2}


# ------------------------------------------------------------------ whatever the situation


@dataclass(frozen=True)
class Taken:
    """Something that takes one of the cast's people or rooms, in 5-minute cells from 8h00 on the Monday."""

    what: str
    who: str
    first: int
    length: int

    @property
    def span(self) -> tuple[datetime, datetime]:
        """From its start to its end."""
        start = EIGHT + timedelta(minutes=5 * self.first)
        return start, start + timedelta(minutes=5 * self.length)


def taken(what: str, names: list[str]) -> st.SearchStrategy[Taken]:
    return st.builds(Taken, st.just(what), st.sampled_from(names), st.integers(0, 60), st.integers(1, 14))


PEOPLE, ROOMS = ["roux", "diop", "lenoir", "petit"], ["b1", "b2", "c1", "c4"]
anything = st.one_of(
    taken("absence", PEOPLE),
    taken("closure", [*ROOMS, "site"]),
    taken("block", [*PEOPLE, *ROOMS, "diallo"]),
)
situations = st.lists(anything, max_size=7)
types = st.sampled_from(["entretien", "consultation", "appel"])
doers = {"entretien": ["roux", "diop"], "appel": ["roux", "diop"], "consultation": ["lenoir"]}


def bring_about(cast: Cast, situation: list[Taken]) -> None:
    """Store that situation and no other. Of two blocks of one resource that would overlap, the first stays."""

    def work(session: Session) -> None:
        for model in (Occupancy, Absence, Closure):
            session.execute(sa.delete(model))
        for number, each in enumerate(situation):
            session.add(row(cast, each, str(number)))
        session.flush()

    in_transaction(work)


def row(cast: Cast, each: Taken, uid: str) -> Absence | Closure | Occupancy:
    start, end = each.span
    key = getattr(cast, each.who)
    match each.what:
        case "absence":
            return Absence(uid=uid, professional_id=key, starts_at=start, ends_at=end, created_at=NOW)
        case "closure":
            room = None if each.who == "site" else key
            return Closure(site_id=cast.site, room_id=room, starts_at=start, ends_at=end, label="Travaux")
        case _:
            seconds = [int(instant.timestamp()) for instant in each.span]
            return Occupancy(resource_id=key, starts_at=seconds[0], ends_at=seconds[1], block="test")


def possible(situation: list[Taken]) -> bool:
    """Whether no two blocks overlap on one resource: the database would refuse them."""
    blocks = [each for each in situation if each.what == "block"]
    return not any(
        one.who == other.who and one.span[0] < other.span[1] and other.span[0] < one.span[1]
        for at, one in enumerate(blocks)
        for other in blocks[at + 1 :]
    )


@pytest.mark.parametrize("engine_name", ["sqlite"])
@given(
    situation=situations.filter(possible), code=types, waited=st.integers(0, 240), starts=st.sets(st.integers(0, 72))
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_any_situation_an_offer_is_accepted_and_the_rest_refused_by_a_rule(
    cast: Cast, session: Session, situation: list[Taken], code: str, waited: int, starts: set[int]
) -> None:
    bring_about(cast, situation)
    now, type_id = EIGHT + timedelta(minutes=waited), getattr(cast, code)
    session.rollback()
    offered = offers(session, cast, type_id, now)
    for who in (getattr(cast, name) for name in doers[code]):
        for start in sorted(offered[who])[:3] + [EIGHT + timedelta(minutes=5 * start) for start in sorted(starts)[:5]]:
            rule = attempt(Book("k", type_id, start, who, cast.diallo), now)
            assert (rule is None) == (start in offered[who]), (start, rule)
            assert rule is None or rule in ORDER


def offers(session: Session, cast: Cast, type_id: int, now: datetime) -> dict[int, set[datetime]]:
    """The starts offered to M. Diallo on the Monday, by professional."""
    found = find_slots(session, day_of(type_id, MONDAY, usager_ids=frozenset({cast.diallo})), now)
    people = (getattr(cast, name) for name in PEOPLE)
    return {who: {slot.start for slot in found if slot.professional_id == who} for who in people}


# ------------------------------------------------------------------ the alternatives to a refusal


def refusal(attempted: Callable[[], object]) -> SlotUnavailable:
    with pytest.raises(SlotUnavailable) as refused:
        attempted()
    return refused.value


def test_alternatives_can_be_booked(cast: Cast) -> None:
    store(block(cast.roux, "2026-11-23 09:00", "2026-11-23 09:30"))
    store(block(cast.diallo, "2026-11-23 09:30", "2026-11-23 10:00"))
    wanted = Book("k", cast.entretien, NINE, cast.roux, cast.diallo)
    found = refusal(lambda: book(wanted, act())).alternatives
    assert [(slot.professional_id, attempt(instead(wanted, slot))) for slot in found] == [
        (cast.diop, None),
        (cast.roux, None),
        (cast.diop, None),
        (cast.roux, None),
        (cast.roux, None),
    ]


def instead(wanted: Book, slot: Slot) -> Book:
    return replace(wanted, start=slot.start, professional_id=slot.professional_id, room_id=slot.room_id)


def test_alternatives_suit_somebody_who_cannot_climb_stairs(cast: Cast) -> None:
    """B2 alone is step-free; until 11h00 it is taken."""
    store(block(cast.b2, "2026-11-23 08:30", "2026-11-23 11:00"))
    usager = NewUsager("Nguyen", step_free=True)
    wanted = Book("k", cast.entretien, NINE, cast.roux, usager)
    for_new = refusal(lambda: book(wanted, act())).alternatives
    known = in_transaction(lambda s: create_usager(s, usager, NOW))
    for_known = refusal(lambda: book(replace(wanted, usager=known), act())).alternatives
    assert for_new == for_known
    assert min(slot.start for slot in for_new) == paris("2026-11-23 11:00")


def test_alternatives_to_a_move_are_free_for_the_usager_too(cast: Cast) -> None:
    """The place that the appointment has is not an alternative to it."""
    moved = book(Book("k", cast.entretien, NINE, cast.roux, cast.diallo), act())
    store(block(cast.roux, "2026-11-23 09:30", "2026-11-23 10:00"))
    store(block(cast.diallo, "2026-11-23 10:00", "2026-11-23 10:30"))
    found = refusal(lambda: move(Move("m", moved.uid, paris("2026-11-23 09:30")), act())).alternatives
    starts = [slot.start for slot in found if slot.professional_id == cast.roux]
    assert starts == [paris(f"2026-11-23 {clock}") for clock in ("10:30", "11:00", "11:30")]


def test_an_appointment_of_a_retired_type_is_still_moved_with_alternatives(cast: Cast) -> None:
    moved = book(Book("k", cast.entretien, NINE, cast.roux, cast.diallo), act())
    store(block(cast.roux, "2026-11-23 09:30", "2026-11-23 10:00"))
    set_on(AppointmentType, cast.entretien, retired_at=NOW)
    refused = refusal(lambda: move(Move("m", moved.uid, paris("2026-11-23 09:30")), act()))
    assert refused.rule == "professional_busy"
    assert refused.alternatives


# ------------------------------------------------------------------ what cannot be decided


@pytest.mark.parametrize("day", ["0001-01-01", "0001-01-02", "1999-12-31", "3000-01-01", "9999-12-12", "9999-12-31"])
def test_dates_that_cannot_be_computed_with_are_refused(cast: Cast, day: str) -> None:
    start = datetime.fromisoformat(f"{day}T09:00+00:00")
    kept = book(Book("k", cast.entretien, NINE, cast.roux, cast.diallo), act())
    for attempted in (
        lambda: book(Book("far", cast.entretien, start, cast.roux, cast.diallo), act()),
        lambda: move(Move("far", kept.uid, start), act()),
    ):
        with pytest.raises(Invalid) as refused:
            attempted()
        assert (refused.value.field, refused.value.rule) == ("start", "out_of_range")


@pytest.mark.parametrize("day", ["2000-01-01", "2999-12-31"])
def test_dates_at_the_limits_are_only_refused_by_a_rule(cast: Cast, day: str) -> None:
    start = datetime.fromisoformat(f"{day}T09:00+00:00")
    assert attempt(Book("k", cast.entretien, start, cast.roux, cast.diallo)) in ("past", "no_opening", "closed")


def test_somebody_who_receives_nowhere_has_no_opening(cast: Cast) -> None:
    start = paris("2028-01-04 09:00")
    assert attempt(Book("k", cast.entretien, start, cast.roux, cast.diallo)) == "no_opening"
    store(closure(cast.site, "2028-01-04 00:00", "2028-01-05 00:00"))
    assert attempt(Book("k", cast.entretien, start, cast.roux, cast.diallo)) == "closed"
