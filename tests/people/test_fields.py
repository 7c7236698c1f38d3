from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.errors import Invalid
from booking.people import fields
from booking.refusals import sentence
from tests.builders import NOW

TODAY = date(2026, 11, 22)
# A number with the shape of a NIR and an impossible month of birth: nobody's.
NIR = "185992A12345678"
NIR_DIGITS = "185999912345678"


def refusal(check: Callable[[], object]) -> Invalid:
    with pytest.raises(Invalid) as refused:
        check()
    return refused.value


# ------------------------------------------------------------------ text


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        pytest.param("Diallo", "Diallo", id="plain"),
        pytest.param("  Diallo \u00a0 Sow ", "Diallo Sow", id="spaces trimmed and single, no-break ones too"),
        pytest.param("Kone\u0301", "Koné", id="an accent typed apart is composed (NFC)"),
        pytest.param("علی\u200cرضا", "علی\u200cرضا", id="the joiner of a Persian name is a letter's shape"),
        pytest.param("", None, id="empty"),
        pytest.param("   ", None, id="spaces only"),
        pytest.param(None, None, id="missing"),
        pytest.param("12345678901234", "12345678901234", id="14 digits are no NIR"),
    ],
)
def test_a_line_is_normalised(typed: str | None, kept: str | None) -> None:
    assert fields.clean_line("label", typed, 40) == kept


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        pytest.param(12, "unsupported", id="a number is not text"),
        pytest.param(["Diallo"], "unsupported", id="nor is a list"),
        pytest.param("x" * 41, "too_long", id="one character too many"),
        pytest.param(" " * 500 + "x", "too_long", id="far too long, even to be trimmed"),
        pytest.param("a\x00b", "control_characters", id="NUL, which PostgreSQL cannot store"),
        pytest.param("a\r\nBcc: x", "control_characters", id="a line break, which would start a mail header"),
        pytest.param("a\tb", "control_characters", id="a tab, which would move to another cell"),
        pytest.param("a\x7fb", "control_characters", id="DEL"),
        pytest.param("a\x85b", "control_characters", id="C1: next line"),
        pytest.param("a\u2028b", "control_characters", id="line separator"),
        pytest.param("a\u2029b", "control_characters", id="paragraph separator"),
        pytest.param("a\u202eb", "control_characters", id="right-to-left override: it shows another text"),
        pytest.param("a\u2066b", "control_characters", id="isolate, the same trick"),
        pytest.param("a\u200bb", "control_characters", id="zero-width space: two names that look alike"),
        pytest.param("a\ud800b", "control_characters", id="half a surrogate, which no database can store"),
    ],
)
def test_a_line_is_refused(typed: object, rule: str) -> None:
    error = refusal(lambda: fields.clean_line("label", typed, 40))

    assert (error.field, error.rule) == ("label", rule)


@pytest.mark.parametrize("typed", [None, "", "  "])
def test_a_required_line_must_be_there(typed: str | None) -> None:
    assert refusal(lambda: fields.clean_line("label", typed, 40, required=True)).rule == "required"


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param(NIR_DIGITS, id="in one piece"),
        pytest.param("1 85 99 99 123 456 78", id="as on the card"),
        pytest.param("1.85.99.99.123.456-78", id="with dots and a hyphen"),
        pytest.param("1\u00a085\u202f99 99 123 456 78", id="with no-break spaces"),
        pytest.param(NIR, id="born in Corsica: a letter"),
        pytest.param("1 85 99 2b 123 456 78", id="Corsica, small letter, with spaces"),
        pytest.param("n° 185999912345678 (vérifié)", id="inside a sentence"),
        pytest.param("１８５９９９９１２３４５６７８", id="full-width digits"),
        pytest.param("1859999123456789", id="16 digits hold 15"),
    ],
)
@pytest.mark.parametrize(
    "check",
    [
        pytest.param(lambda typed: fields.clean_line("f", typed, 80), id="text"),
        pytest.param(lambda typed: fields.person_name("f", typed), id="name"),
        pytest.param(lambda typed: fields.mail("f", typed), id="mail"),
        pytest.param(lambda typed: fields.phone("f", typed), id="phone"),
    ],
)
def test_a_social_security_number_is_refused_and_not_repeated(typed: str, check: Callable[[str], object]) -> None:
    error = refusal(lambda: check(typed))

    assert error.rule == "nir"
    shown = f"{error!r} {error} {error.args} {sentence(error)}"
    assert "1859" not in shown.replace(" ", "")
    assert "12345" not in shown


