"""Who is told what, without any message."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session


@dataclass
class Told:
    """Remembers each change with the usagers who are told of it."""

    facts: list[tuple[str, set[int]]] = field(default_factory=list)

    def __call__(
        self, _session: Session, _appointment_id: int, change: str, usager_ids: Collection[int], _now: datetime
    ) -> None:
        self.facts.append((change, set(usager_ids)))
