"""Files that nobody stores: their bytes follow from a seed, so that every one of them can be made again to compare."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

MIB = 1024**2
PART = 5 * MIB
# The sizes at which things go wrong, before any other.
EDGES = (0, 1, PART - 1, PART, PART + 1, 2 * PART, 3 * PART - 1)


@dataclass(frozen=True)
class Content:
    """``size`` bytes that are the same whenever they are asked for: a random MiB, each time with its own number in front."""

    seed: int
    size: int

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


def sizes(draw: random.Random, *, largest: int) -> Iterator[int]:
    """The edges first, then many small files and few large ones, without end."""
    yield from draw.sample(EDGES, len(EDGES))
    while True:
        yield draw.choice(EDGES) if draw.random() < 0.2 else int(largest ** draw.random())
