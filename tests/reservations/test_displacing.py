"""An absence or a closure with what becomes of each appointment in its way: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from booking import messages, schema
from booking.db import db
from booking.errors import BookingError, Invalid, KeyReused, NotDisplaced, NotFound
from booking.notify.outbox import messages_about
from booking.reservations import (
    Act,
    Book,
    Move,
    Outcome,
    RecordAttendance,
    book,
    doctor,
    impact,
    move,
    reading,
    record_attendance,
    store,
)
from booking.reservations.displacing import Decision, Displace, Moved, Otherwise, displace
from booking.reservations.impact import Absent, Cause, Closed
from booking.slots import planning
from booking.slots.models import Absence, Closure
from tests.builders import NOW, Cast, act, add_usagers, block, count, paris, rows_of
from tests.builders import store as keep
from tests.reservations.displacements import ELEVEN, NINE, TEN, TWO, each, ill, three_booked, works
from tests.reservations.telling import Told

Make = Callable[[Absent, Decision], list[tuple[Any, ...]]]
DAY, HALF = timedelta(days=1), timedelta(minutes=30)


@pytest.fixture
def three(cast: Cast) -> list[Outcome]:
    """Three usagers with Mme Roux, at 9h00, 10h00 and 11h00."""
    return three_booked(cast)


def refused(cause: Cause, decisions: tuple[Decision, ...]) -> dict[str, str]:
    with pytest.raises(NotDisplaced) as refusal:
        displace(Displace("d", cause, decisions), act())
    return dict(refusal.value.refused)


class TestOneAction:
    def test_an_absence_with_three_decisions(self, cast: Cast, session: Session, three: list[Outcome]) -> None:
        told = Told()
        decisions = each(three, Moved(professional_ids=frozenset({cast.diop})), Moved(TWO), "cancelled")
        done = displace(Displace("d", ill(cast), decisions), act(tell=told, agent_id=cast.amina))

        assert [(one.start, one.status) for one in done] == [(NINE, "booked"), (TWO, "booked"), (ELEVEN, "cancelled")]
        assert count(session, Absence) == 1
        assert store.read(session, three[0].uid).professional_ids == {cast.diop}
        assert [change for change, _ in told.facts if change == "cancelled"] == ["cancelled"]
        assert {change for change, who in told.facts if who} == {"moved", "cancelled"}
        assert len([who for _, who in told.facts if who]) == 2, "who keeps their time is not disturbed"
        for one in three:
            last = reading.history(session, one.appointment_id)[-1]
            assert (last.reason, last.agent_id) == ("professional_absent", cast.amina)
        assert doctor.examine() == []

    def test_what_is_left_alone_stands_as_it_was(self, cast: Cast, session: Session, three: list[Outcome]) -> None:
        done = displace(Displace("d", ill(cast), each(three, *["left_alone"] * 3)), act())
        assert [one.version for one in done] == [1, 1, 1]
        assert count(session, Absence) == 1
        assert [len(reading.history(session, one.appointment_id)) for one in three] == [1, 1, 1]

    def test_a_room_closes_and_its_appointments_go_to_another(
        self, cast: Cast, session: Session, three: list[Outcome]
    ) -> None:
        told = Told()
        cause = works(cast, cast.b1)
        done = displace(Displace("d", cause, each(three, *[Moved(room_id=cast.b2)] * 3)), act(tell=told))
        assert {one.room for one in done} == {"B2"}
        assert told.facts == []
        assert count(session, Closure) == 1
        last = reading.history(session, three[0].appointment_id)[-1]
        assert (last.action, last.reason) == ("room_changed", "closed")
        assert doctor.examine() == []

    def test_a_site_closes_and_everybody_is_cancelled(self, cast: Cast, session: Session, three: list[Outcome]) -> None:
        done = displace(Displace("d", works(cast, None), each(three, *["cancelled"] * 3)), act())
        assert {one.status for one in done} == {"cancelled"}
        assert store.read(session, three[0].uid).cancelled_by == "service"
        assert doctor.examine() == []

    def test_messages_are_filed_with_it(self, cast: Cast, session: Session) -> None:
        one = book(Book("b", cast.entretien, NINE, cast.roux, cast.diallo), act())
        decisions = (Decision(one.uid, None, "cancelled"),)
        displace(Displace("d", ill(cast), decisions), Act(now=NOW, origin="web", tell=messages.file))
        session.rollback()
        assert [(each.kind, each.state) for each in messages_about(session, one.uid)] == [("cancelled", "waiting")]

    def test_nothing_in_the_way_is_a_plain_absence(self, cast: Cast, session: Session) -> None:
        assert displace(Displace("d", ill(cast)), act()) == ()
        assert count(session, Absence) == 1
        assert doctor.examine() == []

    def test_one_may_take_the_time_that_another_leaves(self, cast: Cast, three: list[Outcome]) -> None:
        """M. Diop's 9h00 goes to Mme Roux's afternoon, and hers comes to him at 9h00."""
        usager = add_usagers(1)[0]
        keep(block(cast.b2, "2026-11-23 12:00", "2026-11-23 18:00"))
        other = book(Book("o", cast.entretien, NINE, cast.diop, usager), act())
        cause = works(cast, None)
        tomorrow = [NINE + DAY, TEN + DAY, ELEVEN + DAY]
        fates = [Moved(start) for start in tomorrow]
        swap = Decision(other.uid, 1, Moved(TWO, frozenset({cast.roux})))
        done = displace(Displace("d", cause, (*each(three, *fates), swap)), act())
        assert [one.start for one in done] == [*tomorrow, TWO]
        assert doctor.examine() == []

    def test_the_first_proposals_can_all_be_taken_together(
        self, cast: Cast, session: Session, three: list[Outcome]
    ) -> None:
        cause = Closed(cast.site, None, NINE, NINE + 2 * DAY, "Inondation")
        hits = impact.of(session, cause, act())
        session.rollback()
        decisions = tuple(
            Decision(hit.uid, hit.version, Moved(hit.destinations[0].start, hit.destinations[0].professional_ids))
            for hit in hits
        )
        assert len(displace(Displace("d", cause, decisions), act())) == 3
        assert doctor.examine() == []


class TestAllOrNone:
    def test_one_that_cannot_move_stops_all(self, cast: Cast, session: Session, three: list[Outcome]) -> None:
        keep(
            block(cast.diop, "2026-11-23 09:00", "2026-11-23 09:30"),
            block(cast.roux, "2026-11-23 14:00", "2026-11-23 14:30"),
        )
        before = rows_of(session, schema.metadata)
        decisions = each(three, Moved(professional_ids=frozenset({cast.diop})), Moved(TWO), "cancelled")
        assert refused(ill(cast), decisions) == {three[0].uid: "professional_busy", three[1].uid: "professional_busy"}
        assert rows_of(session, schema.metadata) == before
        assert doctor.examine() == []

    def test_nobody_is_moved_into_the_absence(self, cast: Cast, three: list[Outcome]) -> None:
        decisions = each(three, Moved(paris("2026-11-23 09:30")), "cancelled", "cancelled")
        assert refused(ill(cast), decisions) == {three[0].uid: "absent"}

    def test_one_that_nobody_decided_about_is_named(self, cast: Cast, session: Session, three: list[Outcome]) -> None:
        new = book(Book("new", cast.entretien, paris("2026-11-23 09:30"), cast.roux, cast.diallo), act())
        assert refused(ill(cast), each(three, *["cancelled"] * 3)) == {new.uid: "appeared"}
        assert count(session, Absence) == 0

    def test_one_that_changed_is_named(self, cast: Cast, three: list[Outcome]) -> None:
        move(Move("m", three[1].uid, paris("2026-11-23 10:30")), act())
        assert refused(ill(cast), each(three, *["cancelled"] * 3)) == {three[1].uid: "changed"}

    def test_one_that_went_away_is_named(self, cast: Cast, three: list[Outcome]) -> None:
        move(Move("m", three[1].uid, TWO), act())
        decisions = (*each(three, *["cancelled"] * 3)[::2], Decision(three[1].uid, None, "cancelled"))
        assert refused(ill(cast), decisions) == {three[1].uid: "changed"}

    def test_whoever_has_arrived_is_neither_cancelled_nor_given_another_time(
        self, cast: Cast, three: list[Outcome]
    ) -> None:
        (usager,) = reading.find(db.session(), three[0].uid).participations
        db.session.rollback()
        record_attendance(RecordAttendance("a", three[0].uid, usager.usager_id, "arrived"), act(NINE))
        fates: tuple[Otherwise | Moved, ...] = ("cancelled", Moved(TWO))
        for fate in fates:
            decisions = (Decision(three[0].uid, None, fate), *each(three, *["cancelled"] * 3)[1:])
            with pytest.raises(NotDisplaced) as refusal:
                displace(Displace("d", ill(cast), decisions), act(NINE))
            assert refusal.value.refused == {three[0].uid: "begun"}

    def test_a_move_that_changes_nothing_is_named(self, cast: Cast, three: list[Outcome]) -> None:
        assert refused(ill(cast), each(three, Moved(), "cancelled", "cancelled")) == {three[0].uid: "unchanged"}

    @pytest.mark.parametrize(
        ("field", "rule", "make"),
        [
            pytest.param("uid", "decided_twice", lambda c, one: [(c, one, one)], id="one appointment twice"),
            pytest.param(
                "start",
                "out_of_range",
                lambda c, one: [(c, Decision(one.uid, 1, Moved(NOW.replace(year=1999))))],
                id="a start too far away",
            ),
            pytest.param(
                "end", "end_before_start", lambda c, _: [(Absent(c.professional_id, TEN, NINE),)], id="backwards"
            ),
            pytest.param("start", "overlaps", lambda c, one: [(c, one), (c,)], id="said already"),
        ],
    )
    def test_bad_input(self, cast: Cast, session: Session, field: str, rule: str, make: Make) -> None:
        one = book(Book("b", cast.entretien, NINE, cast.roux, cast.diallo), act())
        *first, last = make(ill(cast), Decision(one.uid, 1, "cancelled"))
        for n, (cause, *decisions) in enumerate(first):
            displace(Displace(f"first{n}", cause, tuple(decisions)), act())
        before = rows_of(session, schema.metadata)
        with pytest.raises(Invalid) as refusal:
            displace(Displace("d", last[0], tuple(last[1:])), act())
        assert (refusal.value.field, refusal.value.rule) == (field, rule)
        assert rows_of(session, schema.metadata) == before

    def test_what_does_not_exist(self, cast: Cast, session: Session, three: list[Outcome]) -> None:
        before = rows_of(session, schema.metadata)
        bad: list[tuple[Cause, tuple[Decision, ...]]] = [
            (ill(cast), (Decision("nobody", None, "cancelled"),)),
            (Absent(cast.diallo, NINE, TEN), ()),
            (works(cast, 999_999), ()),
            (ill(cast), each(three, Moved(professional_ids=frozenset({999_999})), "cancelled", "cancelled")),
        ]
        for cause, decisions in bad:
            with pytest.raises(NotFound):
                displace(Displace("d", cause, decisions), act())
        assert rows_of(session, schema.metadata) == before


class TestKeys:
    def test_the_same_key_gives_the_same_answer_and_acts_once(
        self, cast: Cast, session: Session, three: list[Outcome]
    ) -> None:
        command = Displace("d", ill(cast), each(three, Moved(TWO), "cancelled", "left_alone"))
        first = displace(command, act())
        before = rows_of(session, schema.metadata)
        again = displace(command, act(NOW + DAY))
        assert [(one.uid, one.start, one.version, one.replayed) for one in again] == [
            (one.uid, one.start, one.version, True) for one in first
        ]
        assert rows_of(session, schema.metadata) == before

    def test_even_when_nothing_was_in_the_way(self, cast: Cast, session: Session) -> None:
        command = Displace("d", ill(cast))
        assert displace(command, act()) == displace(command, act()) == ()
        assert count(session, Absence) == 1

    def test_not_for_another_decision(self, cast: Cast, three: list[Outcome]) -> None:
        displace(Displace("d", ill(cast), each(three, *["left_alone"] * 3)), act())
        with pytest.raises(KeyReused):
            displace(Displace("d", ill(cast), each(three, *["cancelled"] * 3)), act())


def test_a_use_case_of_planning_does_the_same_without_decisions(cast: Cast, session: Session) -> None:
    """What is booked stays when nobody is asked: the demonstration and imports."""
    one = book(Book("b", cast.entretien, NINE, cast.roux, cast.diallo), act())
    planning.add_absence(cast.roux, NINE, TEN, NOW)
    assert store.read(session, one.uid).status == "booked"
    assert issubclass(NotDisplaced, BookingError)
