"""What every process of a run must know: a file in the run's folder, named by one variable of the environment."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

VARIABLE = "BENCH_RACES"


@dataclass(frozen=True)
class Plan:
    """The ids of the house that was stored, their codes for the screens, and how the run goes."""

    folder: str
    seed: int
    protected: bool
    port: int | None  # of the server, if there is one
    agents: dict[str, int]  # by login, one a client
    types: dict[str, int]  # by code
    professionals: dict[str, int]
    rooms: dict[str, int]
    usagers: list[int]

    def write(self) -> None:
        """Store it for the processes of the run."""
        (Path(self.folder) / "plan.json").write_text(json.dumps(asdict(self)), encoding="utf-8")

    @property
    def clock(self) -> Path:
        """The hands of the clock."""
        return Path(self.folder) / "clock"

    @property
    def go(self) -> Path:
        """Until it is there, clients wait for each other."""
        return Path(self.folder) / "go"

    @property
    def stop(self) -> Path:
        """Once it is there, clients send nothing new."""
        return Path(self.folder) / "stop"

    def journal(self, number: int) -> Path:
        """What client `number` writes down."""
        return Path(self.folder) / f"client-{number}.jsonl"


def read() -> Plan:
    """The plan of this process's run."""
    folder = Path(os.environ[VARIABLE])
    return Plan(**json.loads((folder / "plan.json").read_text(encoding="utf-8")))
