"""On SQLite one page is made at a time in a process; the others wait in their order, and not for long.

A thread that reads SQLite gives the interpreter away at each row and queues to have it back. Eight that make a page
each then spend twice the work of eight pages made one after the other (docs/decisions/0018). PostgreSQL answers after a
wait, in which another page is made.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING

from flask import Flask

from booking.config import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATIENCE_SECONDS = 0.1  # then the next page is made beside the one that takes so long
READING = ("GET", "HEAD")


class Queue:
    """A place that one thread has at a time, in the order in which they came.

    Whoever has had it for `patience` seconds goes on without it: they hold up the next one so long, and nobody more.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._guard = Lock()
        self._waiting = deque[Lock]()
        self._holder: Lock | None = None
        self._until = 0.0  # when the holder will have had it for long enough

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def enter(self) -> Lock:
        """Wait for the place, and return what `leave` is to be given."""
        mine = Lock()  # released when the place is given to whoever waits on it
        mine.acquire()
        with self._guard:
            self._waiting.append(mine)
            if self._holder is None:
                self._call_next()
        try:
            while not mine.acquire(timeout=max(0.0, self._until - time.monotonic())):
                with self._guard:
                    if time.monotonic() >= self._until:
                        self._call_next()
        except BaseException:
            self.leave(mine)
            raise
        return mine

    def leave(self, mine: Lock) -> None:
        """Give the place to whoever has waited longest, unless they have it already; or wait no more."""
        with self._guard:
            if self._holder is mine:
                self._call_next()
            elif mine in self._waiting:
                self._waiting.remove(mine)

    def _call_next(self) -> None:
        self._holder = self._waiting.popleft() if self._waiting else None
        if self._holder is not None:
            self._until = time.monotonic() + self._patience
            self._holder.release()


class Queued:
    """A WSGI application whose pages are made one at a time. What is sent to it is not: writers have a queue."""

    def __init__(self, inner: WSGIApplication, queue: Queue) -> None:
        self.inner, self.queue = inner, queue

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, in turn."""
        if environ["REQUEST_METHOD"] not in READING:
            return self.inner(environ, start_response)
        place = self.queue.enter()
        try:
            return self.inner(environ, start_response)
        finally:
            self.queue.leave(place)


def init_app(app: Flask, settings: Settings) -> None:
    """Make the pages of this process one at a time, on SQLite."""
    if settings.database_url.startswith("sqlite"):
        queued = Queued(app.wsgi_app, Queue(PATIENCE_SECONDS))
        app.wsgi_app = queued  # type: ignore[method-assign]  # as Flask documents it
