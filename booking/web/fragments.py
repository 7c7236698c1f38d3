"""Parts of pages, for forms and links that swap one instead of loading another page (htmx, vendored)."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, g, make_response, render_template, request

HEADER = "HX-Request"


def init_app(app: Flask) -> None:
    """Whatever a request for a part is answered with instead (a page to sign in, an error) is opened as a page."""
    app.after_request(_as_page)


def wanted() -> bool:
    """Whether the request asks for the part that its page swaps."""
    return HEADER in request.headers


def part(template: str, **facts: Any) -> Response:
    """The part, from the template that its whole page includes."""
    g.part = True
    return make_response(render_template(template, **facts))


def _as_page(response: Response) -> Response:
    if wanted() and not g.get("part") and request.method == "GET":
        response.headers["HX-Redirect"] = request.url
    return response
