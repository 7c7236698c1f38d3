"""What a request has freed is proposed at once to those who wait, and the next page says so."""

from __future__ import annotations

from datetime import datetime

from flask import flash, get_flashed_messages
from sqlalchemy.orm import Session

from booking import clock, french, reservations
from booking.errors import DatabaseUnavailable
from booking.reservations import waiting
from booking.reservations.models import Proposal
from booking.web import lists, wording

SEARCHES = 8  # within a request; the worker does the rest within a minute


def propose_now() -> None:
    """Propose what the request has freed, and let the next page say so; should it fail, the worker does it."""
    try:
        made = reservations.propose(clock.now(), SEARCHES)
    except DatabaseUnavailable:
        return
    for one in made:
        flash(one.uid, "proposed")  # not the name: a cookie carries it


def proposed_sentences(session: Session) -> list[str]:
    """« Créneau proposé à KONÉ Aminata : … », for what was just proposed."""
    uids = list(map(str, get_flashed_messages(category_filter=("proposed",))))
    return [_said(one) for one in waiting.of_proposals(session, uids)] if uids else []


def _said(one: Proposal) -> str:
    who, when = wording.called(one.waiting.usager), _moment(one.starts_at)
    return f"Créneau proposé à {who} : {when}, retenu jusqu’au {_moment(one.expires_at)}. Appelez cette personne."


def _moment(instant: datetime) -> str:
    return french.moment(instant, lists.zone())
