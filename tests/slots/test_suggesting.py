"""What reception is to say first, on both databases: how far it looks for it, and at what cost."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from booking.errors import Invalid, NotFound
from booking.people.models import Professional
from booking.slots import configuration
from booking.slots.availability import Search, find_slots
from booking.slots.ranking import Suggestion
from booking.slots.suggesting import PATIENCE, Person, find_and_suggest, suggest
from tests.builders import (
    MONDAY,
    NOW,
    PARIS,
    Cast,
    absence,
    add_professionals,
    add_rooms,
    block,
    one_day,
    paris,
    set_on,
    store,
)
from tests.slots.asking import ask, day_of

QUARTER = timedelta(weeks=13)


@pytest.fixture
def quarter(cast: Cast) -> Search:
    """Anybody who does interviews, over as long as a search may be."""
    return ask(cast.entretien, NOW, NOW + QUARTER)


def said(found: list[Suggestion]) -> list[tuple[int, str, str]]:
    """With whom, when on the walls, and why."""
    return [
        (each.slot.professional_id, f"{each.slot.start.astimezone(PARIS):%d/%m %H:%M}", " ".join(each.reasons))
        for each in found
    ]


def test_without_anybody_in_mind_the_soonest_then_other_times(cast: Cast, session: Session, quarter: Search) -> None:
    assert said(suggest(session, quarter, Person(), NOW)) == [
        (cast.roux, "23/11 09:00", "soonest"),
        (cast.roux, "24/11 14:00", "other_day"),
        (cast.roux, "25/11 09:00", "other_day"),
        (cast.roux, "26/11 14:00", "other_day"),
        (cast.roux, "27/11 09:00", "other_day"),
    ]


def test_the_referent_comes_first_though_later(cast: Cast, session: Session, quarter: Search) -> None:
    store(absence(cast.diop, "2026-11-23 00:00", "2026-11-30 00:00"))
    assert said(suggest(session, quarter, Person(cast.diop), NOW, 3)) == [
        (cast.diop, "30/11 09:00", "referent first"),
        (cast.diop, "30/11 09:30", "referent next"),
        (cast.diop, "30/11 10:00", "referent next"),
    ], "on leave in the first week, which the team could fill"


def test_after_four_weeks_the_referent_is_given_up_for_the_team(cast: Cast, session: Session, quarter: Search) -> None:
    """Opening again on Monday 21 December, four weeks and a day after NOW."""
    store(absence(cast.diop, "2026-11-23 00:00", "2026-12-20 13:05"))
    found = suggest(session, quarter, Person(cast.diop), NOW)
    assert {each.slot.professional_id for each in found} == {cast.roux}
    store(absence(cast.roux, "2026-11-23 00:00", "2027-01-11 00:00"))
    found = suggest(session, quarter, Person(cast.diop), NOW)
    assert said(found)[0] == (cast.diop, "21/12 09:00", "referent soonest"), "unless the team has nothing either"


def test_nothing_outside_of_the_search(cast: Cast, session: Session) -> None:
    tuesday = day_of(cast.entretien, date(2026, 11, 24))
    found = suggest(session, tuesday, Person(cast.diop), NOW)
    assert {each.slot.start.date() for each in found} == {date(2026, 11, 24)}
    assert [each.slot.professional_id for each in found] == [cast.roux] * 5, "he receives on Mondays"


def test_a_referent_who_does_not_do_the_type_ties_nothing(cast: Cast, session: Session, quarter: Search) -> None:
    assert suggest(session, quarter, Person(cast.lenoir), NOW) == suggest(session, quarter, Person(), NOW)


def test_who_speaks_the_language_comes_before_who_does_not(cast: Cast, session: Session, quarter: Search) -> None:
    set_on(Professional, cast.diop, languages=frozenset({"ar", "wo"}))
    found = said(suggest(session, quarter, Person(language="wo"), NOW))
    assert found[0] == (cast.diop, "23/11 09:00", "speaks soonest")
    assert {who for who, _, _ in said(suggest(session, quarter, Person(language="ta"), NOW))} == {cast.roux}


def test_a_search_can_be_for_those_who_speak_a_language(cast: Cast, session: Session) -> None:
    set_on(Professional, cast.diop, languages=frozenset({"ar", "wo"}))

    def found(language: str, *named: int) -> set[int]:
        among = frozenset(named) or None
        search = Search(cast.entretien, NOW, NOW + timedelta(weeks=1), among, language=language)
        return {slot.professional_id for slot in find_slots(session, search, NOW)}

    assert found("wo") == {cast.diop}
    assert found("wo", cast.diop, cast.roux) == {cast.diop}
    assert found("wo", cast.roux) == set(), "the one who is named does not speak it"
    assert found("ta") == set(), "nobody does"


def test_fewer_than_wanted_are_looked_for_to_the_end(cast: Cast, session: Session, quarter: Search) -> None:
    for who in (cast.roux, cast.diop):
        store(absence(who, "2026-11-22 00:00", "2027-02-20 00:00"))
    assert suggest(session, quarter, Person(cast.diop), NOW) == []
    store(one_day(cast.lenoir, cast.site, MONDAY, 840, 900))
    assert suggest(session, quarter, Person(), NOW) == [], "a doctor gives none"


@pytest.mark.parametrize("person", [Person(), Person(referent_id=1)], ids=["nobody", "a referent"])
def test_what_makes_no_sense_is_refused(cast: Cast, session: Session, person: Person) -> None:
    with pytest.raises(Invalid):
        suggest(session, ask(cast.entretien, NOW, NOW), person, NOW)
    with pytest.raises(NotFound):
        suggest(session, ask(999, NOW, NOW + QUARTER), person, NOW)


# ------------------------------------------------------------------ beside a whole list


def beside(session: Session, search: Search, person: Person, until: datetime) -> list[Suggestion]:
    """What is suggested beside the whole list, which is that of find_slots."""
    found, suggested = find_and_suggest(session, search, person, NOW, until)
    assert found.slots() == find_slots(session, search, NOW)
    return suggested


def test_beside_the_list_of_a_period_what_follows_it_is_suggested_too(cast: Cast, session: Session) -> None:
    tuesday = day_of(cast.entretien, date(2026, 11, 24))
    alone = beside(session, tuesday, Person(cast.diop), tuesday.end)
    assert {each.slot.professional_id for each in alone} == {cast.roux}
    further = beside(session, tuesday, Person(cast.diop), tuesday.end + PATIENCE)
    assert said(further)[0] == (cast.diop, "30/11 09:00", "referent first")
    assert {each.slot.start.date() for each in further[3:]} == {date(2026, 11, 24)}, "the team's stay near"


def test_a_list_that_is_empty_has_suggestions_all_the_same(cast: Cast, session: Session) -> None:
    sunday = day_of(cast.entretien, date(2026, 11, 29))
    found = beside(session, sunday, Person(), sunday.end + QUARTER)
    assert said(found)[0] == (cast.roux, "30/11 09:00", "soonest")


def test_it_never_looks_beyond_thirteen_weeks(cast: Cast, session: Session) -> None:
    for who in (cast.roux, cast.diop):
        store(absence(who, "2026-11-22 00:00", "2027-02-22 00:00"))
    search = ask(cast.entretien, NOW, NOW + timedelta(weeks=2))
    assert beside(session, search, Person(), NOW + timedelta(weeks=20)) == []


# ------------------------------------------------------------------ cost


def reads(session: Session, search: Search, person: Person, queries: list[str]) -> int:
    configuration.read(session)
    queries.clear()
    assert len(suggest(session, search, person, NOW)) == 5
    assert {query.split()[0] for query in queries} == {"SELECT"}
    return len(queries)


def test_the_number_of_reads_is_bounded(cast: Cast, session: Session, quarter: Search, queries: list[str]) -> None:
    """One for the revision of the configuration, then four a look, five where days have just changed."""
    assert reads(session, quarter, Person(cast.roux), queries) <= 1 + 5
    add_professionals(cast, 12)
    add_rooms(cast, 15)
    assert reads(session, quarter, Person(cast.roux), queries) <= 1 + 5, "whatever their number"
    store(absence(cast.diop, "2026-11-23 00:00", "2026-12-12 00:00"))
    assert reads(session, quarter, Person(cast.diop), queries) <= 1 + 2 * 5, "the referent, in the second look"
    store(absence(cast.diop, "2026-12-12 00:00", "2027-03-01 00:00"))
    assert reads(session, quarter, Person(cast.diop), queries) <= 1 + 2 * 5, "who is then given up"


def test_beside_a_list_it_costs_nothing_unless_somebody_is_missing(
    cast: Cast, session: Session, queries: list[str]
) -> None:
    store(block(cast.roux, "2026-11-23 09:00", "2026-11-23 09:30"))
    search = ask(cast.entretien, NOW, NOW + timedelta(weeks=2))
    find_slots(session, search, NOW)
    queries.clear()
    find_slots(session, search, NOW)
    alone = len(queries)
    queries.clear()
    find_and_suggest(session, search, Person(cast.diop), NOW, NOW + QUARTER)
    assert len(queries) == alone
    store(absence(cast.diop, "2026-11-23 00:00", "2026-12-12 00:00"))
    queries.clear()
    find_and_suggest(session, search, Person(cast.diop), NOW, NOW + QUARTER)
    assert alone < len(queries) <= alone + 5, "one more look, at him alone"


def test_hours_are_those_of_the_site(cast: Cast, session: Session) -> None:
    """An hour's slots at noon in Paris: the first of them in the morning, the second in the afternoon."""
    store(one_day(cast.diop, cast.site, MONDAY, 690, 750))
    noon = ask(cast.entretien, paris("2026-11-23 11:30"), paris("2026-11-23 12:30"), cast.diop)
    assert [each.reasons for each in suggest(session, noon, Person(), NOW)] == [("soonest",), ("other_half_day",)]
