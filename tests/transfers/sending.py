"""What a sender does, for tests: cut, announce, send, and everything that follows without a worker process."""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from core.actor import Actor
from transfers.models import Part, PartState, Upload
from transfers.services import finishing, parts, pushing, uploads
from transfers.services.parts import Announced
from transfers.storage import store


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def random_bytes(size: int) -> bytes:
    return os.urandom(size)


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def new_upload(actor: Actor, content: bytes, *, name: str = "drawing.step", subject: UUID | None = None) -> Upload:
    return uploads.create(actor, subject=subject or uuid4(), name=name, size=len(content))


def piece(upload: Upload, content: bytes, number: int) -> bytes:
    return content[(number - 1) * upload.part_size : number * upload.part_size]


@dataclass(frozen=True, slots=True)
class Received:
    """A whole part in the ledger; ``is_new`` is False when it had been there already."""

    part: Part
    is_new: bool


def send(actor: Actor, upload: Upload, content: bytes, number: int) -> Received:
    """Send part ``number`` of ``content``, as announced."""
    body = piece(upload, content, number)
    announced = Announced(number=number, length=len(body), sha256=sha256(body))
    entry = parts.receive(actor, upload=upload, announced=announced, read=io.BytesIO(body).read)
    assert entry.part is not None
    return Received(entry.part, entry.is_new)


def send_all(actor: Actor, upload: Upload, content: bytes) -> None:
    for number in range(1, (upload.part_count or 0) + 1):
        send(actor, upload, content, number)


def push_all(upload: Upload) -> None:
    for part in Part.objects.filter(upload=upload, state=PartState.STAGED):
        assert pushing.push_part(part.id)


def store_all(actor: Actor, upload: Upload, content: bytes) -> Upload:
    """The whole way, from the first part to stored."""
    send_all(actor, upload, content)
    push_all(upload)
    uploads.complete(actor, upload=upload)
    stored = finishing.finish_upload(upload.id)
    assert stored is not None
    return stored


def content_in_store(upload: Upload) -> bytes:
    return b"".join(
        store(upload.bucket).read(upload.storage_key, start=0, length=store(upload.bucket).size(upload.storage_key))
    )
