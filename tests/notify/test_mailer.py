"""The conversation with a mail server, on the wire."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from booking.config import Smtp
from booking.messages.render import mail
from booking.notify import mailbox, mailer
from booking.notify.mailer import Refused, Unreachable
from tests.messages.letters import FACTS, part
from tests.notify.postman import Postman

LETTER = mail(FACTS)


def test_the_calendar_part_arrives_with_its_line_ends(postman: Postman) -> None:
    mailer.send(postman.address, LETTER)
    (received,) = postman.received
    octets = part(received, "text/calendar")
    assert octets == part(LETTER, "text/calendar")
    assert octets.count(b"\n") == octets.count(b"\r\n") > 20


def test_without_a_server_mails_are_files(tmp_path: Path) -> None:
    mailer.sender(None, tmp_path / "mailbox")(LETTER)
    (stored,) = mailbox.newest(tmp_path / "mailbox")
    assert stored.mail["Message-ID"] == FACTS.message_id


def test_a_folder_that_cannot_be_written_is_a_server_out_of_reach(tmp_path: Path) -> None:
    """Three tries of an unwritable mail are its end; a full disk must not be."""
    (tmp_path / "mailbox").write_text("a file in its place", encoding="ascii")
    with pytest.raises(mailer.Unreachable):
        mailer.sender(None, tmp_path / "mailbox")(LETTER)


def test_with_a_server_mails_are_sent(tmp_path: Path, postman: Postman) -> None:
    mailer.sender(postman.address, tmp_path / "mailbox")(LETTER)
    assert postman.ids == [FACTS.message_id]
    assert mailbox.newest(tmp_path / "mailbox") == []


# ------------------------------------------------------------------ servers that behave oddly


@contextmanager
def scripted(*lines: str, heard: list[str] | None = None) -> Iterator[Smtp]:
    """A server that greets, then gives one line of the script to each command, then hangs up.

    It notes the verbs of these commands in `heard`, and « taken » once a mail has ended.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        talk = threading.Thread(target=_follow, args=(listener, lines, [] if heard is None else heard))
        talk.start()
        yield Smtp("127.0.0.1", listener.getsockname()[1], None, None, implicit_tls=False)
        talk.join()


def _follow(listener: socket.socket, lines: tuple[str, ...], heard: list[str]) -> None:
    connection, _ = listener.accept()
    with connection, connection.makefile("rb") as commands:
        connection.sendall(b"220 ready\r\n")
        for line in lines:
            command = commands.readline()
            heard.append(command[:4].decode().upper().strip())
            connection.sendall(line.encode() + b"\r\n")
            if heard[-1] == "DATA":
                while commands.readline() != b".\r\n":
                    pass
                heard.append("taken")
                connection.sendall(b"250 taken\r\n")


def test_hanging_up_after_the_mail_was_taken_is_no_failure() -> None:
    heard: list[str] = []
    with scripted("250 hello", "250 sender", "250 recipient", "354 go on", heard=heard) as server:
        mailer.send(server, LETTER)
    assert heard == ["EHLO", "MAIL", "RCPT", "DATA", "taken"]


def test_a_server_that_hangs_up_at_once_is_unreachable() -> None:
    with scripted() as server, pytest.raises(Unreachable):
        mailer.send(server, LETTER)


def test_an_address_the_server_cannot_speak_is_refused() -> None:
    """No form accepts such an address; a file imported one day may hold one."""
    accented = EmailMessage(policy=SMTP)
    accented["From"] = FACTS.sender
    accented["To"] = "aïcha@exemple.example"
    with scripted("250 hello", "221 bye") as server, pytest.raises(Refused):
        mailer.send(server, accented)


def test_what_is_offered_encrypted_is_never_sent_in_clear() -> None:
    """The server promises TLS and then talks on in clear: it gets no mail."""
    with scripted("250-hello\r\n250 STARTTLS", "220 go on") as server, pytest.raises(Unreachable) as caught:
        mailer.send(server, LETTER)
    assert isinstance(caught.value.__cause__, ssl.SSLError | ConnectionError)


def test_smtps_is_encrypted_from_the_first_byte() -> None:
    with scripted() as server, pytest.raises(Unreachable) as caught:
        mailer.send(replace(server, implicit_tls=True), LETTER)
    assert isinstance(caught.value.__cause__, ssl.SSLError)


def test_a_password_never_crosses_a_network_in_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server offers AUTH without TLS. It listens here, so « here » is taken for a network."""
    monkeypatch.setattr(mailer, "LOOPBACK", ())
    with scripted("250-hello\r\n250 AUTH PLAIN", "221 bye") as server, pytest.raises(Unreachable) as caught:
        mailer.send(replace(server, user="booking", password="secret"), LETTER)
    assert str(caught.value.__cause__) == "the server offers no TLS"


def test_on_the_same_machine_a_password_may() -> None:
    answers = ("250-hello\r\n250 AUTH PLAIN", "235 welcome", "250 sender", "250 recipient", "354 go on", "221 bye")
    heard: list[str] = []
    with scripted(*answers, heard=heard) as server:
        mailer.send(replace(server, user="booking", password="secret"), LETTER)
    assert heard == ["EHLO", "AUTH", "MAIL", "RCPT", "DATA", "taken", "QUIT"]


def test_a_wrong_password_is_our_fault_and_not_the_recipients() -> None:
    answers = ("250-hello\r\n250 AUTH PLAIN", "535 no", "221 bye")
    with scripted(*answers) as server, pytest.raises(Unreachable):
        mailer.send(replace(server, user="booking", password="secret"), LETTER)
