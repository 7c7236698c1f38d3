"""On SQLite a process makes one page at a time: in the order in which they were asked for, nobody waiting for long."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from werkzeug.test import Client

from booking import create_app
from booking.config import Settings
from booking.web import queueing
from booking.web.queueing import Queue, Queued

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LONG = 30.0  # nobody waits so long, unless something is wrong
AT_ONCE, A_MOMENT = 0.0, 0.001


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < until
        time.sleep(A_MOMENT)


class TestQueue:
    def test_an_empty_place_is_had_at_once_again_and_again(self) -> None:
        queue = Queue()
        for _ in range(3):
            assert queue.enter(AT_ONCE)
            queue.leave()

    def test_who_waits_has_it_in_the_order_in_which_they_came(self) -> None:
        queue, came = Queue(), list[int]()

        def come(number: int) -> None:
            assert queue.enter(LONG)
            came.append(number)
            queue.leave()

        assert queue.enter(AT_ONCE)
        with ThreadPoolExecutor(8) as pool:
            for number in range(8):
                pool.submit(come, number)
                wait_until(lambda waiting=number + 1: len(queue) == waiting)  # type: ignore[misc]
            queue.leave()
        assert came == list(range(8))

    def test_nobody_passes_those_who_wait(self) -> None:
        queue = Queue()
        assert queue.enter(AT_ONCE)
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(queue.enter, LONG)
            wait_until(lambda: len(queue) == 1)
            queue.leave()
            assert not queue.enter(AT_ONCE)
            assert first.result(LONG)

    def test_who_gave_up_is_not_called(self) -> None:
        queue = Queue()
        assert queue.enter(AT_ONCE)
        assert not queue.enter(A_MOMENT)
        queue.leave()
        assert queue.enter(AT_ONCE)

    def test_who_is_called_just_as_they_give_up_has_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Otherwise the place would be nobody's, and every page would wait for as long as it may, for ever after."""
        queue = Queue()
        assert queue.enter(AT_ONCE)

        class CalledTooLate:
            def acquire(self, timeout: float = -1) -> bool:
                if timeout >= 0:
                    queue.leave()
                return timeout < 0

            def release(self) -> None: ...

        monkeypatch.setattr(queueing, "Lock", CalledTooLate)
        assert queue.enter(A_MOMENT)
        queue.leave()
        assert queue.enter(AT_ONCE)

    def test_however_many_come_and_give_up_one_has_it_and_it_is_not_lost(self) -> None:
        queue, inside = Queue(), threading.Lock()

        def come(number: int) -> None:
            for turn in range(500):
                if queue.enter((number + turn) % 3 * 0.00002):
                    assert inside.acquire(blocking=False), "two have it"
                    inside.release()
                    queue.leave()

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(come, range(8)))
        assert len(queue) == 0
        assert queue.enter(AT_ONCE)


class Slow:
    """An application whose pages are made when they may be; « /faulty » raises."""

    def __init__(self) -> None:
        self.made = list[str]()
        self.may = threading.Event()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.made.append(environ["PATH_INFO"])
        if environ["PATH_INFO"] == "/slow":
            assert self.may.wait(LONG)
        if environ["PATH_INFO"] == "/faulty":
            raise LookupError
        start_response("200 OK", [])
        return [b""]


class TestQueued:
    def test_a_page_is_made_when_the_one_before_is_made(self) -> None:
        slow, queue = Slow(), Queue()
        client = Client(Queued(slow, queue, patience=LONG))
        with ThreadPoolExecutor(2) as pool:
            pool.submit(client.get, "/slow")
            wait_until(lambda: slow.made == ["/slow"])
            pool.submit(client.head, "/next")
            wait_until(lambda: len(queue) == 1)
            assert slow.made == ["/slow"]
            slow.may.set()
        assert slow.made == ["/slow", "/next"]

    @pytest.mark.parametrize(
        ("method", "patience"),
        [
            ("POST", LONG),  # what is sent waits for its turn to write, and for the disk, while pages are made
            ("GET", A_MOMENT),  # one slow page holds up nobody
        ],
    )
    def test_others_do_not_wait_for_a_slow_page(self, method: str, patience: float) -> None:
        slow = Slow()
        client = Client(Queued(slow, Queue(), patience))
        with ThreadPoolExecutor(1) as pool:
            pool.submit(client.get, "/slow")
            wait_until(lambda: slow.made == ["/slow"])
            assert client.open("/next", method=method).status_code == 200
            slow.may.set()

    def test_who_did_not_wait_to_the_end_leaves_nothing_behind(self) -> None:
        slow, queue = Slow(), Queue()
        client = Client(Queued(slow, queue, A_MOMENT))
        with ThreadPoolExecutor(1) as pool:
            pool.submit(client.get, "/slow")
            wait_until(lambda: slow.made == ["/slow"])
            client.get("/next")
            assert not queue.enter(AT_ONCE), "the slow page lost its place"
            slow.may.set()

    def test_a_page_that_fails_gives_its_place_back(self) -> None:
        queue = Queue()
        with suppress(LookupError):
            Client(Queued(Slow(), queue)).get("/faulty")
        assert queue.enter(AT_ONCE)


class TestProduct:
    def test_on_sqlite_pages_are_queued(self, app: Flask) -> None:
        assert isinstance(app.wsgi_app, Queued)

    def test_on_postgresql_they_are_not(self, settings: Settings) -> None:
        url = "postgresql+psycopg://nobody@localhost:1/none"  # nothing is asked of it
        app = create_app(dataclasses.replace(settings, database_url=url))
        assert not isinstance(app.wsgi_app, Queued)
