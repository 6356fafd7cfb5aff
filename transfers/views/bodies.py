"""The bodies of requests, read where they come from: what is there, as it comes, into a few buffers that all share.

Behind gunicorn the socket is read straight into a buffer. A line that brings little is left to collect in the kernel for a
while, so that a thousand slow senders cost neither memory nor a wake-up for each packet.
"""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Iterator
from enum import Enum
from threading import Lock
from typing import Any, Protocol

from django.conf import settings

from core.http import Request

# A line that brings less than this in ``settings.UPLOAD_STALL_SECONDS`` is taken for dead.
SLOWEST_BYTES = 1024
# A small one is what a line collects before somebody looks; only who fills it at once is lent a large one.
SMALL, LARGE = 64 * 1024, 512 * 1024
FAST_SECONDS = 0.1
LONGEST_LENGTH = 20
# What a stopped sender had on its way into our machine; a line that goes on bringing more is not listened to.
DRAINED_AT_MOST = 4 * 1024**2
# As many as are likely to be written to the disk at one time; more come and go.
KEPT_BUFFERS = 8
# Where the machine falls behind, every line has filled a small one meanwhile: a thousand large ones would be half a GiB.
LARGE_AT_MOST = 16


class End(Enum):
    """How a body ended."""

    NOT_YET = "not yet"
    WHOLE = "every byte has come"
    CUT = "the line broke, or what came was no HTTP"
    STALLED = "the line brought nothing for too long"
    STOPPED = "stop was called"


class Body(Protocol):
    """A request's body, to be read once, from front to back."""

    length: int | None
    """Bytes announced; ``None`` in chunked encoding."""
    end: End

    def read(self, size: int) -> bytes | memoryview:
        """Up to ``size`` bytes that are there, waiting for the first of them; none once the body has ended, and ``end`` says
        how. A ``memoryview`` is good until the next call.
        """

    def stop(self) -> None:
        """Let ``read`` wait for nothing more: it gives what has arrived, up to ``DRAINED_AT_MOST``, then nothing. May be
        called by another thread.
        """


def body_of(request: Request) -> Body:
    """The body of a request of which nothing has been read yet."""
    length = _length(request)
    source: Any = request.META.get("wsgi.input")
    line = request.META.get("gunicorn.socket")
    reader = getattr(source, "reader", None)
    if type(line) is socket.socket and hasattr(reader, "unreader") and length is not None:
        return _Straight(line, source, length)
    return _Plain(source, length, line)


