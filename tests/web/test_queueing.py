"""On SQLite a process makes one page at a time: in the order in which they were asked for, nobody behind a slow one."""

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
A_MOMENT = 0.001


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < until
        time.sleep(A_MOMENT)


def is_free(queue: Queue) -> bool:
    """Whether somebody who comes has the place: a patient queue has it taken over by nobody."""
    with ThreadPoolExecutor(1) as pool:
        queue.leave(pool.submit(queue.enter).result(LONG / 3))
    return True


def make_patient(queue: Queue) -> None:
    """From now on, nobody takes it over."""
    queue._patience = LONG
    queue._until = time.monotonic() + LONG


class TestQueue:
    def test_an_empty_place_is_had_at_once_again_and_again(self) -> None:
        queue = Queue(LONG)
        for _ in range(3):
            queue.leave(queue.enter())
        assert is_free(queue)

    def test_who_waits_has_it_in_the_order_in_which_they_came(self) -> None:
        queue, came = Queue(LONG), list[int]()

        def come(number: int) -> None:
            place = queue.enter()
            came.append(number)
            queue.leave(place)

        place = queue.enter()
        with ThreadPoolExecutor(8) as pool:
            for number in range(8):
                pool.submit(come, number)
                wait_until(lambda waiting=number + 1: len(queue) == waiting)  # type: ignore[misc]
            assert not came
            queue.leave(place)
        assert came == list(range(8))

    def test_nobody_passes_those_who_wait(self) -> None:
        queue = Queue(LONG)
        place = queue.enter()
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(queue.enter)
            wait_until(lambda: len(queue) == 1)
            queue.leave(place)
            second = pool.submit(queue.enter)
            theirs = first.result(LONG)
            wait_until(lambda: len(queue) == 1)
            assert not second.done()
            queue.leave(theirs)
            queue.leave(second.result(LONG))

    def test_who_has_it_for_long_holds_up_the_first_and_nobody_more(self) -> None:
        """Had each to wait as long as the first, one slow page would make every other one slow."""
        queue = Queue(A_MOMENT)
        slow = queue.enter()
        first = queue.enter()
        make_patient(queue)
        queue.leave(first)
        assert all(is_free(queue) for _ in range(3)), "though the slow one goes on"
        queue.leave(slow)

    def test_a_place_that_was_taken_over_is_not_left_by_who_had_it(self) -> None:
        queue = Queue(A_MOMENT)
        slow = queue.enter()
        theirs = queue.enter()
        make_patient(queue)
        queue.leave(slow)
        with ThreadPoolExecutor(1) as pool:
            third = pool.submit(queue.enter)
            wait_until(lambda: len(queue) == 1)
            assert not third.done()
            queue.leave(theirs)
            queue.leave(third.result(LONG / 3))

    @pytest.mark.parametrize("called", [False, True], ids=["still waiting", "just called"])
    def test_who_is_stopped_while_waiting_leaves_nothing_behind(
        self, monkeypatch: pytest.MonkeyPatch, called: bool
    ) -> None:
        queue = Queue(LONG)
        place = queue.enter()

        class Stopped:
            def acquire(self, timeout: float = -1) -> bool:
                if timeout >= 0:
                    if called:
                        queue.leave(place)
                    raise SystemExit
                return True

            def release(self) -> None: ...

        with monkeypatch.context() as patched:
            patched.setattr(queueing, "Lock", Stopped)
            with pytest.raises(SystemExit):
                queue.enter()
        assert len(queue) == 0
        queue.leave(place)
        assert is_free(queue)

    @pytest.mark.parametrize("patience", [LONG, 0.00002])
    def test_however_many_come_it_is_never_lost(self, patience: float) -> None:
        queue, inside = Queue(patience), threading.Lock()

        def come(_number: int) -> None:
            for _ in range(500):
                place = queue.enter()
                if patience == LONG:
                    assert inside.acquire(blocking=False), "two have it"
                    inside.release()
                queue.leave(place)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(come, range(8)))
        assert len(queue) == 0
        make_patient(queue)
        assert is_free(queue)


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
        slow, queue = Slow(), Queue(LONG)
        client = Client(Queued(slow, queue))
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
        client = Client(Queued(slow, Queue(patience)))
        with ThreadPoolExecutor(1) as pool:
            pool.submit(client.get, "/slow")
            wait_until(lambda: slow.made == ["/slow"])
            assert client.open("/next", method=method).status_code == 200
            slow.may.set()

    def test_a_page_that_fails_gives_its_place_back(self) -> None:
        queue = Queue(LONG)
        with suppress(LookupError):
            Client(Queued(Slow(), queue)).get("/faulty")
        assert is_free(queue)


class TestProduct:
    def test_on_sqlite_pages_are_queued(self, app: Flask) -> None:
        assert isinstance(app.wsgi_app, Queued)

    def test_on_postgresql_they_are_not(self, settings: Settings) -> None:
        url = "postgresql+psycopg://nobody@localhost:1/none"  # nothing is asked of it
        app = create_app(dataclasses.replace(settings, database_url=url))
        assert not isinstance(app.wsgi_app, Queued)
