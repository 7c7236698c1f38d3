"""A claimed message becomes a mail from what is true when it is sent, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking import messages
from booking.notify import Discard
from booking.people.models import Profession, Professional, Service
from booking.reservations import Move, Outcome, move
from booking.reservations.models import Appointment, Participation
from booking.slots.models import AppointmentType
from tests.builders import NOW, Cast, paris
from tests.messages.letters import event, everything, parsed, part
from tests.messages.stories import START, act, booked, cancelled, change_usager, claimed, moved, rows


def composed(session: Session, kind: str, now: datetime = NOW) -> EmailMessage | Discard:
    row = next(row for row in rows(session) if row.kind == kind)
    return messages.compose(session, claimed(row), now)


def letter(session: Session, kind: str) -> EmailMessage:
    mail = composed(session, kind)
    assert isinstance(mail, EmailMessage)
    return parsed(mail)


def test_the_confirmation_of_an_appointment(session: Session, cast: Cast) -> None:
    outcome = booked(cast)
    mail = letter(session, "confirmation")
    assert mail["Subject"] == "Rendez-vous du lundi 30 novembre à 9h00"
    assert mail["To"] == "amadou.diallo@exemple.example"
    assert mail["From"] == "Pôle social départemental <accueil@pole-social.example>"
    assert mail["Message-ID"] == rows(session)[0].message_id
    assert (event(mail)["UID"], event(mail)["SEQUENCE"]) == (outcome.uid, 0)
    assert event(mail)["DTSTART"].dt == paris(START)


def test_a_change_is_the_same_event_moved(session: Session, cast: Cast) -> None:
    outcome = moved(booked(cast), "2026-12-02 10:00")
    mail = letter(session, "moved")
    assert (event(mail)["UID"], event(mail)["SEQUENCE"]) == (outcome.uid, 1)
    assert event(mail)["DTSTART"].dt == paris("2026-12-02 10:00")
    assert mail["Subject"] == "Rendez-vous du mercredi 2 décembre à 10h00"
    assert mail["In-Reply-To"] == mail["References"] == rows(session)[0].message_id


def test_a_cancellation_is_the_same_event_cancelled(session: Session, cast: Cast) -> None:
    outcome = cancelled(booked(cast))
    mail = letter(session, "cancelled")
    assert (event(mail)["UID"], event(mail)["SEQUENCE"]) == (outcome.uid, 1)
    assert event(mail)["STATUS"] == "CANCELLED"


def test_another_room_changes_the_event_but_not_the_words(session: Session, cast: Cast) -> None:
    outcome = booked(cast)
    before = letter(session, "confirmation")
    move(Move("room", outcome.uid, room_id=cast.b2 if outcome.room == "B1" else cast.b1), act())
    after = letter(session, "confirmation")
    assert part(after, "text/plain") == part(before, "text/plain")
    assert (event(before)["SEQUENCE"], event(after)["SEQUENCE"]) == (0, 1)
    assert event(after)["LOCATION"] == event(before)["LOCATION"]


def test_a_discreet_person_gets_no_calendar_part(session: Session, cast: Cast) -> None:
    change_usager(session, cast.diallo, contact="discreet")
    booked(cast)
    assert not any(each.get_content_type() == "text/calendar" for each in letter(session, "confirmation").walk())


# ------------------------------------------------------------------ what nobody may learn from a mail


@dataclass(frozen=True)
class Secret:
    """An appointment whose service, reason, profession and professional have names that occur nowhere else."""

    words: tuple[str, ...] = ("Zorglub", "Quetsche", "Mirabelle", "Bergamote", "zorglub", "quetsche", "mirabelle")


@pytest.fixture
def secret(session: Session, cast: Cast) -> Secret:
    for model, key, values in (
        (Service, cast.pmi, {"name": "Zorglub", "code": "zorglub"}),
        (AppointmentType, cast.consultation, {"name": "Quetsche", "code": "quetsche"}),
        (Profession, 2, {"name": "Mirabelle", "code": "mirabelle"}),
        (Professional, cast.lenoir, {"last_name": "Bergamote", "first_name": "Bergamote"}),
    ):
        session.execute(sa.update(model).where(model.id == key).values(values))
    session.commit()
    return Secret()


@pytest.mark.parametrize("kind", ["confirmation", "moved", "cancelled", "reminder"])
@pytest.mark.parametrize("contact", ["normal", "discreet"])
def test_no_mail_says_what_it_is_about(session: Session, cast: Cast, secret: Secret, kind: str, contact: str) -> None:
    change_usager(session, cast.diallo, contact=contact)
    at = "2026-11-30 09:30"
    outcome = booked(cast, start=at, type_id=cast.consultation, professional_id=cast.lenoir)
    if kind in ("moved", "cancelled"):
        outcome = moved(outcome, "2026-12-02 10:00")
    if kind == "cancelled":
        cancelled(outcome)
    said = everything(letter(session, kind))
    assert "01 99 00 12 34" in said
    room = outcome.room or ""
    assert [word for word in (*secret.words, f"Salle {room}", "Diallo", "DIALLO") if word in said] == []


# ------------------------------------------------------------------ what is discarded

Event = Callable[[Session, Cast, Outcome], object]


def excuse(session: Session, cast: Cast, outcome: Outcome) -> None:
    session.execute(sa.update(Participation).values(attendance="excused"))
    session.commit()


def erase_appointment(session: Session, cast: Cast, outcome: Outcome) -> None:
    session.execute(sa.update(Appointment).values(uid="another"))
    session.commit()


def make_confidential(session: Session, cast: Cast, outcome: Outcome) -> None:
    session.execute(sa.update(Service).values(confidentiality="confidential"))
    session.commit()


@pytest.mark.parametrize(
    ("kind", "meanwhile", "reason"),
    [
        pytest.param("confirmation", lambda s, c, o: cancelled(o), "cancelled", id="cancelled meanwhile"),
        pytest.param("confirmation", lambda s, c, o: moved(o, "2026-12-02 10:00"), "moved", id="moved meanwhile"),
        pytest.param(
            "confirmation",
            lambda s, c, o: change_usager(s, c.diallo, contact="none"),
            "contact_none",
            id="the person no longer wants to be written to",
        ),
        pytest.param(
            "reminder", lambda s, c, o: change_usager(s, c.diallo, email=None), "no_address", id="the address is gone"
        ),
        pytest.param("reminder", excuse, "cancelled", id="the person has excused themselves"),
        pytest.param("confirmation", make_confidential, "confidential", id="the service has become confidential"),
        pytest.param("confirmation", erase_appointment, "gone", id="the appointment no longer exists"),
    ],
)
def test_what_became_pointless_is_discarded(
    session: Session, cast: Cast, kind: str, meanwhile: Event, reason: str
) -> None:
    outcome = booked(cast)
    meanwhile(session, cast, outcome)
    assert composed(session, kind) == Discard(reason)


@pytest.mark.parametrize("kind", ["confirmation", "reminder"])
def test_nothing_is_sent_once_the_appointment_has_begun(session: Session, cast: Cast, kind: str) -> None:
    booked(cast)
    assert composed(session, kind, paris(START)) == Discard("past")
    assert isinstance(composed(session, kind, paris(START) - timedelta(minutes=1)), EmailMessage)
