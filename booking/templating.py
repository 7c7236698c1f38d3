"""Where the templates are, and the environment that mails are written in (the web has Flask's own)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape


def templates_folder() -> Path:
    """The folder of all templates: in the package once installed, at the top of the tree in a checkout."""
    package = Path(__file__).resolve().parent
    packaged = package / "templates"
    return packaged if packaged.is_dir() else package.parent / "templates"


@lru_cache(maxsize=1)
def mail_environment() -> Environment:
    """The environment of `emails/`: HTML is escaped, and a value that is missing is an error, not a blank."""
    return Environment(
        loader=FileSystemLoader(templates_folder() / "emails"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
