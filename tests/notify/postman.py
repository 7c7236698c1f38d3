"""A real SMTP server on this machine, which can be told how to treat each address."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from booking.config import Smtp

HANG_UP = "hang up"


@dataclass
class Postman:
    """What arrived, and what to answer. An answer is an SMTP line, or HANG_UP; without one the mail is taken."""

    port: int = 0
    at_recipient: dict[str, str] = field(default_factory=dict)
    at_data: dict[str, str] = field(default_factory=dict)
    at_sender: str = "250 OK"
    # Called once a mail is here and before the answer, with the number of mails so far.
    at_arrival: Callable[[int], None] = lambda number: None
    received: list[EmailMessage] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)

    @property
    def address(self) -> Smtp:
        """How the product reaches it."""
        return Smtp(host="127.0.0.1", port=self.port, user=None, password=None, implicit_tls=False)

    @property
    def ids(self) -> list[str]:
        """The Message-ID of each mail taken, in order."""
        return [mail["Message-ID"] for mail in self.received]

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.at_sender

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.tried.append(address)
        answer = self.at_recipient.get(address, "250 OK")
        if answer == "250 OK":
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.at_data.get(envelope.rcpt_tos[0], "250 OK")
        if answer == HANG_UP:
            server.transport.abort()
        elif answer == "250 OK":
            content = envelope.original_content
            assert content is not None
            self.received.append(message_from_bytes(content, policy=policy.SMTP))
            self.at_arrival(len(self.received))
        return answer


@contextmanager
def on_duty() -> Iterator[Postman]:
    """The server, listening; it is gone at the end."""
    postman = Postman(free_port())
    controller = Controller(postman, hostname="127.0.0.1", port=postman.port)
    controller.start()
    try:
        yield postman
    finally:
        controller.stop()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
