"""The sign of life, for whatever watches over the site."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, Response

from booking.db import db
from booking.web.policy import public

bp = Blueprint("health", __name__)


@bp.get("/sante")
@public
def health() -> Response:
    """« ok » when the database answers; 503 otherwise."""
    db.session().execute(sa.text("SELECT 1"))
    return Response("ok\n", mimetype="text/plain")
