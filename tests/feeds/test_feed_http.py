"""Conditional requests and compression, as RFC 9110 wants them and calendar clients need them."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import pytest

from booking.feeds import http
from booking.feeds.http import FeedRequest

ETAG = "0123456789abcdef"
BODY = b"BEGIN:VCALENDAR\r\n" * 50
MODIFIED = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "same"),
    [
        pytest.param(None, False, id="no condition"),
        pytest.param(f'"{ETAG}"', True, id="strong"),
        pytest.param(f'W/"{ETAG}"', True, id="made weak by a proxy"),
        pytest.param(f'"{ETAG}-gzip"', True, id="of the compressed form"),
        pytest.param(f'"other", W/"{ETAG}" , "more"', True, id="in a list"),
        pytest.param("*", True, id="any version"),
        pytest.param('"other"', False, id="another version"),
        pytest.param(ETAG, False, id="without quotes it is no entity tag"),
        pytest.param("", False, id="empty"),
        pytest.param(f'"{ETAG}x"', False, id="a longer one"),
    ],
)
def test_if_none_match(header: str | None, same: bool) -> None:
    assert http.unchanged(FeedRequest(if_none_match=header), ETAG) is same


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        pytest.param(None, False, id="not said"),
        pytest.param("gzip", True, id="named"),
        pytest.param("deflate, GZIP;q=0.5", True, id="in a list, in capitals"),
        pytest.param("gzip;q=0", False, id="refused"),
        pytest.param("gzip; q=0.000, *", False, id="refused, though anything else goes"),
        pytest.param("*", True, id="anything"),
        pytest.param("*;q=0", False, id="nothing"),
        pytest.param("gzip;q=0.01", True, id="hardly wanted is wanted"),
        pytest.param("br", False, id="something else"),
    ],
)
def test_accept_encoding(header: str | None, accepted: bool) -> None:
    assert http.accepts_gzip(FeedRequest(accept_encoding=header)) is accepted


def test_the_headers_of_a_calendar() -> None:
    answer = http.calendar(FeedRequest(), ETAG, BODY, MODIFIED)
    assert (answer.status, answer.body) == (200, BODY)
    assert answer.headers == {
        "Content-Type": "text/calendar; charset=utf-8",
        "ETag": f'"{ETAG}"',
        "Last-Modified": "Sun, 22 Nov 2026 12:00:00 GMT",
        "Content-Length": str(len(BODY)),
        "Cache-Control": "private, no-cache",
        "X-Robots-Tag": "noindex",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Vary": "Accept-Encoding",
    }


def test_an_empty_calendar_was_never_modified() -> None:
    assert "Last-Modified" not in http.calendar(FeedRequest(), ETAG, BODY, None).headers


def test_compressed_bytes_are_stable_and_have_their_own_etag() -> None:
    request = FeedRequest(accept_encoding="gzip")
    first, second = (http.calendar(request, ETAG, BODY, MODIFIED) for _ in range(2))
    assert first == second
    assert gzip.decompress(first.body) == BODY
    assert first.body[4:8] == bytes(4), "no time of compression inside"
    assert first.headers["ETag"] == f'"{ETAG}-gzip"'
    assert (first.headers["Content-Encoding"], first.headers["Content-Length"]) == ("gzip", str(len(first.body)))


@pytest.mark.parametrize("encoding", [None, "gzip"])
def test_head_is_get_without_its_body(encoding: str | None) -> None:
    get = http.calendar(FeedRequest("GET", accept_encoding=encoding), ETAG, BODY, MODIFIED)
    head = http.calendar(FeedRequest("HEAD", accept_encoding=encoding), ETAG, BODY, MODIFIED)
    assert (head.status, head.headers, head.body) == (get.status, get.headers, b"")


@pytest.mark.parametrize(("encoding", "etag"), [(None, f'"{ETAG}"'), ("gzip", f'"{ETAG}-gzip"')])
def test_304_carries_the_etag_it_would_have_had(encoding: str | None, etag: str) -> None:
    answer = http.not_modified(FeedRequest(accept_encoding=encoding), ETAG)
    assert (answer.status, answer.headers["ETag"], answer.body) == (304, etag, b"")
    assert "Content-Length" not in answer.headers


def test_unknown_and_gone_look_alike() -> None:
    unknown, gone = http.nothing(404), http.nothing(410)
    assert (unknown.headers, unknown.body) == (gone.headers, gone.body)
    assert unknown.body == b""
    assert unknown.headers["Cache-Control"] == "private, no-cache"
