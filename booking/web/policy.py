"""Who may open a route. Every route says it; one that does not is refused to everybody, and a test fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar

from flask import current_app, request

Policy = Literal["public", "signed_in"]
View = TypeVar("View", bound=Callable[..., Any])

_policies: dict[Callable[..., Any], Policy] = {}


def public(view: View) -> View:
    """Anybody may open it."""
    _policies[view] = "public"
    return view


def signed_in(view: View) -> View:
    """Any agent who has signed in may open it."""
    _policies[view] = "signed_in"
    return view


def policy_of(view: Callable[..., Any] | None) -> Policy | None:
    """What a view declared."""
    return _policies.get(view) if view else None


def requested() -> Policy | None:
    """The policy of the route that the request is for; an address without a route is public: its answer is 404."""
    if request.endpoint is None:
        return "public"
    return policy_of(current_app.view_functions.get(request.endpoint))
