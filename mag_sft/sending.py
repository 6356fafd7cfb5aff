"""Sending a file: cut as the ledger says, many ranges at a time, from where it broke off, until it is stored and verified."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from mag_sft import keeping
from mag_sft.crew import Crew, Job
from mag_sft.errors import BrokenOff, Different, NotAllowed, Refusal, TransferError
from mag_sft.gateway import Gateway
from mag_sft.keeping import Begun
from mag_sft.progress import Progress

MIB = 1024**2
# From here on a request that waits for its answer costs more than a row in the ledger.
LONG_WAY_SECONDS = 0.03
SMALL_REQUEST = 4 * MIB
JOBS_PER_HAND = 4
# Where more connections than these pay, files are large and whole parts are cheaper for the gateway.
MANY = 24
FIRST_POLL, LONGEST_POLL = 0.2, 5.0
IN_WORDS = {
    "pushing": "on its way to storage",
    "verifying": "being verified",
    "quarantined": "held by the malware scanner",
}


@dataclass(frozen=True, slots=True)
class Options:
    connections: int
    patience: float
    wait: bool = True


@dataclass(frozen=True, slots=True)
class Sent:
    upload_id: str
    name: str
    size: int
    sha256: str
    state: str


class Source:
    """The file on this disk, which must stay what it was when it was opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        status = os.fstat(self._descriptor)
        self.size, self.modified_ns = status.st_size, status.st_mtime_ns

    def read(self, start: int, length: int) -> bytes:
        """Exactly these bytes. Raises ``Different`` when the file is not what it was."""
        found = os.pread(self._descriptor, length, start)
        while len(found) < length and (more := os.pread(self._descriptor, length - len(found), start + len(found))):
            found += more
        status = os.fstat(self._descriptor)
        if len(found) != length or (status.st_size, status.st_mtime_ns) != (self.size, self.modified_ns):
            raise Different(f"{self.path} has changed while it was being sent. Nothing of it is kept: send it anew.")
        return found

    def close(self) -> None:
        os.close(self._descriptor)


def send(
    gateway: Gateway,
    path: Path,
    *,
    options: Options,
    progress: Callable[[str, int], Progress],
    subject: str | None = None,
    folder: str = "",
) -> Sent:
    """Send one file, going on with an earlier try of the same file. Returns when it is stored, or complete at the gateway
    where ``options.wait`` is off. Raises ``TransferError``.
    """
    source = _open(path)
    try:
        begun = keeping.find_upload(gateway.address, path, size=source.size, modified_ns=source.modified_ns)
        bar = progress(path.name, source.size)
        try:
            return _Sending(gateway, source, options, bar).run(begun, subject=subject, folder=folder)
        finally:
            bar.close()
    finally:
        source.close()


