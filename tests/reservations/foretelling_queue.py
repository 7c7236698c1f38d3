"""What the model says of the waiting list: who may wait, and what is proposed to whom. See queue.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.reservations import foretelling, foretelling_seats
from tests.reservations.building import CELL, DAY, HOURS, KINDS, NAMESPACES, OPENINGS, PROFESSIONS, cells, does
from tests.reservations.model import NONE, Foretold, Model
from tests.reservations.queue import Wait
from tests.reservations.visit import Visit, Wish

MOST, OF_THE_LIST = 3, 3  # standing entries of one usager; slots kept for all who wait, in the machine's building
CALLED_WITHIN = 30  # minutes in which the building is open
FARTHEST = 366  # days


@dataclass(frozen=True)
class Suits:
    """What suits somebody who waits: what its hold keeps, with the rooms that it may have."""

    start: int
    visit: Visit
    rooms: set[str | None]
    lead: str | None = None
    session: int | None = None


def wait(model: Model, wish: Wait) -> Foretold:
    """What may be met, by somebody whom the service receives, who does not wait for it or for too much already."""
    no = _session_refusals(model, wish) if wish.session is not None else _wish_refusals(wish, model.now // DAY)
    if NAMESPACES[wish.usager] not in (None, KINDS[wish.kind].service):
        no.add("NotFound:usager")
    theirs = [each for each in model.waits.values() if each.stands and each.usager == wish.usager]
    if any(each.same(wish) for each in theirs):
        no.add("Invalid:waits_already")
    if len(theirs) >= MOST:
        no.add("Invalid:waits_for_too_much")
    return Foretold(no)


def _session_refusals(model: Model, wish: Wait) -> set[str]:
    visit = model.visits[wish.session or 0]
    no = set() if visit.seats else {"Invalid:not_a_session"}
    if visit.cancelled_by or visit.start <= model.now:
        no.add("AppointmentClosed:")
    return no | ({"Invalid:already"} if wish.usager in visit.here else set())


def _wish_refusals(wish: Wait, today: int) -> set[str]:
    (first, last), (starts, ends), no = wish.days, wish.hours, set[str]()
    if last < first or ends <= starts:
        no.add("Invalid:end_before_start")
    if last < today:
        no.add("Invalid:past")
    if abs(first - today) > FARTHEST or abs(last - today) > FARTHEST or not 0 <= starts <= DAY or not 0 <= ends <= DAY:
        no.add("Invalid:out_of_range")
    if starts % CELL or ends % CELL:
        no.add("Invalid:not_on_grid")
    if not any(1 + day % 7 in (wish.weekdays or range(1, 8)) for day in range(max(first, today), last + 1)):
        no.add("Invalid:no_such_day")
    if wish.lead is not None and not does(wish.lead, wish.kind):
        no.add("Invalid:not_qualified")
    return no


def lapse(model: Model) -> None:
    """What can no longer be given is given back, and nobody waits for what is past."""
    for hold, offer in list(model.offers.items()):
        if model.fate(hold) == "pending":
            gone = _hindered(model, model.holds[hold].visit) if offer.session is None else _changed(model, hold)
            if gone:
                model.end(hold, "lapsed")
    for number, wait in model.waits.items():
        if wait.stands and model.proposed(number) == NONE and _past(model, wait):
            model.stop(number, "expired")


def _changed(model: Model, hold: int) -> bool:
    offer = model.offers[hold]
    visit = model.visits[offer.session or 0]
    kind = model.waits[offer.wait].kind
    return bool(visit.cancelled_by) or (visit.start, visit.kind) != (offer.start, kind)


def _hindered(model: Model, visit: Visit) -> bool:
    """Whether its professional is absent then, or it has no place any more."""
    away = any(who in visit.who and visit.wide & cells(first, last) for who, first, last in model.absences.values())
    shut = any(
        room in (None, visit.room) and visit.wide & cells(first, last) for room, first, last in model.closures.values()
    )
    return away or shut


def _past(model: Model, wait: Wait) -> bool:
    if wait.session is None:
        return wait.days[1] < model.now // DAY
    return model.visits[wait.session].start <= model.now


def full(model: Model) -> bool:
    """Whether as much is kept for those who wait as may be."""
    return sum(model.fate(hold) == "pending" for hold in model.offers) >= OF_THE_LIST


def first_that_suits(model: Model, number: int) -> Suits | None:
    """The first start, or seat, that suits who waits, is free and was not proposed to them yet."""
    wait = model.waits[number]
    before = {(each.start, each.lead, each.session) for each in model.offers.values() if each.wait == number}
    collective = wait.session is not None or KINDS[wait.kind].seats
    found = _seats(model, wait) if collective else _slots(model, wait)
    return next((each for each in found if (each.start, each.lead, each.session) not in before), None)


def _slots(model: Model, wait: Wait) -> Iterator[Suits]:
    """On each lattice, the earliest first; at one start, the professional who was taken on first."""
    leads = [who for who in PROFESSIONS if does(who, wait.kind) and wait.lead in (None, who)]
    everywhere = [
        (start, leads.index(who), who)
        for who, opens, closes in OPENINGS
        if who in leads
        for start in range(opens, closes, KINDS[wait.kind].step)
    ]
    for start, _, lead in sorted(everywhere):
        wish = Wish(wait.kind, lead, start, (wait.usager,))
        if wait.may_begin(start):
            refusals, rooms = foretelling.asked(model, wish)
            if not refusals:
                yield Suits(start, wish.visit, rooms, lead=lead)


def _seats(model: Model, wait: Wait) -> Iterator[Suits]:
    for number, visit in sorted(model.visits.items(), key=lambda pair: (pair[1].start, pair[0])):
        wanted = number == wait.session if wait.session is not None else _meets(wait, visit)
        if wanted and visit.start > model.now and visit.kind == wait.kind and _may_join(model, number, wait.usager):
            seat = replace(visit, who=frozenset(), room=None, steps={wait.usager: "expected"}, notices={})
            yield Suits(visit.start, seat, {None}, session=number)


def _meets(wait: Wait, visit: Visit) -> bool:
    return wait.may_begin(visit.start) and (wait.lead is None or wait.lead in visit.who)


def _may_join(model: Model, number: int, usager: str) -> bool:
    """Somebody who may be proposed a seat could take it at once."""
    return model.visits[number].seats is not None and not foretelling_seats.seat(model, number, None, usager).refusals


def kept_until(model: Model, start: int) -> int:
    """As long as it takes to call them while the building is open, and no longer than until it starts."""
    left = CALLED_WITHIN
    for minute in range(model.now, start):
        shut = any(room is None and first <= minute < last for room, first, last in model.closures.values())
        if not shut and any(opens <= minute < closes for opens, closes in HOURS):
            left -= 1
        if not left:
            return minute + 1
    return start
