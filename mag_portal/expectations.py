"""``Expect: 100-continue`` under gunicorn: the body is asked for when somebody reads it, not before.

gunicorn itself asks before the application has looked at the request, so that a client sends a part it has no right to send
before it hears so. Behind nginx, which asks by itself and passes the header on to nobody, this changes nothing.
"""

from __future__ import annotations

from typing import Any

from gunicorn.http.body import Body


class _AskedFor(Body):  # type: ignore[misc] # gunicorn comes without types
    """A body that its sender holds back until it is read for the first time. Unread, it costs the connection."""

    def __init__(self, request: Any) -> None:
        super().__init__(request.body.reader)
        self._request = request
        request.force_close()

    def ask_for_it(self) -> None:
        if self._request is not None:
            request, self._request = self._request, None
            request.must_close = False
            request.unreader.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _read_reader(self, size: int) -> bytes:
        self.ask_for_it()
        data: bytes = super()._read_reader(size)
        return data


def pre_request(_worker: Any, request: Any) -> None:
    """gunicorn's hook of this name."""
    if request._expected_100_continue:  # noqa: SLF001 - gunicorn has no other switch
        request._expected_100_continue = False  # noqa: SLF001 - as above
        request.body = _AskedFor(request)