class _Sending:
    def __init__(self, gateway: Gateway, source: Source, options: Options, bar: Progress) -> None:
        self._gateway = gateway
        self._source = source
        self._options = options
        self._bar = bar
        self._origins: list[str] = []
        self._round_trip = 0.0

    def run(self, begun: Begun | None, *, subject: str | None, folder: str) -> Sent:
        upload = self._go_on(begun) if begun else None
        if upload is None:
            upload = self._create(subject, folder)
        note = Begun(
            kind="upload",
            gateway=self._gateway.address,
            upload_id=upload["id"],
            file=str(self._source.path),
            size=self._source.size,
            modified_ns=self._source.modified_ns,
        )
        keeping.keep(note)
        try:
            sent = self._to_the_end(upload)
        except Different:
            self._give_up(upload["id"])
            keeping.forget(note)
            raise
        keeping.forget(note)
        return sent

    def _go_on(self, begun: Begun) -> dict[str, Any] | None:
        """The broken off upload as the gateway has it; nothing where it is gone."""
        try:
            found = self._timed(lambda: self._gateway.describe(begun.upload_id))
        except Refusal as refusal:
            if refusal.status == 404:
                keeping.forget(begun)
                return None
            raise translated(refusal) from refusal
        if found["state"] in {"aborted", "expired", "failed"}:
            keeping.forget(begun)
            return None
        return found

    def _create(self, subject: str | None, folder: str) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "name": self._source.path.name,
            "path": folder,
            "size": self._source.size,
            "last_modified": self._source.modified_ns // 1_000_000,
            "door": "parts",
        }
        if subject:
            fields["subject"] = subject
        try:
            return self._timed(lambda: self._gateway.create(fields))
        except Refusal as refusal:
            raise translated(refusal) from refusal

    def _timed(self, ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        begun = time.monotonic()
        answer = ask()
        self._round_trip = time.monotonic() - begun
        self._origins = answer.get("origins") or self._origins or [self._gateway.address]
        return answer

    def _to_the_end(self, upload: dict[str, Any]) -> Sent:
        while True:
            if upload["state"] == "receiving":
                self._send_missing(upload)
                upload = self._complete(upload["id"])
            if upload["state"] == "receiving":
                continue
            followed = self._follow(upload)
            if followed["state"] != "receiving":
                return Sent(
                    followed["id"], followed["name"], self._source.size, followed.get("sha256", ""), followed["state"]
                )
            upload = self._gateway.describe(upload["id"])

    def _send_missing(self, upload: dict[str, Any]) -> None:
        jobs = list(self._jobs(upload))
        self._bar.add(self._source.size - sum(job.length for job in jobs))
        crew = Crew(
            do=lambda job, hand: self._put(upload, job, hand, crew.moved),
            most=self._options.connections,
            patience=self._options.patience,
            on_done=lambda job: self._bar.add(job.length),
        )
        crew.work(jobs)

    def _put(self, upload: dict[str, Any], job: Job, hand: int, moved: Callable[[int], None]) -> None:
        part_size = int(upload["part_size"])
        body = self._source.read((job.number - 1) * part_size + job.start, job.length)
        length = _length_of(job.number, part_size, self._source.size)
        origin = self._origins[hand % len(self._origins)]
        try:
            self._gateway.put(origin, upload["id"], job.number, body, start=job.start, part_length=length, moved=moved)
        except Refusal as refusal:
            if refusal.code == "part_differs":
                raise Different(
                    f"{self._source.path} is not what it was when its sending began. Nothing of it is kept: send it anew."
                ) from refusal
            # A request that had broken off was there first, cut in another way; what is missing then is asked for at the end.
            if refusal.code != "range_overlaps":
                raise

    def _jobs(self, upload: dict[str, Any]) -> Iterator[Job]:
        part_size = int(upload["part_size"])
        there = {part["number"] for part in upload.get("parts", ()) if part["state"] != "missing"}
        pieces: dict[int, list[tuple[int, int]]] = {}
        for piece in upload.get("pieces", ()):
            pieces.setdefault(piece["number"], []).append((piece["start"], piece["start"] + piece["size"]))
        request = part_size
        if self._round_trip > LONG_WAY_SECONDS:
            request = request_size(self._source.size, connections=self._options.connections, most=part_size)
        for number in range(1, int(upload["part_count"] or 0) + 1):
            if number not in there:
                length = _length_of(number, part_size, self._source.size)
                for start, end in _gaps(sorted(pieces.get(number, ())), length):
                    yield from _cut(number, start, end, request)

    def _complete(self, upload_id: str) -> dict[str, Any]:
        try:
            return self._patiently(lambda: self._gateway.complete(upload_id))
        except Refusal as refusal:
            if refusal.code == "parts_missing":
                return self._gateway.describe(upload_id)
            raise translated(refusal) from refusal

    def _follow(self, upload: dict[str, Any]) -> dict[str, Any]:
        """Wait until the file is stored, asked for again, or at its end otherwise."""
        wait = FIRST_POLL
        while self._options.wait and upload["state"] in IN_WORDS:
            self._bar.say(IN_WORDS[upload["state"]])
            if upload["state"] == "quarantined":
                raise TransferError("The malware scanner found something in this file. It is held until staff decide.")
            time.sleep(wait)
            wait = min(LONGEST_POLL, wait * 1.5)
            upload = self._patiently(partial(self._gateway.describe, upload["id"], parts=False))
        if upload["state"] in {"failed", "aborted", "expired"}:
            raise TransferError(str(upload.get("reason")) or f"The upload is {upload['state']}.")
        return upload

    def _patiently(self, ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        from urllib3.exceptions import HTTPError

        give_up_at = time.monotonic() + self._options.patience
        while True:
            try:
                return ask()
            except (HTTPError, Refusal) as error:
                passing = not isinstance(error, Refusal) or error.is_passing
                if not passing:
                    raise
                if time.monotonic() > give_up_at:
                    raise BrokenOff("The gateway does not answer. Go on later with “mag-sft resume”.") from error
                time.sleep(2)

    def _give_up(self, upload_id: str) -> None:
        from urllib3.exceptions import HTTPError

        try:
            self._gateway.remove(upload_id)
        except (HTTPError, Refusal):
            return


def _open(path: Path) -> Source:
    try:
        return Source(path)
    except OSError as error:
        raise TransferError(f"{path} cannot be read: {error.strerror}.") from error


def translated(refusal: Refusal) -> TransferError:
    """The refusal of a whole transfer, as it is told to people."""
    if refusal.status in {401, 403}:
        return NotAllowed(refusal.sentence)
    if refusal.is_passing:
        return BrokenOff(f"{refusal.sentence} Go on later with “mag-sft resume”.")
    fields = refusal.document.get("fields")
    more = " ".join(str(words) for words in fields.values()) if isinstance(fields, dict) else ""
    return TransferError(f"{refusal.sentence} {more}".strip())


def request_size(size: int, *, connections: int, most: int) -> int:
    """Bytes a request on a long way: so few that each connection has several to bring, and an even share of ``most``."""
    share = max(SMALL_REQUEST, size // (min(connections, MANY) * JOBS_PER_HAND))
    pieces = -(-most // share)
    return most if pieces == 1 else -(-most // pieces // MIB) * MIB


def _length_of(number: int, part_size: int, size: int) -> int:
    return min(part_size, size - (number - 1) * part_size)


def _gaps(there: list[tuple[int, int]], length: int) -> Iterator[tuple[int, int]]:
    at = 0
    for start, end in there:
        if start > at:
            yield at, start
        at = max(at, end)
    if at < length:
        yield at, length


def _cut(number: int, start: int, end: int, request: int) -> Iterator[Job]:
    for first in range(start, end, request):
        yield Job(number, first, min(request, end - first))
