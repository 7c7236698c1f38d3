"""The waiting list given to the engine and to the model: who waits, and what is proposed to whom, in which order."""

from __future__ import annotations

from dataclasses import replace

from booking import reservations
from booking.db import in_transaction
from booking.reservations import Book, Held, Join, Proposed, Wait, WaitForSession, proposals
from booking.reservations.waiting import Entered
from tests.reservations import foretelling_queue, queue
from tests.reservations.comparing import Comparison
from tests.reservations.foretelling_queue import Suits
from tests.reservations.house import moment
from tests.reservations.model import NONE, Foretold, Model
from tests.reservations.queue import Offer
from tests.reservations.visit import NOBODY, Kept, Wish


def wait(both: Comparison, command: Wait | WaitForSession, wish: queue.Wait) -> None:
    """Note that somebody waits, under the next number."""
    both.agreed = False
    known = next((each for each in both.waits if each[0].key == command.key), None)
    if known is not None and known[0] == command:
        both.count("wait", "again")
        assert reservations.wait(command, both.act()) == replace(known[1], replayed=True)
        return both.compare()
    foretold = foretelling_queue.wait(both.model, wish)
    if known is not None:
        foretold = Foretold(foretold.refusals | {"KeyReused:"})
    _, entered = both.tried("wait", lambda: reservations.wait(command, both.act()), foretold)
    if entered is not None:
        assert entered == Entered(entered.uid, both.home.keys[wish.usager])
        both.model.waits[len(both.waits)] = wish
        both.waits.append((command, entered))
    return both.compare()


def withdraw(both: Comparison, number: int) -> None:
    """Again changes nothing; what ended otherwise stays as it is."""
    outcome = both.model.waits[number].outcome
    uid = both.waits[number][1].uid
    no = set() if outcome in (None, "withdrawn") else {"NotFound:waiting"}
    done, _ = both.tried("withdraw", lambda: reservations.withdraw(uid, both.act()), Foretold(no))
    if done and outcome is None:
        for hold, offer in both.model.offers.items():
            if offer.wait == number:
                _as_noted(both, hold)
        both.model.stop(number, "withdrawn")
    both.compare()


def propose(both: Comparison) -> list[Wish]:
    """First come, first served, one after the other; what was proposed, by the holds that keep it."""
    both.agreed = False
    model, wishes = both.model, []
    if any(wait.stands for wait in model.waits.values()):
        foretelling_queue.lapse(model)
    found = reservations.propose(moment(model.now))
    rooms = {uid: each.room for uid, each in both.seen().holds.items()}
    left = list(found)
    for number, wait in model.waits.items():
        if not wait.stands or model.proposed(number) != NONE or foretelling_queue.full(model):
            continue
        suits = foretelling_queue.first_that_suits(model, number)
        if suits is None:
            continue
        assert left, f"to {wait} should be proposed {suits}"
        wishes.append(_proposed(both, number, suits, left.pop(0), rooms))
    assert not left, f"proposed as well: {left}"
    both.count("propose", "done" if found else "nothing")
    both.compare()
    return wishes


def _proposed(both: Comparison, number: int, suits: Suits, found: Proposed, rooms: dict[str, str | None]) -> Wish:
    model, wait = both.model, both.model.waits[number]
    until = foretelling_queue.kept_until(model, suits.start)
    usager, uid = both.home.keys[wait.usager], both.waits[number][1].uid
    assert found == Proposed(found.uid, uid, usager, moment(suits.start), moment(until)), f"{wait}: {suits}"
    room = rooms[found.uid]
    assert room in suits.rooms, f"given {room}, it should be among {suits.rooms}"
    hold, visit = len(both.holds), replace(suits.visit, room=room)
    command = Book("", both.home.kinds[wait.kind], moment(suits.start), usager, None)  # nobody asked for it
    both.holds.append((command, Held(found.uid, moment(visit.start), moment(visit.end), room, moment(until))))
    model.holds[hold] = Kept(visit, NOBODY, model.now, until)
    both.note_who_made_way(lambda: _nobody_overlaps(model))
    model.offers[hold] = Offer(number, suits.lead, suits.session, suits.start, model.now, until)
    lead = suits.lead or min(model.visits[suits.session or 0].who)
    return Wish(wait.kind, lead, suits.start, (wait.usager,))


def _nobody_overlaps(model: Model) -> bool:
    """Every move of a plan is needed: until the last, somebody is where somebody else is."""
    each = [*model.visits.values(), *model.kept()]
    return sum(len(visit.takes()) for visit in each) == len(model.taken())


def decline(both: Comparison, hold: int) -> None:
    """It goes to the next."""
    uid, fate = both.holds[hold][1].uid, both.model.fate(hold)
    no = {"NotFound:proposal"} if fate == "booked" else set()
    done, _ = both.tried("decline", lambda: reservations.decline(uid), Foretold(no))
    if done:
        _as_noted(both, hold)
        both.model.end(hold)
    both.compare()


def _as_noted(both: Comparison, hold: int) -> None:
    """What has lapsed by now, and is given back, may have been noted as lapsed before, or not."""
    if both.model.fate(hold) == "lapsed":
        fate = both.queue().offers[both.holds[hold][1].uid].fate
        assert fate in ("lapsed", "declined")
        both.model.offers[hold] = replace(both.model.offers[hold], fate=fate)


def answer(both: Comparison, hold: int, key: str) -> Book | Join | None:
    """The command that books what was proposed, None once it was declined."""
    both.agreed = False
    (_, held), offer = both.holds[hold], both.model.offers[hold]
    no = {"NotFound:proposal"} if both.model.fate(hold) == "declined" else set()

    def get() -> Book | Join:
        return in_transaction(lambda session: proposals.answer_to(session, key, held.uid))

    _, command = both.tried("answer_to", get, Foretold(no))
    if command is not None:
        wait, keys = both.model.waits[offer.wait], both.home.keys
        start, usager = moment(offer.start), keys[wait.usager]
        if offer.session is not None:
            assert command == Join(key, both.uid(offer.session), usager, hold=held.uid)
        else:
            kind, lead = both.home.kinds[wait.kind], keys[offer.lead or ""]
            assert command == Book(key, kind, start, lead, usager, hold=held.uid)
    both.compare()
    return command
