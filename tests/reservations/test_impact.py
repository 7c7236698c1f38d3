"""What an absence or a closure hits, and where each appointment could go."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking import schema
from booking.db import in_transaction
from booking.errors import Invalid
from booking.people.models import Professional, Service
from booking.reservations import (
    Act,
    Book,
    Cancel,
    Move,
    Outcome,
    RecordAttendance,
    Restore,
    book,
    cancel,
    impact,
    move,
    restore,
)
from booking.reservations import record_attendance as record
from booking.reservations.displacing import Decision, Displace, displace
from booking.reservations.impact import MOST, WITH_DESTINATIONS, Absent, Closed, Destination, Hit
from booking.rooms.models import Site, SiteHours
from booking.slots.models import AppointmentType, Opening
from tests.builders import (
    NOW,
    Cast,
    absence,
    act,
    add_professionals,
    add_usagers,
    block,
    one_day,
    paris,
    rows_of,
    set_on,
    store,
)

NINE, TEN, NOON = paris("2026-11-23 09:00"), paris("2026-11-23 10:00"), paris("2026-11-23 12:00")
HALF, DAY = timedelta(minutes=30), timedelta(days=1)


def roux(cast: Cast, start: datetime = NINE, **more: Any) -> Outcome:
    """M. Diallo with Mme Roux, in B1 unless it is taken."""
    return book(Book(f"roux {start}", cast.entretien, start, cast.roux, cast.diallo, **more), act())


def of_absence(session: Session, professional_id: int, start: datetime, end: datetime, act: Act) -> list[Hit]:
    return impact.of(session, Absent(professional_id, start, end), act)


def of_closure(
    session: Session, site_id: int, room_id: int | None, start: datetime, end: datetime, act: Act
) -> list[Hit]:
    return impact.of(session, Closed(site_id, room_id, start, end, ""), act)


def uids(hits: list[Hit]) -> list[str]:
    return [hit.uid for hit in hits]


class TestHits:
    @pytest.mark.parametrize(
        ("start", "end", "hit"),
        [
            pytest.param("09:00", "12:00", True, id="inside"),
            pytest.param("10:25", "12:00", True, id="its last minutes"),
            pytest.param("10:40", "12:00", False, id="after its buffer"),
            pytest.param("10:35", "12:00", True, id="its buffer after, 10 minutes"),
            pytest.param("09:00", "09:55", False, id="before its buffer"),
            pytest.param("09:00", "10:00", True, id="its buffer before, 5 minutes"),
        ],
    )
    def test_what_overlaps_buffers_included(
        self, cast: Cast, session: Session, start: str, end: str, hit: bool
    ) -> None:
        """Dr Lenoir's consultation, from 10h00 to 10h30, takes 9h55 to 10h40."""
        store_opening_at_ten(cast)
        book(Book("k", cast.consultation, TEN, cast.lenoir, cast.diallo), act())
        period = paris(f"2026-11-23 {start}"), paris(f"2026-11-23 {end}")
        assert bool(of_absence(session, cast.lenoir, *period, act())) is hit
        assert bool(of_closure(session, cast.site, cast.c1, *period, act())) is hit
        assert bool(of_closure(session, cast.site, None, *period, act())) is hit

    def test_only_what_stands_and_is_not_over(self, cast: Cast, session: Session) -> None:
        stands, cancelled, seen = roux(cast), roux(cast, TEN), roux(cast, TEN + HALF)
        cancel(Cancel("c", cancelled.uid, "usager"), act())
        record(RecordAttendance("s", seen.uid, cast.diallo, "seen"), act(TEN))
        found = of_absence(session, cast.roux, NINE, NOON, act())
        assert [(hit.uid, hit.version, hit.start, hit.end) for hit in found] == [(stands.uid, 1, NINE, NINE + HALF)]
        assert (found[0].professional_ids, found[0].usager_ids) == ({cast.roux}, {cast.diallo})

    def test_what_has_ended_is_left_alone(self, cast: Cast, session: Session) -> None:
        """Said at noon, an absence since the morning hits what is to come."""
        roux(cast)
        later = roux(cast, paris("2026-11-23 14:00"))
        assert uids(of_absence(session, cast.roux, NINE, NINE + DAY, act(NOON))) == [later.uid]

    def test_somebody_else_s_and_another_room_s_are_not_hit(self, cast: Cast, session: Session) -> None:
        one = roux(cast)
        other = book(Book("o", cast.entretien, NINE, cast.diop, cast.kone), act())
        assert uids(of_absence(session, cast.diop, NINE, NOON, act())) == [other.uid]
        assert uids(of_closure(session, cast.site, cast.b1, NINE, NOON, act())) == [one.uid]
        assert uids(of_closure(session, cast.site, cast.b2, NINE, NOON, act())) == [other.uid]

    def test_a_closed_site_hits_what_takes_place_by_phone(self, cast: Cast, session: Session) -> None:
        """No slot by phone is given either while the site is closed."""
        called = book(Book("p", cast.appel, NINE, cast.roux, cast.diallo), act())
        assert uids(of_closure(session, cast.site, None, NINE, NOON, act())) == [called.uid]

    def test_nothing_is_written(self, cast: Cast, session: Session) -> None:
        roux(cast)
        before = rows_of(session, schema.metadata)
        of_absence(session, cast.roux, NINE, NOON, act())
        assert rows_of(session, schema.metadata) == before

    def test_a_period_that_makes_no_sense(self, cast: Cast, session: Session) -> None:
        with pytest.raises(Invalid) as refused:
            of_absence(session, cast.roux, NOON, NINE, act())
        assert (refused.value.field, refused.value.rule) == ("end", "end_before_start")

    def test_too_many_are_refused(self, cast: Cast, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        roux(cast)
        roux(cast, TEN)
        limited = impact._IN_THE_WAY.limit(2)
        monkeypatch.setattr(impact, "MOST", 1)
        monkeypatch.setattr(impact, "_OF_SITE", limited.where(impact.Appointment.site_id == impact._KEY))
        with pytest.raises(Invalid) as refused:
            of_closure(session, cast.site, None, NINE, NOON, act())
        assert (refused.value.rule, refused.value.facts) == ("too_many_hits", {"maximum": 1})
        assert MOST > WITH_DESTINATIONS


def store_opening_at_ten(cast: Cast) -> None:
    """So that 10h00 lies on the lattice of Dr Lenoir, whose buffers shift the first slot."""
    set_on(AppointmentType, cast.consultation, step=5)


class TestProposals:
    def test_of_an_absence_a_colleague_at_the_same_time_comes_first(self, cast: Cast, session: Session) -> None:
        roux(cast)
        (hit,) = of_absence(session, cast.roux, NINE, NINE + DAY, act())
        assert hit.destinations[0] == Destination(NINE, frozenset({cast.diop}))
        theirs = [each for each in hit.destinations if each.professional_ids is None]
        assert [each.start for each in theirs] == [NINE + DAY, NINE + DAY + HALF, NINE + DAY + 2 * HALF]

    def test_somebody_absent_is_proposed_nothing_meanwhile(self, cast: Cast, session: Session) -> None:
        roux(cast)
        end = paris("2026-11-27 12:00")
        (hit,) = of_absence(session, cast.roux, NINE, end, act())
        assert min(each.start for each in hit.destinations if each.professional_ids is None) == paris(
            "2026-11-27 14:00"
        )

    def test_without_colleague_the_nearest_slots_remain(self, cast: Cast, session: Session) -> None:
        store(absence(cast.diop, "2026-11-23 00:00", "2027-01-31 00:00"))
        roux(cast)
        (hit,) = of_absence(session, cast.roux, NINE, NOON, act())
        assert hit.destinations[0] == Destination(paris("2026-11-23 14:00"))
        assert {each.professional_ids for each in hit.destinations} == {None}

    def test_later_comes_before_earlier(self, cast: Cast, session: Session) -> None:
        """Whoever is not reached in time comes for nothing to what was brought forward."""
        store(absence(cast.diop, "2026-11-23 00:00", "2027-01-31 00:00"))
        roux(cast, start=paris("2026-11-24 14:00"))
        (hit,) = of_absence(session, cast.roux, paris("2026-11-24 14:00"), paris("2026-11-24 14:30"), act())
        starts = [each.start for each in hit.destinations]
        assert starts == [paris(f"2026-11-24 {hour}") for hour in ("14:30", "15:00", "15:30")]

    def test_one_of_two_is_replaced_or_left_out(self, cast: Cast, session: Session) -> None:
        (third,) = add_professionals(cast, 1)
        roux(cast, colleague_ids=frozenset({cast.diop}))
        (hit,) = of_absence(session, cast.roux, NINE, NOON, act())
        at_once = [each.professional_ids for each in hit.destinations if each.start == NINE]
        assert at_once == [{cast.diop, third}, {cast.diop}]
        assert all(cast.diop in (each.professional_ids or hit.professional_ids) for each in hit.destinations)

    def test_who_accompanies_without_doing_the_type_is_left_out(self, cast: Cast, session: Session) -> None:
        """Mme Petit joins Mme Roux for action sociale; nobody can do what she does."""

        def join(session: Session) -> None:
            petit = session.get_one(Professional, cast.petit)
            petit.services.append(session.get_one(Service, cast.action_sociale))

        in_transaction(join)
        roux(cast, colleague_ids=frozenset({cast.petit}))
        (hit,) = of_absence(session, cast.petit, NINE, NOON, act())
        assert hit.destinations[0] == Destination(NINE, frozenset({cast.roux}))
        assert {each.professional_ids for each in hit.destinations[1:]} == {None}
        assert min(each.start for each in hit.destinations[1:]) >= NOON

    def test_of_a_room_another_at_the_same_time_and_nothing_else(self, cast: Cast, session: Session) -> None:
        roux(cast)
        (hit,) = of_closure(session, cast.site, cast.b1, NINE, NOON, act())
        assert hit.destinations == (Destination(NINE, room_id=cast.b2),)

    def test_of_a_room_without_another_the_nearest_slots(self, cast: Cast, session: Session) -> None:
        roux(cast)
        store(block(cast.b2, "2026-11-23 08:30", "2026-11-23 12:00"))
        (hit,) = of_closure(session, cast.site, cast.b1, NINE, NOON, act())
        assert hit.destinations[0] == Destination(paris("2026-11-23 14:00"))

    def test_of_a_room_whose_professional_now_receives_elsewhere(self, cast: Cast, session: Session) -> None:
        """Another room would be one of that other site: the appointment is given other times instead."""
        roux(cast)
        annex = Site(
            **{"code": "annexe", "name": "Annexe", "public_name": "Annexe", "zone": "Europe/Paris"},
            **{"address": "1 rue Haute", "phone": "+33199001235", "email": "annexe@pole-social.example"},
            hours=[SiteHours(weekday=1, opens=510, closes=1050)],
        )
        store(annex)
        move_openings = sa.update(Opening).where(Opening.professional_id == cast.roux).values(site_id=annex.id)
        in_transaction(lambda inside: inside.execute(move_openings).close())
        (hit,) = of_closure(session, cast.site, cast.b1, NINE, NOON, act())
        assert {each.room_id for each in hit.destinations} == {None}
        assert {each.professional_ids for each in hit.destinations} == {frozenset({cast.diop})}

    def test_of_a_site_nothing_meanwhile(self, cast: Cast, session: Session) -> None:
        roux(cast)
        (hit,) = of_closure(session, cast.site, None, NINE, NINE + DAY, act())
        assert min(each.start for each in hit.destinations) == NINE + DAY
        assert {each.room_id for each in hit.destinations} == {None}

    def test_what_a_type_asks_of_the_desk_is_respected(self, cast: Cast, session: Session) -> None:
        roux(cast)
        set_on(AppointmentType, cast.entretien, desk_lead_time=3 * 24 * 60)
        (hit,) = of_absence(session, cast.roux, NINE, NOON, act())
        assert hit.destinations[0] == Destination(NINE, frozenset({cast.diop})), "its own time is not a new one"
        assert all(each.start >= NOW + 3 * DAY for each in hit.destinations[1:])

    def test_whoever_has_arrived_is_given_no_other_time(self, cast: Cast, session: Session) -> None:
        here = roux(cast)
        record(RecordAttendance("a", here.uid, cast.diallo, "arrived"), act(NINE))
        (hit,) = of_absence(session, cast.roux, NINE, NOON, act(NINE + timedelta(minutes=5)))
        assert hit.destinations == (Destination(NINE, frozenset({cast.diop})),)

    def test_those_after_the_first_sixty_are_only_named(
        self, cast: Cast, session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(impact, "WITH_DESTINATIONS", 1)
        roux(cast)
        roux(cast, TEN)
        first, second = of_absence(session, cast.roux, NINE, NOON, act())
        assert first.destinations
        assert second.destinations == ()

    def test_the_first_ones_do_not_compete(self, cast: Cast, session: Session) -> None:
        """Six appointments of one day: six different times are proposed first."""
        usagers = add_usagers(6)
        for n, usager in enumerate(usagers):
            book(Book(f"n{n}", cast.entretien, NINE + n * HALF, cast.roux, usager), act())
        store(absence(cast.diop, "2026-11-23 00:00", "2027-01-31 00:00"))
        hits = of_closure(session, cast.site, None, NINE, NINE + DAY, act())
        first = [hit.destinations[0].start for hit in hits]
        assert len(set(first)) == 6

    def test_nobody_is_wanted_by_two_people_at_once(self, cast: Cast, session: Session) -> None:
        """M. Diallo sees Mme Roux, then M. Diop: the nearest of both is Tuesday at 9h00."""
        store(one_day(cast.diop, cast.site, date(2026, 11, 24), 540, 720))
        roux(cast)
        book(Book("diop", cast.entretien, NINE + HALF, cast.diop, cast.diallo), act())
        one, other = of_closure(session, cast.site, None, NINE, NINE + HALF + DAY / 2, act())
        assert one.destinations[0].start != other.destinations[0].start

    @pytest.mark.parametrize("what", ["absence", "room", "site"])
    def test_whatever_is_proposed_can_be_done(self, cast: Cast, session: Session, what: str) -> None:
        """Once it is stored, each destination alone is a move that the engine accepts."""
        cause = {
            "absence": Absent(cast.roux, NINE, NOON),
            "room": Closed(cast.site, cast.b1, NINE, NOON, "Travaux"),
            "site": Closed(cast.site, None, NINE, NOON, "Travaux"),
        }[what]
        roux(cast)
        (hit,) = impact.of(session, cause, act())
        assert hit.destinations
        session.rollback()
        displace(Displace("d", cause, (Decision(hit.uid, 1, "left_alone"),)), act())
        for n, each in enumerate(hit.destinations):
            people = each.professional_ids or hit.professional_ids
            done = move(Move(f"m{n}", hit.uid, each.start, people, each.room_id), act())
            assert done.start == each.start
            cancel(Cancel(f"c{n}", hit.uid, "service"), act())
            restore(Restore(f"r{n}", hit.uid), act())
