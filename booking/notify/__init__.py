"""The outbox and its delivery. Knows messages, leases and mail servers; knows no appointment."""

from booking.notify.deliver import Compose, Discard, Report, deliver_due
from booking.notify.mailer import Send, sender

__all__ = ["Compose", "Discard", "Report", "Send", "deliver_due", "sender"]
