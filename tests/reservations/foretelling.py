"""What the model says of each command: how it may be refused, or what it leaves. See tests/reservations/model.py."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from tests.reservations.building import CELL, KINDS
from tests.reservations.model import NONE, STEPS, WAIVERS, Done, Foretold, Given, Left, Model, slot
from tests.reservations.visit import (
    GONE,
    Visit,
    Wish,
    leads_of,
    people_refusals,
    room_refusals,
    seat_refusals,
)

CLOSED = "AppointmentClosed:"
GONE_BY = {"usager": "excused", "service": "revoked"}


def book(model: Model, wish: Wish, hold: int = NONE) -> Foretold:
    """Who may be received for what, where and when; what the hold keeps is theirs."""
    nobody = set() if wish.usagers or wish.visit.seats else {"Invalid:required"}
    refusals, rooms = asked(model, wish, hold)
    booked = Done(len(model.visits), wish.visit, "booked", "booked", wish.visit.here, wish.room is not None)
    told = foretold(
        nobody | refusals, rooms, lambda given: [replace(booked, visit=replace(booked.visit, room=given[0]))]
    )
    return replace(told, ends=hold)


def asked(model: Model, wish: Wish, hold: int = NONE) -> tuple[set[str], set[str | None]]:
    """How a wish may be refused, and the rooms it may have, as if a hold kept nothing."""
    model, visit = without(model, hold), wish.visit
    no = people_refusals(visit, [wish.lead]) | room_refusals(visit, wish.room) | seat_refusals(visit)
    if len(set(wish.usagers)) < len(wish.usagers):
        no.add("Invalid:twice")
    if "walk_in" in wish.waived and wish.start != model.now - model.now % CELL:
        no.add("Invalid:not_now")
    rules = set().union(*(WAIVERS[each] for each in wish.waived))
    refusals, rooms = model.placed(visit, [wish.lead], (), rules, wish.room)
    return _with_slot(no, refusals), rooms


def without(model: Model, hold: int) -> Model:
    """The same, as if a hold kept nothing."""
    return replace(model, holds={number: kept for number, kept in model.holds.items() if number != hold})


def move(
    model: Model,
    number: int,
    version: int | None,
    start: int | None,
    who: Collection[str] | None,
    room: str | None,
    kind: str | None,
    minutes: int | None,
) -> Foretold:
    """Anything about it may change, until it is over; once somebody has come, it starts when it does."""
    before = model.visits[number]
    no = stale(before, version)
    first = before.start if start is None else start
    after = replace(
        before,
        kind=kind or before.kind,
        start=first,
        end=first + (before.end - before.start if minutes is None else minutes),
        who=before.who if who is None else frozenset(who),
    )
    if after.kind != before.kind:
        after = replace(after, seats=KINDS[after.kind].seats)
    if minutes is not None and not (5 <= minutes <= 480):
        return Foretold(no | {"Invalid:out_of_range"})
    if minutes is not None and minutes % CELL:
        return Foretold(no | {"Invalid:not_on_grid"})
    if not after.who:
        return Foretold(no | {"Invalid:required"})
    if after == before and (room is None or (room == before.room and before.pinned)):
        no.add("Invalid:unchanged")
    if before.cancelled_by or before.over or (before.begun and after.start != before.start):
        no.add(CLOSED)
    no |= people_refusals(after, leads_of(after)) | room_refusals(after, room)
    if after.kind != before.kind:
        no |= seat_refusals(after)
    refusals, rooms = _moved_to(model, number, after, room)
    named = room is not None
    return foretold(_with_slot(no, refusals), rooms, lambda given: [moved(number, before, after, given[0], named)])


def _moved_to(model: Model, number: int, after: Visit, room: str | None) -> tuple[set[str], set[str | None]]:
    """The present room is kept when it may; whoever asks for nothing more than they have keeps it in any case."""
    before = model.visits[number]
    less = (after.kind, after.start) == (before.kind, before.start)
    if less and after.end <= before.end and after.who <= before.who:
        if room in (None, before.room):
            return set(), {before.room}
        free = model.free_rooms(after, {number})
        return (set(), {room}) if room in free else ({slot("no_room")}, set())
    refusals, rooms = model.placed(after, leads_of(after), {number}, _same_start(before, after), room)
    return refusals, kept(before.room, rooms)


def swap(model: Model, one: int, other: int, one_version: int | None, other_version: int | None) -> Foretold:
    """Both or neither; each is judged where the other was, once neither takes anything there."""
    if one == other:
        return Foretold({"Invalid:itself"})
    this, that = model.visits[one], model.visits[other]
    no = stale(this, one_version) | stale(that, other_version)
    if any(each.cancelled_by or each.begun for each in (this, that)):
        no.add(CLOSED)
    visits = {n: visit for n, visit in model.visits.items() if n not in (one, other)}
    neither = replace(model, visits=visits, direct=True)
    refusals, firsts = _in_place(neither, this, that)
    given: set[Given] = set()
    for room in firsts:
        # The second sees the first where it has gone; whether there is a room for it may depend on the first's.
        first = replace(neither, visits=neither.visits | {one: replace(_going(this, that), room=room)})
        more, seconds = _in_place(first, that, this)
        refusals |= more
        given |= {(room, each) for each in seconds}
    return Foretold(
        no | refusals,
        set() if no else given,
        lambda rooms: [
            moved(one, this, _going(this, that), rooms[0]),
            moved(other, that, _going(that, this), rooms[1]),
        ],
    )


def _going(visit: Visit, place: Visit) -> Visit:
    return replace(visit, start=place.start, end=place.start + visit.end - visit.start, who=place.who)


def _in_place(model: Model, before: Visit, place: Visit) -> tuple[set[str], set[str | None]]:
    visit = _going(before, place)
    people = people_refusals(visit, leads_of(visit))
    refusals, rooms = model.placed(visit, leads_of(visit), (), _same_start(before, visit), None)
    return people | refusals, set() if people else kept(place.room, rooms)


def cancel(model: Model, number: int, version: int | None, by: str) -> Foretold:
    """Nobody takes part any more, and nothing is taken."""
    before = model.visits[number]
    no = stale(before, version)
    if before.cancelled_by or before.begun:
        no.add(CLOSED)
    after = replace(
        before,
        cancelled_by=by,
        steps={**before.steps, **dict.fromkeys(before.here, GONE_BY[by])},
        steps_before=before.steps,
        notices=before.noticed(before.here),
        version=before.version + 1,
        sequence=before.sequence + 1,
    )
    return foretold(no, {before.room}, lambda _: [Done(number, after, "cancelled", "cancelled", before.here)])


def restore(model: Model, number: int, version: int | None) -> Foretold:
    """As it was when it was cancelled, if it could be booked now."""
    before = model.visits[number]
    no = stale(before, version)
    if not before.cancelled_by:
        return Foretold(no | {"Invalid:not_cancelled"})
    after = replace(before, cancelled_by=None, steps=before.steps_before, version=before.version + 1)
    refusals, rooms = model.placed(after, leads_of(after), (), {"desk_lead_time"}, None)
    after = replace(after, notices=before.noticed(after.here), sequence=before.sequence + 1)
    return foretold(
        no | refusals,
        kept(before.room, rooms),
        lambda given: [Done(number, replace(after, room=given[0]), "restored", "booked", after.here)],
    )


def record_attendance(model: Model, number: int, version: int | None, usager: str, step: str) -> Foretold:
    """A step for one of those who take part; feeds and messages do not show it."""
    before = model.visits[number]
    no = stale(before, version)
    if before.cancelled_by or before.steps.get(usager) in GONE:
        no.add(CLOSED)
    if usager not in before.steps:
        no.add("NotFound:usager")
    if step not in STEPS:
        return Foretold(no | {"Invalid:unsupported"})
    early, late = STEPS[step]
    if early is not None and model.now < before.start - early:
        no.add("Invalid:too_early")
    if late is not None and model.now > before.end + late:
        no.add("Invalid:too_late")
    after = replace(before, steps={**before.steps, usager: step}, version=before.version + 1)
    return foretold(no, {before.room}, lambda _: [Done(number, after, "attendance")])


def moved(number: int, before: Visit, after: Visit, room: str | None, named: bool = False) -> Done:
    """Usagers are told of another time or way to meet; calendars also show the end and the room."""
    after = replace(after, room=room)
    told = (after.start, after.by_phone) != (before.start, before.by_phone)
    shown = told or (after.end, after.room) != (before.end, before.room)
    only_room = replace(after, room=before.room) == before
    visit = replace(
        after,
        version=before.version + 1,
        sequence=before.sequence + shown,
        notices=before.noticed(before.here if told else ()),
    )
    if told:
        return Done(number, visit, "moved", "moved", before.here, named)
    return Done(number, visit, "room_changed" if only_room else "changed", named=named)


def foretold(refusals: set[str], rooms: set[str | None], done: Callable[[Given], list[Done]]) -> Foretold:
    """It is refused as soon as anything stands in the way."""
    return Foretold(refusals, set() if refusals else {(room,) for room in rooms}, done)


def _with_slot(no: set[str], refusals: set[str]) -> set[str]:
    """A room that does not fit is refused as such, not as one that is taken."""
    unfit = "SlotUnavailable:room_unfit" in no
    return no | (refusals - {slot("no_room")} if unfit else refusals)


def stale(visit: Visit, version: int | None) -> set[str]:
    return set() if version in (None, visit.version) else {"StaleVersion:"}


def _same_start(before: Visit, after: Visit) -> set[str]:
    """What is there already may have begun."""
    return {"past", "desk_lead_time"} if before.start == after.start else set()


def kept(room: str | None, rooms: set[str | None]) -> set[str | None]:
    """The present room when it may be kept; of those that others leave, any."""
    return {room} if room in rooms and not isinstance(rooms, Left) else rooms
