"""Reading objects with as little around each request as can be: archives of small files are made of thousands of them.

botocore signs, ``http.client`` sends and reads. A request may be on its way before anybody reads its answer, which then
waits in the kernel's buffer of its connection. What takes more than that (a proxy, a redirect, the meaning of a refusal)
is left to boto3.
"""

from __future__ import annotations

import http.client
import select
import socket
import ssl
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import quote, urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.utils import get_environ_proxies

from transfers.storage.errors import StoreError, StoreUnavailable

CONNECT_TIMEOUT_SECONDS = 5
MOST_IDLE = 64
_LATER = frozenset({408, 425, 429})


class LeftToOthers(Exception):
    """This answer is none that can be read here."""


class Lines:
    """Connections to one store, kept from one request to the next; safe to use from many threads.

    Over TLS, its certificate is checked against the authorities in the file ``ca_bundle``.
    """

    def __init__(
        self, endpoint: str, *, region: str, access_key: str, secret_key: str, ca_bundle: str, read_timeout: float
    ) -> None:
        self._endpoint = endpoint.rstrip("/")
        where = urlsplit(self._endpoint)
        self._host, self._port, self._below = where.hostname or "", where.port, where.path
        self._tls = ssl.create_default_context(cafile=ca_bundle) if where.scheme == "https" else None
        self._signature = S3SigV4Auth(Credentials(access_key, secret_key), "s3", region)
        self._timeout = read_timeout
        self._idle: deque[http.client.HTTPConnection] = deque()

    def ask(self, bucket: str, key: str, first: int, last: int) -> Answer:
        """Send the request for these bytes, both ends included; raises ``StoreUnavailable``."""
        path = f"/{bucket}/{quote(key, safe='/~')}"
        request = AWSRequest("GET", f"{self._endpoint}{path}", headers={"Range": f"bytes={first}-{last}"})
        self._signature.add_auth(request)
        connection = self._taken()
        try:
            connection.request("GET", self._below + path, headers=dict(request.headers.items()))
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise StoreUnavailable(f"the store cannot be asked: {error}") from error
        return Answer(self, connection, first, last - first + 1)

    def keep(self, connection: http.client.HTTPConnection) -> None:
        """Whoever has read an answer to its end gives its connection back."""
        if len(self._idle) < MOST_IDLE:
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """End the connections that nobody uses."""
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _taken(self) -> http.client.HTTPConnection:
        with suppress(IndexError):
            while True:
                connection = self._idle.pop()
                if _is_quiet(connection):
                    return connection
                connection.close()
        return self._made()

    def _made(self) -> http.client.HTTPConnection:
        timeout = CONNECT_TIMEOUT_SECONDS
        connection = (
            http.client.HTTPSConnection(self._host, self._port, timeout=timeout, context=self._tls)
            if self._tls
            else http.client.HTTPConnection(self._host, self._port, timeout=timeout)
        )
        try:
            connection.connect()
        except OSError as error:
            raise StoreUnavailable(f"the store cannot be reached: {error}") from error
        connection.sock.settimeout(self._timeout)
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return connection


class Answer:
    """What the store says to a request that has been sent. Closed before its end, its connection goes with it."""

    def __init__(self, lines: Lines, connection: http.client.HTTPConnection, first: int, length: int) -> None:
        self._lines = lines
        self._connection: http.client.HTTPConnection | None = connection
        self._first = first
        self._length = length

    def blocks(self, most: int) -> Iterator[bytes]:
        """The body, ``most`` bytes at a time. Raises ``StoreUnavailable`` where it breaks off, and ``LeftToOthers``."""
        if self._connection is None:
            raise StoreUnavailable("the answer was given up")
        try:
            response = self._connection.getresponse()
            left = self._announced(response)
            while left:
                block = response.read(min(most, left))
                if not block:
                    raise StoreUnavailable(f"the answer ends {left} bytes early")
                left -= len(block)
                yield block
            if response.isclosed() and not response.will_close:
                self._lines.keep(self._connection)
                self._connection = None
        except (OSError, http.client.HTTPException) as error:
            raise StoreUnavailable(f"the answer broke off: {error!r}") from error
        finally:
            self.close()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _announced(self, response: http.client.HTTPResponse) -> int:
        """How many bytes to read of it."""
        if response.status >= 500 or response.status in _LATER:
            raise StoreUnavailable(f"the store answers {response.status}")
        if response.status not in {200, 206} or response.length is None:
            raise LeftToOthers
        if response.status == 200 and self._first:
            raise StoreError("the store gives no ranges")
        return min(response.length, self._length)


def reach(endpoint: str) -> bool:
    """Whether lines lead to this store: no proxy of the environment stands between."""
    return not get_environ_proxies(endpoint)


def _is_quiet(connection: http.client.HTTPConnection) -> bool:
    """Nothing has come on an idle connection: the store has not ended it."""
    if connection.sock is None:
        return False
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return not poll.poll(0)
