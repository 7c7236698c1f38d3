from __future__ import annotations

from datetime import date, timedelta

import holidays
import pytest

from booking.slots.holidays import is_public_holiday, public_holidays

# 2008 is the first year of today's list: Whit Monday had been a working day since 2005.
YEARS = range(2008, 2101)


@pytest.mark.parametrize("year", YEARS)
def test_agrees_with_the_holidays_package(year: int) -> None:
    judge = holidays.country_holidays("FR", years=year)

    assert list(public_holidays(year)) == sorted(judge)


def test_the_eleven_of_2027_by_name() -> None:
    assert public_holidays(2027) == {
        date(2027, 1, 1): "Jour de l'An",
        date(2027, 3, 29): "Lundi de Pâques",
        date(2027, 5, 1): "Fête du Travail",
        date(2027, 5, 6): "Ascension",
        date(2027, 5, 8): "Victoire de 1945",
        date(2027, 5, 17): "Lundi de Pentecôte",
        date(2027, 7, 14): "Fête nationale",
        date(2027, 8, 15): "Assomption",
        date(2027, 11, 1): "Toussaint",
        date(2027, 11, 11): "Armistice de 1918",
        date(2027, 12, 25): "Noël",
    }


@pytest.mark.parametrize(
    ("day", "name"),
    [
        pytest.param(date(2008, 3, 24), "Lundi de Pâques", id="Easter on 23 March: early"),
        pytest.param(date(2038, 4, 26), "Lundi de Pâques", id="Easter on 25 April: the latest"),
        pytest.param(date(2049, 4, 19), "Lundi de Pâques", id="the plain formula is a week late"),
        pytest.param(date(2076, 4, 20), "Lundi de Pâques", id="the same, for the other exception"),
        pytest.param(date(2024, 5, 9), "Ascension", id="a leap year"),
        pytest.param(date(2100, 5, 17), "Lundi de Pentecôte", id="2100 has no 29 February"),
        pytest.param(date(2008, 5, 1), "Fête du Travail et Ascension", id="two on one day: both names"),
        pytest.param(date(2059, 5, 8), "Victoire de 1945 et Ascension", id="on 8 May too"),
    ],
)
def test_days_that_are_easy_to_get_wrong(day: date, name: str) -> None:
    assert public_holidays(day.year)[day] == name


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        pytest.param(date(2026, 7, 14), True, id="the national day"),
        pytest.param(date(2026, 7, 13), False, id="the bridge before it is a working day"),
        pytest.param(date(2026, 4, 5), False, id="Easter Sunday itself is not in the law, only its Monday"),
        pytest.param(date(2026, 4, 3), False, id="Good Friday: only in Alsace-Moselle"),
        pytest.param(date(2026, 12, 26), False, id="26 December: only in Alsace-Moselle"),
        pytest.param(date(2026, 5, 25), True, id="Whit Monday, even where it is worked"),
    ],
)
def test_is_public_holiday(day: date, expected: bool) -> None:
    assert is_public_holiday(day) is expected


def test_a_caller_cannot_change_the_calendar_of_the_others() -> None:
    public_holidays(2026).clear()

    assert is_public_holiday(date(2026, 7, 14))


@pytest.mark.parametrize("year", [1999, 2026, 2100])
def test_movable_days_keep_their_weekday(year: int) -> None:
    by_name = {name: day for day, name in public_holidays(year).items()}

    assert by_name["Lundi de Pâques"].isoweekday() == by_name["Lundi de Pentecôte"].isoweekday() == 1
    assert by_name["Ascension"] - by_name["Lundi de Pâques"] == timedelta(days=38)
