"""Several professionals, several usagers, and rules that are set aside: one appointment, wholly or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from booking import schema
from booking.errors import BookingError, Invalid, NotFound, SlotTaken, SlotUnavailable
from booking.people.directory import NewUsager
from booking.people.models import Usager
from booking.reservations import Book, Cancel, Outcome, book, cancel, doctor, reading
from booking.reservations.guests import MOST
from booking.rooms.models import Room
from booking.slots.models import Occupancy
from tests.builders import Cast, absence, act, add_usagers, block, closure, paris, rows_of, set_on, store
from tests.reservations.telling import Told

NINE, TEN = paris("2026-11-23 09:00"), paris("2026-11-23 10:00")
TUESDAY = paris("2026-11-24 09:00")


def entretien(cast: Cast, **values: Any) -> Book:
    return replace(Book("k", cast.entretien, NINE, cast.roux, cast.diallo), **values)


def both(cast: Cast, **values: Any) -> Book:
    """Mme Roux leads, M. Diop takes part."""
    return entretien(cast, colleague_ids=frozenset({cast.diop}), **values)


def taken_of(session: Session, outcome: Outcome) -> set[int]:
    session.rollback()
    rows = session.query(Occupancy.resource_id).where(Occupancy.appointment_id == outcome.appointment_id)
    return {key for (key,) in rows}


class TestSeveralProfessionals:
    def test_all_of_them_are_taken(self, cast: Cast, session: Session) -> None:
        done = book(both(cast), act())
        assert taken_of(session, done) == {cast.roux, cast.diop, cast.diallo, cast.b1}
        people = {one.id for one in reading.find(session, done.uid).professionals}
        assert people == {cast.roux, cast.diop}
        assert doctor.examine() == []

    def test_the_feeds_of_all_change(self, cast: Cast, session: Session) -> None:
        book(both(cast), act())
        professionals = reading.of_usager(session, cast.diallo)[0].professionals
        assert {one.feed_version for one in professionals} == {1}

    @pytest.mark.parametrize(
        ("start", "obstacle", "rule"),
        [
            pytest.param(
                NINE,
                lambda cast: block(cast.diop, "2026-11-23 09:00", "2026-11-23 09:05"),
                "professional_busy",
                id="the colleague has something else",
            ),
            pytest.param(
                NINE,
                lambda cast: absence(cast.diop, "2026-11-23 08:00", "2026-11-23 09:30"),
                "absent",
                id="the colleague is absent",
            ),
            pytest.param(
                TUESDAY,
                lambda cast: block(cast.c1, "2026-11-24 09:00", "2026-11-24 09:05"),
                "no_opening",
                id="the colleague receives on Mondays only",
            ),
        ],
    )
    def test_one_who_cannot_come_is_enough_to_refuse(
        self, cast: Cast, session: Session, start: Any, obstacle: Any, rule: str
    ) -> None:
        store(obstacle(cast))
        before = rows_of(session, schema.metadata)
        with pytest.raises(SlotUnavailable) as refused:
            book(both(cast, start=start), act())
        assert refused.value.rule == rule
        assert rows_of(session, schema.metadata) == before

    def test_alternatives_suit_all_of_them(self, cast: Cast) -> None:
        store(block(cast.diop, "2026-11-23 09:00", "2026-11-23 11:30"))
        with pytest.raises(SlotTaken) as refused:
            book(both(cast), act())
        offered = refused.value.alternatives
        assert offered
        for number, slot in enumerate(offered):
            again = both(cast, key=f"k{number}", start=slot.start, professional_id=slot.professional_id)
            cancel(Cancel(f"c{number}", book(again, act()).uid, "service"), act())

    @pytest.mark.parametrize(
        ("colleague", "error"),
        [
            pytest.param("lenoir", SlotUnavailable, id="of another service"),
            pytest.param("diallo", NotFound, id="an usager"),
            pytest.param(None, NotFound, id="nobody"),
        ],
    )
    def test_a_colleague_belongs_to_the_service(
        self, cast: Cast, colleague: str | None, error: type[BookingError]
    ) -> None:
        key = getattr(cast, colleague) if colleague else 999
        with pytest.raises(error):
            book(entretien(cast, colleague_ids=frozenset({key})), act())

    def test_with_one_of_another_service_no_other_time_is_offered(self, cast: Cast) -> None:
        with pytest.raises(SlotUnavailable) as refused:
            book(entretien(cast, colleague_ids=frozenset({cast.lenoir})), act())
        assert (refused.value.rule, refused.value.alternatives) == ("not_qualified", ())

    def test_whoever_leads_is_no_colleague_of_their_own(self, cast: Cast, session: Session) -> None:
        done = book(entretien(cast, colleague_ids=frozenset({cast.roux})), act())
        assert len(reading.find(session, done.uid).professionals) == 1


class TestAFamily:
    def test_each_is_taken_and_told(self, cast: Cast, session: Session) -> None:
        told = Told()
        done = book(entretien(cast, family=(cast.kone, NewUsager(last_name="Petit"))), act(tell=told))
        people = [one.usager_id for one in reading.find(session, done.uid).participations]
        assert {cast.diallo, cast.kone} < set(people)
        assert len(people) == 3
        assert told.facts == [("booked", set(people))]
        assert taken_of(session, done) == {cast.roux, cast.b1, *people}
        assert doctor.examine() == []

    def test_the_room_is_large_enough(self, cast: Cast, session: Session) -> None:
        set_on(Room, cast.b1, capacity=2)
        done = book(entretien(cast, family=(cast.kone,)), act())
        assert done.room == "B2"

    def test_a_family_larger_than_every_room_is_refused(self, cast: Cast) -> None:
        with pytest.raises(SlotUnavailable) as refused:
            book(entretien(cast, family=tuple(add_usagers(4))), act())
        assert refused.value.rule == "no_room"

    def test_one_who_cannot_climb_decides_for_all(self, cast: Cast, session: Session) -> None:
        set_on(Usager, cast.kone, step_free=True)
        assert book(entretien(cast, family=(cast.kone,)), act()).room == "B2"

    def test_one_who_is_busy_is_enough_to_refuse(self, cast: Cast, session: Session) -> None:
        book(entretien(cast, key="other", usager=cast.kone, professional_id=cast.diop), act())
        before = rows_of(session, schema.metadata)
        with pytest.raises(SlotTaken) as refused:
            book(entretien(cast, usager=NewUsager(last_name="Petit"), family=(cast.kone,)), act())
        assert refused.value.rule == "usager_busy"
        assert rows_of(session, schema.metadata) == before, "the new usager is not kept either"

    @pytest.mark.parametrize(
        ("family", "rule"),
        [
            pytest.param(lambda cast: (cast.diallo,), "twice", id="the same person twice"),
            pytest.param(lambda _: tuple(range(100, 100 + MOST)), "too_many", id="more than a family"),
        ],
    )
    def test_bad_families(self, cast: Cast, family: Any, rule: str) -> None:
        with pytest.raises(Invalid) as refused:
            book(entretien(cast, family=family(cast)), act())
        assert (refused.value.field, refused.value.rule) == ("usager", rule)

    def test_two_visitors_of_a_confidential_service_have_each_a_code(self, cast: Cast, session: Session) -> None:
        done = book(Book("k", cast.depistage, NINE, cast.petit, None, family=(None,)), act())
        codes = {one.usager.code for one in reading.find(session, done.uid).participations}
        assert len(codes) == 2
        assert None not in codes

    def test_the_same_command_sent_again_creates_nobody(self, cast: Cast, session: Session) -> None:
        command = entretien(cast, usager=NewUsager(last_name="Petit"), family=(NewUsager(last_name="Petit"),))
        first = book(command, act())
        before = rows_of(session, schema.metadata)
        assert book(command, act()) == replace(first, replayed=True)
        assert rows_of(session, schema.metadata) == before


LUNCH = paris("2026-11-23 12:30")
OFF_GRID = paris("2026-11-23 09:10")


class TestRulesSetAside:
    @pytest.mark.parametrize(
        ("start", "waived"),
        [
            pytest.param(LUNCH, {"hors_plage"}, id="when she does not receive"),
            pytest.param(OFF_GRID, {"hors_plage"}, id="between two starts"),
        ],
    )
    def test_hors_plage_is_a_trace(self, cast: Cast, session: Session, start: Any, waived: Any) -> None:
        with pytest.raises(SlotUnavailable):
            book(entretien(cast, start=start), act())
        done = book(entretien(cast, start=start, waived=frozenset(waived)), act())
        assert [row.reason for row in reading.history(session, done.appointment_id)] == ["hors_plage"]
        assert doctor.examine() == []

    @pytest.mark.parametrize(
        ("obstacle", "rule"),
        [
            pytest.param(
                lambda c: block(c.roux, "2026-11-23 12:30", "2026-11-23 12:35"), "professional_busy", id="busy"
            ),
            pytest.param(lambda c: block(c.diallo, "2026-11-23 12:30", "2026-11-23 12:35"), "usager_busy", id="usager"),
            pytest.param(lambda c: absence(c.roux, "2026-11-23 12:00", "2026-11-23 13:00"), "absent", id="absent"),
            pytest.param(lambda c: closure(c.site, "2026-11-23 12:00", "2026-11-23 13:00"), "closed", id="closed"),
        ],
    )
    def test_it_never_sets_an_overlap_aside(self, cast: Cast, obstacle: Any, rule: str) -> None:
        store(obstacle(cast))
        with pytest.raises(SlotUnavailable) as refused:
            book(entretien(cast, start=LUNCH, waived=frozenset({"hors_plage"})), act())
        assert refused.value.rule == rule

    def test_somebody_who_is_there_is_received_now(self, cast: Cast, session: Session) -> None:
        now = NINE + timedelta(minutes=13, seconds=20)
        start = NINE + timedelta(minutes=10)
        done = book(entretien(cast, start=start, waived=frozenset({"walk_in"})), act(now))
        assert (done.start, done.end) == (start, start + timedelta(minutes=30))
        assert [row.reason for row in reading.history(session, done.appointment_id)] == ["walk_in"]

    @pytest.mark.parametrize("minutes", [5, 15, 60], ids=["before", "after", "later"])
    def test_but_at_no_other_time(self, cast: Cast, minutes: int) -> None:
        now = NINE + timedelta(minutes=13)
        command = entretien(cast, start=NINE + timedelta(minutes=minutes), waived=frozenset({"walk_in"}))
        with pytest.raises(Invalid) as refused:
            book(command, act(now))
        assert (refused.value.field, refused.value.rule) == ("start", "not_now")

    def test_a_reason_that_is_given_is_kept(self, cast: Cast, session: Session) -> None:
        done = book(
            entretien(cast, start=LUNCH, waived=frozenset({"hors_plage"})), replace(act(), reason="usager_request")
        )
        assert reading.history(session, done.appointment_id)[0].reason == "usager_request"
