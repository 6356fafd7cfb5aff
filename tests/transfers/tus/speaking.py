"""A tus client that says exactly what a test wants said, right or wrong, over sockets of its own."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

from transfers.models import Part, PartState, Upload
from transfers.services import finishing, pieces, pushing

TUS = "/transfers/tus/"
BYTES = "application/offset+octet-stream"
VERSION = {"Tus-Resumable": "1.0.0"}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: bytes

    @property
    def offset(self) -> int:
        return int(self.headers["Upload-Offset"])

    @property
    def location(self) -> str:
        return self.headers["Location"]

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["code"])


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def checksum(algorithm: str, body: bytes) -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, body).digest()).decode()}"


class Speaker:
    """Somebody with an access token. Headers are given as keywords: ``Upload_Length=3``; ``None`` leaves one out."""

    def __init__(self, port: int, token: str) -> None:
        self.port = port
        self.token = token

    def headers(self, **changes: object) -> dict[str, str]:
        said: dict[str, object] = {**VERSION, "Authorization": f"Bearer {self.token}"}
        said |= {name.replace("_", "-"): value for name, value in changes.items()}
        return {name: str(value) for name, value in said.items() if value is not None}

    def ask(self, method: str, path: str = TUS, body: Any = None, **headers: Any) -> Answer:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            line.request(method, path, body, self.headers(**headers), encode_chunked="Transfer_Encoding" in headers)
            answer = line.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            line.close()

    def create(self, length: int | None, **headers: Any) -> str:
        """A new upload's address."""
        deferred = 1 if length is None else None
        answer = self.ask("POST", Upload_Length=length, Upload_Defer_Length=deferred, **headers)
        assert answer.status == 201, answer.body
        return answer.location

    def head(self, path: str) -> Answer:
        return self.ask("HEAD", path)

    def patch(self, path: str, offset: object, body: bytes | Iterable[bytes] = b"", **headers: Any) -> Answer:
        return self.ask("PATCH", path, body, **{"Upload_Offset": offset, "Content_Type": BYTES, **headers})

    def send(self, content: bytes, **headers: Any) -> str:
        """A whole upload; its address."""
        path = self.create(len(content), **headers)
        if content:
            assert self.patch(path, 0, content).status == 204
        return path

    def begin(self, path: str, offset: int, body: bytes, *, length: int, **headers: object) -> socket.socket:
        """A PATCH that says ``length`` and has sent ``body`` of it."""
        said = self.headers(Upload_Offset=offset, Content_Type=BYTES, Content_Length=length, **headers)
        return self.write("PATCH", path, said, body)

    def write(self, method: str, path: str, said: dict[str, str], body: bytes) -> socket.socket:
        """A request as it stands, over a line that stays open."""
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in said.items())]
        line = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        line.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        return line

    def offset_once_quiet(self, path: str, expected: int) -> int:
        """The offset, once what is on its way has been taken in; asked for until it is ``expected``."""
        deadline = time.monotonic() + 30
        while (found := self.head(path).offset) != expected and time.monotonic() < deadline:
            time.sleep(0.05)
        return found


def answered(line: socket.socket) -> Answer:
    """The answer that comes over a line on which a request was written by hand."""
    response = http.client.HTTPResponse(line)
    response.begin()
    return Answer(response.status, response.headers, response.read())


def upload_at(path: str) -> Upload:
    return Upload.objects.get(tus__key=urlsplit(path).path.removeprefix(TUS))


def work_off(upload: Upload) -> Upload:
    """What the workers would do: join, push, finish."""
    for number in set(upload.pieces.values_list("number", flat=True)):
        pieces.join(upload.pk, number)
    for part in Part.objects.filter(upload=upload, state=PartState.STAGED):
        pushing.push_part(part.pk)
    finishing.finish_upload(upload.pk)
    upload.refresh_from_db()
    return upload
