"""The local mailbox: one file a mail, for an installation without a mail server."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from booking.errors import NotFound

_NAME = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)


@dataclass(frozen=True)
class Stored:
    """A mail of the mailbox and the name of its file, without « .eml »."""

    name: str
    mail: EmailMessage


def store(folder: Path, mail: EmailMessage) -> None:
    """Write the mail, whole or not at all. A Message-ID has one file, so a repeat adds nothing."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = _name(mail)
    draft = folder / f"{name}.{os.getpid()}.part"
    draft.touch(mode=0o600)
    draft.write_bytes(mail.as_bytes())
    draft.replace(folder / f"{name}.eml")


def newest(folder: Path, limit: int = 100) -> list[Stored]:
    """The last mails, newest first; none when the folder does not exist yet."""
    files = sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    return [Stored(path.stem, _parsed(path)) for path in files[:limit]]


def read(folder: Path, name: str) -> EmailMessage:
    """One mail by the name of its file. Raises NotFound, also for what cannot be the name of one."""
    path = folder / f"{name}.eml"
    if not _NAME.fullmatch(name) or not path.is_file():
        raise NotFound("mail")
    return _parsed(path)


def _name(mail: EmailMessage) -> str:
    """The random half of the Message-ID, reduced to what any file system takes."""
    local = str(mail["Message-ID"]).strip("<> ").partition("@")[0]
    return re.sub(r"[^0-9A-Za-z_-]", "", local)[:64]


def _parsed(path: Path) -> EmailMessage:
    return message_from_bytes(path.read_bytes(), policy=policy.SMTP)
