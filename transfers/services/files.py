"""Whole files that come through us as a stream (a plain form, a program of our own): cut into parts on the way."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Self
from uuid import UUID

from core.actor import Actor
from core.errors import TooLarge
from transfers.connections import release
from transfers.models import Upload, UploadState
from transfers.services import uploads
from transfers.services.receiving import RangeWriter


class FileReceiver:
    """One file of yet unknown length on its way into an upload; no more than a part's block of it is ever in memory.

    Used as a context: left by an exception, the upload is removed again. ``most`` bounds the length and decides the
    part size.
    """

    def __init__(self, actor: Actor, *, subject: UUID, name: str, most: int, path: str = "") -> None:
        self._actor = actor
        self._most = most
        self._size = 0
        self._writer: RangeWriter | None = None
        self.upload = uploads.create_of_unknown_size(actor, subject=subject, name=name, path=path, most=most)
        release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.abort()

    def write(self, block: bytes) -> None:
        """The next bytes of the file. Raises ``TooLarge`` beyond ``most`` and what receiving a part may raise."""
        if self._size + len(block) > self._most:
            raise TooLarge
        rest = memoryview(block)
        while rest:
            writer = self._writer or self._next()
            taken = min(len(rest), self.upload.part_size - writer.size)
            writer.write(rest[:taken])
            rest = rest[taken:]
            self._size += taken
            if writer.size == self.upload.part_size:
                self._close_part(writer)

    def finish(self) -> Upload:
        """The file has ended: complete the upload, whose ``size`` is known from here on."""
        if self._writer is not None:
            self._close_part(self._writer, size=self._size)
        self.upload = uploads.complete(self._actor, upload=self.upload, size=self._size)
        release()
        return self.upload

    def abort(self) -> None:
        """Keep nothing of the file."""
        if self._writer is not None:
            self._writer.__exit__()
            self._writer = None
        if self.upload.state != UploadState.ABORTED:
            self.upload = uploads.remove(self._actor, upload=self.upload)

    def _next(self) -> RangeWriter:
        self._writer = RangeWriter(self._actor, upload=self.upload, number=self._size // self.upload.part_size + 1)
        return self._writer

    def _close_part(self, writer: RangeWriter, *, size: int | None = None) -> None:
        writer.enter(size=size)
        release()
        self._writer = None


def receive_file(
    actor: Actor, *, subject: UUID, name: str, chunks: Iterable[bytes], most: int, path: str = ""
) -> Upload:
    """Take a file from ``chunks`` and ask for its completion; nothing of it stays when anything fails on the way."""
    with FileReceiver(actor, subject=subject, name=name, path=path, most=most) as receiver:
        for chunk in chunks:
            receiver.write(chunk)
        return receiver.finish()
