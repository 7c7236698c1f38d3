"""The waiting list: who may wait for what, and how a wait ends without an appointment."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from booking import schema
from booking.errors import AppointmentClosed, BookingError, Invalid, KeyReused, NotFound
from booking.people.directory import NewUsager
from booking.people.models import Usager
from booking.reservations import (
    Book,
    Cancel,
    Move,
    Outcome,
    Wait,
    WaitForSession,
    book,
    cancel,
    decline,
    doctor,
    move,
    propose,
    wait,
    waiting,
    withdraw,
)
from booking.reservations.models import Waiting
from booking.reservations.wishes import Wishes
from booking.slots.models import AppointmentType, Hold
from tests.builders import MONDAY, NOW, Cast, act, add_usagers, paris, rows_of, set_on
from tests.reservations.racing import race
from tests.reservations.waiters import NINE, THIS_MONDAY, asking, entry, fill, made, waits

FRIDAY = date(2026, 11, 27)
YEAR = timedelta(days=366)


@pytest.fixture
def workshop(cast: Cast) -> Outcome:
    """A session of 1 seat with Mme Roux, on Monday at 9h00; Mme Koné has it."""
    set_on(AppointmentType, cast.entretien, capacity=1)
    return book(Book("open", cast.entretien, NINE, cast.roux, cast.kone), act())


class TestEntering:
    def test_it_is_noted_with_what_would_suit(self, cast: Cast, session: Session) -> None:
        wishes = Wishes(MONDAY, FRIDAY, frozenset({1, 3}), 540, 720)
        noted = waits(cast, wishes=wishes)
        stored = entry(session, noted.uid)
        assert (stored.usager_id, stored.type_id, stored.professional_id) == (cast.diallo, cast.entretien, cast.roux)
        assert (stored.wishes, stored.created_at, stored.agent_id) == (wishes, NOW, cast.amina)
        assert (stored.ended_at, stored.outcome, stored.pending) == (None, None, None)

    def test_the_list_is_in_the_order_in_which_they_came(self, cast: Cast, session: Session) -> None:
        late = waits(cast, cast.kone, now=NOW + timedelta(minutes=1))
        early = waits(cast)
        assert [one.uid for one in waiting.standing(session)] == [early.uid, late.uid]

    def test_somebody_new_is_created_with_it(self, cast: Cast, session: Session) -> None:
        noted = waits(cast, NewUsager(last_name="Petit", first_name="Nina"), key="new")
        assert session.get_one(Usager, noted.usager_id).name == "PETIT Nina"

    def test_a_confidential_service_gives_a_code(self, cast: Cast, session: Session) -> None:
        noted = wait(Wait("k", cast.depistage, None, THIS_MONDAY), act())
        stored = session.get_one(Usager, noted.usager_id)
        assert (stored.code is not None, stored.service_id) == (True, cast.sante_sexuelle)

    def test_a_session_is_waited_for_by_itself(self, cast: Cast, session: Session, workshop: Outcome) -> None:
        noted = wait(WaitForSession("k", workshop.uid, cast.diallo), act())
        stored = entry(session, noted.uid)
        assert (stored.appointment_id, stored.type_id) == (workshop.appointment_id, cast.entretien)

    def test_the_same_key_notes_it_once(self, cast: Cast, session: Session) -> None:
        first = waits(cast)
        assert waits(cast) == waiting.Entered(first.uid, cast.diallo, replayed=True)
        assert rows_of(session, schema.metadata)["waiting"] == 1
        with pytest.raises(KeyReused):
            waits(cast, professional_id=None)

    def test_sent_at_once_it_is_noted_once(self, app: Flask, cast: Cast, session: Session) -> None:
        assert race(app, [lambda: waits(cast)] * 4) == {"ok": 4}
        assert rows_of(session, schema.metadata)["waiting"] == 1

    def test_of_somebody_new_too(self, app: Flask, cast: Cast, session: Session) -> None:
        nina = NewUsager(last_name="Petit", first_name="Nina")
        outcomes = race(app, [lambda: waits(cast, nina, key="new")] * 4)
        assert outcomes["ok"] >= 1
        assert set(outcomes) <= {"ok", "KeyReused"}
        assert rows_of(session, schema.metadata)["waiting"] == 1

    def test_the_same_again_is_refused(self, cast: Cast) -> None:
        waits(cast)
        with pytest.raises(Invalid) as refused:
            waits(cast, key="again")
        assert refused.value.rule == "waits_already"
        assert waits(cast, key="anybody", professional_id=None).uid

    def test_nobody_waits_for_more_than_twenty_things(self, cast: Cast, session: Session) -> None:
        for day in range(waiting.MOST):
            last = MONDAY + timedelta(days=day)
            waits(cast, key=f"k{day}", wishes=Wishes(MONDAY, last))
        with pytest.raises(Invalid) as refused:
            waits(cast, key="more", wishes=Wishes(MONDAY, MONDAY, starts=600))
        assert (refused.value.rule, refused.value.facts) == ("waits_for_too_much", {"maximum": 20})
        withdraw(waiting.standing(session)[0].uid, act())
        assert waits(cast, key="more", wishes=Wishes(MONDAY, MONDAY, starts=600)).uid


def monday(**values: Any) -> dict[str, Any]:
    return {"wishes": Wishes(**{"first_day": MONDAY, "last_day": MONDAY, **values})}


BAD = [
    pytest.param({"key": ""}, Invalid, id="no key"),
    pytest.param({"type_id": 999}, NotFound, id="unknown type"),
    pytest.param({"type_id": 10**12}, NotFound, id="a type that no key can be"),
    pytest.param({"usager": 999}, NotFound, id="unknown usager"),
    pytest.param({"usager": None}, Invalid, id="nobody, where names are asked"),
    pytest.param({"professional_id": 999}, NotFound, id="unknown professional"),
    pytest.param({"professional_id": -1}, NotFound, id="a professional that no key can be"),
    pytest.param(monday(first_day=FRIDAY), Invalid, id="the last day before the first"),
    pytest.param(monday(first_day=date(2026, 11, 1), last_day=date(2026, 11, 21)), Invalid, id="all in the past"),
    pytest.param(monday(last_day=MONDAY + YEAR), Invalid, id="more than a year ahead"),
    pytest.param(monday(first_day=date(1, 1, 1)), Invalid, id="since ever"),
    pytest.param(monday(last_day=date(9999, 12, 31)), Invalid, id="for ever"),
    pytest.param(monday(weekdays=frozenset({0})), Invalid, id="no such weekday"),
    pytest.param(monday(weekdays=frozenset({2})), Invalid, id="a Tuesday, of a Monday"),
    pytest.param(monday(starts=-5), Invalid, id="before midnight"),
    pytest.param(monday(ends=1445), Invalid, id="after midnight"),
    pytest.param(monday(starts=541), Invalid, id="off the grid of 5 minutes"),
    pytest.param(monday(starts=720, ends=720), Invalid, id="no time at all"),
]


@pytest.mark.parametrize(("values", "error"), BAD)
def test_what_nothing_could_meet_is_refused(
    cast: Cast, session: Session, values: dict[str, Any], error: type[BookingError]
) -> None:
    before = rows_of(session, schema.metadata)
    with pytest.raises(error):
        wait(Wait(**{**vars(asking(cast)), **values}), act())
    assert rows_of(session, schema.metadata) == before


def test_nor_is_somebody_of_another_profession_waited_for(cast: Cast) -> None:
    with pytest.raises(Invalid) as refused:
        waits(cast, professional_id=cast.lenoir)
    assert refused.value.rule == "not_qualified"


class TestForASession:
    def test_not_for_what_is_none(self, cast: Cast) -> None:
        one = book(Book("b", cast.entretien, NINE, cast.roux, cast.kone), act())
        with pytest.raises(Invalid) as refused:
            wait(WaitForSession("k", one.uid, cast.diallo), act())
        assert refused.value.rule == "not_a_session"

    def test_not_by_who_takes_part(self, cast: Cast, workshop: Outcome) -> None:
        with pytest.raises(Invalid) as refused:
            wait(WaitForSession("k", workshop.uid, cast.kone), act())
        assert refused.value.rule == "already"

    def test_nobody_learns_who_takes_part_from_another_namespace(self, cast: Cast, workshop: Outcome) -> None:
        """Whoever is hidden answers like somebody unknown, whether or not they have a seat."""
        (other,) = add_usagers(1)
        for hidden in (cast.kone, other):
            set_on(Usager, hidden, service_id=cast.pmi)
            with pytest.raises(NotFound):
                wait(WaitForSession("k", workshop.uid, hidden), act())

    def test_not_twice_though_it_has_moved(self, cast: Cast, workshop: Outcome) -> None:
        wait(WaitForSession("k", workshop.uid, cast.diallo), act())
        move(Move("m", workshop.uid, NINE + timedelta(days=1)), act())
        with pytest.raises(Invalid) as refused:
            wait(WaitForSession("again", workshop.uid, cast.diallo), act())
        assert refused.value.rule == "waits_already"

    def test_again_once_it_is_of_another_type(self, cast: Cast, workshop: Outcome) -> None:
        """Nothing is proposed any more to who waited for what it was."""
        wait(WaitForSession("k", workshop.uid, cast.diallo), act())
        set_on(AppointmentType, cast.appel, capacity=2)
        move(Move("t", workshop.uid, type_id=cast.appel), act())
        again = wait(WaitForSession("again", workshop.uid, cast.diallo), act())
        assert [one.waiting_uid for one in propose(NOW)] == [again.uid]

    def test_not_once_it_has_begun_or_is_cancelled(self, cast: Cast, workshop: Outcome) -> None:
        with pytest.raises(AppointmentClosed):
            wait(WaitForSession("k", workshop.uid, cast.diallo), act(NINE))
        cancel(Cancel("c", workshop.uid, "service"), act())
        with pytest.raises(AppointmentClosed):
            wait(WaitForSession("k", workshop.uid, cast.diallo), act())

    @pytest.mark.parametrize("uid", ["0" * 32, "", "é", "a\x00b"])
    def test_nor_for_an_unknown_one(self, cast: Cast, uid: str) -> None:
        with pytest.raises(NotFound):
            wait(WaitForSession("k", uid, cast.diallo), act())


class TestWithdrawing:
    def test_it_leaves_the_list(self, cast: Cast, session: Session) -> None:
        noted = waits(cast)
        withdraw(noted.uid, act(NINE))
        assert waiting.standing(session) == []
        stored = entry(session, noted.uid)
        assert (stored.outcome, stored.ended_at) == ("withdrawn", NINE)
        withdraw(noted.uid, act())
        assert entry(session, noted.uid).ended_at == NINE, "again changes nothing"

    def test_what_was_proposed_is_given_back(self, cast: Cast, session: Session) -> None:
        noted = waits(cast)
        propose(NOW)
        withdraw(noted.uid, act())
        assert rows_of(session, schema.metadata)["hold"] == 0
        assert [one.state for one in made(session)] == ["declined"]
        assert propose(NOW) == []
        assert doctor.examine() == []

    def test_not_what_was_booked(self, cast: Cast, session: Session) -> None:
        noted = waits(cast)
        (proposed,) = propose(NOW)
        book(Book("b", cast.entretien, proposed.start, cast.roux, cast.diallo, hold=proposed.uid), act())
        with pytest.raises(NotFound):
            withdraw(noted.uid, act())

    @pytest.mark.parametrize("uid", ["0" * 32, "", "é", "a\x00b"])
    def test_an_unknown_one_is_not_found(self, app: Flask, uid: str) -> None:
        for ending in (lambda: withdraw(uid, act()), lambda: decline(uid)):
            with pytest.raises(NotFound):
                ending()

    def test_proposed_and_withdrawn_at_once_nothing_is_kept(self, app: Flask, cast: Cast, session: Session) -> None:
        noted = [waits(cast, who, key=f"k{who}") for who in add_usagers(4)]
        race(app, [*(lambda uid=one.uid: withdraw(uid, act()) for one in noted), *[lambda: propose(NOW)] * 4])
        propose(NOW)
        assert rows_of(session, schema.metadata)["hold"] == 0
        assert doctor.examine() == []


def test_a_wait_ends_with_its_last_day(cast: Cast, session: Session) -> None:
    fill(cast)
    noted = waits(cast)
    propose(paris("2026-11-23 23:59"))
    assert entry(session, noted.uid).outcome is None
    after = paris("2026-11-24 00:00")
    propose(after)
    stored = entry(session, noted.uid)
    assert (stored.outcome, stored.ended_at) == ("expired", after)


def test_or_when_its_session_begins(cast: Cast, session: Session, workshop: Outcome) -> None:
    noted = wait(WaitForSession("k", workshop.uid, cast.diallo), act())
    propose(NINE - timedelta(seconds=1))
    assert entry(session, noted.uid).outcome is None
    propose(NINE)
    assert entry(session, noted.uid).outcome == "expired"


def test_the_doctor_finds_a_proposal_without_its_hold_and_a_hold_without_its_proposal(
    cast: Cast, session: Session
) -> None:
    waits(cast)
    propose(NOW)
    (one,) = made(session)
    set_on(type(one), one.id, state="lapsed")
    assert [problem.check for problem in doctor.examine()] == ["proposal"]
    set_on(type(one), one.id, state="pending")
    set_on(Hold, session.scalar(sa.select(Hold.id)), uid="f" * 32)  # type: ignore[arg-type]  # there is one
    assert [problem.check for problem in doctor.examine()] == ["proposal"]


def test_the_doctor_finds_a_seat_kept_for_nobody(cast: Cast, session: Session, workshop: Outcome) -> None:
    waits(cast)
    cancel(Cancel("c", workshop.uid, "service"), act())
    set_on(AppointmentType, cast.entretien, capacity=None)
    propose(NOW)
    assert doctor.examine() == []
    (one,) = made(session)
    in_no_list = sa.select(Hold.id)
    set_on(Hold, session.scalar(in_no_list), uid="f" * 32, appointment_id=workshop.appointment_id)  # type: ignore[arg-type]  # there is one
    assert [problem.about for problem in doctor.examine()] == [f"proposal {uid}" for uid in sorted((one.uid, "f" * 32))]


def test_entries_are_kept_once_they_have_ended(cast: Cast, session: Session) -> None:
    noted = waits(cast)
    withdraw(noted.uid, act())
    assert waiting.find(session, noted.uid).usager.name == "DIALLO Amadou"
    assert session.scalar(sa.select(sa.func.count()).select_from(Waiting)) == 1
    with pytest.raises(NotFound):
        waiting.find(session, "0" * 32)
