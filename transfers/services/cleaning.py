"""Freeing what uploads without a file hold: at the store, in staging, in the ledger."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from core import wakeups
from transfers import queries, staging
from transfers.connections import release
from transfers.models import Part, PartState, Piece, Upload, UploadState
from transfers.models.upload import ENDED
from transfers.services import finishing, pieces, pushing
from transfers.services.staged import push_queue
from transfers.storage import OpenMultipart, StoreError, store

logger = logging.getLogger(__name__)

# A body that trickles in touches its file far more often than this.
ORPHAN_AFTER = timedelta(hours=1)
# Begun by a worker that died before it could note the id.
STRAY_AFTER = timedelta(hours=1)


def clean_up(upload_id: UUID) -> bool:
    """Delete what an ended upload left behind; True once nothing is left at the store and in the ledger.

    Comes back later while workers still hold the upload or a part of it: what they put into the store must not outlive it.
    """
    upload = _claim(upload_id)
    if upload is None:
        return False
    pushes = Part.objects.filter(upload=upload, state=PartState.STAGED).exclude(
        queries.unclaimed(pushing.CLAIM_LIFETIME),
    )
    if pushes.exists():
        Upload.objects.filter(pk=upload.pk).update(claimed_at=None)
        return False
    nodes = set(upload.parts.filter(state=PartState.STAGED).values_list("node", flat=True))
    nodes |= set(upload.pieces.exclude(node="").values_list("node", flat=True))
    release()
    try:
        _clear_store(upload)
    except StoreError as error:
        logger.warning("Upload %s was not cleared from the store: %s", upload.id, error)
        Upload.objects.filter(pk=upload.pk).update(claimed_at=None, last_error=str(error)[:300])
        return False
    for node in nodes:
        wakeups.now("transfers.tasks.clear_staging", str(upload.id), queue=push_queue(node))
    upload.parts.all().delete()
    upload.pieces.all().delete()
    Upload.objects.filter(pk=upload.pk).update(claimed_at=None, cleaned_at=timezone.now())
    return True


def clear_staging(upload_id: UUID) -> int:
    """Remove an ended upload's files from this node; returns how many. Those of a living one stay."""
    if not Upload.objects.filter(pk=upload_id, state__in=ENDED).exists():
        return 0
    return staging.remove_all_of(upload_id)


def remove_orphans() -> int:
    """Remove files from this node that no staged part and no piece names and nobody writes to any more; returns how many."""
    candidates = list(staging.names(untouched_for=ORPHAN_AFTER))
    if not candidates:
        return 0
    staged = Part.objects.filter(node=settings.NODE_NAME, state=PartState.STAGED)
    wanted = {
        *staged.values_list("file", flat=True),
        *Piece.objects.filter(node=settings.NODE_NAME).values_list("file", flat=True),
    }
    orphans = [name for name in candidates if name not in wanted]
    for name in orphans:
        staging.remove(name)
    if orphans:
        logger.warning("Removed %d orphaned file(s) from the staging folder.", len(orphans))
    return len(orphans)


def remove_stray_multiparts() -> int:
    """Abandon multipart uploads that no living upload names, in every bucket in use; returns how many."""
    return sum(_remove_strays(bucket) for bucket in queries.buckets_in_use())


def remove_stray_objects() -> int:
    """Delete bytes of parts that were set aside in the store and that no row names; returns how many objects."""
    return sum(pieces.remove_stray_objects(bucket) for bucket in queries.buckets_in_use())


def _claim(upload_id: UUID) -> Upload | None:
    ended = Upload.objects.filter(
        queries.unclaimed(finishing.CLAIM_LIFETIME),
        pk=upload_id,
        state__in=ENDED,
        cleaned_at=None,
    )
    return Upload.objects.get(pk=upload_id) if ended.update(claimed_at=timezone.now()) else None


def _clear_store(upload: Upload) -> None:
    """Abandon before and after: a part that was on its way at the first time is caught by the second."""
    pieces.clear_store(upload)
    if upload.multipart_id:
        store(upload.bucket).abandon(upload.storage_key, upload.multipart_id)
    store(upload.bucket).delete(upload.storage_key)
    if upload.multipart_id:
        store(upload.bucket).abandon(upload.storage_key, upload.multipart_id)


def _remove_strays(bucket: str) -> int:
    before = timezone.now() - STRAY_AFTER
    strays = [found for found in store(bucket).open_multiparts() if _is_stray(found, before)]
    for found in strays:
        store(bucket).abandon(found.key, found.multipart_id)
    if strays:
        logger.warning("Abandoned %d multipart upload(s) in %s that no upload names.", len(strays), bucket)
    return len(strays)


def _is_stray(found: OpenMultipart, before: datetime) -> bool:
    if found.started_at > before:
        return False
    alive = (UploadState.RECEIVING, UploadState.PUSHING, UploadState.VERIFYING)
    return not Upload.objects.filter(storage_key=found.key, multipart_id=found.multipart_id, state__in=alive).exists()
