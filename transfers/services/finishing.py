"""From "all parts are there" to "stored": put the object together, read it back, compare, tell."""

from __future__ import annotations

import hashlib
import logging
import time
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from core import states
from core.actor import Actor
from core.errors import Conflict
from transfers import queries
from transfers.connections import release
from transfers.models import Concat, Part, PartState, Upload, UploadState
from transfers.ports import transfer_listener
from transfers.services import pushing, uploads
from transfers.storage import (
    NoSuchMultipart,
    NoSuchObject,
    PartsDiffer,
    StoredPart,
    StoreError,
    StoreUnavailable,
    store,
)

logger = logging.getLogger(__name__)

FINISHER = Actor.system("finish upload")
CLAIM_LIFETIME = timedelta(minutes=1)
HEARTBEAT_SECONDS = 10.0
REFUSALS = 20
DAMAGED = "What the object store gave back is not what was sent. Send the file again."


class Damaged(Exception):
    """The object in the store is not, bit for bit, what the ledger says was sent."""


class NotYet(Exception):
    """There is nothing to finish: parts are missing or on their way, or somebody else has taken over."""


def finish_upload(upload_id: UUID) -> Upload | None:
    """Bring an upload that was asked to complete as far as it can go; returns it once it is stored.

    May be called at any time, any number of times, and be killed anywhere: each call takes up where the row says. ``None``
    when parts are still under way, another worker holds it, or the store cannot be asked now (then it is tried again later).
    """
    upload = _claim(upload_id)
    if upload is None:
        return None
    try:
        if upload.state == UploadState.PUSHING:
            _assemble(upload)
        return _store(upload, _verified_sha256(upload))
    except (NotYet, Conflict):
        _release_claim(upload)
    except Damaged as damage:
        logger.error("Upload %s is damaged in the store: %s", upload.id, damage)  # noqa: TRY400
        uploads.fail(FINISHER, upload=upload, reason=DAMAGED)
    except StoreError as error:
        _postpone(upload, error)
    return None


def _claim(upload_id: UUID) -> Upload | None:
    claimable = Upload.objects.filter(
        queries.unclaimed(CLAIM_LIFETIME),
        pk=upload_id,
        state__in=(UploadState.PUSHING, UploadState.VERIFYING),
    )
    if not claimable.update(claimed_at=timezone.now(), attempts=F("attempts") + 1):
        return None
    return Upload.objects.get(pk=upload_id)


def _assemble(upload: Upload) -> None:
    """Have the store make the object. A worker that died after the store had done so is recognised by the object."""
    parts = _ledger(upload)
    release()
    try:
        if not parts:
            store(upload.bucket).put_empty(upload.storage_key)
        else:
            store(upload.bucket).assemble(upload.storage_key, upload.multipart_id, parts)
    except NoSuchMultipart:
        if not _object_is_there(upload):
            pushing.forget_multipart(upload)
            raise NotYet from None
    except PartsDiffer:
        _reconcile(upload, parts)
        raise NotYet from None
    states.advance(upload, "assemble", actor=FINISHER, attempts=0, last_error="")


def _ledger(upload: Upload) -> list[StoredPart]:
    rows = list(upload.parts.order_by("number").values_list("number", "etag", "size", "sha256", "state"))
    if len(rows) != upload.part_count or any(state != PartState.PUSHED for *_, state in rows):
        raise NotYet
    return [StoredPart(number, etag, size, sha256) for number, etag, size, sha256, _ in rows]


def _object_is_there(upload: Upload) -> bool:
    try:
        return store(upload.bucket).size(upload.storage_key) == upload.size
    except NoSuchObject:
        return False


def _reconcile(upload: Upload, ledger: list[StoredPart]) -> None:
    """The store refused our list: what it does not hold as the ledger says is missing and must be sent again."""
    held = {part.number: part for part in store(upload.bucket).parts(upload.storage_key, upload.multipart_id)}
    wrong = [
        part.number
        for part in ledger
        if part.number not in held or (held[part.number].etag, held[part.number].size) != (part.etag, part.size)
    ]
    if not wrong:
        raise StoreError("the store refuses a list of parts that equals its own")
    pushing.lose(list(upload.parts.filter(number__in=wrong)), because="the store does not hold it")


def _verified_sha256(upload: Upload) -> str:
    """Read the whole object back: every part has the digest its sender announced; returns that of the whole file."""
    whole = hashlib.sha256()
    expected: list[Part] = list(upload.parts.order_by("number"))
    beat = time.monotonic()
    release()
    try:
        if store(upload.bucket).size(upload.storage_key) != upload.size:
            raise Damaged("it has another length")
        blocks = store(upload.bucket).read(upload.storage_key, start=0, length=upload.size or 0)
        digests = _PartDigests(upload.part_size)
        for block in blocks:
            whole.update(block)
            digests.update(block)
            if time.monotonic() - beat > HEARTBEAT_SECONDS:
                _keep_claim(upload)
                beat = time.monotonic()
    except NoSuchObject as error:
        raise Damaged(str(error)) from error
    if digests.finish() != [part.sha256 for part in expected]:
        raise Damaged("a part has another SHA-256")
    return whole.hexdigest()


class _PartDigests:
    """SHA-256 of each part of a stream, however it is cut into blocks."""

    def __init__(self, part_size: int) -> None:
        self._part_size = part_size
        self._left = part_size
        self._current = hashlib.sha256()
        self._done: list[str] = []

    def update(self, block: bytes) -> None:
        rest = memoryview(block)
        while rest:
            piece = rest[: self._left]
            self._current.update(piece)
            self._left -= len(piece)
            rest = rest[len(piece) :]
            if not self._left:
                self._close()

    def finish(self) -> list[str]:
        if self._left < self._part_size:
            self._close()
        return self._done

    def _close(self) -> None:
        self._done.append(self._current.hexdigest())
        self._current = hashlib.sha256()
        self._left = self._part_size


def _store(upload: Upload, sha256: str) -> Upload:
    now = timezone.now()
    with transaction.atomic():
        states.advance(
            upload,
            "store",
            actor=FINISHER,
            data={"sha256": sha256, "size": upload.size},
            sha256=sha256,
            stored_at=now,
            claimed_at=None,
            due_at=None,
            last_error="",
        )
        if upload.concat != Concat.PARTIAL:
            transfer_listener().stored(upload)
    return upload


def _keep_claim(upload: Upload) -> None:
    now = timezone.now()
    mine = Upload.objects.filter(pk=upload.pk, state=upload.state, claimed_at=upload.claimed_at)
    if not mine.update(claimed_at=now):
        raise NotYet
    upload.claimed_at = now
    release()


def _release_claim(upload: Upload) -> None:
    Upload.objects.filter(pk=upload.pk, claimed_at=upload.claimed_at).update(claimed_at=None)


def _postpone(upload: Upload, error: StoreError) -> None:
    logger.warning("Upload %s was not finished: %s", upload.id, error)
    if upload.attempts >= REFUSALS and not isinstance(error, StoreUnavailable):
        reason = "The object store does not accept this file. Tell your administrator, then send it again."
        uploads.fail(FINISHER, upload=upload, reason=reason)
        return
    Upload.objects.filter(pk=upload.pk, claimed_at=upload.claimed_at).update(
        claimed_at=None,
        due_at=timezone.now() + pushing.wait_after(upload.attempts),
        last_error=str(error)[:300],
    )
