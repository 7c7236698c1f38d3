"""Why a search finds little, on its page: the sentences, each change with the address that asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import request, url_for
from sqlalchemy.orm import Session

from booking import explanations
from booking.slots import explaining
from booking.slots.availability import Search
from booking.slots.explaining import Explanation, Relaxation
from booking.web import wording
from booking.web.chosen import address


@dataclass(frozen=True)
class Little:
    """What there is to say when little is found; an address is None where this page cannot ask for the change."""

    summary: str
    walk_ins: str | None
    changes: Sequence[tuple[str, str | None]]
    helpless: str = explanations.NOTHING_HELPS


def explained(session: Session, search: Search, now: datetime, zone: ZoneInfo) -> Little:
    """Explain a search that the address of the request asks for."""
    found = explaining.explain(session, search, now)
    said = explanations.said(found, zone)
    addresses = [_address(found, each, zone) for each in found.relaxations]
    return Little(said.summary, said.walk_ins, list(zip(said.relaxations, addresses, strict=True)))


def _address(found: Explanation, change: Relaxation, zone: ZoneInfo) -> str | None:
    match change.kind:
        case "other_professional":
            return url_for("slots.search", **address(professionnel=None))
        case "other_language":
            return url_for("slots.search", **address(professionnel=None, langue=None))
        case "without_colleague":
            return url_for("slots.search", **_without(found, change))
        case "without_interpreter":
            return url_for("slots.search", **{**address(), "interprete": ""})
        case "later":
            first = change.first.start.astimezone(zone).date()
            last = first + timedelta(days=explaining.WEEK.days - 1)
            return url_for("slots.search", **address(du=first.isoformat(), au=last.isoformat()))
        case "off_lattice":
            return url_for(
                "booking.new",
                motif=found.question.kind.code,
                debut=wording.in_address(change.first.start),
                professionnel=found.question.configuration.professionals[change.first.professional_id].code,
                avec=_beside(found, change),
                regle="hors-plage",
                usager=request.args.get("usager"),
            )
    return None


def _without(found: Explanation, change: Relaxation) -> dict[str, Any]:
    """Without somebody who interprets, nobody does: it is their slots that were counted."""
    left_out = found.question.configuration.professionals[change.professional_id or 0]
    return address(avec=None) | ({"interprete": ""} if left_out.interprets else {})


def _beside(found: Explanation, change: Relaxation) -> list[str]:
    who = [*found.question.colleague_ids, change.first.interpreter_id]
    return [found.question.configuration.professionals[each].code for each in who if each is not None]
