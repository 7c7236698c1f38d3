"""An appointment as values: what a change makes of it, what it takes, what history keeps of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

Attendance = Literal["expected", "arrived", "in_progress", "seen", "no_show", "excused", "revoked"]
CancelledBy = Literal["usager", "service"]
Status = Literal["booked", "cancelled"]
# The steps that are recorded; cancelling records the others.
NOTED: tuple[Attendance, ...] = ("expected", "arrived", "in_progress", "seen", "no_show")
OVER: frozenset[str] = frozenset({"seen", "no_show"})
Span = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class State:
    """One appointment at one version. Buffers are in minutes; `attendance` is by usager; no id before it is stored."""

    id: int = 0
    uid: str
    site_id: int
    type_id: int
    mode: str
    room_id: int | None
    starts_at: datetime
    ends_at: datetime
    buffer_before: int
    buffer_after: int
    sequence: int = 0
    notice: int = 0
    version: int = 1
    cancelled_at: datetime | None = None
    cancelled_by: CancelledBy | None = None
    created_at: datetime
    updated_at: datetime
    professional_ids: frozenset[int]
    attendance: Mapping[int, Attendance]

    @property
    def status(self) -> Status:
        """Whether it stands."""
        return "cancelled" if self.cancelled_at else "booked"

    @property
    def length(self) -> timedelta:
        """How long it lasts, buffers left out."""
        return self.ends_at - self.starts_at

    def changed(self, now: datetime, **values: Any) -> State:
        """The next version, after a change that feeds render."""
        return replace(self, version=self.version + 1, updated_at=now, **values)

    def attended(self, usager_id: int, attendance: Attendance) -> State:
        """The next version with that attendance; `updated_at` stays, for no feed shows attendance."""
        return replace(self, version=self.version + 1, attendance={**self.attendance, usager_id: attendance})

    def with_buffers(self, start: datetime) -> Span:
        """What its professionals and its room would be taken for from `start`, in seconds UTC."""
        first = start - timedelta(minutes=self.buffer_before)
        last = start + self.length + timedelta(minutes=self.buffer_after)
        return int(first.timestamp()), int(last.timestamp())

    def taken(self) -> dict[int, Span]:
        """What it takes: resource id → [start, end) in seconds UTC. Nothing once it is cancelled.

        Buffers take the professionals and the room, not the usagers.
        """
        if self.cancelled_at:
            return {}
        wide = self.with_buffers(self.starts_at)
        narrow = (int(self.starts_at.timestamp()), int(self.ends_at.timestamp()))
        rooms = set() if self.room_id is None else {self.room_id}
        return dict.fromkeys(self.professional_ids | rooms, wide) | dict.fromkeys(self.attendance, narrow)

    def facts(self) -> dict[str, Any]:
        """What history keeps: ids, times and codes only."""
        return {
            "start": self.starts_at.isoformat(),
            "end": self.ends_at.isoformat(),
            "room": self.room_id,
            "professionals": sorted(self.professional_ids),
            "attendance": {str(usager_id): self.attendance[usager_id] for usager_id in sorted(self.attendance)},
            "cancelled_by": self.cancelled_by,
        }
