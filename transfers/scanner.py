"""The malware scanner behind one small interface. Nothing else in the house speaks to clamd.

A file is shown to it block by block (its command INSTREAM) while somebody reads it anyway. Clients for it exist on PyPI; they
read a file by themselves, to its end, and know nothing of an answer that comes early.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from django.conf import settings

from transfers.models import Scan

# Whether it is there at all is asked before a file is read for it.
PATIENCE_SECONDS = 5.0
SLICE_SECONDS = 5.0
LONGEST_ANSWER = 1024
# What it calls a file, or something packed within, of which it looked at the beginning only.
BEYOND_ITS_LIMITS = "Heuristics.Limits.Exceeded"


class ScannerAway(Exception):
    """The scanner does not answer, is too slow, or could not look. Its text is for logs, never for people."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``scan`` is what becomes of the file's row; ``finding`` the scanner's name for what it found."""

    scan: Scan
    finding: str = ""


class Scanning(Protocol):
    """One file on its way past the scanner. Each method may raise ``ScannerAway``."""

    def feed(self, block: bytes) -> None:
        """The next bytes of the file."""

    def verdict(self) -> Verdict:
        """What it says of the file, which has ended."""


@contextmanager
def scanning(size: int, *, beat: Callable[[], None]) -> Iterator[Scanning]:
    """Show a file of ``size`` bytes to the scanner, where there is one that takes it.

    ``beat`` is called every few seconds while we wait for it; an exception out of it ends the waiting. Raises ``ScannerAway``
    before a byte has been read for nothing.
    """
    if not settings.CLAMD_URL:
        yield _Known(Verdict(Scan.NO_SCANNER))
        return
    if size > settings.CLAMD_MAX_BYTES:
        yield _Known(Verdict(Scan.TOO_LARGE))
        return
    ask("PING")
    with _connected(settings.CLAMD_TIMEOUT_SECONDS) as line:
        yield _Stream(line, beat)


def ask(command: str) -> str:
    """The scanner's answer to a command without arguments, ``PING`` or ``VERSION``. Raises ``ScannerAway``."""
    with _connected(PATIENCE_SECONDS) as line:
        try:
            line.sendall(f"z{command}\0".encode())
            answer = _answer(line)
        except OSError as error:
            raise ScannerAway(f"{command}: {error}") from error
    if not answer:
        raise ScannerAway(f"{command}: no answer")
    return answer


class _Known:
    """The verdict stands before the file is read."""

    def __init__(self, verdict: Verdict) -> None:
        self._verdict = verdict

    def feed(self, block: bytes) -> None:
        pass

    def verdict(self) -> Verdict:
        return self._verdict


class _Stream:
    """Each block goes with its length before it; a length of nothing ends the file."""

    def __init__(self, line: socket.socket, beat: Callable[[], None]) -> None:
        self._line = line
        self._beat = beat
        self._verdict: Verdict | None = None
        line.settimeout(0)
        self._send(b"zINSTREAM\0")

    def feed(self, block: bytes) -> None:
        if block:
            self._send(struct.pack("!L", len(block)), block)

    def verdict(self) -> Verdict:
        self._send(struct.pack("!L", 0))
        if self._verdict is None:
            self._wait(select.POLLIN)
            self._verdict = self._read()
        return self._verdict

    def _send(self, *buffers: bytes) -> None:
        rest = [memoryview(buffer) for buffer in buffers]
        while rest and self._verdict is None:
            if self._wait(select.POLLIN | select.POLLOUT) & ~select.POLLOUT:
                # It answers before the end: it has seen enough, or more than it takes.
                self._verdict = self._read()
                return
            try:
                sent = self._line.sendmsg(rest)
            except BlockingIOError:
                continue
            except OSError:
                self._verdict = self._read()
                return
            rest = _without(rest, sent)

    def _wait(self, events: int) -> int:
        """Wait until the line is ready for one of ``events``; returns what it is ready for."""
        poll = select.poll()
        poll.register(self._line, events)
        until = time.monotonic() + settings.CLAMD_TIMEOUT_SECONDS
        while time.monotonic() < until:
            if ready := poll.poll(1000 * min(SLICE_SECONDS, settings.CLAMD_TIMEOUT_SECONDS)):
                return ready[0][1]
            self._beat()
        raise ScannerAway(f"no answer within {settings.CLAMD_TIMEOUT_SECONDS} seconds")

    def _read(self) -> Verdict:
        self._line.settimeout(PATIENCE_SECONDS)
        try:
            return _meaning(_answer(self._line))
        except OSError as error:
            raise ScannerAway(str(error)) from error


@contextmanager
def _connected(seconds: float) -> Iterator[socket.socket]:
    try:
        line = _connect()
    except OSError as error:
        raise ScannerAway(f"{settings.CLAMD_URL}: {error}") from error
    with line:
        line.settimeout(seconds)
        yield line


def _connect() -> socket.socket:
    place = urlsplit(settings.CLAMD_URL)
    if place.scheme == "tcp":
        return socket.create_connection((place.hostname or "", place.port or 0), timeout=PATIENCE_SECONDS)
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.settimeout(PATIENCE_SECONDS)
        line.connect(place.path)
    except OSError:
        line.close()
        raise
    return line


def _answer(line: socket.socket) -> str:
    said = b""
    while b"\0" not in said and len(said) < LONGEST_ANSWER:
        more = line.recv(LONGEST_ANSWER)
        if not more:
            break
        said += more
    return said.partition(b"\0")[0].decode(errors="replace").strip()


def _meaning(answer: str) -> Verdict:
    said = answer.removeprefix("stream: ")
    if said == "OK":
        return Verdict(Scan.CLEAN)
    if "size limit exceeded" in said:
        return Verdict(Scan.TOO_LARGE)
    if said.endswith(" FOUND"):
        finding = said.removesuffix(" FOUND")[:200]
        return Verdict(Scan.TOO_LARGE if finding.startswith(BEYOND_ITS_LIMITS) else Scan.FOUND, finding)
    raise ScannerAway(answer or "it hung up")


def _without(buffers: list[memoryview], sent: int) -> list[memoryview]:
    rest = []
    for buffer in buffers:
        gone = min(sent, len(buffer))
        sent -= gone
        if gone < len(buffer):
            rest.append(buffer[gone:])
    return rest
