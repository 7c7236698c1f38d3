"""How templates are found, and what they may say: dates and hours in the site's zone, codes in French."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import jinja2
from flask import Flask, url_for
from flask_login import current_user

from booking import french, labels
from booking.config import Settings
from booking.refusals import FORESEEN, SLOT, sentence
from booking.slots import wording as openings
from booking.templating import templates_folder
from booking.web import lists, wording

STATIC = Path(__file__).resolve().parent.parent / "static"


def init_app(app: Flask, settings: Settings) -> None:
    """Templates, their filters, and what the bar of every page needs."""
    app.jinja_loader = jinja2.FileSystemLoader(templates_folder())
    app.jinja_options = {"undefined": jinja2.StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    app.jinja_env.filters.update(
        moment=moment,
        hour=hour,
        sentence_case=labels.title,
        refusal_sentence=sentence,
        rule_sentence=SLOT.get,
        foreseen_sentence=FORESEEN.get,
        in_address=wording.in_address,
        until=until,
        long_day=french.long_day,
        short_day=french.short_day,
        wall_hour=french.wall_hour,
        phone=french.phone,
        called=wording.called,
        masked=wording.masked,
        masked_phone=wording.masked_phone,
    )
    app.jinja_env.globals.update(
        asset=asset,
        wording=wording,
        opening_said=openings.whole,
        opening_notes=openings.notes,
        current_user=current_user,
        has_mailbox=settings.smtp is None,
    )


def moment(instant: datetime) -> str:
    """« mardi 24 novembre 2026 à 14h30 », at the site."""
    return french.moment(instant, lists.zone())


def hour(instant: datetime) -> str:
    """« 14h30 », at the site."""
    return french.hour(instant, lists.zone())


def until(instant: datetime) -> str:
    """« jusqu’à 14h32 » or, on another day, « jusqu’au mardi 24 novembre 2026 à 9h00 », at the site."""
    today = instant.astimezone(lists.zone()).date() == lists.today()
    return f"jusqu’à {hour(instant)}" if today else f"jusqu’au {moment(instant)}"


def asset(name: str) -> str:
    """The address of a static file, which changes with its content so that browsers may keep it for ever."""
    return url_for("static", filename=name, v=_digest(name))


@lru_cache
def _digest(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
