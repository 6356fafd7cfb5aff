"""``Content-Digest`` (RFC 9530), as far as the parts door needs it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

from core.errors import Invalid

_MEMBER = re.compile(r"\s*([a-z0-9-]+)\s*=\s*:([A-Za-z0-9+/=]*):\s*(?:;[^,]*)?")


def sha256_of(header: str) -> str:
    """The SHA-256 that the header announces, in hexadecimal. Raises ``Invalid`` when there is none or it is malformed."""
    if not header:
        raise Invalid("Announce the part's SHA-256 in a Content-Digest header (RFC 9530).", code="digest_required")
    for member in header.split(","):
        match = _MEMBER.fullmatch(member)
        if match is None:
            raise _malformed()
        if match[1] == "sha-256":
            return _decoded(match[2]).hex()
    raise Invalid("The Content-Digest header has no sha-256 member; send one.", code="digest_required")


def content_digest(sha256: str) -> str:
    """The header's value for a SHA-256 in hexadecimal."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"


def _decoded(value: str) -> bytes:
    try:
        digest = base64.b64decode(value, validate=True)
    except binascii.Error:
        raise _malformed() from None
    if len(digest) != hashlib.sha256().digest_size:
        raise _malformed()
    return digest


def _malformed() -> Invalid:
    return Invalid(
        "The Content-Digest header is malformed: write sha-256=:<Base64 of 32 bytes>:.", code="digest_malformed"
    )