@given(st.text(max_size=60))
def test_what_a_line_keeps_is_clean_for_good(typed: str) -> None:
    try:
        kept = fields.clean_line("label", typed, 60)
    except Invalid:
        return
    if kept is not None:
        assert fields.clean_line("label", kept, 60) == kept
        assert kept == kept.strip() == unicodedata.normalize("NFC", kept)
        assert kept.encode("utf-8")
        assert not fields.has_control_characters(kept)


@given(st.lists(st.integers(0, 9), min_size=15, max_size=15), st.sampled_from(["", " ", ".", "-", "/", " - "]))
def test_fifteen_digits_are_found_whatever_separates_them(digits: list[int], separator: str) -> None:
    assert fields.has_nir(separator.join(map(str, digits)))


# ------------------------------------------------------------------ names


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("de La Tour d’Auvergne", id="particles"),
        pytest.param("N'Diaye", id="straight apostrophe"),
        pytest.param("Lefèvre-Öz", id="hyphen and accents"),
        pytest.param("Ó", id="one letter"),
        pytest.param("王", id="another script"),
        pytest.param("أميناتا", id="written from right to left"),
        pytest.param("Jean 2", id="a digit beside letters"),
    ],
)
def test_names_are_kept_as_people_write_them(name: str) -> None:
    assert fields.person_name("last_name", name, required=True) == name


@pytest.mark.parametrize("typed", ["0639981234", "---", "?"])
def test_what_holds_no_letter_is_no_name(typed: str) -> None:
    assert refusal(lambda: fields.person_name("last_name", typed)).rule == "unsupported"


def test_a_name_has_80_characters_at_most() -> None:
    error = refusal(lambda: fields.person_name("last_name", "a" * 81))

    assert (error.rule, error.facts) == ("too_long", {"maximum": 80})


# ------------------------------------------------------------------ mail


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        pytest.param(" Amadou.Diallo@Exemple.Example ", "Amadou.Diallo@exemple.example", id="domain lowered"),
        pytest.param("a+rdv@exemple.example", "a+rdv@exemple.example", id="a tag is part of it"),
        pytest.param("a@été.example", "a@xn--t-9fab.example", id="an accented domain, as SMTP carries it"),
        pytest.param("", None, id="empty"),
    ],
)
def test_mail(typed: str, kept: str | None) -> None:
    assert fields.mail("email", typed) == kept


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        pytest.param("amadou", "not_a_mail", id="no at sign"),
        pytest.param("amadou@exemple", "not_a_mail", id="no top-level domain"),
        pytest.param("@exemple.example", "not_a_mail", id="nobody"),
        pytest.param("a..b@exemple.example", "not_a_mail", id="two dots in a row"),
        pytest.param("Amadou <a@exemple.example>", "not_a_mail", id="a display name"),
        pytest.param("amina@[127.0.0.1]", "not_a_mail", id="an address of a machine"),
        pytest.param("é@exemple.example", "not_a_mail", id="needs SMTPUTF8, which few servers speak"),
        pytest.param('"a b"@exemple.example', "not_a_mail", id="quoted"),
        pytest.param("a@exemple.example, b@exemple.example", "two_addresses", id="comma"),
        pytest.param("a@exemple.example;b@exemple.example", "two_addresses", id="semicolon"),
        pytest.param("a@exemple.example b@exemple.example", "two_addresses", id="space"),
        pytest.param("a@exemple.example,", "two_addresses", id="a comma left behind"),
        pytest.param("a@exemple.example\nBcc: b@exemple.example", "control_characters", id="header injection"),
        pytest.param("a" * 243 + "@exemple.fr", "not_a_mail", id="254 characters, but 64 before the sign"),
        pytest.param("a" * 244 + "@exemple.fr", "too_long", id="255 characters"),
    ],
)
def test_what_is_no_mail_address(typed: str, rule: str) -> None:
    assert refusal(lambda: fields.mail("email", typed)).rule == rule


