from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import vobject
from dateutil.tz import tzical
from hypothesis import example, given
from hypothesis import strategies as st

from booking.ical import Event, clean, feed_calendar, invitation, render_event, vtimezone

PARIS = "Europe/Paris"
UID = "5f0c2b8e4d@rdv.example.fr"
FILED = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)
WINTER = datetime(2026, 11, 24, 13, 30, tzinfo=UTC)
SUMMER = datetime(2027, 7, 6, 7, 0, tzinfo=UTC)
TITLE = "Rendez-vous du mardi 24 novembre à 14h30"
FROM = "rendez-vous@pole-social.example.fr"


def an_event(**changes: Any) -> Event:
    values: dict[str, object] = {
        "uid": UID,
        "sequence": 2,
        "stamp": FILED,
        "last_modified": FILED + timedelta(hours=1),
        "start": WINTER,
        "end": WINTER + timedelta(minutes=45),
        "summary": TITLE,
        "location": "4 rue Teddy Riner, Asnières-sur-Seine",
        "description": "Apportez :\nune pièce d’identité ; le carnet de santé",
    }
    return Event(**{**values, **changes})


def a_feed(*events: Event, name: str = "Agenda · bureau B4", zone: str = PARIS) -> bytes:
    return feed_calendar(name, zone, [render_event(event, zone) for event in events])


def a_request(event: Event | None = None, name: str = "Pôle social d’Asnières") -> bytes:
    return invitation(event or an_event(), FROM, name, "m.diallo@example.fr", "REQUEST", PARIS)


def a_cancel() -> bytes:
    return invitation(an_event(sequence=3), FROM, "Pôle social", "m.diallo@example.fr", "CANCEL", PARIS)


def lines(calendar: bytes) -> list[str]:
    return calendar.decode().replace("\r\n ", "").split("\r\n")


# ---------------------------------------------------------------- the musts of a feed and of a mail


def says(line: str) -> Callable[[bytes], bool]:
    return lambda calendar: lines(calendar).count(line) == 1


def never_says(*words: str) -> Callable[[bytes], bool]:
    return lambda calendar: not any(line.startswith(words) for line in lines(calendar))


FEED_MUSTS = [
    pytest.param(says(f"UID:{UID}"), id="the UID is the appointment's own"),
    pytest.param(says("SEQUENCE:2"), id="SEQUENCE comes from the data"),
    pytest.param(says("DTSTAMP:20261001T120000Z"), id="so does DTSTAMP, never now()"),
    pytest.param(says("LAST-MODIFIED:20261001T130000Z"), id="and LAST-MODIFIED, or ICSx5 skips a known UID"),
    pytest.param(never_says("METHOD"), id="no METHOD: libical refuses PUBLISH without ORGANIZER"),
    pytest.param(never_says("ORGANIZER", "ATTENDEE"), id="nobody is named"),
    pytest.param(never_says("BEGIN:VALARM", "ATTACH", "X-ALT-DESC"), id="no alarm, attachment or HTML"),
    pytest.param(never_says("SOURCE", "URL"), id="no SOURCE: it would carry the secret URL"),
    pytest.param(says("BEGIN:VTIMEZONE"), id="the zone is written once"),
    pytest.param(says("DTSTART;TZID=Europe/Paris:20261124T143000"), id="the start with TZID: Outlook"),
    pytest.param(says("DTEND;TZID=Europe/Paris:20261124T151500"), id="the end with TZID, not floating"),
    pytest.param(never_says("DURATION"), id="no DURATION: Outlook"),
    pytest.param(says("NAME:Agenda · bureau B4"), id="the name of RFC 7986"),
    pytest.param(says("X-WR-CALNAME:Agenda · bureau B4"), id="the name that clients really read"),
    pytest.param(says("X-WR-TIMEZONE:Europe/Paris"), id="the zone that Google reads"),
    pytest.param(
        says("REFRESH-INTERVAL;VALUE=DURATION:PT1H"), id="without VALUE=DURATION four readers refuse the feed"
    ),
    pytest.param(says("X-PUBLISHED-TTL:PT1H"), id="the same for Outlook"),
    pytest.param(says("VERSION:2.0"), id="the version"),
    pytest.param(says("PRODID:-//Pole social departemental//Rendez-vous//FR"), id="the product"),
    pytest.param(says("CALSCALE:GREGORIAN"), id="the calendar scale"),
    pytest.param(says("CLASS:PRIVATE"), id="private, as a hint"),
    pytest.param(says("TRANSP:OPAQUE"), id="the time is busy"),
    pytest.param(says("STATUS:CONFIRMED"), id="confirmed: the cancelled ones are left out"),
    pytest.param(says(r"DESCRIPTION:Apportez :\nune pièce d’identité \; le carnet de santé"), id="line breaks escaped"),
    pytest.param(says(r"LOCATION:4 rue Teddy Riner\, Asnières-sur-Seine"), id="commas escaped"),
]


