"""``python -m benchmarks.trickle``: many slow senders in one process that takes next to no time of the machine.

Each line is a connection with Ethernet's packets, to which the kernel itself keeps the pace; this program wakes when a
line has room for the next 100 KiB, and the bytes go from the page cache to the line without passing through it.

The first line of standard input says what to send (``Task`` as JSON), each further one is an order: ``on``, ``off`` (the
lines stay open and bring nothing) or ``end``. Each order is answered with a line of JSON (``Told``).
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import select
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

MAX_PACING_RATE = getattr(socket, "SO_MAX_PACING_RATE", 47)
PACKET = 1448
SEND_BUFFER = 128 * 1024
BLOCK = 64 * 1024
# The gateway answers in chunked encoding, or ends the line after what it says to a broken one.
LAST_CHUNK = b"0\r\n\r\n"


@dataclass(frozen=True)
class Task:
    """``uploads``: id and size of uploads of two parts, the second shorter than the first; one line for each."""

    port: int
    token: str
    bytes_a_second: int
    part_size: int
    ramp_seconds: float
    uploads: list[tuple[str, int]]


@dataclass
class Told:
    """``sent`` bytes were handed to the kernel so far, ``parts`` acknowledged; ``broken`` says how lines ended too early."""

    open: int = 0
    sent: int = 0
    parts: int = 0
    broken: dict[str, int] = field(default_factory=dict)


@dataclass
class Line:
    """One sender: what it has to send, and how far it is with it."""

    heads: list[tuple[bytes, int]]
    socket: socket.socket = field(default_factory=socket.socket)
    has_begun: bool = False
    head: bytes = b""
    offset: int = 0
    size: int = 0
    answer: bytes = b""

    def next_part(self) -> bool:
        if not self.heads:
            return False
        self.head, self.size = self.heads.pop(0)
        self.offset, self.answer, self.has_begun = 0, b"", False
        return True


class Lines:
    def __init__(self, task: Task) -> None:
        self.told = Told()
        self._task = task
        self._content = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        self._digests = self._write({size - task.part_size for _, size in task.uploads} | {task.part_size})
        self._waiting = list(task.uploads)
        self._lines: dict[int, Line] = {}
        self._poll = select.epoll()
        self._poll.register(sys.stdin.fileno(), select.EPOLLIN)
        self._is_on = True
        # Lines that had nothing under way when the gateway let them go.
        self._let_go: list[Line] = []

    def run(self) -> None:
        pause = self._task.ramp_seconds / max(1, len(self._waiting))
        due = time.monotonic()
        while True:
            timeout = max(0.0, due - time.monotonic()) if self._waiting else 1.0
            for number, events in self._poll.poll(timeout):
                if number == sys.stdin.fileno():
                    if not self._obey(sys.stdin.readline().strip()):
                        return
                elif number in self._lines:
                    self._serve(self._lines[number], events)
            if self._waiting and time.monotonic() >= due:
                self._open(*self._waiting.pop())
                due += pause

    def _obey(self, order: str) -> bool:
        if order in {"on", "off"}:
            self._is_on = order == "on"
            while self._is_on and self._let_go:
                self._connect(self._let_go.pop())
            for line in list(self._lines.values()):
                self._serve(line, select.EPOLLOUT)
        self.told.open = len(self._lines) + len(self._let_go)
        print(json.dumps(asdict(self.told)), flush=True)
        return order not in {"end", ""}

    def _open(self, upload: str, size: int) -> None:
        sizes = {2: size - self._task.part_size, 1: self._task.part_size}
        line = Line([(self._head(upload, number, size), size) for number, size in sizes.items()])
        line.next_part()
        self._connect(line)

    def _connect(self, line: Line) -> None:
        line.socket = socket.socket()
        # Packets of a real line, not the loopback's of 64 KiB; the pace is the kernel's own.
        line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, PACKET)
        line.socket.setsockopt(socket.SOL_SOCKET, MAX_PACING_RATE, self._task.bytes_a_second)
        line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        line.socket.connect(("127.0.0.1", self._task.port))
        line.socket.settimeout(0)
        self._lines[line.socket.fileno()] = line
        self._poll.register(line.socket, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)

    def _serve(self, line: Line, events: int) -> None:
        try:
            if events & ~select.EPOLLOUT:
                self._listen(line)
            if self._is_on:
                self._send(line)
        except BlockingIOError:
            return
        except OSError as error:
            self._end(line, type(error).__name__)

    def _send(self, line: Line) -> None:
        if line.head:
            line.has_begun = True
            line.head = line.head[line.socket.send(line.head) :]
        while line.offset < line.size:
            count = os.sendfile(line.socket.fileno(), self._content.fileno(), line.offset, line.size - line.offset)
            line.offset += count
            self.told.sent += count

    def _listen(self, line: Line) -> None:
        block = line.socket.recv(BLOCK)
        if not block:
            self._end(line, "closed" if line.has_begun else "")
            if not line.has_begun:
                self._let_go.append(line)
            return
        line.answer += block
        head, found, body = line.answer.partition(b"\r\n\r\n")
        if not found:
            return
        if not body.endswith(LAST_CHUNK):
            return
        status = head.split()[1].decode()
        if status != "201":
            self._end(line, f"answered {status}")
            return
        self.told.parts += 1
        if not line.next_part():
            self._end(line, "")

    def _end(self, line: Line, reason: str) -> None:
        if self._lines.pop(line.socket.fileno(), None) is None:
            return
        line.socket.close()
        if reason:
            self.told.broken[reason] = self.told.broken.get(reason, 0) + 1

    def _head(self, upload: str, number: int, size: int) -> bytes:
        return (
            f"PUT /transfers/uploads/{upload}/parts/{number}/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Bearer {self._task.token}\r\nContent-Length: {size}\r\n"
            f"Content-Digest: sha-256=:{self._digests[size]}:\r\n\r\n"
        ).encode()

    def _write(self, sizes: set[int]) -> dict[int, str]:
        """Write what all lines send the beginning of; returns the SHA-256 of the first bytes, for each of ``sizes``."""
        block, digest, at = os.urandom(BLOCK), hashlib.sha256(), 0
        found: dict[int, str] = {}
        for size in sorted(sizes):
            for piece in _pieces(block, at, size):
                digest.update(piece)
                self._content.write(piece)
            at = size
            found[size] = base64.b64encode(digest.digest()).decode()
        self._content.flush()
        return found


def _pieces(block: bytes, start: int, end: int) -> Iterator[bytes]:
    """Bytes ``start`` to ``end`` of ``block`` over and over."""
    while start < end:
        piece = block[start % BLOCK : start % BLOCK + end - start]
        yield piece
        start += len(piece)


if __name__ == "__main__":
    Lines(Task(**json.loads(sys.stdin.readline()))).run()
