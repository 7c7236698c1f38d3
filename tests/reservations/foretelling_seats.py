"""What the model says of who joins an appointment, and of who leaves it. See tests/reservations/foretelling.py."""

from __future__ import annotations

from dataclasses import replace

from tests.reservations.foretelling import CLOSED, GONE_BY, foretold, stale, without
from tests.reservations.model import NONE, Done, Foretold, Model, slot
from tests.reservations.visit import fits, leads_of, people_refusals


def join(model: Model, number: int, version: int | None, usager: str, hold: int = NONE) -> Foretold:
    """Who names a seat that is kept has it; who names none has the one that is proposed to them, if there is one."""
    no = set() if hold == NONE or _keeps_a_seat(model, hold, number) else {"NotFound:proposal"}
    if hold == NONE and model.visits[number].seats is not None:
        hold = next((each for each in model.seats_kept(number) if model.waiter(each) == usager), NONE)
    told = seat(without(model, hold), number, version, usager)
    return replace(told, refusals=told.refusals | no, rooms=set() if no else told.rooms, ends=hold)


def seat(model: Model, number: int, version: int | None, usager: str) -> Foretold:
    """One more of them, who is free then; in another room only when the present one no longer fits."""
    before = model.visits[number]
    no = stale(before, version)
    if before.cancelled_by or before.over or before.end <= model.now:
        no.add(CLOSED)
    if usager in before.here:
        no.add("Invalid:already")
    if before.seats is not None and len(before.here) + len(model.seats_kept(number)) >= before.seats:
        no.add("SessionFull:")
    if any((usager, cell) in model.taken({number}) for cell in before.narrow):
        no.add(slot("usager_busy"))
    steps = {**before.steps, usager: "expected"}
    notices = {**before.notices, usager: before.notices.get(usager, -1) + 1}
    after = replace(before, steps=steps, notices=notices, version=before.version + 1, sequence=before.sequence + 1)
    no |= people_refusals(after, leads_of(after))
    rooms: set[str | None] = {before.room}
    if before.room and not fits(before.room, after):
        rooms = {*model.free_rooms(after, {number})}
    return foretold(
        no | (set() if rooms else {slot("no_room")}),
        rooms,
        lambda given: [Done(number, replace(after, room=given[0]), "joined", "booked", frozenset({usager}))],
    )


def _keeps_a_seat(model: Model, hold: int, session: int) -> bool:
    """Whether that was proposed, of this session as it is."""
    offer, visit = model.offers.get(hold), model.visits[session]
    if offer is None or offer.session != session:
        return False
    return (offer.start, model.waits[offer.wait].kind) == (visit.start, visit.kind)


def leave(model: Model, number: int, version: int | None, usager: str, by: str) -> Foretold:
    """One less of them, as long as somebody stays."""
    before = model.visits[number]
    if usager not in before.steps:
        return Foretold(stale(before, version) | {"NotFound:usager"})
    no = stale(before, version)
    if before.cancelled_by or before.steps[usager] != "expected":
        no.add(CLOSED)
    if before.here == {usager} and not before.seats:
        no.add("Invalid:last")
    after = replace(
        before,
        steps={**before.steps, usager: GONE_BY[by]},
        notices=before.noticed({usager}),
        version=before.version + 1,
        sequence=before.sequence + 1,
    )
    return foretold(no, {before.room}, lambda _: [Done(number, after, "left", "cancelled", frozenset({usager}))])
