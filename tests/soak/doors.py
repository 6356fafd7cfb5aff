"""Senders that never give up: each door of the gateway as a program would use it that minds what it was acknowledged."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from itertools import pairwise
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from mag_sft.gateway import content_digest
from tests.soak.content import Content

T = TypeVar("T")
ENDED = {"stored", "failed", "aborted", "expired", "quarantined"}
TIMEOUT = 30
UPLOADS = "/transfers/uploads/"


class Broken(Exception):
    """A promise of the gateway was broken; the text says which."""


class Again(Exception):
    """Nothing is wrong: the gateway or the line was away for the moment."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body or b"{}")
        return found


@dataclass
class Gateway:
    """How the gateway is reached. ``patience`` is for how many seconds one thing may fail before it counts as stuck."""

    pages: str
    uploads: str
    token: str
    patience: float
    stopped: threading.Event = field(default_factory=threading.Event)

    def ask(self, method: str, url: str, *, body: bytes = b"", **headers: str) -> Answer:
        """One request. Raises ``Again`` for a broken line and for every answer that is the moment's."""
        where = urlsplit(url)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=TIMEOUT)
        try:
            path = where.path + (f"?{where.query}" if where.query else "")
            connection.request(method, path, body=body or None, headers=named | {"Content-Length": str(len(body))})
            answer = connection.getresponse()
            found = Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        except (OSError, http.client.HTTPException) as error:
            raise Again(str(error)) from error
        finally:
            connection.close()
        if found.status >= HTTPStatus.INTERNAL_SERVER_ERROR or found.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise Again(f"{method} {path}: {found.status}")
        return found

    def asked(self, method: str, url: str, *, body: bytes = b"", **headers: str) -> Answer:
        """``ask`` under the token."""
        return self.ask(method, url, body=body, Authorization=f"Bearer {self.token}", **headers)

    def json(self, method: str, path: str, document: object = None) -> Answer:
        body = b"" if document is None else json.dumps(document).encode()
        return self.asked(method, f"{self.pages}{path}", body=body, Content_Type="application/json")

    def until(self, act: Callable[[], T], *, what: str) -> T:
        """The first answer of ``act`` that is not ``Again``. Raises ``Broken`` when there is none for too long."""
        deadline = time.monotonic() + self.patience
        while True:
            try:
                return act()
            except Again as error:
                if time.monotonic() > deadline:
                    raise Broken(f"{what}: {error}, for {self.patience:g} s") from error
                time.sleep(0.1 + random.random() * 0.4)


def parts(gateway: Gateway, content: Content, draw: random.Random) -> str:
    """The parts door, parts in any order, some in ranges."""
    upload = _created(gateway, content, door="parts")
    acknowledged: set[int] = set()
    while upload["state"] == "receiving":
        _holds(upload, acknowledged)
        there = {part["number"] for part in upload["parts"] if part["state"] != "missing"}
        missing = [number for number in range(1, (upload["part_count"] or 0) + 1) if number not in there]
        draw.shuffle(missing)
        for number in missing:
            if _put(gateway, upload, content, number, in_ranges=draw.random() < 0.3):
                acknowledged.add(number)
        upload = _completed(gateway, upload)
    return str(upload["id"])


def direct(gateway: Gateway, content: Content, draw: random.Random) -> str:
    """The direct door: addresses from the gateway, bytes to the store."""
    upload = _created(gateway, content, door="direct")
    if upload["door"] != "direct":
        raise Broken("the direct door was not opened")
    while upload["state"] == "receiving":
        sent = {part["number"] for part in upload["parts"] if part["state"] in {"pushed", "promised"}}
        for number in range(1, (upload["part_count"] or 0) + 1):
            if number not in sent or draw.random() < 0.1:
                gateway.until(partial(_put_direct, gateway, upload, content, number), what="a direct part")
        upload = _completed(gateway, upload)
    return str(upload["id"])


def tus(gateway: Gateway, content: Content, draw: random.Random) -> str:
    """The tus door: chunks of any size, and offsets that never go back."""
    endpoint = f"{gateway.uploads}/transfers/tus/"
    name = base64.b64encode(f"soak-{content.seed}.bin".encode()).decode()

    def create() -> Answer:
        named = f"filename {name}"
        length = str(content.size)
        return gateway.asked("POST", endpoint, Tus_Resumable="1.0.0", Upload_Length=length, Upload_Metadata=named)

    made = gateway.until(create, what="a tus upload is created")
    if made.status != HTTPStatus.CREATED:
        raise Broken(f"tus creation: {made.status} {made.body[:200]!r}")
    location = made.headers["location"]
    url = location if "://" in location else f"{gateway.uploads}{location}"
    acknowledged = 0
    while True:
        offset = gateway.until(lambda: _offset(gateway, url), what="a tus upload is asked for")
        if offset < acknowledged:
            raise Broken(f"a tus offset went back from {acknowledged} to {offset}")
        if offset == content.size:
            return _id_of(gateway, content)
        body = content.read(
            offset, int(draw.choice((64 * 1024, 1024**2, 7 * 1024**2, 16 * 1024**2)) * (0.5 + draw.random()))
        )
        acknowledged = max(offset, _patch(gateway, url, offset, body))


DOORS = {"parts": parts, "tus": tus, "direct": direct}


def follow(gateway: Gateway, upload_id: str) -> dict[str, Any]:
    """The upload at its end, or waiting for its sender again. Raises ``Broken`` when it is stuck on the way."""
    deadline = time.monotonic() + gateway.patience
    while True:
        upload = gateway.until(
            lambda: gateway.json("GET", f"{UPLOADS}{upload_id}/"), what="an upload is asked for"
        ).document
        if upload["state"] in ENDED or upload["state"] == "receiving":
            return upload
        if time.monotonic() > deadline:
            raise Broken(f"an upload is stuck in {upload['state']}")
        time.sleep(0.5)


