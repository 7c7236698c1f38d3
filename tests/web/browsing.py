"""A browser without JavaScript, small enough to read: pages as trees, forms that are filled in and sent."""

from __future__ import annotations

import contextvars
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from booking import clock

VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
Values = Mapping[str, "str | list[str]"]


@dataclass
class Element:
    """One element of a page."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        return self.attributes.get(name, "")

    def all(self, tag: str | None = None, **attributes: str) -> list[Element]:
        """Every element under this one with that tag and those attributes, in order of the page."""
        return [
            each
            for each in self.under()
            if tag in (None, each.tag) and all(each[name] == value for name, value in attributes.items())
        ]

    def one(self, tag: str | None = None, **attributes: str) -> Element:
        """The only such element."""
        (found,) = self.all(tag, **attributes)
        return found

    def under(self) -> Iterator[Element]:
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child.under()

    @property
    def text(self) -> str:
        """What it says, spaces made single."""
        return " ".join("".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            else:
                yield from child._texts()
        yield " " if self.tag in {"p", "li", "h1", "h2", "h3", "dt", "dd", "div", "td", "th"} else ""


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("document")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


@dataclass
class Page:
    """An answer, read."""

    status: int
    address: str
    headers: Mapping[str, str]
    source: str
    tree: Element

    @property
    def title(self) -> str:
        return self.tree.one("title").text

    @property
    def text(self) -> str:
        return self.tree.one("body").text

    def errors(self) -> dict[str, str]:
        """The sentence beside each field that was refused, by the name of the field."""
        fields = [each for each in self.tree.all() if each["aria-invalid"] == "true" and each["name"]]
        return {each["name"]: self._described(each) for each in fields}

    def _described(self, element: Element) -> str:
        ids = element["aria-describedby"].split()
        (error,) = [each for each in self.tree.all() if each["id"] in ids and "field-error" in each["class"]]
        return error.text

    def form(self, action: str) -> Element:
        """The first form whose action has that path."""
        forms = [each for each in self.tree.all("form") if urlsplit(each["action"]).path == action]
        assert forms, f"no form for {action} at {self.address}"
        return forms[0]


def read(address: str, response: TestResponse) -> Page:
    builder = _Builder()
    builder.feed(response.text)
    assert builder.open == [builder.root], "something is not closed"
    return Page(response.status_code, address, response.headers, response.text, builder.root)


class Browser:
    """Sends requests as separate visits: none sees what the test, or another request, has in its context."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def open(self, address: str, method: str = "GET", **more: object) -> TestResponse:
        """The raw answer, redirects not followed."""
        return contextvars.Context().run(self.client.open, address, method=method, buffered=True, **more)

    def get(self, address: str) -> Page:
        """The page at that address, after redirections."""
        response = self.open(address)
        while response.status_code in (302, 303):
            address = response.headers["Location"]
            response = self.open(address)
        return read(address, response)

    def post(self, address: str, values: Values, token: str | None = None) -> Page:
        """Send values; the token is that of the sign-in page or of whatever page is given."""
        given = {"csrf_token": token or self.token(), **values}
        response = self.open(address, "POST", data=given)
        if response.status_code in (302, 303):
            return self.get(response.headers["Location"])
        return read(address, response)

    def sign_in_again(self, agent_id: int) -> None:
        """The same agent, signed in a moment ago: the hands of the clock may have moved by more than a session."""
        now = int(clock.now().timestamp())
        with self.client.session_transaction() as session:
            session.update(_user_id=f"{agent_id}.0", _fresh=True, begun=now, seen=now)

    def token(self) -> str:
        """A CSRF token of this session."""
        page = self.get("/")
        return page.tree.all("input", name="csrf_token")[0]["value"]

    def send(self, page: Page, action: str, **typed: str | list[str]) -> Page:
        """Fill in the first form of the page with that action, as a person would, and send it."""
        form = page.form(action)
        values = {**_filled(form), **typed}
        address = form["action"] or page.address
        if form["method"].lower() == "post":
            return self.post(address, values, str(values.pop("csrf_token")))
        several = ((name, [value] if isinstance(value, str) else value) for name, value in values.items())
        query = "&".join(f"{name}={each}" for name, found in several for each in found)
        return self.get(f"{address}?{query}")


def _filled(form: Element) -> dict[str, str | list[str]]:
    """What a form sends as it stands."""
    values: defaultdict[str, list[str]] = defaultdict(list)
    for each in form.all("input"):
        ticked = each["type"] not in ("checkbox", "radio") or "checked" in each.attributes
        if each["name"] and ticked:
            values[each["name"]].append(each["value"])
    for each in form.all("select"):
        chosen = [option for option in each.all("option") if "selected" in option.attributes]
        values[each["name"]] = [(chosen or each.all("option"))[0]["value"]]
    return {name: found[0] if len(found) == 1 else found for name, found in values.items()}
