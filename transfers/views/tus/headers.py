"""The headers of tus 1.0.0, read strictly: what is not as the protocol says is ``Malformed`` and nothing is guessed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

from core.http import Request
from transfers.services.tus import checksums
from transfers.services.tus.checksums import Checksum
from transfers.services.tus.errors import Malformed, WrongType

BYTES = "application/offset+octet-stream"
LARGEST = 2**63 - 1
_KEY = re.compile(r"[!-+\--~]+")


def offset(request: Request) -> int:
    """``Upload-Offset``, which a PATCH must have."""
    given = request.headers.get("Upload-Offset")
    if given is None:
        raise Malformed("Say with Upload-Offset which byte of the file comes first.")
    return _number("Upload-Offset", given)


def length(request: Request) -> int | None:
    """``Upload-Length``, or ``None`` where it is not there."""
    given = request.headers.get("Upload-Length")
    return None if given is None else _number("Upload-Length", given)


def length_at_creation(request: Request) -> int | None:
    """The file's length; ``None`` where the client defers it. Exactly one of the two headers must be there."""
    known, deferred = length(request), request.headers.get("Upload-Defer-Length")
    if deferred is not None and deferred != "1":
        raise Malformed("Upload-Defer-Length can only be 1.")
    if (known is None) == (deferred is None):
        raise Malformed("Give either Upload-Length in bytes, or “Upload-Defer-Length: 1” to tell it later.")
    return known


def checksum(request: Request) -> Checksum | None:
    """``Upload-Checksum``, of an algorithm that is offered here."""
    given = request.headers.get("Upload-Checksum")
    if given is None:
        return None
    algorithm, space, value = given.partition(" ")
    if not space:
        raise Malformed("Write Upload-Checksum as the algorithm, one space and the digest in Base64.")
    if algorithm not in checksums.ALGORITHMS:
        raise Malformed(f"Upload-Checksum can be of: {', '.join(checksums.ALGORITHMS)}.", code="checksum_algorithm")
    digest = _decoded("Upload-Checksum", value)
    if len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise Malformed(f"The digest in Upload-Checksum is not as long as one of {algorithm}.")
    return Checksum(algorithm, digest)


def metadata(request: Request) -> dict[str, bytes]:
    """The pairs of ``Upload-Metadata``; an empty header has none. Keys are unique, values may be empty."""
    given = request.headers.get("Upload-Metadata", "")
    pairs: dict[str, bytes] = {}
    for pair in given.split(",") if given.strip() else ():
        key, _, value = pair.strip().partition(" ")
        if not _KEY.fullmatch(key):
            raise Malformed("Each key in Upload-Metadata is ASCII without spaces and commas, and is not empty.")
        if key in pairs:
            raise Malformed("A key is in Upload-Metadata twice.")
        pairs[key] = _decoded("Upload-Metadata", value)
    return pairs


def brings_bytes(request: Request) -> bool:
    """Whether the body is a piece of the file. Raises ``WrongType`` where there is a body of another type."""
    if request.content_type == BYTES:
        return True
    if has_body(request):
        raise WrongType
    return False


def has_body(request: Request) -> bool:
    chunked = "chunked" in request.headers.get("Transfer-Encoding", "").lower()
    return chunked or request.headers.get("Content-Length", "0").strip() not in {"", "0"}


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST)) and int(text) <= LARGEST):
        raise Malformed(f"{name} is a whole number of bytes in decimal digits, from 0 to {LARGEST}.")
    return int(text)


def _decoded(name: str, value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed(f"{name} has a value that is not Base64.") from None
