"""Commands as they are typed, and what they answer."""

from __future__ import annotations

import json
from typing import Any

from click.testing import Result
from flask import Flask

from booking.db import db

Line = list[str]


def run(app: Flask, *arguments: object) -> Result:
    """Run a command with its arguments, as a process of its own would: on a session of its own."""
    db.session.remove()
    result = app.test_cli_runner().invoke(args=[str(argument) for argument in arguments])
    db.session.remove()
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def done(app: Flask, *arguments: object) -> str:
    """What a command writes that succeeds and complains of nothing."""
    result = run(app, *arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def read(app: Flask, *arguments: object) -> Any:
    """What a command that succeeds answers to a program."""
    return json.loads(done(app, *arguments, "--json"))


def refused(app: Flask, *arguments: object) -> str:
    """The sentence of a command that is refused: exit code 1, nothing on the output."""
    result = run(app, *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    return result.stderr


def refused_to_program(app: Flask, *arguments: object) -> dict[str, Any]:
    """The object that a program gets when it is refused: exit code 1, nothing on the error output.

    Of several things asked for at once, it also says which.
    """
    result = run(app, *arguments, "--json")
    assert (result.exit_code, result.stderr) == (1, "")
    answer: dict[str, Any] = json.loads(result.stdout)
    several = ["refused"] if answer["error"] in ("series_refused", "not_displaced") else []
    assert list(answer) == ["error", "message", "alternatives", *several]
    return answer


def misused(app: Flask, *arguments: object) -> str:
    """What is wrong with a command line that cannot be understood: exit code 2, then usage, help, the sentence."""
    result = run(app, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    usage, rest = result.stderr.split("\n", 1)
    assert usage.startswith("Usage : ")
    return rest.split("Erreur : ", 1)[1].rstrip()
