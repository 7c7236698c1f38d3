"""What the machine tries: few values, so that they collide, and mostly those that have a chance."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.reservations.building import AGENTS, KINDS, MONDAY, OPENINGS, PROFESSIONS, TUESDAY, at, does

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
