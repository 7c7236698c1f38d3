"""What every answer carries, and what every request must respect, whatever its page."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask, Response, request
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from booking.config import LOOPBACK, Settings

MAX_BODY_BYTES = 64 * 1024
IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=10)

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",  # the arrows and ticks of Bootstrap's form controls
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "object-src 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # The back button after signing out shows nothing.
    "Cache-Control": "no-store",
}
HSTS = "max-age=31536000"

csrf = CSRFProtect()


def init_app(app: Flask, settings: Settings) -> None:
    """Cookies, hosts, sizes, CSRF and headers. Call it after the policies, which refuse first."""
    app.config.update(
        # __Host- : a browser takes it only with Secure, for this host alone.
        SESSION_COOKIE_NAME="__Host-booking" if settings.https else "booking",
        SESSION_COOKIE_SECURE=settings.https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=ABSOLUTE,
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_BODY_BYTES,
        TRUSTED_HOSTS=trusted_hosts(settings),
        WTF_CSRF_TIME_LIMIT=None,  # a token lives as long as its session
    )
    if settings.https:
        # TLS ends at one proxy in front of us: it says who the client is, and delays count by address.
        behind_proxy = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=0)
        app.wsgi_app = behind_proxy  # type: ignore[method-assign]  # Flask's own way to put a middleware in front
    csrf.init_app(app)
    app.after_request(lambda response: with_headers(response, settings.https))


def trusted_hosts(settings: Settings) -> list[str]:
    """The hosts that we answer to: the public one or, on one's own machine, all of its names."""
    return list(LOOPBACK) if settings.public_host in LOOPBACK else [settings.public_host]


def with_headers(response: Response, https: bool) -> Response:
    """Add the headers that a view has not set itself."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if https:
        response.headers["Strict-Transport-Security"] = HSTS
    if request.endpoint == "static" and "v" in request.args:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
