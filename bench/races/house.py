"""The few people, rooms and hours that everybody fights for: the cast of the tests, on three mornings."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bench.races import shifting
from bench.races.plan import Plan
from booking.access import credentials
from booking.people.models import Usager
from booking.slots.models import AppointmentType
from tests.builders import add_usagers, build_cast, paris, set_on
from tests.live.serving import PASSWORD

BEGINS = paris("2026-11-23 08:00")
DAYS = ("2026-11-23", "2026-11-24", "2026-11-25")
HALF_HOURS = ("09:00", "09:30", "10:00", "10:30", "11:00", "11:30")
STARTS = tuple(paris(f"{day} {hour}") for day in DAYS for hour in HALF_HOURS)
SEATS = 3
MORE_USAGERS = 4
STEP_FREE = 3  # of these, who need the one office on the ground floor: whoever sits there makes way


def store(folder: Path, port: int | None, seed: int, clients: int, protected: bool) -> Plan:
    """Store them in the current application's database, set the clock and write the plan."""
    cast = build_cast()
    set_on(AppointmentType, cast.consultation, capacity=SEATS)
    usagers = [cast.diallo, cast.kone, *add_usagers(MORE_USAGERS)]
    for usager in usagers[-STEP_FREE:]:
        set_on(Usager, usager, step_free=True)
    plan = Plan(
        folder=str(folder),
        seed=seed,
        protected=protected,
        port=port,
        agents={f"clerk{n}": _agent(f"clerk{n}") for n in range(clients)},
        types={"entretien": cast.entretien, "consultation": cast.consultation, "appel": cast.appel},
        professionals={"roux": cast.roux, "diop": cast.diop, "lenoir": cast.lenoir},
        rooms={"B1": cast.b1, "B2": cast.b2, "C1": cast.c1},
        usagers=usagers,
    )
    shifting.set_to(plan.clock, BEGINS)
    plan.write()
    return plan


def _agent(login: str) -> int:
    """Somebody who can sign in, whatever the clock is set to."""
    agent_id = credentials.create_agent(login, "Accueil", BEGINS)
    link = credentials.issue_link(agent_id, BEGINS)
    return credentials.use_link(link, PASSWORD, BEGINS + timedelta(minutes=1))
