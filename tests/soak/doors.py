"""Senders that never give up: each door of the gateway as a program would use it that minds what it was acknowledged.

Each takes a ``Sending`` and returns the upload as it has ended.
"""

from __future__ import annotations

import base64
import hashlib
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from mag_sft.gateway import content_digest
from tests.soak.content import MIB, Content
from tests.soak.gateway import UPLOADS, Again, Answer, Broken, Gateway
from tests.soak.tally import Progress

Upload = dict[str, Any]
TUS = "/transfers/tus/"
# The line broke in the body, another request is at work, or a lost answer had been a yes: the ledger knows.
LOOK_AGAIN = {"upload_ended", "interrupted", "range_overlaps"}
# A kill has the reading back begin again: bytes a second that get through between two of them.
SLOWEST_READING = MIB
ENDED = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}


class GivenUp(Exception):
    """The sender has lost interest, as it had decided to before it began."""


@dataclass
class Sending:
    """One file on its way. ``gives_up_at``: with so many bytes acknowledged its sender removes it instead of going on."""

    gateway: Gateway
    content: Content
    draw: random.Random
    progress: Progress
    gives_up_at: int | None = None
    subject: str | None = None
    # Where it can be removed.
    address: str = ""
    acknowledged: set[int] = field(default_factory=set)

    def acknowledge(self, size: int) -> None:
        self.progress.acknowledge(size)
        if self.gives_up_at is not None and self.progress.acknowledged >= self.gives_up_at:
            raise GivenUp


def remove(sending: Sending, address: str = "") -> None:
    """Remove the upload, finished or not, at its address."""
    gateway, url = sending.gateway, address or sending.address
    headers = {"Tus_Resumable": "1.0.0"} if TUS in url else {}
    answer = gateway.until(lambda: gateway.asked("DELETE", url, body=b"", **headers), what="an upload is removed")
    if answer.status not in ENDED:
        raise Broken(f"removing an upload: {answer}")


# --- The parts door ---------------------------------------------------------------------------------------------------
def parts(sending: Sending) -> Upload:
    """Parts in any order, some in ranges, each to any of the nodes."""
    content, draw = sending.content, sending.draw
    upload = _created(sending, door="parts")
    while upload["state"] == "receiving":
        present = _present(upload, content)
        _count_lost(sending, present)
        missing = [number for number in _numbers(upload) if present.get(number, "missing") == "missing"]
        draw.shuffle(missing)
        for number in missing:
            if _put(sending, upload, number, in_ranges=draw.random() < 0.3) and number not in sending.acknowledged:
                sending.acknowledged.add(number)
                sending.acknowledge(_length(upload, content, number))
        upload = _completed(sending, upload)
    return upload


def _present(upload: Upload, content: Content) -> dict[int, str]:
    """The state of each part that is there, as a whole or in ranges that leave nothing of it out."""
    ranged: Counter[int] = Counter()
    for piece in upload["pieces"]:
        ranged[piece["number"]] += piece["size"]
    whole = {part["number"]: part["state"] for part in upload["parts"]}
    covered = {number: "ranges" for number, size in ranged.items() if size == _length(upload, content, number)}
    return whole | covered


def _count_lost(sending: Sending, present: dict[int, str]) -> None:
    """What was acknowledged is in the ledger. That it is asked for again is allowed where a disk or the store lost it."""
    if lost := sending.acknowledged - set(present):
        raise Broken(f"acknowledged parts are not in the ledger: {sorted(lost)}")
    again = {number for number in sending.acknowledged if present[number] == "missing"}
    sending.progress.tally.asked_again += len(again)


