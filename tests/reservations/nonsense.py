"""Demands that make no sense, and what each edge that can be asked says to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from booking.errors import BookingError, Invalid, NotFound, SlotTaken, SlotUnavailable, StaleVersion
from booking.reservations import Book, Cancel, Join, Move, RecordAttendance, Swap, book, cancel, join, move, swap
from booking.reservations.ending import record_attendance
from booking.reservations.series import BookSeries, book_series, weekly
from booking.reservations.state import Attendance
from booking.slots.models import AppointmentType
from booking.slots.retiring import retire_room
from tests.builders import NOW, PARIS, Cast, act, paris, set_on

NINE = paris("2026-11-23 09:00")
ELEVEN = "2026-11-23T11:00"
KEY = {"key": "key-of-the-form"}


@dataclass(frozen=True)
class Stage:
    """M. Diallo sees Mme Roux on Monday at 9h00; Mme Koné takes part in a session of M. Diop's at 10h00."""

    cast: Cast
    uid: str
    workshop: str


Line = Callable[[Stage], list[object]]
Address = Callable[[Stage], str]


@dataclass(frozen=True)
class Bad:
    """A demand at each edge that has it. `said` is in the sentence; a page has the status, a command the exit code.

    A page may say it beside a list, of which the value is no part: `page_says`.
    """

    name: str
    engine: Callable[[Stage], object]
    error: type[BookingError]
    said: str
    line: Line | None = None
    code: int = 1
    address: Address | None = None
    values: Callable[[Stage], dict[str, str]] | None = None  # None: the page is opened
    status: int = 422
    page_says: str | None = None
    before: Callable[[Stage], object] = lambda _: None
    now: datetime = NOW


def booking(stage: Stage, **values: object) -> Book:
    facts = {"type_id": stage.cast.entretien, "professional_id": stage.cast.roux, "usager": stage.cast.diallo}
    return Book(**{"key": "k", "start": paris("2026-11-23 11:00"), **facts, **values})


def typed(stage: Stage, *more: object, who: str = "roux", start: str = ELEVEN) -> list[object]:
    return ["book", "entretien", "--start", start, "--professional", who, "--usager", stage.cast.diallo, *more]


def address(who: str = "roux", start: str = ELEVEN, more: str = "") -> str:
    return f"/rendez-vous/nouveau?motif=entretien&debut={start}&professionnel={who}{more}"


def for_diallo(stage: Stage) -> dict[str, str]:
    return {**KEY, "usager": str(stage.cast.diallo)}


def attended(stage: Stage, step: str) -> dict[str, str]:
    return {**for_diallo(stage), "version": "1", "attendance": step}


def record(stage: Stage, step: Attendance, now: datetime) -> object:
    return record_attendance(RecordAttendance("k", stage.uid, stage.cast.diallo, step), act(now))


AFTER = NINE + timedelta(hours=14)
DAYS = tuple(NINE + timedelta(days=n) for n in range(10_000))

