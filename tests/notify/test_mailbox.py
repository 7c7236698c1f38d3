"""The local mailbox of an installation without a mail server."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from booking.errors import NotFound
from booking.messages.render import mail
from booking.notify import mailbox
from tests.messages.letters import FACTS


def test_a_mail_is_a_file_that_only_we_read(tmp_path: Path) -> None:
    folder = tmp_path / "mailbox"
    letter = mail(FACTS)
    mailbox.store(folder, letter)
    (file,) = folder.iterdir()
    assert file.name == "0123456789abcdef.eml"
    assert file.read_bytes() == letter.as_bytes()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_same_mail_sent_again_is_the_same_file(tmp_path: Path) -> None:
    mailbox.store(tmp_path, mail(FACTS))
    mailbox.store(tmp_path, mail(FACTS))
    assert len(mailbox.newest(tmp_path)) == 1


def test_the_newest_comes_first(tmp_path: Path) -> None:
    for number in range(3):
        mailbox.store(tmp_path, mail(replace(FACTS, message_id=f"<{number}@pole-social.example>")))
        os.utime(tmp_path / f"{number}.eml", (number, number))
    assert [stored.name for stored in mailbox.newest(tmp_path, limit=2)] == ["2", "1"]
    assert mailbox.newest(tmp_path / "nowhere") == []


def test_a_mail_is_read_by_its_name(tmp_path: Path) -> None:
    mailbox.store(tmp_path, mail(FACTS))
    assert mailbox.read(tmp_path, "0123456789abcdef")["Subject"] == "Rendez-vous du vendredi 23 octobre à 9h00"


@pytest.mark.parametrize("name", ["unknown", "", "../secret_key", "a/b", "a\x00b", "x" * 65, "é"])
def test_nothing_else_can_be_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "secret_key.eml").write_text("secret", encoding="utf-8")
    with pytest.raises(NotFound):
        mailbox.read(tmp_path / "inside", name)


def test_a_message_id_cannot_name_another_folder(tmp_path: Path) -> None:
    folder = tmp_path / "mailbox"
    mailbox.store(folder, mail(replace(FACTS, message_id="<../../evil@pole-social.example>")))
    assert [file.name for file in folder.iterdir()] == ["evil.eml"]