class _Buffers:
    """Blocks of memory that are lent to whoever has bytes to take this very moment."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._free: dict[int, list[bytearray]] = {SMALL: [], LARGE: []}
        self._large_lent = 0

    def take(self, size: int) -> bytearray:
        """One of ``size``, or a small one where many have a large one already."""
        with self._lock:
            if size == LARGE and self._large_lent >= LARGE_AT_MOST:
                size = SMALL
            self._large_lent += size == LARGE
            free = self._free[size]
            return free.pop() if free else bytearray(size)

    def give_back(self, buffer: bytearray) -> None:
        with self._lock:
            self._large_lent -= len(buffer) == LARGE
            free = self._free[len(buffer)]
            if len(free) < KEPT_BUFFERS:
                free.append(buffer)


_buffers = _Buffers()


class _Straight:
    """A body of known length, from gunicorn's socket without its readers between.

    They collect every block in full first and copy it twice. Theirs is only what came with the headers, and the count of
    what is left, which is kept true so that gunicorn knows where the next request begins.
    """

    def __init__(self, line: socket.socket, source: Any, length: int) -> None:
        self.length: int | None = length
        self.end = End.NOT_YET if length else End.WHOLE
        self._line = line
        self._source = source
        self._left = length
        self._buffer: bytearray | None = None
        self._fits = SMALL
        self._poll: select.poll | None = None
        self._stopped = False
        self._drained = 0

    def __del__(self) -> None:
        # Who was refused in the middle of a body does not read to its end.
        self._give_back()

    def read(self, size: int) -> bytes | memoryview:
        self._give_back()
        if self._drained >= DRAINED_AT_MOST and self.end is End.NOT_YET:
            self._broke(End.STOPPED)
        if self.end is not End.NOT_YET:
            return b""
        wanted = min(size, self._left)
        return self._count(self._came_with_the_headers(wanted) or self._receive(wanted))

    def stop(self) -> None:
        self._stopped = True
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_RD)

    def _came_with_the_headers(self, wanted: int) -> bytes:
        if self._poll is not None:
            return b""
        held: bytes = self._source.reader.unreader.take_buffered()
        if len(held) > wanted:
            self._source.reader.unreader.unread(held[wanted:])
        return held[:wanted]

    def _receive(self, wanted: int) -> bytes | memoryview:
        try:
            waited_in_vain = not self._stopped and not self._wait()
            self._buffer = _buffers.take(self._fits)
            count = self._line.recv_into(self._buffer, min(wanted, len(self._buffer)), socket.MSG_DONTWAIT)
        except BlockingIOError:
            self._broke(End.STOPPED if self._stopped else End.STALLED)
            return b""
        except OSError:
            self._broke(End.CUT)
            return b""
        if not count:
            self._broke(End.STOPPED if self._stopped else End.CUT)
        elif self._stopped:
            self._drained += count
        elif waited_in_vain and count < min(SLOWEST_BYTES, self._left):
            self._broke(End.STALLED)
        return memoryview(self._buffer)[:count]

    def _wait(self) -> bool:
        """Until the line has bytes worth waking for, or has waited long: False then."""
        if self._poll is None:
            _ask_for(self._source)
            self._poll = select.poll()
            self._poll.register(self._line, select.POLLIN)
        began = time.monotonic()
        self._line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, min(SMALL, self._left))
        try:
            return bool(self._poll.poll(settings.UPLOAD_STALL_SECONDS * 1000))
        finally:
            self._fits = LARGE if time.monotonic() - began < FAST_SECONDS else SMALL
            # Whoever reads from the line next may wait for less.
            self._line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)

    def _count(self, block: bytes | memoryview) -> bytes | memoryview:
        self._left -= len(block)
        self._source.reader.length = self._left
        if not self._left:
            self.end = End.WHOLE
        return block

    def _broke(self, end: End) -> None:
        """Where the next request would begin is unknown: gunicorn ends the line after the answer."""
        self.end = end
        self._source.failed = True

    def _give_back(self) -> None:
        if self._buffer is not None:
            buffer, self._buffer = self._buffer, None
            _buffers.give_back(buffer)


class _Plain:
    """A body in chunked encoding, or from any other server: by the server's own reader, block by block."""

    def __init__(self, source: Any, length: int | None, line: Any) -> None:
        self.length = length
        self.end = End.NOT_YET
        self._source = source
        self._left = length
        self._line = line
        self._stopped = False
        self._rest = memoryview(b"")
        self._blocks = self._chunks()
        if line is not None:
            line.settimeout(settings.UPLOAD_STALL_SECONDS)

    def read(self, size: int) -> bytes | memoryview:
        if not self._rest and self.end is End.NOT_YET:
            self._rest = memoryview(self._next())
        block, self._rest = self._rest[:size], self._rest[size:]
        return block

    def stop(self) -> None:
        self._stopped = True
        if self._line is not None:
            with contextlib.suppress(OSError):
                self._line.shutdown(socket.SHUT_RD)

    def _next(self) -> bytes:
        began = time.monotonic()
        try:
            block = b"" if self._stopped else next(self._blocks, b"")
        except TimeoutError:
            return self._broke(End.STALLED)
        except Exception:  # noqa: BLE001 - every server has errors of its own for a body that is no HTTP
            return self._broke(End.STALLED if time.monotonic() - began >= settings.UPLOAD_STALL_SECONDS else End.CUT)
        if self._left == 0:
            self.end = End.WHOLE
        if block or self.end is End.WHOLE:
            return block
        if self._stopped or self._left:
            return self._broke(End.STOPPED if self._stopped else End.CUT)
        self.end = End.WHOLE
        return b""

    def _chunks(self) -> Iterator[bytes]:
        _ask_for(self._source)
        reader: Any = getattr(self._source, "reader", None)
        if self.length is None and getattr(reader, "parser", None) is not None:
            # gunicorn's own ``read`` collects as much as was asked for; its parser yields what came.
            yield from reader.parser
            reader.parser = None
            return
        while self._left is None or self._left:
            block: bytes = self._source.read(SMALL if self._left is None else min(SMALL, self._left))
            if not block:
                return
            if self._left is not None:
                self._left -= len(block)
            yield block

    def _broke(self, end: End) -> bytes:
        self.end = end
        if hasattr(self._source, "failed"):
            self._source.failed = True
        return b""


def _ask_for(source: Any) -> None:
    """Have a client that waits to be asked (``Expect: 100-continue``) send the body now."""
    ask = getattr(source, "ask_for_it", None)
    if ask is not None:
        ask()


def _length(request: Request) -> int | None:
    """The announced length; a request without one has no body, unless it comes in chunked encoding."""
    if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
        return None
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdigit() and len(text) < LONGEST_LENGTH else 0