@pytest.mark.parametrize("holds", FEED_MUSTS)
def test_a_feed_must(holds: Callable[[bytes], bool]) -> None:
    assert holds(a_feed(an_event()))


INVITATION_MUSTS = [
    pytest.param(a_request, says("METHOD:REQUEST"), id="REQUEST for confirmation and change, never PUBLISH"),
    pytest.param(a_request, says("STATUS:CONFIRMED"), id="a request is confirmed"),
    pytest.param(a_request, says(f"UID:{UID}"), id="the same UID as in the feed"),
    pytest.param(
        a_request,
        says(f'ORGANIZER;CN="Pôle social d’Asnières":mailto:{FROM}'),
        id="ORGANIZER is the From address, its mailto bare",
    ),
    pytest.param(
        a_request,
        says("ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:m.diallo@example.fr"),
        id="one ATTENDEE, who has accepted: Gmail drops the part otherwise",
    ),
    pytest.param(a_request, says(f"SUMMARY:{TITLE}"), id="SUMMARY equals the Subject"),
    pytest.param(a_request, says("BEGIN:VTIMEZONE"), id="the zone is written"),
    pytest.param(a_request, never_says("REFRESH-INTERVAL", "X-WR-", "NAME"), id="nothing of a feed's header"),
    pytest.param(a_cancel, says("METHOD:CANCEL"), id="CANCEL takes it back"),
    pytest.param(a_cancel, says("STATUS:CANCELLED"), id="a cancel is cancelled"),
    pytest.param(a_cancel, says("SEQUENCE:3"), id="with the SEQUENCE its caller raised"),
    pytest.param(a_cancel, says(f"UID:{UID}"), id="of the same UID"),
]


@pytest.mark.parametrize(("compose", "holds"), INVITATION_MUSTS)
def test_an_invitation_must(compose: Callable[[], bytes], holds: Callable[[bytes], bool]) -> None:
    assert holds(compose())


def test_the_whole_invitation_as_clients_receive_it() -> None:
    event = an_event(location=None, description=None, summary="Rendez-vous", private=False)

    assert a_request(event, name="Accueil").replace(vtimezone(PARIS), b"").decode().split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Pole social departemental//Rendez-vous//FR",
        "CALSCALE:GREGORIAN",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        f"UID:{UID}",
        "SEQUENCE:2",
        "DTSTAMP:20261001T120000Z",
        "LAST-MODIFIED:20261001T130000Z",
        "DTSTART;TZID=Europe/Paris:20261124T143000",
        "DTEND;TZID=Europe/Paris:20261124T151500",
        "SUMMARY:Rendez-vous",
        "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
        f"ORGANIZER;CN=Accueil:mailto:{FROM}",
        "ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:m.diallo@example.fr",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_the_same_values_give_the_same_bytes() -> None:
    once, again = (a_feed(an_event(), an_event(uid="other@rdv.example.fr")) for _ in range(2))

    assert once == again
    assert a_request() == a_request()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"sequence": 3}, id="sequence"),
        pytest.param({"last_modified": FILED + timedelta(days=1)}, id="last modified"),
        pytest.param({"summary": "Occupé"}, id="wording"),
        pytest.param({"location": None}, id="room"),
        pytest.param({"status": "TENTATIVE"}, id="status"),
        pytest.param({"private": False}, id="privacy"),
    ],
)
def test_other_values_give_other_bytes(change: dict[str, Any]) -> None:
    assert render_event(replace(an_event(), **change), PARIS) != render_event(an_event(), PARIS)


def test_an_empty_feed_is_a_valid_calendar() -> None:
    calendar = icalendar.Calendar.from_ical(a_feed(name="Agenda"))

    assert calendar["X-WR-CALNAME"] == "Agenda"
    assert calendar.events == []


@pytest.mark.parametrize("field", ["stamp", "last_modified", "start", "end"])
def test_a_datetime_without_zone_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        an_event(**{field: WINTER.replace(tzinfo=None)})


# ---------------------------------------------------------------- the zone


