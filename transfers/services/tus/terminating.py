"""Ending an upload on its owner's word, with the protocol's DELETE."""

from __future__ import annotations

from core.actor import Actor
from core.errors import Conflict, NotAllowed
from transfers.models import Upload, UploadState
from transfers.models.upload import ENDED
from transfers.services import uploads, writers
from transfers.services.tus import concatenation
from transfers.services.tus.errors import Ended


def terminate(actor: Actor, *, upload: Upload) -> None:
    """Stop whoever is appending, then remove the upload, finished or not; its bytes are deleted after the commit.

    Raises ``Ended`` for one that has ended, and ``NotAllowed`` with the reason for a file that others count on: one of a
    package that was sent, and a partial upload that is just being joined into another.
    """
    if upload.state in ENDED:
        raise Ended
    if concatenation.is_being_joined(upload):
        raise NotAllowed(
            "This upload is being joined into another one. End that one first, or wait until it is stored."
        )
    try:
        if upload.state == UploadState.RECEIVING and upload.writer is not None:
            with writers.hold(upload, stop=lambda: None):
                uploads.remove(actor, upload=upload)
        else:
            uploads.remove(actor, upload=upload)
    except Conflict as refusal:
        raise NotAllowed(refusal.sentence, code=refusal.error_code) from refusal
