"""`python -m bench.rooming`: what each way to choose rooms refuses over seeded days; also in bench/rooming.json.

Each request of a day gets a room when it is made, or is refused for want of one. Of each refusal the exact solver says
whether everybody who stands and the one refused could have been given rooms, those that are pinned staying in theirs.
The first day of each line is then filled as the product is to fill it, and of each refusal the solver says how many
moves would have been needed. With --days, other than the usual number are filled and the file is left alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import product
from pathlib import Path

from bench import exact
from bench.exact import Wish
from bench.roomdays import MIXES, Mix, Request, demand, leaving, rooms
from booking.rooms.fitting import RoomFacts, fits
from booking.slots.reassigning import LIMITS, Answer, Board, Limits, Placement

FILE = Path(__file__).parent / "rooming.json"
LOADS = (0.7, 0.8, 0.9, 1.0, 1.1)
DAYS = 10  # of each mix at each load

Choose = Callable[["Day", Request], Answer]


def wish(request: Request) -> Wish:
    """What a request is to the solver."""
    return Wish(request.key, request.cells, request.need)


@dataclass
class Day:
    """The rooms of a day while it fills."""

    rooms: Sequence[RoomFacts]
    placed: dict[int, Placement] = field(default_factory=dict)

    @property
    def board(self) -> Board:
        """What the product would ask."""
        return Board(self.rooms, self.placed.values())

    def take(self, request: Request, answer: Answer) -> None:
        """Give the room that was found, and make the moves."""
        assert answer.room_id is not None
        for key, room_id in answer.moves:
            old = self.placed[key]
            self.placed[key] = Placement(key, room_id, old.cells, old.need)
        self.placed[request.key] = Placement(
            request.key, answer.room_id, request.cells, request.need, movable=not request.pinned
        )

    def solved(self, request: Request) -> dict[int, int] | None:
        """Rooms for everybody who may move and for the request, as the solver finds them; None when there are none."""
        movable = [Wish(one.key, one.cells, one.need) for one in self.placed.values() if one.movable]
        return exact.housed(self.rooms, [*movable, wish(request)], exact.fixed_of(self.placed.values()))


def first_free(day: Day, request: Request) -> Answer:
    """The first free room that fits, in the order of the site's file."""
    taken = day.board.taken
    fitting = (room.id for room in day.rooms if fits(room, request.need))
    return Answer(next((room_id for room_id in fitting if not taken[room_id] & request.cells), None))


def reassigning(moves: int) -> Choose:
    """The product's own choice, with at most that many moves; with none, the least versatile room."""
    return lambda day, request: day.board.place(request.need, request.cells, Limits(moves, LIMITS.steps))


def solving(day: Day, request: Request) -> Answer:
    """What the solver finds where the product finds nothing: nobody is refused whom moves could have housed."""
    answer = day.board.place(request.need, request.cells, LIMITS)
    if answer.room_id is not None or (found := day.solved(request)) is None:
        return replace(answer, exhausted=False)
    room_id = found.pop(request.key)
    return Answer(room_id, tuple((key, to) for key, to in found.items() if day.placed[key].room_id != to))


WAYS: dict[str, Choose] = {
    "first_free": first_free,
    "least_versatile": reassigning(0),
    "moves_1": reassigning(1),
    "moves_2": reassigning(2),
    "moves_3": reassigning(3),
    "unlimited": solving,
}


