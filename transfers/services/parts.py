"""Receiving parts: from a line or a form into the node's staging folder, then into the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core import states, wakeups
from core.actor import Actor
from core.errors import Conflict, Invalid
from transfers import queries, staging
from transfers.connections import release
from transfers.errors import DigestMismatch, Interrupted, LengthRequired, PartDiffers, StagingFull
from transfers.models import Part, PartState, Upload, UploadState

BLOCK = 1024**2
# How long a wake-up may take before the sweep sends another one.
FIRST_SWEEP_AFTER = timedelta(seconds=30)
# The expiry of an upload slides with its progress, but not every part needs a write for it.
EXPIRY_STEP = timedelta(hours=1)

Read = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Announced:
    """What a sender says of a part before its bytes: ``length`` in bytes (None where it did not), SHA-256 in hexadecimal."""

    number: int
    length: int | None
    sha256: str


@dataclass(frozen=True, slots=True)
class Received:
    """A part in the ledger; ``is_new`` is False when it had been there already."""

    part: Part
    is_new: bool


def receive(actor: Actor, *, upload: Upload, announced: Announced, read: Read) -> Received:
    """Take one part from ``read`` (bytes of at most the asked size, empty at the end) and enter it into the ledger.

    Returns once the bytes would survive a power cut. A part that is there with the same SHA-256 is read, compared and
    dropped. Nothing of a refused or broken body is kept. No database connection is held while reading. Raises
    ``LengthRequired``, ``Invalid``, ``PartDiffers``, ``StagingFull``, ``Interrupted``, ``DigestMismatch`` or ``Conflict``.
    """
    _check(upload, announced)
    known = upload.parts.filter(number=announced.number).first()
    if known is not None and known.sha256 != announced.sha256:
        raise PartDiffers
    if known is not None and known.state != PartState.MISSING:
        return _compare(known, announced, read)
    _check_receiving(upload)
    with PartWriter(actor, upload=upload, number=announced.number) as writer:
        left = upload.length_of(announced.number)
        while left:
            block = read(min(BLOCK, left))
            if not block:
                raise Interrupted
            writer.write(block)
            left -= len(block)
        return writer.finish(expected_sha256=announced.sha256)


class PartWriter:
    """One part on its way to the disk; left without ``finish``, nothing of it stays.

    It holds no database connection until then. Raises ``StagingFull`` when this node takes no more, at its making or later.
    """

    def __init__(self, actor: Actor, *, upload: Upload, number: int) -> None:
        self._actor = actor
        self._upload = upload
        self._number = number
        _check_room(upload.length_of(number))
        self._file = staging.PartFile(upload.id, number)
        self._recorded = False
        release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._recorded:
            self._file.discard()

    @property
    def size(self) -> int:
        return self._file.size

    def write(self, block: bytes | memoryview) -> None:
        self._file.write(block)

    def finish(self, *, expected_sha256: str = "") -> Received:
        """Make the part durable, enter it into the ledger and wake the push. Raises ``DigestMismatch`` or ``Conflict``."""
        sha256 = self._file.sha256
        if expected_sha256 and expected_sha256 != sha256:
            raise DigestMismatch
        self._file.seal()
        received = _record(self._actor, self._upload, self._number, self._file)
        self._recorded = received.is_new
        return received


def _check(upload: Upload, announced: Announced) -> None:
    if not 1 <= announced.number <= (upload.part_count or 0):
        raise Invalid(
            f"This file has {upload.part_count or 0} part(s); there is no part {announced.number}.",
            code="part_out_of_range",
        )
    if announced.length is None:
        raise LengthRequired
    expected = upload.length_of(announced.number)
    if announced.length != expected:
        raise Invalid(
            f"Part {announced.number} has {expected} bytes, not {announced.length}. Cut the file as the upload says.",
            code="wrong_length",
        )


def _check_receiving(upload: Upload) -> None:
    if upload.state != UploadState.RECEIVING:
        raise Conflict(
            f"This upload is “{upload.get_state_display()}” and takes no more parts.",
            code="upload_ended",
        )


def _check_room(length: int) -> None:
    """Back-pressure: no more than the quota lies here, and nothing while nobody empties the folder."""
    node = settings.NODE_NAME
    if queries.staged_bytes(node) + length > settings.STAGING_QUOTA_BYTES or queries.is_lost(node):
        raise StagingFull


def _compare(known: Part, announced: Announced, read: Read) -> Received:
    """Read a repeated part to its end, so that the answer is about these bytes and the line is free for the next."""
    release()
    digest = hashlib.sha256()
    left = known.size
    while left:
        block = read(min(BLOCK, left))
        if not block:
            raise Interrupted
        digest.update(block)
        left -= len(block)
    if digest.hexdigest() != announced.sha256:
        raise DigestMismatch
    return Received(known, is_new=False)


def _record(actor: Actor, upload: Upload, number: int, file: staging.PartFile) -> Received:
    with transaction.atomic():
        current = Upload.objects.select_for_update(no_key=True).get(pk=upload.pk)
        known = current.parts.filter(number=number).first()
        if known is not None and known.sha256 != file.sha256:
            raise PartDiffers
        if known is not None and known.state != PartState.MISSING:
            return Received(known, is_new=False)
        _check_receiving(current)
        part = _enter(actor, current, number, file, known)
        _slide_expiry(current)
        wakeups.after_commit("transfers.tasks.push_part", str(part.id), queue=push_queue(part.node))
    return Received(part, is_new=True)


def _enter(actor: Actor, upload: Upload, number: int, file: staging.PartFile, lost: Part | None) -> Part:
    now = timezone.now()
    facts: dict[str, Any] = {
        "node": settings.NODE_NAME,
        "file": file.name,
        "staged_at": now,
        "due_at": now + FIRST_SWEEP_AFTER,
    }
    if lost is None:
        return Part.objects.create(upload=upload, number=number, size=file.size, sha256=file.sha256, **facts)
    fresh: dict[str, Any] = {"etag": "", "pushed_at": None, "claimed_at": None, "attempts": 0, "last_error": ""}
    return states.advance(lost, "stage_again", actor=actor, **facts, **fresh)


def _slide_expiry(upload: Upload) -> None:
    until = timezone.now() + settings.UPLOAD_EXPIRES_AFTER
    if upload.expires_at < until - EXPIRY_STEP:
        Upload.objects.filter(pk=upload.pk).update(expires_at=until)


def push_queue(node: str) -> str:
    """The queue that the push workers of ``node`` read."""
    return f"push.{node}"
