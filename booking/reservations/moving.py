"""Moving: another time, other professionals, another room, type or duration; and exchanging two slots."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from booking.db import db, in_transaction
from booking.errors import AppointmentClosed, Invalid, SlotTaken, SlotUnavailable
from booking.reservations import answering, asking, changing, guests, store
from booking.reservations.changing import Changed, carried_out
from booking.reservations.commands import Act, Move, Outcome, Swap
from booking.reservations.holds import expire
from booking.reservations.state import Action, State
from booking.reservations.ways import making_way, room_for
from booking.resources import lock_people
from booking.rooms.fitting import fits
from booking.slots import availability, configuration, schedule
from booking.slots.configuration import Configuration
from booking.slots.facts import TypeFacts
from booking.slots.generator import Notice
from booking.slots.grid import CELL, to_cells
from booking.slots.offers import Question

CELL_MINUTES = CELL // 60
LONGEST_MINUTES = 480  # of a type, says its constraint; an appointment can become no longer
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Wanted:
    """Where an appointment is to go: its values as they would be, its room still to be found."""

    state: State
    known: Configuration
    kind: TypeFacts
    room_id: int | None

    def within(self, before: State) -> bool:
        """Whether it asks for nothing that the appointment does not have: the rules need not be asked again."""
        after = self.state
        return (
            after.starts_at == before.starts_at
            and after.ends_at <= before.ends_at
            and after.professional_ids <= before.professional_ids
            and after.type_id == before.type_id
        )


def move(command: Move, act: Act) -> Outcome:
    """Move an appointment, or change its professionals, its room, its type or its duration.

    The room it has is kept when it is free and fits; usagers are told only when the time, the site or the way to meet
    changes. Raises what `book` raises, StaleVersion when it changed since it was read, AppointmentClosed when it is
    cancelled or already took place.
    """
    if command.start is not None:
        asking.check_start(command.start)
    _check_duration(command.duration)
    try:
        return making_way(lambda session, act: _move(session, command, act), act, key=command.key)
    except SlotUnavailable as refusal:
        session = db.session()
        before = store.read(session, command.uid)
        if before.begun:
            raise  # whoever has arrived is given no other start
        wanted = _wanted(session, before, command)
        question = _question(session, before, wanted, act)
        raise asking.with_alternatives(session, refusal, question, wanted.state.starts_at, act.now) from None


def swap(command: Swap, act: Act) -> Outcome:
    """Exchange the slots of two appointments: start, professionals and, where it fits, room. Both or neither.

    Each keeps its usagers, its type and its duration. The outcome is that of the first. Raises what `move` raises, and
    Invalid for an appointment with itself.
    """
    if command.uid == command.other_uid:
        raise Invalid("other", "itself")
    return in_transaction(lambda session: _swap(session, command, act), key=command.key)


def same_again(session: Session, standing: State, act: Act) -> Question:
    """The question whose answer says whether an appointment could be given again as it is."""
    question = _question(session, standing, _as_it_is(session, standing), act)
    now = int(act.now.timestamp())
    return replace(question, notice=Notice(now=now, desk=now), direct=False)


def place_again(session: Session, standing: State, act: Act) -> int | None:
    """Check that an appointment can be given again as it is, and take its room, or another. Raises SlotUnavailable."""
    question = same_again(session, standing, act)
    verdict = asking.granted(session, question, standing.starts_at)
    return room_for(session, question, standing, verdict, act, standing.room_id)


def room_for_all(session: Session, standing: State, act: Act) -> int | None:
    """Its room while everybody fits into it, else another that is free and large enough. Raises SlotTaken."""
    question = _question(session, standing, _as_it_is(session, standing), act)
    if question.need is None:
        return None
    rooms = question.configuration.rooms_of([standing.site_id])
    if any(room.id == standing.room_id and fits(room, question.need) for room in rooms):
        return standing.room_id
    verdict = availability.decide(session, question, standing.starts_at)
    return room_for(session, question, standing, verdict, act)


def moved(session: Session, before: State, command: Move, act: Act) -> Changed:
    """What a move makes of an appointment, its people locked and its room taken. Raises what `move` raises."""
    lock_people(session, before.professional_ids | (command.professional_ids or frozenset()), before.attendance)
    wanted = _wanted(session, before, command)  # under the locks: openings may have changed while others held them
    _check_movable(before, wanted)
    if command.type_id is not None:
        for usager_id in before.present:
            guests.find(session, wanted.kind, usager_id)
    after = _placed(session, before, wanted, act)
    return Changed(_counted(before, after, act), _action(before, after), told="moved")


def _move(session: Session, command: Move, act: Act) -> Outcome:
    return carried_out(session, command, act, lambda session, before: moved(session, before, command, act))


def _wanted(session: Session, before: State, command: Move) -> Wanted:
    """Raises NotFound for an unknown type, Invalid for nobody to receive or nothing to change."""
    known = configuration.read(session)
    kind = known.type(command.type_id or before.type_id, even_retired=command.type_id is None)
    # In UTC: adding a duration to a wall time is an hour wrong where the clocks change.
    start = (command.start or before.starts_at).astimezone(UTC)
    length = before.length if command.duration is None else timedelta(minutes=command.duration)
    people = before.professional_ids if command.professional_ids is None else command.professional_ids
    if not people:
        raise Invalid("professional", "required")
    state = replace(before, starts_at=start, ends_at=start + length, professional_ids=people)
    if kind.id != before.type_id:
        before_minutes, after_minutes = kind.demand.before * CELL_MINUTES, kind.demand.after * CELL_MINUTES
        state = replace(
            state,
            type_id=kind.id,
            mode=kind.mode,
            buffer_before=before_minutes,
            buffer_after=after_minutes,
            capacity=kind.capacity,
        )
    named_already = command.room_id == before.room_id and before.room_pinned
    if state == before and (command.room_id is None or named_already):
        raise Invalid("start" if command.room_id is None else "room", "unchanged")
    return Wanted(state, known, kind, command.room_id)


def _as_it_is(session: Session, state: State) -> Wanted:
    """The wish to leave its type as it is, even retired, and to have any room."""
    known = configuration.read(session)
    return Wanted(state, known, known.type(state.type_id, even_retired=True), None)


def _check_duration(minutes: int | None) -> None:
    if minutes is None:
        return
    if not CELL_MINUTES <= minutes <= LONGEST_MINUTES:
        raise Invalid("duration", "out_of_range", minimum=CELL_MINUTES, maximum=LONGEST_MINUTES)
    if minutes % CELL_MINUTES:
        raise Invalid("duration", "not_on_grid")


def _check_movable(before: State, wanted: Wanted) -> None:
    """Somebody who has arrived can still be given another room, more time or a colleague, not another start."""
    if before.cancelled_at or before.over or (before.begun and wanted.state.starts_at != before.starts_at):
        raise AppointmentClosed
    if wanted.kind.id != before.type_id:
        guests.check_seats(wanted.kind.capacity, len(before.present))


def _placed(session: Session, before: State, wanted: Wanted, act: Act) -> State:
    """Check where it is to go and take a room there, the present one first if it is free."""
    question = _question(session, before, wanted, act)
    asking.check_room(session, question)
    if wanted.within(before):
        if wanted.state.professional_ids != before.professional_ids:
            asking.check_qualified(question)  # somebody who does the type stays
        return _in_other_room(session, before, wanted, question, act)
    asking.check_qualified(question)
    verdict = asking.granted(session, question, wanted.state.starts_at)
    room_id = room_for(session, question, wanted.state, verdict, act, before.room_id)
    return replace(wanted.state, site_id=verdict.site_id).in_room(room_id, named=wanted.room_id is not None)


def _in_other_room(session: Session, before: State, wanted: Wanted, question: Question, act: Act) -> State:
    """Change the room at the time it has; its professionals' openings may have changed since."""
    if wanted.room_id in (None, before.room_id):
        return wanted.state.in_room(before.room_id, named=wanted.room_id is not None)
    verdict = availability.decide(session, question, before.starts_at)
    if verdict.site_id != before.site_id or not verdict.room_ids:
        raise SlotTaken("no_room")
    return wanted.state.in_room(room_for(session, question, wanted.state, verdict, act), named=True)


