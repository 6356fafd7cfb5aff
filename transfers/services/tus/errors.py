"""Refusals of the tus door that no other door has. The numbers are the protocol's own (tus 1.0.0)."""

from __future__ import annotations

from core.errors import Conflict, DomainError, Gone, NotAllowed


class UnsupportedVersion(DomainError):
    status = 412
    code = "tus_version"
    default_sentence = "Say “Tus-Resumable: 1.0.0”: that is the version of the tus protocol spoken here."


class WrongType(DomainError):
    status = 415
    code = "content_type"
    default_sentence = "Send the bytes with “Content-Type: application/offset+octet-stream”."


class Malformed(DomainError):
    """A header that does not read as the protocol says."""

    code = "malformed_header"


class OffsetDiffers(Conflict):
    """``offset`` is how many bytes from the start of the file are here."""

    code = "offset_differs"

    def __init__(self, offset: int) -> None:
        super().__init__(
            f"The first {offset} bytes of this upload are here. Go on with the byte that Upload-Offset says.",
            headers={"Upload-Offset": str(offset)},
        )


class ChecksumDiffers(DomainError):
    status = 460
    code = "checksum_mismatch"
    default_sentence = "The bytes changed on their way: their checksum is not the one announced. Send them again."


class Superseded(DomainError):
    """A newer request goes on with the upload; this one has been told to stop."""

    status = 423
    code = "superseded"
    default_sentence = "Another request goes on with this upload. Ask for its offset before you send more."


class NotAccepted(DomainError):
    """Every byte is here, but the file is not accepted at the moment; ``because`` says why.

    423 and not 403, since clients forget an upload whose HEAD says 403, and one that says 200 and the full offset is done.
    """

    status = 423
    code = "not_accepted"

    def __init__(self, because: str) -> None:
        super().__init__(
            f"Every byte is here, but the file is not accepted now: {because}", headers={"Retry-After": "60"}
        )


class FinalTakesNoBytes(NotAllowed):
    code = "final_upload"
    default_sentence = "A final upload is joined from its partial uploads and takes no bytes of its own."


class Ended(Gone):
    code = "upload_ended"
    default_sentence = "This upload has ended and its bytes were deleted. Begin a new one."
