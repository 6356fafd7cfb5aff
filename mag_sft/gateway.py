"""The gateway's doors as functions: JSON in and out, bytes in ranges. Each call is one request; nobody tries again here."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import urllib3

from mag_sft.errors import Refusal

UPLOADS = "/transfers/uploads/"
BLOCK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Content:
    """How a stored file is announced: its length in bytes, its SHA-256 in hexadecimal, the name to save it under."""

    size: int
    sha256: str
    name: str


class Gateway:
    """One gateway under one access token. Methods raise ``Refusal``, or ``urllib3.exceptions.HTTPError`` for the line."""

    def __init__(self, address: str, token: str, pool: urllib3.PoolManager) -> None:
        self.address = address.rstrip("/")
        self._pool = pool
        self._headers = {"Authorization": f"Bearer {token}"}

    def own_files(self) -> dict[str, Any]:
        """The first page of the files that are the token's owner's alone."""
        return self._ask("GET", UPLOADS)

    def create(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        return self._ask("POST", UPLOADS, fields)

    def describe(self, upload_id: str, *, parts: bool = True) -> dict[str, Any]:
        return self._ask("GET", f"{UPLOADS}{upload_id}/{'' if parts else '?parts=none'}")

    def complete(self, upload_id: str) -> dict[str, Any]:
        return self._ask("POST", f"{UPLOADS}{upload_id}/complete/")

    def remove(self, upload_id: str) -> None:
        self._ask("DELETE", f"{UPLOADS}{upload_id}/")

    def put(
        self,
        origin: str,
        upload_id: str,
        number: int,
        body: bytes,
        *,
        start: int,
        part_length: int,
        moved: Callable[[int], None] = lambda _count: None,
    ) -> None:
        """Put one range of a part, or the whole part; returns once the gateway has acknowledged it.

        ``moved`` is told of bytes as the line takes them.
        """
        headers = {
            **self._headers,
            "Content-Digest": content_digest(body),
            "Content-Length": str(len(body)),
            "Content-Type": "application/octet-stream",
        }
        if len(body) != part_length:
            headers["Content-Range"] = f"bytes {start}-{start + len(body) - 1}/{part_length}"
        url = f"{origin}{UPLOADS}{upload_id}/parts/{number}/"
        answer = self._pool.request("PUT", url, body=_blocks(body, moved), headers=headers)
        _refuse(answer)

    def look(self, upload_id: str) -> Content:
        answer = self._pool.request("HEAD", self._content(upload_id), headers=self._headers)
        _refuse(answer)
        return Content(
            size=int(answer.headers["Content-Length"]),
            sha256=answer.headers["ETag"].strip('"'),
            name=_name_in(answer.headers.get("Content-Disposition", "")),
        )

    def read(self, upload_id: str, *, etag: str, start: int, length: int, block: int) -> Iterator[bytes]:
        """The bytes ``[start, start + length)`` of the file with this SHA-256, in blocks; a file that changed is refused."""
        headers = {**self._headers, "Range": f"bytes={start}-{start + length - 1}", "If-Range": f'"{etag}"'}
        answer = self._pool.request("GET", self._content(upload_id), headers=headers, preload_content=False)
        try:
            if answer.status not in {200, 206}:
                answer.read()
                _refuse(answer)
            if answer.status == 200 and start:
                raise Refusal(412, {"code": "changed", "message": "The file at the gateway is another one by now."})
            yield from answer.stream(block, decode_content=False)
        finally:
            answer.release_conn()

    def _content(self, upload_id: str) -> str:
        return f"{self.address}{UPLOADS}{upload_id}/content/"

    def _ask(self, method: str, path: str, document: Mapping[str, Any] | None = None) -> dict[str, Any]:
        headers = {**self._headers, "Accept": "application/json"}
        if document is not None:
            headers["Content-Type"] = "application/json"
        body = None if document is None else json.dumps(document)
        answer = self._pool.request(method, f"{self.address}{path}", body=body, headers=headers, redirect=False)
        _refuse(answer)
        return _document(answer)


def _blocks(body: bytes, moved: Callable[[int], None]) -> Iterator[bytes]:
    for start in range(0, len(body), BLOCK):
        block = body[start : start + BLOCK]
        yield block
        moved(len(block))


def content_digest(body: bytes) -> str:
    """The value of a Content-Digest header (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(sha256(body).digest()).decode()}:"


def _refuse(answer: urllib3.BaseHTTPResponse) -> None:
    if answer.status < 300:
        return
    after = answer.headers.get("Retry-After", "")
    raise Refusal(answer.status, _document(answer), float(after) if after.isdecimal() else None)


def _document(answer: urllib3.BaseHTTPResponse) -> dict[str, Any]:
    try:
        found = json.loads(answer.data or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _name_in(disposition: str) -> str:
    from urllib.parse import unquote

    marker = "filename*=UTF-8''"
    return unquote(disposition.partition(marker)[2].partition(";")[0]) if marker in disposition else ""
