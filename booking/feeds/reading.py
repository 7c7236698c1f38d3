"""The answer to a reading of a feed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from booking.feeds import body, http
from booking.feeds.http import FeedRequest, FeedResponse
from booking.feeds.state import version
from booking.feeds.tokens import use_is_unnoted


def respond(session: Session, token: str, request: FeedRequest, now: datetime) -> FeedResponse:
    """Answer GET or HEAD of the feed of that secret: 200, 304, 404 when unknown, 410 when long revoked.

    A client that holds the present version costs one query. When `used` is set, the edge calls `note_use`
    with it after it has answered.
    """
    state = version(session, token, now)
    if state is None:
        return http.nothing(404)
    if state.gone(now):
        return http.nothing(410)
    used = state.token_id if use_is_unnoted(state.last_used_at, now) else None
    if http.unchanged(request, state.etag):
        return http.not_modified(request, state.etag, used)
    calendar, modified = body.calendar(session, state)
    return http.calendar(request, state.etag, calendar, modified, used)
