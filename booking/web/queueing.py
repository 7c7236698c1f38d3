"""On SQLite one page is made at a time in a process; the others wait in their order, and not for long.

A thread that reads SQLite gives the interpreter away at each row and queues to have it back. Eight that make a page
each then spend twice the work of eight pages made one after the other (docs/decisions/0018). PostgreSQL answers after a
wait, in which another page is made.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING

from flask import Flask

from booking.config import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATIENCE_SECONDS = 0.25  # then a page is made beside the one that takes so long
READING = ("GET", "HEAD")


class Queue:
    """A place that one thread has at a time. Those who wait have it in the order in which they came."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._taken = False
        self._waiting = deque[Lock]()

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def enter(self, patience: float) -> bool:
        """Wait for the place, so many seconds at most; return whether it is had, and must be left."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            called = Lock()
            called.acquire()
            self._waiting.append(called)
        return called.acquire(timeout=patience) or not self._given_up(called)

    def leave(self) -> None:
        """Give the place to whoever has waited longest."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False

    def _given_up(self, called: Lock) -> bool:
        """Go away; false for somebody who was called meanwhile."""
        with self._guard:
            if called not in self._waiting:
                return False
            self._waiting.remove(called)
            return True


class Queued:
    """A WSGI application whose pages are made one at a time. What is sent to it is not: writers have a queue."""

    def __init__(self, inner: WSGIApplication, queue: Queue, patience: float = PATIENCE_SECONDS) -> None:
        self.inner, self.queue, self.patience = inner, queue, patience

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, in turn."""
        if environ["REQUEST_METHOD"] not in READING or not self.queue.enter(self.patience):
            return self.inner(environ, start_response)
        try:
            return self.inner(environ, start_response)
        finally:
            self.queue.leave()


def init_app(app: Flask, settings: Settings) -> None:
    """Make the pages of this process one at a time, on SQLite."""
    if settings.database_url.startswith("sqlite"):
        app.wsgi_app = Queued(app.wsgi_app, Queue())  # type: ignore[method-assign]  # as Flask documents it
