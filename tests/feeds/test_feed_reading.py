"""A professional's calendar as their programs read it, over the real data."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
import sqlalchemy as sa
import vobject
from sqlalchemy import event
from sqlalchemy.orm import Session

from booking import feeds
from booking.db import db
from booking.feeds import body
from booking.feeds.http import FeedRequest, FeedResponse
from booking.people.models import Professional, Service
from booking.reservations import Move, Outcome, RecordAttendance, move, record_attendance
from booking.slots.models import Absence, AppointmentType
from tests.builders import NOW, Cast, paris
from tests.messages.stories import act, booked, booked_by_code, cancelled, moved

DAY = timedelta(days=1)


@dataclass
class Subscriber:
    """A calendar program with one link, and what it keeps between two readings."""

    token: str
    etag: str | None = None

    def read(self, now: datetime = NOW, method: str = "GET") -> FeedResponse:
        db.session.rollback()
        answer = feeds.respond(db.session(), self.token, FeedRequest(method, self.etag), now)
        self.etag = answer.headers.get("ETag")
        return answer

    def fresh(self, now: datetime = NOW) -> bytes:
        """The whole calendar, as if read for the first time."""
        self.etag = None
        answer = self.read(now)
        assert answer.status == 200
        return answer.body

    def entries(self, now: datetime = NOW) -> list[tuple[datetime, str, str | None]]:
        """Start, title and place of each entry."""
        return [
            (entry["DTSTART"].dt.astimezone(UTC), str(entry["SUMMARY"]), entry.get("LOCATION"))
            for entry in icalendar.Calendar.from_ical(self.fresh(now)).walk("VEVENT")
        ]


@pytest.fixture
def subscribe(cast: Cast) -> Callable[..., Subscriber]:
    def subscribe(wording: str = "initiales", professional_id: int = cast.roux) -> Subscriber:
        return Subscriber(feeds.issue(professional_id, "Téléphone", wording, NOW))

    return subscribe


Subscribe = Callable[..., Subscriber]


def add_absence(professional_id: int, start: str, end: str) -> None:
    """As `slots.planning` stores one, with the feed's version."""
    session = db.session()
    session.add(
        Absence(
            uid=f"absence-{start}",
            professional_id=professional_id,
            starts_at=paris(start),
            ends_at=paris(end),
            created_at=NOW,
        )
    )
    change(Professional, professional_id, feed_version=Professional.feed_version + 1)


def change(model: type[Professional | AppointmentType | Service], key: int, **values: object) -> None:
    db.session.execute(sa.update(model).where(model.id == key).values(values))
    db.session.commit()


# ------------------------------------------------------------------ what it shows


@pytest.mark.parametrize(
    ("wording", "title", "has_room"),
    [("occupe", "Occupé", False), ("initiales", "RDV A. D.", True), ("complet", "DIALLO Amadou – Entretien", True)],
)
def test_each_link_says_as_much_as_it_was_issued_for(
    cast: Cast, subscribe: Subscribe, wording: str, title: str, has_room: bool
) -> None:
    outcome = booked(cast)
    assert subscribe(wording).entries() == [(outcome.start, title, outcome.room if has_room else None)]


def test_no_name_is_even_read_for_a_busy_link(cast: Cast, subscribe: Subscribe) -> None:
    booked(cast)
    link = subscribe("occupe")
    assert not any("usager" in query for query in queries(link.fresh))


@pytest.mark.parametrize("wording", ["occupe", "initiales", "complet"])
def test_a_confidential_appointment_is_only_busy(cast: Cast, subscribe: Subscribe, wording: str) -> None:
    outcome = booked_by_code(cast)
    octets = subscribe(wording, cast.petit).fresh()
    assert subscribe(wording, cast.petit).entries() == [(outcome.start, "Occupé", None)]
    for word in (b"epistage", b"C4", b"sexuelle", b"Visiteur", b"Petit"):
        assert word not in octets


def test_a_compartmented_service_shows_initials_at_most(cast: Cast, subscribe: Subscribe) -> None:
    booked(cast, start="2026-11-30 09:30", type_id=cast.consultation, professional_id=cast.lenoir)
    octets = subscribe("complet", cast.lenoir).fresh()
    assert b"SUMMARY:RDV A. D.\r\n" in octets
    assert b"onsultation" not in octets
    assert b"DIALLO" not in octets


def test_only_their_own_appointments_that_stand(cast: Cast, subscribe: Subscribe) -> None:
    booked(cast, professional_id=cast.diop)
    cancelled(booked(cast, start="2026-12-01 09:00"))
    kept = booked(cast, start="2026-12-02 09:00")
    assert [start for start, _, _ in subscribe().entries()] == [kept.start]


