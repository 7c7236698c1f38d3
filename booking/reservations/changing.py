"""What every change of one appointment goes through: its row locked, its key, its version, its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from booking.db import in_transaction
from booking.errors import StaleVersion
from booking.reservations import answering, store
from booking.reservations.commands import Act, OfOne, Outcome
from booking.reservations.holds import expire
from booking.reservations.state import Action, Change, Reason, State


@dataclass(frozen=True)
class Changed:
    """What a command makes of an appointment, how history calls it, and what is told to those whose notice rose.

    `reason` is the one to keep when the act says none.
    """

    after: State
    action: Action
    told: Change | None = None
    reason: Reason | None = None


Decide = Callable[[Session, State], Changed]


def carry_out(command: OfOne, act: Act, decide: Decide) -> Outcome:
    """Change one appointment as `decide` says, in one transaction. Raises NotFound, KeyReused and StaleVersion."""
    return in_transaction(lambda session: carried_out(session, command, act, decide), key=command.key)


def carried_out(session: Session, command: OfOne, act: Act, decide: Decide) -> Outcome:
    """The same within the transaction of the caller; who may make way is locked with the appointment."""
    if act.movers:
        store.lock_rows(session, {command.uid, *act.movers})
    before = store.locked(session, command.uid)
    if (done := answering.replayed(session, command)) is not None:
        return done
    check_version(before, command.version)
    expire(session, act.now)
    changed = decide(session, before)
    write(session, before, changed, act)
    return answering.answer(session, command, changed.after, act)


def write(session: Session, before: State, changed: Changed, act: Act) -> None:
    """Store a change and file its messages."""
    act = replace(act, reason=act.reason or changed.reason)
    people = store.change(session, before, changed.after, changed.action, act, changed.told)
    if changed.told and people:
        act.tell(session, before.id, changed.told, people, act.now)


def check_version(before: State, expected: int | None) -> None:
    """Raise StaleVersion when the appointment changed since it was read; None accepts any version."""
    if expected is not None and expected != before.version:
        raise StaleVersion(expected, before.version)
