"""Which message is due, when, and why not: a table that reception could check."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.messages.due import Due, Kind, Recipient, Standing, due, pointless, silence
from booking.messages.due import standing as standing_of
from booking.reservations.state import Change

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
IN_A_WEEK = NOW + timedelta(days=7)
WRITTEN_TO = Recipient(contact="normal", has_address=True, confidential=False)


def standing(start: datetime = IN_A_WEEK, notice: int = 0, cancelled: bool = False) -> Standing:
    return Standing(start, notice, cancelled)


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        pytest.param("booked", ["confirmation", "reminder"], id="a booking is confirmed, and recalled later"),
        pytest.param("moved", ["moved", "reminder"], id="a move is told, and the new date recalled"),
        pytest.param("cancelled", ["cancelled"], id="a cancellation leaves nothing to recall"),
    ],
)
def test_each_change_has_its_messages(change: Change, kinds: list[str]) -> None:
    found = due(change, 0, standing(cancelled=change == "cancelled"), WRITTEN_TO, NOW)
    assert [each.kind for each in found] == kinds
    assert [each.withheld for each in found] == [None] * len(kinds)


def test_what_is_news_is_due_at_once_and_the_reminder_two_days_before() -> None:
    assert due("booked", 0, standing(), WRITTEN_TO, NOW) == [
        Due("confirmation", NOW, None),
        Due("reminder", IN_A_WEEK - timedelta(hours=48), None),
    ]


@pytest.mark.parametrize(
    ("ahead", "withheld"),
    [
        pytest.param(timedelta(hours=72), None, id="72 h: a whole day lies between confirmation and reminder"),
        pytest.param(timedelta(hours=71, minutes=55), "too_soon", id="less than that: it would only repeat"),
        pytest.param(timedelta(hours=2), "too_soon", id="its hour has passed already"),
        pytest.param(timedelta(0), "past", id="the appointment begins now"),
        pytest.param(-timedelta(minutes=5), "past", id="it has begun: a walk-in noted afterwards"),
    ],
)
def test_a_reminder_keeps_its_distance(ahead: timedelta, withheld: str | None) -> None:
    _, reminder = due("booked", 0, standing(NOW + ahead), WRITTEN_TO, NOW)
    assert reminder.withheld == withheld


@pytest.mark.parametrize(
    ("recipient", "reason"),
    [
        pytest.param(WRITTEN_TO, None, id="nothing is against it"),
        pytest.param(Recipient("discreet", True, False), None, id="discreet means other words, not silence"),
        pytest.param(Recipient("none", True, False), "contact_none", id="asked not to be written to"),
        pytest.param(Recipient("normal", False, False), "no_address", id="nowhere to write"),
        pytest.param(Recipient("normal", True, True), "confidential", id="the service writes to nobody"),
        pytest.param(Recipient("none", False, True), "confidential", id="the service comes before the person"),
        pytest.param(Recipient("none", False, False), "contact_none", id="the wish comes before the means"),
    ],
)
def test_who_is_written_to(recipient: Recipient, reason: str | None) -> None:
    assert silence(recipient) == reason
    assert {each.withheld for each in due("booked", 0, standing(), recipient, NOW)} == {reason}


@pytest.mark.parametrize(
    ("kind", "notice", "now_stands", "reason"),
    [
        pytest.param("confirmation", 0, standing(), None, id="nothing has changed"),
        pytest.param("confirmation", 0, standing(notice=1), "moved", id="moved since: it would give the old hour"),
        pytest.param("moved", 1, standing(notice=2), "moved", id="moved twice: only the last one counts"),
        pytest.param("reminder", 0, standing(notice=1, cancelled=True), "cancelled", id="cancelled since"),
        pytest.param("cancelled", 1, standing(notice=1, cancelled=True), None, id="the cancellation itself"),
        pytest.param("reminder", 0, standing(NOW), "past", id="never a reminder of what has begun"),
        pytest.param("reminder", 0, standing(NOW + timedelta(minutes=5)), None, id="late is better than never"),
    ],
)
def test_what_still_makes_sense(kind: Kind, notice: int, now_stands: Standing, reason: str | None) -> None:
    assert pointless(kind, notice, now_stands, WRITTEN_TO, NOW) == reason


@pytest.mark.parametrize(
    ("attendance", "cancelled_at", "cancelled"),
    [
        pytest.param("expected", None, False, id="they are expected"),
        pytest.param("arrived", None, False, id="they are here"),
        pytest.param("no_show", None, False, id="they did not come, which nobody cancelled"),
        pytest.param("excused", None, True, id="they called it off, the others come"),
        pytest.param("revoked", None, True, id="the service took them out, the others come"),
        pytest.param("excused", NOW, True, id="it is cancelled for everybody"),
        pytest.param("expected", NOW, True, id="it is cancelled, whatever their attendance says"),
    ],
)
def test_who_has_left_is_as_good_as_cancelled(attendance: str, cancelled_at: datetime | None, cancelled: bool) -> None:
    assert standing_of(IN_A_WEEK, 2, attendance, cancelled_at) == Standing(IN_A_WEEK, 2, cancelled)


@given(
    contact=st.sampled_from(["normal", "discreet", "none"]),
    address=st.booleans(),
    confidential=st.booleans(),
    minutes=st.integers(-20_000, 20_000),
    change=st.sampled_from(["booked", "moved"]),
)
def test_nobody_is_written_to_against_their_safety(
    contact: str, address: bool, confidential: bool, minutes: int, change: Change
) -> None:
    recipient = Recipient(contact, address, confidential)
    found = due(change, 3, standing(NOW + timedelta(minutes=minutes), notice=3), recipient, NOW)
    for each in (each for each in found if each.withheld is None):
        assert (confidential, address) == (False, True)
        assert contact != "none"
        assert minutes > 0
        assert each.at >= NOW
