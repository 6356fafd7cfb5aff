"""From "all parts are there" to "stored": put the object together, read it back, compare, look for malware, tell."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from core import states, wakeups
from core.actor import Actor
from core.errors import Conflict
from transfers import queries
from transfers.connections import release
from transfers.models import Concat, Door, PartState, Scan, Upload, UploadState
from transfers.models.upload import ENDED
from transfers.ports import transfer_listener
from transfers.scanner import ScannerAway
from transfers.services import claims, direct, pushing, quarantine, uploads, verifying
from transfers.services.claims import NotYet
from transfers.services.tus import concatenation
from transfers.services.verifying import Damaged, Reading
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
CLAIM_LIFETIME = claims.LIFETIME
FINISHABLE = (UploadState.PUSHING, UploadState.VERIFYING)
REFUSALS = 20
# A store that was asked to make an object, and broke off, may be making it still, and deny what it makes it of meanwhile.
STILL_MAKING = timedelta(minutes=10)
# What it has answered so soon it is not working at.
AT_ONCE = timedelta(seconds=5)
# Somebody whose turn it is not yet is woken by whoever is done; the sweep asks in case that was lost.
TURN_AGAIN = timedelta(minutes=1)
DAMAGED = "What the object store gave back is not what was sent. Send the file again."
REFUSED = "The object store does not accept this file. Tell your administrator, then send it again."


class PartsUnderWay(NotYet):
    """A part, or pieces of one, lies in staging still; its push wakes us."""


class NotOurTurn(NotYet):
    """Enough large files are being read at this moment."""


def finish_upload(upload_id: UUID) -> Upload | None:
    """Bring an upload that was asked to complete as far as it can go; returns it once it is stored.

    May be called at any time, any number of times, and be killed anywhere: each call takes up where the row says. ``None``
    when parts are still under way, another worker holds it, the store or the malware scanner cannot be asked now (then it is
    tried again later), or it went into quarantine. A partial upload of a concatenation is put together and no more.
    """
    upload = claims.take(upload_id, states=FINISHABLE)
    if upload is None:
        return None
    try:
        return _go_on(upload)
    except PartsUnderWay:
        claims.give_back(upload)
        _look_again(upload)
    except NotOurTurn:
        claims.give_back(upload, due_at=timezone.now() + TURN_AGAIN)
    except (NotYet, Conflict):
        claims.give_back(upload)
    except (Damaged, ScannerAway, StoreError) as fault:
        _lay_down(upload, fault)
    return None


def _go_on(upload: Upload) -> Upload | None:
    if upload.state == UploadState.PUSHING:
        _assemble(upload)
    if upload.concat == Concat.PARTIAL:
        claims.give_back(upload, due_at=None)
        concatenation.wake_finals(upload)
        return None
    settled = _settle(upload, _read_back(upload))
    if upload.concat == Concat.FINAL:
        concatenation.dissolve(upload)
    return settled


def _lay_down(upload: Upload, fault: Damaged | ScannerAway | StoreError) -> None:
    if isinstance(fault, Damaged):
        logger.error("Upload %s is damaged in the store: %s", upload.id, fault)
        _fail(upload, DAMAGED)
    elif isinstance(fault, ScannerAway):
        _hold(upload, fault)
    else:
        _postpone(upload, fault)


def _look_again(upload: Upload) -> None:
    """The last push may have come, and woken nobody, while the claim was ours."""
    if upload.parts.filter(state=PartState.PUSHED).count() == upload.part_count:
        wakeups.now("transfers.tasks.finish_upload", str(upload.pk))


def _assemble(upload: Upload) -> None:
    """Have the store make the object. A worker that died after the store had done so is recognised by the object."""
    _collect(upload)
    parts = _ledger(upload)
    asked_before, asked_at = upload.assembling_since, timezone.now()
    _note_asked(upload, asked_at)
    release()
    try:
        if not parts:
            store(upload.bucket).put_empty(upload.storage_key)
        else:
            # Of ten thousand parts a store may make an object for minutes, and refuse the one who asks meanwhile.
            with claims.kept_through(upload):
                store(upload.bucket).assemble(upload.storage_key, upload.multipart_id, parts)
    except NoSuchMultipart:
        if not _object_is_there(upload):
            _forget_unless_making(upload, asked_before, asked_at)
            raise NotYet from None
    except PartsDiffer:
        _note_asked(upload, None)
        _reconcile(upload, parts)
        raise NotYet from None
    try:
        states.advance(upload, "assemble", actor=FINISHER, attempts=0, last_error="", assembling_since=None)
    except Conflict:
        _take_back(upload)
        raise


def _note_asked(upload: Upload, at: datetime | None) -> None:
    Upload.objects.filter(pk=upload.pk).update(assembling_since=at)


def _forget_unless_making(upload: Upload, asked_before: datetime | None, asked_at: datetime) -> None:
    """The store knows neither the multipart upload nor the object. Raises ``StoreUnavailable`` where it may be at it."""
    now = timezone.now()
    may_be_at_it = now - asked_before < STILL_MAKING if asked_before else now - asked_at > AT_ONCE
    if may_be_at_it:
        # This answer was none that breaks off: what counts is the last one that did.
        _note_asked(upload, asked_before or asked_at)
        raise StoreUnavailable("the store may still be making the object")
    _note_asked(upload, None)
    pushing.forget_multipart(upload)


def _take_back(upload: Upload) -> None:
    """It was removed while the store made the object, and may have been cleared before that was there: once more then."""
    if Upload.objects.filter(pk=upload.pk, state__in=ENDED).update(cleaned_at=None):
        store(upload.bucket).delete(upload.storage_key)


def _collect(upload: Upload) -> None:
    """Enter the parts that did not come through a staging folder: sent straight to the store, or joined from others."""
    release()
    if upload.door == Door.DIRECT and upload.parts.filter(state=PartState.PROMISED).exists():
        direct.reconcile(upload)
    elif upload.concat == Concat.FINAL and not concatenation.is_gathered(upload):
        with verifying.turn(upload) as is_ours:
            if not is_ours:
                raise NotOurTurn
            concatenation.gather(upload)
        _wake_next(upload)


def _ledger(upload: Upload) -> list[StoredPart]:
    rows = list(upload.parts.order_by("number").values_list("number", "etag", "size", "sha256", "state"))
    if any(state == PartState.STAGED for *_, state in rows) or upload.pieces.exists():
        raise PartsUnderWay
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


def _read_back(upload: Upload) -> Reading:
    with verifying.turn(upload) as is_ours:
        if not is_ours:
            raise NotOurTurn
        reading = verifying.read_back(upload, beat=partial(claims.keep, upload))
    _wake_next(upload)
    return reading


def _wake_next(done: Upload) -> None:
    """A large file is through: the one that has waited longest may begin."""
    if (done.size or 0) <= verifying.LARGE:
        return
    large = Upload.objects.filter(queries.unclaimed(CLAIM_LIFETIME), size__gt=verifying.LARGE).exclude(pk=done.pk)
    reading = Q(state=UploadState.VERIFYING) & ~Q(concat=Concat.PARTIAL) & ~Q(scan=Scan.WAITING)
    joining = Q(state=UploadState.PUSHING, concat=Concat.FINAL)
    longest = large.filter(reading | joining).order_by("completed_at", "id").values_list("id", flat=True).first()
    if longest is not None:
        wakeups.now("transfers.tasks.finish_upload", str(longest))


def _settle(upload: Upload, reading: Reading) -> Upload | None:
    """The bytes are right: store the file, or keep it from everybody where the scanner, or its silence, asks for it."""
    verdict = reading.verdict
    is_held = verdict.scan == Scan.TOO_LARGE and settings.SCAN_TOO_LARGE == "hold"
    if verdict.scan == Scan.FOUND or is_held:
        quarantine.put_in(FINISHER, upload=upload, reading=reading)
        return None
    now = timezone.now()
    with transaction.atomic():
        states.advance(
            upload,
            "store",
            actor=FINISHER,
            data={"sha256": reading.sha256, "size": upload.size, "scan": verdict.scan},
            **reading.facts,
            **uploads.kept_from(upload, now),
            claimed_at=None,
            due_at=None,
            last_error="",
        )
        transfer_listener().stored(upload)
    return upload


def _hold(upload: Upload, silence: ScannerAway) -> None:
    """The scanner cannot be asked now. The file waits, however long it takes, and nothing of it is read meanwhile."""
    logger.warning("Upload %s waits for the malware scanner: %s", upload.id, silence)
    attempts = claims.failed_once_more(upload.attempts)
    due_at = timezone.now() + pushing.wait_after(attempts)
    claims.give_back(upload, scan=Scan.WAITING, attempts=attempts, due_at=due_at, last_error=str(silence)[:300])


def _postpone(upload: Upload, error: StoreError) -> None:
    logger.warning("Upload %s was not finished: %s", upload.id, error)
    # Tries that waited for the scanner were none at the store.
    is_refused = upload.scan != Scan.WAITING and not isinstance(error, StoreUnavailable)
    attempts = claims.failed_once_more(upload.attempts)
    if is_refused and attempts >= REFUSALS:
        _fail(upload, REFUSED)
        return
    due_at = timezone.now() + pushing.wait_after(attempts)
    claims.give_back(upload, attempts=attempts, due_at=due_at, last_error=str(error)[:300])


def _fail(upload: Upload, reason: str) -> None:
    try:
        uploads.fail(FINISHER, upload=upload, reason=reason)
    except Conflict:
        # Removed meanwhile, by its owner; its bytes go all the same.
        claims.give_back(upload)
