"""Moving staged parts into the object store, while the rest of the file is still arriving."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core import states, wakeups
from core.actor import Actor
from core.errors import Conflict
from transfers import queries, staging
from transfers.connections import release
from transfers.models import Concat, Part, PartState, Upload, UploadState
from transfers.services import claims, uploads
from transfers.services.staged import push_queue
from transfers.storage import DigestRefused, NoSuchMultipart, StoreError, StoreUnavailable, store

logger = logging.getLogger(__name__)

PUSHER = Actor.system("push")
CLAIM_LIFETIME = claims.LIFETIME
LONGEST_WAIT = timedelta(minutes=5)
# A store that answers, but will not take a part, will not take it the twentieth time either.
REFUSALS = 20
REFUSED = "The object store does not accept this file. Tell your administrator, then send it again."


def push_part(part_id: int) -> bool:
    """Put one part of this node into the store, enter its ETag and remove its file; True when that was done.

    Does nothing for a part that another worker holds, that is pushed already or whose upload has ended. A part whose bytes
    are gone or spoilt becomes missing and its sender is asked again; a store that does not answer is tried again later.
    """
    part = _claim(part_id)
    if part is None:
        return False
    try:
        etag = _put(part)
    except FileNotFoundError:
        lose([part], because="its file is gone from the staging folder")
    except DigestRefused as error:
        _refused_digest(part, error)
    except NoSuchMultipart as error:
        forget_multipart(part.upload)
        _postpone(part, error)
    except StoreError as error:
        _postpone(part, error)
    else:
        return _enter(part, etag)
    return False


def take_over() -> int:
    """The node's push worker has started: free what its predecessor held when it died; returns how many parts.

    Where several workers serve one node, a part may be pushed twice that way, which changes nothing.
    """
    held = Part.objects.filter(node=settings.NODE_NAME, state=PartState.STAGED, claimed_at__isnull=False)
    with transaction.atomic():
        ids = list(held.order_by("pk").select_for_update(no_key=True).values_list("id", flat=True))
        Part.objects.filter(id__in=ids, state=PartState.STAGED).update(claimed_at=None)
    for part_id in ids:
        wakeups.now("transfers.tasks.push_part", str(part_id), queue=push_queue(settings.NODE_NAME))
    return len(ids)


def lose(parts: list[Part], *, because: str) -> None:
    """Mark parts as missing, so that their sender is asked for them; an upload that was complete is open again.

    A final upload of a concatenation stays complete: its parts are made once more out of its sources.
    """
    for part in parts:
        logger.warning("Part %d of upload %s is missing: %s.", part.number, part.upload_id, because)
    with transaction.atomic():
        upload_ids = sorted({part.upload_id for part in parts})
        locked = Upload.objects.select_for_update(no_key=True).filter(pk__in=upload_ids).order_by("pk")
        uploads_of = {upload.id: upload for upload in locked}
        lost = _unchanged(parts)
        for state in sorted({part.state for part in lost}):
            alike = [part for part in lost if part.state == state]
            states.advance_many(alike, "lose", actor=PUSHER, claimed_at=None, last_error=because[:300])
        for upload in (uploads_of[upload_id] for upload_id in sorted({part.upload_id for part in lost})):
            if upload.state == UploadState.PUSHING and upload.concat != Concat.FINAL:
                states.advance(
                    upload, "reopen", actor=PUSHER, reason="parts are missing", completed_at=None, claimed_at=None
                )


def forget_multipart(upload: Upload) -> None:
    """The store has lost the multipart upload: begin a new one with the next push; what had been pushed is missing."""
    with transaction.atomic():
        changed = Upload.objects.filter(pk=upload.pk, multipart_id=upload.multipart_id).update(multipart_id="")
        if changed:
            lose(list(upload.parts.filter(state=PartState.PUSHED)), because="the store has lost the multipart upload")


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many failures: 2 s, doubling, at most five minutes."""
    return min(timedelta(seconds=2 ** min(attempts, 12)), LONGEST_WAIT)


