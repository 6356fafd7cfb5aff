"""The pieces of an archive in their order, with the store asked for the next while one is being sent."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable
from dataclasses import dataclass

from transfers.storage import Reading, store
from transfers.zips import Bytes, Stored

# How far ahead the store is asked. What it answers waits in the kernel, some 64 KiB of each file: no memory of ours.
FILES = 8
BYTES = 4 * 1024**2


@dataclass(frozen=True, slots=True)
class _Opened:
    reading: Reading
    length: int


def blocks_of(pieces: Iterable[Bytes | Stored]) -> Generator[bytes]:
    """The bytes of ``pieces``. Raises what ``Reading.blocks`` raises; what was asked for in vain is given up at the end."""
    ahead = _Ahead(pieces)
    try:
        while (piece := ahead.next()) is not None:
            if isinstance(piece, Bytes):
                yield piece.content
                continue
            left = piece.length
            for block in piece.reading.blocks():
                left -= len(block)
                ahead.look(left)
                yield block
    finally:
        ahead.close()


class _Ahead:
    def __init__(self, pieces: Iterable[Bytes | Stored]) -> None:
        self._pieces = iter(pieces)
        self._waiting: deque[Bytes | _Opened] = deque()
        self._files = self._bytes = 0

    def next(self) -> Bytes | _Opened | None:
        self.look(0)
        if not self._waiting:
            return None
        piece = self._waiting.popleft()
        if isinstance(piece, _Opened):
            self._files -= 1
            self._bytes -= piece.length
        return piece

    def look(self, left: int) -> None:
        """Ask for what comes, when no more than ``left`` bytes of the present file are still to be sent."""
        while self._files < FILES and left + self._bytes < BYTES and (piece := next(self._pieces, None)) is not None:
            if isinstance(piece, Stored):
                member = piece.member
                reading = store(member.bucket).ask(member.storage_key, start=piece.start, length=piece.length)
                self._waiting.append(_Opened(reading, piece.length))
                self._files += 1
                self._bytes += piece.length
            else:
                self._waiting.append(piece)

    def close(self) -> None:
        for piece in self._waiting:
            if isinstance(piece, _Opened):
                piece.reading.close()
