"""What the machine tries: few values, so that they collide, and mostly those that have a chance."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.reservations.building import AGENTS, DAY, KINDS, MONDAY, OPENINGS, PROFESSIONS, TUESDAY, at, does
from tests.reservations.foretelling_impact import Goes
from tests.reservations.queue import Wait

Offered = tuple[str, str, int]  # type, lead, start
Span = tuple[int, int]  # minutes from a start

# The day before, early, at the first start, in the middle of a cell, late enough for what happens after an appointment.
CLOCK = [
    *(at(MONDAY, -11), at(MONDAY, 8, 20), at(MONDAY, 9), at(MONDAY, 9, 33), at(MONDAY, 10, 5)),
    *(at(MONDAY, 22, 5), at(TUESDAY, 9, 20)),
]
# Few, so that they collide; on one lattice or another, or on none; some where the building or the opening ends.
STARTS = st.sampled_from(
    [
        *(at(MONDAY, 9), at(MONDAY, 9, 30), at(MONDAY, 10), at(TUESDAY, 9), at(TUESDAY, 9, 30), at(MONDAY, 9, 15)),
        *(at(MONDAY, 9, 5), at(MONDAY, 9, 20), at(MONDAY, 10, 30), at(MONDAY, 10, 40), at(MONDAY, 11, 10)),
        *(at(TUESDAY, 9, 15), at(TUESDAY, 9, 35), at(TUESDAY, 10), at(MONDAY, 11, 30), at(MONDAY, 8, 30)),
    ]
)
# Who receives for what, and when, early in the day: drawn apart, most of it would be refused, or would never collide.
_OFFERED = [
    (name, lead, start)
    for name, kind in KINDS.items()
    for lead, opens, closes in OPENINGS
    if does(lead, name)
    for start in range(opens, min(closes, opens + 70), kind.step)
]
OFFERED = st.sampled_from(_OFFERED)
OPENED = st.sampled_from([offered for offered in _OFFERED if KINDS[offered[0]].seats])
QUALIFIED = [(name, lead) for name in sorted(KINDS) for lead in sorted(PROFESSIONS) if does(lead, name)]
PAIR = st.sampled_from([*QUALIFIED, *QUALIFIED, ("entretien", "lenoir"), ("soin", "roux")])
WHO, KIND = st.sampled_from(sorted(PROFESSIONS)), st.sampled_from(sorted(KINDS))
ROOM = st.sampled_from(["b2", "b1", "b2", "b1", "c1"])
TEAM = st.sampled_from([frozenset(who.split()) for who in ("", "roux", "diop", "lenoir", "roux diop", "roux lenoir")])
USAGER = st.sampled_from(["diallo", "kone", "nguyen"] * 3 + ["petit"])
FAMILY = st.sampled_from(
    [
        *(("diallo", "kone"), ("diallo", "nguyen"), ("kone", "nguyen"), ("diallo", "kone", "nguyen")),
        *(("diallo", "diallo"), ("diallo", "petit")),
    ]
)
MAYBE = st.sampled_from([("diallo",), ("kone",), ("nguyen",)] * 2 + [()])
NOBODY_YET = st.sampled_from([(), (), (), ("diallo",), ("kone", "nguyen"), ("diallo", "kone", "nguyen")])
# One of the usagers of a visit by their place, or somebody else.
ONE_OF_THEM = st.sampled_from([0, 0, 0, 1, 2, None])
BY = st.sampled_from(["usager", "service"])
SPAN = st.sampled_from([(0, 30), (-30, 0), (10, 40), (0, 15), (-60, 90)])
REUSED = st.sampled_from([False] * 11 + [True])
OFTEN_REUSED = st.sampled_from([False, False, True])
REASON = st.sampled_from([None, None, "usager_request", "mistake"])
# The version that was seen: not said, the present one, a stale one, one to come.
SEEN = st.sampled_from([None, None, None, 0, 0, 0, 0, 0, 0, 0, -1, 1])
# The same appointment at a few of the starts when it is offered; sometimes at none, or twice at one.
_SERIES = {
    (name, lead): [start for one, who, start in _OFFERED if (one, who) == (name, lead)] for name, lead in QUALIFIED
}
REPEATED = st.one_of(
    *(
        st.tuples(st.just(name), st.just(lead), st.lists(st.sampled_from(starts), min_size=2, max_size=4, unique=True))
        for (name, lead), starts in _SERIES.items()
    ),
    st.tuples(st.just("appel"), st.just("diop"), st.sampled_from([[], [at(MONDAY, 9), at(MONDAY, 9)]])),
)
NTH = st.integers(0, 9)  # of those of which there are some
SCOPE = st.sampled_from(["one", "following", "following", "all", "all"])
SHIFT = st.sampled_from([30, 30, -30, -30, 60, 24 * 60, -24 * 60, 24 * 60, 15, 0])
AGENT = st.sampled_from([AGENTS[0], *AGENTS])
WAIVED = st.sampled_from([frozenset[str](), frozenset({"hors_plage"}), frozenset({"walk_in"})])
# How long is waited before a hold is renewed, again and again.
PAUSES = st.sampled_from([[0], [1], [4], [5], [4] * 7 + [1, 1], [4] * 7 + [1, 1]])
# What is waited for, with whom, on which days and at which hours.
_ANYBODY: list[tuple[str, str | None]] = [(name, None) for name in sorted(KINDS)]
_WAITED_FOR: list[tuple[str, str | None]] = [*QUALIFIED, *_ANYBODY, *_ANYBODY, ("atelier", None)]


def _wished(what: tuple[str, str | None], usager: str, **when: Any) -> Wait:
    return Wait(usager, *what, **when)


WISHED = st.builds(
    _wished,
    st.sampled_from(_WAITED_FOR),
    st.sampled_from(["diallo", "kone", "nguyen"]),
    days=st.sampled_from([(0, 1), (0, 1), (0, 0), (1, 1), (-1, 8)]),
    weekdays=st.sampled_from([frozenset[int]()] * 4 + [frozenset({2, 3})]),
    hours=st.sampled_from([(0, DAY)] * 3 + [(at(0, 9), at(0, 10)), (at(0, 9, 30), DAY)]),
)
# Now and then what nothing could meet, or that cannot be.
ODDLY_WISHED = st.builds(
    _wished,
    st.sampled_from([*_WAITED_FOR, ("soin", "roux")]),
    USAGER,
    days=st.sampled_from([(0, 1), (1, 0), (-3, -2), (0, 400), (0, 0)]),
    weekdays=st.sampled_from([frozenset[int](), frozenset({1}), frozenset({6})]),
    hours=st.sampled_from([(0, DAY), (at(0, 11), at(0, 9)), (at(0, 9), at(0, 9, 32)), (0, DAY + 5)]),
)
ANSWERS = st.lists(st.sampled_from(["accept", "accept", "decline", "nothing"]), max_size=3)
# What happens to a session; a type is what it becomes.
DISTURBED = st.sampled_from(["full", "full", "cancelled", "moved", "entretien", "bilan", "left", "over"])
CALLED = st.sampled_from([True, True, False])  # something is proposed at once
# What is in the way: who or what, and from when before, or after, the start until when before, or after, the end of
# something that is taken.
IN_THE_WAY = st.tuples(
    st.sampled_from(["somebody", "somebody", "room", "site"]),
    NTH,
    st.sampled_from([(0, 0), (0, 0), (-30, 30), (-120, 120), (0, DAY), (-60, -30), (35, 60), (-10, -35)]),
)
# What becomes of what is hit, one after the other; a number stands for where it is proposed to go.
FATES = st.one_of(
    st.just([0]),
    st.just([1, 2]),
    st.lists(
        st.sampled_from(["cancelled", "left_alone", 0, 1, 3])
        | st.builds(Goes, st.none() | STARTS, st.none() | TEAM, st.none() | ROOM),
        min_size=1,
        max_size=4,
    ),
)
OFTEN_STALE = st.sampled_from([None, 0, 0, 0, -1])
SLIP = st.sampled_from(["none"] * 3 + ["backwards", "forgotten", "one more"])
