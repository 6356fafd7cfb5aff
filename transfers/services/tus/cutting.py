"""A body of any length, cut into the parts of its upload while it comes."""

from __future__ import annotations

import time
from typing import Protocol
from uuid import UUID

from django.db import transaction

from core.actor import Actor
from core.errors import TooLarge
from transfers.connections import release
from transfers.models import Upload
from transfers.services import receiving, uploads, writers
from transfers.services.receiving import RangeWriter, Sealed
from transfers.services.tus import creating
from transfers.services.tus.checksums import Check, Checksum
from transfers.services.tus.turns import Turn

# Well within the time after which a file that nobody writes to is taken for an orphan.
TOUCH_EVERY_SECONDS = 600.0


class Source(Protocol):
    """A request's body: ``length`` is ``None`` where it is not known before its end."""

    @property
    def length(self) -> int | None: ...

    def read(self, size: int, /) -> bytes | memoryview:
        """At most ``size`` bytes, what is there of them; empty at the end. Raises ``Interrupted`` where it ends too early."""

    def stop(self) -> None:
        """Let a ``read`` that waits in another thread end, and give no more."""


class Cutter:
    """The parts of one body, from the byte it begins with. ``close`` drops what was not entered into the ledger."""

    def __init__(
        self, actor: Actor, *, upload: Upload, start: int, checksum: Checksum | None, writer: UUID, turn: Turn
    ) -> None:
        self._actor = actor
        self._upload = upload
        self._writer = writer
        self._turn = turn
        self._at = start
        self._end = creating.most_of(upload)
        self._check = Check(checksum)
        self._all_or_nothing = checksum is not None
        self._is_endless = False
        self._fresh_until = 0.0
        self._current: RangeWriter | None = None
        self._full: list[RangeWriter] = []
        self._sealed: list[Sealed] = []

    @property
    def at(self) -> int:
        """The byte after the last one that was taken."""
        return self._at

    def take(self, body: Source) -> None:
        """Take the whole body and enter it; with its last bytes the upload is free for the next one to append."""
        release()
        self._is_endless = self._upload.size is None and body.length is None
        while self._at < self._end:
            block = body.read(self._room())
            if not block:
                break
            current = self._current = self._current or self._next()
            self._check.update(block)
            current.write(block)
            self._at += len(block)
            if not current.room:
                self._turn_over(current)
            self._keep_fresh()
        if self._at == self._end and body.read(1):
            raise TooLarge(creating.BEYOND)
        self._check.enforce()
        self.keep(leaves=True)

    def keep(self, *, leaves: bool = False) -> None:
        """Enter everything that has been written. Raises ``Interrupted`` where somebody newer brings it."""
        current, self._current = self._current, None
        if current is not None:
            self._full.append(current)
            self._sealed.append(current.seal())
        if self._sealed:
            self._turn.enter(self._at)
            receiving.enter(self._actor, upload=self._upload, sealed=self._sealed, writer=self._writer, leaves=leaves)
            if leaves:
                writers.has_left(self._writer)
        self.close()

    def close(self) -> None:
        for writer in (*self._full, *([self._current] if self._current else ())):
            writer.__exit__()
        self._current, self._full, self._sealed = None, [], []

    def _room(self) -> int:
        """Bytes up to the end of the part we are in, or of the file."""
        return min(self._end - self._at, self._upload.part_size - self._at % self._upload.part_size)

    def _next(self) -> RangeWriter:
        if self._is_endless:
            # Nobody has said how much will come, so that nobody has been asked for more than what was there.
            with transaction.atomic():
                uploads.ask_policy(self._actor, upload=self._upload, size=self._at + 1)
        before, start = divmod(self._at, self._upload.part_size)
        waiting = sum(writer.size for writer in self._full)
        return RangeWriter(
            self._actor, upload=self._upload, number=before + 1, start=start, writer=self._writer, besides=waiting
        )

    def _keep_fresh(self) -> None:
        """A body with a checksum may take hours, and its first parts wait for its end: they are no orphans."""
        if self._full and time.monotonic() >= self._fresh_until:
            for writer in self._full:
                writer.touch()
            self._fresh_until = time.monotonic() + TOUCH_EVERY_SECONDS

    def _turn_over(self, current: RangeWriter) -> None:
        """A part is full. It is entered at once, unless the whole body has to prove right first, or the file ends with it."""
        if not self._all_or_nothing and self._at < self._end:
            self.keep()
            release()
            return
        self._sealed.append(current.seal())
        self._full.append(current)
        self._current = None
