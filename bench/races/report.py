"""What a run found, as a table for people and as JSON for programs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.races.checking import fate
from bench.races.journal import NOTHING_WRITTEN
from bench.races.records import FORGOTTEN, Attempt, Final, Violation

SHOWN = 20


@dataclass(frozen=True)
class Examined:
    """What the doctor said after a fault; `after` is « end » for the last time."""

    after: str
    problems: list[str]


@dataclass(frozen=True)
class Report:
    """One run. Counts are of commands, but for `attempts`: how often one was sent.

    `made_way` counts the changes of room for somebody else; `written_though_unavailable` those commands whose client
    was told that nothing was recorded, and which were there.
    """

    engine: str
    seed: int
    seconds: float
    protected: bool
    attempts: int
    confirmed: int
    refused: int
    unknown: int
    by_kind: dict[str, int]
    refusals: dict[str, int]
    retried: int
    made_way: int
    written_though_unavailable: int
    faults: dict[str, int]
    clients_ended_badly: int
    doctor: list[Examined]
    violations: dict[str, list[str]] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        """Whether everything held, and the doctor agrees."""
        return not self.violations and not self.clients_ended_badly and not any(each.problems for each in self.doctor)

    def count(self, check: str) -> int:
        """How often that did not hold."""
        return len(self.violations.get(check, ()))

    def as_json(self) -> dict[str, Any]:
        """Everything, with the verdict."""
        return asdict(self) | {"sound": self.sound}


def counted(attempts: Sequence[Attempt], final: Final, violations: Sequence[Violation]) -> dict[str, Any]:
    """The fields of a report that come from the histories and the checker."""
    by_key: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        by_key[attempt.key].append(attempt)
    fates = Counter(fate(each) for each in by_key.values())
    found: dict[str, list[str]] = defaultdict(list)
    for violation in violations:
        found[violation.check].append(violation.about)
    last = [each[-1] for each in by_key.values()]
    return {
        "attempts": len(attempts),
        "confirmed": fates["confirmed"],
        "refused": fates["refused"],
        "unknown": fates["unknown"],
        "by_kind": dict(Counter(each.kind for each in last if each.result == "confirmed").most_common()),
        "refusals": dict(Counter(each.why for each in last if each.result == "refused").most_common()),
        "retried": sum(each[0].result == "unknown" and len(each) > 1 for each in by_key.values()),
        "made_way": sum(each.made_way for each in final.happened),
        "written_though_unavailable": sum(_written_though_unavailable(each, final) for each in by_key.values()),
        "violations": dict(found),
    }


def _written_though_unavailable(attempts: Sequence[Attempt], final: Final) -> bool:
    """The first try was answered « nothing was recorded », and the second found it done."""
    if len(attempts) < 2 or attempts[0].kind in FORGOTTEN or attempts[0].key not in final.commands:
        return False
    return attempts[0].why == NOTHING_WRITTEN and attempts[1].replayed


def table(report: Report) -> str:
    """A page for people."""
    lines = [
        f"{report.engine}, seed {report.seed}, {report.seconds:.0f} s, {'' if report.protected else 'un'}protected",
        f"  attempts {report.attempts}, retried {report.retried}",
        f"  confirmed {report.confirmed}, refused {report.refused}, unknown {report.unknown}",
        f"  gave their room to another and took a free one: {report.made_way}",
        f"  told that nothing was recorded, though it was: {report.written_though_unavailable}",
        _counts("  confirmed by kind", report.by_kind),
        _counts("  refused by rule", report.refusals),
        _counts("  faults", report.faults),
        f"  overlaps {report.count('overlap')}, lost {report.count('lost')}, doubled {report.count('doubled')}",
        f"  doctor: {len(report.doctor)} times, {sum(bool(each.problems) for each in report.doctor)} with problems",
    ]
    lines += [f"    after {each.after}: {text}" for each in report.doctor for text in each.problems][:SHOWN]
    for check, abouts in report.violations.items():
        lines.append(f"  {check}: {len(abouts)}")
        lines += [f"    {about}" for about in abouts[:SHOWN]]
    if report.clients_ended_badly:
        lines.append(f"  {report.clients_ended_badly} clients ended badly")
    lines.append("  sound" if report.sound else "  NOT SOUND")
    return "\n".join(lines)


def _counts(title: str, counts: dict[str, int]) -> str:
    return f"{title}: " + ", ".join(f"{name} {number}" for name, number in counts.items())
