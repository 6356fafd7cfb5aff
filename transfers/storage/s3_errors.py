"""What the answers of an S3 store mean here."""

from __future__ import annotations

from types import TracebackType

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from transfers.storage.errors import (
    DigestRefused,
    NoSuchMultipart,
    NoSuchObject,
    PartsDiffer,
    StoreError,
    StoreUnavailable,
)

_MEANINGS: dict[str, type[StoreError]] = {
    "NoSuchUpload": NoSuchMultipart,
    "InvalidPart": PartsDiffer,
    "InvalidPartOrder": PartsDiffer,
    "EntityTooSmall": PartsDiffer,
    "BadDigest": DigestRefused,
    "InvalidDigest": DigestRefused,
    "XAmzContentChecksumMismatch": DigestRefused,
    "XAmzContentSHA256Mismatch": DigestRefused,
    "NoSuchKey": NoSuchObject,
    "404": NoSuchObject,
    "InvalidRange": NoSuchObject,
    "416": NoSuchObject,
    # A store that is set up wrongly: the operator's to mend, not a reason to give a file up.
    "AccessDenied": StoreUnavailable,
    "InvalidAccessKeyId": StoreUnavailable,
    "SignatureDoesNotMatch": StoreUnavailable,
    "RequestTimeTooSkewed": StoreUnavailable,
    "NoSuchBucket": StoreUnavailable,
    # Full: of Ceph, of MinIO's quota.
    "QuotaExceeded": StoreUnavailable,
    "XMinioAdminBucketQuotaExceeded": StoreUnavailable,
}
_LATER = frozenset({408, 425, 429})


class Translated:
    """A context in which what botocore raises leaves as a ``StoreError``.

    What the store cannot do now, or says in words nobody can read, is unavailable; a refusal for good is ``StoreError``.
    """

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, BotoCoreError | ResponseParserError):
            raise StoreUnavailable(str(error)) from error
        if isinstance(error, KeyError):
            raise StoreUnavailable(f"the store's answer says nothing of {error}") from error
        if isinstance(error, ClientError):
            raise _meaning(error)(str(error)) from error


def status_of(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def code_of(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def _meaning(error: ClientError) -> type[StoreError]:
    status = status_of(error)
    meaning = _MEANINGS.get(code_of(error), StoreError)
    if meaning is StoreError and (status >= 500 or status in _LATER):
        return StoreUnavailable
    return meaning
