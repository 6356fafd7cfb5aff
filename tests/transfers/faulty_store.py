"""A real HTTP proxy in front of the object store that does what stores do on a bad day. Reached over loopback.

What is signed stays valid: the store sees the name that the client signed for. Faults are added and lifted while it runs;
the first that fits a request happens to it.
"""

from __future__ import annotations

import hashlib
import http.client
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

BLOCK = 64 * 1024
PER_HOP = frozenset({"connection", "keep-alive", "expect", "transfer-encoding"})


@dataclass(frozen=True)
class Asked:
    """One request that reached the proxy; header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]

    @property
    def length(self) -> int:
        return int(self.headers.get("content-length") or 0)


Which = Callable[[Asked], bool]


def anything(asked: Asked) -> bool:
    return True


def beginning(asked: Asked) -> bool:
    return asked.method == "POST" and "uploads" in asked.query


def putting_parts(asked: Asked) -> bool:
    return asked.method == "PUT" and "partNumber" in asked.query


def putting_part(number: int) -> Which:
    return lambda asked: putting_parts(asked) and asked.query["partNumber"] == str(number)


def completing(asked: Asked) -> bool:
    return asked.method == "POST" and "uploadId" in asked.query


def reading(asked: Asked) -> bool:
    return asked.method == "GET" and "range" in asked.headers


@dataclass(frozen=True)
class Refuse:
    """Take the body, keep nothing, answer with an error."""

    status: int
    code: str = "InternalError"


@dataclass(frozen=True)
class Delay:
    seconds: float


@dataclass(frozen=True)
class CutRequest:
    """Close the connection after so many bytes of the body."""

    after: int = 0


@dataclass(frozen=True)
class CutAnswer:
    """Close the connection after so many bytes of the answer's body."""

    after: int = 0


@dataclass(frozen=True)
class LieAboutETag:
    """Do what was asked, and name another ETag."""

    etag: str = '"00000000000000000000000000000000"'


@dataclass(frozen=True)
class DropBody:
    """Take the body, keep nothing, and say that all went well."""


@dataclass(frozen=True)
class SpoilAnswer:
    """Give other bytes back than are there, as many."""


Fault = Refuse | Delay | CutRequest | CutAnswer | LieAboutETag | DropBody | SpoilAnswer
# As SeaweedFS and others say it.
FULL = (Refuse(507, "InsufficientStorage"), Refuse(403, "QuotaExceeded"), Refuse(500, "InternalError"))
SLOW_DOWN = Refuse(503, "SlowDown")


@dataclass
class _Planned:
    fault: Fault
    on: Which
    times: int | None


@dataclass
class FaultyStore:
    """Proxies ``upstream`` (``http://host:port``) at ``endpoint`` from ``start`` to ``stop``."""

    upstream: str
    asked: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._planned: list[_Planned] = []
        self._lock = Lock()
        handler = type("Handler", (_Handler,), {"store": self, "upstream": urlsplit(self.upstream).netloc})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def plan(self, fault: Fault, *, on: Which = anything, times: int | None = None) -> None:
        """From now on let this happen to the requests that fit: so many times, or until ``mend``."""
        with self._lock:
            self._planned.append(_Planned(fault, on, times))

    def mend(self) -> None:
        """Be a good store again."""
        with self._lock:
            self._planned.clear()

    def take(self, asked: Asked) -> Fault | None:
        with self._lock:
            self.asked.append(asked)
            for planned in self._planned:
                if planned.on(asked) and planned.times != 0:
                    planned.times = None if planned.times is None else planned.times - 1
                    return planned.fault
        return None


@contextmanager
def in_front_of(upstream: str) -> Iterator[FaultyStore]:
    proxy = FaultyStore(upstream)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections break here on purpose."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store: ClassVar[FaultyStore]
    upstream: ClassVar[str]

    def handle_one_request(self) -> None:
        self._left = 0
        super().handle_one_request()

    def _serve(self) -> None:
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query, keep_blank_values=True).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, address.path, query, headers)
        self._left = asked.length
        fault = self.store.take(asked)
        if isinstance(fault, Refuse):
            self._drain()
            self._answer(fault.status, _error(fault.code))
        elif isinstance(fault, DropBody):
            self._answer(200, b"", {"ETag": f'"{self._drain()}"'})
        elif isinstance(fault, CutRequest):
            self.rfile.read(min(fault.after, self._left))
            self._cut()
        else:
            if isinstance(fault, Delay):
                time.sleep(fault.seconds)
            self._forward(fault)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_OPTIONS = _serve  # noqa: N815 - names of http.server

    def _forward(self, fault: Fault | None) -> None:
        upstream = http.client.HTTPConnection(self.upstream, timeout=60)
        try:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in PER_HOP:
                    upstream.putheader(name, value)
            upstream.endheaders()
            while block := self._body():
                upstream.send(block)
            self._give_back(upstream.getresponse(), fault)
        finally:
            upstream.close()

    def _give_back(self, answer: http.client.HTTPResponse, fault: Fault | None) -> None:
        # Without a length the answer came in chunks: those are short.
        rest = answer.read() if answer.length is None else b""
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in PER_HOP:
                is_lie = isinstance(fault, LieAboutETag) and name.lower() == "etag"
                self.send_header(name, fault.etag if is_lie else value)  # type: ignore[union-attr] # a lie has one
        if answer.getheader("Content-Length") is None:
            self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        left = fault.after if isinstance(fault, CutAnswer) else None
        spoil = isinstance(fault, SpoilAnswer)
        while block := rest or answer.read(BLOCK):
            rest = b""
            self.wfile.write(bytes([block[0] ^ 1]) + block[1:] if spoil else block[:left])
            spoil = False
            if left is not None and (left := left - len(block)) <= 0:
                break
        if isinstance(fault, CutAnswer):
            self._cut()

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response_only(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _body(self) -> bytes:
        block = self.rfile.read(min(BLOCK, self._left))
        self._left -= len(block)
        return block

    def _drain(self) -> str:
        """Read the body to its end; returns its MD5, which is what stores call a part's ETag."""
        digest = hashlib.md5(usedforsecurity=False)
        while block := self._body():
            digest.update(block)
        return digest.hexdigest()

    def _cut(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""


def _error(code: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>as planned</Message></Error>'.encode()
