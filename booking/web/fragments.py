"""Parts of pages, for forms and links that swap one instead of loading another page (htmx, vendored)."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, g, make_response, render_template, request
from werkzeug.urls import iri_to_uri

HEADER = "HX-Request"


def init_app(app: Flask) -> None:
    """Whatever a request for a part is answered with instead (a page to sign in, an error) is opened as a page."""
    app.after_request(_as_page)


def wanted() -> bool:
    """Whether the request asks for the part that its page swaps."""
    return HEADER in request.headers


def part(template: str, **facts: Any) -> Response:
    """The part, from the template that its whole page includes. Asked for twice, it is one step on the way back."""
    g.part = True
    response = make_response(render_template(template, **facts))
    if request.headers.get("HX-Current-URL", "").endswith(_address()):
        response.headers["HX-Replace-Url"] = _address()
    return response


def _as_page(response: Response) -> Response:
    if wanted() and not g.get("part") and request.method == "GET":
        response.headers["HX-Redirect"] = _address()
    return response


def _address() -> str:
    """The address asked for, without its host, which may be none of ours; two slashes would begin another's."""
    return "/" + iri_to_uri(request.full_path).lstrip("/").removesuffix("?")
