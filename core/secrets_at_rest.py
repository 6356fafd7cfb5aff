"""Secrets that the gateway must be able to read again, such as the key of an authenticator app, encrypted in the database.

Encryption is Fernet's (AES-128-CBC with HMAC-SHA-256). The keys come from ``FIELD_KEYS``; a sealed value names the one it
was sealed with, so that a new key can be put first while values of the old one are still read.
"""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


def seal(secret: bytes) -> str:
    """``<key id>:<ciphertext>``, with the first of ``FIELD_KEYS``."""
    key_id = newest_key()
    return f"{key_id}:{_fernet(key_id).encrypt(secret).decode()}"


def open_sealed(sealed: str) -> bytes:
    """The secret. Raises ``LookupError`` when its key is no longer in ``FIELD_KEYS`` or is another one of the same id."""
    key_id, _, ciphertext = sealed.partition(":")
    try:
        return _fernet(key_id).decrypt(ciphertext.encode())
    except InvalidToken as error:
        raise LookupError(f"The key {key_id!r} of FIELD_KEYS does not open what was sealed under its name.") from error


def newest_key() -> str:
    """The id of the key that seals."""
    return next(iter(settings.FIELD_KEYS))


def _fernet(key_id: str) -> Fernet:
    if key_id not in settings.FIELD_KEYS:
        raise LookupError(f"FIELD_KEYS has no key {key_id!r}.")
    return Fernet(settings.FIELD_KEYS[key_id])
