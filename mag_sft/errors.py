"""What can go wrong, and with which exit code ``mag-sft`` ends then."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes. After ``BROKEN_OFF`` ``mag-sft resume`` goes on; after ``FAILED`` it takes something else first."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_ALLOWED = 3
    BROKEN_OFF = 4
    DIFFERENT = 5
    INTERRUPTED = 130


class TransferError(Exception):
    """A transfer that ended without its file. The text is for people and says what to do."""

    exit_code = Exit.FAILED


class NotAllowed(TransferError):
    """The gateway does not know the token, or does not let its holder do this."""

    exit_code = Exit.NOT_ALLOWED


class BrokenOff(TransferError):
    """The line or the gateway was away for too long; what was acknowledged stays."""

    exit_code = Exit.BROKEN_OFF


class Different(TransferError):
    """The bytes are not those they should be."""

    exit_code = Exit.DIFFERENT


class Refusal(Exception):
    """An answer of the gateway that is not a success: its status, its code and its sentence, and what else it says."""

    def __init__(self, status: int, document: dict[str, object], retry_after: float | None = None) -> None:
        self.status = status
        self.code = str(document.get("code", "error"))
        self.sentence = str(document.get("message", "")) or f"The gateway answered {status}."
        self.document = document
        self.retry_after = retry_after
        super().__init__(self.sentence)

    @property
    def is_passing(self) -> bool:
        """The same request may succeed later."""
        return self.status == 429 or self.status >= 500 or self.code in {"interrupted", "digest_mismatch"}
