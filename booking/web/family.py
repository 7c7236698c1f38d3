"""Those who come together: each is added to the address of the booking, until the last one is booked with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request, url_for

from booking.people.models import Usager
from booking.web.chosen import address


@dataclass(frozen=True)
class Companion:
    """Somebody who comes too, and the page without them."""

    usager: Usager
    without: str


def companions(family: Sequence[Usager]) -> list[Companion]:
    """Those who come with whoever is still to be said."""
    return [Companion(each, _page([other for other in family if other is not each])) for each in family]


def alone(family: Sequence[Usager]) -> str | None:
    """The page that books for those who are said already; None when nobody is."""
    return _page(family[:-1], usager=family[-1].id) if family else None


def another(family: Sequence[Usager], person: Usager) -> str:
    """The page that asks who else comes, beside them and that person."""
    return _page([*family, person], usager=None)


def goes_on() -> bool:
    """Whether the form that was sent adds somebody, instead of booking."""
    return request.form.get("suite") == "ajouter"


def _page(family: Sequence[Usager], **changed: int | None) -> str:
    numbers = list(dict.fromkeys(each.id for each in family))
    known = address(**{"famille": numbers, "q": None, **changed})
    return url_for("booking.new", **known)