def _claim(part_id: int) -> Part | None:
    now = timezone.now()
    claimable = Part.objects.filter(
        queries.unclaimed(CLAIM_LIFETIME),
        pk=part_id,
        state=PartState.STAGED,
        node=settings.NODE_NAME,
        upload__state__in=queries.LIVE,
    )
    if not claimable.update(claimed_at=now):
        return None
    return Part.objects.select_related("upload").get(pk=part_id)


def _put(part: Part) -> str:
    with staging.open_part(part.file) as body:
        if os.fstat(body.fileno()).st_size != part.size:
            raise FileNotFoundError(part.file)
        multipart_id = multipart_of(part.upload)
        release()
        with claims.beating(partial(_keep, part)):
            return store(part.upload.bucket).put_part(
                part.upload.storage_key,
                multipart_id,
                part.number,
                body,
                size=part.size,
                sha256=part.sha256,
            )


def _keep(part: Part) -> None:
    """Still at work on it. Raises ``NotYet`` when it was taken over."""
    now = timezone.now()
    if not Part.objects.filter(pk=part.pk, state=PartState.STAGED, claimed_at=part.claimed_at).update(claimed_at=now):
        raise claims.NotYet
    part.claimed_at = now


def multipart_of(upload: Upload) -> str:
    """The upload's multipart id; the first push begins it. Of two that begin it at once, the slower gives its own up."""
    if upload.multipart_id:
        return upload.multipart_id
    release()
    begun = store(upload.bucket).begin(upload.storage_key)
    if Upload.objects.filter(pk=upload.pk, multipart_id="").update(multipart_id=begun):
        upload.multipart_id = begun
        return begun
    store(upload.bucket).abandon(upload.storage_key, begun)
    current = Upload.objects.values_list("multipart_id", flat=True).get(pk=upload.pk)
    if not current:
        raise StoreUnavailable("the multipart upload was given up meanwhile")
    upload.multipart_id = current
    return current


def _enter(part: Part, etag: str) -> bool:
    pushed = _advance_if_unchanged(part, "push", etag=etag, pushed_at=timezone.now(), claimed_at=None, last_error="")
    if not pushed:
        return False
    staging.remove(part.file)
    if queries.ready_to_assemble().filter(pk=part.upload_id).exists():
        wakeups.now("transfers.tasks.finish_upload", str(part.upload_id))
    return True


def _refused_digest(part: Part, error: DigestRefused) -> None:
    """The store says that these are not the bytes we announced: look who is right."""
    release()
    if staging.sha256_of(part.file) == part.sha256:
        _postpone(part, error)
        return
    lose([part], because="its file is damaged")
    staging.remove(part.file)


def _postpone(part: Part, error: StoreError) -> None:
    logger.warning("Part %d of upload %s was not pushed: %s", part.number, part.upload_id, error)
    refused = not isinstance(error, StoreUnavailable | NoSuchMultipart | DigestRefused)
    attempts = claims.failed_once_more(part.attempts)
    if refused and attempts >= REFUSALS:
        # One that has ended meanwhile needs no failing.
        with suppress(Conflict):
            uploads.fail(PUSHER, upload=Upload.objects.get(pk=part.upload_id), reason=REFUSED)
        return
    due_at = timezone.now() + wait_after(attempts)
    Part.objects.filter(pk=part.pk, state=PartState.STAGED, claimed_at=part.claimed_at).update(
        claimed_at=None, attempts=attempts, due_at=due_at, last_error=str(error)[:300]
    )


def _unchanged(parts: Sequence[Part]) -> list[Part]:
    """Those that have not been staged anew, pushed or lost since they were loaded; locked until the transaction ends."""
    rows = Part.objects.select_for_update(no_key=True).filter(pk__in=[part.pk for part in parts]).order_by("pk")
    now = {pk: facts for pk, *facts in rows.values_list("pk", "state", "file", "claimed_at")}
    return [part for part in parts if now.get(part.pk) == [part.state, part.file, part.claimed_at]]


def _advance_if_unchanged(part: Part, action: str, **changes: Any) -> bool:
    """Advance the part unless it has been staged anew, pushed or lost since it was loaded."""
    with transaction.atomic():
        if not _unchanged([part]):
            return False
        states.advance(part, action, actor=PUSHER, **changes)
    return True
