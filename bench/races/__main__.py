"""`python -m bench.races --engine sqlite|postgresql --seconds 600 --seed N [--faults web,client]`.

Prints a table; `--json FILE` also writes all of it. Ends with 1 when something did not hold.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.engines import ENGINES
from bench.races.nemesis import FAULTS
from bench.races.report import table
from bench.races.run import Options, run


def main(arguments: Sequence[str]) -> int:
    """Run on the databases that are named, by default on both."""
    given = _parser().parse_args(arguments)
    reports = []
    for engine in given.engine or list(ENGINES):
        options = Options(
            engine,
            given.seconds,
            seed=given.seed,
            faults=given.faults,
            clients=given.clients,
            protected=not given.unprotected,
        )
        reports.append(run(options))
        print(table(reports[-1]), flush=True)
    if given.json:
        text = json.dumps([report.as_json() for report in reports], indent=2, ensure_ascii=False)
        given.json.write_text(text + "\n", encoding="utf-8")
    return 0 if all(report.sound for report in reports) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.races", description="Races with faults.")
    parser.add_argument("--engine", action="append", choices=list(ENGINES))
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--faults", type=_faults, default=FAULTS, help=f"of {','.join(FAULTS)}; empty for none")
    parser.add_argument("--unprotected", action="store_true", help="without locks and guard, to see it found")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser


def _faults(text: str) -> tuple[str, ...]:
    names = tuple(filter(None, text.split(",")))
    if unknown := set(names) - set(FAULTS):
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}")
    return names


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
