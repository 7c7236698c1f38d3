"""The mail an usager receives, read back from its bytes."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import icalendar
import pytest
import vobject

from booking.messages.due import Kind
from booking.messages.render import MailFacts, html, mail, subject, text
from tests.messages.letters import FACTS, everything, outline, parsed, part

KINDS: tuple[Kind, ...] = ("confirmation", "moved", "cancelled", "reminder")
WITH_CALENDAR = ("confirmation", "moved", "cancelled")
LATER: dict[str, str] = {"confirmation_id": "<first@pole-social.example>"}
each_kind = pytest.mark.parametrize("kind", KINDS)


def facts(kind: Kind = "confirmation", **changes: Any) -> MailFacts:
    return replace(FACTS, kind=kind, **changes)


# ------------------------------------------------------------------ shape


@pytest.mark.parametrize("kind", WITH_CALENDAR)
def test_the_shape_that_gmail_and_exchange_read(kind: Kind) -> None:
    assert outline(parsed(mail(facts(kind)))) == [
        "multipart/mixed",
        ["multipart/alternative", "text/plain", "text/html", "text/calendar"],
        "application/ics",
    ]


@pytest.mark.parametrize(
    "without",
    [
        pytest.param(facts("reminder"), id="a reminder: the appointment is in the calendar already"),
        pytest.param(facts("confirmation", discreet=True), id="a discreet mail: calendars are shared"),
        pytest.param(facts("cancelled", discreet=True), id="a discreet cancellation"),
    ],
)
def test_no_calendar_part(without: MailFacts) -> None:
    assert outline(parsed(mail(without))) == ["multipart/alternative", "text/plain", "text/html"]


@pytest.mark.parametrize(
    ("kind", "method"), [("confirmation", "REQUEST"), ("moved", "REQUEST"), ("cancelled", "CANCEL")]
)
def test_the_calendar_part_says_its_method_and_keeps_its_line_ends(kind: Kind, method: str) -> None:
    letter = parsed(mail(facts(kind)))
    (calendar,) = (each for each in letter.walk() if each.get_content_type() == "text/calendar")
    assert calendar.get_param("method") == method
    assert calendar.get_param("charset") == "utf-8"
    assert calendar["Content-Transfer-Encoding"] == "base64"
    octets = part(letter, "text/calendar")
    assert f"\r\nMETHOD:{method}\r\n".encode() in octets
    assert octets.count(b"\n") == octets.count(b"\r\n")


def test_the_attached_file_is_the_calendar_part() -> None:
    letter = parsed(mail(FACTS))
    (attached,) = letter.iter_attachments()
    assert attached.get_filename() == "invite.ics"
    assert attached.get_payload(decode=True) == part(letter, "text/calendar")


@each_kind
def test_every_line_ends_with_crlf(kind: Kind) -> None:
    octets = mail(facts(kind)).as_bytes()
    assert octets.count(b"\n") == octets.count(b"\r\n")
    assert max(map(len, octets.split(b"\r\n"))) <= 998
    assert octets.isascii(), "no server needs 8BITMIME for it"


# ------------------------------------------------------------------ headers


@each_kind
def test_the_headers(kind: Kind) -> None:
    letter = parsed(mail(facts(kind)))
    assert letter["From"] == "Pôle social départemental <accueil@pole-social.example>"
    assert letter["To"] == "amadou.diallo@exemple.example"
    assert letter["Reply-To"] == "accueil@pole-social.example"
    assert letter["Message-ID"] == FACTS.message_id
    assert letter["Date"].datetime == FACTS.date
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["X-Auto-Response-Suppress"] == "All"
    assert not {"Cc", "Bcc"} & set(letter.keys())


@pytest.mark.parametrize("kind", ["moved", "cancelled", "reminder"])
def test_what_follows_the_confirmation_answers_it(kind: Kind) -> None:
    letter = parsed(mail(facts(kind, **LATER)))
    assert letter["In-Reply-To"] == letter["References"] == LATER["confirmation_id"]


def test_the_confirmation_answers_nothing() -> None:
    assert not {"In-Reply-To", "References"} & set(parsed(mail(FACTS)).keys())


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        ("confirmation", "Rendez-vous du vendredi 23 octobre à 9h00"),
        ("moved", "Rendez-vous du vendredi 23 octobre à 9h00"),
        ("cancelled", "Annulé\u00a0: rendez-vous du vendredi 23 octobre à 9h00"),
        ("reminder", "Rappel\u00a0: rendez-vous du vendredi 23 octobre à 9h00"),
    ],
)
def test_the_subject(kind: Kind, title: str) -> None:
    assert parsed(mail(facts(kind)))["Subject"] == title


def test_the_first_of_a_month_is_said_as_people_say_it() -> None:
    first = facts(start=datetime(2026, 12, 1, 13, 30, tzinfo=UTC))
    assert subject(first) == "Rendez-vous du mardi 1er décembre à 14h30"


@pytest.mark.parametrize("kind", WITH_CALENDAR)
def test_the_title_in_the_calendar_is_the_subject(kind: Kind) -> None:
    letter = parsed(mail(facts(kind)))
    event = icalendar.Calendar.from_ical(part(letter, "text/calendar")).walk("VEVENT")[0]
    assert str(event["SUMMARY"]) == letter["Subject"]


# ------------------------------------------------------------------ calendar part

MOMENTS = [
    pytest.param(datetime(2026, 7, 15, 7, 0, tzinfo=UTC), id="summer"),
    pytest.param(datetime(2027, 1, 15, 8, 0, tzinfo=UTC), id="winter"),
    pytest.param(datetime(2026, 10, 25, 8, 0, tzinfo=UTC), id="the day the clocks go back"),
]


@pytest.mark.parametrize("start", MOMENTS)
def test_two_readers_find_the_same_instants(start: datetime) -> None:
    end = start.replace(minute=30)
    octets = part(parsed(mail(facts(start=start, end=end))), "text/calendar")
    event = icalendar.Calendar.from_ical(octets).walk("VEVENT")[0]
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (start, end)
    other = vobject.readOne(octets.decode()).vevent
    assert (other.dtstart.value.astimezone(UTC), other.dtend.value.astimezone(UTC)) == (start, end)


def test_who_organises_and_who_comes() -> None:
    letter = parsed(mail(FACTS))
    event = icalendar.Calendar.from_ical(part(letter, "text/calendar")).walk("VEVENT")[0]
    assert event["ORGANIZER"] == "mailto:accueil@pole-social.example"
    assert event["ATTENDEE"] == "mailto:amadou.diallo@exemple.example"
    assert event["ATTENDEE"].params == {"PARTSTAT": "ACCEPTED", "RSVP": "FALSE"}
    assert event["UID"] == FACTS.uid
    assert event["LOCATION"] == "Pôle social départemental, 4 rue Teddy Riner, Asnières-sur-Seine"


def test_a_cancellation_cancels_the_same_event() -> None:
    octets = part(parsed(mail(facts("cancelled", sequence=2))), "text/calendar")
    event = icalendar.Calendar.from_ical(octets).walk("VEVENT")[0]
    assert (event["STATUS"], event["SEQUENCE"], event["UID"]) == ("CANCELLED", 2, FACTS.uid)


# ------------------------------------------------------------------ words


def test_the_text_is_complete_by_itself() -> None:
    assert text(FACTS).replace("\u00a0", " ") == (
        "Bonjour,\n\n"
        "Votre rendez-vous est confirmé.\n\n"
        "Quand ?\nvendredi 23 octobre 2026 à 9h00\n\n"
        "Où ?\nPôle social départemental\n4 rue Teddy Riner, Asnières-sur-Seine\nTram T1 « Les Courtilles »\n\n"
        "Apportez :\nUne pièce d’identité.\n\n"
        "Vous ne pouvez pas venir ?\nAppelez le 01 99 00 12 34.\n\n"
        "Pôle social départemental\n"
    )


@pytest.mark.parametrize(
    ("kind", "news"),
    [
        ("confirmation", "Votre rendez-vous est confirmé"),
        ("moved", "Votre rendez-vous a changé"),
        ("cancelled", "Votre rendez-vous est annulé"),
        ("reminder", "Vous avez bientôt un rendez-vous"),
    ],
)
def test_text_and_html_say_the_same(kind: Kind, news: str) -> None:
    for body in (text(facts(kind)), html(facts(kind))):
        assert news in body
        assert "vendredi 23 octobre 2026 à 9h00" in body
        assert "01 99 00 12 34" in body


def test_a_cancellation_sends_nobody_anywhere() -> None:
    for body in (text(facts("cancelled")), html(facts("cancelled"))):
        assert "Ne venez pas." in body
        assert "Teddy Riner" not in body
        assert "Apportez" not in body


@pytest.mark.parametrize(
    ("mode", "said"),
    [("phone", "Nous vous appelons."), ("video", "En vidéo, sur internet."), ("home", "Chez vous.")],
)
def test_elsewhere_than_in_the_building(mode: str, said: str) -> None:
    letter = facts(mode=mode)
    for body in (text(letter), html(letter)):
        assert said in body
        assert "Teddy Riner" not in body
    location = icalendar.Calendar.from_ical(part(parsed(mail(letter)), "text/calendar")).walk("VEVENT")[0]["LOCATION"]
    assert said in location


def test_nothing_to_bring_is_not_mentioned() -> None:
    assert "Apportez" not in text(facts(bring=None)) + html(facts(bring=None))


@each_kind
def test_a_discreet_mail_names_no_place(kind: Kind) -> None:
    said = everything(parsed(mail(facts(kind, discreet=True))))
    for word in ("Pôle", "Teddy Riner", "Asnières", "Courtilles", "identité"):
        assert word not in said
    assert "Rendez-vous <accueil@pole-social.example>" in said
    assert "01 99 00 12 34" in said


def test_what_people_typed_is_text_and_never_markup() -> None:
    typed = facts(bring="<b>Carnet</b> & \x1bphotos\u2028")
    assert "&lt;b&gt;Carnet&lt;/b&gt; &amp; photos<" in html(typed)
    assert "<b>Carnet</b> & photos\n" in text(typed)


# ------------------------------------------------------------------ HTML for everybody


class Page(HTMLParser):
    """Tags with their attributes, in order."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@each_kind
def test_the_page_is_accessible_and_loads_nothing(kind: Kind) -> None:
    source = html(facts(kind))
    page = Page(source)
    assert page.named("html") == [{"lang": "fr"}]
    assert len(page.named("title")) == len(page.named("h1")) == 1
    assert not {"img", "link", "script", "style", "iframe"} & {name for name, _ in page.tags}
    assert [link["href"] for link in page.named("a")] == ["tel:+33199001234"]
    assert len(source.encode()) < 100_000


@each_kind
def test_the_page_is_large_and_dark_enough_to_read(kind: Kind) -> None:
    source = html(facts(kind))
    assert min(int(size) for size in re.findall(r"font-size:(\d+)px", source)) >= 16
    inks = set(re.findall(r"[^-]color:(#[0-9a-f]{6})", source))
    assert inks
    assert min(contrast(ink, "#ffffff") for ink in inks) >= 4.5


def contrast(ink: str, paper: str) -> float:
    """Contrast ratio of WCAG 2.2, 1.4.3."""
    dark, light = sorted(map(luminance, (ink, paper)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
