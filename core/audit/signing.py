"""Ed25519 signatures under what leaves the audit trail. The key comes from ``AUDIT_SIGNING_KEY``."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings


def public_key() -> str:
    """The key that signatures are checked with: 32 bytes in base64url. Not a secret."""
    return _text(_private_key().public_key().public_bytes_raw())


def signed(statement: Mapping[str, Any]) -> dict[str, Any]:
    """``statement`` with its signature and the key that checks it."""
    signature = _private_key().sign(canonical(statement))
    return {"manifest": dict(statement), "signature": _text(signature), "key": public_key()}


def holds(document: Mapping[str, Any], *, key: str) -> bool:
    """Whether ``document`` is one that ``signed`` made with the private half of ``key``, and is as it was then."""
    try:
        signature = base64.urlsafe_b64decode(document["signature"])
        checker = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key))
        checker.verify(signature, canonical(document["manifest"]))
    except (InvalidSignature, binascii.Error, ValueError, KeyError, TypeError):
        return False
    return True


def canonical(statement: Mapping[str, Any]) -> bytes:
    """The bytes that are signed: JSON with sorted keys, without spaces, in ASCII."""
    return json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _private_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(settings.AUDIT_SIGNING_KEY))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()
