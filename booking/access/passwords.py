"""What a password must be, and how it is kept."""

from __future__ import annotations

import re

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from booking.errors import Invalid

MINIMUM = 12
MAXIMUM = 256
_FEW_CHARACTERS = 5
_hasher = PasswordHasher()
# Verified for accounts that do not exist, or have no password yet: they must answer as slowly as the others.
_DUMMY = _hasher.hash("il n’y a personne ici")

# The words that long common passwords are made of: the published lists of the most common ones, their
# French counterparts, and the words of this product.
_COMMON = """
abc abcd abcdef abcdefghijklmnopqrstuvwxyz admin administrateur administrator agent amour accueil asdfgh
asdfghjkl asnieres asnieressurseine azerty azertyuiop bienvenue bonjour booking changeme chouchou coucou
de demo demonstration departement doudou dragon et football gennevilliers hautsdeseine iloveyou jetaime
la le letmein loulou ma mairie marseille master mdp mon monkey motdepasse nicolas p@ssw0rd p@ssword
passe passw0rd passw password pole princess princesse qsdfgh qsdfghjklm qwerty qwertyuiop reception
rendezvous secret social soleil sunshine superman test toto trustno un une welcome wxcvbn zxcvbnm
"""
# Longest first, so that « motdepasse » is not left as « mot ».
_COMMON_WORDS = re.compile("|".join(map(re.escape, sorted(_COMMON.split(), key=len, reverse=True))))
_FILLING = re.compile(r"[\x00-@\[-`{-\x7f]+")  # ASCII but letters


def check_strength(password: str, login: str) -> None:
    """Refuse what is quickly guessed: short, few different characters, only common words, digits, the login.

    Raises Invalid on the field « password ». Length and a list, no classes of characters: ASVS 5.0, 6.2.
    """
    if len(password) > MAXIMUM:
        raise Invalid("password", "too_long", maximum=MAXIMUM)
    if len(password) < MINIMUM or len(set(password)) < _FEW_CHARACTERS or _is_common(password, login):
        raise Invalid("password", "too_weak", minimum=MINIMUM)


def _is_common(password: str, login: str) -> bool:
    own = password.casefold().replace(login.casefold(), " ")
    return len(_FILLING.sub("", _COMMON_WORDS.sub(" ", own))) < _FEW_CHARACTERS


def hash_password(password: str) -> str:
    """The argon2id hash of a password, with its salt and parameters."""
    return _hasher.hash(password)


def verify(stored: str | None, password: str) -> bool:
    """Whether the password is the stored one; without a stored one it is not, after as much work."""
    try:
        _hasher.verify(stored or _DUMMY, password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None