def test_absences_are_there_too(cast: Cast, subscribe: Subscribe) -> None:
    add_absence(cast.roux, "2026-12-07 00:00", "2026-12-12 00:00")
    assert subscribe("occupe").entries() == [(paris("2026-12-07 00:00"), "Indisponible", None)]
    assert subscribe("complet").entries() == [(paris("2026-12-07 00:00"), "Absent", None)]


def test_by_phone_there_is_no_room(cast: Cast, subscribe: Subscribe) -> None:
    outcome = booked(cast, type_id=cast.appel)
    assert subscribe("initiales").entries() == [(outcome.start, "RDV A. D.", "Par téléphone")]


@pytest.mark.parametrize(
    ("days", "shown"),
    [
        pytest.param(30, True, id="30 days ago"),
        pytest.param(31, False, id="31 days ago"),
        pytest.param(-364, True, id="in 364 days"),
        pytest.param(-366, False, id="in more than 12 months"),
    ],
)
def test_the_window(cast: Cast, subscribe: Subscribe, days: int, shown: bool) -> None:
    outcome = booked(cast)
    assert bool(subscribe().entries(now=outcome.start + days * DAY)) is shown


# ------------------------------------------------------------------ how it is written


def test_what_calendar_programs_need(cast: Cast, subscribe: Subscribe) -> None:
    outcome = booked(cast)
    link = subscribe()
    octets = link.fresh()
    assert octets.count(b"\n") == octets.count(b"\r\n")
    assert max(len(line) for line in octets.split(b"\r\n")) <= 75
    for line in (b"REFRESH-INTERVAL;VALUE=DURATION:PT1H", b"X-PUBLISHED-TTL:PT1H", b"CLASS:PRIVATE", b"TRANSP:OPAQUE"):
        assert b"\r\n" + line + b"\r\n" in octets
    for word in (b"METHOD", b"ATTENDEE", b"ORGANIZER", b"VALARM", b"SOURCE", link.token.encode(), b"Roux"):
        assert word not in octets
    assert f"\r\nUID:{outcome.uid}\r\n".encode() in octets


@pytest.mark.parametrize("day", ["2026-11-30", "2027-07-01"], ids=["winter", "summer"])
def test_two_readers_find_the_same_instants(cast: Cast, subscribe: Subscribe, day: str) -> None:
    outcome = booked(cast, start=f"{day} 09:00", now=paris(f"{day} 08:00") - 3 * DAY)
    octets = subscribe().fresh(outcome.start)
    (one,) = icalendar.Calendar.from_ical(octets).walk("VEVENT")
    other = vobject.readOne(octets.decode()).vevent
    assert one["DTSTART"].dt == other.dtstart.value == outcome.start
    assert one["DTEND"].dt == other.dtend.value == outcome.end


def test_a_move_is_the_same_entry_with_a_higher_sequence(cast: Cast, subscribe: Subscribe) -> None:
    outcome = moved(booked(cast), "2026-12-02 10:00", now=NOW + DAY)
    (entry,) = icalendar.Calendar.from_ical(subscribe().fresh()).walk("VEVENT")
    assert (entry["UID"], entry["SEQUENCE"]) == (outcome.uid, 1)
    assert entry["LAST-MODIFIED"].dt == entry["DTSTAMP"].dt == NOW + DAY


# ------------------------------------------------------------------ stable, and cheap to ask again


def test_the_same_data_gives_the_same_bytes(cast: Cast, subscribe: Subscribe) -> None:
    booked(cast)
    link = subscribe("complet")
    first = link.fresh()
    body._render.cache_clear()
    assert link.fresh(NOW + timedelta(hours=3)) == first


def queries(work: Callable[[], object]) -> list[str]:
    """The SELECTs that some work makes."""
    seen: list[str] = []

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        seen.append(statement.lower())

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return [statement for statement in seen if statement.startswith("select")]


def test_asking_again_costs_one_query(cast: Cast, subscribe: Subscribe) -> None:
    booked(cast)
    link = subscribe()
    link.read()
    statuses: list[int] = []
    assert len(queries(lambda: statuses.append(link.read().status))) == 1
    assert statuses == [304]


Change = Callable[[Cast, Outcome], object]


