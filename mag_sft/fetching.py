"""Fetching a file: many ranges at a time into a draft beside its destination, from where it broke off.

What arrived is compared with the gateway's SHA-256 before it gets its name.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

from mag_sft import keeping
from mag_sft.crew import Crew, Job
from mag_sft.errors import Different, Refusal, TransferError
from mag_sft.gateway import Content, Gateway
from mag_sft.keeping import Begun
from mag_sft.progress import Progress
from mag_sft.sending import LONG_WAY_SECONDS, Options, request_size, translated

MIB = 1024**2
BLOCK = 16 * MIB
READ = 256 * 1024
# A gateway that streams lends a thread to each.
MOST_STREAMS = 24
KEEP_EVERY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Fetched:
    upload_id: str
    file: str
    size: int
    sha256: str


def fetch(
    gateway: Gateway, upload_id: str, destination: Path, *, options: Options, progress: Callable[[str, int], Progress]
) -> Fetched:
    """Fetch one file to ``destination``, a folder or the file itself. An existing file is never written over.

    Returns when the SHA-256 of what lies there is the gateway's. Raises ``TransferError``.
    """
    begun = time.monotonic()
    try:
        content = gateway.look(upload_id)
    except Refusal as refusal:
        raise translated(refusal) from refusal
    is_far = time.monotonic() - begun > LONG_WAY_SECONDS
    block = request_size(content.size, connections=options.connections, most=BLOCK) if is_far else BLOCK
    target = destination / safe_name(content.name or upload_id) if destination.is_dir() else destination
    if target.exists():
        raise TransferError(f"{target} is there already. Move it away, or name another place with --to.")
    bar = progress(target.name, content.size)
    try:
        return _Fetching(gateway, upload_id, target, content=content, block=block, options=options, bar=bar).run()
    finally:
        bar.close()


class _Fetching:
    def __init__(
        self,
        gateway: Gateway,
        upload_id: str,
        target: Path,
        *,
        content: Content,
        block: int,
        options: Options,
        bar: Progress,
    ) -> None:
        self._gateway = gateway
        self._content = content
        self._options = options
        self._bar = bar
        self._target = target
        self._draft = target.with_name(f"{target.name}.part")
        self._lock = Lock()
        self._kept_at = 0.0
        fresh = Begun(
            kind="download",
            gateway=gateway.address,
            upload_id=upload_id,
            file=str(target),
            size=content.size,
            sha256=content.sha256,
            block=block,
        )
        self._note = self._earlier(fresh) or fresh

    def run(self) -> Fetched:
        self._descriptor = os.open(self._draft, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(self._descriptor, self._content.size)
            keeping.keep(self._note)
            self._fetch_missing()
            self._bar.say("comparing")
            self._compare()
            os.fsync(self._descriptor)
        finally:
            os.close(self._descriptor)
        self._draft.replace(self._target)
        keeping.forget(self._note)
        return Fetched(self._note.upload_id, str(self._target), self._content.size, self._content.sha256)

    def _earlier(self, fresh: Begun) -> Begun | None:
        """What an earlier try of the same file has left, where its draft is still there."""
        for begun in keeping.unfinished():
            if replace(begun, done=[], block=fresh.block) == fresh and begun.block and self._draft.exists():
                return begun
        return None

    def _fetch_missing(self) -> None:
        done = set(self._note.done)
        blocks = -(-self._content.size // self._note.block)
        jobs = [self._job(number) for number in range(blocks) if number not in done]
        self._bar.add(self._content.size - sum(job.length for job in jobs))
        crew = Crew(
            do=lambda job, _hand: self._get(job, crew.moved),
            most=min(MOST_STREAMS, self._options.connections),
            patience=self._options.patience,
            on_done=self._finished,
        )
        try:
            crew.work(jobs)
        finally:
            os.fdatasync(self._descriptor)
            keeping.keep(self._note)

    def _job(self, number: int) -> Job:
        start = number * self._note.block
        return Job(number, start, min(self._note.block, self._content.size - start))

    def _get(self, job: Job, moved: Callable[[int], None]) -> None:
        at = job.start
        blocks = self._gateway.read(
            self._note.upload_id, etag=self._content.sha256, start=job.start, length=job.length, block=READ
        )
        for block in blocks:
            at += os.pwrite(self._descriptor, block, at)
            moved(len(block))
        if at != job.start + job.length:
            raise ConnectionError("the answer ended early")

    def _finished(self, job: Job) -> None:
        with self._lock:
            self._bar.add(job.length)
            self._note.done.append(job.number)
            if time.monotonic() - self._kept_at > KEEP_EVERY_SECONDS:
                # What is noted as done has to be on the disk.
                os.fdatasync(self._descriptor)
                keeping.keep(self._note)
                self._kept_at = time.monotonic()

    def _compare(self) -> None:
        with open(self._descriptor, "rb", closefd=False) as file:
            file.seek(0)
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != self._content.sha256:
            keeping.forget(self._note)
            self._draft.unlink()
            raise Different(f"{self._target.name} arrived with other bytes than the gateway has. Fetch it again.")


def safe_name(name: str) -> str:
    """The last component of a name, without what a path could hide in it."""
    plain = name.replace("\\", "/").rpartition("/")[2].replace("\0", "")
    return plain if plain not in {"", ".", ".."} else "file"
