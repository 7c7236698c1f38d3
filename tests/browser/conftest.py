"""A real chromium in front of a real server."""

from __future__ import annotations

import dataclasses
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from booking import clock, create_app, jobs
from booking.access import credentials
from booking.config import Settings
from booking.db import db
from tests.builders import NOW, Cast, build_cast

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
WAIT_MS = 20_000
# A page that refuses is a page all the same: chromium notes each 4xx, and htmx a server that does not answer.
NOTED = ("Failed to load resource", "htmx: htmx:error: Failed to fetch")


@dataclass
class Live:
    """A running site, its cast, and what its worker does when asked."""

    url: str
    app: Flask
    settings: Settings
    cast: Cast

    def link(self) -> str:
        """A one-time link for Amina, as the command prints it."""
        with self.app.app_context():
            return f"{self.url}/lien/{credentials.issue_link(self.cast.amina, NOW)}"

    def deliver(self) -> None:
        """One tick of the worker."""
        with self.app.app_context():
            jobs.deliver(self.settings, NOW)


@pytest.fixture(params=["sqlite"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """One database: what differs between the two lies far below a browser."""
    name: str = request.param
    return name


@pytest.fixture
def live(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    """The site, served on a port of its own, at NOW."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        reached = dataclasses.replace(settings, public_url=url)
        app = create_app(reached)
        with app.app_context():
            cast = build_cast()
        server = make_server("127.0.0.1", 0, app, threaded=True, fd=listener.fileno())
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Live(url, app, reached, cast)
        server.shutdown()
        thread.join()
        server.server_close()
        with app.app_context():
            db.engine.dispose()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's chromium. Without one these tests fail: they are never skipped."""
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    assert program, "no chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


Tabs = Callable[..., Page]


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Tabs]:
    """Opens tabs; whatever the console says against the site fails the test at its end."""
    contexts: list[BrowserContext] = []
    said: list[str] = []

    def opened(**options: Any) -> Page:
        context = chromium.new_context(locale="fr-FR", timezone_id="Europe/Paris", **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [text for text in said if not any(noted in text for noted in NOTED)] == []