def transitions(zone: ZoneInfo) -> list[datetime]:
    """The instants from 2020 to 2040 at which `zone` changes its clocks, found by looking at every hour."""
    start = datetime(2020, 1, 1, tzinfo=UTC)
    hours = (datetime(2041, 1, 1, tzinfo=UTC) - start) // timedelta(hours=1)
    offsets = [(start + timedelta(hours=n)).astimezone(zone).utcoffset() for n in range(hours)]
    return [start + timedelta(hours=n) for n in range(1, hours) if offsets[n] != offsets[n - 1]]


def test_the_handwritten_zone_equals_zoneinfo_at_each_transition_from_2020_to_2040() -> None:
    zone = ZoneInfo(PARIS)
    written = tzical(io.StringIO(vtimezone(PARIS).decode())).get(PARIS)
    changes = transitions(zone)

    assert len(changes) == 42
    for change in changes:
        for moment in (change - timedelta(seconds=1), change, change + timedelta(days=1)):
            assert moment.astimezone(written).utcoffset() == moment.astimezone(zone).utcoffset()
            assert moment.astimezone(written).tzname() == moment.astimezone(zone).tzname()


@pytest.mark.parametrize(
    ("zone_key", "offset"),
    [
        pytest.param("America/Guadeloupe", "-0400", id="Guadeloupe"),
        pytest.param("America/Martinique", "-0400", id="Martinique"),
        pytest.param("America/Cayenne", "-0300", id="Guyane"),
        pytest.param("Indian/Reunion", "+0400", id="La Réunion"),
        pytest.param("Indian/Mayotte", "+0300", id="Mayotte"),
        pytest.param("Pacific/Tahiti", "-1000", id="Polynésie française"),
        pytest.param("Pacific/Marquesas", "-0930", id="half an hour too"),
    ],
)
def test_overseas_zones_have_one_observance(zone_key: str, offset: str) -> None:
    written = lines(vtimezone(zone_key))

    assert written.count("BEGIN:STANDARD") == 1
    assert "BEGIN:DAYLIGHT" not in written
    assert {f"TZID:{zone_key}", f"TZOFFSETFROM:{offset}", f"TZOFFSETTO:{offset}"} <= set(written)


@pytest.mark.parametrize(
    "zone_key",
    [
        pytest.param("America/Miquelon", id="French, with the summer time of North America"),
        pytest.param("Africa/Casablanca", id="moves with Ramadan"),
        pytest.param("Europe/Brussels", id="the rules of Paris under another name"),
    ],
)
def test_other_zones_that_change_their_clocks_are_refused(zone_key: str) -> None:
    with pytest.raises(ValueError, match=zone_key):
        vtimezone(zone_key)


# ---------------------------------------------------------------- what other programs read


def read_by_icalendar(calendar: bytes) -> list[tuple[datetime, datetime]]:
    events = icalendar.Calendar.from_ical(calendar).events
    return [(event.start.astimezone(UTC), event.end.astimezone(UTC)) for event in events]


def read_by_vobject(calendar: bytes) -> list[tuple[datetime, datetime]]:
    events = vobject.readOne(calendar.decode()).vevent_list
    return [(event.dtstart.value.astimezone(UTC), event.dtend.value.astimezone(UTC)) for event in events]


@pytest.mark.parametrize("read", [read_by_icalendar, read_by_vobject])
@pytest.mark.parametrize("zone_key", [PARIS, "America/Cayenne"])
@pytest.mark.parametrize(
    "start",
    [
        pytest.param(WINTER, id="winter"),
        pytest.param(SUMMER, id="summer"),
        pytest.param(datetime(2027, 3, 28, 0, 30, tzinfo=UTC), id="across the gap"),
        pytest.param(datetime(2027, 10, 31, 0, 30, tzinfo=UTC), id="from the fold's first hour to its second"),
        pytest.param(datetime(2027, 10, 31, 1, 30, tzinfo=UTC), id="in the fold's second hour"),
    ],
)
def test_readers_find_the_same_instants(
    read: Callable[[bytes], list[tuple[datetime, datetime]]], zone_key: str, start: datetime
) -> None:
    end = start + timedelta(minutes=45)

    assert read(a_feed(an_event(start=start, end=end), zone=zone_key)) == [(start, end)]


def test_the_hour_that_comes_twice_is_written_in_utc_because_readers_disagree_on_it() -> None:
    first_pass = datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    event = an_event(start=first_pass, end=first_pass + timedelta(hours=2))

    assert {"DTSTART:20271031T003000Z", "DTEND;TZID=Europe/Paris:20271031T033000"} <= set(lines(a_feed(event)))


