"""The rooms of the building."""

from __future__ import annotations

from itertools import groupby

from flask import Blueprint, render_template

from booking.db import db
from booking.web import lists, wording
from booking.web.policy import signed_in

bp = Blueprint("rooms", __name__)


@bp.get("/salles")
@signed_in
def index() -> str:
    """Every room in use, by kind."""
    rooms = lists.rooms(db.session())
    kinds = [(wording.KINDS[kind], list(group)) for kind, group in groupby(rooms, key=lambda room: room.kind)]
    return render_template("admin/rooms.html", kinds=kinds, total=len(rooms))
