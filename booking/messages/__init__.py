"""From an appointment to the messages that are due about it: filed with it, written when they are sent."""

from booking.messages.auditing import audit, prune, reconcile
from booking.messages.composing import compose
from booking.messages.filing import file

__all__ = ["audit", "compose", "file", "prune", "reconcile"]
