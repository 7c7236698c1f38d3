"""One appointment, told to the person at the command line."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from booking import french, labels
from booking.cli import answers
from booking.messages import fate
from booking.notify.outbox import messages_about
from booking.reservations import reading
from booking.reservations.models import Appointment, History


def appointment(session: Session, one: Appointment) -> list[str]:
    """When, what, with whom and where; then its messages and its history."""
    zone = one.site.zone_info
    return [
        *answers.table(_facts(one, zone)),
        *_section(
            "Messages", [f"{fate.kind(sent)} : {fate.fate(sent, zone)}" for sent in messages_about(session, one.uid)]
        ),
        *_section("Histoire", [_event(event, zone) for event in reading.history(session, one.id)]),
    ]


def _facts(one: Appointment, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    yield "Numéro", one.uid
    yield "Quand", f"{french.moment(one.starts_at, zone)}, jusqu’à {french.hour(one.ends_at, zone)}"
    yield "Motif", f"{one.type.name} ({labels.MODES[one.mode]})"
    yield "Avec", ", ".join(professional.name for professional in one.professionals)
    if one.room:
        yield "Salle", f"{one.room.code}, {one.room.name}"
    for participation in one.participations:
        usager = participation.usager
        yield "Usager", f"{usager.name} (n° {usager.id}), {labels.ATTENDANCE[participation.attendance]}"
    by = f" {labels.CANCELLED_BY[one.cancelled_by]}" if one.cancelled_by else ""
    yield "État", f"{labels.STATUSES[one.status]}{by}"


def _event(event: History, zone: ZoneInfo) -> str:
    why = f", {labels.REASONS[event.reason]}" if event.reason else ""
    return f"{french.moment(event.at, zone)} : {labels.ACTIONS[event.action]}{why} ({labels.ORIGINS[event.origin]})"


def _section(title: str, lines: list[str]) -> list[str]:
    return [f"{title} :", *(f"  {line}" for line in lines)] if lines else []
