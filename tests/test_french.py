"""How French people write dates, hours and phone numbers."""

from __future__ import annotations

from datetime import date

import pytest

from booking import french
from tests.builders import PARIS, paris


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2026, 11, 24), "mardi 24 novembre 2026"),
        (date(2026, 12, 1), "mardi 1er décembre 2026"),
        (date(2028, 2, 29), "mardi 29 février 2028"),
    ],
)
def test_a_day_in_words(day: date, text: str) -> None:
    assert french.long_day(day) == text


def test_a_day_in_digits() -> None:
    assert french.short_day(date(2026, 3, 1)) == "01/03/2026"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-11-24 14:30", "mardi 24 novembre 2026 à 14h30"),
        ("2027-07-01 09:00", "jeudi 1er juillet 2027 à 9h00"),
        ("2027-03-28 03:00", "dimanche 28 mars 2027 à 3h00"),
    ],
)
def test_a_moment_is_said_in_the_sites_zone(text: str, words: str) -> None:
    assert french.moment(paris(text), PARIS) == words


@pytest.mark.parametrize(
    ("number", "text"),
    [("+33639981234", "06 39 98 12 34"), ("+3225551234", "+3225551234"), (None, ""), ("", "")],
)
def test_a_phone_number(number: str | None, text: str) -> None:
    assert french.phone(number) == text


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("2026-11-24 09:00", "2026-11-24 12:00", "le mardi 24 novembre 2026 de 9h00 à 12h00"),
        (
            "2026-11-24 16:00",
            "2026-11-25 08:30",
            "du mardi 24 novembre 2026 à 16h00 au mercredi 25 novembre 2026 à 8h30",
        ),
    ],
)
def test_a_period_says_its_day_once(start: str, end: str, words: str) -> None:
    assert french.period(paris(start), paris(end), PARIS) == words


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["lundi"], "lundi"),
        (["lundi", "mardi"], "lundi et mardi"),
        (["lundi", "mardi", "jeudi"], "lundi, mardi et jeudi"),
    ],
)
def test_a_list_ends_with_and(words: list[str], text: str) -> None:
    assert french.listed(words) == text
