"""Who acts, for the engine: the signed-in agent, now, from a screen."""

from __future__ import annotations

from booking import clock, messages
from booking.reservations.commands import Act
from booking.reservations.state import Reason
from booking.web import auth


def act(reason: Reason | None = None) -> Act:
    """What every command of the engine takes, for the current request."""
    return Act(now=clock.now(), origin="web", tell=messages.file, agent_id=auth.agent_id(), reason=reason)
