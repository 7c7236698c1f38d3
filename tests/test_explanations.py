"""Explanations as reception reads them aloud: a table of situations, each with all that is said of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from booking import explanations
from booking.db import Base
from booking.rooms.models import Room
from booking.slots.availability import Search
from booking.slots.explaining import explain
from booking.slots.models import AppointmentType
from booking.slots.openings import NewOpening
from booking.slots.planning import add_opening
from tests.builders import MONDAY, NOW, PARIS, Cast, absence, add_interpreter, block, closure, paris, set_on, store
from tests.slots.asking import ask, day_of, week_of

Scene = Callable[[Cast], None]
Asking = Callable[[Cast], Search]

ALL_DAY = "2026-11-23 08:30", "2026-11-23 17:30"
TUESDAY = MONDAY + timedelta(days=1)


def stored(rows: Callable[[Cast], Iterable[Base]]) -> Scene:
    return lambda cast: store(*rows(cast))


def as_usual(_cast: Cast) -> None:
    """Mme Roux receives 9h00–12h00 and 14h00–17h00, M. Diop on Mondays 9h00–12h00, Dr Lenoir 9h00–12h00."""


def without_couch(cast: Cast) -> None:
    set_on(Room, cast.c1, features=frozenset())
    store(block(cast.c4, *ALL_DAY))


def of_seven_hours(cast: Cast) -> None:
    set_on(AppointmentType, cast.entretien, duration=420)


def in_parent_child_spaces(cast: Cast) -> None:
    set_on(AppointmentType, cast.entretien, room_kinds=frozenset({"parents_enfants"}))


def with_an_interpreter(cast: Cast) -> None:
    store(block(add_interpreter(cast, "amari", "fsl"), *ALL_DAY))


def in_small_offices(cast: Cast) -> None:
    add_interpreter(cast, "amari", "fsl")
    for room in (cast.b1, cast.b2):
        set_on(Room, room, capacity=2)


def with_walk_ins(cast: Cast) -> None:
    """M. Diop receives whoever comes, on Tuesday and Wednesday afternoons."""
    add_opening(NewOpening(cast.diop, cast.site, frozenset({2, 3}), MONDAY, None, 840, 960, on_call=True), NOW)


def with_walk_ins_alone(cast: Cast) -> None:
    with_walk_ins(cast)
    store(absence(cast.diop, *ALL_DAY), absence(cast.roux, "2026-11-23 00:00", "2026-11-28 00:00"))


SITUATIONS = {
    "the one asked for is busy all day": (
        stored(lambda cast: [block(cast.roux, *ALL_DAY)]),
        lambda cast: day_of(cast.entretien, MONDAY, cast.roux),
        NOW,
        [
            "Sur cette période, 12 créneaux étaient possibles avec Mme Roux : tous sont déjà pris.",
            "Avec un autre professionnel : 6 créneaux, le premier lundi 23 novembre 2026 à 9h00 avec M. Diop.",
            "Plus tard dans la semaine : 60 créneaux en sept jours, le premier "
            "mardi 24 novembre 2026 à 9h00 avec Mme Roux.",
        ],
    ),
    "one is away and the other nearly full, on a short period": (
        stored(lambda cast: [absence(cast.roux, *ALL_DAY), block(cast.diop, "2026-11-23 09:10", "2026-11-23 11:10")]),
        lambda cast: ask(cast.entretien, paris("2026-11-23 09:00"), paris("2026-11-23 11:20")),
        NOW,
        [
            "Sur cette période, 10 créneaux étaient possibles avec 2 professionnels : 5 tombent pendant une "
            "absence et 5 sont déjà pris ; il n’en reste aucun.",
            "À 20 minutes près : 1 créneau, lundi 23 novembre 2026 à 11h30 avec M. Diop.",
            "À 20 minutes au plus d’un début de créneau, en réservant « hors plage » : 1 créneau, lundi 23 "
            "novembre 2026 à 11h10 avec M. Diop.",
            "Plus tard dans la semaine : 49 créneaux en sept jours, le premier "
            "lundi 23 novembre 2026 à 11h30 avec M. Diop.",
        ],
    ),
    "what is free is a little too short": (
        stored(lambda cast: [block(cast.roux, "2026-11-23 09:20", "2026-11-23 17:00"), block(cast.diop, *ALL_DAY)]),
        lambda cast: day_of(cast.entretien, MONDAY),
        NOW,
        [
            "Sur cette période, 18 créneaux étaient possibles avec 2 professionnels : tous sont déjà pris.",
            "En 15 minutes au lieu de 30 : 1 créneau, lundi 23 novembre 2026 à 9h00 avec Mme Roux.",
            "Plus tard dans la semaine : 66 créneaux en sept jours, le premier "
            "mardi 24 novembre 2026 à 9h00 avec Mme Roux.",
        ],
    ),
    "the only cabinet left is kept for another service": (
        stored(lambda cast: [block(cast.c1, *ALL_DAY)]),
        lambda cast: day_of(cast.consultation, MONDAY),
        NOW,
        [
            "Sur cette période, 4 créneaux étaient possibles avec Dr Lenoir : tous n’ont de libre qu’une "
            "salle réservée à un autre service.",
            "Plus tard dans la semaine : 20 créneaux en sept jours, le premier "
            "mardi 24 novembre 2026 à 9h30 avec Dr Lenoir.",
        ],
    ),
    "the cabinet is closed for works": (
        stored(lambda cast: [closure(cast.site, *ALL_DAY, room=cast.c1)]),
        lambda cast: day_of(cast.consultation, MONDAY),
        NOW,
        [
            "Sur cette période, 4 créneaux étaient possibles avec Dr Lenoir : tous n’ont qu’une salle fermée.",
            "Plus tard dans la semaine : 20 créneaux en sept jours, le premier "
            "mardi 24 novembre 2026 à 9h30 avec Dr Lenoir.",
        ],
    ),
    "the cabinet has no couch, this week or later": (
        without_couch,
        lambda cast: day_of(cast.consultation, MONDAY),
        NOW,
        [
            "Sur cette période, 4 créneaux étaient possibles avec Dr Lenoir : aucun n’a de salle libre avec "
            "ce qu’il faut (divan d’examen).",
        ],
    ),
    "the whole site is closed": (
        stored(lambda cast: [closure(cast.site, *ALL_DAY)]),
        lambda cast: day_of(cast.entretien, MONDAY),
        NOW,
        [
            "Sur cette période, 18 créneaux étaient possibles avec 2 professionnels : tous tombent quand le "
            "site est fermé.",
            "Plus tard dans la semaine : 66 créneaux en sept jours, le premier "
            "mardi 24 novembre 2026 à 9h00 avec Mme Roux.",
        ],
    ),
    "the only step-free office is taken": (
        stored(lambda cast: [block(cast.b2, *ALL_DAY)]),
        lambda cast: day_of(cast.entretien, MONDAY, cast.roux, step_free=True),
        NOW,
        [
            "Sur cette période, 12 créneaux étaient possibles avec Mme Roux : aucun n’a de salle libre avec "
            "ce qu’il faut (accès de plain-pied).",
            "Plus tard dans la semaine : 60 créneaux en sept jours, le premier "
            "mardi 24 novembre 2026 à 9h00 avec Mme Roux.",
        ],
    ),
    "both offices are taken, a cabinet is free": (
        stored(lambda cast: [block(cast.b1, *ALL_DAY), block(cast.b2, *ALL_DAY)]),
        lambda cast: day_of(cast.entretien, MONDAY, cast.roux),
        NOW,
        [
            "Sur cette période, 12 créneaux étaient possibles avec Mme Roux : aucun n’a de salle libre.",
            "Dans une salle d’un autre type (cabinet médical) : 12 créneaux, le premier lundi 23 novembre "
            "2026 à 9h00 avec Mme Roux.",
            "Plus tard dans la semaine : 60 créneaux en sept jours, le premier "
            "mardi 24 novembre 2026 à 9h00 avec Mme Roux.",
        ],
    ),
    "the room asked for is taken": (
        stored(lambda cast: [block(cast.b2, *ALL_DAY)]),
        lambda cast: day_of(cast.entretien, MONDAY, cast.roux, room_id=cast.b2),
        NOW,
        [
            "Sur cette période, 12 créneaux étaient possibles avec Mme Roux : tous trouvent la salle demandée prise.",
            "Dans une autre salle : 12 créneaux, le premier lundi 23 novembre 2026 à 9h00 avec Mme Roux.",
            "Plus tard dans la semaine : 60 créneaux en sept jours, le premier "
            "mardi 24 novembre 2026 à 9h00 avec Mme Roux.",
        ],
    ),
    "no room holds so many": (
        as_usual,
        lambda cast: day_of(cast.entretien, MONDAY, persons=8),
        NOW,
        [
            "Sur cette période, 18 créneaux étaient possibles avec 2 professionnels : aucun n’a de salle "
            "libre pour 8 personnes.",
        ],
    ),
    "there is no room of that kind": (
        in_parent_child_spaces,
        lambda cast: day_of(cast.entretien, TUESDAY),
        NOW,
        [
            "Sur cette période, 12 créneaux étaient possibles avec Mme Roux : aucun n’a de salle du bon type.",
            "Dans une salle d’un autre type (bureau d’entretien) : 12 créneaux, le premier mardi 24 "
            "novembre 2026 à 9h00 avec Mme Roux.",
        ],
    ),
    "a colleague does not receive in the afternoon": (
        stored(lambda cast: [absence(cast.roux, "2026-11-23 08:00", "2026-11-23 13:00")]),
        lambda cast: day_of(cast.entretien, MONDAY, cast.roux, colleague_ids=frozenset({cast.diop})),
        NOW,
        [
            "Sur cette période, 12 créneaux étaient possibles avec Mme Roux : 6 tombent quand un collègue "
            "ne reçoit pas et 6 tombent pendant une absence ; il n’en reste aucun.",
            "Sans M. Diop : 6 créneaux, le premier lundi 23 novembre 2026 à 14h00 avec Mme Roux.",
            "La semaine suivante : 6 créneaux en sept jours, le premier lundi 30 novembre 2026 à 9h00 avec Mme Roux.",
        ],
    ),
    "the only interpreter is taken in the morning, and receives in no afternoon": (
        with_an_interpreter,
        lambda cast: day_of(cast.entretien, MONDAY, cast.roux, interpreter="fsl"),
        NOW,
        [
            "Sur cette période, 12 créneaux étaient possibles avec Mme Roux : tous tombent quand aucun interprète en "
            "langue des signes française n’est libre.",
            "Sans interprète : 12 créneaux, le premier lundi 23 novembre 2026 à 9h00 avec Mme Roux.",
            "Plus tard dans la semaine : 30 créneaux en sept jours, le premier "
            "mardi 24 novembre 2026 à 9h00 avec Mme Roux.",
        ],
    ),
    "nobody interprets from that language": (
        with_an_interpreter,
        lambda cast: day_of(cast.entretien, MONDAY, cast.diop, interpreter="ta"),
        paris("2026-11-23 09:10"),
        [
            "Sur cette période, 6 créneaux étaient possibles avec M. Diop : 1 est déjà passé et 5 demandent un "
            "interprète en tamoul, et le site n’en a pas ; il n’en reste aucun.",
            "Sans interprète : 5 créneaux, le premier lundi 23 novembre 2026 à 9h30 avec M. Diop.",
        ],
    ),
    "no room holds the interpreter too": (
        in_small_offices,
        lambda cast: day_of(cast.entretien, MONDAY, cast.diop, interpreter="fsl"),
        NOW,
        [
            "Sur cette période, 6 créneaux étaient possibles avec M. Diop : aucun n’a de salle libre pour 3 personnes.",
            "Dans une salle d’un autre type (cabinet médical) : 6 créneaux, le premier lundi 23 novembre 2026 à 9h00 "
            "avec M. Diop.",
            "Sans interprète : 6 créneaux, le premier lundi 23 novembre 2026 à 9h00 avec M. Diop.",
        ],
    ),
    "the person is received elsewhere that morning": (
        stored(lambda cast: [block(cast.diallo, "2026-11-23 09:00", "2026-11-23 12:00")]),
        lambda cast: day_of(cast.entretien, MONDAY, cast.diop, usager_ids=frozenset({cast.diallo})),
        NOW,
        [
            "Sur cette période, 6 créneaux étaient possibles avec M. Diop : tous tombent pendant un autre "
            "rendez-vous de la personne.",
            "Avec un autre professionnel : 6 créneaux, le premier lundi 23 novembre 2026 à 14h00 avec Mme Roux.",
            "La semaine suivante : 6 créneaux en sept jours, le premier lundi 30 novembre 2026 à 9h00 avec M. Diop.",
        ],
    ),
    "the day is half over": (
        as_usual,
        lambda cast: day_of(cast.entretien, MONDAY, cast.diop),
        paris("2026-11-23 10:40"),
        [
            "Sur cette période, 6 créneaux étaient possibles avec M. Diop : 4 sont déjà passés ; il en reste 2.",
            "Avec un autre professionnel : 8 créneaux, le premier lundi 23 novembre 2026 à 11h00 avec Mme Roux.",
            "La semaine suivante : 6 créneaux en sept jours, le premier lundi 30 novembre 2026 à 9h00 avec M. Diop.",
        ],
    ),
    "online, with three days of notice": (
        lambda cast: set_on(AppointmentType, cast.entretien, lead_time=3 * 1440, horizon_days=3),
        lambda cast: week_of(cast.entretien, MONDAY, cast.diop, by_usager=True),
        NOW,
        [
            "Sur cette période, 6 créneaux étaient possibles avec M. Diop : tous sont trop proches pour "
            "être pris en ligne.",
        ],
    ),
    "they do not receive on that day": (
        as_usual,
        lambda cast: day_of(cast.entretien, TUESDAY, cast.diop),
        NOW,
        [
            "M. Diop ne reçoit pas sur cette période.",
            "Avec un autre professionnel : 12 créneaux, le premier mardi 24 novembre 2026 à 9h00 avec Mme Roux.",
            "La semaine suivante : 6 créneaux en sept jours, le premier lundi 30 novembre 2026 à 9h00 avec M. Diop.",
        ],
    ),
    "they receive on that day, but without an appointment": (
        with_walk_ins,
        lambda cast: day_of(cast.entretien, TUESDAY, cast.diop),
        NOW,
        [
            "M. Diop ne reçoit pas sur rendez-vous sur cette période.",
            "Sans rendez-vous : 1 permanence, le mardi 24 novembre 2026 de 14h00 à 16h00 avec M. Diop.",
            "Avec un autre professionnel : 12 créneaux, le premier mardi 24 novembre 2026 à 9h00 avec Mme Roux.",
            "La semaine suivante : 6 créneaux en sept jours, le premier lundi 30 novembre 2026 à 9h00 avec M. Diop.",
        ],
    ),
    "everybody is away, but for those who come without an appointment": (
        with_walk_ins_alone,
        lambda cast: week_of(cast.entretien, MONDAY),
        NOW,
        [
            "Sur cette période, 66 créneaux étaient possibles avec 2 professionnels : tous tombent pendant une "
            "absence.",
            "Sans rendez-vous : 2 permanences, la première le mardi 24 novembre 2026 de 14h00 à 16h00 avec M. Diop.",
            "La semaine suivante : 66 créneaux en sept jours, le premier lundi 30 novembre 2026 à 9h00 avec Mme Roux.",
        ],
    ),
    "the opening holds the appointment, but not where its slots lie": (
        lambda cast: set_on(AppointmentType, cast.entretien, buffer_before=5, duration=160, step=30),
        lambda cast: day_of(cast.entretien, MONDAY, cast.diop),
        NOW,
        [
            "Les plages de cette période sont trop courtes pour ce motif : il faut 3h10 d’affilée.",
            "En 145 minutes au lieu de 160 : 1 créneau, lundi 23 novembre 2026 à 9h30 avec M. Diop.",
        ],
    ),
    "nobody receives on a Sunday": (
        as_usual,
        lambda cast: ask(cast.entretien, NOW, NOW + timedelta(hours=4)),
        NOW,
        [
            "Aucun des 2 professionnels possibles ne reçoit sur cette période.",
            "La semaine suivante : 66 créneaux en sept jours, le premier lundi 23 novembre 2026 à 9h00 avec Mme Roux.",
        ],
    ),
    "they do something else": (
        as_usual,
        lambda cast: day_of(cast.entretien, MONDAY, cast.lenoir),
        NOW,
        [
            "Le professionnel demandé ne reçoit pas pour ce motif.",
            "Avec un autre professionnel : 18 créneaux, le premier lundi 23 novembre 2026 à 9h00 avec Mme Roux.",
        ],
    ),
    "it lasts longer than anybody receives": (
        of_seven_hours,
        lambda cast: day_of(cast.entretien, MONDAY),
        NOW,
        [
            "Les plages de cette période sont trop courtes pour ce motif : il faut 7h00 d’affilée.",
        ],
    ),
    "the period ends before anything begins": (
        as_usual,
        lambda cast: ask(cast.entretien, paris("2026-11-23 09:05"), paris("2026-11-23 09:20"), cast.roux),
        NOW,
        [
            "Aucun créneau ne commence sur cette période : allongez-la.",
            "À 20 minutes près : 2 créneaux, le premier lundi 23 novembre 2026 à 9h00 avec Mme Roux.",
            "À 20 minutes au plus d’un début de créneau, en réservant « hors plage » : 1 créneau, lundi 23 "
            "novembre 2026 à 9h05 avec Mme Roux.",
            "Plus tard dans la semaine : 59 créneaux en sept jours, le premier "
            "lundi 23 novembre 2026 à 9h30 avec Mme Roux.",
        ],
    ),
    "all is free": (
        as_usual,
        lambda cast: day_of(cast.entretien, TUESDAY),
        NOW,
        [
            "Sur cette période, 12 créneaux étaient possibles avec Mme Roux, et le restent tous.",
            "Plus tard dans la semaine : 66 créneaux en sept jours, le premier "
            "mercredi 25 novembre 2026 à 9h00 avec Mme Roux.",
        ],
    ),
}


@pytest.mark.parametrize(("scene", "search", "now", "sentences"), SITUATIONS.values(), ids=SITUATIONS)
@pytest.mark.parametrize("engine_name", ["sqlite"])  # every rule has its test on both databases
def test_an_explanation_reads_like_french(
    cast: Cast, session: Session, scene: Scene, search: Asking, now: datetime, sentences: list[str]
) -> None:
    scene(cast)
    said = explanations.said(explain(session, search(cast), now), PARIS)
    assert [said.summary, *filter(None, [said.walk_ins]), *said.relaxations] == sentences
