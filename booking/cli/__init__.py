"""The command line edge: `flask --app wsgi COMMAND`, French for people, JSON for programs."""

from __future__ import annotations

from flask import Flask

from booking.cli.agents import agent
from booking.cli.appointments import book, cancel, move, show
from booking.cli.calls import calls
from booking.cli.changes import attendance, join, leave, restore, swap
from booking.cli.feeds import feed
from booking.cli.holding import hold, release, renew
from booking.cli.impact import displace, impact
from booking.cli.inventory import professionals, rooms, types
from booking.cli.openings import group as openings
from booking.cli.outbox import outbox
from booking.cli.periods import group as periods
from booking.cli.series import series
from booking.cli.slots import explain, slots
from booking.cli.upkeep import demo, doctor, init, worker
from booking.cli.waiting import waiting

COMMANDS = (
    *(init, demo, rooms, types, professionals, slots, explain),
    *(book, show, move, join, leave, swap, cancel, restore, attendance),
    *(hold, renew, release, series),
    *(impact, displace, calls, waiting),
    *(openings, periods),
    *(agent, feed, outbox, worker, doctor),
)


def init_app(app: Flask) -> None:
    """Register the commands."""
    for command in COMMANDS:
        app.cli.add_command(command)
