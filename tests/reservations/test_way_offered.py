"""Whatever stands on a day: what is offered can be booked at once, and what is not offered is refused."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from booking.db import db
from booking.errors import BookingError, SlotUnavailable
from booking.people.models import Usager
from booking.reservations import Book, Cancel, book, cancel, doctor
from booking.reservations.models import History
from booking.rooms.models import Room
from booking.slots.availability import Search, find_slots
from booking.slots.models import AppointmentType
from tests.builders import MONDAY, NOW, Cast, act, add_professionals, add_rooms, add_usagers, paris, set_on
from tests.reservations import house

PEOPLE, USAGERS, STARTS = 6, 16, 6
NINE, NOON = paris(f"{MONDAY} 09:00"), paris(f"{MONDAY} 12:00")
# Who receives whom, in how many times 15 minutes after 9h00, in which room by name, and whether it is called off later.
Placed = tuple[int, int, int, int | None, bool]
DAY: st.SearchStrategy[list[Placed]] = st.lists(
    st.tuples(
        st.integers(0, PEOPLE - 1),
        st.integers(0, USAGERS - 1),
        st.integers(0, STARTS - 1),
        st.sampled_from([*[None] * 9, 0, 1, 2]),
        st.booleans(),
    ),
    min_size=4,
    max_size=16,
)


class Enough(Exception):
    """All was written but the messages; nothing is kept."""


@pytest.fixture
def building(cast: Cast) -> tuple[Cast, list[int], list[int], list[int]]:
    """Three offices, two of them reached without stairs; every other usager cannot climb. Buffers are of 5 minutes."""
    people, usagers, rooms = add_professionals(cast, PEOPLE), add_usagers(USAGERS), add_rooms(cast, 1)
    set_on(Room, rooms[0], features=frozenset({"step_free"}), capacity=3)
    set_on(AppointmentType, cast.entretien, buffer_after=5)
    for key in (*usagers[::2], cast.kone):
        set_on(Usager, key, step_free=True)
    return cast, people, usagers, [cast.b1, cast.b2, *rooms]


def fill(building: tuple[Cast, list[int], list[int], list[int]], placed: list[Placed]) -> None:
    """Book what can be, in that order, then call off what is to be."""
    cast, people, usagers, rooms = building
    gone = []
    for number, (who, usager, quarter, room, called_off) in enumerate(placed):
        command = Book(
            f"k{number}",
            cast.entretien,
            NINE + timedelta(minutes=15 * quarter),
            people[who],
            usagers[usager],
            room_id=None if room is None else rooms[room],
            waived=frozenset({"hors_plage"}),
        )
        try:
            uid = book(command, act()).uid
        except BookingError:
            continue
        gone += [uid] * called_off
    for uid in gone:
        cancel(Cancel(f"c{uid}", uid, "usager"), act())


def attempt(command: Book, made: Counter[str]) -> str | None:
    """The rule that refuses it, None when it would be booked; either way nothing is written."""

    def enough(*_: object) -> None:
        moved = db.session.query(History).filter_by(reason="room_needed").count()
        made[f"{moved} moves"] += 1
        raise Enough

    try:
        book(command, act(tell=enough))
    except SlotUnavailable as refused:
        made[refused.rule] += 1
        return refused.rule
    except Enough:
        return None
    raise AssertionError("it was neither refused nor told")


def check(building: tuple[Cast, list[int], list[int], list[int]], placed: list[Placed], made: Counter[str]) -> None:
    cast, *_ = building
    house.forget(house.House(cast.site, {}, {}, {}))
    fill(building, placed)
    earlier = db.session.query(History).filter_by(reason="room_needed").count()
    for usager in (cast.kone, cast.diallo):
        search = Search(cast.entretien, NINE, NOON, frozenset({cast.roux}), frozenset({usager}))
        db.session.rollback()
        offered = {slot.start for slot in find_slots(db.session(), search, NOW)}
        for quarter in range(0, STARTS + 2, 2):
            start = NINE + timedelta(minutes=15 * quarter)
            rule = attempt(Book("k", cast.entretien, start, cast.roux, usager), made)
            assert (rule is None) == (start in offered), (start, rule)
    made["filled by making way"] += earlier
    assert doctor.examine() == []


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_every_slot_offered_can_be_booked_and_every_other_is_refused(
    building: tuple[Cast, list[int], list[int], list[int]],
) -> None:
    made = Counter[str]()

    @settings(max_examples=40, derandomize=True)
    @example(placed=[(0, 1, 0, None, True), (1, 3, 0, None, False), (2, 5, 0, None, False)])
    @given(placed=DAY)
    def run(placed: list[Placed]) -> None:
        check(building, placed, made)

    run()
    assert made["1 moves"] + made["2 moves"] > 0, made
    assert made["0 moves"] > 0
    assert made["no_room"] > 0
