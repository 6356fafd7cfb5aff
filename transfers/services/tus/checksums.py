"""``Upload-Checksum``: the digests that are offered, and the one of a body as it comes in."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from transfers.services.tus.errors import ChecksumDiffers

# sha1 is the one that the protocol demands. They find errors of a line; the ledger has a SHA-256 of each part besides.
ALGORITHMS = ("sha1", "sha256", "sha512", "md5")


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a client announces of a body; ``digest`` is of the right length for ``algorithm``, one of ``ALGORITHMS``."""

    algorithm: str
    digest: bytes


class Check:
    """The digest of a body that comes in blocks. Without a checksum it costs nothing and agrees with everything."""

    def __init__(self, announced: Checksum | None) -> None:
        self._announced = announced
        self._hash = hashlib.new(announced.algorithm, usedforsecurity=False) if announced else None

    def update(self, block: bytes | memoryview) -> None:
        if self._hash is not None:
            self._hash.update(block)

    def enforce(self) -> None:
        """Raise ``ChecksumDiffers`` unless the body was the announced one."""
        if self._announced is None or self._hash is None:
            return
        if not hmac.compare_digest(self._hash.digest(), self._announced.digest):
            raise ChecksumDiffers
