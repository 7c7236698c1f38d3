"""What was sent and answered against what the database holds. Pure: histories and rows in, violations out.

It shares no code with the engine: what an appointment takes is worked out again from its plain columns.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from bench.races.records import FORGOTTEN, Attempt, Final, Result, Taken, Violation

Check = Callable[["Case"], Iterable[Violation]]


@dataclass(frozen=True)
class Case:
    """The histories of all clients, by key, and the database."""

    sent: Mapping[str, Sequence[Attempt]]
    final: Final


def violations(attempts: Iterable[Attempt], final: Final) -> list[Violation]:
    """Everything that does not hold; empty when all is well."""
    sent: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        sent[attempt.key].append(attempt)
    case = Case(sent, final)
    return list(chain.from_iterable(check(case) for check in CHECKS))


def fate(attempts: Sequence[Attempt]) -> Result:
    """What became of one command. One lost answer leaves it open, whatever later tries were told: it may come late."""
    results = {attempt.result for attempt in attempts}
    if "confirmed" in results:
        return "confirmed"
    return "refused" if results == {"refused"} else "unknown"


# ------------------------------------------------------------------ what is taken


def nothing_overlaps(case: Case) -> Iterator[Violation]:
    """No resource is taken twice at once, by the occupancies and by the appointments themselves."""
    by_appointments = chain.from_iterable(each.taken() for each in case.final.appointments)
    for name, spans in (("occupancies", case.final.taken), ("appointments", by_appointments)):
        for one, other in overlapping(spans):
            yield Violation("overlap", f"{name}: resource {one.resource}, {one.by} and {other.by}")


def overlapping(spans: Iterable[Taken]) -> Iterator[tuple[Taken, Taken]]:
    """Each span that begins before an earlier one of its resource has ended, with that one."""
    last: Taken | None = None
    for span in sorted(spans, key=lambda each: (each.resource, each.start, each.end)):
        if last is not None and last.resource == span.resource and span.start < last.end:
            yield last, span
        if last is None or last.resource != span.resource or span.end > last.end:
            last = span


def seats_suffice(case: Case) -> Iterator[Violation]:
    """No session has, or ever had, more participants than seats."""
    seats = {each.uid: each.capacity for each in case.final.appointments if each.capacity is not None}
    now = ((each.uid, len(each.present)) for each in case.final.appointments)
    ever = ((each.uid, each.present) for each in case.final.happened)
    for uid, number in chain(now, ever):
        if uid in seats and number > seats[uid]:
            yield Violation("seats", f"{uid}: {number} for {seats[uid]}")


# ------------------------------------------------------------------ what was carried out


def confirmed_are_there(case: Case) -> Iterator[Violation]:
    """Every confirmed command is in the database, about the appointments that its answer named."""
    for key, attempts in _lasting(case):
        if fate(attempts) != "confirmed":
            continue
        if key not in case.final.commands:
            yield Violation("lost", f"{key}: confirmed, and not there")
        elif unknown := _named(attempts) - set(case.final.commands[key]):
            yield Violation("lost", f"{key}: not about {sorted(unknown)}")


def refused_are_absent(case: Case) -> Iterator[Violation]:
    """No refused command left anything, and nothing is there that nobody sent."""
    for key, attempts in _lasting(case):
        if fate(attempts) == "refused" and key in case.final.commands:
            yield Violation("refused", f"{key}: refused, and there")
    for key in case.final.commands.keys() - case.sent.keys():
        yield Violation("stray", f"{key}: nobody sent it")


def each_acted_once(case: Case) -> Iterator[Violation]:
    """An appointment's history has one row for each command about it, beside those in which it made way for others."""
    rows = Counter(each.uid for each in case.final.happened if not each.made_way)
    owed = Counter(uid for key in case.final.commands for uid in _touched(case, key))
    for uid in sorted(rows.keys() | owed.keys()):
        if rows[uid] > owed[uid]:
            yield Violation("doubled", f"{uid}: {rows[uid]} changes for {owed[uid]} commands")
        if rows[uid] < owed[uid]:
            yield Violation("lost", f"{uid}: {rows[uid]} changes for {owed[uid]} commands")


def versions_count_changes(case: Case) -> Iterator[Violation]:
    """The version of an appointment is the number of rows of its history."""
    rows = Counter(each.uid for each in case.final.happened)
    for each in case.final.appointments:
        if each.version != rows[each.uid]:
            yield Violation("version", f"{each.uid}: version {each.version} after {rows[each.uid]} changes")


