"""What a field makes of what is typed."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from booking.errors import ImpossibleTime, Invalid
from booking.web import forms
from tests.builders import paris


@pytest.mark.parametrize(
    ("typed", "minutes"), [("9:30", 570), ("09:30", 570), ("9h30", 570), (" 0:00 ", 0), ("24:00", 1440), ("", None)]
)
def test_an_hour(typed: str, minutes: int | None) -> None:
    assert forms.minute("starts", typed) == minutes


@pytest.mark.parametrize("typed", ["9", "24:01", "-1:00", "9:5", "9:30:00", "٩:٣٠"])
def test_not_an_hour(typed: str) -> None:
    with pytest.raises(Invalid, match="not_a_time"):
        forms.minute("starts", typed)


@pytest.mark.parametrize(
    ("typed", "day"), [("2026-11-24", date(2026, 11, 24)), ("24/11/2026", date(2026, 11, 24)), ("", None)]
)
def test_a_day(typed: str, day: date | None) -> None:
    assert forms.day("jour", typed) == forms.day_of_work("jour", typed) == day


@pytest.mark.parametrize("typed", ["1999-12-31", "3000-01-01"])
def test_a_day_on_which_nobody_works(typed: str) -> None:
    with pytest.raises(Invalid, match="not_a_date"):
        forms.day_of_work("jour", typed)


PARIS = forms.moment(lambda: ZoneInfo("Europe/Paris"))


@pytest.mark.parametrize("typed", ["2026-11-24T14:30", "2026-11-24 14:30", "2026-11-24T13:30Z"])
def test_a_moment(typed: str) -> None:
    assert PARIS("start", typed) == paris("2026-11-24 14:30")


def test_of_an_hour_that_comes_twice_the_first() -> None:
    assert PARIS("start", "2027-10-31T02:30") == paris("2027-10-31 02:30")


def test_an_hour_that_never_comes() -> None:
    with pytest.raises(ImpossibleTime):
        PARIS("start", "2027-03-28T02:30")


@pytest.mark.parametrize(("typed", "number"), [("12", 12), ("-3", -3), ("", None)])
def test_a_number(typed: str, number: int | None) -> None:
    assert forms.number("version", typed) == number


@pytest.mark.parametrize("typed", ["1e3", "1.5", "٣", "1_000", "9999999999"])
def test_not_a_number(typed: str) -> None:
    with pytest.raises(Invalid, match="not_a_number"):
        forms.number("version", typed)


def test_what_is_required() -> None:
    with pytest.raises(Invalid, match="required"):
        forms.required(forms.day)("jour", "")
    assert forms.required(forms.minute)("starts", "0:00") == 0, "midnight is not nothing"
