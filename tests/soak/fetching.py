"""Fetchers that compare every byte: in ranges, as one stream that is taken up where it breaks, and as an archive."""

from __future__ import annotations

import hashlib
import http.client
import random
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

from tests.soak.content import MIB, Content
from tests.soak.gateway import UPLOADS, Again, Broken, Gateway

FOUND = {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}
Take = Callable[[int, bytes], None]


def fetch(gateway: Gateway, upload_id: str, content: Content, draw: random.Random) -> None:
    """Fetch a stored file in one way or the other and compare it."""
    url = f"{gateway.pages}{UPLOADS}{upload_id}/content/"
    way = draw.choice(("in ranges", "streamed"))
    if way == "in ranges":
        _in_ranges(gateway, url, content, draw)
    else:
        headers = {"Authorization": gateway.authorization}
        length = streamed(gateway, url, headers, partial(_compare, content))
        if length != content.size:
            raise Broken(f"a stored file of {content.size} bytes was given as {length}")
    gateway.tally.compared(way, content.size)


def fetch_archive(gateway: Gateway, path: str, contents: Sequence[Content], folder: Path) -> None:
    """Fetch the archive of a package in the browser's session and compare what is in it."""
    target = folder / "archive.zip"
    with target.open("wb") as file:
        length = streamed(gateway, f"{gateway.pages}{path}", gateway.browser, partial(_write, file))
        file.truncate(length)
    try:
        _compare_archive(target, contents)
    finally:
        target.unlink()
    gateway.tally.compared("archives", length)


def streamed(gateway: Gateway, url: str, headers: dict[str, str], take: Take) -> int:
    """Give ``take`` every block with its place, over as many requests as it takes; returns the length."""
    stream = _Stream(gateway, url, headers, take)
    while True:
        before = stream.at
        try:
            gateway.until(stream.go_on, what="a file is fetched")
        except Broken:
            # Whatever has come gives it its patience back.
            if stream.at == before or not stream.is_broken_off:
                raise
        else:
            return stream.at


@dataclass
class _Stream:
    gateway: Gateway
    url: str
    headers: dict[str, str]
    take: Take
    at: int = 0
    etag: str = ""
    is_broken_off: bool = False

    def go_on(self) -> None:
        """Fetch the rest. Raises ``Again`` where the line breaks before the end."""
        self.is_broken_off = False
        try:
            self._fetch()
        except Again:
            self.is_broken_off = True
            raise

    def _fetch(self) -> None:
        ranged = {"Range": f"bytes={self.at}-", "If_Range": self.etag} if self.at else {}
        with self.gateway.asking("GET", self.url, body=b"", **self.headers, **ranged) as answer:
            self._check(answer)
            self.etag = str(answer.headers["ETag"])
            try:
                if not self._take_all(answer):
                    raise Again("GET: the line broke")
            except (OSError, http.client.HTTPException) as error:
                raise Again(f"GET: {error!r}") from error

    def _take_all(self, answer: http.client.HTTPResponse) -> bool:
        left = int(answer.headers["Content-Length"])
        while block := answer.read(MIB):
            self.take(self.at, block)
            self.at, left = self.at + len(block), left - len(block)
        return left == 0

    def _check(self, answer: http.client.HTTPResponse) -> None:
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Again(f"GET: {answer.status}")
        if answer.status not in FOUND:
            raise Broken(f"a stored file cannot be fetched: {answer.status} {answer.read()[:200]!r}")
        if self.at and answer.status == HTTPStatus.OK:
            raise Broken("a download that broke cannot be taken up: it has another ETag")
        self.gateway.tally.taken_up += bool(self.at)


def _in_ranges(gateway: Gateway, url: str, content: Content, draw: random.Random) -> None:
    at = 0
    while at < content.size:
        length = min(content.size - at, int((0.2 + draw.random()) * 12 * MIB))
        span = f"bytes={at}-{at + length - 1}"
        answer = gateway.until(partial(gateway.asked, "GET", url, Range=span), what="a file is fetched")
        if answer.status not in FOUND:
            raise Broken(f"a stored file cannot be fetched: {answer}")
        _compare(content, at, answer.body)
        if len(answer.body) != length:
            raise Broken(f"a range of {length} bytes has {len(answer.body)}")
        at += length


def _compare(content: Content, at: int, block: bytes) -> None:
    if block != content.read(at, len(block)):
        raise Broken(f"a stored file has other bytes from {at}")


def _write(file: BinaryIO, at: int, block: bytes) -> None:
    file.seek(at)
    file.write(block)


def _compare_archive(path: Path, contents: Sequence[Content]) -> None:
    wanted = {content.name: content.sha256 for content in contents}
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        if names != {*wanted, "SHA256SUMS"}:
            raise Broken(f"an archive holds {sorted(names)} instead of {sorted(wanted)}")
        for name, sha256 in wanted.items():
            with archive.open(name) as member:
                # typeshed gives a zip's member no ``readinto`` of the type that is wanted; it has one.
                if hashlib.file_digest(member, "sha256").hexdigest() != sha256:  # type: ignore[arg-type]
                    raise Broken(f"{name} has other bytes in an archive")
        lines = archive.read("SHA256SUMS").decode().splitlines()
    if sorted(lines) != sorted(f"{sha256}  {name}" for name, sha256 in wanted.items()):
        raise Broken("SHA256SUMS says otherwise than the files")
