"""The usagers whom no message could tell of a change: somebody calls them, and says so here."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from booking import clock
from booking.db import LARGEST_KEY, db
from booking.messages import calls, fate
from booking.web import auth
from booking.web.done import just_done
from booking.web.forms import Press
from booking.web.policy import signed_in

DONE = {"called": "Appel noté.", "taken_back": "L’appel n’est plus noté : la personne est de nouveau à appeler."}
MESSAGE = f"<int(max={LARGEST_KEY}):message>"

bp = Blueprint("calls", __name__, url_prefix="/a-appeler")


@bp.get("")
@signed_in
def index() -> str:
    """Whom to call, and who was called since yesterday."""
    session, now = db.session(), clock.now()
    return render_template(
        "reception/calls.html",
        to_call=calls.to_call(session, now),
        called=calls.called(session, now),
        reasons=fate.REASONS,
        done=just_done(DONE),
    )


@bp.post(f"/{MESSAGE}/fait")
@signed_in
def done(message: int) -> Response:
    """Somebody called them."""
    return _pressed("called", lambda: calls.note_call(message, auth.agent_id(), clock.now()))


@bp.post(f"/{MESSAGE}/reprendre")
@signed_in
def take_back(message: int) -> Response:
    """Nobody called them after all."""
    return _pressed("taken_back", lambda: calls.take_back(message))


def _pressed(done: str, change: Callable[[], None]) -> Response:
    if Press().validate():
        change()
        flash(done)
    return redirect(url_for("calls.index", _anchor="titre"))
