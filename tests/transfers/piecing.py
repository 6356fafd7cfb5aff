"""Sending a part in ranges, for tests: each range announced as the parts door has it announced."""

from __future__ import annotations

import io

from core.actor import Actor
from tests.transfers.conftest import PART
from tests.transfers.sending import random_bytes, sha256
from transfers.models import Upload
from transfers.services import parts
from transfers.services.parts import Announced
from transfers.services.receiving import Entry

CONTENT = random_bytes(2 * PART + 3)
HALF = PART // 2


def send_range(
    actor: Actor, upload: Upload, number: int, start: int, size: int, *, content: bytes = CONTENT, **announced: object
) -> Entry:
    first = (number - 1) * PART + start
    body = content[first : first + size]
    said = {
        "number": number,
        "length": len(body),
        "sha256": sha256(body),
        "start": start,
        "part_length": upload.length_of(number),
        **announced,
    }
    return parts.receive(actor, upload=upload, announced=Announced(**said), read=io.BytesIO(body).read)  # type: ignore[arg-type]
