"""An absence or a closure with what becomes of each appointment in its way: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.errors import AppointmentClosed, Invalid, NotDisplaced, SlotUnavailable
from booking.reservations import answering, asking, changing, ending, impact, moving, store
from booking.reservations.changing import Changed
from booking.reservations.commands import Act, Cancel, Move, Outcome
from booking.reservations.holds import expire
from booking.reservations.impact import Absent, Cause, Closed
from booking.reservations.state import State
from booking.resources import lock_people
from booking.slots import planning

Otherwise = Literal["cancelled", "left_alone"]


@dataclass(frozen=True)
class Moved:
    """To another start, other professionals or another room; None keeps what there is, or lets the room be chosen."""

    start: datetime | None = None
    professional_ids: frozenset[int] | None = None
    room_id: int | None = None


@dataclass(frozen=True)
class Decision:
    """What becomes of one appointment, at the version that the person saw; None accepts any."""

    uid: str
    version: int | None
    fate: Moved | Otherwise


@dataclass(frozen=True)
class Displace:
    """Store an absence or a closure, and carry out a decision for every appointment that it hits."""

    key: str
    cause: Cause
    decisions: tuple[Decision, ...] = ()


def displace(command: Displace, act: Act) -> tuple[Outcome, ...]:
    """Store the absence or the closure and do all that was decided; the outcomes come in the order of the decisions.

    Raises NotDisplaced, which names each appointment that cannot become what was decided: because it changed, because
    nothing was decided about it, or by the rule that forbids its move. Raises Invalid as `planning.add_absence` and
    `add_closure`, « decided_twice » and « too_many_hits », NotFound and KeyReused. Nothing is written then.
    """
    uids = [each.uid for each in command.decisions]
    if len(set(uids)) != len(uids):
        raise Invalid("uid", "decided_twice")
    for each in command.decisions:
        if isinstance(each.fate, Moved) and each.fate.start is not None:
            asking.check_start(each.fate.start)
    return in_transaction(lambda session: _displace(session, command, act), key=command.key)


def _displace(session: Session, command: Displace, act: Act) -> tuple[Outcome, ...]:
    before = {uid: store.locked(session, uid) for uid in sorted(each.uid for each in command.decisions)}
    _lock_people(session, command, before.values())
    if isinstance(command.cause, Closed):
        planning.lock_place(session, command.cause.site_id, command.cause.room_id)
    if (done := answering.all_replayed(session, command)) is not None:
        return done
    expire(session, act.now)
    act = replace(act, reason="professional_absent" if isinstance(command.cause, Absent) else "closed")
    _store(session, command.cause, act.now)
    _check_foreseen(session, command, before, act.now)
    after = _carry_out(session, command, before, act)
    return answering.answer_all(session, command, [after[each.uid] for each in command.decisions], act)


def _lock_people(session: Session, command: Displace, states: Collection[State]) -> None:
    """Lock everybody at once: who is absent or receives there, who takes part, who is to take over."""
    fates = (each.fate for each in command.decisions)
    wanted = {key for fate in fates if isinstance(fate, Moved) for key in fate.professional_ids or ()}
    present = {key for state in states for key in state.professional_ids}
    usagers = {key for state in states for key in state.attendance}
    lock_people(session, wanted | present | _concerned(session, command.cause), usagers)


def _concerned(session: Session, cause: Cause) -> set[int]:
    if isinstance(cause, Absent):
        return {cause.professional_id}
    return set() if cause.room_id is not None else set(planning.receiving_at(session, cause.site_id))


def _store(session: Session, cause: Cause, now: datetime) -> None:
    """Store it first: what moves is decided by rules that know of it. Locks the rooms that close, after the people."""
    if isinstance(cause, Absent):
        planning.store_absence(session, cause.professional_id, cause.start, cause.end, now)
    else:
        planning.store_closure(session, cause.site_id, cause.room_id, cause.start, cause.end, cause.label, now)


def _check_foreseen(session: Session, command: Displace, before: Mapping[str, State], now: datetime) -> None:
    """Refuse unless what is hit is what was decided about, as it was seen. Nothing can be added to it any more."""
    hit = {state.uid for state in impact.hits(session, command.cause, now)}
    versions = {each.uid: each.version for each in command.decisions}
    refused = dict.fromkeys(sorted(hit - versions.keys()), "appeared")
    for uid, version in versions.items():
        if uid not in hit or version not in (None, before[uid].version):
            refused[uid] = "changed"
    if refused:
        raise NotDisplaced(refused)


def _carry_out(session: Session, command: Displace, before: Mapping[str, State], act: Act) -> dict[str, State]:
    """What each becomes. Those that are cancelled or go to another time give theirs back first."""
    store.release(session, [before[each.uid].id for each in command.decisions if _goes_away(each, before[each.uid])])
    after, refused = dict(before), {}
    for decision in command.decisions:
        state = before[decision.uid]
        try:
            changed = _changed(session, state, decision, command.key, act)
        except SlotUnavailable as refusal:
            refused[state.uid] = refusal.rule
        except Invalid as refusal:
            refused[state.uid] = refusal.rule
        except AppointmentClosed:
            refused[state.uid] = "begun"
        else:
            if changed is not None:
                changing.write(session, state, changed, act)
                after[state.uid] = changed.after
    if refused:
        raise NotDisplaced(refused)
    return after


def _goes_away(decision: Decision, state: State) -> bool:
    if isinstance(decision.fate, Moved):
        return decision.fate.start not in (None, state.starts_at)
    return decision.fate == "cancelled"


def _changed(session: Session, state: State, decision: Decision, key: str, act: Act) -> Changed | None:
    if isinstance(decision.fate, Moved):
        fate = decision.fate
        move = Move(key, state.uid, fate.start, fate.professional_ids, fate.room_id)
        return moving.moved(session, state, move, act)
    if decision.fate == "cancelled":
        return ending.cancelled(session, state, Cancel(key, state.uid, "service"), act)
    return None
