"""Ways to send a mail: to a server by SMTP or, while none is configured, into a folder."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

from booking.config import LOOPBACK, Smtp
from booking.notify import mailbox

TIMEOUT_SECONDS = 20.0
PERMANENT = 500

Send = Callable[[EmailMessage], None]


class Refused(Exception):
    """The server will never take this mail for this recipient."""


class Deferred(Exception):
    """The server asks to try this mail again later; others may pass."""


class Unreachable(Exception):
    """No server, no answer, or it does not let us in: nothing can leave now."""


def sender(smtp: Smtp | None, folder: Path) -> Send:
    """How mails leave this installation: by SMTP when it is configured, otherwise as files in `folder`.

    Both raise Refused, Deferred or Unreachable.
    """
    if smtp is None:
        return lambda mail: _store(folder, mail)
    return lambda mail: send(smtp, mail)


def _store(folder: Path, mail: EmailMessage) -> None:
    """Put the mail into the folder. A full disk is no fault of the mail: it waits, as for a server."""
    try:
        mailbox.store(folder, mail)
    except OSError as error:
        raise Unreachable from error


def send(smtp: Smtp, mail: EmailMessage) -> None:
    """Hand one mail for one recipient to the server; return once it was accepted.

    Raises Refused, Deferred or Unreachable.
    """
    try:
        with _connected(smtp) as server:
            server.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _text in error.recipients.values()]
        raise _verdict(max(codes)) from error
    except smtplib.SMTPDataError as error:
        raise _verdict(error.smtp_code) from error
    except smtplib.SMTPNotSupportedError as error:
        raise Refused from error  # the address needs SMTPUTF8, which the server does not speak
    except (smtplib.SMTPException, OSError) as error:
        raise Unreachable from error


def _verdict(code: int) -> Refused | Deferred:
    return Refused() if code >= PERMANENT else Deferred()


@contextlib.contextmanager
def _connected(smtp: Smtp) -> Iterator[smtplib.SMTP]:
    server = _opened(smtp)
    try:
        _secured(server, smtp)
        yield server
    finally:
        # The mail's fate is already known: a server that hangs up on QUIT must not have it sent twice.
        with contextlib.suppress(smtplib.SMTPException, OSError):
            server.quit()
        server.close()


def _opened(smtp: Smtp) -> smtplib.SMTP:
    if smtp.implicit_tls:
        return smtplib.SMTP_SSL(smtp.host, smtp.port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())
    return smtplib.SMTP(smtp.host, smtp.port, timeout=TIMEOUT_SECONDS)


def _secured(server: smtplib.SMTP, smtp: Smtp) -> None:
    """STARTTLS when offered, then sign in. A password never crosses a network in clear."""
    server.ehlo_or_helo_if_needed()
    encrypted = smtp.implicit_tls
    if not encrypted and server.has_extn("starttls"):
        server.starttls(context=ssl.create_default_context())
        encrypted = True
    if smtp.user is None:
        return
    if not encrypted and smtp.host not in LOOPBACK:
        raise smtplib.SMTPException("the server offers no TLS")
    server.login(smtp.user, smtp.password or "")
