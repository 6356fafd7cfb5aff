"""Somebody fetches a file by itself, outside of the pages that list it."""

from __future__ import annotations

from django.db import transaction

from core import audit
from core.actor import Actor
from core.errors import Conflict, NotFound
from transfers.models import Upload, UploadState
from transfers.services import receipts


def require_stored(upload: Upload) -> None:
    """Raise ``Conflict`` while the file is not stored yet, ``NotFound`` when it has ended."""
    if upload.state in {UploadState.ABORTED, UploadState.EXPIRED, UploadState.FAILED}:
        raise NotFound
    if upload.state == UploadState.QUARANTINED:
        raise Conflict("This file is in quarantine until the operator's staff have looked at it.", code="quarantined")
    if upload.state != UploadState.STORED:
        raise Conflict("This file is not stored and verified yet. Try again in a moment.", code="not_stored")


def begin(actor: Actor, *, upload: Upload, is_resumed: bool) -> None:
    """Record that bytes are about to be sent to ``actor``: once for a download, however many pieces it is fetched in.

    ``is_resumed`` says that the request does not begin with the first byte. Raises as ``require_stored`` does.
    """
    require_stored(upload)
    if is_resumed and receipts.is_under_way(actor, upload):
        return
    with transaction.atomic():
        audit.record(actor, "transfers.upload.fetch", upload, data={"sha256": upload.sha256})
