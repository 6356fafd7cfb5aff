"""The staging folder of this node: where parts lie between their sender and the store.

File names are the server's: ``<upload id>.<part number>.<random>``. A file that no staged part and no
piece names is an orphan.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import BufferedReader
from pathlib import Path
from uuid import UUID

from django.conf import settings

from transfers import durable
from transfers.errors import StagingFull

BLOCK = 1024**2
# The disk begins to write while the rest of a part arrives, so that little is left to wait for at its end.
WRITE_BACK_EVERY = 2 * 1024**2
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class PartFile:
    """A part being written. It is on the disk for good once ``seal`` has returned; ``discard`` removes it."""

    def __init__(self, upload_id: UUID, number: int) -> None:
        self.name = f"{upload_id.hex}.{number}.{secrets.token_hex(8)}"
        self.size = 0
        self._sent_to_disk = 0
        self._hash = hashlib.sha256()
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC
        with _refused_when_full():
            _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(path_of(self.name), flags, 0o600)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def write(self, block: bytes | memoryview) -> None:
        """Append ``block``. Raises ``StagingFull`` when the disk or its quota is full."""
        self._hash.update(block)
        rest = memoryview(block)
        with _refused_when_full():
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        self.size += len(block)
        if self.size - self._sent_to_disk >= WRITE_BACK_EVERY:
            durable.write_back(self._descriptor, self._sent_to_disk, self.size - self._sent_to_disk)
            self._sent_to_disk = self.size

    def copy(self, blocks: Iterable[bytes]) -> str:
        """Append ``blocks``; returns their own SHA-256."""
        digest = hashlib.sha256()
        for block in blocks:
            digest.update(block)
            self.write(block)
        return digest.hexdigest()

    def seal(self) -> None:
        """Return once bytes and name would survive a power cut. Raises ``StagingFull``."""
        with _refused_when_full():
            os.fdatasync(self._descriptor)
            self._close()
            durable.sync_folder(_folder())

    def discard(self) -> None:
        self._close()
        remove(self.name)

    def _close(self) -> None:
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)


def path_of(name: str) -> Path:
    return _folder() / name


def open_part(name: str) -> BufferedReader:
    """Raises ``FileNotFoundError`` when the file is gone."""
    return path_of(name).open("rb")


def remove(name: str) -> None:
    path_of(name).unlink(missing_ok=True)


def touch(name: str) -> None:
    """Somebody still needs this file, though they write to another one."""
    os.utime(path_of(name))


def remove_all_of(upload_id: UUID) -> int:
    """Remove every file of one upload from this node; returns how many."""
    names = [name for name, _ in _files() if name.startswith(f"{upload_id.hex}.")]
    for name in names:
        remove(name)
    return len(names)


def names(*, untouched_for: timedelta) -> Iterator[str]:
    """The files that nobody has written to for this long."""
    before = time.time() - untouched_for.total_seconds()
    return (name for name, touched in _files() if touched <= before)


def blocks(name: str, *, start: int = 0, size: int | None = None) -> Iterator[bytes]:
    """The bytes of a file as they lie there now, all or ``size`` from ``start``. Raises ``FileNotFoundError``."""
    with open_part(name) as file:
        file.seek(start)
        left = size
        while block := file.read(BLOCK if left is None else min(BLOCK, left)):
            yield block
            left = None if left is None else left - len(block)


def sha256_of(name: str, *, start: int = 0, size: int | None = None) -> str:
    """The SHA-256 of such bytes. Raises ``FileNotFoundError``."""
    digest = hashlib.sha256()
    for block in blocks(name, start=start, size=size):
        digest.update(block)
    return digest.hexdigest()


def _files() -> Iterator[tuple[str, float]]:
    try:
        entries = list(os.scandir(_folder()))
    except FileNotFoundError:
        return
    for entry in entries:
        try:
            yield entry.name, entry.stat().st_mtime
        except FileNotFoundError:
            continue


def _folder() -> Path:
    return Path(settings.STAGING_DIR)


@contextmanager
def _refused_when_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StagingFull from error
        raise
