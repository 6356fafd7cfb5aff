"""An early refusal that is heard: who is still sending gets to read it.

gunicorn answers, takes in a little more of a body that nobody read, and closes. What arrives after that is reset by the
kernel, which may reach the sender (or nginx) before it has read the answer. So we listen on for a moment, until it has.
"""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any

# Less than this gunicorn takes in by itself.
LITTLE = 64 * 1024
LONGEST_SECONDS = 5.0
SILENT_SECONDS = 1.0
BLOCK = 256 * 1024


def post_request(_worker: Any, request: Any, _environ: Any, _response: Any) -> None:
    """gunicorn's hook of this name."""
    body = request.body
    left = getattr(getattr(body, "reader", None), "length", None) or 0
    if left <= LITTLE or body.failed:
        return
    # Where the next request would begin is unknown from here on.
    body.failed = True
    with contextlib.suppress(OSError):
        _listen_on(request.unreader.sock)


def _listen_on(line: socket.socket) -> None:
    line.shutdown(socket.SHUT_WR)
    line.settimeout(SILENT_SECONDS)
    deadline = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < deadline and line.recv(BLOCK):
        pass
