"""An appointment as values: what a change makes of it, what it takes, what history keeps of it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

Attendance = Literal["expected", "arrived", "in_progress", "seen", "no_show", "excused", "revoked"]
CancelledBy = Literal["usager", "service"]
Status = Literal["booked", "cancelled"]
Action = Literal["booked", "moved", "room_changed", "changed", "cancelled", "restored", "joined", "left", "attendance"]
# What usagers are told; a message says it.
Change = Literal["booked", "moved", "cancelled"]
# Why it was done, when the one who did it said so.
Reason = Literal[
    "usager_request",
    "service_request",
    "professional_absent",
    "closed",
    "walk_in",
    "hors_plage",
    "swap",
    "waiting_list",
    "room_needed",
    "mistake",
    "other",
]
# The steps that are recorded; cancelling records the others.
NOTED: tuple[Attendance, ...] = ("expected", "arrived", "in_progress", "seen", "no_show")
OVER: frozenset[str] = frozenset({"seen", "no_show"})
LEFT: frozenset[str] = frozenset({"excused", "revoked"})
# When a step may be recorded: from so long before the start until so long after the end; None has no end.
_DAY = timedelta(hours=12)
WHEN: dict[str, tuple[timedelta, timedelta | None]] = {
    "arrived": (_DAY, _DAY),
    "in_progress": (timedelta(hours=2), _DAY),
    "seen": (timedelta(hours=2), None),
    "no_show": (timedelta(), None),
}
Span = tuple[int, int]
Seat = tuple[int, int, int]  # the type, how many persons, the start in seconds UTC


@dataclass(frozen=True, kw_only=True)
class State:
    """One appointment at one version. Buffers are in minutes; no id before it is stored.

    `attendance` and `notices` are by usager: how they attend, and how often what they were told has changed.
    """

    id: int = 0
    uid: str
    site_id: int
    type_id: int
    mode: str
    room_id: int | None
    room_pinned: bool = False
    starts_at: datetime
    ends_at: datetime
    buffer_before: int
    buffer_after: int
    capacity: int | None = None
    series_id: int | None = None
    sequence: int = 0
    version: int = 1
    cancelled_at: datetime | None = None
    cancelled_by: CancelledBy | None = None
    created_at: datetime
    updated_at: datetime
    professional_ids: frozenset[int]
    attendance: Mapping[int, Attendance]
    notices: Mapping[int, int]

    @property
    def status(self) -> Status:
        """Whether it stands."""
        return "cancelled" if self.cancelled_at else "booked"

    @property
    def length(self) -> timedelta:
        """How long it lasts, buffers left out."""
        return self.ends_at - self.starts_at

    @property
    def present(self) -> frozenset[int]:
        """The usagers who take part: those who have not left."""
        return frozenset(key for key, step in self.attendance.items() if step not in LEFT)

    @property
    def begun(self) -> bool:
        """Whether somebody has arrived, or the appointment is over."""
        return any(step != "expected" for step in self.attendance.values() if step not in LEFT)

    @property
    def over(self) -> bool:
        """Whether somebody was seen, or did not come."""
        return any(step in OVER for step in self.attendance.values())

    def timely(self, step: Attendance, now: datetime) -> Literal["too_early", "too_late"] | None:
        """Why that step cannot be recorded at `now`, None when it can."""
        early, late = WHEN.get(step, (None, None))
        if early is not None and now < self.starts_at - early:
            return "too_early"
        return "too_late" if late is not None and now > self.ends_at + late else None

    def changed(self, now: datetime, **values: Any) -> State:
        """The next version, after a change that feeds render."""
        return replace(self, version=self.version + 1, updated_at=now, **values)

    def attended(self, usager_id: int, attendance: Attendance) -> State:
        """The next version with that attendance; `updated_at` stays, for no feed shows attendance."""
        return replace(self, version=self.version + 1, attendance={**self.attendance, usager_id: attendance})

    @property
    def persons(self) -> int:
        """How many the room must hold: its professionals, and its usagers or all the seats of a session."""
        return len(self.professional_ids) + (self.capacity or len(self.present))

    def in_room(self, room_id: int | None, *, named: bool = False) -> State:
        """The same in that room. A room that somebody named stays pinned for as long as the appointment is in it."""
        pinned = named or (self.room_pinned and room_id == self.room_id)
        return replace(self, room_id=room_id, room_pinned=pinned and room_id is not None)

    @property
    def seat(self) -> Seat | None:
        """What it needs of a room, when it may still leave its own for another by what people have done so far."""
        if self.room_id is None or self.room_pinned or self.cancelled_at or self.begun:
            return None
        return self.type_id, self.persons, int(self.starts_at.timestamp())

    def noticed(self, usager_ids: Collection[int]) -> dict[int, int]:
        """The notices once these usagers are told of a change."""
        return {key: notice + (key in usager_ids) for key, notice in self.notices.items()}

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
        return dict.fromkeys(self.professional_ids | rooms, wide) | dict.fromkeys(self.present, narrow)

    def facts(self) -> dict[str, Any]:
        """What history keeps: ids, times and codes only."""
        return {
            "site": self.site_id,
            "type": self.type_id,
            "mode": self.mode,
            "seats": self.capacity,
            "start": self.starts_at.isoformat(),
            "end": self.ends_at.isoformat(),
            "room": self.room_id,
            "pinned": self.room_pinned,
            "professionals": sorted(self.professional_ids),
            "attendance": {str(usager_id): self.attendance[usager_id] for usager_id in sorted(self.attendance)},
            "cancelled_by": self.cancelled_by,
        }
