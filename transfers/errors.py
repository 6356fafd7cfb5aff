"""Refusals of the byte engine beyond those of the ground floor. Their codes are what the uploader acts on."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import Conflict, DomainError, Invalid, Unavailable


class LengthRequired(DomainError):
    status = 411
    code = "length_required"
    title = "The length is missing"
    default_sentence = "Say with Content-Length how long the part is; parts are not accepted in chunked encoding."


class Interrupted(DomainError):
    """The body ended before its announced length; whoever sent it is probably gone."""

    status = 400
    code = "interrupted"
    title = "The part did not arrive whole"
    default_sentence = "The connection broke before the part was whole. Nothing of it was kept: send this part again."


class DigestMismatch(Invalid):
    code = "digest_mismatch"
    default_sentence = "The part changed on its way: its SHA-256 is not the one announced. Send this part again."


class PartDiffers(Conflict):
    code = "part_differs"
    default_sentence = (
        "This part was received before with other content: the file has changed on its disk. "
        "Remove it here and send it anew."
    )


class PartsMissing(Conflict):
    """The upload cannot be completed yet; ``numbers`` are the parts to send."""

    code = "parts_missing"

    def __init__(self, numbers: Sequence[int]) -> None:
        self.numbers = list(numbers)
        missing = "1 part of this file is" if len(self.numbers) == 1 else f"{len(self.numbers)} parts of this file are"
        super().__init__(f"{missing} still to be sent. Send what is missing, then complete it again.")


class StagingFull(Unavailable):
    code = "staging_full"

    def __init__(self) -> None:
        super().__init__(
            "The gateway has more waiting than it can take at the moment. Nothing was lost: try again shortly.",
            retry_after=5,
        )


class Parked(Unavailable):
    """Nothing is received during maintenance; what has arrived stays, and the upload goes on afterwards."""

    code = "maintenance"
    title = "Down for maintenance"


class RangeOverlaps(Conflict):
    """``ranges`` are what is there of the part, as ``(first byte, bytes)`` within it."""

    code = "range_overlaps"
    default_sentence = (
        "Some of these bytes of the part are there already, cut in another way. Send only what is missing of it."
    )

    def __init__(self, ranges: Sequence[tuple[int, int]]) -> None:
        self.ranges = list(ranges)
        super().__init__()


class NoHome(Unavailable):
    """The rest of this part lies on another node, and the store by which bytes get there does not answer."""

    code = "store_unavailable"

    def __init__(self) -> None:
        super().__init__(
            "A part of the gateway is not answering. What was acknowledged stays: send this again shortly.",
            retry_after=5,
        )
