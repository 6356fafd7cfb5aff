"""How much of what was written to the connection of a request has reached its other end."""

from __future__ import annotations

import fcntl
import socket
import struct
import termios
import time

from django.conf import settings
from django.http import HttpRequest

# What a proxy and its kernel may hold of a broken answer without having passed it on: more than the largest send buffer.
HELD_BY_A_PROXY = 64 * 1024**2
NO_ANSWER_SECONDS = 30.0
# SIOCOUTQ of Linux has the number of TIOCOUTQ: bytes written that the other end's kernel has not acknowledged yet.
_SIOCOUTQ = termios.TIOCOUTQ
_FIRST_PAUSE, _LONGEST_PAUSE = 0.002, 0.25
_ALIVE = frozenset({1, 8})  # TCP_ESTABLISHED, TCP_CLOSE_WAIT


class Connection:
    """The socket below a request, where the server tells it (gunicorn does); without it, written is taken for arrived."""

    def __init__(self, request: HttpRequest) -> None:
        self._socket: socket.socket | None = request.META.get("gunicorn.socket")

    def unknown(self) -> int:
        """How many of the bytes written last may never arrive on a line that has just broken."""
        held = HELD_BY_A_PROXY if settings.TRUSTED_PROXY_COUNT else 0
        return held + self._unacknowledged()

    def settle(self) -> int:
        """Wait, after the last byte, until the other end has all; returns how many bytes it never acknowledged."""
        left, pause = self._unacknowledged(), _FIRST_PAUSE
        deadline = time.monotonic() + NO_ANSWER_SECONDS
        while left and self._is_alive() and time.monotonic() < deadline:
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            before, left = left, self._unacknowledged()
            if left < before:
                deadline = time.monotonic() + NO_ANSWER_SECONDS
        return left

    def _unacknowledged(self) -> int:
        if self._socket is None or self._socket.family not in {socket.AF_INET, socket.AF_INET6}:
            return 0
        try:
            answer = fcntl.ioctl(self._socket.fileno(), _SIOCOUTQ, struct.pack("i", 0))
        except OSError:
            # Closed under us: nothing that was written can be vouched for.
            return HELD_BY_A_PROXY
        return int(struct.unpack("i", answer)[0])

    def _is_alive(self) -> bool:
        if self._socket is None:
            return False
        try:
            return self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] in _ALIVE
        except OSError:
            return False
