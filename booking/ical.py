"""Values to RFC 5545 bytes: the feeds that professionals subscribe to, the invitations that mails carry.

Pure, and deterministic: the same values give the same bytes, so a feed's ETag changes only when its data
does. icalendar writes dates, addresses and parameters, and folds; the order of the lines, the time zone and
what a text may contain are decided here. Lines go through no `icalendar.Event`: it takes twice the time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from icalendar import Parameters, vCalAddress, vDatetime
from icalendar.parser import Contentline

Status = Literal["CONFIRMED", "TENTATIVE", "CANCELLED"]
Method = Literal["REQUEST", "CANCEL"]

_PRODID = "-//Pole social departemental//Rendez-vous//FR"
_MAX_OCTETS = 75  # RFC 5545, 3.1: without the line break
_CRLF = b"\r\n"

# C0 but the line feed, DEL, C1 (with U+0085), the Unicode line and paragraph separators, and halves of
# surrogate pairs, which have no UTF-8. Readers split lines on several of these, or refuse the whole calendar.
_UNPRINTABLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

# In a parameter these have no escape (RFC 5545, 3.2), or one that few know (RFC 6868): readers disagree.
_QUOTE_LIKE = str.maketrans('"\\^', "'''")

# Written by hand because the tools write RDATE lists, which several clients read one hour late in summer.
_PARIS = """\
BEGIN:VTIMEZONE
TZID:Europe/Paris
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19810329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
"""
_WITHOUT_SUMMER_TIME = """\
BEGIN:VTIMEZONE
TZID:{key}
BEGIN:STANDARD
TZOFFSETFROM:{offset}
TZOFFSETTO:{offset}
TZNAME:{name}
DTSTART:19700101T000000
END:STANDARD
END:VTIMEZONE
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What one calendar entry says. Datetimes are aware (ValueError otherwise) and written to the second.

    `uid` and `sequence` are the appointment's own, the same in the feed, the mail and the downloaded file.
    `stamp` and `last_modified` come from the database, never from the clock. `private` is a hint that few
    clients respect: what must not be read is left out of `summary`, `location` and `description`. The last
    of these may have several lines; elsewhere a line feed becomes a space.
    """

    uid: str
    sequence: int
    stamp: datetime
    last_modified: datetime
    start: datetime
    end: datetime
    summary: str
    location: str | None = None
    description: str | None = None
    status: Status = "CONFIRMED"
    private: bool = True

    def __post_init__(self) -> None:
        for moment in (self.stamp, self.last_modified, self.start, self.end):
            if moment.tzinfo is None:
                raise ValueError(f"{moment} of event {self.uid} has no time zone")


def clean(text: str) -> str:
    """`text` without the characters that no calendar, subject or address may carry; line feeds are kept.

    Stripped: C0 but the line feed (so CRLF becomes LF), DEL, C1, U+2028, U+2029, lone surrogates.
    """
    return _UNPRINTABLE.sub("", text)


@lru_cache(maxsize=64)
def vtimezone(zone_key: str) -> bytes:
    """The VTIMEZONE of a site: Europe/Paris, or a zone of constant offset such as Indian/Reunion.

    Raises ValueError for any other zone that changes its clocks, ZoneInfoNotFoundError for an unknown one.
    """
    if zone_key == "Europe/Paris":
        return _lines_of(_PARIS)
    zone = ZoneInfo(zone_key)
    months = [datetime(year, month, 1, tzinfo=zone) for year in range(2020, 2041) for month in range(1, 13)]
    offsets = {f"{moment:%z}" for moment in months}
    if len(offsets) > 1:
        raise ValueError(f"{zone_key} changes its clocks; only the rules of Europe/Paris are written here")
    return _lines_of(_WITHOUT_SUMMER_TIME.format(key=zone_key, offset=offsets.pop(), name=f"{months[0]:%Z}"))


def render_event(event: Event, zone_key: str) -> bytes:
    """The VEVENT: whole CRLF lines of at most 75 octets, ready to be kept and joined by `feed_calendar`."""
    return _vevent(event, zone_key, people=())


def feed_calendar(name: str, zone_key: str, events: Iterable[bytes]) -> bytes:
    """The calendar that clients subscribe to: `events` are VEVENTs of `render_event` in the same zone.

    Without METHOD, because libical refuses PUBLISH without ORGANIZER; without SOURCE, which would carry the
    secret URL. REFRESH-INTERVAL says VALUE=DURATION, or some clients refuse the whole feed.
    """
    header = (
        *_calendar_header(),
        _text("NAME", _one_line(name)),
        _text("X-WR-CALNAME", _one_line(name)),
        _text("X-WR-TIMEZONE", zone_key),
        b"REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n",
        b"X-PUBLISHED-TTL:PT1H\r\n",
    )
    return b"".join((*header, vtimezone(zone_key), *events, b"END:VCALENDAR\r\n"))


def invitation(
    event: Event,
    organizer_email: str,
    organizer_name: str,
    attendee_email: str,
    method: Method,
    zone_key: str,
) -> bytes:
    """The calendar part of a mail (RFC 5546): one event, one attendee, who has already accepted.

    `organizer_email` is exactly the From address, the same for the appointment's life, or Gmail drops the
    part. CANCEL writes STATUS:CANCELLED whatever the event says; its caller has raised `sequence`. Double
    quotes, backslashes and carets of `organizer_name` become apostrophes.
    """
    if method == "CANCEL":
        event = replace(event, status="CANCELLED")
    people = (
        _address("ORGANIZER", organizer_email, {"CN": _one_line(organizer_name).translate(_QUOTE_LIKE)}),
        _address("ATTENDEE", attendee_email, {"PARTSTAT": "ACCEPTED", "RSVP": "FALSE"}),
    )
    body = (vtimezone(zone_key), _vevent(event, zone_key, people))
    return b"".join((*_calendar_header(), _text("METHOD", method), *body, b"END:VCALENDAR\r\n"))


def _calendar_header() -> tuple[bytes, ...]:
    return (
        b"BEGIN:VCALENDAR\r\n",
        b"VERSION:2.0\r\n",
        _text("PRODID", _PRODID),
        b"CALSCALE:GREGORIAN\r\n",
    )


def _vevent(event: Event, zone_key: str, people: Iterable[bytes]) -> bytes:
    zone = ZoneInfo(zone_key)
    return b"".join(
        (
            b"BEGIN:VEVENT\r\n",
            _text("UID", _one_line(event.uid)),
            _text("SEQUENCE", str(event.sequence)),
            _moment("DTSTAMP", event.stamp.astimezone(UTC)),
            _moment("LAST-MODIFIED", event.last_modified.astimezone(UTC)),
            _moment("DTSTART", _local(event.start, zone)),
            _moment("DTEND", _local(event.end, zone)),
            _text("SUMMARY", _one_line(event.summary)),
            _text("LOCATION", _one_line(event.location)) if event.location else b"",
            _text("DESCRIPTION", clean(event.description)) if event.description else b"",
            _text("STATUS", event.status),
            b"CLASS:PRIVATE\r\n" if event.private else b"",
            b"TRANSP:OPAQUE\r\n",
            *people,
            b"END:VEVENT\r\n",
        )
    )


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    """In the site's zone; in UTC during the hour that comes twice.

    With TZID that hour means its first pass (RFC 5545, 3.3.5), but ical.js (Thunderbird) reads the second.
    """
    local = moment.astimezone(zone)
    is_ambiguous = local.replace(fold=1 - local.fold).utcoffset() != local.utcoffset()
    return moment.astimezone(UTC) if is_ambiguous else local


def _one_line(text: str) -> str:
    return clean(text).replace("\n", " ")


def _text(name: str, text: str) -> bytes:
    """A TEXT property (RFC 5545, 3.3.11). icalendar's vText would turn a typed '\\N' into a line break."""
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
    return _folded(f"{name}:{escaped}")


def _moment(name: str, moment: datetime) -> bytes:
    value = vDatetime(moment)
    return _folded(Contentline.from_parts(name, value.params, value))


def _address(name: str, email: str, parameters: dict[str, str]) -> bytes:
    address = vCalAddress(f"mailto:{_one_line(email)}")
    return _folded(Contentline.from_parts(name, Parameters(parameters), address))


def _folded(line: str) -> bytes:
    """The line in octets, with its CRLF. icalendar goes a character at a time: it gets only what needs it."""
    octets = line.encode()
    if len(octets) > _MAX_OCTETS:
        octets = Contentline(line).to_ical()  # type: ignore[no-untyped-call]  # icalendar's
    return octets + _CRLF


def _lines_of(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode("ascii")
