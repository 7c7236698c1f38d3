"""What else moves: the duration, the type, the professionals, of an appointment for several people too."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from booking import schema
from booking.errors import AppointmentClosed, BookingError, Invalid, NotFound, SlotTaken, SlotUnavailable
from booking.people.models import Professional, Usager
from booking.reservations import (
    Book,
    Move,
    Outcome,
    RecordAttendance,
    book,
    doctor,
    move,
    reading,
    record_attendance,
)
from booking.slots.models import AppointmentType, Occupancy
from tests.builders import Cast, act, block, paris, rows_of, set_on, store
from tests.reservations.telling import Told

NINE, TEN = paris("2026-11-23 09:00"), paris("2026-11-23 10:00")
HALF_HOUR, HOUR = timedelta(minutes=30), timedelta(hours=1)


@pytest.fixture
def booked(cast: Cast) -> Outcome:
    """M. Diallo with Mme Roux, on Monday at 9h00, in B1."""
    return book(Book("book", cast.entretien, NINE, cast.roux, cast.diallo), act())


@pytest.fixture
def together(cast: Cast) -> Outcome:
    """M. Diallo and Mme Koné with Mme Roux and M. Diop, on Monday at 9h00, in B1."""
    others = {"family": (cast.kone,), "colleague_ids": frozenset({cast.diop})}
    return book(Book("book", cast.entretien, NINE, cast.roux, cast.diallo, **others), act())


def taken(session: Session, outcome: Outcome) -> set[int]:
    session.rollback()
    query = session.query(Occupancy.resource_id).where(Occupancy.appointment_id == outcome.appointment_id)
    return {key for (key,) in query}


def actions(session: Session, outcome: Outcome) -> list[str]:
    return [row.action for row in reading.history(session, outcome.appointment_id)]


class TestTheDuration:
    def test_it_becomes_longer_and_nobody_is_told(self, cast: Cast, session: Session, booked: Outcome) -> None:
        told = Told()
        done = move(Move("m", booked.uid, duration=60), act(tell=told))
        assert (done.start, done.end, done.room, done.sequence) == (NINE, NINE + HOUR, "B1", 1)
        assert (told.facts, actions(session, booked)) == ([], ["booked", "changed"])
        assert doctor.examine() == []

    def test_it_becomes_shorter_whatever_the_openings_are_now(self, cast: Cast, booked: Outcome) -> None:
        store(block(cast.c1, "2026-11-23 09:00", "2026-11-23 09:30"))
        done = move(Move("m", booked.uid, duration=15), act(NINE + timedelta(minutes=10)))
        assert done.end == NINE + timedelta(minutes=15)
        assert doctor.examine() == []

    def test_an_interview_that_lasts_is_lengthened_while_it_lasts(self, cast: Cast, booked: Outcome) -> None:
        record_attendance(RecordAttendance("a", booked.uid, cast.diallo, "in_progress"), act(NINE))
        assert move(Move("m", booked.uid, duration=45), act(NINE + timedelta(minutes=25))).end == NINE + HOUR * 0.75

    def test_whoever_has_arrived_is_offered_no_other_start(self, cast: Cast, booked: Outcome) -> None:
        book(Book("next", cast.entretien, NINE + HALF_HOUR, cast.roux, cast.kone), act())
        record_attendance(RecordAttendance("a", booked.uid, cast.diallo, "in_progress"), act(NINE))
        with pytest.raises(SlotTaken) as refused:
            move(Move("m", booked.uid, duration=45), act(NINE))
        assert refused.value.alternatives == ()

    def test_not_into_the_next_appointment(self, cast: Cast, session: Session, booked: Outcome) -> None:
        book(Book("next", cast.entretien, NINE + HALF_HOUR, cast.roux, cast.kone), act())
        with pytest.raises(SlotTaken) as refused:
            move(Move("m", booked.uid, duration=35), act())
        assert refused.value.rule == "professional_busy"

    @pytest.mark.parametrize(
        ("minutes", "rule"),
        [
            pytest.param(0, "out_of_range", id="none"),
            pytest.param(485, "out_of_range", id="more than a day of work"),
            pytest.param(10**9, "out_of_range", id="a number that overflows"),
            pytest.param(32, "not_on_grid", id="between two cells"),
            pytest.param(30, "unchanged", id="the one it has"),
        ],
    )
    def test_bad_durations(self, session: Session, booked: Outcome, minutes: int, rule: str) -> None:
        before = rows_of(session, schema.metadata)
        with pytest.raises(Invalid) as refused:
            move(Move("m", booked.uid, duration=minutes), act())
        assert refused.value.rule == rule
        assert rows_of(session, schema.metadata) == before


class TestTheType:
    def test_what_was_in_person_is_by_phone(self, cast: Cast, session: Session, booked: Outcome) -> None:
        """The duration is kept unless another is asked for; how they meet is told."""
        told = Told()
        done = move(Move("m", booked.uid, type_id=cast.appel), act(tell=told))
        assert (done.room, done.end - done.start) == (None, HALF_HOUR)
        assert told.facts == [("moved", {cast.diallo})]
        assert taken(session, booked) == {cast.roux, cast.diallo}
        assert doctor.examine() == []

    def test_and_back(self, cast: Cast, booked: Outcome) -> None:
        move(Move("m", booked.uid, type_id=cast.appel), act())
        assert move(Move("n", booked.uid, type_id=cast.entretien), act()).room == "B1"

    def test_its_buffers_are_those_of_the_new_type(self, cast: Cast, session: Session, booked: Outcome) -> None:
        set_on(AppointmentType, cast.appel, buffer_after=10)
        move(Move("m", booked.uid, type_id=cast.appel, start=TEN), act())
        appointment = reading.find(session, booked.uid)
        assert (appointment.buffer_before, appointment.buffer_after) == (0, 10)

    @pytest.mark.parametrize(
        ("values", "error"),
        [
            pytest.param({"type_id": 999}, NotFound, id="unknown"),
            pytest.param({"type_id": "consultation"}, SlotUnavailable, id="another profession's"),
            pytest.param(
                {"type_id": "depistage", "professional_ids": {"petit"}}, Invalid, id="of people without a name"
            ),
        ],
    )
    def test_bad_types(
        self, cast: Cast, session: Session, booked: Outcome, values: dict[str, Any], error: type[BookingError]
    ) -> None:
        before = rows_of(session, schema.metadata)
        with pytest.raises(error):
            move(Move("m", booked.uid, **{name: named(cast, one) for name, one in values.items()}), act())
        assert rows_of(session, schema.metadata) == before


class TestSeveral:
    def test_all_of_them_move(self, cast: Cast, session: Session, together: Outcome) -> None:
        told = Told()
        done = move(Move("m", together.uid, TEN), act(tell=told))
        assert told.facts == [("moved", {cast.diallo, cast.kone})]
        assert taken(session, done) == {cast.roux, cast.diop, cast.diallo, cast.kone, cast.b1}
        assert doctor.examine() == []

    def test_not_when_one_of_them_does_not_receive(self, cast: Cast, together: Outcome) -> None:
        with pytest.raises(SlotUnavailable) as refused:
            move(Move("m", together.uid, paris("2026-11-24 10:00")), act())
        assert refused.value.rule == "no_opening"
        assert {slot.start.date() for slot in refused.value.alternatives} <= {NINE.date(), NINE.date() + timedelta(7)}

    def test_the_alternatives_suit_all_of_them(self, cast: Cast, together: Outcome) -> None:
        with pytest.raises(SlotUnavailable) as refused:
            move(Move("m", together.uid, paris("2026-11-24 10:00")), act())
        for number, slot in enumerate(refused.value.alternatives):
            assert move(Move(f"m{number}", together.uid, slot.start), act()).start == slot.start

    def test_one_of_them_no_longer_takes_part(self, cast: Cast, session: Session, together: Outcome) -> None:
        done = move(Move("m", together.uid, professional_ids=frozenset({cast.roux})), act())
        assert cast.diop not in taken(session, done)
        assert actions(session, done) == ["booked", "changed"]
        assert doctor.examine() == []

    def test_a_colleague_joins_if_free(self, cast: Cast, session: Session, booked: Outcome) -> None:
        both = frozenset({cast.roux, cast.diop})
        assert cast.diop in taken(session, move(Move("m", booked.uid, professional_ids=both), act()))
        store(block(cast.diop, "2026-11-23 10:00", "2026-11-23 10:30"))
        with pytest.raises(SlotTaken):
            move(Move("n", booked.uid, TEN), act())

    def test_who_does_the_type_stays(self, cast: Cast, session: Session, together: Outcome) -> None:
        """M. Diop has become a doctor: he takes part in what Mme Roux leads, and leads none alone."""
        doctors = session.get_one(Professional, cast.lenoir).profession_id
        session.rollback()
        set_on(Professional, cast.diop, profession_id=doctors)
        with pytest.raises(SlotUnavailable) as refused:
            move(Move("m", together.uid, professional_ids=frozenset({cast.diop})), act())
        assert (refused.value.rule, refused.value.alternatives) == ("not_qualified", ())
        assert cast.roux in taken(session, together)
        assert doctor.examine() == []

    def test_somebody_receives(self, booked: Outcome) -> None:
        with pytest.raises(Invalid) as refused:
            move(Move("m", booked.uid, professional_ids=frozenset()), act())
        assert (refused.value.field, refused.value.rule) == ("professional", "required")

    def test_who_cannot_climb_still_decides(self, cast: Cast, together: Outcome) -> None:
        set_on(Usager, cast.kone, step_free=True)
        assert move(Move("m", together.uid, TEN), act()).room == "B2"

    def test_once_one_was_seen_nothing_moves(self, cast: Cast, together: Outcome) -> None:
        record_attendance(RecordAttendance("a", together.uid, cast.kone, "seen"), act(NINE))
        with pytest.raises(AppointmentClosed):
            move(Move("m", together.uid, duration=45), act(NINE))


def named(cast: Cast, value: Any) -> Any:
    """Somebody or something of the cast, by name; anything else as it is."""
    if isinstance(value, set):
        return frozenset(getattr(cast, name) for name in value)
    return getattr(cast, value) if isinstance(value, str) else value
