"""The moves of uploads and parts. A part's own row is its record, so only uploads are audited."""

from __future__ import annotations

from core import states
from transfers.models import Part, PartState, QuarantineRelease, ReleaseState, Upload, UploadState

UPLOAD = states.register(
    Upload,
    [
        ("complete", UploadState.RECEIVING, UploadState.PUSHING),
        ("reopen", UploadState.PUSHING, UploadState.RECEIVING),
        ("assemble", UploadState.PUSHING, UploadState.VERIFYING),
        ("store", UploadState.VERIFYING, UploadState.STORED),
        ("quarantine", UploadState.VERIFYING, UploadState.QUARANTINED),
        ("fail", (UploadState.RECEIVING, UploadState.PUSHING, UploadState.VERIFYING), UploadState.FAILED),
        ("release", UploadState.QUARANTINED, UploadState.STORED),
        ("condemn", UploadState.QUARANTINED, UploadState.FAILED),
        ("expire", (UploadState.RECEIVING, UploadState.STORED), UploadState.EXPIRED),
        (
            "remove",
            (
                UploadState.RECEIVING,
                UploadState.PUSHING,
                UploadState.VERIFYING,
                UploadState.STORED,
                UploadState.QUARANTINED,
                UploadState.FAILED,
            ),
            UploadState.ABORTED,
        ),
    ],
)

PART = states.register(
    Part,
    [
        ("push", PartState.STAGED, PartState.PUSHED),
        ("confirm", PartState.PROMISED, PartState.PUSHED),
        ("lose", (PartState.STAGED, PartState.PUSHED, PartState.PROMISED), PartState.MISSING),
        ("stage_again", PartState.MISSING, PartState.STAGED),
        ("promise_again", PartState.MISSING, PartState.PROMISED),
    ],
    audited=False,
)

RELEASE = states.register(
    QuarantineRelease,
    [
        ("grant", ReleaseState.ASKED, ReleaseState.GRANTED),
        ("refuse", ReleaseState.ASKED, ReleaseState.REFUSED),
    ],
)
