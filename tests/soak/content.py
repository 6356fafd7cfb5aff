"""Files that nobody stores: their bytes follow from a seed, so that every one of them can be made again to compare."""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

MIB = 1024**2
PART = 5 * MIB
# The sizes at which things go wrong, before any other.
EDGES = (0, 1, PART - 1, PART, PART + 1, 2 * PART, 3 * PART - 1)
LARGE = 64 * MIB


@dataclass(frozen=True)
class Content:
    """``size`` bytes that are the same whenever they are asked for: a random MiB, each time with its own number in front."""

    seed: int
    size: int

    @property
    def name(self) -> str:
        return f"soak-{self.seed}.bin"

    @cached_property
    def _block(self) -> bytes:
        return random.Random(self.seed).randbytes(MIB)

    def read(self, start: int, length: int) -> bytes:
        length = max(0, min(length, self.size - start))
        first, last = start // MIB, (start + length + MIB - 1) // MIB
        whole = b"".join(index.to_bytes(8, "big") + self._block[8:] for index in range(first, last))
        return whole[start - first * MIB : start - first * MIB + length]

    def blocks(self) -> Iterator[bytes]:
        for start in range(0, self.size, MIB):
            yield self.read(start, MIB)

    @cached_property
    def sha256(self) -> str:
        digest = hashlib.sha256()
        for block in self.blocks():
            digest.update(block)
        return digest.hexdigest()


@dataclass
class Sizes:
    """Sizes of files: the edges, many small ones and few large ones, of which so many are under way at once.

    The first large one is as large as any; ``budget`` is how many bytes all large ones together may have.
    """

    largest: int
    budget: int
    at_once: int = 1
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _under_way: int = 0
    _spent: int = 0

    @contextmanager
    def next(self, draw: random.Random) -> Iterator[int]:
        """The size of a sender's next file, large as long as the context lasts."""
        size = self._drawn(draw)
        is_large = size > LARGE
        try:
            yield size
        finally:
            if is_large:
                with self._lock:
                    self._under_way -= 1

    def _drawn(self, draw: random.Random) -> int:
        if draw.random() < 0.2:
            return draw.choice(EDGES)
        with self._lock:
            if self._under_way < self.at_once and self.largest > LARGE and draw.random() < 0.2:
                size = self.largest if not self._spent else int(LARGE * (self.largest / LARGE) ** draw.random()) + 1
                if self._spent + size <= self.budget:
                    self._under_way += 1
                    self._spent += size
                    return size
        return int(min(LARGE, self.largest) ** draw.random())
