"""The product as it runs: gunicorn and the worker in processes of their own, spoken to over HTTP."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from booking.config import Settings

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30
PASSWORD = "une phrase de passe assez longue"


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    body: str
    location: str | None
    cookies: dict[str, str]


class Client:
    """One browser: a connection kept alive and its cookies, which may be shared between clients."""

    def __init__(self, port: int, cookies: dict[str, str]) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies = cookies

    def send(
        self, method: str, path: str, values: dict[str, str] | None = None, more: Mapping[str, str] | None = None
    ) -> Answer:
        """Ask once, with more headers if some are given; redirects not followed."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} | dict(more or {})
        if values is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, urlencode(values) if values is not None else None, headers)
        response = self.connection.getresponse()
        body = response.read().decode()
        given = [header.split(";")[0].split("=", 1) for header in response.headers.get_all("Set-Cookie") or []]
        return Answer(response.status, body, response.getheader("Location"), {name: value for name, value in given})

    def close(self) -> None:
        """Hang up."""
        self.connection.close()

    def csrf(self, path: str) -> str:
        """The token in the forms of a page."""
        answer = self.send("GET", path)
        self.cookies.update(answer.cookies)
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.body)
        assert found, f"{path} has no form: {answer.status}"
        return found[1]

    def sign_in_with(self, token: str) -> None:
        """Spend a one-time link."""
        path = f"/lien/{token}"
        values = {"csrf_token": self.csrf(path), "password": PASSWORD, "again": PASSWORD}
        answer = self.send("POST", path, values)
        assert answer.status in (302, 303), answer.body
        self.cookies.update(answer.cookies)


def environment(settings: Settings) -> dict[str, str]:
    """The environment of a process that works on these settings."""
    url = settings.database_url.replace("postgresql+psycopg://", "postgresql://")
    return {**os.environ, "BOOKING_INSTANCE": str(settings.instance), "BOOKING_DATABASE_URL": url}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Process:
    """A process group that can be killed as a power cut would."""

    command: Sequence[str]
    env: dict[str, str]
    child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        self.child = subprocess.Popen(self.command, cwd=ROOT, env=self.env, start_new_session=True)

    def kill(self) -> None:
        """SIGKILL to the whole group."""
        if self.child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()


class Web(Process):
    """gunicorn, on a port of its own."""

    def __init__(self, settings: Settings, workers: int = 1) -> None:
        self.port = free_port()
        gunicorn = [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{self.port}"]
        options = ["--workers", str(workers), "--threads", "8", "--keep-alive", "60"]
        quiet = ["--no-control-socket", "--log-level", "error"]
        super().__init__([*gunicorn, *options, *quiet], environment(settings))

    def start(self) -> None:
        """Start it, and wait until it answers."""
        super().start()
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert time.monotonic() < deadline, "the server does not answer"

    def _answers(self) -> bool:
        with contextlib.closing(Client(self.port, {})) as client, contextlib.suppress(OSError):
            return client.send("GET", "/sante").status == 200
        return False


def worker(settings: Settings) -> Process:
    """`flask --app wsgi worker`."""
    return Process([sys.executable, "-m", "flask", "--app", "wsgi", "worker"], environment(settings))


@contextlib.contextmanager
def running(*processes: Process) -> Iterator[None]:
    """Start processes; they are gone at the end."""
    try:
        for process in processes:
            process.start()
        yield
    finally:
        for process in processes:
            process.kill()
