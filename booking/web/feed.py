"""The private calendar feeds."""

from __future__ import annotations

from flask import Blueprint, Response, request

from booking import clock, feeds
from booking.db import db
from booking.feeds import FeedRequest
from booking.web.policy import public

bp = Blueprint("feed", __name__)


@bp.get("/agenda/<token>.ics")
@public
def calendar(token: str) -> Response:
    """The feed of that secret; HEAD answers like GET."""
    now = clock.now()
    asked = FeedRequest(request.method, request.headers.get("If-None-Match"), request.headers.get("Accept-Encoding"))
    answer = feeds.respond(db.session(), token, asked, now)
    if answer.used is not None:
        feeds.note_use(answer.used, now)
    # In a list: a body of bytes would set the length to that of the empty body of HEAD.
    return Response([answer.body], answer.status, answer.headers)
