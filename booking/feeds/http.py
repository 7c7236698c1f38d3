"""The HTTP of a feed, as values: conditional requests, compression, headers (RFC 9110). Pure.

Calendar clients are unforgiving: one disables the calendar on any 4xx but 404, another empties its cache on
an HTML page. So there is no redirect, no cookie, no page, and never a 401 or a 429.
"""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

COMMON = {
    "Cache-Control": "private, no-cache",
    "X-Robots-Tag": "noindex",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Encoding",
}
GZIP_SUFFIX = "-gzip"
GZIP_LEVEL = 6

_ETAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_QUALITY_ZERO = re.compile(r"q\s*=\s*0(?:\.0{0,3})?\s*$")


@dataclass(frozen=True, slots=True)
class FeedRequest:
    """What of a request a feed depends on; headers that were not sent are None."""

    method: str = "GET"
    if_none_match: str | None = None
    accept_encoding: str | None = None


@dataclass(frozen=True, slots=True)
class FeedResponse:
    """A whole answer. `used` is the link whose use is worth noting once it has been given, or None."""

    status: int
    headers: dict[str, str] = field(default_factory=lambda: dict(COMMON))
    body: bytes = b""
    used: int | None = None


def unchanged(request: FeedRequest, etag: str) -> bool:
    """Whether the client already holds this version: If-None-Match, compared weakly, with lists and « * »."""
    given = request.if_none_match
    if given is None:
        return False
    return given.strip() == "*" or not {etag, etag + GZIP_SUFFIX}.isdisjoint(_ETAG.findall(given))


def accepts_gzip(request: FeedRequest) -> bool:
    """Whether gzip is named, or « * », and not with a quality of zero."""
    offers = dict(_coding(offer) for offer in (request.accept_encoding or "").lower().split(","))
    return offers.get("gzip", offers.get("*", False))


def not_modified(request: FeedRequest, etag: str, used: int | None = None) -> FeedResponse:
    """304, with the ETag of the representation that this client would have had."""
    return FeedResponse(304, COMMON | {"ETag": _quoted(request, etag)}, used=used)


def nothing(status: int) -> FeedResponse:
    """404 or 410: the two look alike, and say nothing."""
    return FeedResponse(status, COMMON | {"Content-Length": "0"})


def calendar(
    request: FeedRequest, etag: str, body: bytes, modified: datetime | None, used: int | None = None
) -> FeedResponse:
    """200 with the calendar: the same one, the same bytes, also compressed. HEAD has the headers of GET."""
    headers = COMMON | {"Content-Type": "text/calendar; charset=utf-8", "ETag": _quoted(request, etag)}
    if modified:
        headers["Last-Modified"] = format_datetime(modified, usegmt=True)
    if accepts_gzip(request):
        body = gzip.compress(body, GZIP_LEVEL, mtime=0)
        headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(len(body))
    return FeedResponse(200, headers, b"" if request.method == "HEAD" else body, used)


def _quoted(request: FeedRequest, etag: str) -> str:
    """A strong ETag names bytes, so the compressed form has its own."""
    return f'"{etag}{GZIP_SUFFIX}"' if accepts_gzip(request) else f'"{etag}"'


def _coding(offer: str) -> tuple[str, bool]:
    name, _, parameter = offer.partition(";")
    return name.strip(), not _QUALITY_ZERO.match(parameter.strip())
