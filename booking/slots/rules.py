"""The rules that can remove a slot, in the order in which a clerk would say them."""

from __future__ import annotations

from typing import Literal, get_args

Rule = Literal[
    "past",  # it has begun
    "desk_lead_time",  # the type asks for more notice, even at the desk
    "lead_time",  # too soon, for what usagers do themselves
    "horizon",  # too far ahead, for what usagers do themselves
    "not_qualified",  # the professional does not do this type
    "closed",  # outside the site's hours, a public holiday, or the site is closed
    "no_opening",  # a professional does not receive then: the lead, or a colleague
    "off_grid",  # inside an opening, but not at its start + k × step
    "absent",  # the lead, or a colleague
    "professional_busy",  # the lead, or a colleague
    "usager_busy",
    "no_interpreter",  # nobody who interprets from that language receives there and is free
    "room_unfit",  # the room asked for is of another kind, lacks something, or is kept for another service
    "no_room",  # every room that fits is busy or closed, or none holds so many persons
]
# What somebody else's booking can cause between the offer and the answer.
TAKEN: frozenset[str] = frozenset({"professional_busy", "usager_busy", "no_room"})
# What an agent may set aside on purpose. Nobody sets aside that somebody is busy, absent, or that the site is closed.
WAIVABLE: frozenset[Rule] = frozenset({"past", "desk_lead_time", "no_opening", "off_grid"})
ORDER: tuple[Rule, ...] = get_args(Rule)
