"""Private calendar feeds: a secret link a device, a stable calendar behind it."""

from booking.feeds.http import FeedRequest, FeedResponse
from booking.feeds.reading import respond
from booking.feeds.tokens import issue, note_use, revoke, revoke_all, tokens

__all__ = ["FeedRequest", "FeedResponse", "issue", "note_use", "respond", "revoke", "revoke_all", "tokens"]
