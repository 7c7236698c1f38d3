"""Reading what there is: rooms, types, professionals."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from booking import labels
from booking.cli import answers
from booking.cli.speaking import as_json, command
from booking.db import db
from booking.people.models import Professional
from booking.rooms.models import Room
from booking.slots.models import AppointmentType


@command("rooms")
@as_json
def rooms(as_json: bool) -> None:
    """Les salles, avec leur équipement et le service auquel elles sont réservées.

    Clés JSON : code, name, kind, floor, capacity, features, reserved_for, retired.
    """
    found = db.session.scalars(sa.select(Room).order_by(Room.site_id, Room.position, Room.id)).all()
    answers.write(as_json, [_room_object(room) for room in found], answers.table(map(_room_row, found)))


def _room_object(room: Room) -> dict[str, Any]:
    return {
        "code": room.code,
        "name": room.name,
        "kind": room.kind,
        "floor": room.floor,
        "capacity": room.capacity,
        "features": sorted(room.features),
        "reserved_for": room.reserved_for.code if room.reserved_for else None,
        "retired": room.retired_at is not None,
    }


def _room_row(room: Room) -> tuple[str, ...]:
    kept = f"réservée : {room.reserved_for.name}" if room.reserved_for else ""
    features = ", ".join(labels.FEATURES[code] for code in sorted(room.features))
    floor = "rez-de-chaussée" if room.floor == 0 else f"étage {room.floor}"
    return room.code, room.name, labels.KINDS[room.kind], floor, f"{room.capacity} p.", features, kept, _gone(room)


@command("types")
@as_json
def types(as_json: bool) -> None:
    """Les motifs de rendez-vous, avec leur durée et ce qu'ils demandent.

    Clés JSON : code, name, service, mode, duration, step, buffer_before, buffer_after, room_kinds, features,
    professions, lead_time, horizon_days, desk_lead_time, retired. Durées en minutes.
    """
    found = db.session.scalars(sa.select(AppointmentType).order_by(AppointmentType.code)).all()
    answers.write(as_json, [_type_object(one) for one in found], answers.table(map(_type_row, found)))


def _type_object(one: AppointmentType) -> dict[str, Any]:
    return {
        "code": one.code,
        "name": one.name,
        "service": one.service.code,
        "mode": one.mode,
        "duration": one.duration,
        "step": one.step,
        "buffer_before": one.buffer_before,
        "buffer_after": one.buffer_after,
        "room_kinds": sorted(one.room_kinds),
        "features": sorted(one.features),
        "professions": _codes(one.professions),
        "lead_time": one.lead_time,
        "horizon_days": one.horizon_days,
        "desk_lead_time": one.desk_lead_time,
        "retired": one.retired_at is not None,
    }


def _type_row(one: AppointmentType) -> tuple[str, ...]:
    professions = ", ".join(sorted(profession.name for profession in one.professions))
    return (
        *(one.code, one.name, f"{one.duration} min", labels.MODES[one.mode]),
        *(one.service.name, professions, _gone(one)),
    )


@command("professionals")
@as_json
def professionals(as_json: bool) -> None:
    """Les professionnels, avec leur métier, leurs services et les langues qu'ils parlent.

    Clés JSON : code, name, profession, services, languages (codes ISO 639, hors français), retired.
    """
    order = (Professional.last_name, Professional.first_name, Professional.id)
    found = db.session.scalars(sa.select(Professional).order_by(*order)).all()
    answers.write(as_json, [_person_object(one) for one in found], answers.table(map(_person_row, found)))


def _person_object(one: Professional) -> dict[str, Any]:
    return {
        "code": one.code,
        "name": one.name,
        "profession": one.profession.code,
        "services": _codes(one.services),
        "languages": sorted(one.languages),
        "retired": one.retired_at is not None,
    }


def _person_row(one: Professional) -> tuple[str, ...]:
    services = ", ".join(service.name for service in one.services)
    languages = ", ".join(text for code, text in labels.SPOKEN.items() if code in one.languages)
    return one.code, one.name, one.profession.name, services, languages, _gone(one)


def _codes(rows: Collection[Any]) -> list[str]:
    return sorted(row.code for row in rows)


def _gone(row: Room | AppointmentType | Professional) -> str:
    return "retiré" if row.retired_at else ""