@dataclass
class Tally:
    """What one way did. `avoidable` are refusals where the solver found a way; `steps` are of each question."""

    refused: int = 0
    avoidable: int = 0
    exhausted: int = 0
    moves: int = 0
    steps: list[int] = field(default_factory=list)

    def note(self, answer: Answer) -> None:
        """Count one answer."""
        self.refused += answer.room_id is None
        self.exhausted += answer.exhausted
        self.moves += len(answer.moves)
        self.steps.append(answer.steps)

    def as_json(self) -> dict[str, int]:
        """Of the steps, what one question in a hundred takes more than, and the most."""
        steps = sorted(self.steps)
        return {**asdict(self), "steps": steps[len(steps) * 99 // 100], "steps_most": steps[-1]}


def fill(requests: Sequence[Request], choose: Choose, tally: Tally) -> None:
    """Fill one day in the order of the requests, and count."""
    day, leave = Day(rooms()), leaving(requests)
    for request in requests:
        answer = choose(day, request)
        tally.note(answer)
        if answer.room_id is not None:
            day.take(request, answer)
        elif day.solved(request) is not None:
            tally.avoidable += 1
        for key in leave.get(request.key, ()):
            day.placed.pop(key, None)


def verdicts(requests: Sequence[Request]) -> Counter[str]:
    """Fill one day, from which nobody cancels, within the limits of the product; count what became of the requests.

    A refusal is « exhausted », or by the fewest moves that the solver finds: « more_moves » than allowed, « no_way ».
    """
    day, found = Day(rooms()), Counter(dict.fromkeys(("direct", "moved", "no_way", "more_moves", "exhausted"), 0))
    for request in requests:
        answer = day.board.place(request.need, request.cells, LIMITS)
        if answer.room_id is None:
            found["exhausted" if answer.exhausted else _verdict(day, request)] += 1
        else:
            found["moved" if answer.moves else "direct"] += 1
            day.take(request, answer)
    return found


def _verdict(day: Day, request: Request) -> str:
    fewest = exact.fewest_moves(day.rooms, tuple(day.placed.values()), wish(request))
    assert fewest is None or fewest > LIMITS.moves, "a plan was overlooked"
    return "no_way" if fewest is None else "more_moves"


def optimum(requests: Iterable[Request]) -> int:
    """The fewest refusals that whoever knew the whole day could make; it takes those who cancel for nobody."""
    staying = [wish(one) for one in requests if one.leaves is None]
    return len(staying) - exact.most(rooms(), staying)


@dataclass(frozen=True)
class Line:
    """One mix at one load: what was asked over all days, what each way made of it, and the `verdicts` on the first."""

    mix: str
    load: float
    days: int
    asked: int
    optimum: int
    ways: dict[str, dict[str, int]]
    first_day: dict[str, int]


def measure(mix: Mix, load: float, days: int) -> Line:
    """Fill the same days in every way."""
    drawn = [demand(mix, load, seed) for seed in range(1, days + 1)]
    tallies = {name: Tally() for name in WAYS}
    for name, choose in WAYS.items():
        for requests in drawn:
            fill(requests, choose, tallies[name])
    ways = {name: tally.as_json() for name, tally in tallies.items()}
    asked, best = sum(map(len, drawn)), sum(map(optimum, drawn))
    return Line(mix.name, load, days, asked, best, ways, dict(verdicts(drawn[0])))


HEAD = f"{'mix':<15} {'load':>5} {'asked':>6} " + " ".join(f"{name:>15}" for name in WAYS) + f" {'optimum':>8}"


def text(line: Line) -> str:
    """Refusals, in brackets those that the solver would have avoided; * where a budget ended before the search."""
    cells = " ".join(f"{_cell(way):>15}" for way in line.ways.values())
    return f"{line.mix:<15} {line.load:>5.0%} {line.asked:>6} {cells} {line.optimum:>8}"


def _cell(way: dict[str, int]) -> str:
    return f"{way['refused']} ({way['avoidable']}){'*' if way['exhausted'] else ''}"


FIRST_DAYS = (
    f"{'first day':<15} {'load':>5} {'direct':>8} {'moved':>8} {'refused':>8} {'no way':>8} {'more':>8} {'budget':>8}"
)


def text_of_first_day(line: Line) -> str:
    """What became of the requests of the first day, and why the refused ones were."""
    counts = line.first_day
    reasons = [counts[name] for name in ("no_way", "more_moves", "exhausted")]
    cells = " ".join(f"{count:>8}" for count in (counts["direct"], counts["moved"], sum(reasons), *reasons))
    return f"{line.mix:<15} {line.load:>5.0%} {cells}"


def main(arguments: Sequence[str]) -> None:
    """Print the table, a line as soon as it is there."""
    parser = argparse.ArgumentParser(prog="python -m bench.rooming", description="Ways to choose rooms.")
    parser.add_argument("--days", type=int, default=DAYS, help="of each mix at each load")
    days = parser.parse_args(arguments).days
    print(HEAD, "-" * len(HEAD), sep="\n")
    lines = []
    for mix, load in product(MIXES, LOADS):
        lines.append(measure(mix, load, days))
        print(text(lines[-1]), flush=True)
    print("", FIRST_DAYS, "-" * len(FIRST_DAYS), *map(text_of_first_day, lines), sep="\n")
    if days == DAYS:
        FILE.write_text(json.dumps([asdict(line) for line in lines], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