def fetch(gateway: Gateway, upload_id: str, content: Content, draw: random.Random) -> None:
    """Fetch a stored file in ranges and compare every byte."""
    url = f"{gateway.pages}{UPLOADS}{upload_id}/content/"
    at = 0
    while at < content.size:
        length = min(content.size - at, int((0.2 + draw.random()) * 12 * 1024**2))
        span = f"bytes={at}-{at + length - 1}"
        answer = gateway.until(partial(gateway.asked, "GET", url, Range=span), what="a file is fetched")
        if answer.status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
            raise Broken(f"a stored file cannot be fetched: {answer.status} {answer.body[:200]!r}")
        if answer.body != content.read(at, length):
            raise Broken(f"a stored file has other bytes from {at}")
        at += length


def _created(gateway: Gateway, content: Content, *, door: str) -> dict[str, Any]:
    fields = {"name": f"soak-{content.seed}.bin", "size": content.size, "door": door}
    answer = gateway.until(lambda: gateway.json("POST", UPLOADS, fields), what="an upload is created")
    if answer.status != HTTPStatus.CREATED:
        raise Broken(f"creation: {answer.status} {answer.body[:200]!r}")
    return answer.document


def _completed(gateway: Gateway, upload: dict[str, Any]) -> dict[str, Any]:
    """Ask for completion, and follow it until it is decided."""
    path = f"{UPLOADS}{upload['id']}/"
    answer = gateway.until(lambda: gateway.json("POST", f"{path}complete/"), what="an upload is completed")
    if answer.status not in {HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.CONFLICT}:
        raise Broken(f"completion: {answer.status} {answer.body[:200]!r}")
    return follow(gateway, upload["id"])


def _holds(upload: dict[str, Any], acknowledged: set[int]) -> None:
    """What was acknowledged is there, or is asked for again in so many words."""
    listed = {part["number"] for part in upload["parts"]}
    if lost := acknowledged - listed:
        raise Broken(f"acknowledged parts are not in the ledger: {sorted(lost)}")


def _put(gateway: Gateway, upload: dict[str, Any], content: Content, number: int, *, in_ranges: bool) -> bool:
    """Whether the part was acknowledged; it is not tried for ever, since the ledger may know better."""
    size = int(upload["part_size"])
    first = (number - 1) * size
    length = min(size, content.size - first)
    cuts = [0, length // 3, length] if in_ranges and length > 3 else [0, length]
    url = f"{gateway.uploads}{UPLOADS}{upload['id']}/parts/{number}/"
    for start, end in pairwise(cuts):
        body = content.read(first + start, end - start)
        headers = {"Content_Digest": content_digest(body)}
        if len(cuts) > 2:
            headers["Content_Range"] = f"bytes {start}-{end - 1}/{length}"
        try:
            answer = gateway.asked("PUT", url, body=body, **headers)
        except Again:
            return False
        if answer.status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
            if answer.document.get("code") in {"upload_ended", "interrupted", "ranges_overlap", "range_overlaps"}:
                return False
            raise Broken(f"part {number}: {answer.status} {answer.body[:200]!r}")
    return True


def _put_direct(gateway: Gateway, upload: dict[str, Any], content: Content, number: int) -> None:
    size = int(upload["part_size"])
    body = content.read((number - 1) * size, size)
    asked = {"parts": [{"number": number, "sha256": hashlib.sha256(body).hexdigest()}]}
    answer = gateway.json("POST", f"{UPLOADS}{upload['id']}/addresses/", asked)
    if answer.status >= HTTPStatus.BAD_REQUEST:
        if answer.document.get("code") == "upload_ended":
            return
        raise Broken(f"addresses: {answer.status} {answer.body[:200]!r}")
    for address in answer.document["addresses"]:
        headers = {name.replace("-", "_"): value for name, value in address["headers"].items()}
        put = gateway.ask("PUT", address["url"], body=body, **headers)
        if put.status != HTTPStatus.OK:
            raise Again(f"the store answers {put.status}")


def _offset(gateway: Gateway, url: str) -> int:
    answer = gateway.asked("HEAD", url, Tus_Resumable="1.0.0")
    if answer.status not in {HTTPStatus.OK, HTTPStatus.NO_CONTENT}:
        raise Broken(f"HEAD of a living tus upload: {answer.status}")
    return int(answer.headers["upload-offset"])


def _patch(gateway: Gateway, url: str, offset: int, body: bytes) -> int:
    """The acknowledged offset; that of before when nobody knows."""
    headers = {"Content_Type": "application/offset+octet-stream", "Upload_Offset": str(offset)}
    try:
        answer = gateway.asked("PATCH", url, body=body, Tus_Resumable="1.0.0", **headers)
    except Again:
        return offset
    if answer.status == HTTPStatus.NO_CONTENT:
        return int(answer.headers["upload-offset"])
    if answer.status in {HTTPStatus.CONFLICT, HTTPStatus.LOCKED, HTTPStatus.BAD_REQUEST}:
        return offset
    raise Broken(f"PATCH: {answer.status} {answer.body[:200]!r}")


def _id_of(gateway: Gateway, content: Content) -> str:
    """The upload behind a tus address, by its name in its owner's list."""
    name = f"soak-{content.seed}.bin"
    cursor = ""
    while True:
        path = f"{UPLOADS}?{urlencode({'cursor': cursor})}"
        page = gateway.until(partial(gateway.json, "GET", path), what="own files are listed").document
        for upload in page["uploads"]:
            if upload["name"] == name:
                return str(upload["id"])
        cursor = page["next_cursor"]
        if not cursor:
            raise Broken(f"{name} is in nobody's list")
