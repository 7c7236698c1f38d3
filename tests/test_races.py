"""The race harness: its checker on planted histories, then short runs with and without the protections."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.races import shifting
from bench.races.checking import fate, violations
from bench.races.drawing import Draw
from bench.races.journal import NOTHING_WRITTEN, Answer, Journal, Order, attempts, unfinished
from bench.races.looking import Seen
from bench.races.plan import Plan
from bench.races.records import Attempt, Booked, Final, Happened, Taken, Told, Violation
from bench.races.report import counted
from bench.races.run import Options, run
from booking import clock
from tests.builders import NOW

# ------------------------------------------------------------------ a story where all is well

ONE = Booked("one", version=2, start=0, end=1800, before=0, after=0, wide=frozenset({1, 2}), present=frozenset({7}))
TWO = Booked("two", version=1, start=1800, end=3600, before=0, after=0, wide=frozenset({1, 2}), present=frozenset({8}))

BOOKED = Attempt("k1", "book", sent=1, at=2, result="confirmed", stands={"one": 1})
MOVED = Attempt("k2", "move", sent=3, at=4, result="confirmed", what={"uid": "one", "version": 1}, stands={"one": 2})
OTHER = Attempt("k3", "book", sent=3, at=5, result="confirmed", stands={"two": None})
REFUSED = Attempt("k4", "book", sent=6, at=7, result="refused", why="SlotTaken")
UNKNOWN = Attempt("k5", "cancel", sent=8)
WELL = (BOOKED, MOVED, OTHER, REFUSED, UNKNOWN)

STANDS = Final(
    commands={"k1": {"one": 1}, "k2": {"one": 2}, "k3": {"two": 1}},
    appointments=(ONE, TWO),
    taken=(*ONE.taken(), *TWO.taken()),
    happened=(Happened("one", 1), Happened("two", 1), Happened("one", 1)),
    told=(Told("one", 7, 0), Told("two", 8, 0)),
    messages=(Told("one", 7, 0, "confirmation"), Told("two", 8, 0, "confirmation")),
)


def test_nothing_is_said_when_all_is_well() -> None:
    assert violations(WELL, STANDS) == []


def test_a_command_whose_answer_was_lost_may_be_there_or_not() -> None:
    cancelled = replace(ONE, version=3, cancelled=True)
    there = replace(
        STANDS,
        commands={**STANDS.commands, "k5": {"one": 3}},
        appointments=(cancelled, TWO),
        taken=tuple(TWO.taken()),
        happened=(*STANDS.happened, Happened("one", 0)),
    )
    assert violations(WELL, there) == []


def test_two_that_exchange_their_slots_are_one_command_and_two_changes() -> None:
    swapped = Attempt("k6", "swap", sent=9, at=10, result="confirmed", what={"other": "two"}, stands={"one": 3})
    after = replace(
        STANDS,
        commands={**STANDS.commands, "k6": {"one": 3}},
        appointments=(replace(ONE, version=3, start=1800, end=3600), replace(TWO, version=2, start=0, end=1800)),
        happened=(*STANDS.happened, Happened("one", 1), Happened("two", 1)),
    )
    assert violations((*WELL, swapped), after) == []


def test_who_makes_way_for_another_changes_room_without_a_command_of_their_own() -> None:
    left = Happened("one", 1, made_way=True, changed=frozenset({"room"}))
    after = replace(STANDS, appointments=(replace(ONE, version=3), TWO), happened=(*STANDS.happened, left))
    assert violations(WELL, after) == []


# ------------------------------------------------------------------ planted harm


def at_once(booked: Booked, **changed: Any) -> Final:
    """The story with TWO replaced by another."""
    return replace(STANDS, appointments=(ONE, replace(booked, **changed)))


def with_commands(**changed: dict[str, int]) -> Final:
    return replace(STANDS, commands={**STANDS.commands, **changed})


def without_command(key: str) -> Final:
    return replace(STANDS, commands={each: kept for each, kept in STANDS.commands.items() if each != key})


PLANTED: list[tuple[str, tuple[Attempt, ...], Final, set[str]]] = [
    ("what was confirmed is not there", WELL, replace(without_command("k2"), happened=STANDS.happened[:2]),
     {"lost", "version"}),
    ("it is there, about another appointment", WELL, with_commands(k3={"three": 1}), {"lost", "doubled"}),
    ("its effect is gone", WELL, replace(STANDS, happened=STANDS.happened[:2]), {"lost", "version"}),
    ("it was carried out twice", WELL,
     replace(STANDS, appointments=(replace(ONE, version=3), TWO), happened=(*STANDS.happened, Happened("one", 1))),
     {"doubled"}),
    ("an appointment that nobody asked for", WELL,
     replace(STANDS, appointments=(ONE, TWO, replace(TWO, uid="three", start=9000, end=9900)),
             happened=(*STANDS.happened, Happened("three", 1))), {"doubled"}),
    ("what was refused is there", WELL,
     replace(with_commands(k4={"two": 2}), appointments=(ONE, replace(TWO, version=2)),
             happened=(*STANDS.happened, Happened("two", 1))), {"refused"}),
    ("what nobody sent is there", WELL[1:], STANDS, {"stray"}),
    ("occupancies overlap", WELL, replace(STANDS, taken=(Taken(1, 0, 1800, "a"), Taken(1, 1500, 3000, "b"))),
     {"overlap"}),
    ("one lies inside an earlier, longer one", WELL,
     replace(STANDS, taken=(Taken(1, 0, 9000, "a"), Taken(1, 300, 600, "b"), Taken(1, 900, 1200, "c"))), {"overlap"}),
    ("appointments overlap, whatever the occupancies say", WELL, at_once(TWO, start=1500), {"overlap"}),
    ("their buffers overlap", WELL, at_once(TWO, before=300), {"overlap"}),
    ("an usager is in two places", WELL, at_once(TWO, start=1500, wide=frozenset({3}), present=frozenset({7})),
     {"overlap"}),
    ("the same key got two answers", (*WELL, replace(BOOKED, sent=9, at=10, stands={"two": 1})), STANDS,
     {"lost", "answer"}),
    ("the answer said another version", (replace(BOOKED, stands={"one": 5}), *WELL[1:]), STANDS, {"answer"}),
    ("refused once it had been confirmed", (*WELL, replace(BOOKED, sent=9, at=10, result="refused")), STANDS,
     {"answer"}),
    ("the key is said to be another's", (*WELL, replace(UNKNOWN, result="refused", why="KeyReused")), STANDS,
     {"answer"}),
    ("a version goes back", (replace(BOOKED, sent=6, at=7), *WELL[1:]), STANDS, {"version"}),
    ("a version is given twice", WELL, with_commands(k1={"one": 2}), {"answer", "version"}),
    ("a change that was made of another version than it saw",
     (BOOKED, replace(MOVED, what={"uid": "one", "version": 0}), *WELL[2:]), STANDS, {"version"}),
    ("who made way was also moved", WELL,
     replace(STANDS, appointments=(replace(ONE, version=3), TWO),
             happened=(*STANDS.happened, Happened("one", 1, made_way=True, changed=frozenset({"room", "start"})))),
     {"way"}),
    ("who made way was counted by no version", WELL,
     replace(STANDS, happened=(*STANDS.happened, Happened("one", 1, made_way=True, changed=frozenset({"room"})))),
     {"version"}),
    ("a version that does not count the changes", WELL, replace(STANDS, appointments=(replace(ONE, version=9), TWO)),
     {"version"}),
    ("more participants than seats", WELL, at_once(TWO, capacity=1, present=frozenset({8, 9})), {"seats"}),
    ("more than seats, for a while", WELL,
     replace(at_once(TWO, capacity=1), happened=(Happened("one", 1), Happened("two", 2), Happened("one", 1))),
     {"seats"}),
    ("a message is there twice", WELL, replace(STANDS, messages=(*STANDS.messages, STANDS.messages[0])), {"message"}),
    ("nobody was written to", WELL, replace(STANDS, messages=STANDS.messages[:1]), {"message"}),
    ("an error of the software", (*WELL, replace(UNKNOWN, result="failed", why="500")), STANDS, {"bug"}),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "final", "found"), [row[1:] for row in PLANTED], ids=[row[0] for row in PLANTED])
def test_planted_harm_is_found(sent: tuple[Attempt, ...], final: Final, found: set[str]) -> None:
    assert {each.check for each in violations(sent, final)} == found


FATES = [
    ("one answer is enough", [UNKNOWN, BOOKED], "confirmed"),
    ("every try was refused", [REFUSED, REFUSED], "refused"),
    ("the first try may still come", [UNKNOWN, REFUSED], "unknown"),
    ("no answer at all", [UNKNOWN], "unknown"),
]


@pytest.mark.parametrize(("tries", "expected"), [row[1:] for row in FATES], ids=[row[0] for row in FATES])
def test_the_fate_of_a_command(tries: list[Attempt], expected: str) -> None:
    assert fate(tries) == expected


def test_a_report_counts_commands_and_says_who_was_misled() -> None:
    misled = [
        replace(BOOKED, result="unknown", why=NOTHING_WRITTEN, stands={}),
        replace(BOOKED, sent=3, at=4, replayed=True),
    ]
    found = counted([*misled, *WELL[1:]], STANDS, [Violation("lost", "k9"), Violation("lost", "k8")])
    assert (found["attempts"], found["confirmed"], found["refused"], found["unknown"]) == (6, 3, 1, 1)
    assert (found["retried"], found["written_though_unavailable"]) == (1, 1)
    assert found["refusals"] == {"SlotTaken": 1}
    assert found["violations"] == {"lost": ["k9", "k8"]}


# ------------------------------------------------------------------ what clients write down and draw


def test_a_journal_survives_the_one_who_writes_it(tmp_path: Path) -> None:
    file = tmp_path / "client.jsonl"
    assert unfinished(file) is None, "nobody has written yet"
    order = Order("k1", "cancel", {"uid": "one"})
    second = replace(order, key="k2")
    with closing(Journal(file)) as first:
        first.sent(order)
        first.answered(order, Answer("confirmed", stands={"one": 2}))
        assert unfinished(file) is None
        first.sent(second)
    assert unfinished(file) == second
    with file.open("a", encoding="utf-8") as cut:
        cut.write('{"key": "k2", "at": 1')
    with closing(Journal(file)) as again:
        assert unfinished(file) == second, "half an answer is none"
        again.sent(second)
        again.answered(second, Answer("refused", "SlotTaken"))
    assert [(each.key, each.result) for each in attempts(file)] == [
        ("k1", "confirmed"),
        ("k2", "unknown"),
        ("k2", "refused"),
    ]


def test_every_kind_is_drawn_and_the_same_seed_draws_the_same(tmp_path: Path) -> None:
    plan = Plan(str(tmp_path), 1, True, None, {}, {"entretien": 1, "consultation": 2}, {}, {}, [7, 8])
    standing = Seen(1, "one", 3, 1, NOW, cancelled=False, session=False, series=True)
    seen = [
        standing,
        replace(standing, id=2, uid="two", type_id=2, session=True),
        replace(standing, id=3, uid="three", cancelled=True),
        replace(standing, id=4, uid="four"),
    ]
    draw, same = (Draw(plan, "c0", False, lambda _: {7: "expected"}) for _ in range(2))
    orders = [draw.order(seen) for _ in range(500)]
    assert orders == [same.order(seen) for _ in range(500)]
    assert {order.kind for order in orders} == set(draw.weights)
    assert len({order.key for order in orders}) == 500
    assert {Draw(plan, "c1", False, lambda _: {}).order([]).kind for _ in range(20)} <= {
        "book",
        "hold",
        "open",
        "series",
    }


def test_one_clock_for_every_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hands = tmp_path / "clock"
    shifting.set_to(hands, NOW)
    monkeypatch.setattr(clock, "now", clock.now)  # put back at the end
    shifting.install(hands)
    assert abs((clock.now() - NOW).total_seconds()) <= 2


# ------------------------------------------------------------------ runs


def test_without_the_protections_the_checker_finds_harm(engine_name: str) -> None:
    """« overlap »: two have one slot; « version »: two changed the same. Clients that rarely meet get more tries."""
    found: set[str] = set()
    for seed in range(1, 7):
        report = run(Options(engine_name, 3, seed, faults=(), clients=4, protected=False, edges=False))
        found |= report.violations.keys()
        if {"overlap", "version"} <= found:
            break
    assert {"overlap", "version"} <= found
    assert not report.sound


def test_with_them_a_run_with_faults_is_sound(engine_name: str) -> None:
    report = run(Options(engine_name, 5, faults=("web", "worker", "client", "clock"), clients=3, pause=1.5))
    assert report.violations == {}
    assert [each for each in report.doctor if each.problems] == []
    assert report.sound
    assert report.confirmed > 10
    assert report.refused > 10
    assert sum(report.faults.values()) > 0
