"""Ending an upload on its owner's word, with the protocol's DELETE."""

from __future__ import annotations

from core.actor import Actor
from core.errors import Conflict, NotAllowed
from transfers.models import Upload, UploadState
from transfers.models.upload import ENDED
from transfers.services import writers
from transfers.services.tus import concatenation
from transfers.services.tus.errors import Ended


def terminate(actor: Actor, *, upload: Upload) -> None:
    """Stop whoever is appending, then remove the upload, finished or not; its bytes are deleted after the commit.

    Raises ``Ended`` for one that has ended, and ``NotAllowed`` with the reason for a file that others count on: one of a
    package that was sent, and a partial upload that is just being joined into another.
    """
    if upload.state in ENDED:
        raise Ended
    try:
        if upload.state == UploadState.RECEIVING and upload.writer is not None:
            with writers.hold(upload, stop=lambda _offset: None):
                _remove(actor, upload)
        else:
            _remove(actor, upload)
    except Conflict as refusal:
        raise NotAllowed(refusal.sentence, code=refusal.error_code) from refusal


def _remove(actor: Actor, upload: Upload) -> None:
    if not concatenation.remove_unless_joined(actor, upload):
        raise NotAllowed(
            "This upload is being joined into another one. End that one first, or wait until it is stored."
        )
