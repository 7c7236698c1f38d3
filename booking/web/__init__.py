"""The web edge: requests in, French pages out."""

from __future__ import annotations

from flask import Flask

from booking.config import Settings
from booking.web import (
    appointments,
    auth,
    booking,
    calls,
    closures,
    day,
    errors,
    feed,
    fragments,
    health,
    holding,
    impact,
    joining,
    mailbox,
    openings,
    pages,
    periods,
    policy,
    professionals,
    queueing,
    rooms,
    security,
    series,
    slots,
    usagers,
    waiting,
    wishing,
)

SCREENS = (
    day,
    slots,
    booking,
    holding,
    series,
    appointments,
    joining,
    usagers,
    rooms,
    professionals,
    openings,
    periods,
    impact,
    closures,
    calls,
    waiting,
    wishing,
    mailbox,
    feed,
    health,
)


def init_app(app: Flask, settings: Settings) -> None:
    """Register the screens. The order matters: who may come in is asked before anything is read of the request."""
    pages.init_app(app, settings)
    auth.init_app(app)
    security.init_app(app, settings)
    errors.init_app(app)
    fragments.init_app(app)
    queueing.init_app(app, settings)
    app.view_functions["static"] = policy.public(app.view_functions["static"])
    for screen in SCREENS:
        app.register_blueprint(screen.bp)
