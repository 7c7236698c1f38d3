"""A client that drives the engine in its own process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import exc

from bench.races.journal import NOTHING_WRITTEN, Answer, Order
from bench.races.looking import let_go
from bench.races.plan import Plan
from booking import clock, messages, reservations
from booking.db import is_unavailable
from booking.errors import BookingError, DatabaseUnavailable
from booking.refusals import sentence
from booking.reservations import series
from booking.reservations.commands import (
    Act,
    Book,
    Cancel,
    Join,
    Leave,
    Move,
    Outcome,
    RecordAttendance,
    Restore,
    Swap,
)
from booking.reservations.holding import Held

Done = Outcome | Held | Sequence[Outcome]


class InProcess:
    """Sends orders to the engine as an edge would."""

    def __init__(self, plan: Plan, login: str) -> None:
        self.plan, self.agent_id = plan, plan.agents[login]

    def send(self, order: Order) -> Answer:
        """Carry it out; whatever happens is an answer."""
        act = Act(now=clock.now(), origin="cli", tell=messages.file, agent_id=self.agent_id)
        try:
            return _answer(self._carry_out(order, act))
        except DatabaseUnavailable as refusal:
            return Answer("unknown", "perhaps written" if refusal.unsure else NOTHING_WRITTEN)
        except BookingError as refusal:
            sentence(refusal)  # an edge would say it: one without words is a bug
            return Answer("refused", _rule(refusal))
        except (exc.DBAPIError, exc.TimeoutError) as error:
            gone = isinstance(error, exc.TimeoutError) or is_unavailable(error)
            return Answer("unknown" if gone else "failed", f"{type(error).__name__}: {error}"[:500])
        except Exception as error:
            return Answer("failed", f"{type(error).__name__}: {error}"[:500])
        finally:
            let_go()

    def _carry_out(self, order: Order, act: Act) -> Done:
        use_case, command = self._command(order)
        return use_case(command, act)

    def _command(self, order: Order) -> tuple[Callable[[Any, Act], Done], Any]:
        key, what = order.key, order.what
        uid, version = what.get("uid", ""), what.get("version")
        match order.kind:
            case "book" | "open":
                return reservations.book, self._book(order)
            case "hold":
                return reservations.hold, self._book(order)
            case "series":
                starts = tuple(datetime.fromisoformat(start) for start in what["starts"])
                return series.book_series, series.BookSeries(key, self._book(order), starts)
            case "move" | "room" | "people" | "duration":
                return reservations.move, self._move(order)
            case "swap":
                return reservations.swap, Swap(key, uid, what["other"], version, what["other_version"])
            case "cancel":
                return reservations.cancel, Cancel(key, uid, what["by"], version)
            case "restore":
                return reservations.restore, Restore(key, uid, version)
            case "join":
                return reservations.join, Join(key, uid, what["usager"], version)
            case "leave":
                return reservations.leave, Leave(key, uid, what["usager"], what["by"], version)
            case "attend":
                step = what["attendance"]
                return reservations.record_attendance, RecordAttendance(key, uid, what["usager"], step, version)
            case "cancel_series":
                return series.cancel_series, series.CancelSeries(key, uid, what["scope"], what["by"], version)
            case "move_series":
                start = datetime.fromisoformat(what["start"])
                return series.move_series, series.MoveSeries(key, uid, what["scope"], start, version)
        raise ValueError(order.kind)

    def _book(self, order: Order) -> Book:
        what = order.what
        return Book(
            order.key,
            self.plan.types[what["type"]],
            datetime.fromisoformat(what["start"]),
            self.plan.professionals[what["professional"]],
            what["usager"],
            hold=what.get("hold"),
        )

    def _move(self, order: Order) -> Move:
        what = order.what
        people = [self.plan.professionals[code] for code in what.get("people", ())]
        return Move(
            order.key,
            what["uid"],
            start=datetime.fromisoformat(what["start"]) if "start" in what else None,
            professional_ids=frozenset(people) or None,
            room_id=self.plan.rooms[what["room"]] if "room" in what else None,
            duration=what.get("duration"),
            version=what["version"],
        )


def _answer(done: Done) -> Answer:
    if isinstance(done, Held):
        return Answer("confirmed", stands={done.uid: None}, replayed=done.replayed)
    outcomes = [done] if isinstance(done, Outcome) else done
    replayed = any(each.replayed for each in outcomes)
    return Answer("confirmed", stands={each.uid: each.version for each in outcomes}, replayed=replayed)


def _rule(refusal: BookingError) -> str:
    """The class of a refusal, and which rule where there are many."""
    rule = getattr(refusal, "rule", None)
    return f"{type(refusal).__name__} {rule}" if rule else type(refusal).__name__
