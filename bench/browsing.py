"""Over HTTP, signed in and with CSRF: bookings a second with 1 and 16 browsers, the page of a day and of a search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median
from zoneinfo import ZoneInfo

from bench.measure import Result, milliseconds, once, p95, p99, per_second
from bench.workload import Workload, store
from booking import clock, messages, reservations
from booking.access import credentials
from booking.config import Settings
from booking.db import db
from booking.reservations.commands import Act, Book
from booking.slots import days
from booking.slots.availability import Search, Slot, find_slots
from booking.web.fragments import HEADER
from tests.live.serving import Client, Process, Web, environment, running

EACH, ROUNDS = 300, 3
SEARCHING = 8
LAST_DAY = timedelta(days=13)  # of two weeks, after the first
PROCESSES = {"sqlite": 1, "postgresql": 2}  # as `make run` serves them
BUSY_DAY = 137
PARIS = ZoneInfo("Europe/Paris")
Post = Callable[[Client, int], None]


@dataclass(frozen=True)
class Served:
    """Requests a second, round by round, and how many milliseconds each request waited."""

    rates: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def results(self, name: str, engine: str, floor: Served) -> list[Result]:
        """The median rate, and what one request in a hundred waits longer than."""
        n = len(self.waits)
        return [
            Result(name, engine, n, median(self.rates), "per_second", median(floor.rates)),
            Result(f"{name}.p99", engine, n, p99(self.waits), "ms", p99(floor.waits)),
        ]


def measure(engine: str, settings: Settings) -> list[Result]:
    """Every figure that needs a server. Server and browsers share the machine."""
    workload = store(busy=False)
    slots = _slots(workload)
    day = _fill_a_day(workload, slots)
    rest = [slot for slot in slots if slot.start.date() != day.date()]
    agent_id = credentials.create_agent("bench", "Banc", clock.now())
    server = Web(settings, PROCESSES[engine])
    with running(server), closing(Client(server.port, {})) as client:
        client.sign_in_with(credentials.issue_link(agent_id, clock.now()))
        post = _booking(workload, rest, client.csrf(_path(rest[0], workload)))
        one, many = _served(server.port, client, post)
        client.close()  # the server hung up meanwhile; the next request connects again
        days.refresh()  # as the worker does each minute
        page = milliseconds(lambda: _ok(client.send("GET", f"/?jour={day:%Y-%m-%d}").status, 200), 40)
        found = _searches(server.port, client, slots[-1].start - LAST_DAY, 'id="jour-')
        explained = _searches(server.port, client, day + timedelta(days=1), "Sur cette période")
    floors = _floors(settings)
    return [
        *one.results("book.http.1", engine, floors[0]),
        *many.results("book.http.16", engine, floors[1]),
        Result("page.day", engine, 40, page, "ms"),
        *_waited("page.slots", engine, found),
        *_waited("page.slots.none", engine, explained),
    ]


def _searches(port: int, first: Client, start: datetime, shows: str) -> list[float]:
    """How long each of 8 browsers waits for what a search of two weeks finds: a full page, or why not.

    The bookings before have filled the weeks after the first day and left the last ones free.
    """
    path = f"/creneaux?motif=entretien&du={start:%Y-%m-%d}&au={start + LAST_DAY:%Y-%m-%d}"
    part = {HEADER: "true"}
    assert shows in first.send("GET", path, more=part).body, f"no « {shows} » on {path}"
    waits: list[float] = []
    _round(port, first, SEARCHING, lambda client, _: _ok(client.send("GET", path, more=part).status, 200), 0, waits)
    return waits


def _waited(name: str, engine: str, waits: Sequence[float]) -> list[Result]:
    return [
        Result(name, engine, len(waits), round(median(waits), 3), "ms"),
        Result(f"{name}.p95", engine, len(waits), p95(waits), "ms"),
    ]


def _slots(workload: Workload) -> list[Slot]:
    """Free slots by the real clock, which is the server's; interleaved, so that neighbours are different people."""
    now = clock.now()
    start = now + timedelta(days=1)
    search = Search(workload.type_id, start, start + timedelta(weeks=12), frozenset(workload.professionals))
    return find_slots(db.session(), search, now)


def _fill_a_day(workload: Workload, slots: Sequence[Slot]) -> datetime:
    """Book up to 137 appointments on the first whole day; return it."""
    day = next(slot.start for slot in slots if slot.start.date() > slots[0].start.date())
    act = Act(now=clock.now(), origin="demo", tell=messages.file)
    usagers = dict(zip(workload.professionals, workload.usagers, strict=False))
    for slot in [slot for slot in slots if slot.start.date() == day.date()][:BUSY_DAY]:
        key = f"day-{slot.start:%H%M}-{slot.professional_id}"
        who = slot.professional_id
        reservations.book(Book(key, workload.type_id, slot.start, who, usagers[who]), act)
    return day.astimezone(UTC)


def _path(slot: Slot, workload: Workload) -> str:
    number = workload.professionals.index(slot.professional_id)
    when = slot.start.astimezone(PARIS)
    return f"/rendez-vous/nouveau?motif=entretien&debut={when:%Y-%m-%dT%H:%M}&professionnel=pro{number}"


def _booking(workload: Workload, slots: Sequence[Slot], token: str) -> Post:
    usagers = dict(zip(workload.professionals, workload.usagers, strict=False))

    def post(client: Client, n: int) -> None:
        slot = slots[n]
        usager = str(usagers[slot.professional_id])
        values = {"csrf_token": token, "key": f"bench-http-{n:06}", "usager": usager}
        _ok(client.send("POST", _path(slot, workload), values).status, 302)

    return post


def _ok(status: int, expected: int) -> None:
    assert status == expected, status


def _served(port: int, first: Client, post: Post) -> tuple[Served, Served]:
    """With 1 and with 16 browsers, in turn: the machine is not as fast from one second to the next."""
    served = Served(), Served()
    for turn in range(2 * ROUNDS):
        one = served[turn % 2]
        one.rates.append(_round(port, first, (1, 16)[turn % 2], post, turn * EACH, one.waits))
    return served


def _round(port: int, first: Client, clients: int, post: Post, offset: int, waits: list[float]) -> float:
    """Requests a second, shared between so many browsers that keep their connection; notes how long each waited."""
    with ExitStack() as stack, ThreadPoolExecutor(clients) as pool:
        browsers = [stack.enter_context(closing(Client(port, dict(first.cookies)))) for _ in range(clients)]

        def run(number: int) -> int:
            mine = range(offset + number, offset + EACH, clients)
            waits.extend(once(partial(post, browsers[number], n)) for n in mine)
            return len(mine)

        _, rate = per_second(lambda: sum(pool.map(run, range(clients))))
    return rate


class _Bare(Web):
    """The bare application, served in the same way."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        command = [part.replace("wsgi:app", "bench.bare:app") for part in self.command]
        env = environment(settings) | {"BENCH_FLOOR": str(settings.instance / "floor.sqlite")}
        Process.__init__(self, command, env)


def _floors(settings: Settings) -> tuple[Served, Served]:
    server = _Bare(settings)
    with running(server), closing(Client(server.port, {})) as client:

        def post(browser: Client, _n: int) -> None:
            _ok(browser.send("POST", "/", {}).status, 302)

        return _served(server.port, client, post)
