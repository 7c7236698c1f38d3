"""What makes no sense is refused by the engine, the command line and the screens alike: in French, nothing written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from booking.db import db
from booking.refusals import sentence
from booking.reservations import Book, book
from booking.schema import metadata
from booking.slots.models import AppointmentType
from tests.builders import Cast, act, rows_of, set_on
from tests.cli.running import run
from tests.reservations.nonsense import BAD, NINE, Address, Bad, Line, Stage
from tests.web.browsing import Browser


@pytest.fixture
def stage(app: Flask, cast: Cast, bad: Bad) -> Stage:
    """What is booked before."""
    uid = book(Book("1", cast.entretien, NINE, cast.roux, cast.diallo), act()).uid
    set_on(AppointmentType, cast.appel, capacity=3)
    session = book(Book("2", cast.appel, NINE + timedelta(hours=1), cast.diop, cast.kone), act()).uid
    found = Stage(cast, uid, session)
    bad.before(found)
    return found


@pytest.fixture
def now(bad: Bad) -> Iterator[None]:
    """The hands of the clock stand where the demand is made."""
    with time_machine.travel(bad.now, tick=False):
        yield


def rows() -> dict[str, int]:
    counts = rows_of(db.session(), metadata)
    db.session.remove()
    return counts


@pytest.mark.parametrize("bad", BAD, ids=[bad.name for bad in BAD])
def test_by_the_engine(bad: Bad, stage: Stage) -> None:
    before = rows()
    with pytest.raises(bad.error) as refusal:
        bad.engine(stage)
    assert bad.said in sentence(refusal.value)
    assert rows() == before


TYPED = [(bad, bad.line) for bad in BAD if bad.line]


@pytest.mark.parametrize(("bad", "line"), TYPED, ids=[bad.name for bad, _ in TYPED])
def test_by_a_command(app: Flask, bad: Bad, line: Line, stage: Stage, now: None) -> None:
    before = rows()
    result = run(app, *line(stage))
    assert (result.exit_code, result.stdout) == (bad.code, "")
    assert bad.said in result.stderr
    assert rows() == before


SHOWN = [(bad, bad.address) for bad in BAD if bad.address]


@pytest.mark.parametrize(("bad", "address"), SHOWN, ids=[bad.name for bad, _ in SHOWN])
def test_by_a_page(app: Flask, bad: Bad, address: Address, stage: Stage, now: None) -> None:
    db.session.remove()
    amina = Browser(app.test_client())
    amina.sign_in_again(stage.cast.amina)
    before = rows()
    page = amina.post(address(stage), bad.values(stage)) if bad.values else amina.get(address(stage))
    assert page.status == bad.status
    assert (bad.page_says or bad.said) in page.text
    assert rows() == before
