"""A line between the engine and PostgreSQL that can be cut where it hurts: around COMMIT, or for good."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from sqlalchemy.engine import make_url

# Before COMMIT reaches the server; with COMMIT on its way; once the server has answered it, and nobody heard.
Moment = Literal["before", "during", "after"]
COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"  # a simple query of the protocol: its kind, its length, its text


class Line(threading.Thread):
    """One connection, carried until one end hangs up or the proxy cuts it."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        super().__init__(daemon=True)
        self.proxy, self.client, self.server = proxy, client, server
        self.awaited = False  # COMMIT was let through and its answer is to be swallowed

    def run(self) -> None:
        """Carry bytes both ways."""
        with self.client, self.server, contextlib.suppress(OSError), selectors.DefaultSelector() as both:
            both.register(self.client, selectors.EVENT_READ, self._asked)
            both.register(self.server, selectors.EVENT_READ, self._answered)
            while all(key.data() for key, _ in both.select()):
                pass

    def cut(self) -> None:
        """Hang up at both ends."""
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _asked(self) -> bool:
        sent = self.client.recv(65536)
        moment = self.proxy.faulty() if sent.endswith(COMMIT) else None
        if moment == "before":
            return False
        self.server.sendall(sent)
        self.awaited = moment == "after"
        return bool(sent) and moment != "during"

    def _answered(self) -> bool:
        said = self.server.recv(65536)
        if self.awaited:
            return False
        self.client.sendall(said)
        return bool(said)


class Proxy(threading.Thread):
    """Listens where the engine is told that the server is. `url` is that place; `cuts` counts the lines cut so far."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        real = make_url(url)
        self.place = str(Path(str(real.query["host"])) / ".s.PGSQL.5432")
        self.listener = socket.create_server(("127.0.0.1", 0))
        place = real.set(host="127.0.0.1", port=self.listener.getsockname()[1], query={})
        options = {"sslmode": "disable", "gssencmode": "disable"}
        self.url = place.update_query_dict(options).render_as_string(hide_password=False)
        self.lines: list[Line] = []
        self.planned: list[Moment] = []
        self.cuts = 0
        self.down = False
        self.turn = threading.Lock()

    def run(self) -> None:
        """Take connections until the listener is closed."""
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                if self.down:
                    client.close()
                else:
                    self._carry(client)

    def _carry(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        server.connect(self.place)
        self.lines.append(Line(self, client, server))
        self.lines[-1].start()

    def cut_at(self, *moments: Moment) -> None:
        """Cut the next lines that commit, one after the other, at these moments."""
        with self.turn:
            self.planned.extend(moments)

    def faulty(self) -> Moment | None:
        """What is to happen to this COMMIT, once."""
        with self.turn:
            if not self.planned:
                return None
            self.cuts += 1
            return self.planned.pop(0)

    @contextlib.contextmanager
    def unplugged(self) -> Iterator[None]:
        """Nobody gets through, neither those who are connected nor anybody new."""
        self.down = True
        for line in self.lines:
            line.cut()
        try:
            yield
        finally:
            self.down = False

    def close(self) -> None:
        """Stop listening; what is connected is cut."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for line in self.lines:
            line.cut()
            line.join(timeout=10)
        self.join(timeout=10)
