"""Settings from the environment and the instance folder, read once at start; a wrong one stops it."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from booking.errors import SettingsError

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Smtp:
    """How to reach the mail server: `smtp://` (STARTTLS when offered) or `smtps://`."""

    host: str
    port: int
    user: str | None
    password: str | None
    implicit_tls: bool


@dataclass(frozen=True)
class Settings:
    """Everything the edges need; nothing below them reads the environment."""

    instance: Path
    database_url: str
    public_url: str
    smtp: Smtp | None
    secret_key: str

    @property
    def https(self) -> bool:
        """Whether people reach the product over TLS: cookies are Secure and HSTS is sent exactly then."""
        return self.public_url.startswith("https://")

    @property
    def public_host(self) -> str:
        """The host of the public address, without its port."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def mailbox(self) -> Path:
        """The folder that receives mails as files while no SMTP server is configured."""
        return self.instance / "mailbox"


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. Raises SettingsError naming the variable that is wrong and what it must be."""
    env = os.environ if environ is None else environ
    instance = _instance(env.get("BOOKING_INSTANCE"))
    return Settings(
        instance=instance,
        database_url=_database_url(env.get("BOOKING_DATABASE_URL"), instance),
        public_url=_public_url(env.get("BOOKING_PUBLIC_URL") or "http://127.0.0.1:8000"),
        smtp=_smtp(env.get("BOOKING_SMTP_URL")),
        secret_key=_secret_key(instance),
    )


def _instance(value: str | None) -> Path:
    checkout = Path(__file__).resolve().parent.parent
    if value:
        folder = Path(value).resolve()
    elif (checkout / "wsgi.py").exists() and (checkout / "setup.cfg").exists():
        folder = checkout / "instance"
    else:
        raise SettingsError("BOOKING_INSTANCE : indiquez le dossier des données, par exemple /var/lib/booking.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"BOOKING_INSTANCE={folder} : ce dossier ne peut pas être créé ({error}).") from error
    return folder


def _database_url(value: str | None, instance: Path) -> str:
    if not value:
        return f"sqlite:///{instance / 'booking.sqlite'}"
    scheme, _, rest = value.partition("://")
    if scheme in ("postgresql", "postgres", "postgresql+psycopg") and rest and _has_sound_port(value):
        if importlib.util.find_spec("psycopg") is None:
            raise SettingsError("BOOKING_DATABASE_URL : installez l’extra « postgres », qui apporte son pilote.")
        return f"postgresql+psycopg://{rest}"
    if scheme == "sqlite" and rest.startswith("//") and len(rest) > 2:  # with one slash less it would be relative
        return value
    raise SettingsError(
        "BOOKING_DATABASE_URL doit être « postgresql://… » ou « sqlite:////chemin/absolu » (valeur non affichée)."
    )


def _has_sound_port(url: str) -> bool:
    """Whether its port is one or missing; the reason why not would show the password beside it."""
    try:
        _ = urlsplit(url).port
    except ValueError:
        return False
    return True


def _public_url(value: str) -> str:
    parts = _split("BOOKING_PUBLIC_URL", value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise SettingsError(f"BOOKING_PUBLIC_URL={value} : attendu une adresse comme https://rdv.exemple.fr.")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise SettingsError(f"BOOKING_PUBLIC_URL={value} : hors de cette machine, l'adresse doit être en https.")
    return value.rstrip("/")


def _smtp(value: str | None) -> Smtp | None:
    if not value:
        return None
    parts = _split("BOOKING_SMTP_URL", value)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise SettingsError(
            "BOOKING_SMTP_URL doit être « smtp://utilisateur:secret@serveur:587 » (valeur non affichée)."
        )
    implicit = parts.scheme == "smtps"
    return Smtp(
        host=parts.hostname,
        port=parts.port or (465 if implicit else 587),
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        implicit_tls=implicit,
    )


def _split(name: str, value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError as error:
        raise SettingsError(f"{name} n'est pas une adresse valable : {error}.") from error
    return parts


def _secret_key(instance: Path) -> str:
    try:
        return _secret(instance / "secret_key")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"BOOKING_INSTANCE={instance} : ce dossier est inutilisable ({error}).") from error


def _secret(path: Path) -> str:
    """Read the secret that signs sessions, made at the first start.

    Web and worker may race to make it: each writes a file of its own, and the first link wins whole.
    """
    if not path.exists():
        draft = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return _read_secret(path)


def _read_secret(path: Path) -> str:
    secret = path.read_text(encoding="ascii").strip()
    if len(secret) < 32:
        raise SettingsError(f"{path} : secret trop court ; supprimez ce fichier, il sera refait au prochain démarrage.")
    return secret
