"""Errors that a service raises on purpose. Each has a code for programs, a sentence for people and an HTTP status.

The sentence says what to do next. It is shown as it stands, so it never carries exception text, SQL or a path.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import ClassVar


class DomainError(Exception):
    """Base of all deliberate refusals."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "error"
    title: ClassVar[str] = "That did not work"
    default_sentence: ClassVar[str] = "Something in this request was not right. Check it and try again."

    def __init__(self, sentence: str = "", *, code: str = "", headers: Mapping[str, str] | None = None) -> None:
        self.sentence = sentence or self.default_sentence
        self.error_code = code or self.code
        self.headers: dict[str, str] = dict(headers or {})
        super().__init__(self.sentence)

    @property
    def summary(self) -> str:
        """All it says, in one text: for where there is no field to show a sentence beside."""
        return self.sentence


class Invalid(DomainError):
    """Input that can be corrected; ``fields`` maps a form field's name to the sentence shown beside it."""

    status = 422
    code = "invalid"
    title = "Please check what you entered"
    default_sentence = "Some of what you entered needs another look."

    def __init__(self, sentence: str = "", *, fields: Mapping[str, str] | None = None, code: str = "") -> None:
        super().__init__(sentence, code=code)
        self.fields: dict[str, str] = dict(fields or {})

    @property
    def summary(self) -> str:
        return " ".join(self.fields.values()) or self.sentence


class NotAllowed(DomainError):
    """The actor is known and the object is theirs to see, but this action is not theirs to take.

    ``recorded`` says that the audit trail has it already, in words of its own.
    """

    status = 403
    code = "not_allowed"
    title = "You cannot do this"
    default_sentence = "Your role does not include this. Ask your Organization Administrator."

    def __init__(self, sentence: str = "", *, code: str = "", recorded: bool = False) -> None:
        super().__init__(sentence, code=code)
        self.recorded = recorded


class SignInRequired(DomainError):
    """A program called without a valid sign-in or token."""

    status = 401
    code = "sign_in_required"
    title = "Please sign in"
    default_sentence = "Your sign-in is missing or has ended. Sign in again and continue where you were."


class ConfirmationRequired(DomainError):
    """What is asked for needs a proof, given a moment ago, that it is still the same person; ``code`` says which."""

    status = 403
    code = "confirmation_required"
    title = "Confirm it is you"
    default_sentence = "Open this page in a browser and confirm there that it is you, then try again."


class StrongerSignInRequired(ConfirmationRequired):
    """The session was opened with less than what is asked for; any one of ``kinds`` of second factor makes up for it."""

    code = "stronger_sign_in_required"
    title = "A stronger sign-in is needed"
    default_sentence = "This asks for a second factor. Open it in a browser and show one there, then try again."

    def __init__(self, sentence: str = "", *, kinds: Collection[str]) -> None:
        super().__init__(sentence)
        self.kinds = frozenset(kinds)


class NotFound(DomainError):
    """It does not exist or is not the actor's: the two are never told apart."""

    status = 404
    code = "not_found"
    title = "Page not found"
    default_sentence = "There is nothing at this address, or it is not yours to see."


class Conflict(DomainError):
    """The object has moved on since it was looked at."""

    status = 409
    code = "conflict"
    title = "This has already changed"
    default_sentence = "Somebody was faster, or this was sent twice. Look at the current state and decide again."


class Gone(DomainError):
    """A link that once worked: expired, revoked or used. ``code`` says which."""

    status = 410
    code = "gone"
    title = "This link no longer works"
    default_sentence = "This link has ended. Ask for a new one."


class TooLarge(DomainError):
    status = 413
    code = "too_large"
    title = "That is too large"
    default_sentence = "This is larger than the gateway accepts."


class TooMany(DomainError):
    """A limit was reached; ``retry_after`` is in whole seconds and travels as the ``Retry-After`` header."""

    status = 429
    code = "too_many"
    title = "Too many tries"

    def __init__(self, sentence: str = "", *, retry_after: int) -> None:
        self.retry_after = max(1, retry_after)
        super().__init__(
            sentence or f"There were too many tries. Wait {_seconds(self.retry_after)} and try again.",
            headers={"Retry-After": str(self.retry_after)},
        )


class Unavailable(DomainError):
    """A part the gateway needs does not answer. Nothing was done; the same request may be sent again."""

    status = 503
    code = "unavailable"
    title = "Back in a moment"
    default_sentence = "A part of the gateway is not answering. Nothing was lost: wait a minute and try again."

    def __init__(self, sentence: str = "", *, retry_after: int = 30, code: str = "") -> None:
        self.retry_after = retry_after
        super().__init__(sentence, code=code, headers={"Retry-After": str(retry_after)})


def _seconds(count: int) -> str:
    if count < 90:
        return f"{count} second{'' if count == 1 else 's'}"
    if count <= 90 * 60:
        return f"{(count + 59) // 60} minutes"
    return f"{(count + 3599) // 3600} hours"
