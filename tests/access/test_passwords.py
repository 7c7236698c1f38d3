"""Which passwords are taken, and how they are kept."""

from __future__ import annotations

import pytest

from booking.access import passwords
from booking.errors import Invalid

REFUSED = [
    ("onze-lettre", "too_weak", "eleven characters"),
    ("", "too_weak", "nothing"),
    ("aaaaaaaaaaaaaaaa", "too_weak", "one character"),
    ("abababababab", "too_weak", "two characters"),
    ("123456789012", "too_weak", "digits only"),
    ("motdepasse2026!", "too_weak", "a common word and a year"),
    ("Bonjour-Soleil-1", "too_weak", "two common words"),
    ("AZERTYUIOP1234", "too_weak", "a row of the keyboard"),
    ("p@ssw0rdp@ssw0rd", "too_weak", "a common word in disguise, twice"),
    ("amina.berger2026", "too_weak", "the login and a year"),
    ("x" * 257, "too_long", "more than argon2 should be given"),
]
TAKEN = [
    ("quatre grues cendrées", "a sentence"),
    ("tuile7navire", "exactly twelve characters"),
    ("motdepasse grues cendrées", "a common word among others"),
    ("🦊🌳🦉🐸🐟🐝🦋🐛🐌🐞🐢🦎", "whatever one types"),
]


def refusal(password: str) -> tuple[str, str] | None:
    """The field and the rule that refuse a password of « amina.berger », or None."""
    try:
        passwords.check_strength(password, "amina.berger")
    except Invalid as error:
        return error.field, error.rule
    return None


@pytest.mark.parametrize(("password", "rule"), [row[:2] for row in REFUSED], ids=[row[2] for row in REFUSED])
def test_quickly_guessed(password: str, rule: str) -> None:
    assert refusal(password) == ("password", rule)


@pytest.mark.parametrize("password", [row[0] for row in TAKEN], ids=[row[1] for row in TAKEN])
def test_taken(password: str) -> None:
    assert refusal(password) is None


def test_kept_as_argon2id_with_a_salt() -> None:
    first, second = passwords.hash_password("tuile7navire"), passwords.hash_password("tuile7navire")
    assert first.startswith("$argon2id$")
    assert first != second


def test_verified() -> None:
    stored = passwords.hash_password("tuile7navire")
    assert passwords.verify(stored, "tuile7navire")
    assert not passwords.verify(stored, "tuile8navire")


@pytest.mark.parametrize("stored", [None, "not a hash"], ids=["no password yet", "damaged"])
def test_nothing_opens_without_a_stored_password(stored: str | None) -> None:
    assert not passwords.verify(stored, "il n’y a personne ici")
