"""The usagers of the demonstration: invented, with numbers and addresses that reach nobody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from random import Random

from booking.demo.names import FIRST_NAMES, LAST_NAMES
from booking.people.directory import NewUsager, fold
from booking.people.models import LANGUAGES, Contact

COUNT = 600
LANGUAGE_WEIGHTS = (78, 5, 3, 5, 9)  # in the order of LANGUAGES
SPOKEN = ("ar", "tr", "ta", "snk", "bn", "ti", "ps", "uk", "fsl", "so")  # every 20th person speaks one of them
CONTACTS: tuple[Contact, ...] = ("normal", "discreet", "none")
CONTACT_WEIGHTS = (90, 6, 4)


def fictional(rng: Random, today: date, referents: Sequence[int]) -> list[NewUsager]:
    """600 people with different names, some without mail, phone or birth date; `referents` are professionals' ids.

    Every 20th speaks another language than French, and every second of these needs an interpreter.
    """
    names = rng.sample([(last, first) for last in LAST_NAMES for first in FIRST_NAMES], COUNT)
    phones = rng.sample(range(10_000), COUNT)  # 06 39 98 xx xx is kept for fiction
    return [
        NewUsager(
            last_name=last,
            first_name=first,
            birth_date=_birth_date(rng, today),
            phone=f"+3363998{number:04}" if rng.random() < 0.9 else None,
            email=f"{_slug(first)}.{_slug(last)}@exemple.example" if rng.random() < 0.65 else None,
            contact=rng.choices(CONTACTS, CONTACT_WEIGHTS)[0],
            language=rng.choices(LANGUAGES, LANGUAGE_WEIGHTS)[0],
            spoken_language=SPOKEN[at // 20 % len(SPOKEN)] if at % 20 == 0 else None,
            interpreter_needed=at % 40 == 0,
            step_free=rng.random() < 0.05,
            referent_id=rng.choice(referents) if rng.random() < 0.4 else None,
        )
        for at, ((last, first), number) in enumerate(zip(names, phones, strict=True))
    ]


def _birth_date(rng: Random, today: date) -> date | None:
    if rng.random() < 0.15:
        return None
    return date.fromordinal(today.toordinal() - rng.randint(18 * 365, 88 * 365))


def _slug(name: str) -> str:
    return fold(name).replace(" ", "-")