def _question(session: Session, before: State, wanted: Wanted, act: Act) -> Question:
    """Ask for its own duration and buffers, as if it were not there. Whoever does the type may lead."""
    state = wanted.state
    demand = replace(
        wanted.kind.demand,
        duration=to_cells(state.length // MINUTE),
        before=to_cells(state.buffer_before),
        after=to_cells(state.buffer_after),
    )
    leads = wanted.known.qualified(wanted.kind, state.professional_ids)
    question = Question(
        configuration=wanted.known,
        kind=replace(wanted.kind, demand=demand, need=wanted.kind.need if state.mode == "in_person" else None),
        professional_ids=leads or sorted(state.professional_ids),
        # One lead has the others for colleagues; of several, each may lead with all.
        colleague_ids=state.professional_ids.difference(leads) if len(leads) == 1 else state.professional_ids,
        notice=availability.notice(wanted.kind, act.now),
        usager_ids=before.present,
        room_id=wanted.room_id,
        step_free=schedule.step_free_needed(session, before.present),
        persons=state.persons,
        ignoring=(before.id,),
        asked_at=int(act.now.timestamp()),
        staying=act.staying,
        direct=act.way is None,
    )
    if state.starts_at == before.starts_at:  # it may have begun: only what goes with it changes
        with_the_same = state.professional_ids == before.professional_ids  # who may have received a walk-in
        question = replace(question, notice=Notice(now=0, desk=0), on_call=with_the_same)
    return question


def _counted(before: State, after: State, act: Act) -> State:
    """The next version, its counters moved by what changed."""
    told = _told_of(before) != _told_of(after)
    in_calendars = (after.ends_at, after.room_id) != (before.ends_at, before.room_id)
    return replace(
        after,
        version=before.version + 1,
        updated_at=act.now,
        sequence=before.sequence + (told or in_calendars),
        notices=before.noticed(before.present if told else ()),
    )


def _told_of(state: State) -> tuple[datetime, int, str]:
    return state.starts_at, state.site_id, state.mode


def _action(before: State, after: State) -> Action:
    if _told_of(before) != _told_of(after):
        return "moved"
    only_room = replace(after, room_id=before.room_id, room_pinned=before.room_pinned) == before
    return "room_changed" if only_room else "changed"


def _swap(session: Session, command: Swap, act: Act) -> Outcome:
    # By uid, so that no two swaps wait for each other.
    read = {uid: store.locked(session, uid) for uid in sorted((command.uid, command.other_uid))}
    one, other = read[command.uid], read[command.other_uid]
    if (done := answering.replayed(session, command)) is not None:
        return done
    changing.check_version(one, command.version)
    changing.check_version(other, command.other_version)
    expire(session, act.now)
    for state in (one, other):
        if state.cancelled_at or state.begun:
            raise AppointmentClosed
    lock_people(session, one.professional_ids | other.professional_ids, {*one.attendance, *other.attendance})
    store.release(session, [one.id, other.id])
    act = act if act.reason else replace(act, reason="swap")
    changed = _exchanged(session, one, other, act)
    changing.write(session, one, changed, act)
    changing.write(session, other, _exchanged(session, other, one, act), act)
    return answering.answer(session, command, changed.after, act)


def _exchanged(session: Session, before: State, place: State, act: Act) -> Changed:
    """An appointment in the place of the other; both have given back what they take."""
    state = replace(
        before,
        starts_at=place.starts_at,
        ends_at=place.starts_at + before.length,
        professional_ids=place.professional_ids,
    )
    question = _question(session, before, _as_it_is(session, state), act)
    asking.check_qualified(question)
    verdict = asking.granted(session, question, state.starts_at)
    room_id = room_for(session, question, state, verdict, act, place.room_id)
    after = replace(state, site_id=verdict.site_id).in_room(room_id)
    return Changed(_counted(before, after, act), _action(before, after), told="moved")
