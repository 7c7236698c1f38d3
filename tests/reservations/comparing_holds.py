"""Holds given to the engine and to the model: what is kept, for how long, and by whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from booking.reservations import Book, Held, hold, release, renew
from tests.reservations.comparing import Comparison, Instead
from tests.reservations.house import minute_of, moment
from tests.reservations.model import HELD, HELD_IN_ALL, Foretold
from tests.reservations.visit import Kept, Wish


def keep(both: Comparison, command: Book, wish: Wish, agent: str, foretold: Foretold, instead: Instead) -> bool:
    """Whether it was granted now, under the next number: not when it was refused, nor when it was granted already."""
    both.agreed = False
    known = next((number for number in both.model.alive() if both.holds[number][0].key == command.key), None)
    if known is not None and both.holds[known][0] == command:
        _again(both, known, agent)
        return False
    if known is not None:
        foretold = Foretold(foretold.refusals | {"KeyReused:"})
    act = both.act(None, agent)
    done, held = both.tried("hold", lambda: hold(command, act), foretold, instead)
    if held is not None:
        assert (held.room,) in foretold.rooms, f"{held}, foretold: {foretold}"
        since, until = act.now, act.now + timedelta(minutes=HELD)
        number, visit = len(both.holds), replace(wish.visit, room=held.room)
        both.holds.append((command, held))
        both.note_who_made_way()
        both.model.holds[number] = Kept(visit, agent, minute_of(since), minute_of(until))
        assert held == Held(held.uid, moment(visit.start), moment(visit.end), visit.room, until)
    both.compare()
    return done


def keep_longer(both: Comparison, number: int) -> None:
    """5 minutes from now, or what it has if that is longer; 30 in all, while it lasts."""
    now, kept, (_, held) = both.model.now, both.model.alive().get(number), both.holds[number]
    last = kept.since + HELD_IN_ALL if kept else now
    until = min(max(now + HELD, kept.until), last) if kept else now
    no = set() if kept and kept.until < last else {"Invalid:too_long_held" if kept else "NotFound:hold"}
    if kept and number in both.model.offers:
        no = {"Invalid:too_long_held"}  # who waits is called meanwhile, or somebody else is
    done, answer = both.tried("renew", lambda: renew(held.uid, both.act()), Foretold(no))
    if kept and done:
        assert answer == replace(held, expires_at=moment(until))
        both.model.holds[number] = replace(kept, until=until)
    both.compare()


def give_back(both: Comparison, number: int) -> None:
    """Give it back, while it lasts."""
    no = set() if number in both.model.alive() else {"NotFound:hold"}
    done, _ = both.tried("release", lambda: release(both.holds[number][1].uid, both.act()), Foretold(no))
    if done:
        both.model.end(number)
    both.compare()


def _again(both: Comparison, number: int, agent: str) -> None:
    command, held = both.holds[number]
    both.count("hold", "again")
    until = moment(both.model.holds[number].until)
    assert hold(command, both.act(None, agent)) == replace(held, expires_at=until, replayed=True)
    both.compare()
