"""Every refusal has a status and a French sentence that says what to do, and repeats nothing that was typed."""

from __future__ import annotations

import ast
import re
from datetime import date
from pathlib import Path

import pytest

from booking import errors, refusals
from booking.errors import (
    AppointmentClosed,
    BookingError,
    DatabaseUnavailable,
    ImpossibleTime,
    Invalid,
    KeyReused,
    NotFound,
    SeriesRefused,
    SessionFull,
    SettingsError,
    SlotTaken,
    SlotUnavailable,
    StaleVersion,
    TooManyHolds,
)
from booking.slots.rules import ORDER
from tests.builders import paris

PACKAGE = Path(errors.__file__).parent

REFUSALS: list[tuple[BookingError, int, str]] = [
    (Invalid("name", "required"), 422, "Remplissez ce champ."),
    (Invalid("name", "too_long", maximum=80), 422, "Raccourcissez : 80 caractères au plus."),
    (
        ImpossibleTime(date(2027, 3, 28), 150, "Europe/Paris"),
        422,
        "2h30 n’existe pas le dimanche 28 mars 2027 à cause du changement d’heure : choisissez une autre heure.",
    ),
    (NotFound("room"), 404, "Cette salle n’existe pas, ou n’est plus accessible : vérifiez le lien ou le code."),
    (NotFound("thing"), 404, "Cet élément n’existe pas, ou n’est plus accessible : vérifiez le lien ou le code."),
    (
        SlotTaken("no_room", ["a slot"]),
        409,
        "Aucune salle qui convient n’est libre à ce moment-là. Choisissez l’un des créneaux proposés.",
    ),
    (
        SlotTaken("no_room", exhausted=True),
        409,
        "Aucune salle n’est libre à ce moment-là, et il n’a pas été possible d’en libérer une assez vite."
        " Choisissez une autre date.",
    ),
    (SlotUnavailable("past"), 409, "Ce créneau a déjà commencé. Choisissez une autre date."),
    (StaleVersion(1, 2), 409, "Ce rendez-vous a été modifié entre-temps : relisez-le, puis recommencez."),
    (AppointmentClosed(), 409, "Ce rendez-vous est annulé ou terminé : il ne peut plus être modifié ainsi."),
    (
        SeriesRefused({paris("2026-12-07 09:00"): "absent", paris("2026-12-01 09:00"): "no_room"}),
        409,
        "Ces dates ne peuvent pas être prises : 01/12/2026 et 07/12/2026. Retirez-les, puis recommencez.",
    ),
    (
        SessionFull(12),
        409,
        "Cette séance est complète (12 places) : choisissez-en une autre, ou notez la demande.",
    ),
    (TooManyHolds(3), 409, "3 créneaux sont déjà retenus : réservez-les ou libérez-les d’abord."),
    (KeyReused(), 409, "Cette demande a déjà servi pour autre chose : rechargez la page, puis recommencez."),
    (
        DatabaseUnavailable(),
        503,
        "La base de données ne répond pas. Rien n’a été enregistré : réessayez dans un instant.",
    ),
    (SettingsError("BOOKING_X : à corriger."), 422, "BOOKING_X : à corriger."),
]


@pytest.mark.parametrize(("error", "status", "sentence"), REFUSALS, ids=lambda value: type(value).__name__)
def test_a_refusal_has_its_status_and_its_sentence(error: BookingError, status: int, sentence: str) -> None:
    assert (refusals.status(error), refusals.sentence(error)) == (status, sentence)


@pytest.mark.parametrize("rule", ORDER)
def test_every_slot_rule_has_a_sentence(rule: str) -> None:
    assert refusals.sentence(SlotUnavailable(rule)).endswith(".")


def raised_with(name: str, position: int) -> set[str]:
    """The literal texts that the package passes at that position of `name(…)`."""
    found = set()
    # The checks of a site's file have sentences of their own, in sitefile.py.
    for path in set(PACKAGE.rglob("*.py")) - {PACKAGE / "rooms" / "checks.py"}:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) == name and len(node.args) > position:
                argument = node.args[position]
                if isinstance(argument, ast.Constant):
                    found.add(argument.value)
    return found


def test_every_rule_that_the_code_raises_has_a_sentence() -> None:
    raised = raised_with("Invalid", 1)
    assert raised
    assert raised <= set(refusals.INVALID)


def test_every_thing_that_is_not_found_has_a_name() -> None:
    raised = raised_with("NotFound", 0) - {"resource"}
    assert raised
    assert raised <= set(refusals.THINGS)


@pytest.mark.parametrize(("rule", "text"), refusals.INVALID.items())
def test_a_sentence_is_whole_once_its_facts_are_in(rule: str, text: str) -> None:
    facts = dict.fromkeys(re.findall(r"{(\w+)}", text), 3)
    assert not set("{}") & set(refusals.sentence(Invalid("field", rule, **facts)))


def test_an_error_without_a_sentence_is_a_bug() -> None:
    with pytest.raises(TypeError):
        refusals.sentence(BookingError())
