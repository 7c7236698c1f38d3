"""Several people in one appointment: each is told what concerns them, and only that."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage

import icalendar
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking import messages
from booking.notify import Discard
from booking.notify.models import OutboxMessage
from booking.reservations import Outcome
from tests.builders import NOW, Cast, add_usagers, paris
from tests.messages.letters import event, everything, parsed, part
from tests.messages.stories import START, booked, cancelled, claimed, joined, left, moved, restored, rows

LATER = "2026-12-02 10:00"

# M. Diallo has an appointment; Sacha joins it, leaves it…
STEPS: dict[str, Callable[[Outcome, int], Outcome]] = {
    "join": joined,
    "leave": left,
    "move": lambda outcome, _: moved(outcome, LATER),
    "cancel": lambda outcome, _: cancelled(outcome),
    "restore": lambda outcome, _: restored(outcome),
}

CONFIRMED = ["confirmation 0", "reminder 0"]
CONFIRMED_THEN_CANCELLED = ["confirmation 0 cancelled", "reminder 0 cancelled", "cancelled 1"]
MOVED = ["confirmation 0 moved", "reminder 0 moved", "moved 1", "reminder 1"]
BACK = [*CONFIRMED_THEN_CANCELLED[:2], "cancelled 1 moved", "confirmation 2", "reminder 2"]

STORIES = [
    ("join", CONFIRMED, CONFIRMED, "who was there already hears nothing of it"),
    ("join leave", CONFIRMED, CONFIRMED_THEN_CANCELLED, "it is called off for the one who leaves alone"),
    ("join leave join", CONFIRMED, BACK, "who comes back before they were told needs one mail, not two"),
    (
        "join leave join leave",
        CONFIRMED,
        [*BACK[:3], "confirmation 2 cancelled", "reminder 2 cancelled", "cancelled 3"],
        "each time is told under a number of its own",
    ),
    ("join move", MOVED, MOVED, "a move concerns everybody"),
    (
        "join move leave",
        MOVED,
        [*MOVED[:2], "moved 1 cancelled", "reminder 1 cancelled", "cancelled 2"],
        "the new hour is not told to somebody who has left meanwhile",
    ),
    ("join leave move", MOVED, CONFIRMED_THEN_CANCELLED, "who has left is not told where the others went"),
    ("join leave move join", MOVED, BACK, "who comes back is told the hour that holds now"),
    ("move join", MOVED, CONFIRMED, "who joins after a move knows of no move"),
    (
        "join cancel",
        CONFIRMED_THEN_CANCELLED,
        CONFIRMED_THEN_CANCELLED,
        "a cancellation concerns everybody",
    ),
    (
        "join leave cancel",
        CONFIRMED_THEN_CANCELLED,
        CONFIRMED_THEN_CANCELLED,
        "who has left was told already, and is not told again",
    ),
    ("join cancel restore", BACK, BACK, "a cancellation taken back is a new confirmation"),
    ("join leave cancel restore", BACK, CONFIRMED_THEN_CANCELLED, "who had left before stays out"),
]
every_story = pytest.mark.parametrize("story", [row[0] for row in STORIES])


@pytest.fixture
def sacha(cast: Cast) -> int:
    """An usager with an address; M. Diallo has one as well."""
    return add_usagers(1)[0]


def lived(cast: Cast, sacha: int, story: str) -> Outcome:
    outcome = booked(cast)
    for step in story.split():
        outcome = STEPS[step](outcome, sacha)
    return outcome


def told_to(session: Session, person: int) -> list[str]:
    """Kind, notice and why it is not sent, of each message to that person."""
    mine = [row for row in rows(session) if row.person_id == person]
    return [f"{row.kind} {row.notice} {row.reason or ''}".strip() for row in mine]


def waiting(session: Session) -> set[str]:
    return {row.dedupe_key for row in rows(session) if row.state == "waiting"}


def composed(session: Session, person: int, kind: str, now: str) -> EmailMessage | Discard:
    """The latest message of that kind to that person, as it would go out."""
    row = [row for row in rows(session) if (row.person_id, row.kind) == (person, kind)][-1]
    return messages.compose(session, claimed(row), paris(now))


def letter(session: Session, person: int, kind: str) -> EmailMessage:
    mail = composed(session, person, kind, "2026-11-22 13:00")
    assert isinstance(mail, EmailMessage)
    return parsed(mail)


@pytest.mark.parametrize(("story", "to_diallo", "to_sacha", "because"), STORIES, ids=[row[3] for row in STORIES])
def test_each_is_told_what_concerns_them(
    session: Session, cast: Cast, sacha: int, story: str, to_diallo: list[str], to_sacha: list[str], because: str
) -> None:
    lived(cast, sacha, story)
    assert told_to(session, cast.diallo) == to_diallo, because
    assert told_to(session, sacha) == to_sacha, because
    assert list(messages.audit(session, NOW)) == []


@every_story
def test_what_was_withdrawn_would_not_have_been_written(session: Session, cast: Cast, sacha: int, story: str) -> None:
    """A message that was being sent at the instant of the change is not withdrawn: its sender reads again."""
    lived(cast, sacha, story)
    for row in rows(session):
        written = messages.compose(session, claimed(row), NOW)
        assert isinstance(written, EmailMessage) == (row.state == "waiting"), row.dedupe_key


@every_story
def test_all_can_be_filed_again_from_what_was_told(session: Session, cast: Cast, sacha: int, story: str) -> None:
    lived(cast, sacha, story)
    keys, to_be_sent = {row.dedupe_key for row in rows(session)}, waiting(session)
    session.execute(sa.delete(OutboxMessage))
    session.commit()
    assert messages.reconcile(NOW) == len(keys)
    assert {row.dedupe_key for row in rows(session)} == keys
    assert waiting(session) == to_be_sent
    assert list(messages.audit(session, NOW)) == []


# ------------------------------------------------------------------ what the mails say


def test_who_leaves_gets_a_cancellation_of_the_same_event(session: Session, cast: Cast, sacha: int) -> None:
    outcome = lived(cast, sacha, "join")
    before = event(letter(session, sacha, "confirmation"))
    left(outcome, sacha)
    mail = letter(session, sacha, "cancelled")
    calendar = icalendar.Calendar.from_ical(part(mail, "text/calendar"))
    after = event(mail)
    assert (calendar["METHOD"], after["STATUS"], after["UID"]) == ("CANCEL", "CANCELLED", outcome.uid)
    assert after["ATTENDEE"] == f"mailto:{mail['To']}"
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert "diallo" not in everything(mail).lower(), "nobody learns who else takes part"


def test_who_comes_back_gets_a_later_version_of_it(session: Session, cast: Cast, sacha: int) -> None:
    """Their calendar would take an older one for a late arrival, and leave the appointment cancelled."""
    outcome = lived(cast, sacha, "join leave")
    cancellation = event(letter(session, sacha, "cancelled"))
    joined(outcome, sacha)
    mail = letter(session, sacha, "confirmation")
    assert event(mail)["SEQUENCE"] > cancellation["SEQUENCE"]
    first = next(row for row in rows(session) if row.person_id == sacha)
    assert mail["In-Reply-To"] == first.message_id, "one conversation for the whole appointment"
    assert mail["Message-ID"] != first.message_id


def test_who_has_left_is_told_of_the_hour_they_knew(session: Session, cast: Cast, sacha: int) -> None:
    lived(cast, sacha, "join leave move")
    mail = letter(session, sacha, "cancelled")
    assert mail["Subject"] == "Annulé\u00a0: rendez-vous du lundi 30 novembre à 9h00"
    assert (event(mail)["DTSTART"].dt, event(mail)["DTEND"].dt) == (paris(START), paris("2026-11-30 09:30"))
    assert event(letter(session, cast.diallo, "moved"))["DTSTART"].dt == paris(LATER)


def test_who_has_left_is_not_told_once_that_hour_has_come(session: Session, cast: Cast, sacha: int) -> None:
    lived(cast, sacha, "join leave move")
    assert composed(session, sacha, "cancelled", START) == Discard("past")
    assert isinstance(composed(session, cast.diallo, "moved", START), EmailMessage)


def test_what_was_told_late_is_filed_with_its_own_hour(session: Session, cast: Cast, sacha: int) -> None:
    lived(cast, sacha, "join leave move")
    session.execute(sa.delete(OutboxMessage).where(OutboxMessage.person_id == sacha))
    session.commit()
    messages.reconcile(paris(START))
    assert told_to(session, sacha)[-1] == "cancelled 1 past"
