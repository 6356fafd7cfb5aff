"""Reading a file back from the store, once: digests, the CRC-32 for archives and the malware scanner see the same bytes."""

from __future__ import annotations

import hashlib
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from transfers.connections import release
from transfers.models import Upload
from transfers.scanner import Verdict, scanning
from transfers.storage import NoSuchObject, store

HEARTBEAT_SECONDS = 10.0
# Files up to here are read in a second or two, and never wait for larger ones.
LARGE = 256 * 1024**2


class Damaged(Exception):
    """The object in the store is not, bit for bit, what the ledger says was sent."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file is that was read back whole: digest and CRC-32 of all of it, and what the scanner says."""

    sha256: str
    crc32: int
    verdict: Verdict

    @property
    def facts(self) -> dict[str, Any]:
        """What the upload's row says of it."""
        scan, finding = self.verdict.scan, self.verdict.finding
        return {"sha256": self.sha256, "crc32": self.crc32, "scan": scan, "scan_finding": finding}


def read_back(upload: Upload, *, beat: Callable[[], None]) -> Reading:
    """Read the whole object: every part has the digest its sender announced.

    ``beat`` is called every few seconds; an exception out of it ends the reading. Raises ``Damaged``, ``ScannerAway`` and
    what the store may raise.
    """
    size = upload.size or 0
    expected = list(upload.parts.order_by("number").values_list("size", "sha256"))
    digests = _Digests([length for length, _ in expected])
    pulse = _Pulse(beat)
    release()
    try:
        with scanning(size, beat=pulse.now) as scan:
            if store(upload.bucket).size(upload.storage_key) != size:
                raise Damaged("it has another length")
            for block in store(upload.bucket).read(upload.storage_key, start=0, length=size):
                digests.update(block)
                scan.feed(block)
                pulse.due()
            verdict = scan.verdict()
    except NoSuchObject as error:
        raise Damaged(str(error)) from error
    if digests.of_parts() != [sha256 for _, sha256 in expected]:
        raise Damaged("a part has another SHA-256")
    return Reading(digests.of_all(), digests.crc32, verdict)


@contextmanager
def turn(upload: Upload) -> Iterator[bool]:
    """Whether this process may read ``upload`` now: few large files at once, small ones always. Given back at the end."""
    if (upload.size or 0) <= LARGE:
        yield True
        return
    has_turn = _large.acquire()
    try:
        yield has_turn
    finally:
        if has_turn:
            _large.release()


class _Turns:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = 0

    def acquire(self) -> bool:
        with self._lock:
            if self._taken >= settings.VERIFY_LARGE_AT_ONCE:
                return False
            self._taken += 1
            return True

    def release(self) -> None:
        with self._lock:
            self._taken -= 1


_large = _Turns()


class _Pulse:
    def __init__(self, beat: Callable[[], None]) -> None:
        self._beat = beat
        self._last = time.monotonic()

    def due(self) -> None:
        if time.monotonic() - self._last > HEARTBEAT_SECONDS:
            self.now()

    def now(self) -> None:
        self._beat()
        self._last = time.monotonic()


class _Digests:
    """SHA-256 of a stream and of each of its parts, however it is cut into blocks, and its CRC-32."""

    def __init__(self, lengths: Sequence[int]) -> None:
        self._lengths = iter(lengths)
        self._done: list[str] = []
        # Of a file of one part the two are one.
        self._is_one = len(lengths) == 1
        self._whole = hashlib.sha256()
        self._current = self._whole if self._is_one else hashlib.sha256()
        self._left = next(self._lengths, 0)
        self.crc32 = 0

    def update(self, block: bytes) -> None:
        self.crc32 = zlib.crc32(block, self.crc32)
        if not self._is_one:
            self._whole.update(block)
        rest = memoryview(block)
        while rest:
            if not self._left:
                raise Damaged("it is longer than its parts")
            piece = rest[: self._left]
            self._current.update(piece)
            self._left -= len(piece)
            rest = rest[len(piece) :]
            if not self._left:
                self._close()

    def of_parts(self) -> list[str]:
        return self._done

    def of_all(self) -> str:
        return self._whole.hexdigest()

    def _close(self) -> None:
        self._done.append(self._current.hexdigest())
        self._left = next(self._lengths, 0)
        if self._left:
            self._current = hashlib.sha256()
