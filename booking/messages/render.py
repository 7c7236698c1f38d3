"""Plain values to the mail an usager receives: text, HTML and, where it is safe, the calendar part. Pure.

What a mail may say is decided here and in `templates/emails`: nothing names the service, the reason for the
visit, the profession or the professional. In a discreet mail there is also neither place nor calendar part.

The subject is the title of the calendar entry as well, because Exchange makes it so. It keeps its wording
from the confirmation to a change and carries the date that holds now: a title with the old date would be
believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any
from zoneinfo import ZoneInfo

from booking import french, ical
from booking.messages.due import Kind
from booking.templating import mail_environment

NBSP = "\u00a0"
# A reminder carries no calendar part: the appointment is in the calendar already.
METHODS: dict[Kind, ical.Method] = {"confirmation": "REQUEST", "moved": "REQUEST", "cancelled": "CANCEL"}
SUBJECTS: dict[Kind, str] = {
    "confirmation": "Rendez-vous du {day} à {hour}",
    "moved": "Rendez-vous du {day} à {hour}",
    "cancelled": f"Annulé{NBSP}: rendez-vous du {{day}} à {{hour}}",
    "reminder": f"Rappel{NBSP}: rendez-vous du {{day}} à {{hour}}",
}
ELSEWHERE = {
    "phone": ("Par téléphone.", "Nous vous appelons."),
    "video": ("En vidéo, sur internet.",),
    "home": ("Chez vous.",),
}


@dataclass(frozen=True, kw_only=True)
class MailFacts:
    """All that a mail is made of. `start`, `end`, `updated_at` and `date` are aware; `zone` is an IANA key.

    `sender` is the address that organises the appointment, the same for its whole life; `phone` is
    reception's, as stored (+33…). `confirmation_id` is the Message-ID of the first mail about it, None in
    that mail itself.
    """

    kind: Kind
    message_id: str
    confirmation_id: str | None
    date: datetime
    sender: str
    sender_name: str
    recipient: str
    discreet: bool
    uid: str
    sequence: int
    updated_at: datetime
    start: datetime
    end: datetime
    zone: str
    mode: str
    address: str
    directions: str
    phone: str
    bring: str | None


def mail(facts: MailFacts) -> EmailMessage:
    """The whole mail, ready to be sent. Its lines end with CRLF, those of the calendar part included."""
    message = EmailMessage(policy=SMTP)
    _write_headers(message, facts)
    message.set_content(text(facts), cte="quoted-printable")
    message.add_alternative(html(facts), subtype="html", cte="quoted-printable")
    method = METHODS.get(facts.kind)
    if method and not facts.discreet:
        _attach_calendar(message, _calendar(facts, method), method)
    return message


def subject(facts: MailFacts) -> str:
    """« Rendez-vous du vendredi 23 octobre à 9h00 »; the year is in the text."""
    local = facts.start.astimezone(ZoneInfo(facts.zone))
    day = french.long_day(local.date()).removesuffix(f" {local.year}")
    return SUBJECTS[facts.kind].format(day=day, hour=french.hour(local, ZoneInfo(facts.zone)))


def text(facts: MailFacts) -> str:
    """The plain text, complete by itself."""
    return _rendered(facts, "txt")


def html(facts: MailFacts) -> str:
    """The same in HTML, without any remote resource."""
    return _rendered(facts, "html")


def _rendered(facts: MailFacts, suffix: str) -> str:
    template = mail_environment().get_template(f"fr/{facts.kind}.{suffix}")
    return template.render(_words(facts))


def _words(facts: MailFacts) -> dict[str, Any]:
    return {
        "subject": subject(facts),
        "when": french.moment(facts.start, ZoneInfo(facts.zone)),
        "place": [ical.clean(line) for line in _place(facts)],
        "bring": ical.clean(facts.bring) if facts.bring and not facts.discreet else None,
        "phone": french.phone(facts.phone),
        "phone_link": facts.phone,
        "signature": None if facts.discreet else ical.clean(facts.sender_name),
    }


def _place(facts: MailFacts) -> list[str]:
    if facts.mode in ELSEWHERE:
        return list(ELSEWHERE[facts.mode])
    if facts.discreet:
        return ["Appelez-nous pour le savoir."]
    return [line for line in (facts.sender_name, facts.address, facts.directions) if line]


def _write_headers(message: EmailMessage, facts: MailFacts) -> None:
    name = "Rendez-vous" if facts.discreet else ical.clean(facts.sender_name)
    message["From"] = Address(name, addr_spec=facts.sender)
    message["To"] = Address(addr_spec=facts.recipient)
    message["Reply-To"] = Address(addr_spec=facts.sender)
    message["Subject"] = subject(facts)
    message["Date"] = facts.date
    message["Message-ID"] = facts.message_id
    if facts.confirmation_id:
        message["In-Reply-To"] = facts.confirmation_id
        message["References"] = facts.confirmation_id
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"


def _calendar(facts: MailFacts, method: ical.Method) -> bytes:
    place = " ".join(_place(facts)) if facts.mode in ELSEWHERE else f"{facts.sender_name}, {facts.address}"
    event = ical.Event(
        uid=facts.uid,
        sequence=facts.sequence,
        stamp=facts.updated_at,
        last_modified=facts.updated_at,
        start=facts.start,
        end=facts.end,
        summary=subject(facts),
        location=place,
        description=f"Vous ne pouvez pas venir{NBSP}? Appelez le {french.phone(facts.phone)}.",
    )
    return ical.invitation(event, facts.sender, facts.sender_name, facts.recipient, method, facts.zone)


def _attach_calendar(message: EmailMessage, calendar: bytes, method: ical.Method) -> None:
    """The part that mail readers act on comes last among the alternatives; the file is for the others."""
    parameters = {"method": method, "charset": "utf-8"}
    message.add_alternative(calendar, maintype="text", subtype="calendar", cte="base64", params=parameters)
    message.add_attachment(calendar, maintype="application", subtype="ics", cte="base64", filename="invite.ics")
