"""Settings: everything has a default, and a wrong one stops the start, named."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from booking import config
from booking.config import Smtp
from booking.errors import SettingsError


def load(tmp_path: Path, **environ: str) -> config.Settings:
    """The settings of an instance in the test's folder."""
    return config.load({"BOOKING_INSTANCE": str(tmp_path), **environ})


def test_without_settings_everything_is_embedded(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.database_url == f"sqlite:///{tmp_path}/booking.sqlite"
    assert (settings.public_url, settings.public_host, settings.https) == ("http://127.0.0.1:8000", "127.0.0.1", False)
    assert settings.smtp is None
    assert settings.mailbox == tmp_path / "mailbox"


def test_in_a_checkout_the_instance_is_beside_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(config.__file__).parent.parent
    assert config.load({}).instance == root / "instance"


def test_an_installed_package_must_be_told_where_its_data_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "__file__", str(tmp_path / "site-packages" / "booking" / "config.py"))
    with pytest.raises(SettingsError, match="BOOKING_INSTANCE"):
        config.load({})


GOOD = [
    ("BOOKING_DATABASE_URL", "postgresql://u:p@h/d", "database_url", "postgresql+psycopg://u:p@h/d"),
    ("BOOKING_DATABASE_URL", "postgres://h/d", "database_url", "postgresql+psycopg://h/d"),
    ("BOOKING_DATABASE_URL", "sqlite:////srv/b.sqlite", "database_url", "sqlite:////srv/b.sqlite"),
    ("BOOKING_DATABASE_URL", "", "smtp", None),
    ("BOOKING_PUBLIC_URL", "https://rdv.exemple.example/", "public_url", "https://rdv.exemple.example"),
    ("BOOKING_PUBLIC_URL", "http://localhost:8080", "public_host", "localhost"),
    ("BOOKING_SMTP_URL", "smtp://h", "smtp", Smtp("h", 587, None, None, False)),
    ("BOOKING_SMTP_URL", "smtps://u%40x:p%2F@h", "smtp", Smtp("h", 465, "u@x", "p/", True)),
    ("BOOKING_SMTP_URL", "smtp://h:2525", "smtp", Smtp("h", 2525, None, None, False)),
]


@pytest.mark.parametrize(("name", "value", "field", "expected"), GOOD)
def test_a_setting_is_read(tmp_path: Path, name: str, value: str, field: str, expected: object) -> None:
    assert getattr(load(tmp_path, **{name: value}), field) == expected


BAD = [
    ("BOOKING_DATABASE_URL", "mysql://h/d", "another database"),
    ("BOOKING_DATABASE_URL", "sqlite://", "in memory, each connection would see its own"),
    ("BOOKING_DATABASE_URL", "sqlite:///", "no path"),
    ("BOOKING_DATABASE_URL", "sqlite:///booking.sqlite", "three slashes make a relative path"),
    ("BOOKING_DATABASE_URL", "postgresql://u:secret@h:port/d", "a port of the database that is not a number"),
    ("BOOKING_DATABASE_URL", "booking.sqlite", "a bare file name"),
    ("BOOKING_PUBLIC_URL", "rdv.exemple.example", "no scheme"),
    ("BOOKING_PUBLIC_URL", "http://rdv.exemple.example", "in clear outside of this machine"),
    ("BOOKING_PUBLIC_URL", "https://h/?a=b", "a query"),
    ("BOOKING_PUBLIC_URL", "https://h:port", "a port that is not a number"),
    ("BOOKING_SMTP_URL", "http://h", "not a mail server"),
    ("BOOKING_SMTP_URL", "smtp://", "no server"),
    ("BOOKING_SMTP_URL", "smtp://h:99999", "no such port"),
]


@pytest.mark.parametrize(("name", "value", "because"), BAD, ids=[row[2] for row in BAD])
def test_a_wrong_setting_is_refused_by_name(tmp_path: Path, name: str, value: str, because: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load(tmp_path, **{name: value})


@pytest.mark.parametrize("content", [None, b"\xff" * 40], ids=["a folder in its place", "not text"])
def test_a_secret_that_cannot_be_read_names_the_folder(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "secret_key"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match="BOOKING_INSTANCE"):
        load(tmp_path)


def test_secrets_in_a_wrong_setting_are_not_shown(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, BOOKING_DATABASE_URL="mysql://user:hunter2@h/d")
    assert "hunter2" not in str(refused.value)


def test_an_instance_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="BOOKING_INSTANCE"):
        config.load({"BOOKING_INSTANCE": str(tmp_path / "file" / "below")})


def test_the_secret_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    first = load(tmp_path).secret_key
    assert len(first) == 64
    assert load(tmp_path).secret_key == first
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_processes_that_start_together_share_one_secret(tmp_path: Path) -> None:
    found = []
    threads = [threading.Thread(target=lambda: found.append(load(tmp_path).secret_key)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret_key"]


def test_a_weak_secret_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("short")
    with pytest.raises(SettingsError, match="secret_key"):
        load(tmp_path)


def test_postgresql_without_its_driver_is_refused_at_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(SettingsError, match="postgres"):
        load(tmp_path, BOOKING_DATABASE_URL="postgresql://h/d")