@pytest.mark.parametrize(
    "happens",
    [
        pytest.param(lambda cast, outcome: booked(cast, start="2026-12-03 09:00"), id="a booking"),
        pytest.param(lambda cast, outcome: moved(outcome, "2026-12-02 10:00"), id="a move"),
        pytest.param(lambda cast, outcome: cancelled(outcome), id="a cancellation"),
        pytest.param(
            lambda cast, outcome: move(
                Move("room", outcome.uid, room_id=cast.b2 if outcome.room == "B1" else cast.b1), act()
            ),
            id="another room",
        ),
        pytest.param(
            lambda cast, outcome: add_absence(cast.roux, "2026-12-07 09:00", "2026-12-07 10:00"), id="an absence"
        ),
        pytest.param(lambda cast, outcome: change(AppointmentType, cast.entretien, name="Autre"), id="a type renamed"),
        pytest.param(
            lambda cast, outcome: change(Service, cast.action_sociale, confidentiality="confidential"),
            id="a service that closes itself",
        ),
    ],
)
def test_every_change_that_shows_changes_the_etag(cast: Cast, subscribe: Subscribe, happens: Change) -> None:
    outcome = booked(cast)
    link = subscribe("complet")
    before, etag = link.fresh(), link.etag
    happens(cast, outcome)
    assert link.read().status == 200
    assert link.etag != etag
    assert link.fresh() != before


def test_what_does_not_show_leaves_the_feed_alone(cast: Cast, subscribe: Subscribe) -> None:
    outcome = booked(cast)
    link = subscribe()
    before = link.fresh()
    booked(cast, professional_id=cast.diop, start="2026-12-07 09:00")
    record_attendance(RecordAttendance("a", outcome.uid, cast.diallo, "arrived"), act(outcome.start))
    assert link.read(NOW).status == 304
    assert link.fresh() == before


def test_a_new_day_moves_the_window_and_the_etag(cast: Cast, subscribe: Subscribe) -> None:
    link = subscribe()
    link.read(paris("2026-11-22 23:59"))
    assert link.read(paris("2026-11-22 23:59")).status == 304
    assert link.read(paris("2026-11-23 00:00")).status == 200


def test_the_newest_entry_dates_the_calendar(cast: Cast, subscribe: Subscribe) -> None:
    link = subscribe()
    assert "Last-Modified" not in link.read().headers
    moved(booked(cast), "2026-12-02 10:00", now=NOW + DAY)
    assert link.read().headers["Last-Modified"] == "Mon, 23 Nov 2026 12:00:00 GMT"


def test_head_has_the_headers_of_get(cast: Cast, subscribe: Subscribe) -> None:
    booked(cast)
    link = subscribe()
    get, head = link.read(), Subscriber(link.token).read(method="HEAD")
    assert (head.status, head.headers, head.body) == (200, get.headers, b"")


def test_compressed_it_is_the_same_calendar(cast: Cast, subscribe: Subscribe, session: Session) -> None:
    booked(cast)
    link = subscribe()
    answer = feeds.respond(session, link.token, FeedRequest(accept_encoding="gzip"), NOW)
    assert gzip.decompress(answer.body) == link.fresh()


# ------------------------------------------------------------------ links that end


@pytest.mark.parametrize("token", ["unknown", "", "é", "a" * 10_000, "\udce9"])
def test_an_unknown_link_is_not_found(session: Session, cast: Cast, token: str) -> None:
    answer = feeds.respond(session, token, FeedRequest(), NOW)
    assert (answer.status, answer.body, answer.used) == (404, b"", None)


def test_a_revoked_link_empties_the_calendar_then_is_gone(session: Session, cast: Cast, subscribe: Subscribe) -> None:
    booked(cast)
    link = subscribe()
    link.read()
    (token,) = feeds.tokens(session, cast.roux)
    feeds.revoke(token.id, NOW)
    answer = link.read(NOW)
    assert answer.status == 200, "not 304: the entries must leave the client"
    assert link.entries(NOW + 29 * DAY) == []
    gone = link.read(NOW + 30 * DAY)
    assert (gone.status, gone.body) == (410, b"")


def test_a_link_ends_with_its_owner(cast: Cast, subscribe: Subscribe) -> None:
    booked(cast)
    link = subscribe()
    change(Professional, cast.roux, retired_at=NOW)
    assert link.entries() == []
    assert link.read(NOW + 30 * DAY).status == 410


def test_use_is_worth_noting_once_an_hour(cast: Cast, subscribe: Subscribe) -> None:
    link = subscribe()
    first = link.read()
    assert first.used is not None
    feeds.note_use(first.used, NOW)
    assert link.read().used is None
    assert link.read(NOW + timedelta(hours=1)).used == first.used