def _put(sending: Sending, upload: Upload, number: int, *, in_ranges: bool) -> bool:
    """Whether the part was acknowledged; it is not tried for ever, since the ledger may know better."""
    gateway, content = sending.gateway, sending.content
    first = (number - 1) * int(upload["part_size"])
    length = _length(upload, content, number)
    cuts = [0, length // 3, length] if in_ranges and length > 3 else [0, length]
    for start, end in pairwise(cuts):
        body = content.read(first + start, end - start)
        headers = {"Content_Digest": content_digest(body)}
        if len(cuts) > 2:
            headers["Content_Range"] = f"bytes {start}-{end - 1}/{length}"
        url = f"{gateway.origin(sending.draw)}{UPLOADS}{upload['id']}/parts/{number}/"
        gateway.tally.sending(len(body))
        try:
            answer = gateway.asked("PUT", url, body=body, **headers)
        except Again:
            return False
        if answer.status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
            if answer.code in LOOK_AGAIN:
                return False
            raise Broken(f"part {number}: {answer}")
    return str(answer.document["state"]) != "partial"


# --- The direct door --------------------------------------------------------------------------------------------------
def direct(sending: Sending) -> Upload:
    """Addresses from the gateway, bytes to the store."""
    gateway = sending.gateway
    upload = _created(sending, door="direct")
    if upload["door"] != "direct":
        raise Broken("the direct door was not opened")
    while upload["state"] == "receiving":
        sent = {part["number"] for part in upload["parts"] if part["state"] in {"pushed", "promised"}}
        for number in _numbers(upload):
            if number not in sent or sending.draw.random() < 0.1:
                gateway.until(partial(_put_direct, sending, upload, number), what="a direct part")
                if number not in sending.acknowledged:
                    sending.acknowledged.add(number)
                    sending.acknowledge(_length(upload, sending.content, number))
        upload = _completed(sending, upload)
    return upload


def _put_direct(sending: Sending, upload: Upload, number: int) -> None:
    gateway, size = sending.gateway, int(upload["part_size"])
    body = sending.content.read((number - 1) * size, size)
    asked = {"parts": [{"number": number, "sha256": hashlib.sha256(body).hexdigest()}]}
    answer = gateway.json("POST", f"{UPLOADS}{upload['id']}/addresses/", asked)
    if answer.status >= HTTPStatus.BAD_REQUEST:
        if answer.code == "upload_ended":
            return
        raise Broken(f"addresses: {answer}")
    for address in answer.document["addresses"]:
        headers = {name.replace("-", "_"): value for name, value in address["headers"].items()}
        gateway.tally.sending(len(body))
        put = gateway.ask("PUT", address["url"], body=body, **headers)
        if put.status != HTTPStatus.OK:
            raise Again(f"the store answers {put.status}")


# --- The tus door -----------------------------------------------------------------------------------------------------
def tus(sending: Sending) -> Upload:
    """Chunks of any size to any of the nodes, and offsets that never go back."""
    content = sending.content
    sending.address = _create_tus(sending, Upload_Length=str(content.size), Upload_Metadata=_metadata(content))
    _send_tus(sending, sending.address, 0, content.size)
    return _settled(sending)


def joined(sending: Sending) -> Upload:
    """Partial tus uploads of any length, joined into a final one."""
    content, draw = sending.content, sending.draw
    inner = sorted(draw.randint(0, content.size) for _ in range(draw.choice((1, 2))))
    made: list[str] = []
    try:
        for start, end in pairwise([0, *inner, content.size]):
            length = str(end - start)
            made.append(_create_tus(sending, Upload_Length=length, Upload_Concat="partial"))
            _send_tus(sending, made[-1], start, end)
    except GivenUp:
        for address in made[:-1]:
            remove(sending, address)
        sending.address = made[-1]
        raise
    sources = " ".join(urlsplit(address).path for address in made)
    _create_tus(sending, Upload_Concat=f"final;{sources}", Upload_Metadata=_metadata(content))
    return _settled(sending)


def _create_tus(sending: Sending, **headers: str) -> str:
    gateway = sending.gateway
    endpoint = f"{gateway.origin(sending.draw)}{TUS}"
    key = str(uuid4())

    def create() -> Answer:
        return gateway.asked("POST", endpoint, body=b"", Tus_Resumable="1.0.0", Idempotency_Key=key, **headers)

    made = gateway.until(create, what="a tus upload is created")
    if made.status != HTTPStatus.CREATED:
        raise Broken(f"tus creation: {made}")
    sending.progress.moved()
    return f"{gateway.uploads[0]}{urlsplit(made.headers['location']).path}"


def _send_tus(sending: Sending, address: str, start: int, end: int) -> None:
    """Bytes ``[start, end)`` of the file into one tus upload."""
    gateway, draw = sending.gateway, sending.draw
    path = urlsplit(address).path
    acknowledged = 0
    while True:
        offset = gateway.until(lambda: _offset(gateway, gateway.origin(draw) + path), what="a tus upload is asked for")
        if offset < acknowledged:
            raise Broken(f"a tus offset went back from {acknowledged} to {offset}")
        sending.acknowledge(offset - acknowledged)
        acknowledged = offset
        if offset == end - start:
            return
        size = int(draw.choice((64 * 1024, MIB, 7 * MIB, 16 * MIB)) * (0.5 + draw.random()))
        body = sending.content.read(start + offset, min(size, end - start - offset))
        said = _patch(gateway, gateway.origin(draw) + path, offset, body)
        sending.acknowledge(max(0, said - acknowledged))
        acknowledged = max(acknowledged, said)


def _offset(gateway: Gateway, url: str) -> int:
    answer = gateway.asked("HEAD", url, Tus_Resumable="1.0.0")
    if answer.status not in {HTTPStatus.OK, HTTPStatus.NO_CONTENT}:
        raise Broken(f"HEAD of a living tus upload: {answer.status}")
    return int(answer.headers["upload-offset"])


def _patch(gateway: Gateway, url: str, offset: int, body: bytes) -> int:
    """The acknowledged offset; that of before when nobody knows."""
    headers = {"Content_Type": "application/offset+octet-stream", "Upload_Offset": str(offset)}
    gateway.tally.sending(len(body))
    try:
        answer = gateway.asked("PATCH", url, body=body, Tus_Resumable="1.0.0", **headers)
    except Again:
        return offset
    if answer.status == HTTPStatus.NO_CONTENT:
        return int(answer.headers["upload-offset"])
    if answer.status in {HTTPStatus.CONFLICT, HTTPStatus.LOCKED} or answer.code in LOOK_AGAIN:
        return offset
    raise Broken(f"PATCH: {answer}")


def _metadata(content: Content) -> str:
    return f"filename {base64.b64encode(content.name.encode()).decode()}"


def _id_of(sending: Sending) -> str:
    """The upload behind a tus address, by its name in its owner's list."""
    gateway, name = sending.gateway, sending.content.name
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


DOORS = {"direct": direct, "parts": parts, "tus": tus, "tus, joined": joined}


# --- What the doors have in common ------------------------------------------------------------------------------------
def _created(sending: Sending, *, door: str) -> Upload:
    gateway, content = sending.gateway, sending.content
    fields = {"name": content.name, "size": content.size, "door": door, "subject": sending.subject}
    told = {name: value for name, value in fields.items() if value is not None}
    answer = gateway.until(lambda: gateway.json("POST", UPLOADS, told), what="an upload is created")
    if answer.status != HTTPStatus.CREATED:
        raise Broken(f"creation: {answer}")
    sending.address = f"{gateway.pages}{UPLOADS}{answer.document['id']}/"
    sending.progress.moved()
    return answer.document


def _completed(sending: Sending, upload: Upload) -> Upload:
    """Ask for completion, and follow it until it is decided."""
    gateway, path = sending.gateway, f"{UPLOADS}{upload['id']}/complete/"
    answer = gateway.until(lambda: gateway.json("POST", path), what="an upload is completed")
    if answer.status not in {HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.CONFLICT}:
        raise Broken(f"completion: {answer}")
    return followed(sending, upload["id"])


def followed(sending: Sending, upload_id: str) -> Upload:
    """The upload once it has ended or waits for its sender again. Raises ``Broken`` when it is stuck on the way."""
    patience = sending.gateway.patience + sending.content.size / SLOWEST_READING
    while True:
        upload = sending.gateway.upload(upload_id)
        sending.progress.look((upload["state"], sum(part["state"] == "pushed" for part in upload["parts"])))
        if upload["state"] not in {"pushing", "verifying"}:
            return upload
        if sending.progress.still_for > patience:
            raise Broken(f"an upload is stuck in {upload['state']}")
        time.sleep(0.5)


def _settled(sending: Sending) -> Upload:
    upload = followed(sending, _id_of(sending))
    if upload["state"] == "receiving":
        raise Broken("a tus upload is open again after its last byte was acknowledged")
    return upload


def _numbers(upload: Upload) -> range:
    return range(1, (upload["part_count"] or 0) + 1)


def _length(upload: Upload, content: Content, number: int) -> int:
    size = int(upload["part_size"])
    return min(size, content.size - (number - 1) * size)
