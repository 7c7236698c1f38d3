"""An absence or a closure given to the engine and to the model: what it hits, and what becomes of that."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from booking.db import db, execute
from booking.reservations import impact
from booking.reservations.displacing import Decision, Displace, Moved, displace
from booking.reservations.impact import Absent, Closed, Destination, Hit
from booking.slots.models import Absence, Closure
from tests.reservations import foretelling_impact
from tests.reservations.comparing import Comparison
from tests.reservations.foretelling_impact import Cause, Decided, Goes
from tests.reservations.house import minute_of, moment
from tests.reservations.model import Foretold

_LAST = {model: sa.select(sa.func.max(model.id)) for model in (Absence, Closure)}


def preview(both: Comparison, cause: Cause) -> list[list[Goes]]:
    """What is hit, with where each could go, which must be possible; so must their first ones be, while rooms last."""
    both.agreed = False
    no = cause.refusals(both.model) - {"Invalid:overlaps"}
    session = db.session()
    session.rollback()
    _, hits = both.tried("impact", lambda: impact.of(session, said(both, cause), both.act()), Foretold(no))
    session.rollback()
    if hits is None:
        both.compare()
        return []
    numbers = foretelling_impact.hits(both.model, cause)
    assert [hit.uid for hit in hits] == [both.uid(number) for number in numbers]
    found = [_seen(both, cause, number, hit) for number, hit in zip(numbers, hits, strict=True)]
    if numbers:
        expected = foretelling_impact.destinations(both.model, cause, numbers[0])
        assert expected in (None, found[0]), f"{numbers[0]} could go to {expected}, not {found[0]}"
    firsts = [Decided(n, None, each[0] if each else "left_alone") for n, each in zip(numbers, found, strict=True)]
    together = foretelling_impact.displace(both.model, cause, firsts, lambda: None)
    rules = {rule for refused in together.refused for each in refused.values() for rule in each}
    assert rules <= {"no_room"}, f"{firsts} together: {together.refused}"
    both.compare()
    return found


def _seen(both: Comparison, cause: Cause, number: int, hit: Hit) -> list[Goes]:
    """Where one could go, each of which the model must allow by itself."""
    visit, keys = both.model.visits[number], both.home.keys
    then = cause.store(both.model, -1)
    assert (hit.version, minute_of(hit.start), minute_of(hit.end)) == (visit.version, visit.start, visit.end)
    assert hit.professional_ids == {keys[who] for who in visit.who}
    assert hit.usager_ids == {keys[who] for who in visit.here}
    assert hit.room_id == (None if visit.room is None else keys[visit.room])
    found = [_goes(both, each) for each in hit.destinations]
    for each in found:
        refusals = foretelling_impact.goes(then, number, each).refusals
        assert not refusals, f"{number} cannot go to {each}: {refusals}"
    return found


def _goes(both: Comparison, destination: Destination) -> Goes:
    people = destination.professional_ids
    return Goes(
        minute_of(destination.start),
        None if people is None else frozenset(map(both.home.name, people)),
        None if destination.room_id is None else both.home.name(destination.room_id),
    )


def said(both: Comparison, cause: Cause) -> Absent | Closed:
    """The cause as the engine is told it."""
    span = moment(cause.start), moment(cause.end)
    if cause.who:
        return Absent(both.home.keys[cause.who], *span)
    return Closed(both.home.site, None if cause.room is None else both.home.keys[cause.room], *span, "Travaux")


def carry_out(both: Comparison, cause: Cause, decided: Sequence[Decided], reused: bool) -> None:
    """Store it and do all that was decided, or nothing."""
    decisions = tuple(_decision(both, each) for each in decided)
    command = Displace(both.key(reused), said(both, cause), decisions)
    foretold = foretelling_impact.displace(both.model, cause, decided, lambda: _keep(both, cause))
    both.run(displace, command, foretold, kept="professional_absent" if cause.who else "closed")


def _decision(both: Comparison, decided: Decided) -> Decision:
    fate, keys = decided.fate, both.home.keys
    if isinstance(fate, Goes):
        fate = Moved(
            None if fate.start is None else moment(fate.start),
            None if fate.who is None else frozenset(keys[who] for who in fate.who),
            None if fate.room is None else keys[fate.room],
        )
    return Decision(both.uid(decided.number), decided.version, fate)


def _keep(both: Comparison, cause: Cause) -> None:
    """Note it under the key that it has in the database."""
    key = execute(db.session(), _LAST[Absence if cause.who else Closure]).scalar_one()
    known = cause.store(both.model, key)
    both.model.absences, both.model.closures = known.absences, known.closures
    if cause.who:
        both.model.feeds[cause.who] += 1
