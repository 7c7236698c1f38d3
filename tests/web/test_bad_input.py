"""What cannot be accepted is refused beside its field with status 422, in French, and nothing is written."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
import sqlalchemy as sa
from flask import Flask

from booking import reservations, schema
from booking.access.models import SignInFailure
from booking.db import db
from booking.reservations.commands import Book, Cancel
from booking.slots.models import Opening
from tests.builders import Cast, act, paris
from tests.web.browsing import Browser, Page
from tests.web.pages import SLOT, an_appointment

Row = tuple[str, str, str]

CONTROL = "Retirez les caractères invisibles"
REQUIRED = "Remplissez ce champ."
LONG = "caractères au plus"
NIR = "sécurité sociale"
NOT_A_DATE = "Indiquez une date qui existe"
NOT_HOURS = "par exemple 9h-12h et 14h-17h"
NOT_A_TIME = "Indiquez une date et une heure qui existent"
UNKNOWN = "Choisissez une valeur de la liste."


@dataclass(frozen=True)
class Sent:
    """A form: where it goes, and values that are all accepted."""

    action: str
    accepted: dict[str, str]


FORMS = {
    "book, new person": Sent(
        SLOT,
        {
            "pour": "nouveau",
            "key": "key-of-the-form",
            "last_name": "Traoré",
            "first_name": "Awa",
            "birth_date": "1990-05-04",
            "phone": "06 39 98 00 11",
            "email": "awa.traore@exemple.example",
            "contact": "normal",
            "language": "fr",
        },
    ),
    "book, known person": Sent(SLOT, {"key": "key-of-the-form", "usager": "{diallo}"}),
    "book, confidential": Sent(
        "/rendez-vous/nouveau?motif=depistage&debut=2026-11-23T09:00&professionnel=petit", {"key": "key-of-the-form"}
    ),
    "move": Sent(
        "/rendez-vous/{uid}/deplacer",
        {"key": "key-of-the-form", "version": "1", "start": "2026-11-23T10:00", "professional": "roux"},
    ),
    "room": Sent("/rendez-vous/{pinned}/salle", {"key": "key-of-the-form", "version": "1", "room": "B2"}),
    "cancel": Sent("/rendez-vous/{uid}/annuler", {"key": "key-of-the-form", "version": "1", "by": "usager"}),
    "attendance": Sent(
        "/rendez-vous/{uid}/suivi",
        {"key": "key-of-the-form", "version": "1", "usager": "{diallo}", "attendance": "expected"},
    ),
    "professionals": Sent(
        "/rendez-vous/{uid}/professionnels",
        {"key": "key-of-the-form", "version": "1", "professionals": "diop", "reason": "service_request"},
    ),
    "type and duration": Sent(
        "/rendez-vous/{uid}/motif",
        {"key": "key-of-the-form", "version": "1", "type": "appel", "duration": "45", "reason": "mistake"},
    ),
    "swap": Sent("/rendez-vous/{uid}/echanger", {"key": "key-of-the-form", "version": "1", "other": "{other}.1"}),
    "restore": Sent("/rendez-vous/{cancelled}/retablir", {"key": "key-of-the-form", "version": "2"}),
    "leave": Sent(
        "/rendez-vous/{family}/retirer",
        {"key": "key-of-the-form", "version": "1", "usager": "{diallo}", "by": "usager"},
    ),
    "join, known person": Sent(
        "/rendez-vous/{uid}/personnes?version=1", {"key": "key-of-the-form", "usager": "{kone}"}
    ),
    "join, new person": Sent(
        "/rendez-vous/{uid}/personnes?version=1",
        {
            "pour": "nouveau",
            "key": "key-of-the-form",
            "last_name": "Traoré",
            "contact": "normal",
            "language": "fr",
        },
    ),
    "weekly opening": Sent(
        "/professionnels/diop/plages",
        {
            "s-weekdays": "2",
            "s-hours": "14h-17h",
            "s-every": "2",
            "s-first_day": "2026-11-24",
            "s-last_day": "2026-12-31",
        },
    ),
    "dated opening": Sent("/professionnels/diop/plages/date", {"d-first_day": "2026-11-28", "d-hours": "9h-12h"}),
    "date without an opening": Sent(
        "/professionnels/diop/plages/{opening}/exceptions", {"sans{opening}-day": "2026-11-30"}
    ),
    "opening from a date on": Sent(
        "/professionnels/diop/plages/{opening}/changer",
        {"s-weekdays": "1", "s-hours": "9h-11h", "s-first_day": "2026-12-07", "s-last_day": "2026-12-31"},
    ),
    "period": Sent("/periodes", {"name": "Vacances de Noël", "first_day": "2026-12-19", "last_day": "2027-01-03"}),
    "end of an opening": Sent(
        "/professionnels/diop/plages/{opening}/terminer", {"fin{opening}-last_day": "2026-12-07"}
    ),
    "absence": Sent(
        "/professionnels/diop/absences",
        {"key": "key-of-the-form", "a-start": "2026-11-23T09:00", "a-end": "2026-11-23T10:00"},
    ),
    "calendar link": Sent("/professionnels/diop/agenda", {"l-label": "Outlook", "l-wording": "occupe"}),
}


def on_every(field: str) -> list[Row]:
    """What no field of one line takes."""
    return [(field, "a\x00b", CONTROL), (field, "a\u202eb", CONTROL), (field, "2 84 05 92 012 034 55", NIR)]


def on_a_time(field: str) -> list[Row]:
    """What no date with an hour takes."""
    return [
        (field, "", REQUIRED),
        (field, "demain", NOT_A_TIME),
        (field, "2026-11-24", NOT_A_TIME),
        (field, "2027-02-29T09:00", NOT_A_TIME),
        (field, "2026-11-24T25:00", NOT_A_TIME),
        (field, "99999-01-01T09:00", NOT_A_TIME),
        (field, "2027-03-28T02:30", "2h30 n’existe pas le dimanche 28 mars 2027"),
        (field, "x" * 500, LONG),
    ]


def on_a_day(field: str) -> list[Row]:
    """What no date takes."""
    return [(field, each, NOT_A_DATE) for each in ("demain", "2027-02-29", "31/11/2026", "2026-13-01")]


def on_hours(field: str) -> list[Row]:
    """What no hours of a day take."""
    return [
        *on_every(field),
        (field, "", REQUIRED),
        (field, "x" * 121, LONG),
        (field, "le matin", NOT_HOURS),
        (field, "9h", NOT_HOURS),
        (field, "25h-26h", NOT_HOURS),
        (field, "9h60-12h", NOT_HOURS),
        (field, "14h-14h", "La fin doit venir après le début."),
        (field, "14h-13h", "La fin doit venir après le début."),
        (field, "14h-24h05", "Choisissez une valeur entre 0h00 et 24h00."),
        (field, "14h02-17h", "multiple de 5 minutes"),
        (field, "14h-16h et 15h-17h", "en recouvre une autre"),
    ]


KEY: list[Row] = [("key", value, "n’est pas acceptée") for value in ("", "x" * 65, "é" * 9)]
VERSION: list[Row] = [
    ("version", "", REQUIRED),
    ("version", "un", "Indiquez un nombre entier."),
    ("version", "1" * 10, "Indiquez un nombre entier."),
]

TABLE: dict[str, list[Row]] = {
    "book, new person": [
        *KEY,
        *on_every("last_name"),
        *on_every("first_name"),
        *on_every("birth_date"),
        *on_every("phone"),
        *on_every("email"),
        ("last_name", "", REQUIRED),
        ("last_name", "   ", REQUIRED),
        ("last_name", "x" * 81, LONG),
        ("last_name", "x" * 60_000, LONG),
        ("last_name", "1234", "n’est pas acceptée"),
        ("first_name", "x" * 81, LONG),
        ("spoken_language", "xx", "Choisissez une valeur de la liste."),
        ("interpreter_needed", "on", REQUIRED),
        ("interpreter_needed", "oui", "n’est pas acceptée"),
        *on_a_day("birth_date"),
        ("birth_date", "2026-11-24", "Choisissez une date passée."),
        ("birth_date", "1850-01-01", "Choisissez une valeur entre"),
        ("phone", "12", "Vérifiez le numéro"),
        ("phone", "0" * 41, NIR),
        ("email", "awa", "Vérifiez l’adresse"),
        ("email", "a@exemple.example, b@exemple.example", "une seule adresse"),
        ("email", "a@exemple.example b@exemple.example", "une seule adresse"),
        ("email", "a@exemple.example\r\nBcc: b@exemple.example", CONTROL),
        ("email", "a" * 255 + "@exemple.example", LONG),
        ("contact", "", REQUIRED),
        ("contact", "pigeon", UNKNOWN),
        ("language", "", REQUIRED),
        ("language", "klingon", UNKNOWN),
        ("step_free", "peut-être", "n’est pas acceptée"),
        ("distinct", "1", "n’est pas acceptée"),
    ],
    "book, known person": [
        *KEY,
        ("usager", "", REQUIRED),
        ("usager", "x", "Indiquez un nombre entier."),
        ("usager", "1" * 15, NIR),
    ],
    "book, confidential": KEY,
    "move": [*KEY, *VERSION, *on_a_time("start"), ("professional", "inconnu", UNKNOWN)],
    "room": [*KEY, *VERSION, ("room", "", REQUIRED), ("room", "B99", UNKNOWN), ("room", "B1", "Rien ne change ainsi")],
    "cancel": [*KEY, *VERSION, ("by", "", REQUIRED), ("by", "chef", UNKNOWN)],
    "attendance": [
        *KEY,
        *VERSION,
        ("usager", "", REQUIRED),
        ("usager", "x", "Indiquez un nombre entier."),
        ("attendance", "", REQUIRED),
        ("attendance", "excused", UNKNOWN),
        ("attendance", "no_show", "Attendez l’heure"),
        ("attendance", "arrived", "Attendez l’heure"),
    ],
    "professionals": [
        *KEY,
        *VERSION,
        ("professionals", "", UNKNOWN),
        ("professionals", "lenoir", UNKNOWN),
        ("professionals", "roux", "Rien ne change ainsi"),
        ("reason", "parce que", UNKNOWN),
    ],
    "type and duration": [
        *KEY,
        *VERSION,
        ("type", "inconnu", UNKNOWN),
        ("type", "consultation", UNKNOWN),
        ("duration", "longtemps", "Indiquez un nombre entier."),
        ("duration", "17", "multiple de 5 minutes"),
        ("duration", "0", "Choisissez une valeur entre 5 et 480."),
        ("duration", "485", "Choisissez une valeur entre 5 et 480."),
        ("reason", "parce que", UNKNOWN),
    ],
    "swap": [
        *KEY,
        *VERSION,
        ("other", "", REQUIRED),
        ("other", "demain", UNKNOWN),
        ("other", "{uid}.1", "Choisissez un autre rendez-vous que celui-ci."),
    ],
    "restore": [*KEY, *VERSION, ("reason", "parce que", UNKNOWN)],
    "leave": [
        *KEY,
        *VERSION,
        ("usager", "", REQUIRED),
        ("usager", "x", "Indiquez un nombre entier."),
        ("by", "", REQUIRED),
        ("by", "chef", UNKNOWN),
    ],
    "join, known person": [
        *KEY,
        ("usager", "", REQUIRED),
        ("usager", "{diallo}", "participe déjà à ce rendez-vous"),
    ],
    "join, new person": [
        *KEY,
        *on_every("last_name"),
        ("last_name", "", REQUIRED),
        ("email", "awa", "Vérifiez l’adresse"),
    ],
    "weekly opening": [
        ("s-weekdays", "", UNKNOWN),
        ("s-weekdays", "8", UNKNOWN),
        ("s-weekdays", "lundi", UNKNOWN),
        *on_hours("s-hours"),
        ("s-every", "0", "Choisissez une valeur entre 1 et 52."),
        ("s-every", "-1", "Choisissez une valeur entre 1 et 52."),
        ("s-every", "999999999", "Choisissez une valeur entre 1 et 52."),
        ("s-every", "1000000000", "Indiquez un nombre entier."),
        ("s-every", "deux", "Indiquez un nombre entier."),
        ("s-ranks", "5", UNKNOWN),
        ("s-ranks", "1", "Laissez ce champ vide."),
        ("s-periods", "souvent", UNKNOWN),
        ("s-periods", "only", "n’aurait jamais lieu"),
        ("s-on_call", "peut-être", "n’est pas acceptée"),
        ("s-first_day", "", REQUIRED),
        *on_a_day("s-first_day"),
        *on_a_day("s-last_day"),
        ("s-last_day", "2026-11-23", "La fin doit venir après le début."),
        ("s-last_day", "2126-12-31", "Choisissez une valeur entre"),
    ],
    "dated opening": [
        ("d-first_day", "", REQUIRED),
        *on_a_day("d-first_day"),
        ("d-first_day", "2026-11-20", "Choisissez une date à venir."),
        ("d-first_day", "2026-11-23", "en recouvre une autre"),
        *on_hours("d-hours"),
    ],
    "date without an opening": [
        ("sans{opening}-day", "", REQUIRED),
        *[("sans{opening}-day", value, words) for _, value, words in on_a_day("")],
        ("sans{opening}-day", "2026-12-01", "n’a pas lieu ce jour-là"),
        ("sans{opening}-day", "2026-11-16", "Choisissez une date à venir."),
        ("sans{opening}-day", "2028-01-03", "n’a pas lieu ce jour-là"),
    ],
    "opening from a date on": [
        ("s-weekdays", "", UNKNOWN),
        *on_hours("s-hours"),
        ("s-first_day", "", REQUIRED),
        *on_a_day("s-first_day"),
        ("s-first_day", "2026-11-16", "Choisissez une date à venir."),
        ("s-first_day", "2028-01-03", "Choisissez une valeur entre"),
        ("s-first_day", "9999-12-31", "Choisissez une valeur entre"),
        ("s-last_day", "2026-12-06", "La fin doit venir après le début."),
        ("s-every", "53", "Choisissez une valeur entre 1 et 52."),
        ("s-periods", "only", "n’aurait jamais lieu"),
    ],
    "period": [
        *on_every("name"),
        ("name", "", REQUIRED),
        ("name", "x" * 61, LONG),
        ("first_day", "", REQUIRED),
        *on_a_day("first_day"),
        ("last_day", "", REQUIRED),
        *on_a_day("last_day"),
        ("last_day", "2026-12-18", "La fin doit venir après le début."),
        ("last_day", "2032-12-18", "Choisissez une période plus courte"),
        ("last_day", "9999-12-31", "Choisissez une valeur entre"),
    ],
    "end of an opening": [
        ("fin{opening}-last_day", "", REQUIRED),
        *[("fin{opening}-last_day", value, words) for _, value, words in on_a_day("")],
        ("fin{opening}-last_day", "2025-01-01", "La fin doit venir après le début."),
        ("fin{opening}-last_day", "2029-01-01", "Choisissez une valeur entre"),
    ],
    "absence": [
        *on_a_time("a-start"),
        *on_a_time("a-end"),
        ("a-end", "2026-11-23T09:00", "La fin doit venir après le début."),
        ("a-end", "2026-11-23T08:00", "La fin doit venir après le début."),
        ("a-end", "2026-11-23T09:58", "multiple de 5 minutes"),
        ("a-start", "2010-11-23T09:00", "Choisissez une période plus courte"),
    ],
    "calendar link": [
        *on_every("l-label"),
        ("l-label", "", REQUIRED),
        ("l-label", "x" * 61, LONG),
        ("l-wording", "", REQUIRED),
        ("l-wording", "tout", UNKNOWN),
    ],
}


@pytest.fixture
def known(cast: Cast, amina: Browser, app: Flask) -> dict[str, object]:
    """What the table cannot know: appointments, the opening of M. Diop, M. Diallo and Mme Koné."""
    uid = an_appointment(cast)
    at_ten = Book("tests-key-2", cast.entretien, paris("2026-11-23 10:00"), cast.diop, cast.kone)
    at_eleven = replace(at_ten, key="tests-key-3", start=paris("2026-11-23 11:00"), professional_id=cast.roux)
    other, cancelled = (reservations.book(command, act()).uid for command in (at_ten, at_eleven))
    reservations.cancel(Cancel("tests-key-4", cancelled, "usager"), act())
    both = replace(at_ten, key="tests-key-5", start=paris("2026-11-23 14:00"), professional_id=cast.roux)
    family = reservations.book(replace(both, family=(cast.diallo,)), act()).uid
    in_b1 = replace(at_eleven, key="tests-key-6", start=paris("2026-11-23 15:00"), room_id=cast.b1)
    pinned = reservations.book(in_b1, act()).uid
    opening = db.session.scalar(sa.select(Opening.id).where(Opening.professional_id == cast.diop))
    db.session.remove()
    uids = {"uid": uid, "other": other, "cancelled": cancelled, "family": family, "pinned": pinned}
    return {**uids, "opening": opening, "diallo": cast.diallo, "kone": cast.kone}


def everything(app: Flask) -> dict[str, list[tuple[object, ...]]]:
    """All that the database holds."""
    with app.app_context(), db.engine.connect() as connection:
        tables = [table for table in schema.metadata.sorted_tables if table.name != SignInFailure.__tablename__]
        return {table.name: [tuple(row) for row in connection.execute(sa.select(table))] for table in tables}


def sent(name: str, known: dict[str, object], /, **changed: str) -> tuple[str, dict[str, str | list[str]]]:
    """The address and the values of a form, some of them changed."""
    form = FORMS[name]
    values = {field.format(**known): value.format(**known) for field, value in form.accepted.items()}
    return form.action.format(**known), {
        **values,
        **{field.format(**known): value.format(**known) for field, value in changed.items()},
    }


@pytest.mark.parametrize("name", FORMS)
def test_the_accepted_values_are_accepted(amina: Browser, app: Flask, known: dict[str, object], name: str) -> None:
    """Without this, the table below could pass for any reason."""
    before = everything(app)
    assert amina.post(*sent(name, known)).status == 200
    assert everything(app) != before


@pytest.mark.parametrize("name", FORMS)
def test_refused(amina: Browser, app: Flask, known: dict[str, object], name: str) -> None:
    """All the rows of a form on one database, for a refusal leaves it as it was."""
    before = everything(app)
    for field, value, words in TABLE[name]:
        page = amina.post(*sent(name, known, **{field: value}))
        row = f"{field}={value!a:.60}"
        assert page.status == 422, row
        assert page.title.startswith("Erreur : "), row
        (summary,) = page.tree.all("div", role="alert")
        assert words in summary.text, row
        if can_be_shown(page, field.format(**known)):
            assert any(words in error for error in page.errors().values()), row
        assert everything(app) == before, row


def can_be_shown(page: Page, name: str) -> bool:
    """Whether a sentence can stand beside that field: hidden ones and lists of boxes have only the summary."""
    return any(each["type"] not in ("hidden", "checkbox", "radio", "submit") for each in page.tree.all(name=name))


@pytest.mark.parametrize("name", FORMS)
def test_an_empty_form(amina: Browser, app: Flask, known: dict[str, object], name: str) -> None:
    before = everything(app)
    action, _ = sent(name, known)
    page = amina.post(action, {"pour": "nouveau"})
    assert page.status == 422
    assert "Remplissez ce champ." in page.text or name == "book, confidential"
    assert everything(app) == before


def test_what_was_typed_comes_back(amina: Browser, known: dict[str, object]) -> None:
    page = amina.post(*sent("book, new person", known, phone="12"))
    values = {each["name"]: each["value"] for each in page.tree.one("main").all("input")}
    assert (values["last_name"], values["phone"], values["email"]) == ("Traoré", "12", "awa.traore@exemple.example")


def test_a_social_security_number_is_not_logged(
    amina: Browser, known: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(0):
        amina.post(*sent("book, new person", known, last_name="2 84 05 92 012 034 55"))
    assert "2 84" not in caplog.text