def who_makes_way_changes_room_alone(case: Case) -> Iterator[Violation]:
    """Nothing else of an appointment changes when a command about another takes its room."""
    for each in case.final.happened:
        if each.made_way and each.changed != {"room"}:
            yield Violation("way", f"{each.uid}: {sorted(each.changed)} changed")


# ------------------------------------------------------------------ what was answered


def answers_agree(case: Case) -> Iterator[Violation]:
    """The same key got the same answer, which is the one that the database keeps; nothing is refused once confirmed."""
    for key, attempts in _lasting(case):
        kept = case.final.commands.get(key, {})
        if any(attempt.why == "KeyReused" for attempt in attempts):
            yield Violation("answer", f"{key}: taken for another command")
        done = [attempt for attempt in attempts if attempt.result == "confirmed"]
        for attempt in done:
            if any(version not in (None, kept.get(uid, version)) for uid, version in attempt.stands.items()):
                yield Violation("answer", f"{key}: {dict(attempt.stands)}, kept {dict(kept)}")
            if attempt.stands.keys() != done[0].stands.keys():
                yield Violation("answer", f"{key}: two answers")
        for attempt in attempts:
            if done and attempt.result == "refused" and attempt.sent > _ended(done[0]):
                yield Violation("answer", f"{key} {attempt.kind}: refused once it had been confirmed, {attempt.why}")


def versions_rise(case: Case) -> Iterator[Violation]:
    """Of two commands about one appointment, the one that was answered before the other was sent has the lower version.

    No version is given twice, and a command that named the version it saw made the next one.
    """
    made: dict[str, list[tuple[int, float, float, str]]] = defaultdict(list)
    for key, attempts in _lasting(case):
        if fate(attempts) != "confirmed":
            continue
        ended = min(_ended(each) for each in attempts if each.result == "confirmed")
        for uid, version in case.final.commands.get(key, {}).items():
            made[uid].append((version, attempts[0].sent, ended, key))
            seen = attempts[0].what.get("version")
            if seen is not None and uid == attempts[0].what.get("uid") and version != seen + 1:
                yield Violation("version", f"{uid}: {key} saw {seen} and made {version}")
    for uid, each in made.items():
        yield from _out_of_order(uid, sorted(each))


def _out_of_order(uid: str, made: Sequence[tuple[int, float, float, str]]) -> Iterator[Violation]:
    last_version, last_sent = 0, float("-inf")
    for version, sent, ended, key in made:
        if version == last_version:
            yield Violation("version", f"{uid}: {version} twice, {key}")
        if ended < last_sent:
            yield Violation("version", f"{uid}: {version} by {key} before a lower one was asked for")
        last_version, last_sent = version, max(last_sent, sent)


def nobody_met_a_bug(case: Case) -> Iterator[Violation]:
    """No answer was an error of the software."""
    for attempt in chain.from_iterable(case.sent.values()):
        if attempt.result == "failed":
            yield Violation("bug", f"{attempt.key} {attempt.kind}: {attempt.why}")


# ------------------------------------------------------------------ what was told


def messages_are_filed_once(case: Case) -> Iterator[Violation]:
    """Whoever is told of a change has a message about it, and no message is there twice."""
    filed = Counter(case.final.messages)
    for each, number in filed.items():
        if number > 1:
            yield Violation("message", f"{each.kind} to {each.person} about {each.uid}: {number} times")
    there = {(each.uid, each.person, each.notice) for each in filed}
    for each in case.final.told:
        if (each.uid, each.person, each.notice) not in there:
            yield Violation("message", f"none to {each.person} about {each.uid}, notice {each.notice}")


CHECKS: tuple[Check, ...] = (
    nothing_overlaps,
    seats_suffice,
    confirmed_are_there,
    refused_are_absent,
    each_acted_once,
    versions_count_changes,
    who_makes_way_changes_room_alone,
    answers_agree,
    versions_rise,
    nobody_met_a_bug,
    messages_are_filed_once,
)


def _lasting(case: Case) -> Iterator[tuple[str, Sequence[Attempt]]]:
    """The commands whose answer the database keeps."""
    return ((key, attempts) for key, attempts in case.sent.items() if attempts[0].kind not in FORGOTTEN)


def _named(attempts: Sequence[Attempt]) -> set[str]:
    return {uid for attempt in attempts if attempt.result == "confirmed" for uid in attempt.stands}


def _touched(case: Case, key: str) -> set[str]:
    """The appointments that a command changed: its answer names the first of two that exchange their slots."""
    others = {each.what["other"] for each in case.sent.get(key, ()) if each.kind == "swap"}
    return set(case.final.commands[key]) | others


def _ended(attempt: Attempt) -> float:
    return float("inf") if attempt.at is None else attempt.at
