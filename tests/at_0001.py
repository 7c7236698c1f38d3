"""What people did under revision 0001, as rows of that schema, and the same as revision 0002 says it.

Written out, for the models are those of the newest revision.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

Row = dict[str, Any]
Rows = dict[str, list[Row]]

EARLY = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
HALF = timedelta(minutes=30)
# Far from where PostgreSQL begins its own series.
ROUX, DIALLO, KONE, B1 = 101, 102, 103, 104
KEPT, MOVED, CANCELLED, FAMILY = 1, 2, 3, 4


def appointment(key: int, notice: int, start: datetime, cancelled_by: str | None = None) -> Row:
    by_hand = {"buffer_before": 0, "buffer_after": 0, "sequence": notice, "notice": notice, "version": notice + 1}
    ended = {"cancelled_at": EARLY if cancelled_by else None, "cancelled_by": cancelled_by}
    span = {"starts_at": start, "ends_at": start + HALF, "created_at": EARLY, "updated_at": EARLY}
    return {"id": key, "uid": f"a{key}", "site_id": 1, "type_id": 1, "mode": "in_person", "room_id": B1} | (
        by_hand | ended | span
    )


def change(key: int, appointment_id: int, action: str, notice: int | None, after: Row) -> Row:
    done = {"at": EARLY, "agent_id": None, "origin": "web", "before": {}}
    return {"id": key, "appointment_id": appointment_id, "action": action, "notice": notice, "after": after} | done


def facts(start: datetime, step: str, *usager_ids: int, cancelled_by: str | None = None) -> Row:
    attendance = {str(key): step for key in usager_ids}
    span = {"start": start.isoformat(), "end": (start + HALF).isoformat(), "room": B1, "professionals": [ROUX]}
    return span | {"attendance": attendance, "cancelled_by": cancelled_by}


def taken(appointment_id: int, start: datetime, *resource_ids: int) -> list[Row]:
    first = int(start.timestamp())
    span = {"starts_at": first, "ends_at": first + 1800, "appointment_id": appointment_id}
    return [{"resource_id": key, **span} for key in resource_ids]


TEN, NOON = NINE + 2 * HALF, NINE + 6 * HALF
# As that revision's engine wrote them: one appointment that a person arrived for, one moved and given another room, one
# cancelled, and one of two people. Its `history.notice` is null for what nobody is told.
AT_0001: Rows = {
    "resource": [{"id": B1, "kind": "room"}, {"id": ROUX, "kind": "professional"}]
    + [{"id": key, "kind": "usager"} for key in (DIALLO, KONE)],
    "service": [{"id": 1, "code": "action-sociale", "name": "Action sociale", "confidentiality": "open"}],
    "profession": [{"id": 1, "code": "assistant-social", "name": "Assistant social"}],
    "site": [
        {"id": 1, "code": "asnieres", "name": "Pôle", "public_name": "Pôle", "address": "4 rue Teddy Riner"}
        | {"directions": "", "phone": "+33199001234", "email": "accueil@pole-social.example", "zone": "Europe/Paris"}
        | {"closed_on_public_holidays": True}
    ],
    "professional": [
        {"id": ROUX, "code": "roux", "last_name": "Roux", "first_name": "Claude", "profession_id": 1, "feed_version": 5}
    ],
    "room": [
        {"id": B1, "site_id": 1, "code": "B1", "name": "Bureau 1", "kind": "bureau", "floor": 0, "capacity": 4}
        | {"features": "", "position": 1}
    ],
    "appointment_type": [
        {"id": 1, "code": "entretien", "name": "Entretien", "service_id": 1, "mode": "in_person", "duration": 30}
        | {"step": 30, "buffer_before": 0, "buffer_after": 0, "room_kinds": "bureau", "features": "", "lead_time": 0}
        | {"horizon_days": 90, "desk_lead_time": 0}
    ],
    "usager": [
        {"id": key, "last_name": name, "first_name": "Sacha", "search_key": f" {name.lower()}", "created_at": EARLY}
        | {"contact": "normal", "language": "fr", "step_free": False}
        for key, name in ((DIALLO, "Diallo"), (KONE, "Kone"))
    ],
    "appointment": [
        appointment(KEPT, 0, NINE),
        appointment(MOVED, 1, TEN),
        appointment(CANCELLED, 1, NINE, "usager"),
        appointment(FAMILY, 2, NOON),
    ],
    "appointment_professional": [
        {"appointment_id": key, "professional_id": ROUX} for key in (KEPT, MOVED, CANCELLED, FAMILY)
    ],
    "participation": [
        {"appointment_id": KEPT, "usager_id": DIALLO, "attendance": "arrived"},
        {"appointment_id": MOVED, "usager_id": KONE, "attendance": "expected"},
        {"appointment_id": CANCELLED, "usager_id": KONE, "attendance": "excused"},
        {"appointment_id": FAMILY, "usager_id": DIALLO, "attendance": "expected"},
        {"appointment_id": FAMILY, "usager_id": KONE, "attendance": "expected"},
    ],
    "occupancy": [
        *taken(KEPT, NINE, ROUX, DIALLO, B1),
        *taken(MOVED, TEN, ROUX, KONE, B1),
        *taken(FAMILY, NOON, ROUX, DIALLO, KONE, B1),
    ],
    "history": [
        change(1, KEPT, "booked", 0, facts(NINE, "expected", DIALLO)),
        change(2, MOVED, "booked", 0, facts(NOON, "expected", KONE)),
        change(3, CANCELLED, "booked", 0, facts(NINE, "expected", KONE)),
        change(4, MOVED, "moved", 1, facts(TEN, "expected", KONE)),
        change(5, MOVED, "room_changed", None, facts(TEN, "expected", KONE)),
        change(6, CANCELLED, "cancelled", 1, facts(NINE, "excused", KONE, cancelled_by="usager")),
        change(7, FAMILY, "booked", 0, facts(NINE, "expected", DIALLO, KONE)),
        change(8, FAMILY, "moved", 1, facts(TEN, "expected", DIALLO, KONE)),
        change(9, FAMILY, "moved", 2, facts(NOON, "expected", DIALLO, KONE)),
        change(10, KEPT, "attendance", None, facts(NINE, "arrived", DIALLO)),
    ],
    "outbox_message": [
        {"id": 1, "kind": "confirmation", "about": "a1", "person_id": DIALLO, "notice": 0, "state": "sent"}
        | {"dedupe_key": f"confirmation:a1:0:{DIALLO}", "message_id": "<1@pole-social.example>", "due_at": EARLY}
        | {"attempts": 1, "sent_at": EARLY, "created_at": EARLY}
    ],
    "command": [{"key": "k", "fingerprint": "f", "appointment_id": KEPT, "answer": {"uid": "a1"}, "at": EARLY}],
}
# history, usager, change, notice: who was told of what, as `history.notice` and the participations of 0001 say it.
TOLD = [
    (1, DIALLO, "booked", 0),
    (2, KONE, "booked", 0),
    (3, KONE, "booked", 0),
    (4, KONE, "moved", 1),
    (6, KONE, "cancelled", 1),
    (7, DIALLO, "booked", 0),
    (7, KONE, "booked", 0),
    (8, DIALLO, "moved", 1),
    (8, KONE, "moved", 1),
    (9, DIALLO, "moved", 2),
    (9, KONE, "moved", 2),
]
NOTICES = {KEPT: 0, MOVED: 1, CANCELLED: 1, FAMILY: 2}


def without(column: str, rows: list[Row]) -> list[Row]:
    return [{name: value for name, value in row.items() if name != column} for row in rows]


def at_0002(before: Rows) -> Rows:
    """The same rows as 0002 says them: all else is equal."""
    return before | {
        "appointment": without("notice", before["appointment"]),
        "participation": [row | {"notice": NOTICES[row["appointment_id"]]} for row in before["participation"]],
        "history": [row | {"reason": None} for row in without("notice", before["history"])],
        "told": [dict(zip(("history_id", "usager_id", "change", "notice"), row, strict=True)) for row in TOLD],
    }
