"""The secrets that stand in links: whoever holds one is let in, so only a hash of it is stored."""

from __future__ import annotations

import hashlib
import secrets

SECRET_BYTES = 32


def new_secret() -> str:
    """A secret to put into a link: 32 random bytes, in characters that an address takes as they are."""
    return secrets.token_urlsafe(SECRET_BYTES)


def hashed(secret: str) -> str:
    """What is stored of a secret, 64 characters. It is random and long, so a plain hash is enough.

    What a request gives may be no text at all: half of a surrogate pair is hashed too, and found nowhere.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
