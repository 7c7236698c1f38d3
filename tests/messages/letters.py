"""Mails as their readers take them apart, and the facts of one that tests vary."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import icalendar

from booking.messages.render import MailFacts

FACTS = MailFacts(
    kind="confirmation",
    message_id="<0123456789abcdef@pole-social.example>",
    confirmation_id=None,
    date=datetime(2026, 10, 1, 8, 0, tzinfo=UTC),
    sender="accueil@pole-social.example",
    sender_name="Pôle social départemental",
    recipient="amadou.diallo@exemple.example",
    discreet=False,
    uid="5f0c2a4b9d6e4f1f8a7b6c5d4e3f2a1b",
    sequence=0,
    updated_at=datetime(2026, 10, 1, 7, 59, tzinfo=UTC),
    start=datetime(2026, 10, 23, 7, 0, tzinfo=UTC),
    end=datetime(2026, 10, 23, 7, 30, tzinfo=UTC),
    zone="Europe/Paris",
    mode="in_person",
    address="4 rue Teddy Riner, Asnières-sur-Seine",
    directions="Tram T1 « Les Courtilles »",
    phone="+33199001234",
    bring="Une pièce d’identité.",
)


def parsed(mail: EmailMessage | bytes) -> EmailMessage:
    """The mail as a reader rebuilds it from its bytes."""
    octets = mail if isinstance(mail, bytes) else mail.as_bytes()
    return message_from_bytes(octets, policy=policy.SMTP)


def part(mail: EmailMessage, content_type: str) -> bytes:
    """The decoded content of the only part of that type."""
    (found,) = (each for each in mail.walk() if each.get_content_type() == content_type)
    content = found.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


def event(mail: EmailMessage) -> icalendar.cal.Component:
    """The only event of its calendar part."""
    (found,) = icalendar.Calendar.from_ical(part(mail, "text/calendar")).walk("VEVENT")
    return found


def outline(mail: EmailMessage) -> object:
    """« multipart/mixed [ … ] » as nested lists of content types."""
    kind = mail.get_content_type()
    return [kind, *(outline(each) for each in mail.iter_parts())] if mail.is_multipart() else kind


def everything(mail: EmailMessage) -> str:
    """Every header and every part, decoded, in one text: all that anybody could learn from it."""
    headers = [f"{name}: {value}" for each in mail.walk() for name, value in each.items()]
    bodies = [each.get_payload(decode=True) for each in mail.walk() if not each.is_multipart()]
    unfolded = [body.replace(b"\r\n ", b"").decode() for body in bodies if isinstance(body, bytes)]
    return "\n".join([*headers, *unfolded])
