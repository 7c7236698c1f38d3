"""What a single field may hold: pure rules, the same for forms, commands and site files.

Each takes the name of the field and the value as it was given, and returns it normalised. A refusal is an
Invalid that never repeats the value: it may be a secret typed in the wrong place.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from datetime import date, datetime
from typing import Literal, overload

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from booking import french
from booking.errors import Invalid

NAME_MAX = 80
MAIL_MAX = 254  # RFC 5321, 4.5.3.1.3: a path holds 256 characters with its angle brackets
PHONE_MAX = 40
OLDEST_YEARS = 130

# Fifteen digits, however they are grouped; a Corsican birth place has a letter (2A, 2B).
_NIR = re.compile(r"\d(?:[\W_]*\d){14}|[1-478](?:[\W_]*\d){5}[\W_]*[aAbB](?:[\W_]*\d){8}")
# Joiners shape letters in Persian and Indian names; other format characters hide, or turn text around.
_JOINERS = "\u200c\u200d"
_REFUSED_CATEGORIES = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
_PHONE = re.compile(r"\+?[\d\s().\-/]+", re.ASCII)
# Written with a leading 0 like the mainland's, these numbers belong to another country code.
_REGIONS = ("FR", "GP", "MQ", "GF", "RE", "YT")
# The library knows only ranges given to an operator, as they were when it was published.
_MAINLAND = re.compile(r"\+33[1-79]\d{8}", re.ASCII)
_FRENCH_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)
_ISO_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)


def full_name(last_name: str, first_name: str | None) -> str:
    """How an usager's name is written, « DIALLO Amadou »."""
    return f"{last_name.upper()} {first_name or ''}".strip()


def has_control_characters(text: str) -> bool:
    """Whether the text holds what nobody types: C0, DEL, C1, U+2028, U+2029, bidi overrides, surrogates."""
    return any(unicodedata.category(one) in _REFUSED_CATEGORIES and one not in _JOINERS for one in text)


def has_nir(text: str) -> bool:
    """Whether the text holds a social security number: 15 digits in a row, separated or not."""
    return _NIR.search(text) is not None


@overload
def clean_line(field: str, value: object, maximum: int, required: Literal[True]) -> str: ...
@overload
def clean_line(field: str, value: object, maximum: int, required: bool = False) -> str | None: ...
def clean_line(field: str, value: object, maximum: int, required: bool = False) -> str | None:
    """One line of text: NFC, spaces trimmed and single, `maximum` characters; None when empty.

    Raises Invalid: unsupported (not text), control_characters, too_long, nir, required.
    """
    if not isinstance(value, str | None):
        raise Invalid(field, "unsupported")
    line = _line(field, value or "", maximum)
    if required and not line:
        raise Invalid(field, "required")
    return line or None


def _line(field: str, value: str, maximum: int) -> str:
    # The cap comes before any other look at the text: nothing below runs on megabytes.
    if len(value) > 4 * maximum:
        raise Invalid(field, "too_long", maximum=maximum)
    if has_control_characters(value):
        raise Invalid(field, "control_characters")
    line = unicodedata.normalize("NFC", " ".join(value.split()))
    if has_nir(line):
        raise Invalid(field, "nir")
    if len(line) > maximum:
        raise Invalid(field, "too_long", maximum=maximum)
    return line


@overload
def person_name(field: str, value: object, required: Literal[True]) -> str: ...
@overload
def person_name(field: str, value: object, required: bool = False) -> str | None: ...
def person_name(field: str, value: object, required: bool = False) -> str | None:
    """A name of a person, as they write it; it holds a letter. Raises what clean_line raises."""
    name = clean_line(field, value, NAME_MAX, required)
    if name and not any(character.isalpha() for character in name):
        raise Invalid(field, "unsupported")
    return name


def mail(field: str, value: object) -> str | None:
    """One mail address, its domain in lower case and ASCII; None when empty. No DNS is asked.

    Raises what clean_line raises, two_addresses and not_a_mail.
    """
    address = clean_line(field, value, MAIL_MAX)
    if address is None:
        return None
    if address.count("@") > 1 or set(",;") & set(address):
        raise Invalid(field, "two_addresses")
    try:
        found = validate_email(address, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError:
        raise Invalid(field, "not_a_mail") from None  # the library's message repeats the value
    return found.ascii_email or found.normalized


def phone(field: str, value: object) -> str | None:
    """One phone number as E.164, « +33639981234 »; French unless it says otherwise; None when empty.

    Raises what clean_line raises, and not_a_phone.
    """
    text = clean_line(field, value, PHONE_MAX)
    if text is None:
        return None
    if not _PHONE.fullmatch(text):
        raise Invalid(field, "not_a_phone")
    try:
        numbers = [phonenumbers.parse(text, region) for region in _REGIONS]
    except phonenumbers.NumberParseException:
        raise Invalid(field, "not_a_phone") from None
    valid = next(filter(phonenumbers.is_valid_number, numbers), numbers[0])
    number = phonenumbers.format_number(valid, phonenumbers.PhoneNumberFormat.E164)
    if not (phonenumbers.is_valid_number(valid) or _MAINLAND.fullmatch(number)):
        raise Invalid(field, "not_a_phone")
    return number


def day(field: str, value: object) -> date | None:
    """A date, given as such, as « 2027-02-28 » or as « 28/02/2027 »; None when empty.

    Raises Invalid: not_a_date, also for a day that does not exist; and what clean_line raises.
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    text = clean_line(field, value, 20)
    if text is None:
        return None
    try:
        return date(*_year_month_day(text))
    except ValueError:
        raise Invalid(field, "not_a_date") from None


def _year_month_day(text: str) -> tuple[int, int, int]:
    if found := _ISO_DATE.fullmatch(text):
        year, month, number = found.groups()
    elif found := _FRENCH_DATE.fullmatch(text):
        number, month, year = found.groups()
    else:
        raise ValueError("neither 2027-02-28 nor 28/02/2027")
    return int(year), int(month), int(number)


def birth_date(field: str, value: object, today: date) -> date | None:
    """A birth date, at most 130 years back; None when empty.

    Raises what `day` raises, future and out_of_range.
    """
    born = day(field, value)
    if born is None:
        return None
    if born > today:
        raise Invalid(field, "future")
    oldest = date(today.year - OLDEST_YEARS, 1, 1)
    if born < oldest:
        limits = {"minimum": french.short_day(oldest), "maximum": french.short_day(today)}
        raise Invalid(field, "out_of_range", **limits)
    return born


def choice(field: str, value: object, among: Collection[str]) -> str:
    """One of those codes. Raises Invalid: unknown."""
    if not isinstance(value, str) or value not in among:
        raise Invalid(field, "unknown")
    return value


def flag(field: str, value: object) -> bool:
    """True or False, nothing that merely resembles them. Raises Invalid: unsupported."""
    if not isinstance(value, bool):
        raise Invalid(field, "unsupported")
    return value