BAD = [
    Bad(
        "a series of 10,000 weeks",
        lambda _: weekly(NINE, PARIS, 10_000),
        Invalid,
        "Choisissez une valeur entre 1 et 53.",
        lambda s: ["series", *typed(s, "--count", 10_000)],
        2,
        lambda _: address(more="&fois=10000").replace("nouveau", "nouveau/serie"),
    ),
    Bad(
        "10,000 starts, each by its instant",
        lambda s: book_series(
            BookSeries("k", booking(s), tuple(NINE + timedelta(days=n) for n in range(10_000))), act()
        ),
        Invalid,
        "Choisissez une valeur entre 1 et 53.",
    ),
    Bad(
        "a swap with itself",
        lambda s: swap(Swap("k", s.uid, s.uid), act()),
        Invalid,
        "Choisissez un autre rendez-vous que celui-ci.",
        lambda s: ["swap", s.uid, s.uid],
        address=lambda s: f"/rendez-vous/{s.uid}/echanger",
        values=lambda s: {**KEY, "version": "1", "other": f"{s.uid}.1"},
    ),
    Bad(
        "a professional who does not do the type",
        lambda s: book(booking(s, professional_id=s.cast.lenoir), act()),
        SlotUnavailable,
        "Ce professionnel ne reçoit pas pour ce motif.",
        lambda s: typed(s, who="lenoir"),
        address=lambda _: address("lenoir"),
        values=for_diallo,
        status=409,
    ),
    Bad(
        "a colleague of no common service",
        lambda s: book(booking(s, colleague_ids=frozenset({s.cast.lenoir})), act()),
        SlotUnavailable,
        "Ce professionnel ne reçoit pas pour ce motif.",
        lambda s: typed(s, "--with", "lenoir"),
        address=lambda _: address(more="&avec=lenoir"),
        values=for_diallo,
        status=409,
    ),
    Bad(
        "a move to a professional of no common service",
        lambda s: move(Move("k", s.uid, professional_ids=frozenset({s.cast.lenoir})), act()),
        SlotUnavailable,
        "Ce professionnel ne reçoit pas pour ce motif.",
        lambda s: ["move", s.uid, "--professional", "lenoir"],
    ),
    Bad(
        "a retired room",
        lambda s: move(Move("k", s.uid, room_id=s.cast.b2), act()),
        SlotUnavailable,
        "Cette salle ne convient pas à ce motif, ou elle est réservée à un autre service.",
        lambda s: ["move", s.uid, "--room", "B2"],
        address=lambda s: f"/rendez-vous/{s.uid}/salle",
        values=lambda _: {**KEY, "version": "1", "room": "B2"},
        page_says="Choisissez une valeur de la liste.",
        before=lambda s: retire_room(s.cast.b2, NOW),
    ),
    Bad(
        "an usager twice in one session",
        lambda s: join(Join("k", s.workshop, s.cast.kone), act()),
        Invalid,
        "Cette personne participe déjà à ce rendez-vous.",
        lambda s: ["join", s.workshop, "--usager", s.cast.kone],
        address=lambda s: f"/rendez-vous/{s.workshop}/personnes",
        values=lambda s: {**KEY, "usager": str(s.cast.kone)},
    ),
    Bad(
        "an usager twice in one family",
        lambda s: book(booking(s, family=(s.cast.diallo,)), act()),
        Invalid,
        "Cette personne est indiquée deux fois",
        lambda s: typed(s, "--and", s.cast.diallo),
    ),
    Bad(
        "more seats than any room has",
        lambda s: book(booking(s), act()),
        SlotTaken,
        "Aucune salle qui convient n’est libre à ce moment-là.",
        lambda s: typed(s),
        address=lambda _: address(),
        values=for_diallo,
        status=409,
        before=lambda s: set_on(AppointmentType, s.cast.entretien, capacity=200),
    ),
    Bad(
        "seen on the day before",
        lambda s: record(s, "seen", NOW),
        Invalid,
        "Attendez l’heure du rendez-vous pour noter cela.",
        lambda s: ["attendance", s.uid, "--usager", s.cast.diallo, "--step", "seen"],
        address=lambda s: f"/rendez-vous/{s.uid}/suivi",
        values=lambda s: attended(s, "seen"),
    ),
    Bad(
        "absent before the hour",
        lambda s: record(s, "no_show", NINE - timedelta(minutes=1)),
        Invalid,
        "Attendez l’heure du rendez-vous pour noter cela.",
        lambda s: ["attendance", s.uid, "--usager", s.cast.diallo, "--step", "no_show"],
        address=lambda s: f"/rendez-vous/{s.uid}/suivi",
        values=lambda s: attended(s, "no_show"),
        now=NINE - timedelta(minutes=1),
    ),
    Bad(
        "arrived half a day after",
        lambda s: record(s, "arrived", AFTER),
        Invalid,
        "Ce rendez-vous est terminé depuis trop longtemps pour noter cela.",
        lambda s: ["attendance", s.uid, "--usager", s.cast.diallo, "--step", "arrived"],
        address=lambda s: f"/rendez-vous/{s.uid}/suivi",
        values=lambda s: attended(s, "arrived"),
        now=AFTER,
    ),
    Bad(
        "a version from the future",
        lambda s: cancel(Cancel("k", s.uid, "service", version=99), act()),
        StaleVersion,
        "Ce rendez-vous a été modifié entre-temps",
        address=lambda s: f"/rendez-vous/{s.uid}/annuler",
        values=lambda _: {**KEY, "version": "99", "by": "service"},
        status=409,
    ),
    Bad(
        "a move of a version from the future",
        lambda s: move(Move("k", s.uid, paris("2026-11-23 11:00"), version=99), act()),
        StaleVersion,
        "Ce rendez-vous a été modifié entre-temps",
        address=lambda s: f"/rendez-vous/{s.uid}/deplacer",
        values=lambda _: {**KEY, "version": "99", "start": ELEVEN},
        status=409,
    ),
    Bad(
        "no minutes at all",
        lambda s: move(Move("k", s.uid, duration=0), act()),
        Invalid,
        "Choisissez une valeur entre 5 et 480.",
        lambda s: ["move", s.uid, "--duration", 0],
        2,
        lambda s: f"/rendez-vous/{s.uid}/motif",
        lambda _: {**KEY, "version": "1", "type": "", "duration": "0"},
    ),
    Bad(
        "a duration between two cells",
        lambda s: move(Move("k", s.uid, duration=32), act()),
        Invalid,
        "Choisissez une heure ou une durée multiple de 5 minutes.",
        lambda s: ["move", s.uid, "--duration", 32],
        address=lambda s: f"/rendez-vous/{s.uid}/motif",
        values=lambda _: {**KEY, "version": "1", "type": "", "duration": "32"},
    ),
    Bad(
        "a professional who does not exist",
        lambda s: book(booking(s, professional_id=10**9), act()),
        NotFound,
        "Ce professionnel n’existe pas",
        lambda s: typed(s, who="personne"),
        address=lambda _: address("personne"),
        values=for_diallo,
        status=404,
    ),
]