# ------------------------------------------------------------------ phone


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        pytest.param("06 39 98 12 34", "+33639981234", id="a mobile, in a range kept for fiction"),
        pytest.param("01.99.00.12.34", "+33199001234", id="dots"),
        pytest.param("+33 (0)6 39 98 12 34", "+33639981234", id="the useless (0)"),
        pytest.param("0033639981234", "+33639981234", id="00 for +"),
        pytest.param("+44 20 7946 0018", "+442079460018", id="a British number, kept for drama"),
        pytest.param("0692 12 34 56", "+262692123456", id="La Réunion, dialled as from the mainland"),
        pytest.param("", None, id="empty"),
    ],
)
def test_phone(typed: str, kept: str | None) -> None:
    assert fields.phone("phone", typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("06 39 98 12", id="two digits short"),
        pytest.param("06 39 98 12 34 5", id="one digit more"),
        pytest.param("00 00 00 00 00", id="zeros"),
        pytest.param("15", id="an emergency number"),
        pytest.param("+", id="a sign alone"),
        pytest.param("appeler le soir", id="words"),
        pytest.param("0639981234 poste 12", id="an extension"),
        pytest.param("0800 FLEURS", id="letters of a keypad"),
        pytest.param("+999 12345678", id="no such country"),
        pytest.param("0639981234 / 0639981235", id="two numbers"),
    ],
)
def test_what_is_no_phone(typed: str) -> None:
    assert refusal(lambda: fields.phone("phone", typed)).rule in ("not_a_phone", "nir")


@given(st.sampled_from("1234567"), st.integers(0, 99_999_999))
def test_a_stored_phone_reads_as_itself(first: str, rest: int) -> None:
    number = fields.phone("phone", f"0{first}{rest:08}")

    assert number is not None
    assert fields.phone("phone", number) == number


# ------------------------------------------------------------------ dates


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        pytest.param("1987-02-28", date(1987, 2, 28), id="as a date field sends it"),
        pytest.param("28/02/1987", date(1987, 2, 28), id="as people type it"),
        pytest.param("1/2/1987", date(1987, 2, 1), id="without zeros"),
        pytest.param("29/02/2024", date(2024, 2, 29), id="a leap day"),
        pytest.param(date(1987, 2, 28), date(1987, 2, 28), id="a date already"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="missing"),
    ],
)
def test_birth_date(typed: object, kept: date | None) -> None:
    assert fields.birth_date("birth_date", typed, TODAY) == kept


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        pytest.param("29/02/2027", "not_a_date", id="2027 is no leap year"),
        pytest.param("2026-02-30", "not_a_date", id="30 February"),
        pytest.param("31/04/2020", "not_a_date", id="31 April"),
        pytest.param("00/00/0000", "not_a_date", id="zeros"),
        pytest.param("12/31/2020", "not_a_date", id="the month first"),
        pytest.param("hier", "not_a_date", id="a word"),
        pytest.param("２０２０-01-01", "not_a_date", id="full-width digits"),
        pytest.param(datetime(2020, 1, 1, tzinfo=NOW.tzinfo), "unsupported", id="an instant is no day"),
        pytest.param(20200101, "unsupported", id="a number"),
        pytest.param("2026-11-23", "future", id="born tomorrow"),
        pytest.param("1895-12-31", "out_of_range", id="131 years old"),
    ],
)
def test_what_is_no_birth_date(typed: object, rule: str) -> None:
    assert refusal(lambda: fields.birth_date("birth_date", typed, TODAY)).rule == rule


def test_a_birth_date_out_of_range_says_the_range() -> None:
    error = refusal(lambda: fields.birth_date("birth_date", "01/01/1066", TODAY))

    assert sentence(error) == "Choisissez une valeur entre 01/01/1896 et 22/11/2026."


# ------------------------------------------------------------------ codes


def test_choice_and_flag() -> None:
    assert fields.choice("contact", "none", ("normal", "none")) == "none"
    assert refusal(lambda: fields.choice("contact", "loud", ("normal",))).rule == "unknown"
    assert refusal(lambda: fields.choice("contact", None, ("normal",))).rule == "unknown"
    assert refusal(lambda: fields.choice("contact", ["normal"], ("normal",))).rule == "unknown"
    assert fields.flag("step_free", True) is True
    assert refusal(lambda: fields.flag("step_free", "yes")).rule == "unsupported"
