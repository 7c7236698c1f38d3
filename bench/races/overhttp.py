"""A client that signs in and fills in the forms of the screens, over HTTP."""

from __future__ import annotations

import http.client
import re
from datetime import datetime
from urllib.parse import urlencode

from bench.races.journal import NOTHING_WRITTEN, Answer, Order
from tests.builders import PARIS
from tests.live.serving import PASSWORD, Client
from tests.live.serving import Answer as Page

SIGN_IN = "/connexion"
SUFFIX = {
    "move": "deplacer",
    "room": "salle",
    "swap": "echanger",
    "cancel": "annuler",
    "restore": "retablir",
    "leave": "retirer",
    "attend": "suivi",
}
# Of what an order says, the fields that a form takes as they are.
FIELDS = ("version", "usager", "by", "attendance", "room")
_ALERT = re.compile(r'<div class="alert alert-danger.*?<(?:p|li)>(.*?)</(?:p|li)>', re.DOTALL)
_TAG = re.compile(r"<[^>]*>|\s+")
LONGEST = 60
SAYS_NOTHING = "Rien n’a été enregistré"


class OverHttp:
    """Sends orders as a browser does: a session, a token, a form."""

    def __init__(self, port: int, login: str) -> None:
        self.login, self.client = login, Client(port, {})
        self.token: str | None = None

    def send(self, order: Order) -> Answer:
        """Send the form; a server that does not answer leaves it open."""
        try:
            return _read(self._posted(order))
        except (OSError, http.client.HTTPException) as error:
            self.client.close()
            return Answer("unknown", type(error).__name__)

    def _posted(self, order: Order) -> Page:
        """The answer to the form, sent again after signing in where the session had ended."""
        page = self._post(order)
        if page.status == 400 or (page.location or "").startswith(SIGN_IN):
            self.token = None
            page = self._post(order)
        return page

    def _post(self, order: Order) -> Page:
        path, values = _form(order)
        token = self.token or self._sign_in()
        page = self.client.send("POST", path, {"csrf_token": token, "key": order.key, **values})
        self.client.cookies.update(page.cookies)
        return page

    def _sign_in(self) -> str:
        """A new session; returns the token of its forms."""
        self.client.cookies.clear()
        values = {"csrf_token": self._token_in(SIGN_IN), "login": self.login, "password": PASSWORD}
        page = self.client.send("POST", SIGN_IN, values)
        if page.status not in (302, 303):
            raise http.client.HTTPException(f"sign in: {page.status}")
        self.client.cookies.update(page.cookies)
        self.token = self._token_in("/")
        return self.token

    def _token_in(self, path: str) -> str:
        """The token in the forms of a page; a clock that jumps may have ended the session meanwhile."""
        try:
            return self.client.csrf(path)
        except AssertionError as error:
            raise http.client.HTTPException(str(error)) from error


def _form(order: Order) -> tuple[str, dict[str, str]]:
    """The address and the fields that stand for an order."""
    what = order.what
    if order.kind == "book":
        slot = {"motif": what["type"], "debut": _wall(what["start"]), "professionnel": what["professional"]}
        return f"/rendez-vous/nouveau?{urlencode(slot)}", {"usager": str(what["usager"])}
    if order.kind == "join":
        return f"/rendez-vous/{what['uid']}/personnes?version={what['version']}", {"usager": str(what["usager"])}
    values = {name: str(what[name]) for name in FIELDS if name in what}
    if "start" in what:
        values["start"] = _wall(what["start"])
    if order.kind == "swap":
        values["other"] = f"{what['other']}.{what['other_version']}"
    return f"/rendez-vous/{what['uid']}/{SUFFIX[order.kind]}", values


def _wall(start: str) -> str:
    return f"{datetime.fromisoformat(start).astimezone(PARIS):%Y-%m-%dT%H:%M}"


def _read(page: Page) -> Answer:
    """What the status means, and the words of a refusal."""
    if page.status in (302, 303) and page.location and not page.location.startswith(SIGN_IN):
        return Answer("confirmed", stands={page.location.split("/")[2].split("#")[0]: None})
    if page.status == 503:
        return Answer("unknown", NOTHING_WRITTEN if SAYS_NOTHING in page.body else "perhaps written")
    if page.status in (404, 409, 422):
        return Answer("refused", f"{page.status} {_words(page.body)}")
    return Answer("failed", f"{page.status} {_words(page.body)}")


def _words(body: str) -> str:
    found = _ALERT.search(body)
    return _TAG.sub(" ", found[1]).strip()[:LONGEST] if found else ""