@given(st.datetimes(datetime(1997, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001 (Hypothesis adds the zone)
@example(datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
def test_any_instant_is_read_back_to_the_second(start: datetime) -> None:
    start = start.replace(microsecond=0)
    end = start + timedelta(minutes=5)

    assert read_by_icalendar(a_feed(an_event(start=start, end=end))) == [(start, end)]


# ---------------------------------------------------------------- any text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Mme Koné, bureau 4", "Mme Koné, bureau 4", id="ordinary text is untouched"),
        pytest.param("موعد · 预约 · 👩‍👧", "موعد · 预约 · 👩‍👧", id="every script, and joined emoji"),
        pytest.param("un\ndeux", "un\ndeux", id="line feeds are kept"),
        pytest.param("un\r\ndeux", "un\ndeux", id="what a browser sends for a line break"),
        pytest.param("a\x00b\x0bc\x1bd\te", "abcde", id="C0, which icalendar writes raw"),
        pytest.param("a\x7fb\x80c\x85d\x9fe", "abcde", id="DEL and C1, with U+0085"),
        pytest.param("a\u2028b\u2029c", "abc", id="the line and paragraph separators"),
        pytest.param("a\ud800b", "ab", id="half a surrogate pair"),
    ],
)
def test_clean(text: str, expected: str) -> None:
    assert clean(text) == expected


CONTROLS = "\x00\x0b\x0c\r\n\x1b\x1c\x7f\x85\u2028\u2029"
any_text = st.text() | st.text(alphabet=st.sampled_from("aé€😀 \\nN,;:\"'^=" + CONTROLS), max_size=200)


def in_one_line(text: str) -> str:
    return clean(text).replace("\n", " ")


def check_form(calendar: bytes) -> None:
    """Only CRLF breaks lines; each is at most 75 octets of UTF-8 by itself, without control characters."""
    assert calendar.endswith(b"\r\n")
    for line in calendar[:-2].split(b"\r\n"):
        assert len(line) <= 75
        assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029]", line.decode())


@given(any_text, any_text, any_text)
@example(r"\N \n \\N", "a" * 500, "\ufeff")
@example("é" * 60, "€" * 60, "😀" * 60)
@example("Occupé\r\nATTENDEE:mailto:x@example.fr", "un\ndeux", "un\ndeux")
def test_any_text_survives_in_an_event(summary: str, location: str, description: str) -> None:
    feed = a_feed(an_event(summary=summary, location=location, description=description))

    check_form(feed)
    [event] = icalendar.Calendar.from_ical(feed).events
    assert event["SUMMARY"] == in_one_line(summary)
    assert event.get("LOCATION", "") == in_one_line(location)
    assert event.get("DESCRIPTION", "") == clean(description)


@given(any_text)
def test_any_name_of_a_calendar_is_written_as_a_title_is(name: str) -> None:
    feed = a_feed(an_event(summary=name), name=name)

    check_form(feed)
    [title] = [line.removeprefix("SUMMARY:") for line in lines(feed) if line.startswith("SUMMARY:")]
    assert {f"NAME:{title}", f"X-WR-CALNAME:{title}"} <= set(lines(feed))


@given(any_text, any_text)
@example("x", "a@example.fr\r\nATTENDEE:mailto:b@example.fr")
def test_no_text_adds_a_line_to_an_invitation(name: str, email: str) -> None:
    calendar = invitation(an_event(), FROM, name, email, "REQUEST", PARIS)

    check_form(calendar)
    assert [line.partition(":")[0].partition(";")[0] for line in lines(calendar)] == [
        line.partition(":")[0].partition(";")[0] for line in lines(a_request())
    ]


@given(any_text)
def test_any_name_of_the_organizer_survives(name: str) -> None:
    [event] = icalendar.Calendar.from_ical(a_request(name=name)).events

    assert event["ORGANIZER"].params.get("CN", "") == re.sub(r'["\\^]', "'", in_one_line(name))


@given(st.binary(min_size=8, max_size=16), any_text)
def test_a_uid_is_read_as_it_was_given(token: bytes, summary: str) -> None:
    uid = f"{token.hex()}@rdv.example.fr"
    [event] = icalendar.Calendar.from_ical(a_feed(an_event(uid=uid, summary=summary))).events

    assert event.uid == uid
